"""Decisions about the money of claims: withdrawn, cancelled, fees dropped, corrected, written off, costs awarded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from claims_api.tables import MoneyDecisionRow
from shared.db import Lookup, chunks, table_of

DECISION = table_of(MoneyDecisionRow)
_OF_CASES = Lookup(select(DECISION).order_by(DECISION.c.decided_at, DECISION.c.decision_id), [DECISION.c.case_id])

WITHDRAWN, CANCELLED, FEES_DROPPED, CORRECTED = "withdrawn", "cancelled", "fees_dropped", "corrected"
WRITTEN_OFF, COSTS_AWARDED = "written_off", "costs_awarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyDecision:
    """A decision as stored; ``kind`` is one of the constants of this module."""

    decision_id: str
    case_id: str
    claim_id: str
    kind: str
    reason: str
    effective_on: date
    decided_by: str
    decided_at: datetime


def add_decision(tx: Connection, decision: MoneyDecision) -> None:
    """Store a decision."""
    tx.execute(DECISION.insert().values(**{name: getattr(decision, name) for name in MoneyDecision.__slots__}))


def decisions_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[MoneyDecision]]:
    """Return the decisions of the cases by case, oldest first."""
    found: dict[str, list[MoneyDecision]] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in _OF_CASES.of(tx, piece).mappings():
            found.setdefault(row["case_id"], []).append(MoneyDecision(**row))
    return found
