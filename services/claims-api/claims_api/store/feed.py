"""The units' event feeds: what is new in ``events``, positions, and reading a feed.

Versions of one case's events become visible in their order, because each is given out under the lock of the case's
stream; so a feed that follows versions can never pass one by. Row ids only say where to look: rows of transactions
that commit late lie a little behind the newest, which is why the look goes back ``OVERLAP`` rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, literal, select, update
from sqlalchemy.sql import bindparam

from claims_api.tables import PLUMBING, ClaimRow, FeedCaseRow, FeedEntryRow, FeedUnitRow, FeedWriterRow
from shared.db import any_of, chunks, insert_all, insert_ignore, lock_rows, table_of, upsert
from shared.values import names_of, value

EVENTS, STREAMS = PLUMBING.events, PLUMBING.stream_version
ENTRY, UNIT, CASE, WRITER = (table_of(row) for row in (FeedEntryRow, FeedUnitRow, FeedCaseRow, FeedWriterRow))
CLAIM = table_of(ClaimRow)

TOPIC = "claims"
OVERLAP = 500
# A subquery and no join: few rows are looked at, and for a join every case's row might be read.
_FED = func.coalesce(select(CASE.c.version).where(CASE.c.case_id == EVENTS.c.key).scalar_subquery(), 0)
_PUBLISHED = [EVENTS.c[name] for name in ("row", "event_id", "key", "version", "type", "payload", "recorded_at")]
_WRITER = "one"


class Published(NamedTuple):
    """An event of this service as it was published, and the version of its case that is in the feed already."""

    row: int
    event_id: str
    case_id: str
    version: int
    type: str
    payload: str
    at: datetime
    fed: int


class Named(NamedTuple):
    """A claim that an event names: of which case and unit it is, and what the unit knows it by."""

    case_id: str
    unit: str
    reference: str


@value
class FeedEntry:
    """One event as a unit may see it."""

    unit: str
    position: int
    event_id: str
    type: str
    at: datetime
    case_id: str
    claim_id: str | None
    data: Mapping[str, Any]


_FEED_ENTRY = names_of(FeedEntry)


def lock_writer(tx: Connection) -> int:
    """Become the one writer for this transaction; returns the row to look on from."""
    insert_ignore(tx, WRITER, [{"writer": _WRITER, "last_row": 0}])
    lock_rows(tx, WRITER, "writer", [_WRITER])
    return int(tx.execute(select(WRITER.c.last_row)).scalar_one())


def writer_at(tx: Connection) -> int:
    """Return the row the writer looks on from."""
    return int(tx.execute(select(func.coalesce(func.max(WRITER.c.last_row), 0))).scalar_one())


def move_writer(tx: Connection, last_row: int) -> None:
    """Store where the writer looks on from."""
    tx.execute(update(WRITER).values(last_row=last_row))


def unfed(tx: Connection, row: int, limit: int) -> list[Published]:
    """Return the events from a little before ``row`` on that are in no feed, by row.

    SQLite's one writer commits in the order of rows: nothing there lies before ``row``.
    """
    overlap = OVERLAP if tx.dialect.name == "postgresql" else 0
    query = (
        select(*_PUBLISHED, _FED.label("fed"))
        .where(EVENTS.c.row > row - overlap, EVENTS.c.topic == TOPIC, EVENTS.c.version > _FED)
        .order_by(EVENTS.c.row)
        .limit(limit)
    )
    return [Published._make(found) for found in tx.execute(query).all()]


def waiting(tx: Connection) -> int:
    """Count the events that are in no feed yet; one the sweep was quicker with no longer waits for the writer."""
    query = (
        select(func.count())
        .select_from(EVENTS)
        .where(EVENTS.c.row > writer_at(tx), EVENTS.c.topic == TOPIC, EVENTS.c.version > _FED)
    )
    return int(tx.execute(query).scalar_one())


def published_between(tx: Connection, case_id: str, first: int, last: int) -> list[Published]:
    """Return the events of a case from version ``first`` to ``last``."""
    query = (
        select(*_PUBLISHED, literal(first - 1))
        .where(EVENTS.c.topic == TOPIC, EVENTS.c.key == case_id, EVENTS.c.version.between(first, last))
        .order_by(EVENTS.c.version)
    )
    return [Published._make(found) for found in tx.execute(query).all()]


def behind(tx: Connection, limit: int) -> dict[str, int]:
    """Return cases whose feeds are behind their events, and the version those have come to; reads every case."""
    query = (
        select(STREAMS.c.key, STREAMS.c.version)
        .select_from(STREAMS.outerjoin(CASE, CASE.c.case_id == STREAMS.c.key))
        .where(STREAMS.c.topic == TOPIC, STREAMS.c.version > func.coalesce(CASE.c.version, 0))
        .limit(limit)
    )
    return {row.key: row.version for row in tx.execute(query)}


def claims_named(tx: Connection, claim_ids: Iterable[str]) -> dict[str, Named]:
    """Return the claims with these ids, by id."""
    found: dict[str, Named] = {}
    for piece in chunks(sorted(set(claim_ids))):
        columns = (CLAIM.c.claim_id, CLAIM.c.case_id, CLAIM.c.unit, CLAIM.c.external_ref)
        query = select(*columns).where(any_of(tx, CLAIM.c.claim_id, piece))
        found.update((claim_id, Named(*rest)) for claim_id, *rest in tx.execute(query).all())
    return found


def fed_versions(tx: Connection, case_ids: Iterable[str]) -> dict[str, int]:
    """Return the version each case's feed has come to; a case that is not in it has none."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(case_ids))):
        query = select(CASE.c.case_id, CASE.c.version).where(any_of(tx, CASE.c.case_id, piece))
        found.update((case_id, version) for case_id, version in tx.execute(query).all())
    return found


def keep_versions(tx: Connection, versions: Mapping[str, int]) -> None:
    """Store the version each case's feed has come to."""
    rows = [{"case_id": case_id, "version": version} for case_id, version in sorted(versions.items())]
    upsert(tx, CASE, rows, key=["case_id"], update=["version"])


def last_positions(tx: Connection, units: Collection[str]) -> dict[str, int]:
    """Return the last position given out in each unit's feed; the caller is the one writer."""
    insert_ignore(tx, UNIT, [{"unit": unit, "last_position": 0} for unit in sorted(units)])
    query = select(UNIT.c.unit, UNIT.c.last_position).where(UNIT.c.unit.in_(sorted(units)))
    return {row.unit: row.last_position for row in tx.execute(query)}


def append(tx: Connection, entries: Sequence[FeedEntry], positions: Mapping[str, int]) -> None:
    """Append entries and store the last position of each unit."""
    if not entries:
        return
    insert_all(tx, ENTRY, entries, _FEED_ENTRY)
    tx.execute(
        update(UNIT).where(UNIT.c.unit == bindparam("of_unit")).values(last_position=bindparam("reached")),
        [{"of_unit": unit, "reached": position} for unit, position in sorted(positions.items())],
    )


def read(tx: Connection, unit: str, *, after: int, limit: int) -> list[FeedEntry]:
    """Return a unit's entries in order, from the position after ``after``."""
    query = select(ENTRY).where(ENTRY.c.unit == unit, ENTRY.c.position > after).order_by(ENTRY.c.position).limit(limit)
    return [FeedEntry(**row) for row in tx.execute(query).mappings()]


def last_position(tx: Connection, unit: str) -> int:
    """Return the last position of a unit's feed, 0 when it has none."""
    return int(tx.execute(select(UNIT.c.last_position).where(UNIT.c.unit == unit)).scalar() or 0)
