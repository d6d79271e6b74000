"""Reading from Kafka as a member of a group, with aiokafka 0.14's traps closed.

- A rebalance runs beside the reader, so it first waits, for a bounded time, until the batch in work is done.
- Records of a partition are handed out before the assignment callback has ended: those are put back.
- A coordination error surfaces in any later call: it becomes ``BusUnavailable``, and the reader opens a new consumer.
- A lost tail of the log would silently reset the position: it becomes ``OffsetOutOfRange``.
- A consumer may live on and do nothing: ``stuck`` tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.bus import (
    BusClosed,
    BusUnavailable,
    ConsumerFenced,
    OffsetOutOfRange,
    Record,
    TopicPartition,
    UnknownTopic,
)
from shared.bus.kafka_settings import DRAIN_S, REBALANCE_MS, STOP_S, KafkaSettings
from shared.clock import Machine

log = logging.getLogger(__name__)

SLACK_S = 1.0
"""How much longer than asked a poll may take before it returns empty-handed and lets its fetch go on."""
COMMIT_S = 30.0
"""The client alone would try to commit for ever while the broker is away."""
POLL_STUCK_S = 60.0
POSITION_STUCK_S = 120.0

Offsets = dict[TopicPartition, int]


class Observer:
    """What a consumer asks of the bus about the log, without being a member of anything."""

    def __init__(
        self,
        ends: Callable[[Iterable[TopicPartition]], Awaitable[Offsets]],
        starts: Callable[[Iterable[TopicPartition]], Awaitable[Offsets]],
        at_time: Callable[[Iterable[TopicPartition], int], Awaitable[Offsets]],
        committed: Callable[[str], Awaitable[Offsets]],
    ) -> None:
        self.ends = ends
        self.starts = starts
        self.at_time = at_time
        self.committed = committed


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """A ``shared.bus.Consumer``, one member of ``group``. For one task at a time; ``stop`` may come from another."""

    def __init__(
        self, settings: KafkaSettings, group: str, topics: Iterable[str], observer: Observer, machine: Machine
    ) -> None:
        self.group = group
        self._topics = frozenset(topics)
        self._observer = observer
        self._machine = machine
        self._start_s = settings.start_timeout_s + REBALANCE_MS / 1000
        self._client = AIOKafkaConsumer(**settings.consumer(group))
        self._client.subscribe(sorted(self._topics), listener=self)
        self._ready: frozenset[TopicPartition] = frozenset()
        self._settled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._fetch: asyncio.Task[Any] | None = None
        self._sought: Offsets = {}
        self._next: Offsets = {}
        self._lost: OffsetOutOfRange | None = None
        self._polling_since: float | None = None
        self._allowed_s = 0.0
        self._unsettled_since = machine.monotonic()
        self._moved: dict[TopicPartition, tuple[int, float]] = {}

    async def start(self) -> KafkaConsumer:
        """Join the group and return once partitions are assigned (perhaps none). Raises ``BusUnavailable``."""
        try:
            async with asyncio.timeout(self._start_s):
                await self._client.start()
                await self._settled.wait()
        except (KafkaError, TimeoutError) as problem:
            await self.stop()
            raise BusUnavailable(f"{self.group} could not join: {problem!r}") from problem
        except BaseException:
            await self.stop()
            raise
        return self

    # --- rebalancing: called by the client's own task ---

    async def on_partitions_revoked(self, revoked: Iterable[KafkaPartition]) -> None:
        """Wait until the batch in work is committed, at most ``DRAIN_S``; the database refuses what comes later."""
        self._settled.clear()
        self._unsettled_since = self._machine.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), DRAIN_S)
        self._ready = frozenset()

    async def on_partitions_assigned(self, assigned: Iterable[KafkaPartition]) -> None:
        """Check that the log still reaches as far as the group has read; only then hand out records."""
        owned = frozenset(TopicPartition(*tp) for tp in assigned)
        self._next, self._sought, self._moved, self._lost = {}, {}, {}, None
        try:
            if owned:
                await self._compare(owned)
        except BusUnavailable as problem:
            log.warning("%s could not compare its offsets with the log: %r", self.group, problem)
        self._ready = owned
        self._settled.set()

    async def _compare(self, owned: Iterable[TopicPartition]) -> None:
        committed = await self._observer.committed(self.group)
        starts, ends = await self._observer.starts(owned), await self._observer.ends(owned)
        for tp in owned:
            self._next[tp] = max(committed.get(tp, 0), starts[tp])
            if self._next[tp] > ends[tp]:
                self._lost = OffsetOutOfRange(tp, self._next[tp], ends[tp])

    # --- reading ---

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        """Return records of the partitions that are surely ours, or nothing in time."""
        self._require_open()
        self._idle.set()
        with self._translated(), self._timed(timeout_s):
            if self._fetch is None:
                wanted = self._client.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
                self._fetch = asyncio.create_task(wanted)
                self._sought = {}
            # While a rebalance lasts the client waits without regard to its timeout: let it, and come back later.
            await asyncio.wait(
                [self._fetch, self._stopping], timeout=timeout_s + SLACK_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not self._fetch.done() or self._stopping.done():
                return []
            fetched, self._fetch = self._fetch, None
            batches = fetched.result()
        if self._lost is not None:
            raise self._lost
        records = [record for tp, messages in batches.items() for record in self._accept(TopicPartition(*tp), messages)]
        if records:
            self._idle.clear()
        return records

    def _accept(self, tp: TopicPartition, messages: list[Any]) -> list[Record]:
        """Return what may be handed out of a partition's batch; put back what may not be yet."""
        first = messages[0].offset
        back = self._sought.get(tp, first if tp not in self._ready else None)
        if back is not None:
            with contextlib.suppress(IllegalStateError):  # not ours any more: whoever owns it now reads it
                self._client.seek(KafkaPartition(*tp), back)
            return []
        if first < self._next.get(tp, 0):
            raise OffsetOutOfRange(tp, self._next[tp], first)
        self._next[tp] = messages[-1].offset + 1
        return [_record(message) for message in messages]

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Store the offsets of the partitions that are still ours.

        If the group moved on meanwhile, nothing is stored and nothing is lost: whoever owns the partition now, be it
        this consumer again, reads from what was committed before.
        """
        self._require_open()
        owned = {KafkaPartition(*tp): offset for tp, offset in next_offsets.items() if tp in self._ready}
        try:
            if owned:
                async with asyncio.timeout(COMMIT_S):
                    await self._client.commit(owned)
        except (CommitFailedError, IllegalStateError):
            log.info("%s could not commit: the group is rebalancing", self.group)
        except (KafkaError, TimeoutError) as problem:
            raise BusUnavailable(f"{self.group} could not commit: {problem!r}") from problem
        finally:
            self._idle.set()

    async def seek(self, tp: TopicPartition, offset: int) -> None:
        """Read ``tp`` from ``offset`` on."""
        self._require_owned(tp)
        end = (await self._observer.ends([tp]))[tp]
        if offset > end:
            raise OffsetOutOfRange(tp, offset, end)
        self._seek(tp, offset)

    async def seek_to_time(self, topic: str, timestamp_ms: int) -> None:
        """Read the partitions of ``topic`` that are ours from a time on."""
        self._require_open()
        if topic not in self._topics:
            raise UnknownTopic(topic)
        owned = [tp for tp in self._ready if tp.topic == topic]
        for tp, offset in (await self._observer.at_time(owned, timestamp_ms)).items():
            self._seek(tp, offset)

    def _seek(self, tp: TopicPartition, offset: int) -> None:
        with self._translated():
            self._client.seek(KafkaPartition(*tp), offset)
        self._next[tp] = offset
        if self._fetch is not None:  # that fetch began before this seek: what it brings of the partition is put back
            self._sought[tp] = offset

    async def start_offset(self, tp: TopicPartition) -> int:
        """Return the lowest offset the broker still has."""
        self._require_owned(tp)
        return (await self._observer.starts([tp]))[tp]

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions that are surely ours; none while a rebalance lasts."""
        return set() if self._stopping.done() else set(self._ready)

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopping.done()

    async def stop(self) -> None:
        """Leave the group; bounded, and no error when done twice."""
        if self._stopping.done():
            return
        self._stopping.set_result(None)
        self._idle.set()
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.gather(self._fetch, return_exceptions=True)
            self._fetch = None
        try:
            await asyncio.wait_for(self._client.stop(), STOP_S)
        except (TimeoutError, KafkaError) as problem:
            log.warning("%s did not leave its group cleanly: %r", self.group, problem)
            await self._client._client.close()

    # --- watching ---

    async def stuck(self) -> str | None:
        """Return why this consumer no longer works, or None. To be asked every few seconds, from another task."""
        now = self._machine.monotonic()
        if self._stopping.done():
            return None
        if self._polling_since is not None and now - self._polling_since > self._allowed_s + POLL_STUCK_S:
            return f"{self.group}: a poll has not returned for {now - self._polling_since:.0f} s"
        if not self._settled.is_set():
            waited = now - self._unsettled_since
            return f"{self.group}: no assignment for {waited:.0f} s" if waited > POSITION_STUCK_S else None
        if not self._idle.is_set():
            self._moved = {}
            return None
        ends = await self._observer.ends(self._ready)  # only a broker that answers lets us blame the consumer
        for tp, at in self._next.items():
            before, since = self._moved.get(tp, (at, now))
            if before != at or at >= ends.get(tp, at):
                since = now
            self._moved[tp] = (at, since)
            if now - since > POSITION_STUCK_S:
                return f"{self.group}: {tp.topic}/{tp.partition} has not moved for {now - since:.0f} s"
        return None

    # --- small things ---

    @contextlib.contextmanager
    def _timed(self, allowed_s: float) -> Iterator[None]:
        self._polling_since, self._allowed_s = self._machine.monotonic(), allowed_s
        try:
            yield
        finally:
            self._polling_since = None

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the client's errors into the bus's."""
        try:
            yield
        except (CommitFailedError, IllegalStateError) as problem:
            raise ConsumerFenced(f"{self.group} no longer owns what it uses: {problem!r}") from problem
        except KafkaError as problem:
            raise BusUnavailable(f"{self.group}: {problem!r}") from problem

    def _require_open(self) -> None:
        if self._stopping.done():
            raise BusClosed(f"the consumer of {self.group} is stopped")

    def _require_owned(self, tp: TopicPartition) -> None:
        self._require_open()
        if tp.topic not in self._topics:
            raise UnknownTopic(tp.topic)
        if tp not in self._ready:
            raise ConsumerFenced(f"{self.group} does not own {tp.topic}/{tp.partition}")


def _record(message: Any) -> Record:
    """Turn a client's record into ours. Foreign bytes never stop the reader: what is not UTF-8 is replaced."""
    return Record(
        message.topic,
        message.partition,
        message.offset,
        (message.key or b"").decode(errors="replace"),
        message.value,
        _headers(message.headers),
        message.timestamp,
    )


def _headers(pairs: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in pairs}  # type: ignore[union-attr]
    except (UnicodeDecodeError, AttributeError):  # not UTF-8, or a header without a value: none of ours
        return {name: (value or b"").decode(errors="replace") for name, value in pairs}
