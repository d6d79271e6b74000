"""The cover score of a case, and what a caseworker adds to it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from escalation.domain.cover import Cover, Fact, judge_cover
from escalation.domain.policy import Book
from escalation.domain.state import Case
from escalation.store import cover, steps
from shared.errors import FieldError, Invalid, NotFound
from shared.uow import Uow


def assess(tx: Connection, book: Book, case: Case, today: date) -> Cover:
    """Weigh what is known of a case's debtor and debt today."""
    seen = cover.seen_of(tx, cover.primary_debtors(tx, case.case_id))
    demands = {claim.demand.step_id for claim in case.claims if claim.demand is not None}
    totals = steps.latest_totals(tx, [step_id for step_id in demands if step_id is not None])
    return judge_cover(seen, sum(totals.values()) if totals else None, today, book.cover)


def add_fact(uow: Uow, case_id: str, *, fact: Fact, on: date, who: str) -> str:
    """Store what a caseworker knows of a case's debtor; returns its id. Raises NotFound, Reject for a future day."""
    debtors = cover.primary_debtors(uow.tx, case_id)
    if not debtors:
        raise NotFound("case")
    if on > uow.today:
        raise Invalid(FieldError("on", "in-future", "expected today or earlier"))
    fact_id = uow.new_id("cover_fact")
    cover.add_fact(uow.tx, fact_id, debtors[0], fact, on, who, uow.now)
    return fact_id
