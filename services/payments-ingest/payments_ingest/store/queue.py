"""What people and rules made of payments: allocations, suggestions, moves that wait for a second person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from payments_ingest.tables import AllocationRow, ApprovalRow, SuggestionRow
from shared.db import chunks, insert_ignore, insert_rows, lock_rows, table_of

ALLOCATIONS = table_of(AllocationRow)
SUGGESTIONS = table_of(SuggestionRow)
APPROVALS = table_of(ApprovalRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How much of a payment lies, or lay, on a case."""

    allocation_id: str
    payment_id: str
    case_id: str
    claim_id: str | None
    amount_ore: int
    matched_by: str
    active: bool
    made_by: str
    approved_by: str | None
    made_at: datetime
    undone_by: str | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A move of money that waits for a second person, or was decided by one."""

    approval_id: str
    payment_id: str
    parts: list[dict[str, Any]]
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None


def insert_allocations(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record allocations."""
    insert_rows(tx, ALLOCATIONS, rows)


def allocations_of(tx: Connection, payment_ids: Collection[str]) -> dict[str, list[Allocation]]:
    """Return the allocations of payments, undone ones included, oldest first."""
    found: dict[str, list[Allocation]] = {}
    for piece in chunks(sorted(payment_ids)):
        query = (
            select(ALLOCATIONS)
            .where(ALLOCATIONS.c.payment_id.in_(piece))
            .order_by(ALLOCATIONS.c.made_at, ALLOCATIONS.c.active, ALLOCATIONS.c.allocation_id)
        )
        for row in tx.execute(query):
            found.setdefault(row.payment_id, []).append(Allocation(**row._mapping))
    return found


def undo_allocations(tx: Connection, allocation_ids: Collection[str], *, who: str, at: datetime) -> None:
    """Mark allocations as undone."""
    for piece in chunks(sorted(allocation_ids)):
        tx.execute(
            update(ALLOCATIONS)
            .where(ALLOCATIONS.c.allocation_id.in_(piece))
            .values(active=False, undone_by=who, undone_at=at)
        )


def put_suggestions(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record suggestions of payments that have none."""
    insert_ignore(tx, SUGGESTIONS, rows)


def drop_suggestions(tx: Connection, payment_ids: Collection[str]) -> None:
    """Delete the suggestions of payments."""
    for piece in chunks(sorted(payment_ids)):
        tx.execute(delete(SUGGESTIONS).where(SUGGESTIONS.c.payment_id.in_(piece)))


def suggestions_of(tx: Connection, payment_ids: Collection[str]) -> dict[str, list[tuple[str, int, list[str]]]]:
    """Return the suggestions of payments, best first: case, score, reasons."""
    found: dict[str, list[tuple[str, int, list[str]]]] = {}
    for piece in chunks(sorted(payment_ids)):
        query = (
            select(SUGGESTIONS)
            .where(SUGGESTIONS.c.payment_id.in_(piece))
            .order_by(SUGGESTIONS.c.score.desc(), SUGGESTIONS.c.case_id)
        )
        for row in tx.execute(query):
            found.setdefault(row.payment_id, []).append((row.case_id, row.score, list(row.reasons)))
    return found


def insert_approval(tx: Connection, row: Mapping[str, Any]) -> None:
    """Record a move that waits for a second person."""
    tx.execute(APPROVALS.insert(), [dict(row)])


def lock_approval(tx: Connection, approval_id: str) -> Approval | None:
    """Return a move that waits, locked."""
    lock_rows(tx, APPROVALS, "approval_id", [approval_id])
    row = tx.execute(select(APPROVALS).where(APPROVALS.c.approval_id == approval_id)).first()
    return Approval(**row._mapping) if row else None


def approvals_of(tx: Connection, payment_id: str) -> list[Approval]:
    """Return the moves asked for of a payment, oldest first."""
    query = select(APPROVALS).where(APPROVALS.c.payment_id == payment_id).order_by(APPROVALS.c.asked_at)
    return [Approval(**row._mapping) for row in tx.execute(query)]


def decide_approval(tx: Connection, approval_id: str, *, state: str, who: str, at: datetime) -> None:
    """Record the second person's decision."""
    tx.execute(
        update(APPROVALS)
        .where(APPROVALS.c.approval_id == approval_id)
        .values(state=state, decided_by=who, decided_at=at)
    )


def withdraw_approvals(tx: Connection, payment_id: str, *, who: str, at: datetime) -> None:
    """Withdraw the moves of a payment that wait: it has gone another way."""
    tx.execute(
        update(APPROVALS)
        .where(APPROVALS.c.payment_id == payment_id, APPROVALS.c.state == "waiting")
        .values(state="withdrawn", decided_by=who, decided_at=at)
    )
