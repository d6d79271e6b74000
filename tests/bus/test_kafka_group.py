"""Several members of one group on a real broker: who owns what, and what a rebalance does to the records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from bus.behaviour import PARTITIONS, Names, numbered, read, values
from bus.brokers import Ledger, Member, kafka_bus, until

from shared.bus import NewRecord, TopicPartition
from shared.bus.kafka import KafkaSettings
from shared.bus.kafka_consumer import KafkaConsumer, Observer
from shared.clock import SystemMachine

pytestmark = pytest.mark.anyio


async def test_members_share_the_partitions_and_none_is_owned_twice(settings: KafkaSettings, names: Names) -> None:
    everything = {TopicPartition(names.events, number) for number in range(PARTITIONS)}

    def shared_out(members: list[Member]) -> bool:
        owned = [tp for member in members for tp in member.owned]
        return set(owned) == everything and len(owned) == len(everything) and all(m.owned for m in members)

    async with kafka_bus(settings, names) as bus:
        members: list[Member] = []
        for _ in range(3):
            members.append(Member(bus, names.events, Ledger()))
            await until(lambda: shared_out(members))
        await members.pop().leave()
        await until(lambda: shared_out(members))
        for member in members:
            await member.leave()


async def test_nothing_is_skipped_while_members_come_and_go(settings: KafkaSettings, names: Names) -> None:
    """The inbox of a service lets no record through ahead of its turn; here one ledger stands for all of them."""
    ledger, published, stop = Ledger(), 0, asyncio.Event()

    async with kafka_bus(settings, names) as bus:

        async def publish() -> None:
            nonlocal published
            while not stop.is_set():
                await bus.publish([NewRecord(names.events, f"k{n}", str(published).encode()) for n in range(20)])
                published += 20
                await asyncio.sleep(0)

        publishing = asyncio.create_task(publish())
        first = Member(bus, names.events, ledger)
        await until(lambda: bool(ledger.taken))
        second = Member(bus, names.events, ledger)
        await until(lambda: bool(second.owned))
        third = Member(bus, names.events, ledger)
        await until(lambda: bool(third.owned))
        await first.leave()
        await until(lambda: len(second.owned) + len(third.owned) == PARTITIONS)
        stop.set()
        await publishing
        await until(lambda: len(ledger.taken) == published)
        await second.leave()
        await third.leave()
        assert await bus.lag("members", [names.events]) == 0
    of_a_key = [int(record.value or b"") for record in ledger.taken if record.key == "k7"]
    assert of_a_key == sorted(of_a_key)
    assert len(of_a_key) == published / 20


async def test_records_handed_out_before_the_assignment_is_settled_are_put_back(
    settings: KafkaSettings, names: Names
) -> None:
    """The client delivers while the assignment callback still runs; here that callback is held open."""
    async with kafka_bus(settings, names) as bus:
        await bus.publish(numbered(names.events, "k", range(5)))
        open_now, asked = asyncio.Event(), asyncio.Event()

        async def committed(group: str) -> dict[TopicPartition, int]:
            asked.set()
            await open_now.wait()
            return {}

        async def ends(partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            known = await bus.end_offsets(names.events)
            return {tp: known[tp.partition] for tp in partitions}

        async def starts(partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            return dict.fromkeys(partitions, 0)

        async def at_time(partitions: Iterable[TopicPartition], at_ms: int) -> dict[TopicPartition, int]:
            return dict.fromkeys(partitions, 0)

        observer = Observer(ends, starts, at_time, committed)
        consumer = KafkaConsumer(settings, "slow", [names.events], observer, SystemMachine())
        starting = asyncio.create_task(consumer.start())
        await asked.wait()
        early = [await consumer.poll(100, 0.5) for _ in range(4)]
        assert early == [[], [], [], []]
        assert consumer.assignment() == set()
        open_now.set()
        await starting
        assert values(await read(consumer, 5)) == [b"0", b"1", b"2", b"3", b"4"]
        await consumer.stop()
