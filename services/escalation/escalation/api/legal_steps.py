"""Legal steps: the desk's queue of proposals, and a caseworker's decision."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from escalation.api.access import After, Clerks, Desk, Limit, book_of
from escalation.api.views import LegalStepView, legal_step_view
from escalation.store import legal
from escalation.usecases import legal_steps
from shared.errors import FieldError, NotFound, Reject
from shared.http import LIMIT_DEFAULT
from shared.problems import problems

router = APIRouter(prefix="/v1/legal-steps", tags=["legal steps"])

State = Literal["proposed", "approved", "refused", "dropped", "submitted"]


class ApprovalIn(BaseModel):
    """A decision about a proposed legal step; an empty body approves it.

    Refusing takes a reason; the claims then rest until ``review_on`` (null: twelve months).
    """

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["approved", "refused"] = "approved"
    reason: Literal["cover_unlikely", "small_debt", "hardship", "not_ready", "other"] | None = None
    review_on: date | None = None

    @model_validator(mode="after")
    def _reason_goes_with_refusal(self) -> ApprovalIn:
        if (self.outcome == "refused") != (self.reason is not None):
            raise ValueError("expected a reason with refused, and only with it")
        if self.review_on is not None and self.outcome == "approved":
            raise ValueError("expected review_on only with refused")
        return self


class LegalStepPage(BaseModel):
    """A page of legal steps."""

    items: list[LegalStepView]
    next: str | None


@router.get("", responses=problems(401, 403, 422), summary="List legal steps")
def list_legal_steps(
    ctx: Desk,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> LegalStepPage:
    """List legal steps, those proposed being the desk's queue."""
    with ctx.read() as tx:
        found = legal.page(tx, state=state, after=after, rows_max=limit)
    return LegalStepPage(
        items=[legal_step_view(step) for step in found],
        next=found[-1].legal_step_id if len(found) == limit else None,
    )


@router.get("/{legal_step_id}", responses=problems(401, 403, 404), summary="Read a legal step")
def read_legal_step(legal_step_id: str, ctx: Desk) -> LegalStepView:
    """Read one legal step."""
    with ctx.read() as tx:
        found = legal.find(tx, legal_step_id)
    if found is None:
        raise NotFound("legal step")
    return legal_step_view(found)


@router.post(
    "/{legal_step_id}/approval",
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Decide about a proposed legal step",
)
def decide(legal_step_id: str, ctx: Clerks, body: Annotated[ApprovalIn | None, Field()] = None) -> LegalStepView:
    """Approve a proposed legal step, or refuse it with a reason. Deciding the same twice is deciding once."""
    asked = body or ApprovalIn()
    if asked.review_on is not None and asked.review_on <= ctx.today:
        wrong = FieldError("review_on", "not-later", "expected a day after today")
        raise Reject("validation", "1 field(s) were not accepted", errors=[wrong])
    with ctx.uow() as uow:
        if asked.reason is None:
            decided = legal_steps.approve(uow, book_of(ctx), legal_step_id, who=ctx.who())
        else:
            decided = legal_steps.refuse(
                uow, book_of(ctx), legal_step_id, reason=asked.reason, review_on=asked.review_on, who=ctx.who()
            )
    return legal_step_view(decided)
