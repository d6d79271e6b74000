"""Helpers of the tests on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bus.behaviour import Names

from shared.bus import Bus, BusUnavailable, Consumer, NewRecord, Record, TopicPartition
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.clock import SystemMachine

PATIENCE = 1200
"""Looks, a tenth of a second apart, before something counts as never happening."""


def one_broker(bootstrap: str, **more: object) -> KafkaSettings:
    """Settings for a cluster of a single broker."""
    return KafkaSettings(
        bootstrap_servers=bootstrap,
        client_id="test",
        replication_factor=1,
        min_insync_replicas=1,
        **more,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def kafka_bus(settings: KafkaSettings, names: Names) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(settings, names.catalogue(), machine=SystemMachine())
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def until(happened: Callable[[], bool]) -> None:
    """Return once ``happened`` says so."""
    for _ in range(PATIENCE):
        if happened():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never happened")


class Ledger:
    """Stands for the inboxes of all members: what has been taken, and that nothing was skipped."""

    def __init__(self) -> None:
        self.next: dict[TopicPartition, int] = {}
        self.taken: list[Record] = []
        self.again = 0

    def take(self, records: list[Record]) -> dict[TopicPartition, int]:
        """Take what is new; a record ahead of its turn is a hole in the log's delivery."""
        for record in records:
            expected = self.next.get(record.topic_partition, 0)
            assert record.offset <= expected, f"skipped from {expected} to {record.offset}"
            if record.offset < expected:
                self.again += 1
                continue
            self.next[record.topic_partition] = record.offset + 1
            self.taken.append(record)
        return {record.topic_partition: record.offset + 1 for record in records}


class Member:
    """One member of a group that reads until it is told to leave, and rebuilds its consumer after a fault."""

    def __init__(self, bus: Bus, topic: str, ledger: Ledger) -> None:
        self.bus = bus
        self.topic = topic
        self.ledger = ledger
        self.owned: set[TopicPartition] = set()
        self.faults = 0
        self._leaving = False
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        self._leaving = True
        await self._task

    async def _run(self) -> None:
        while not self._leaving:
            try:
                await self._read(await self.bus.consumer("members", [self.topic]))
            except BusUnavailable:
                self.faults += 1
                await asyncio.sleep(0.2)

    async def _read(self, consumer: Consumer) -> None:
        try:
            while not self._leaving:
                records = await consumer.poll(100, 0.2)
                self.owned = consumer.assignment()
                if records:
                    await consumer.commit(self.ledger.take(records))
        finally:
            self.owned = set()
            await consumer.stop()


async def publish_surely(bus: Bus, records: list[NewRecord]) -> int:
    """Publish as a relay does: again from the start when the outcome is unknown. Return how often that was needed."""
    for again in range(PATIENCE):
        try:
            await bus.publish(records)
        except BusUnavailable:
            await asyncio.sleep(0.1)
        else:
            return again
    raise AssertionError("never published")
