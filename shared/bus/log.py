"""The embedded log's file: tables, and every statement on them. Synchronous; ``shared.bus.opened`` gives it threads.

Offsets come from ``partition.next_offset`` in the transaction that inserts the records, so they are contiguous and,
unlike a rowid, never given twice. The file must lie on a local disk (WAL shares memory between connections).
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shared.bus import MAX_POLL_BYTES, NewRecord, Record, TopicPartition, partition_for
from shared.errors import Crash
from shared.events.catalogue import Topic

FORMAT = 1
"""Version of the tables below; another one is refused, never guessed at."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS partition (
    partition_id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL,
    start_offset INTEGER NOT NULL DEFAULT 0, next_offset INTEGER NOT NULL DEFAULT 0, last_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)) STRICT;
CREATE TABLE IF NOT EXISTS record (
    partition_id INTEGER NOT NULL, offset INTEGER NOT NULL, at_ms INTEGER NOT NULL, key TEXT NOT NULL,
    headers TEXT NOT NULL, value BLOB, PRIMARY KEY (partition_id, offset)) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS committed (
    group_name TEXT NOT NULL, partition_id INTEGER NOT NULL, next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition_id)) WITHOUT ROWID, STRICT;
"""

_BUSY_MS = 2_000
_WAL_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a partition begins and ends, and when its last record was appended."""

    partition_id: int
    start: int
    end: int
    last_ms: int


Heads = dict[TopicPartition, Head]
"""Every partition of the log. A committed map is never changed, only replaced."""


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file for one thread: WAL, every commit forced to disk, deleted content overwritten.

    Deleted content is overwritten because a compacted ``parties`` record is a person's erased address.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
        return connection
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(f"PRAGMA journal_size_limit={_WAL_BYTES}")
    return connection


@contextmanager
def write(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one write transaction: all of it durable on return, or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has already rolled the transaction back; a second ROLLBACK would hide that error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def prepare(connection: sqlite3.Connection, topics: Mapping[str, Topic]) -> str:
    """Create what is missing and return the log's epoch.

    Raises ``Crash`` if the file is of another format or a topic has another number of partitions: keys would move.
    """
    with write(connection):
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (str(FORMAT),))
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (uuid.uuid4().hex,))
        meta: dict[str, str] = dict(connection.execute("SELECT name, value FROM meta"))
        if meta["format"] != str(FORMAT):
            raise Crash(f"the log has format {meta['format']}; expected {FORMAT}")
        counts = dict(connection.execute("SELECT topic, count(*) FROM partition GROUP BY topic"))
        for topic in topics.values():
            have = counts.get(topic.name, topic.partitions)
            if have != topic.partitions:
                raise Crash(
                    f"topic {topic.name} has {have} partitions in the log; the catalogue says {topic.partitions}"
                )
            connection.executemany(
                "INSERT OR IGNORE INTO partition (topic, number) VALUES (?, ?)",
                [(topic.name, number) for number in range(topic.partitions)],
            )
    return meta["epoch"]


def load_heads(connection: sqlite3.Connection) -> Heads:
    """Return every partition as the file has it."""
    rows = connection.execute("SELECT partition_id, topic, number, start_offset, next_offset, last_ms FROM partition")
    return {
        TopicPartition(topic, number): Head(partition_id=partition_id, start=start, end=end, last_ms=last_ms)
        for partition_id, topic, number, start, end, last_ms in rows
    }


class Writer:
    """The only writer of the file. ``heads`` is what is committed; other threads may read that attribute."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.heads = load_heads(connection)

    def transact(self, operations: Sequence[Operation]) -> None:
        """Run ``operations`` in one transaction, in order; durable on return. On an error none of them happened."""
        staged = dict(self.heads)
        try:
            with write(self._connection):
                for operation in operations:
                    operation(self._connection, staged)
        except sqlite3.Error:
            self.heads = load_heads(self._connection)
            raise
        self.heads = staged

    def truncate_wal(self) -> None:
        """Copy the write-ahead log into the file and empty it, as far as readers allow."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


Operation = Callable[[sqlite3.Connection, Heads], None]
"""A piece of a write transaction: it gets the connection and the heads so far, and changes both together."""


def append(records: Sequence[NewRecord], partitions: Mapping[str, int], now_ms: int) -> Operation:
    """Return the operation that adds ``records`` at the ends of their partitions.

    Times never run backwards within a partition, whatever the clock does: seeking by time is a binary search.
    """

    def run(connection: sqlite3.Connection, heads: Heads) -> None:
        rows = []
        touched: dict[TopicPartition, Head] = {}
        for record in records:
            where = TopicPartition(record.topic, partition_for(record.key, partitions[record.topic]))
            head = touched.get(where) or heads[where]
            at_ms = max(now_ms, head.last_ms)
            rows.append((head.partition_id, head.end, at_ms, record.key, _headers_text(record), record.value))
            touched[where] = replace(head, end=head.end + 1, last_ms=at_ms)
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "UPDATE partition SET next_offset = ?, last_ms = ? WHERE partition_id = ?",
            [(head.end, head.last_ms, head.partition_id) for head in touched.values()],
        )
        heads.update(touched)

    return run


def _headers_text(record: NewRecord) -> str:
    return json.dumps(dict(record.headers), ensure_ascii=False)


def commit_offsets(group: str, next_offsets: Mapping[TopicPartition, int]) -> Operation:
    """Return the operation that stores ``group``'s next offset of each partition named."""

    def run(connection: sqlite3.Connection, heads: Heads) -> None:
        connection.executemany(
            "INSERT INTO committed VALUES (?, ?, ?)"
            " ON CONFLICT (group_name, partition_id) DO UPDATE SET next_offset = excluded.next_offset",
            [(group, heads[where].partition_id, offset) for where, offset in next_offsets.items()],
        )

    return run


def drop_below(where: TopicPartition, offset: int) -> Operation:
    """Return the operation that removes the records of ``where`` below ``offset`` and moves the log's start there."""

    def run(connection: sqlite3.Connection, heads: Heads) -> None:
        head = replace(heads[where], start=offset)
        connection.execute("DELETE FROM record WHERE partition_id = ? AND offset < ?", (head.partition_id, offset))
        connection.execute("UPDATE partition SET start_offset = ? WHERE partition_id = ?", (offset, head.partition_id))
        heads[where] = head

    return run


def drop(where: TopicPartition, offsets: Sequence[int]) -> Operation:
    """Return the operation that removes single records; every other offset stays what it is."""

    def run(connection: sqlite3.Connection, heads: Heads) -> None:
        partition_id = heads[where].partition_id
        connection.executemany(
            "DELETE FROM record WHERE partition_id = ? AND offset = ?", [(partition_id, offset) for offset in offsets]
        )

    return run


def new_epoch(path: Path) -> str:
    """Give the log in ``path`` a new identity and return it; for a restored file, while no process has it open.

    A restored log gives offsets a second time, so what its readers stored about the old one no longer means anything.
    """
    connection = connect(path, read_only=False)
    try:
        epoch = uuid.uuid4().hex
        with write(connection):
            connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (epoch,))
        return epoch
    finally:
        connection.close()


def read(
    connection: sqlite3.Connection, wanted: Sequence[tuple[TopicPartition, int, int]], max_records: int
) -> list[Record]:
    """Return records of the partitions ``wanted`` (partition, its id, first offset), up to the limits."""
    records: list[Record] = []
    size = 0
    for where, partition_id, offset in wanted:
        rows = connection.execute(
            "SELECT offset, at_ms, key, headers, value FROM record WHERE partition_id = ? AND offset >= ?"
            " ORDER BY offset LIMIT ?",
            (partition_id, offset, max_records - len(records)),
        )
        for at, at_ms, key, headers, value in rows:
            records.append(Record(where.topic, where.partition, at, key, value, json.loads(headers), at_ms))
            size += len(value or b"") + len(headers)
            if size >= MAX_POLL_BYTES:
                rows.close()
                return records
        if len(records) >= max_records:
            break
    return records


def committed_offsets(connection: sqlite3.Connection, group: str) -> dict[int, int]:
    """Return ``group``'s next offset by partition id; a partition it never committed is absent."""
    return dict(
        connection.execute("SELECT partition_id, next_offset FROM committed WHERE group_name = ?", (group,)).fetchall()
    )


def offset_at(connection: sqlite3.Connection, head: Head, at_ms: int) -> int:
    """Return the offset of the first record appended at or after ``at_ms``, or the end if there is none."""
    low, high = head.start, head.end
    while low < high:
        middle = (low + high) // 2
        row: tuple[int, int] | None = connection.execute(
            "SELECT offset, at_ms FROM record WHERE partition_id = ? AND offset >= ? ORDER BY offset LIMIT 1",
            (head.partition_id, middle),
        ).fetchone()
        if row is not None and row[1] < at_ms:
            low = row[0] + 1
        else:
            high = middle
    return low


def read_floor(connection: sqlite3.Connection, topic: str, head: Head) -> int:
    """Return the offset below which every group that reads ``topic`` has read this partition (the end if none does)."""
    row: tuple[int | None] = connection.execute(
        "SELECT min(coalesce(mine.next_offset, ?)) FROM"
        " (SELECT DISTINCT group_name FROM committed JOIN partition USING (partition_id) WHERE topic = ?) AS known"
        " LEFT JOIN committed AS mine ON mine.group_name = known.group_name AND mine.partition_id = ?",
        (head.start, topic, head.partition_id),
    ).fetchone()
    return head.end if row[0] is None else row[0]


def superseded(connection: sqlite3.Connection, head: Head, tombstones_before_ms: int, floor: int) -> list[int]:
    """Return, ascending, the offsets compaction may remove.

    Those are the records with a newer one of the same key, and the tombstones appended before ``tombstones_before_ms``
    that every reader has passed (``floor``). The partition's last record always stays, as Kafka never cleans the
    segment it writes to: a reader that has read to the end is at the end, and its lag is 0. Ascending order matters:
    a crash half-way never leaves a value without the tombstone that erased it.
    """
    rows: list[Any] = connection.execute(
        "SELECT offset FROM (SELECT offset, at_ms, value IS NULL AS tombstone,"
        " max(offset) OVER (PARTITION BY key) AS newest FROM record WHERE partition_id = ?)"
        " WHERE offset < ? AND (offset < newest OR (tombstone AND at_ms < ? AND offset < ?)) ORDER BY offset",
        (head.partition_id, head.end - 1, tombstones_before_ms, floor),
    ).fetchall()
    return [offset for (offset,) in rows]
