"""The bus of a cluster: Apache Kafka 4 through aiokafka, without Kafka's transactions.

Delivery is at least once; the inbox of each service makes it exactly one effect. ``shared.bus.kafka_settings`` states
every setting, ``kafka_producer`` and ``kafka_consumer`` close the client's traps, ``kafka_topics`` makes the topics.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import stamina
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.bus import (
    BusClosed,
    BusUnavailable,
    NewRecord,
    TopicPartition,
    UnknownTopic,
    check_record,
    with_dead_letters,
)
from shared.bus.kafka_consumer import KafkaConsumer, Observer, Offsets
from shared.bus.kafka_producer import Publisher
from shared.bus.kafka_settings import STOP_S, KafkaSettings, require_c_extension
from shared.bus.kafka_topics import ensure_topics
from shared.clock import Machine
from shared.events.catalogue import TOPICS, Topic

__all__ = ["KafkaBus", "KafkaSettings"]

ASK_S = 15.0
"""How long a question about the log may be retried."""

T = TypeVar("T")


class KafkaBus:
    """A ``shared.bus.Bus`` on a cluster. ``topics`` is the catalogue; dead-letter topics are added to it.

    The epoch is the cluster's own identity: a cluster set up anew has another one.
    """

    def __init__(self, settings: KafkaSettings, topics: Mapping[str, Topic] = TOPICS, *, machine: Machine) -> None:
        self.settings = settings
        self.topics = with_dead_letters(topics)
        self.epoch = ""
        self._machine = machine
        self._publisher: Publisher | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._log: AIOKafkaConsumer | None = None
        self._consumers: set[KafkaConsumer] = set()

    async def start(self) -> None:
        """Connect, make sure of the topics, learn the epoch. Raises ``BusUnavailable`` or ``Crash``."""
        if self._publisher is not None:
            raise BusClosed("the bus is already started")
        require_c_extension()
        self._publisher = Publisher(self.settings, {t.name: t.partitions for t in self.topics.values()})
        try:
            async with asyncio.timeout(self.settings.start_timeout_s):
                await self._connect(self._publisher)
        except (KafkaError, TimeoutError) as problem:
            await self.stop()
            raise BusUnavailable(f"Kafka does not answer: {problem!r}") from problem
        except BaseException:
            await self.stop()
            raise

    async def _connect(self, publisher: Publisher) -> None:
        async for attempt in _again(self.settings.start_timeout_s):
            with attempt:
                admin = await self._administrator()
                await ensure_topics(admin, self.topics, self.settings)
                self.epoch = (await admin.describe_cluster())["cluster_id"]
                if self._log is None:
                    self._log = await self._observe()
                await publisher.start()

    async def _administrator(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            self._admin = await _started(AIOKafkaAdminClient(**self.settings.connection("admin")))
        return self._admin

    async def _observe(self) -> AIOKafkaConsumer:
        """Return a client that is in no group and fetches nothing: it only answers where a log begins and ends."""
        client = AIOKafkaConsumer(**self.settings.connection("observer"), enable_auto_commit=False)
        everything = [KafkaPartition(topic.name, n) for topic in self.topics.values() for n in range(topic.partitions)]
        client.assign(everything)
        client.pause(*everything)
        return await _started(client)

    async def stop(self) -> None:
        """Leave every group, send what is waiting, disconnect; each step bounded. Stopping twice is no error."""
        for consumer in list(self._consumers):
            await consumer.stop()
        self._consumers.clear()
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()
        observer, self._log = self._log, None
        if observer is not None:
            await _quietly(observer.stop())
        admin, self._admin = self._admin, None
        if admin is not None:
            await _quietly(admin.close())

    async def publish(self, records: Sequence[NewRecord]) -> None:
        """Return when every replica in sync has all ``records``."""
        for record in records:
            self._require_topic(record.topic)
            check_record(record)
        if self._publisher is None:
            raise BusClosed("the bus is not started")
        if records:
            await self._publisher.publish(records)

    async def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """Return a new member of ``group``; it owns a share of the partitions, and another one when members change."""
        for topic in topics:
            self._require_topic(topic)
        self._consumers = {consumer for consumer in self._consumers if not consumer.stopped}
        observer = Observer(self._ends, self._starts, self._at_time, self._committed)
        consumer = KafkaConsumer(self.settings, group, topics, observer, self._machine)
        self._consumers.add(consumer)
        return await consumer.start()

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the next offset to be given in each partition of ``topic``."""
        return {tp.partition: offset for tp, offset in (await self._ends(self._partitions([topic]))).items()}

    async def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        """Return each partition's first offset appended at or after ``timestamp_ms``, else its end."""
        found = await self._at_time(self._partitions([topic]), timestamp_ms)
        return {tp.partition: offset for tp, offset in found.items()}

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Return the offsets between what ``group`` committed (else the log's start) and the end."""
        partitions = self._partitions(topics)
        committed = await self._committed(group)
        starts, ends = await self._starts(partitions), await self._ends(partitions)
        return sum(ends[tp] - max(starts[tp], min(ends[tp], committed.get(tp, 0))) for tp in partitions)

    async def prune(self, now_ms: int) -> int:
        """Do nothing: the brokers apply the retention and compaction the topics were created with."""
        return 0

    async def stuck(self) -> list[str]:
        """Return why consumers of this process no longer work; empty is good.

        The service's watchdog asks every few seconds and ends the process if there is a reason: a consumer that hangs
        after broker trouble shows no other sign, and does not recover.
        """
        reasons = [await consumer.stuck() for consumer in self._consumers]
        return [reason for reason in reasons if reason is not None]

    @property
    def producers_rebuilt(self) -> int:
        """How often a producer was thrown away because its state was unknown."""
        return self._publisher.rebuilt if self._publisher is not None else 0

    # --- questions about the log ---

    async def _ends(self, partitions: Iterable[TopicPartition]) -> Offsets:
        wanted = [KafkaPartition(*tp) for tp in partitions]
        return _ours(await self._ask(lambda: self._client().end_offsets(wanted)))

    async def _starts(self, partitions: Iterable[TopicPartition]) -> Offsets:
        wanted = [KafkaPartition(*tp) for tp in partitions]
        return _ours(await self._ask(lambda: self._client().beginning_offsets(wanted)))

    async def _at_time(self, partitions: Iterable[TopicPartition], timestamp_ms: int) -> Offsets:
        wanted = list(partitions)
        times = {KafkaPartition(*tp): timestamp_ms for tp in wanted}
        found = await self._ask(lambda: self._client().offsets_for_times(dict(times)))
        ends = await self._ends(wanted)
        return {tp: found[tp].offset if found.get(tp) is not None else ends[tp] for tp in wanted}

    async def _committed(self, group: str) -> Offsets:
        admin = self._admin
        if admin is None:
            raise BusClosed("the bus is not started")
        found = await self._ask(lambda: admin.list_consumer_group_offsets(group))
        return {TopicPartition(*tp): place.offset for tp, place in found.items() if place.offset >= 0}

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Ask, and ask again while the cause is a passing one (a coordinator that moves, a broker that restarts)."""
        try:
            async with asyncio.timeout(ASK_S):
                async for attempt in _again(ASK_S):
                    with attempt:
                        return await question()
        except (KafkaError, TimeoutError) as problem:
            raise BusUnavailable(f"Kafka does not answer: {problem!r}") from problem
        raise BusUnavailable("Kafka does not answer")

    def _client(self) -> AIOKafkaConsumer:
        if self._log is None:
            raise BusClosed("the bus is not started")
        return self._log

    def _partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        for topic in topics:
            self._require_topic(topic)
        return [TopicPartition(topic, n) for topic in topics for n in range(self.topics[topic].partitions)]

    def _require_topic(self, topic: str) -> None:
        if topic not in self.topics:
            raise UnknownTopic(topic)


def _again(seconds: float) -> AsyncIterable[stamina.Attempt]:
    return stamina.retry_context(on=_passing, timeout=seconds, attempts=None, wait_max=1.0)


def _passing(problem: Exception) -> bool:
    return isinstance(problem, BusUnavailable) or (isinstance(problem, KafkaError) and problem.retriable)


def _ours(offsets: Mapping[KafkaPartition, int]) -> Offsets:
    return {TopicPartition(*tp): offset for tp, offset in offsets.items()}


async def _started(client: T) -> T:
    try:
        await client.start()  # type: ignore[attr-defined]
    except BaseException:
        stop = getattr(client, "stop", None) or client.close  # type: ignore[attr-defined]
        await _quietly(stop())
        raise
    return client


async def _quietly(stopping: Awaitable[object]) -> None:
    try:
        await asyncio.wait_for(stopping, STOP_S)
    except (TimeoutError, KafkaError):
        return
