"""What interrupted the limitation of claims, and the last day that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from claims_api.domain.limitation import Interrupted, Interruption
from claims_api.tables import ClaimRow, InterruptionRow
from shared.db import chunks, table_of, upsert

INTERRUPTION = table_of(InterruptionRow)
_CLAIM = table_of(ClaimRow)


def put_interruption(
    tx: Connection, claim_ids: Iterable[str], step: Interrupted, *, source_id: str, recorded_at: datetime
) -> None:
    """Store that something stopped limitation of these claims, or what became of it."""
    rows = [
        {
            "claim_id": claim_id,
            "kind": step.kind.value,
            "source_id": source_id,
            "on_day": step.on,
            "payable_from": step.payable_from,
            "ended_on": step.ended_on,
            "recorded_at": recorded_at,
        }
        for claim_id in claim_ids
    ]
    upsert(
        tx,
        INTERRUPTION,
        rows,
        key=["claim_id", "kind", "source_id"],
        update=["on_day", "payable_from", "ended_on"],
    )


def interruptions_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, list[Interrupted]]:
    """Return what stopped limitation of each claim, oldest first."""
    found: dict[str, list[Interrupted]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = select(INTERRUPTION).where(INTERRUPTION.c.claim_id.in_(piece)).order_by(INTERRUPTION.c.on_day)
        for row in tx.execute(query).mappings():
            step = Interrupted(
                kind=Interruption(row["kind"]),
                on=row["on_day"],
                payable_from=row["payable_from"],
                ended_on=row["ended_on"],
            )
            found.setdefault(row["claim_id"], []).append(step)
    return found


def judged_on(tx: Connection, claim_ids: Iterable[str]) -> dict[str, date]:
    """Return the day of the latest judgment about each of these claims; those without one are left out."""
    found: dict[str, date] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = (
            select(INTERRUPTION.c.claim_id, func.max(INTERRUPTION.c.on_day))
            .where(INTERRUPTION.c.claim_id.in_(piece), INTERRUPTION.c.kind == Interruption.JUDGED.value)
            .group_by(INTERRUPTION.c.claim_id)
        )
        found.update((claim_id, day) for claim_id, day in tx.execute(query))
    return found


def filed_on(tx: Connection, source_id: str) -> date | None:
    """Return the day a legal step was filed, None when it never was."""
    query = select(func.min(INTERRUPTION.c.on_day)).where(
        INTERRUPTION.c.source_id == source_id, INTERRUPTION.c.kind == Interruption.FILED.value
    )
    return tx.execute(query).scalar()


def set_last_days(tx: Connection, days: Sequence[tuple[str, date]]) -> None:
    """Set the last day of claims; the caller holds their cases' locks."""
    for claim_id, day in days:
        tx.execute(update(_CLAIM).where(_CLAIM.c.claim_id == claim_id).values(last_day=day))
