"""What the platform has seen of a debtor that speaks for or against cover, over all their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from escalation.domain.cover import Fact, Seen
from escalation.domain.outcomes import DEDUCTIONS, Outcome
from escalation.store.cases import CLAIM, CLAIM_DEBTOR, HOLD
from escalation.store.legal import LEGAL_STEP
from escalation.tables import ClaimEndRow, CoverFactRow
from shared.db import table_of, upsert

CLAIM_END = table_of(ClaimEndRow)
COVER_FACT = table_of(CoverFactRow)

PLATFORM, CASEWORKER = "platform", "caseworker"
PAID = ("settled", "paid_as_demanded", "small_rest")
HOLDS = {"bankruptcy": Fact.BANKRUPTCY, "debt_settlement": Fact.DEBT_SETTLEMENT}


def note_ends(tx: Connection, ends: Mapping[str, tuple[date, str]]) -> None:
    """Store that claims have ended: the day and the reason by claim."""
    rows = [{"claim_id": claim_id, "ended_on": on, "reason": reason} for claim_id, (on, reason) in ends.items()]
    upsert(tx, CLAIM_END, rows, key=["claim_id"], update=["ended_on", "reason"])


def forget_end(tx: Connection, claim_id: str) -> None:
    """Forget that a claim has ended: it is owed again."""
    tx.execute(CLAIM_END.delete().where(CLAIM_END.c.claim_id == claim_id))


def add_fact(tx: Connection, fact_id: str, debtor_ref: str, fact: Fact, on: date, who: str, at: datetime) -> None:
    """Store what a caseworker knows."""
    row = {"fact_id": fact_id, "debtor_ref": debtor_ref, "fact": fact.value, "on": on, "added_by": who, "added_at": at}
    tx.execute(COVER_FACT.insert(), [row])


def primary_debtors(tx: Connection, case_id: str) -> list[str]:
    """Return whom the claims of a case are towards first of all: one debtor, by what a case is."""
    query = (
        select(CLAIM_DEBTOR.c.debtor_ref)
        .join(CLAIM, CLAIM.c.claim_id == CLAIM_DEBTOR.c.claim_id)
        .where(CLAIM.c.case_id == case_id, CLAIM_DEBTOR.c.position == 0)
        .distinct()
        .order_by(CLAIM_DEBTOR.c.debtor_ref)
    )
    return list(tx.execute(query).scalars())


def seen_of(tx: Connection, debtor_refs: Sequence[str]) -> list[Seen]:
    """Return every fact about these debtors, old ones included."""
    return [
        *_payments(tx, debtor_refs),
        *_holds(tx, debtor_refs),
        *_outcomes(tx, debtor_refs),
        *_added(tx, debtor_refs),
    ]


def _payments(tx: Connection, debtor_refs: Sequence[str]) -> list[Seen]:
    query = (
        select(func.max(CLAIM_END.c.ended_on))
        .join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == CLAIM_END.c.claim_id)
        .where(CLAIM_DEBTOR.c.debtor_ref.in_(debtor_refs), CLAIM_END.c.reason.in_(PAID))
    )
    last = tx.execute(query).scalar()
    return [] if last is None else [Seen(fact=Fact.PAID_RECENTLY, on=last, source=PLATFORM)]


def _holds(tx: Connection, debtor_refs: Sequence[str]) -> list[Seen]:
    query = (
        select(HOLD.c.reason, func.max(HOLD.c.placed_on))
        .join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == HOLD.c.claim_id)
        .where(CLAIM_DEBTOR.c.debtor_ref.in_(debtor_refs), HOLD.c.ended_on.is_(None), HOLD.c.reason.in_(list(HOLDS)))
        .group_by(HOLD.c.reason)
    )
    return [Seen(fact=HOLDS[reason], on=on, source=PLATFORM) for reason, on in tx.execute(query)]


def _outcomes(tx: Connection, debtor_refs: Sequence[str]) -> list[Seen]:
    """A deduction counts while it runs, nothing found from the day it was decided."""
    theirs = (
        select(CLAIM.c.case_id)
        .join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == CLAIM.c.claim_id)
        .where(CLAIM_DEBTOR.c.debtor_ref.in_(debtor_refs), CLAIM_DEBTOR.c.position == 0)
    )
    query = select(LEGAL_STEP.c.outcome, LEGAL_STEP.c.state, LEGAL_STEP.c.outcome_on).where(
        LEGAL_STEP.c.case_id.in_(theirs), LEGAL_STEP.c.outcome.is_not(None)
    )
    found = []
    for outcome, state, on in tx.execute(query):
        if outcome == Outcome.NOTHING_FOUND:
            found.append(Seen(fact=Fact.NOTHING_FOUND, on=on, source=PLATFORM))
        elif outcome in DEDUCTIONS and state == "enforced":
            found.append(Seen(fact=Fact.RUNNING_DEDUCTION, on=on, source=PLATFORM))
    return found


def _added(tx: Connection, debtor_refs: Sequence[str]) -> list[Seen]:
    query = select(COVER_FACT).where(COVER_FACT.c.debtor_ref.in_(debtor_refs)).order_by(COVER_FACT.c.added_at)
    return [Seen(fact=Fact(row.fact), on=row.on, source=CASEWORKER) for row in tx.execute(query)]
