"""What would happen: one case's way ahead, and the whole portfolio under today's or other numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from escalation.api.access import Desk, MinVersion, Readers, book_of, see_case, wait_for
from escalation.domain.ladder import LadderError
from escalation.domain.policy import Book
from escalation.domain.simulation import foresee
from escalation.store import cases, steps
from escalation.usecases.simulating import Outlook, compare, compare_case
from shared.errors import FieldError, Invalid
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["simulation"])

DAYS_MAX = 366
CASES_MAX = 5_000
LETTERS = ("inkassovarsel", "betalingsoppfordring", "tvangsvarsel")

Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]


class Numbers(BaseModel):
    """Numbers to try instead of today's, for every claim; those left out stay."""

    model_config = ConfigDict(extra="forbid")

    notice_after_due_days: int | None = None
    answer_days: int | None = None
    grace_bank_days: int | None = None
    join_days: int | None = None
    demand_usable_months: int | None = None
    renew_after_hold_days: int | None = None
    enforcement_notice_days: int | None = None


class SimulationIn(BaseModel):
    """How far ahead, over which unit's cases or for which case alone, and by which numbers."""

    model_config = ConfigDict(extra="forbid")

    days: Days = 90
    creditor_unit: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    case_id: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    policy: Numbers | None = None
    cases_max: Annotated[int, Field(ge=1, le=CASES_MAX)] = 1_000


class DayOut(BaseModel):
    """How many steps of a kind come on a day."""

    on: date
    step: str
    count: int


class OutlookOut(BaseModel):
    """What one set of numbers brings. ``fees_ore`` counts each letter at the latest fee seen of its kind."""

    letters: int
    legal_steps: int
    fees_ore: int
    by_day: list[DayOut]


class SimulationOut(BaseModel):
    """What would happen if nobody paid, objected or decided."""

    first: date
    last: date
    cases: int = Field(description="Open cases that were looked at.")
    truncated: bool = Field(description="True when there are more than cases_max.")
    now: OutlookOut
    changed: OutlookOut | None
    affected_cases: int = Field(description="Cases for which the other numbers change a step or its day.")


class ForeseenOut(BaseModel):
    """A step that would come."""

    on: date
    step: str
    claim_ids: list[str]


class WayAhead(BaseModel):
    """A case's way ahead if nobody pays, objects or decides; there is only one page."""

    items: list[ForeseenOut]
    next: None


@router.get("/cases/{case_id}/simulation", responses=problems(401, 403, 404, 422), summary="A case's way ahead")
def simulate_case(
    case_id: str,
    ctx: Readers,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 180,
    min_version: MinVersion = None,
) -> WayAhead:
    """Show which steps a case would come to, and when, if nothing but the clock moved."""
    wait_for(ctx, case_id, min_version)
    with ctx.read() as tx:
        seen = see_case(tx, ctx, case_id)
        case = cases.load(tx, [case_id])[case_id].case
    found = foresee(book_of(ctx), case, ctx.today, ctx.today + timedelta(days=days))
    shown = [(one, [claim_id for claim_id in one.claim_ids if seen.may_see(claim_id)]) for one in found]
    return WayAhead(
        items=[ForeseenOut(on=one.on, step=one.step, claim_ids=claim_ids) for one, claim_ids in shown if claim_ids],
        next=None,
    )


@router.post("/simulations", responses=problems(400, 401, 403, 404, 422), summary="Simulate the portfolio")
def simulate(body: SimulationIn, ctx: Desk) -> SimulationOut:
    """Show letters, fees and legal steps of the days ahead, by today's numbers and, if given, by others."""
    book = book_of(ctx)
    other = None if body.policy is None else _changed(book, body.policy)
    until = ctx.today + timedelta(days=body.days)
    with ctx.read() as tx:
        if body.case_id is not None:
            case = cases.load(tx, [see_case(tx, ctx, body.case_id).head.case_id])[body.case_id].case
            found = compare_case(book, other, case, today=ctx.today, until=until)
        else:
            found = compare(
                tx, book, other, unit=body.creditor_unit, today=ctx.today, until=until, cases_max=body.cases_max
            )
        fees = steps.usual_fees(tx)
    return SimulationOut(
        first=ctx.today,
        last=until,
        cases=found.cases,
        truncated=found.truncated,
        now=_out(found.now, fees),
        changed=None if found.changed is None else _out(found.changed, fees),
        affected_cases=found.affected,
    )


def _changed(book: Book, numbers: Numbers) -> Book:
    try:
        return book.changed(numbers.model_dump(exclude_none=True))
    except LadderError as refused:
        field = str(refused).split(": ")[1]
        raise Invalid(FieldError(f"policy.{field}", "bounds", str(refused))) from None


def _out(outlook: Outlook, fees: dict[str, int]) -> OutlookOut:
    return OutlookOut(
        letters=sum(outlook.of(kind) for kind in LETTERS),
        legal_steps=outlook.of("legal_step"),
        fees_ore=sum(outlook.of(kind) * fees.get(kind, 0) for kind in LETTERS),
        by_day=[DayOut(on=on, step=step, count=count) for (on, step), count in sorted(outlook.by_day.items())],
    )
