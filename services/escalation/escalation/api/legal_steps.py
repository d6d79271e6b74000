"""Legal steps: the desk's queue of proposals, and a caseworker's decision."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from escalation.api.access import After, Clerks, Desk, book_of
from escalation.api.views import LegalStepView, legal_step_view
from escalation.domain.outcomes import Outcome
from escalation.store import cases, legal
from escalation.usecases import legal_steps
from escalation.usecases.cover import assess
from shared.errors import FieldError, Invalid, NotFound
from shared.http import LIMIT_DEFAULT, Limit
from shared.problems import problems

router = APIRouter(prefix="/v1/legal-steps", tags=["legal steps"])

State = Literal[
    "proposed", "approved", "refused", "dropped", "submitted", "to_withdraw", "enforced", "decided", "closed"
]


CaseId = Annotated[str, Field(min_length=1, max_length=80)]


class ApprovalIn(BaseModel):
    """A decision about a proposed legal step; an empty body approves it, ``case_ids`` with others of the debtor.

    Refusing takes a reason; the claims then rest until ``review_on`` (null: twelve months). An approved step may
    be taken back, with a reason, until it is handed in; it is proposed anew the next working day.
    """

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["approved", "refused", "taken_back"] = "approved"
    reason: Literal["cover_unlikely", "small_debt", "hardship", "not_ready", "papers", "other"] | None = None
    review_on: date | None = None
    case_ids: Annotated[list[CaseId], Field(max_length=legal_steps.JOINED_MAX)] = Field(
        default_factory=list, description="Other cases, of those that can be joined, for the same petition."
    )

    @model_validator(mode="after")
    def _reason_goes_with_refusal(self) -> ApprovalIn:
        if (self.outcome == "approved") != (self.reason is None):
            raise ValueError("expected a reason with refused and taken_back, and only with them")
        if self.review_on is not None and self.outcome != "refused":
            raise ValueError("expected review_on only with refused")
        if self.case_ids and self.outcome != "approved":
            raise ValueError("expected case_ids only with approved")
        return self


class SubmissionIn(BaseModel):
    """When an approved step was handed in, and the body's own reference.

    ``own_papers``: with other papers than the package, which then need not be ready.
    """

    model_config = ConfigDict(extra="forbid")

    submitted_on: date
    reference: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9./_-]+$")] | None = None
    own_papers: bool = False


class OutcomeIn(BaseModel):
    """What came of a submitted step. ``monthly_ore`` goes with a deduction; ``review_on`` null: the usual day."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    on: date
    monthly_ore: Annotated[int, Field(gt=0, le=100_000_000, strict=True)] | None = None
    review_on: date | None = None


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
    """Read one legal step, with the cover score, what must be in order, and what could join it, as of today."""
    book = book_of(ctx)
    with ctx.read() as tx:
        found = legal.find(tx, legal_step_id)
        if found is None:
            raise NotFound("legal step")
        case = cases.load(tx, [found.case_id])[found.case_id].case
        cover = assess(tx, book, case, ctx.today)
        joinable = legal_steps.joinable(tx, book, found)
    checks = legal_steps.checks_of(book, case, found, ctx.today)
    return legal_step_view(found, cover=cover, checks=checks, joinable=joinable)


@router.post(
    "/{legal_step_id}/approval",
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Decide about a proposed legal step",
)
def decide(legal_step_id: str, ctx: Clerks, body: Annotated[ApprovalIn | None, Field()] = None) -> LegalStepView:
    """Approve a proposed legal step, or refuse it with a reason; take an approved one back. The same twice is once."""
    asked = body or ApprovalIn()
    _expect_later(asked.review_on, ctx.today)
    with ctx.uow() as uow:
        if asked.outcome == "taken_back":
            decided = legal_steps.take_back(uow, book_of(ctx), legal_step_id, reason=asked.reason or "other")
        elif asked.reason is None:
            decided = legal_steps.approve(uow, book_of(ctx), legal_step_id, who=ctx.who(), case_ids=asked.case_ids)
        else:
            decided = legal_steps.refuse(
                uow, book_of(ctx), legal_step_id, reason=asked.reason, review_on=asked.review_on, who=ctx.who()
            )
    return legal_step_view(decided)


@router.post(
    "/{legal_step_id}/submission", responses=problems(400, 401, 403, 404, 409, 422), summary="Record a submission"
)
def submit(legal_step_id: str, ctx: Clerks, body: SubmissionIn) -> LegalStepView:
    """Record that an approved step was handed in to its body; refused (409) while its papers are not ready."""
    with ctx.uow() as uow:
        step = legal_steps.submit(
            uow,
            book_of(ctx),
            legal_step_id,
            submitted_on=body.submitted_on,
            reference=body.reference,
            own_papers=body.own_papers,
        )
    return legal_step_view(step)


@router.post("/{legal_step_id}/outcome", responses=problems(400, 401, 403, 404, 409, 422), summary="Record an outcome")
def record_outcome(legal_step_id: str, ctx: Clerks, body: OutcomeIn) -> LegalStepView:
    """Record what came of a submitted step: a deduction, a pledge, nothing found, a judgment, its withdrawal."""
    _expect_later(body.review_on, ctx.today)
    with ctx.uow() as uow:
        result = legal_steps.Result(
            outcome=body.outcome, on=body.on, monthly_ore=body.monthly_ore, review_on=body.review_on
        )
        step = legal_steps.record_outcome(uow, book_of(ctx), legal_step_id, result)
    return legal_step_view(step)


def _expect_later(review_on: date | None, today: date) -> None:
    if review_on is not None and review_on <= today:
        raise Invalid(FieldError("review_on", "not-later", "expected a day after today"))
