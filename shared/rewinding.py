"""What an operator does when a log or a database was lost: read again from an earlier place, publish again.

Reading again has no second effect: versions drop what was applied. It goes back only; what lies ahead is never
skipped. Publishing again sends what ``events`` keeps to a topic that lost it; consumers that have it drop it. Every
such act leaves a row in ``operator_action``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from shared.bus import partition_for
from shared.errors import NotFound
from shared.events.catalogue import TOPICS
from shared.parking import record_action
from shared.uow import Uow

PER_CALL_MAX = 5_000

StateKeys = Callable[[Connection, str, str, int], Sequence[str]]
"""(tx, topic, after, limit) → the next keys of a state topic, in order."""


def rewind(uow: Uow, topic: str, to: Mapping[int, int], who: str, reason: str) -> dict[int, int]:
    """Read partitions of ``topic`` from these offsets on; returns where each stands now.

    A partition that stands before the offset stays where it is. Raises NotFound for a topic this service never read.
    """
    table = uow.tables.inbox_offset
    query = select(table).where(table.c.topic == topic).order_by(table.c.part)
    rows = uow.tx.execute(query.with_for_update() if uow.db.dialect == "postgresql" else query).all()
    if not rows:
        raise NotFound("a position in this topic")
    stands = {row.part: min(row.next_offset, to.get(row.part, row.next_offset)) for row in rows}
    for part, offset in stands.items():
        uow.tx.execute(update(table).where(table.c.topic == topic, table.c.part == part).values(next_offset=offset))
    moved = {row.part: stands[row.part] for row in rows if stands[row.part] < row.next_offset}
    for part, offset in moved.items():
        record_action(uow, who, "rewind", f"{topic}/{part} to {offset}", reason)
    return stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events to publish again: of a topic, and if given of one key, recorded from an instant or until one."""

    topic: str
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def republish(uow: Uow, wanted: Wanted, after: int, who: str, reason: str) -> tuple[int, int | None]:
    """Send events again, in their order, up to ``PER_CALL_MAX``; returns how many, and where to go on (None: done)."""
    events = uow.tables.events
    query = select(events.c.row, events.c.key, events.c.event_id).where(
        events.c.topic == wanted.topic, events.c.row > after
    )
    if wanted.key is not None:
        query = query.where(events.c.key == wanted.key)
    if wanted.since is not None:
        query = query.where(events.c.recorded_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(events.c.recorded_at < wanted.until)
    rows = uow.tx.execute(query.order_by(events.c.row).limit(PER_CALL_MAX)).all()
    _point(uow, wanted.topic, [(row.key, row.event_id) for row in rows])
    record_action(uow, who, "republish", f"{wanted.topic}: {len(rows)} events after row {after}", reason)
    return len(rows), rows[-1].row if len(rows) == PER_CALL_MAX else None


def republish_states(
    uow: Uow, topic: str, state_keys: StateKeys, after: str, who: str, reason: str
) -> tuple[int, str | None]:
    """Send the states of a topic as they are now; returns how many, and the key to go on after (None: done)."""
    keys = list(state_keys(uow.tx, topic, after, PER_CALL_MAX))
    _point(uow, topic, [(key, None) for key in keys])
    record_action(uow, who, "republish", f"{topic}: {len(keys)} states", reason)
    return len(keys), keys[-1] if len(keys) == PER_CALL_MAX else None


def _point(uow: Uow, topic: str, wanted: Sequence[tuple[str, str | None]]) -> None:
    partitions = TOPICS[topic].partitions
    rows = [
        {"topic": topic, "shard": partition_for(key, partitions), "key": key, "event_id": event_id}
        for key, event_id in wanted
    ]
    if rows:
        uow.tx.execute(uow.tables.outbox.insert(), rows)
