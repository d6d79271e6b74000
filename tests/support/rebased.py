"""A fresh log for every test on topics they all share: offsets count from where the log ended when the test began.

Making 120 partitions for each test takes longer than the test. What a test sees through this bus is what it would see
on topics of its own: offsets from 0, no record of another test, groups of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from shared.bus import Consumer, NewRecord, Record, TopicPartition
from shared.bus.kafka import KafkaBus


class RebasedBus:
    """A ``shared.bus.Bus`` over a ``KafkaBus`` whose topics hold what earlier tests wrote."""

    def __init__(self, bus: KafkaBus) -> None:
        self.inner = bus
        self.epoch = ""
        self._prefix = uuid.uuid4().hex[:8]
        self._base: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        await self.inner.start()
        self.epoch = self.inner.epoch
        if self._base:
            return  # the same test again after the bus was away: its records stay its own
        for topic in self.inner.topics:
            for partition, end in (await self.inner.end_offsets(topic)).items():
                self._base[TopicPartition(topic, partition)] = end

    async def stop(self) -> None:
        await self.inner.stop()

    async def publish(self, records: Sequence[NewRecord]) -> None:
        await self.inner.publish(records)

    async def consumer(self, group: str, topics: Sequence[str]) -> RebasedConsumer:
        return RebasedConsumer(await self.inner.consumer(f"{self._prefix}.{group}", topics), self._base)

    async def end_offsets(self, topic: str) -> dict[int, int]:
        ends = await self.inner.end_offsets(topic)
        return {n: end - self._base[TopicPartition(topic, n)] for n, end in ends.items()}

    async def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        found = await self.inner.offsets_at(topic, timestamp_ms)
        return {n: max(0, offset - self._base[TopicPartition(topic, n)]) for n, offset in found.items()}

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        committed = await self.inner._committed(f"{self._prefix}.{group}")
        left = 0
        for topic in topics:
            for n, end in (await self.inner.end_offsets(topic)).items():
                base = self._base[TopicPartition(topic, n)]
                left += end - max(base, committed.get(TopicPartition(topic, n), 0))
        return left

    async def prune(self, now_ms: int) -> int:
        return await self.inner.prune(now_ms)

    async def stuck(self) -> list[str]:
        return await self.inner.stuck()


class RebasedConsumer:
    """A ``shared.bus.Consumer`` that counts from the base."""

    def __init__(self, inner: Consumer, base: Mapping[TopicPartition, int]) -> None:
        self.inner = inner
        self._base = base

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        records = await self.inner.poll(max_records, timeout_s)
        return [r._replace(offset=r.offset - self._base[r.topic_partition]) for r in records]

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        await self.inner.commit({tp: offset + self._base[tp] for tp, offset in next_offsets.items()})

    async def seek(self, tp: TopicPartition, offset: int) -> None:
        await self.inner.seek(tp, offset + self._base[tp])

    async def seek_to_time(self, topic: str, timestamp_ms: int) -> None:
        await self.inner.seek_to_time(topic, timestamp_ms)

    async def start_offset(self, tp: TopicPartition) -> int:
        return max(0, await self.inner.start_offset(tp) - self._base[tp])

    def assignment(self) -> set[TopicPartition]:
        return self.inner.assignment()

    async def stop(self) -> None:
        await self.inner.stop()
