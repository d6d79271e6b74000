"""The relay: takes what a service committed to the bus, in order, at least once.

Events are written with the state change they tell of (``shared.uow``); pointers to them wait in ``outbox`` until the
bus has them on disk. One shard per partition keeps the order of each key; on PostgreSQL a shard is relayed by whoever
holds its advisory lock, so several processes share the work without reordering. Shards with little to send go together,
so that three records cost about one transaction and not one for each partition. A crash between the bus's
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

BATCH_MAX = 1_000
"""Records of one load: of one shard, or of several that have no more than so many together."""
LANES_MAX = 4
"""Loads that one relay sends at the same time; each holds a connection while it does (PostgreSQL)."""
IDLE_S = 0.2
IDLE_S_MAX = 1.0
"""How long a relay that nobody wakes waits before it looks again: first, and after it has found nothing for a while."""
BACKOFF_S_MAX = 10.0
BREATH_S = 0.03
"""How long a relay that had little to send waits for more, on PostgreSQL: each commit of a busy service wakes it."""
SEND_S_MAX = 45.0
"""How long a shard is held for the bus; then it is let go, and sent again by whoever takes it next."""

log = logging.getLogger(__name__)

Shard = tuple[str, int]

_TRY_LOCKS = text(
    "SELECT number FROM unnest(CAST(:numbers AS integer[])) AS number WHERE pg_try_advisory_xact_lock(7001, number)"
)

StateLoader = Callable[[Connection, str, Sequence[str]], Mapping[str, tuple[Mapping[str, str], bytes | None]]]
"""(tx, topic, keys) → headers and value of each state row as it is now; value None is a tombstone."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The next records of some shards, and the open transaction that holds their locks (PostgreSQL)."""

    seqs: Sequence[int] = ()
    records: Sequence[NewRecord] = ()
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
        self._breath_s = BREATH_S if db.dialect == "postgresql" else 0.0
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
        backoff_s = idle_s = IDLE_S
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
                await _unless(self._wake, idle_s)
            elif moved < BATCH_MAX:
                await _unless(self._stopped, self._breath_s)
            idle_s = IDLE_S if moved or self._wake.is_set() else min(idle_s * 2, IDLE_S_MAX)

    async def relay_once(self) -> int:
        """Send the next records of every shard that has some; returns how many were sent.

        A shard that cannot be sent rests for a growing while and is then sent by itself, so that it keeps no other from
        being sent.
        """
        waiting = await asyncio.to_thread(self._waiting)
        now = asyncio.get_running_loop().time()
        self._note_age({shard: seq for shard, (seq, _) in waiting.items()}, now)
        due = {shard: many for shard, (_, many) in waiting.items() if self._resting.get(shard, (0.0, 0.0))[0] <= now}
        moved = sum(await asyncio.gather(*(self._relay_load(load) for load in self._loads(due))))
        self.moved += moved
        return moved

    def _waiting(self) -> dict[Shard, tuple[int, int]]:
        """Return the shards that have something, each with its oldest row and how many there are."""
        table = self._tables.outbox
        query = (
            select(table.c.topic, table.c.shard, func.min(table.c.seq), func.count())
            .group_by(table.c.topic, table.c.shard)
            .order_by(table.c.topic, table.c.shard)
        )
        with self._db.read() as tx:
            return {(topic, shard): (seq, many) for topic, shard, seq, many in tx.execute(query)}

    def _loads(self, due: Mapping[Shard, int]) -> list[list[Shard]]:
        """Put shards of one topic together as long as they have no more than one load holds; how many each has."""
        loads: list[list[Shard]] = []
        room, of_topic = 0, ""
        for shard, many in due.items():
            if shard in self._resting:
                loads.append([shard])
                of_topic = ""
            elif shard[0] == of_topic and many <= room:
                loads[-1].append(shard)
                room -= many
            else:
                loads.append([shard])
                room, of_topic = BATCH_MAX - many, shard[0]
        return loads

    def _note_age(self, shards: Mapping[Shard, int], now: float) -> None:
        """Tell how long the oldest row has been seen to wait: by this relay's own watch, for a row has no real time."""
        self._heads = {
            shard: known if (known := self._heads.get(shard, (seq, now)))[0] == seq else (seq, now)
            for shard, seq in shards.items()
        }
        oldest = max((now - since for _, since in self._heads.values()), default=0.0)
        self._metrics.gauge("outbox_oldest_age_seconds", oldest)

    async def _relay_load(self, shards: Sequence[Shard]) -> int:
        async with self._lanes:
            try:
                moved = await self._send_held(shards)
            except Exception as fault:
                now = asyncio.get_running_loop().time()
                rests = {s: min(self._resting.get(s, (0.0, IDLE_S / 2))[1] * 2, BACKOFF_S_MAX) for s in shards}
                self._resting.update({shard: (now + rest_s, rest_s) for shard, rest_s in rests.items()})
                self._tell(fault, max(rests.values()))
                return 0
        for shard in shards:
            self._resting.pop(shard, None)
        return moved

    async def _send_held(self, shards: Sequence[Shard]) -> int:
        topic = shards[0][0]
        held = await asyncio.to_thread(self._hold, topic, [shard for _, shard in shards])
        if not held.seqs:
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

    def _hold(self, topic: str, shards: Sequence[int]) -> _Held:
        """Read the next records of shards; on PostgreSQL under their locks, which last until they are deleted.

        A shard that another process holds is left to it.
        """
        if self._db.dialect == "sqlite":
            with self._db.read() as tx:
                return _Held(*self._load(tx, topic, shards))
        numbers = {shard: zlib.crc32(f"{self._db.name}:{topic}:{shard}".encode()) - 2**31 for shard in shards}
        with ExitStack() as opening:
            tx = opening.enter_context(self._db.begin())
            locked = set(tx.execute(_TRY_LOCKS, {"numbers": list(numbers.values())}).scalars())
            ours = [shard for shard in shards if numbers[shard] in locked]
            seqs, records = self._load(tx, topic, ours) if ours else ((), ())
            return _Held(seqs, records, tx, opening.pop_all()) if seqs else _Held()

    def _finish(self, held: _Held) -> None:
        if held.tx is None or held.transaction is None:
            with self._db.begin() as tx:
                self._delete(tx, held.seqs)
        else:
            self._delete(held.tx, held.seqs)
            held.transaction.close()

    def _load(self, tx: Connection, topic: str, shards: Sequence[int]) -> tuple[Sequence[int], Sequence[NewRecord]]:
        outbox, events = self._tables.outbox, self._tables.events
        rows = tx.execute(
            select(outbox.c.seq, outbox.c.key, outbox.c.event_id, events.c.headers, events.c.payload)
            .select_from(outbox.outerjoin(events, outbox.c.event_id == events.c.event_id))
            .where(outbox.c.topic == topic, outbox.c.shard.in_(shards))
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
