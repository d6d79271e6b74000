"""Creditors: who hands claims over here, and applying a new creditors file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel

from claims_api.api.access import After, deps_of
from claims_api.api.schemas import Body as BodyModel
from claims_api.store import creditors
from claims_api.usecases.creditors import apply_creditors, decide_change
from shared.auth import Role
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow, next_after
from shared.idempotency import Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1/creditors", tags=["creditors"])

People = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR, Role.OPERATOR)]
Watchers = Annotated[Ctx, allow(Role.AUDITOR, Role.OPERATOR)]
Operators = Annotated[Ctx, allow(Role.OPERATOR)]


class AgreementView(BaseModel):
    """Terms from a day on, until the unit's next agreement or the last day."""

    valid_from: date
    valid_to: date | None
    claim_types: list[str]
    account: str
    fee_regime: str
    overrides: dict[str, dict[str, str]]
    unit_gets: list[Literal["principal", "interest", "fees", "legal_costs"]]


class CreditorView(BaseModel):
    """A unit and its agreements, oldest first."""

    unit: str
    name: str
    org_number: str
    legal_person: str
    legal_person_name: str
    agreements: list[AgreementView]


class CreditorPage(BaseModel):
    """The units by name; there is only one page."""

    items: list[CreditorView]
    next: None


class ChangeView(BaseModel):
    """A creditors file that somebody proposed."""

    change_id: str
    sha256: str
    state: Literal["pending", "applied", "refused"]
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    content: dict[str, Any]


class ChangePage(BaseModel):
    """A page of proposed files, newest first."""

    items: list[ChangeView]
    next: str | None


class AppliedOut(BaseModel):
    """What became of a file; ``pending``: it changes a bank account and waits for another person."""

    state: Literal["applied", "unchanged", "pending", "refused"]
    change_id: str | None
    units: list[str]


class Decision(BodyModel):
    """Whether a waiting file is approved."""

    approve: bool


@router.get("", responses=problems(401, 403), summary="List creditors")
def list_creditors(ctx: People) -> CreditorPage:
    """List the units that hand claims over and their agreements; a unit sees itself."""
    with ctx.read() as tx:
        found = creditors.all_creditors(tx)
        if ctx.caller.role is Role.AGENCY:
            found = [creditor for creditor in found if creditor.unit == ctx.caller.unit]
        agreed = creditors.agreements_of(tx, [creditor.unit for creditor in found])
    items = [
        CreditorView.model_validate(
            asdict(creditor)
            | {
                "agreements": [
                    asdict(one) | {"claim_types": sorted(one.claim_types), "unit_gets": sorted(one.unit_gets)}
                    for one in agreed.get(creditor.unit, [])
                ]
            }
        )
        for creditor in found
    ]
    return CreditorPage(items=items, next=None)


@router.post(
    "", response_model=AppliedOut, responses=problems(400, 401, 403, 409, 422), summary="Apply a creditors file"
)
def apply(
    ctx: Operators,
    once: Idempotent,
    content: Annotated[
        dict[str, Any],
        Body(description="legal_persons and creditors with their agreements: docs/how-to/add-a-creditor.md."),
    ],
) -> Any:
    """Apply a creditors file, whole or not at all; a new bank account waits for a second person."""
    return once.run(
        ctx,
        lambda uow: AppliedOut.model_validate(asdict(apply_creditors(uow, deps_of(ctx), content, who=ctx.who()))),
        status=200,
    )


@router.get("/changes", responses=problems(401, 403, 422), summary="List proposed files")
def list_changes(ctx: Watchers, after: After = None, limit: Limit = LIMIT_DEFAULT) -> ChangePage:
    """List the creditors files that needed a second person."""
    with ctx.read() as tx:
        found = creditors.changes(tx, after=after, limit=limit)
    items = [ChangeView.model_validate(asdict(change)) for change in found]
    return ChangePage(items=items, next=next_after(found, "change_id", limit))


@router.post(
    "/changes/{change_id}/approval",
    response_model=AppliedOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Approve or refuse a proposed file",
)
def decide(change_id: str, ctx: Operators, once: Idempotent, body: Decision) -> Any:
    """Decide about a waiting file; whoever proposed it may withdraw it, but not approve it."""
    return once.run(
        ctx,
        lambda uow: AppliedOut.model_validate(
            asdict(decide_change(uow, deps_of(ctx), change_id, approve=body.approve, who=ctx.who()))
        ),
        status=200,
    )
