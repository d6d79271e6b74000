"""The bus of a single machine: one process, one SQLite file, Kafka's semantics.

**Threads.** All writing happens on one thread and all reading on another, so the event loop never waits for the disk.
Publishes and commits that arrive while a transaction is being forced to disk share the next one.
**Durability.** A call that returned survives kill -9 and a power cut (WAL, ``synchronous=FULL``).
**Members.** One process (an advisory lock on ``<file>.lock`` keeps a second one out) and one consumer per group: no
heartbeats, no rebalancing. Opening a second consumer of a group fences the first.
**Retention** removes records older than the topic's ``retention_days``, but never one that a group which reads the
topic has not committed: an installation that was off for two months loses nothing. **Compaction** (topics of kind
``state``) keeps each key's newest record and leaves the offsets of the survivors unchanged, so it makes gaps.

A bus belongs to the event loop that started it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from shared.bus import (
    TOMBSTONE_DAYS,
    BusClosed,
    ConsumerFenced,
    NewRecord,
    OffsetOutOfRange,
    Record,
    TopicPartition,
    UnknownTopic,
    check_record,
    log,
    with_dead_letters,
)
from shared.bus.opened import OpenLog
from shared.clock import Machine
from shared.events.catalogue import TOPICS, Topic

MAX_SHARED_CALLS = 256
"""How many waiting publishes and commits share one transaction."""
PRUNE_CHUNK = 5_000
"""How many offsets one transaction of ``prune`` removes at most; publishes run between the chunks."""
DAY_MS = 86_400_000

_Waiting = tuple[log.Operation, "asyncio.Future[None]"]


class EmbeddedBus:
    """A ``shared.bus.Bus`` in the file ``path``. ``topics`` is the catalogue; dead-letter topics are added to it."""

    def __init__(self, path: Path, topics: Mapping[str, Topic] = TOPICS, *, machine: Machine) -> None:
        self.path = path
        self.topics = with_dead_letters(topics)
        self.epoch = ""
        self._partitions = {topic.name: topic.partitions for topic in self.topics.values()}
        self._machine = machine
        self._consumers: dict[str, EmbeddedConsumer] = {}
        self._waiting: deque[_Waiting] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._gate = asyncio.Lock()
        self._open: OpenLog | None = None

    # --- life ---

    async def start(self) -> None:
        """Open the log, creating it and its topics if needed. Raises ``Crash`` if another process has it open."""
        if self._open is not None:
            raise BusClosed("the bus is already started")
        self._open = await asyncio.to_thread(OpenLog, self.path, self.topics)
        self.epoch = self._open.epoch

    async def stop(self) -> None:
        """Write what is waiting, stop every consumer, close the file. Stopping twice is no error."""
        if self._open is None:
            return
        for consumer in list(self._consumers.values()):
            await consumer.stop()
        while self._flushing is not None:
            await asyncio.wait([self._flushing])
        opened, self._open = self._open, None
        await asyncio.to_thread(opened.close)

    # --- writing ---

    async def publish(self, records: Sequence[NewRecord]) -> None:
        """Append ``records``; on return they are on disk. One call is one transaction: all of them or none."""
        for record in records:
            self._require_topic(record.topic)
            check_record(record)
        if records:
            now_ms = int(self._machine.now().timestamp() * 1000)
            await self._write(log.append(list(records), self._partitions, now_ms))

    @asynccontextmanager
    async def writes_held(self) -> AsyncIterator[None]:
        """Let no transaction begin while the block runs: a backup opens its snapshots inside it. Callers wait."""
        async with self._gate:
            yield

    async def _write(self, operation: log.Operation) -> None:
        self._opened()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        """Write what is waiting, one transaction after another, until nothing is."""
        try:
            while self._waiting:
                async with self._gate:
                    batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_SHARED_CALLS))]
                    await self._transact(batch)
        finally:
            self._flushing = None

    async def _transact(self, batch: list[_Waiting]) -> None:
        opened = self._opened()
        operations = [operation for operation, _ in batch]
        before = opened.writer.heads
        error: Exception | None = None
        try:
            await opened.on_writer(lambda: opened.writer.transact(operations))
            self._wake(before, opened.writer.heads)
        except Exception as problem:  # handed to the callers, who are the ones waiting for it
            error = problem
        for _, done in batch:
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

    def _wake(self, before: log.Heads, after: log.Heads) -> None:
        topics = {where.topic for where, head in after.items() if head.end != before[where].end}
        for consumer in self._consumers.values():
            consumer.wake(topics)

    # --- reading ---

    async def consumer(self, group: str, topics: Sequence[str]) -> EmbeddedConsumer:
        """Return the one reader of ``group``; an earlier one of the same group is fenced from now on."""
        for topic in topics:
            self._require_topic(topic)
        opened = self._opened()
        committed = await opened.on_reader(lambda connection: log.committed_offsets(connection, group))
        owned = [where for where in opened.writer.heads if where.topic in topics]
        heads = opened.writer.heads
        positions = {where: committed.get(heads[where].partition_id, heads[where].start) for where in sorted(owned)}
        before = self._consumers.get(group)
        if before is not None:
            before.fence()
        reader = EmbeddedConsumer(self, opened, group, positions)
        self._consumers[group] = reader
        return reader

    def forget(self, reader: EmbeddedConsumer) -> None:
        """Take ``reader`` off the list of those to wake; called by its ``stop``."""
        if self._consumers.get(reader.group) is reader:
            del self._consumers[reader.group]

    async def commit(self, group: str, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Store ``group``'s next offsets; for its consumer, and for tools that rewind a group while it is stopped."""
        heads = self._opened().writer.heads
        for where, offset in next_offsets.items():
            if where not in heads:
                raise UnknownTopic(where.topic)
            _check_in_range(heads, where, offset)
        if next_offsets:
            await self._write(log.commit_offsets(group, next_offsets))

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the next offset to be given in each partition of ``topic``."""
        self._require_topic(topic)
        heads = self._opened().writer.heads
        return {where.partition: head.end for where, head in sorted(heads.items()) if where.topic == topic}

    async def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        """Return each partition's first offset appended at or after ``timestamp_ms``, else its end."""
        self._require_topic(topic)
        opened = self._opened()
        heads = opened.writer.heads

        def find(connection: sqlite3.Connection) -> dict[int, int]:
            wanted = [TopicPartition(topic, n) for n in range(self._partitions[topic])]
            return {tp.partition: log.offset_at(connection, heads[tp], timestamp_ms) for tp in wanted}

        return await opened.on_reader(find)

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Return the offsets between what ``group`` committed (else the log's start) and the end."""
        for topic in topics:
            self._require_topic(topic)
        opened = self._opened()
        committed = await opened.on_reader(lambda connection: log.committed_offsets(connection, group))
        return sum(
            head.end - max(head.start, min(head.end, committed.get(head.partition_id, head.start)))
            for where, head in opened.writer.heads.items()
            if where.topic in topics
        )

    # --- upkeep ---

    async def prune(self, now_ms: int) -> int:
        """Apply retention and compaction as of ``now_ms`` (machine clock); return how many records were removed.

        To be called daily: a superseded ``parties`` record must be gone within seven days.
        """
        removed = 0
        for where in sorted(self._opened().writer.heads):
            topic = self.topics.get(where.topic)
            if topic is None:
                continue
            if topic.kind == "state":
                removed += await self._compact(where, now_ms - TOMBSTONE_DAYS * DAY_MS)
            if topic.retention_days is not None:
                removed += await self._expire(where, now_ms - topic.retention_days * DAY_MS)
        if removed:
            opened = self._opened()
            async with self._gate:
                await opened.on_writer(opened.writer.truncate_wal)
        return removed

    async def _compact(self, where: TopicPartition, tombstones_before_ms: int) -> int:
        opened = self._opened()
        head = opened.writer.heads[where]

        def find(connection: sqlite3.Connection) -> list[int]:
            floor = log.read_floor(connection, where.topic, head)
            return log.superseded(connection, head, tombstones_before_ms, floor)

        offsets = await opened.on_reader(find)
        for begin in range(0, len(offsets), PRUNE_CHUNK):
            await self._write(log.drop(where, offsets[begin : begin + PRUNE_CHUNK]))
        return len(offsets)

    async def _expire(self, where: TopicPartition, before_ms: int) -> int:
        opened = self._opened()
        head = opened.writer.heads[where]

        def find(connection: sqlite3.Connection) -> int:
            floor = log.read_floor(connection, where.topic, head)
            return min(log.offset_at(connection, head, before_ms), floor)

        end = await opened.on_reader(find)
        for offset in range(head.start + PRUNE_CHUNK, end, PRUNE_CHUNK):
            await self._write(log.drop_below(where, offset))
        if end > head.start:
            await self._write(log.drop_below(where, end))
        return max(0, end - head.start)

    def _opened(self) -> OpenLog:
        if self._open is None:
            raise BusClosed("the bus is not started")
        return self._open

    def _require_topic(self, topic: str) -> None:
        if topic not in self.topics:
            raise UnknownTopic(topic)


class EmbeddedConsumer:
    """The one reader of a group in this process."""

    def __init__(self, bus: EmbeddedBus, opened: OpenLog, group: str, positions: dict[TopicPartition, int]) -> None:
        self.group = group
        self._bus = bus
        self._log = opened
        self._positions = positions
        self._topics = {where.topic for where in positions}
        self._turn = 0
        self._arrived = asyncio.Event()
        self._state = "open"

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        """Return what there is, at once if there is anything, else as soon as something comes, or nothing in time."""
        self._require_open()
        self._arrived.clear()
        records = await self._take(max_records)
        if records or timeout_s <= 0:
            return records
        try:
            await asyncio.wait_for(self._arrived.wait(), timeout_s)
        except TimeoutError:
            return []
        return await self._take(max_records) if self._state == "open" else []

    async def _take(self, max_records: int) -> list[Record]:
        heads = self._log.writer.heads
        ready = [where for where, position in self._positions.items() if position < heads[where].end]
        if not ready:
            return []
        self._turn += 1  # whoever came last in the former poll comes earlier in this one
        first = self._turn % len(ready)
        wanted = [(where, heads[where].partition_id, self._positions[where]) for where in ready[first:] + ready[:first]]
        records = await self._log.on_reader(lambda connection: log.read(connection, wanted, max_records))
        for record in records:
            self._positions[record.topic_partition] = record.offset + 1
        return records

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Store the next offsets of this group, on disk when it returns."""
        self._require_open()
        await self._bus.commit(self.group, next_offsets)

    async def seek(self, tp: TopicPartition, offset: int) -> None:
        """Read ``tp`` from ``offset`` on; below the start means from the start."""
        heads = self._heads_of(tp)
        _check_in_range(heads, tp, offset)
        self._positions[tp] = max(offset, heads[tp].start)

    async def seek_to_time(self, topic: str, timestamp_ms: int) -> None:
        """Read every partition of ``topic`` from its first record at or after ``timestamp_ms``, else from its end."""
        if topic not in self._topics:
            raise UnknownTopic(topic)
        heads = self._log.writer.heads
        owned = [where for where in self._positions if where.topic == topic]

        def find(connection: sqlite3.Connection) -> dict[TopicPartition, int]:
            return {where: log.offset_at(connection, heads[where], timestamp_ms) for where in owned}

        self._require_open()
        self._positions.update(await self._log.on_reader(find))

    async def start_offset(self, tp: TopicPartition) -> int:
        """Return where the log of ``tp`` begins."""
        return self._heads_of(tp)[tp].start

    def assignment(self) -> set[TopicPartition]:
        """Return every partition of the topics read: there is no other member."""
        return set(self._positions) if self._state == "open" else set()

    async def stop(self) -> None:
        """Stop reading; a poll that waits returns nothing."""
        if self._state == "open":
            self._state = "stopped"
        self._bus.forget(self)
        self._arrived.set()

    def fence(self) -> None:
        """Refuse every further call: another consumer of the group has taken over."""
        self._state = "fenced"
        self._arrived.set()

    def wake(self, topics: set[str]) -> None:
        """Let a waiting poll look again if it reads one of ``topics``."""
        if not self._topics.isdisjoint(topics):
            self._arrived.set()

    def _heads_of(self, tp: TopicPartition) -> log.Heads:
        self._require_open()
        if tp not in self._positions:
            raise UnknownTopic(tp.topic)
        return self._log.writer.heads

    def _require_open(self) -> None:
        if self._state == "fenced":
            raise ConsumerFenced(f"another consumer of {self.group} has taken over")
        if self._state == "stopped":
            raise BusClosed(f"the consumer of {self.group} is stopped")


def _check_in_range(heads: log.Heads, where: TopicPartition, offset: int) -> None:
    if offset > heads[where].end:
        raise OffsetOutOfRange(where, offset, heads[where].end)
