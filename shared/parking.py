"""Parked events: what could not be applied waits here, in order, with its key's later events, until a person acts.

Other keys flow on. Replaying applies a key's parked events in order; discarding drops them, and for money that takes
two persons. Every such act leaves a row in ``operator_action``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, func, select, tuple_, update

from shared.bus import MAX_HEADERS, MAX_RECORD_BYTES, Record
from shared.db import among, chunks, insert_ignore
from shared.errors import Conflict, NotFound
from shared.events import Envelope, Event, Undecodable, UnknownType, decode, encode
from shared.events.catalogue import TOPICS, dead_letter_topic
from shared.tables import Plumbing
from shared.uow import Uow

VERSION_GAP = "version_gap"
UNKNOWN_TYPE = "unknown_type"
REPLAY_MAX = 1000
LETTER_KEY_MAX = 200
LETTER_BYTES_MAX = MAX_RECORD_BYTES - 50_000
"""What of a dead letter is copied to the bus; a larger one stays in the table alone."""
HEADER_MAX_CHARS = 500


def is_parked(tx: Connection, tables: Plumbing, topic: str, key: str) -> bool:
    """Say whether a key is parked."""
    table = tables.parked_key
    return tx.execute(select(table.c.key).where(table.c.topic == topic, table.c.key == key)).first() is not None


def parked_among(tx: Connection, tables: Plumbing, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return which of these (topic, key) are parked, with the reason, and hold them so.

    Whoever replays or discards a key holds it too, so no event can be parked behind one that is being let go.
    """
    table = tables.parked_key
    found: dict[tuple[str, str], str] = {}
    for piece in chunks(keys):
        wanted = among(tx, [table.c.topic, table.c.key], piece)
        query = select(table).where(wanted).order_by(table.c.topic, table.c.key)
        rows = tx.execute(_held(tx, query))
        found.update({(row.topic, row.key): row.reason for row in rows})
    return found


def _held(tx: Connection, query: Any) -> Any:
    return query.with_for_update() if tx.dialect.name == "postgresql" else query


def hold(tx: Connection, tables: Plumbing, topic: str, key: str) -> Any:
    """Return a parked key's row and hold it until the transaction ends; raises NotFound when it is not parked."""
    table = tables.parked_key
    row = tx.execute(_held(tx, select(table).where(table.c.topic == topic, table.c.key == key))).first()
    if row is None:
        raise NotFound("parked key")
    return row


def parked_keys(tx: Connection, tables: Plumbing, keys: Sequence[str]) -> set[str]:
    """Return which of these keys are parked in any topic: such a case takes no step."""
    table = tables.parked_key
    found: set[str] = set()
    for piece in chunks(keys):
        found.update(tx.execute(select(table.c.key).where(table.c.key.in_(piece))).scalars())
    return found


def park(uow: Uow, event: Event, reason: str, detail: str) -> None:
    """Park an event and its key; harmless when done twice."""
    park_record(
        uow, event.payload.TOPIC, event.envelope, event.envelope.headers(), encode(event.payload), reason, detail
    )


def park_record(
    uow: Uow, topic: str, envelope: Envelope, headers: dict[str, str], value: bytes, reason: str, detail: str
) -> None:
    """Park what may not be readable yet, as it came, and its key; harmless when done twice."""
    key = envelope.aggregate
    insert_ignore(
        uow.tx,
        uow.tables.parked_key,
        [{"topic": topic, "key": key, "reason": reason, "detail": detail, "since": uow.now}],
    )
    row = {
        "event_id": envelope.event_id,
        "topic": topic,
        "key": key,
        "version": envelope.version,
        "headers": headers,
        "value": value,
        "parked_at": uow.now,
    }
    insert_ignore(uow.tx, uow.tables.parked_event, [row])


def release_after(uow: Uow, topic: str, event: Event) -> list[Event]:
    """Take out the parked events that follow ``event`` without a gap; unpark the key when none is left.

    One of a type that this code does not know ends it: the key then waits for newer code.
    """
    table = uow.tables.parked_event
    key = event.envelope.aggregate
    rows = uow.tx.execute(
        select(table).where(table.c.topic == topic, table.c.key == key).order_by(table.c.version).limit(REPLAY_MAX)
    ).all()
    released: list[Event] = []
    expected = event.envelope.version + 1
    for row in rows:
        if row.version != expected:
            break
        try:
            released.append(decode(row.headers, row.value))
        except UnknownType:
            _set_reason(uow, topic, key, UNKNOWN_TYPE)
            break
        expected += 1
    _delete_events(uow, [e.envelope.event_id for e in released])
    if len(released) == len(rows):
        _unpark(uow, topic, key)
    return released


def listing(tx: Connection, tables: Plumbing, after: str | None, limit: int) -> list[dict[str, Any]]:
    """List parked keys with reason, since when and how many events wait, keyset-paged by topic and key."""
    keys, events = tables.parked_key, tables.parked_event
    query = (
        select(keys, func.count(events.c.event_id).label("events"))
        .select_from(keys.outerjoin(events, (keys.c.topic == events.c.topic) & (keys.c.key == events.c.key)))
        .group_by(*keys.c)
        .order_by(keys.c.topic, keys.c.key)
        .limit(limit)
    )
    if after:
        topic, _, key = after.partition("/")
        query = query.where(tuple_(keys.c.topic, keys.c.key) > (topic, key))
    return [dict(row) for row in tx.execute(query).mappings()]


def waiting_events(tx: Connection, tables: Plumbing, topic: str, key: str) -> list[Event]:
    """Return a parked key's events in order.

    Raises NotFound when the key is not parked, Conflict when one of them is of a type that this code does not know.
    """
    if not is_parked(tx, tables, topic, key):
        raise NotFound("parked key")
    table = tables.parked_event
    rows = tx.execute(
        select(table).where(table.c.topic == topic, table.c.key == key).order_by(table.c.version).limit(REPLAY_MAX)
    )
    try:
        return [decode(row.headers, row.value) for row in rows]
    except Undecodable as wrong:
        raise Conflict("not-readable", f"parked event: {wrong}") from wrong


def events_to_replay(uow: Uow, topic: str, key: str) -> list[Event]:
    """Return a parked key's events and hold the key, so that nothing is parked behind them meanwhile.

    Raises NotFound when the key is not parked, Conflict when an event is unreadable or one before it is missing.
    """
    hold(uow.tx, uow.tables, topic, key)
    events = waiting_events(uow.tx, uow.tables, topic, key)
    for before, after in pairwise(event.envelope.version for event in events):
        if after != before + 1:
            raise Conflict("version-gap", f"parked events: expected version {before + 1}, got {after}")
    return events


def finish_replay(uow: Uow, topic: str, key: str, events: Sequence[Event], who: str, reason: str) -> None:
    """Record that these events were applied after all, and unpark the key."""
    _delete_events(uow, [e.envelope.event_id for e in events])
    _unpark(uow, topic, key)
    record_action(uow, who, "replay", f"{topic}/{key}", reason)


def discard(uow: Uow, topic: str, key: str, who: str, reason: str, *, two_persons: bool) -> str:
    """Drop a parked key's events; with ``two_persons`` the first call asks and the second, by another, does it.

    Returns ``requested`` or ``discarded``. Raises Conflict when the same person asks and confirms.
    """
    table = uow.tables.parked_key
    row = hold(uow.tx, uow.tables, topic, key)
    where = (table.c.topic == topic, table.c.key == key)
    if two_persons and row.discard_requested_by is None:
        uow.tx.execute(update(table).where(*where).values(discard_requested_by=who))
        record_action(uow, who, "discard_requested", f"{topic}/{key}", reason)
        return "requested"
    if two_persons and row.discard_requested_by == who:
        raise Conflict("four-eyes", "expected another person than the one who asked for it, got the same")
    events = uow.tables.parked_event
    uow.tx.execute(delete(events).where(events.c.topic == topic, events.c.key == key))
    _unpark(uow, topic, key)
    record_action(uow, who, "discard", f"{topic}/{key}", reason)
    return "discarded"


def record_action(uow: Uow, who: str, action: str, target: str, reason: str) -> None:
    """Write down what an operator did by hand."""
    uow.tx.execute(
        uow.tables.operator_action.insert(),
        [{"at": uow.now, "who": who, "action": action, "target": target, "reason": reason}],
    )


def dead_letter(uow: Uow, record: Record, epoch: str, reason: str) -> None:
    """Keep a record that is no event of ours, and copy it to the topic's dead letters.

    A record of a state topic is about a person: of it only the coordinates are kept, and nothing is copied.
    """
    personal = TOPICS[record.topic].kind == "state"
    row: dict[str, Any] = {
        "epoch": epoch,
        "topic": record.topic,
        "part": record.partition,
        "offset": record.offset,
        "key": _storable(record.key)[:LETTER_KEY_MAX],
        "headers": {} if personal else {_storable(name): _storable(text) for name, text in record.headers.items()},
        "value": None if personal else record.value,
        "reason": _storable(reason),
        "at": uow.now,
    }
    if insert_ignore(uow.tx, uow.tables.dead_letter, [row]) and not personal:
        pointer = f"{epoch}/{record.topic}/{record.partition}/{record.offset}"
        uow.tx.execute(
            uow.tables.outbox.insert(),
            [{"topic": dead_letter_topic(record.topic), "shard": 0, "key": pointer, "event_id": None}],
        )


def _storable(text: str) -> str:
    """Replace what PostgreSQL cannot hold in a text."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def dead_letters(
    tx: Connection, tables: Plumbing, pointers: Sequence[str]
) -> dict[str, tuple[dict[str, str], bytes | None]]:
    """Return headers and value of undecodable records by their coordinates (epoch/topic/partition/offset).

    What no record of the bus can carry is cut: headers beyond a number and a length, a value beyond a size.
    """
    table = tables.dead_letter
    found: dict[str, tuple[dict[str, str], bytes | None]] = {}
    for pointer in pointers:
        epoch, topic, part, offset = pointer.rsplit("/", 3)
        row = tx.execute(
            select(table).where(
                table.c.epoch == epoch, table.c.topic == topic, table.c.part == int(part), table.c.offset == int(offset)
            )
        ).first()
        if row is not None:
            kept = list(row.headers.items())[: MAX_HEADERS - 2]
            headers = {name[:HEADER_MAX_CHARS]: text[:HEADER_MAX_CHARS] for name, text in kept}
            headers["dlq_reason"] = row.reason[:HEADER_MAX_CHARS]
            fits = len(row.value or b"") <= LETTER_BYTES_MAX
            found[pointer] = (headers if fits else {**headers, "dlq_cut": "value"}, row.value if fits else None)
    return found


def dead_letter_listing(tx: Connection, tables: Plumbing, after: int, limit: int) -> list[dict[str, Any]]:
    """List undecodable records by row number: where they came from, when and why (not what they hold)."""
    table = tables.dead_letter
    columns = (table.c.row, table.c.topic, table.c.part, table.c.offset, table.c.reason, table.c.at)
    query = select(*columns).where(table.c.row > after).order_by(table.c.row).limit(limit)
    return [dict(row) for row in tx.execute(query).mappings()]


def _delete_events(uow: Uow, ids: Sequence[str]) -> None:
    table = uow.tables.parked_event
    for piece in chunks(ids):
        uow.tx.execute(delete(table).where(table.c.event_id.in_(piece)))


def _set_reason(uow: Uow, topic: str, key: str, reason: str) -> None:
    table = uow.tables.parked_key
    uow.tx.execute(update(table).where(table.c.topic == topic, table.c.key == key).values(reason=reason))


def _unpark(uow: Uow, topic: str, key: str) -> None:
    table = uow.tables.parked_key
    uow.tx.execute(delete(table).where(table.c.topic == topic, table.c.key == key))
