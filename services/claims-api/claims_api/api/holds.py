"""Holds: a caseworker stops collection, and lets it go on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from claims_api.api.access import Clerks, Readers, see_case
from claims_api.api.schemas import Body, Day
from claims_api.api.showing import show_holds
from claims_api.api.views import HoldView
from claims_api.usecases.holds import hold_by_hand, release_by_hand
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/cases/{case_id}/holds", tags=["holds"])

Ident = Annotated[str, Field(min_length=1, max_length=36)]


class HoldIn(Body):
    """Why collection stands still, until when (null: until someone ends it), and what it is about.

    ``claim_ids`` null: the whole case, also claims that join later. ``debtor_ref``: one of those liable.
    """

    reason: Literal["death", "bankruptcy", "debt_settlement", "guardian_missing", "unknown_address", "manual"]
    until: Day | None = None
    claim_ids: Annotated[list[Ident], Field(min_length=1, max_length=200)] | None = None
    debtor_ref: Ident | None = None


class HoldOut(BaseModel):
    """A hold that was placed."""

    hold_id: str
    case_version: int


class ReleaseOut(BaseModel):
    """A hold that was ended, and the first day collection may go on."""

    hold_id: str
    resume_on: date
    case_version: int


class HoldPage(BaseModel):
    """The holds that stand on a case; there is only one page."""

    items: list[HoldView]
    next: None


@router.get("", responses=problems(401, 403, 404), summary="List holds")
def list_holds(case_id: str, ctx: Readers) -> HoldPage:
    """List what stops collection of a case."""
    with ctx.read() as tx:
        return HoldPage(items=show_holds(tx, see_case(tx, ctx, case_id)), next=None)


@router.post(
    "",
    status_code=201,
    response_model=HoldOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Stop collection",
)
def place(case_id: str, ctx: Clerks, once: Idempotent, body: HoldIn) -> Any:
    """Stop collection of a case, or of some of its claims."""

    def work(uow: Uow) -> HoldOut:
        hold_id, version = hold_by_hand(
            uow,
            case_id,
            reason=body.reason,
            until=body.until,
            claim_ids=body.claim_ids,
            debtor_ref=body.debtor_ref,
            who=ctx.who(),
        )
        return HoldOut(hold_id=hold_id, case_version=version)

    return once.run(ctx, work)


@router.post(
    "/{hold_id}/release",
    response_model=ReleaseOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Let collection go on",
)
def release(case_id: str, hold_id: str, ctx: Clerks, once: Idempotent) -> Any:
    """End a hold; the ladder goes on from the next working day."""

    def work(uow: Uow) -> ReleaseOut:
        resume_on, version = release_by_hand(uow, case_id, hold_id, who=ctx.who())
        return ReleaseOut(hold_id=hold_id, resume_on=resume_on, case_version=version)

    return once.run(ctx, work, status=200)
