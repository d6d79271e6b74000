"""Legal packages: what was made for which body, and the hashes of its files."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from notifications.store import packages as store
from notifications.store.packages import Package
from shared.auth import Role
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["packages"])

Desk = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR)]
State = Literal["planned", "assembled", "submitted", "withdrawn", "failed"]


class PackageFile(BaseModel):
    """A file of a package, as it was made."""

    name: str
    media_type: str
    bytes: int
    sha256: str


class PackageOut(BaseModel):
    """A legal package (begjæring eller klage med bilag)."""

    package_id: str
    case_id: str
    legal_step_ids: list[str]
    kind: str = Field(description="utlegg, complaint")
    body: str = Field(description="namsmann, forliksraad, husleietvistutvalg")
    state: State
    frozen_on: date = Field(description="The day the statement in it is of.")
    total_ore: int
    office: str | None = Field(description="How it was handed over; folder: a manual export.")
    folder: str = Field(description="Its folder among the exported packages.")
    files: list[PackageFile]
    sha256: str | None = Field(description="Hash of its manifest.")
    submitted_on: date | None
    reference: str | None = Field(description="The body's own reference.")
    failure: str | None = Field(description="Stable reason of a package that could not be made.")
    withdrawn_reason: str | None


class Packages(BaseModel):
    """A page of packages, oldest first."""

    items: list[PackageOut]
    next: str | None


@router.get("/packages", responses=problems(401, 403, 422))
def list_packages(
    ctx: Desk,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Packages:
    """List packages, those of a lead case or all."""
    with ctx.read() as tx:
        found = store.page(tx, case_id=case_id, after=after, limit=limit + 1)
    more = found[limit - 1].package_id if len(found) > limit else None
    return Packages(items=[_out(one) for one in found[:limit]], next=more)


@router.get("/packages/{package_id}", responses=problems(401, 403, 404))
def read_package(package_id: str, ctx: Desk) -> PackageOut:
    """Read one package."""
    with ctx.read() as tx:
        found = store.find(tx, [package_id]).get(package_id)
    if found is None:
        raise NotFound("package")
    return _out(found)


def _out(package: Package) -> PackageOut:
    return PackageOut(
        package_id=package.package_id,
        case_id=package.case_id,
        legal_step_ids=package.facts["legal_step_ids"],
        kind=package.kind,
        body=package.body,
        state=package.state.value,
        frozen_on=package.frozen_on,
        total_ore=package.facts["total_ore"],
        office=package.office,
        folder=package.legal_step_id,
        files=[PackageFile(**one) for one in package.files],
        sha256=package.sha256,
        submitted_on=package.submitted_on,
        reference=package.reference,
        failure=package.failure,
        withdrawn_reason=package.withdrawn_reason,
    )
