"""The relay: takes what a service committed to the bus, in order, at least once.

Events are written with the state change they tell of (``shared.uow``); pointers to them wait in ``outbox`` until the
bus has them on disk. One shard per partition keeps the order of each key; on PostgreSQL a shard is relayed by whoever
holds its advisory lock, so several processes share the work without reordering. A crash between the bus's
acknowledgement and the delete sends a record twice: consumers drop it by its version.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from shared import parking
from shared.bus import Bus, NewRecord
from shared.db import Database, chunks
from shared.events.catalogue import DLQ_SUFFIX
from shared.failpoints import reach
from shared.metrics import Metrics
from shared.tables import Plumbing

BATCH_MAX = 500
IDLE_S = 0.2
BACKOFF_S_MAX = 10.0

log = logging.getLogger(__name__)

StateLoader = Callable[[Connection, str, Sequence[str]], Mapping[str, tuple[Mapping[str, str], bytes | None]]]
"""(tx, topic, keys) → headers and value of each state row as it is now; value None is a tombstone."""


class Relay:
    """Moves one service's outbox to the bus until it is stopped."""

    def __init__(
        self, db: Database, tables: Plumbing, bus: Bus, metrics: Metrics, state_loader: StateLoader | None
    ) -> None:
        self._db = db
        self._tables = tables
        self._bus = bus
        self._metrics = metrics
        self._state_loader = state_loader
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self.moved = 0

    def wake(self) -> None:
        """Say from any thread that there is something to send."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def stop(self) -> None:
        """Ask the loop to end after the batch it is at."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Relay until stopped; a fault waits and tries the same rows again."""
        self._loop = asyncio.get_running_loop()
        backoff_s = IDLE_S
        while not self._stopping:
            self._wake.clear()
            try:
                moved = await self.relay_once()
                backoff_s = IDLE_S
            except Exception:
                # Whatever it was (bus away, database away), nothing was deleted: the same rows are sent again.
                log.exception("outbox relay of %s failed; trying again in %.1f s", self._db.name, backoff_s)
                self._metrics.count("outbox_relay_failures_total")
                await asyncio.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)
                continue
            if not moved:
                try:
                    await asyncio.wait_for(self._wake.wait(), IDLE_S)
                except TimeoutError:
                    continue

    async def relay_once(self) -> int:
        """Send one batch of every shard that has something; returns how many records were sent."""
        moved = 0
        for topic, shard in await asyncio.to_thread(self._busy_shards):
            moved += await self._relay_shard(topic, shard)
        self.moved += moved
        return moved

    def _busy_shards(self) -> list[tuple[str, int]]:
        table = self._tables.outbox
        with self._db.read() as tx:
            rows = tx.execute(select(table.c.topic, table.c.shard).distinct().order_by(table.c.topic, table.c.shard))
            return [(topic, shard) for topic, shard in rows]

    async def _relay_shard(self, topic: str, shard: int) -> int:
        if self._db.dialect == "sqlite":
            rows, records = await asyncio.to_thread(self._load, topic, shard)
            await self._send(records)
            reach(f"{self._db.name}.relay.{topic}.published")
            await asyncio.to_thread(self._delete, rows)
            reach(f"{self._db.name}.relay.{topic}.deleted")
            return len(records)
        connection = await asyncio.to_thread(self._db.engine.connect)
        try:
            lock = zlib.crc32(f"{self._db.name}:{topic}:{shard}".encode())
            won = await asyncio.to_thread(self._lock, connection, lock)
            if not won:
                return 0
            rows, records = await asyncio.to_thread(self._load_in, connection, topic, shard)
            await self._send(records)
            reach(f"{self._db.name}.relay.{topic}.published")
            await asyncio.to_thread(self._delete_in, connection, rows)
            await asyncio.to_thread(connection.commit)
            reach(f"{self._db.name}.relay.{topic}.deleted")
            return len(records)
        finally:
            await asyncio.to_thread(connection.close)

    @staticmethod
    def _lock(connection: Connection, lock: int) -> bool:
        return bool(
            connection.execute(text("select pg_try_advisory_xact_lock(7001, :lock)"), {"lock": lock - 2**31}).scalar()
        )

    def _load(self, topic: str, shard: int) -> tuple[list[int], list[NewRecord]]:
        with self._db.read() as tx:
            return self._load_in(tx, topic, shard)

    def _load_in(self, tx: Connection, topic: str, shard: int) -> tuple[list[int], list[NewRecord]]:
        outbox, events = self._tables.outbox, self._tables.events
        rows = tx.execute(
            select(outbox.c.seq, outbox.c.key, outbox.c.event_id, events.c.headers, events.c.payload)
            .select_from(outbox.outerjoin(events, outbox.c.event_id == events.c.event_id))
            .where(outbox.c.topic == topic, outbox.c.shard == shard)
            .order_by(outbox.c.seq)
            .limit(BATCH_MAX)
        ).all()
        states = self._load_states(tx, topic, rows)
        records = [
            NewRecord(topic, row.key, row.payload.encode(), row.headers)
            if row.event_id is not None
            else NewRecord(topic, row.key, states[row.key][1], states[row.key][0])
            for row in rows
            if row.event_id is not None or row.key in states
        ]
        return [row.seq for row in rows], records

    def _load_states(
        self, tx: Connection, topic: str, rows: Sequence[Any]
    ) -> Mapping[str, tuple[Mapping[str, str], bytes | None]]:
        keys = list(dict.fromkeys(row.key for row in rows if row.event_id is None))
        if not keys:
            return {}
        if topic.endswith(DLQ_SUFFIX):
            return parking.dead_letters(tx, self._tables, keys)
        if self._state_loader is None:
            raise LookupError(f"outbox of {self._db.name}: a state row of {topic} and nothing that can load it")
        return self._state_loader(tx, topic, keys)

    async def _send(self, records: Sequence[NewRecord]) -> None:
        if records:
            await self._bus.publish(records)
            self._metrics.count("events_published_total", len(records), topic=records[0].topic)

    def _delete(self, rows: Sequence[int]) -> None:
        with self._db.begin() as tx:
            self._delete_in(tx, rows)

    def _delete_in(self, tx: Connection, rows: Sequence[int]) -> None:
        for piece in chunks(rows):
            tx.execute(delete(self._tables.outbox).where(self._tables.outbox.c.seq.in_(piece)))


def waiting(tx: Connection, tables: Plumbing) -> int:
    """Count what is committed but not yet on the bus."""
    return int(tx.execute(select(func.count()).select_from(tables.outbox)).scalar_one())
