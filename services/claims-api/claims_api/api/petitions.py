"""What was frozen for the bodies a case has gone to, and what came of it: for the desk and the auditor."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from claims_api.api.access import MinVersion, see_case, wait_for
from claims_api.store import petitions
from claims_api.store.petitions import Petition
from shared.auth import Role
from shared.http import Ctx, allow
from shared.problems import problems

router = APIRouter(prefix="/v1/cases/{case_id}/petitions", tags=["petitions"])

Handlers = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR)]


class PetitionOut(BaseModel):
    """A case's legal step in a petition (begjæring, klage)."""

    legal_step_id: str
    petition_id: str = Field(description="The lead case's legal step; cases that share a petition share it.")
    claim_ids: list[str]
    kind: str = Field(description="utlegg or complaint.")
    body: str = Field(description="namsmann, forliksraad or husleietvistutvalg.")
    state: str = Field(description="approved, declined, dropped, submitted or ended.")
    reason: str | None = Field(description="Why it fell away, as a stable code.")
    approved_on: date
    kid: str | None = Field(description="What the body pays on.")
    outcome: str | None
    deducted_from: date | None = Field(description="From when money on the KID is a deduction's.")
    statement: dict[str, Any] | None = Field(description="What was frozen, all cases of it; on the lead case.")


class PetitionPage(BaseModel):
    """The petitions of a case, the oldest first; there is only one page."""

    items: list[PetitionOut]
    next: None


@router.get("", responses=problems(401, 403, 404, 422), summary="List petitions")
def list_petitions(case_id: str, ctx: Handlers, min_version: MinVersion = None) -> PetitionPage:
    """List what was frozen for the bodies this case has gone to."""
    wait_for(ctx, case_id, min_version)
    with ctx.read() as tx:
        see_case(tx, ctx, case_id)
        found = petitions.petitions_of(tx, case_id)
    return PetitionPage(items=[_out(one) for one in found], next=None)


def _out(one: Petition) -> PetitionOut:
    names = (name for name in PetitionOut.model_fields if name != "statement")
    return PetitionOut(**{name: getattr(one, name) for name in names}, statement=one.frozen)
