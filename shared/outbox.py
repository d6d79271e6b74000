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
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from shared import parking
from shared.bus import Bus, NewRecord
from shared.db import Database, any_of, chunks
from shared.errors import RetryLater
from shared.events import REGISTRY
from shared.events.base import PREFIX
from shared.events.catalogue import DLQ_SUFFIX
from shared.failpoints import reach
from shared.metrics import Metrics
from shared.tables import Plumbing

BATCH_MAX = 500
LANES_MAX = 4
"""Shards that one relay sends at the same time; each holds a connection while it does (PostgreSQL)."""
IDLE_S = 0.2
BACKOFF_S_MAX = 10.0
SEND_S_MAX = 45.0
"""How long a shard is held for the bus; then it is let go, and sent again by whoever takes it next."""

log = logging.getLogger(__name__)

Shard = tuple[str, int]

StateLoader = Callable[[Connection, str, Sequence[str]], Mapping[str, tuple[Mapping[str, str], bytes | None]]]
"""(tx, topic, keys) → headers and value of each state row as it is now; value None is a tombstone."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A shard's next records, and the open transaction that holds its lock (PostgreSQL)."""

    seqs: Sequence[int]
    records: Sequence[NewRecord]
    tx: Connection | None = None
    transaction: ExitStack | None = None


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
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes = asyncio.Semaphore(LANES_MAX if db.dialect == "postgresql" else 1)
        self._resting: dict[Shard, tuple[float, float]] = {}
        self._heads: dict[Shard, tuple[int, float]] = {}
        self.moved = 0

    def wake(self) -> None:
        """Say from any thread that there is something to send."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def prepare(self) -> None:
        """Be ready to run, also again after a stop."""
        self._stopped.clear()

    def stop(self) -> None:
        """Ask the loop to end after the batch it is at."""
        self._stopped.set()
        self._wake.set()

    async def run(self) -> None:
        """Relay until stopped; a fault waits and tries the same rows again."""
        self._loop = asyncio.get_running_loop()
        backoff_s = IDLE_S
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                moved = await self.relay_once()
                backoff_s = IDLE_S
            except Exception as fault:
                # The database is away. Nothing was deleted: the same rows are sent again.
                self._tell(fault, backoff_s)
                await _unless(self._stopped, backoff_s)
                backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)
                continue
            if not moved:
                await _unless(self._wake, IDLE_S)

    async def relay_once(self) -> int:
        """Send one batch of every shard that has something; returns how many records were sent.

        A shard that cannot be sent rests for a growing while; it keeps no other shard from being sent.
        """
        shards = await asyncio.to_thread(self._busy_shards)
        now = asyncio.get_running_loop().time()
        self._note_age(shards, now)
        due = [shard for shard in shards if self._resting.get(shard, (0.0, 0.0))[0] <= now]
        moved = sum(await asyncio.gather(*(self._relay_shard(shard) for shard in due)))
        self.moved += moved
        return moved

    def _busy_shards(self) -> dict[Shard, int]:
        """Return the shards that have something, each with its oldest row."""
        table = self._tables.outbox
        query = select(table.c.topic, table.c.shard, func.min(table.c.seq)).group_by(table.c.topic, table.c.shard)
        with self._db.read() as tx:
            return {(topic, shard): seq for topic, shard, seq in tx.execute(query.order_by(table.c.topic))}

    def _note_age(self, shards: Mapping[Shard, int], now: float) -> None:
        """Tell how long the oldest row has been seen to wait: by this relay's own watch, for a row has no real time."""
        self._heads = {
            shard: known if (known := self._heads.get(shard, (seq, now)))[0] == seq else (seq, now)
            for shard, seq in shards.items()
        }
        oldest = max((now - since for _, since in self._heads.values()), default=0.0)
        self._metrics.gauge("outbox_oldest_age_seconds", oldest)

    async def _relay_shard(self, shard: Shard) -> int:
        async with self._lanes:
            try:
                moved = await self._send_held(shard)
            except Exception as fault:
                rest_s = min(self._resting.get(shard, (0.0, IDLE_S / 2))[1] * 2, BACKOFF_S_MAX)
                self._resting[shard] = (asyncio.get_running_loop().time() + rest_s, rest_s)
                self._tell(fault, rest_s)
                return 0
        self._resting.pop(shard, None)
        return moved

    async def _send_held(self, shard: Shard) -> int:
        topic = shard[0]
        held = await asyncio.to_thread(self._hold, shard)
        if held is None:
            return 0
        try:
            async with asyncio.timeout(SEND_S_MAX):
                await self._send(held.records)
            reach(f"{self._db.name}.relay.{topic}.published")
            await asyncio.to_thread(self._finish, held)
        except BaseException as fault:
            if held.transaction is not None:
                await asyncio.shield(asyncio.to_thread(held.transaction.__exit__, type(fault), fault, None))
            raise
        reach(f"{self._db.name}.relay.{topic}.deleted")
        return len(held.records)

    def _hold(self, shard: Shard) -> _Held | None:
        """Read a shard's next records; on PostgreSQL under its lock, which lasts until they are deleted."""
        if self._db.dialect == "sqlite":
            with self._db.read() as tx:
                return _Held(*self._load(tx, *shard))
        with ExitStack() as opening:
            tx = opening.enter_context(self._db.begin())
            number = zlib.crc32(f"{self._db.name}:{shard[0]}:{shard[1]}".encode()) - 2**31
            if not tx.execute(text("select pg_try_advisory_xact_lock(7001, :number)"), {"number": number}).scalar():
                return None
            return _Held(*self._load(tx, *shard), tx, opening.pop_all())

    def _finish(self, held: _Held) -> None:
        if held.tx is None or held.transaction is None:
            with self._db.begin() as tx:
                self._delete(tx, held.seqs)
        else:
            self._delete(held.tx, held.seqs)
            held.transaction.close()

    def _load(self, tx: Connection, topic: str, shard: int) -> tuple[list[int], list[NewRecord]]:
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
            for kind, number in Counter(map(_kind, records)).items():
                self._metrics.count("events_published_total", number, topic=records[0].topic, type=kind)

    def _delete(self, tx: Connection, seqs: Sequence[int]) -> None:
        for piece in chunks(seqs):
            tx.execute(delete(self._tables.outbox).where(any_of(tx, self._tables.outbox.c.seq, piece)))

    def _tell(self, fault: Exception, rest_s: float) -> None:
        known = isinstance(fault, RetryLater)  # the bus says so of itself; anything else shows where it was
        log.warning(
            "outbox relay of %s failed (%s); trying again in %.1f s",
            self._db.name,
            fault if known else type(fault).__name__,
            rest_s,
            exc_info=None if known else fault,
        )
        self._metrics.count("outbox_relay_failures_total")


def _kind(record: NewRecord) -> str:
    """Return an event's type as it is counted; a tombstone, and a copy of what nobody could read, have none of ours."""
    name = record.headers.get("ce_type", "")
    return name.removeprefix(f"{PREFIX}.") if name in REGISTRY else "other"


async def _unless(event: asyncio.Event, seconds: float) -> None:
    """Wait for ``seconds``, or until the event is set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def waiting(tx: Connection, tables: Plumbing) -> int:
    """Count what is committed but not yet on the bus."""
    return int(tx.execute(select(func.count()).select_from(tables.outbox)).scalar_one())
