"""What the Kafka bus does when the broker dies, hangs or has lost something."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from bus.behaviour import Names, after, numbered, read
from bus.brokers import Ledger, Member, kafka_bus, one_broker, publish_surely, until
from support.machine import HandMachine

from local import Kafka
from shared.bus import BusUnavailable, NewRecord, OffsetOutOfRange, partition_for
from shared.bus.kafka import KafkaBus, KafkaSettings

pytestmark = pytest.mark.anyio


async def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(own_kafka: Kafka, names: Names) -> None:
    """kill -9 in the middle of publishing and reading; both go on by themselves once the broker is back."""
    settings = one_broker(own_kafka.bootstrap, publish_timeout_s=5)
    async with kafka_bus(settings, names) as bus:
        ledger, acknowledged, stop = Ledger(), 0, asyncio.Event()

        async def publish() -> None:
            nonlocal acknowledged
            while not stop.is_set():
                records = [NewRecord(names.events, f"k{n}", str(acknowledged + n).encode()) for n in range(10)]
                await publish_surely(bus, records)
                acknowledged += 10

        member = Member(bus, names.events, ledger)
        publishing = asyncio.create_task(publish())
        await until(lambda: len(ledger.taken) > 500)
        await asyncio.to_thread(own_kafka.kill)
        reached = acknowledged
        await asyncio.to_thread(own_kafka.start)
        await until(lambda: acknowledged > reached + 500)
        stop.set()
        await publishing
        await until(lambda: {r.value for r in ledger.taken} >= {str(n).encode() for n in range(acknowledged)})
        await member.leave()
    numbers = [int(record.value or b"") for record in ledger.taken]
    assert set(numbers) == set(range(acknowledged))
    firsts = list(dict.fromkeys(n for n in numbers if n % 10 == 3))
    assert firsts == sorted(firsts)


async def test_a_publish_without_an_answer_is_given_up_and_the_producer_replaced(
    own_kafka: Kafka, names: Names
) -> None:
    async with kafka_bus(one_broker(own_kafka.bootstrap, publish_timeout_s=1), names) as bus:
        await bus.publish(numbered(names.events, "k", range(1)))
        await asyncio.to_thread(own_kafka.kill)
        results = await asyncio.gather(
            *(bus.publish(numbered(names.events, f"k{n}", range(3))) for n in range(3)), return_exceptions=True
        )
        assert [type(result) for result in results] == [BusUnavailable] * 3
        assert bus.producers_rebuilt == 1
        await asyncio.to_thread(own_kafka.start)
        await publish_surely(bus, numbered(names.events, "k", range(1, 2)))
        records = await read(
            await bus.consumer("g", [names.events]), sum((await bus.end_offsets(names.events)).values())
        )
        assert {record.value for record in records if record.key == "k"} == {b"0", b"1"}


async def test_a_broker_that_is_not_there_is_said_so(names: Names) -> None:
    bus = KafkaBus(one_broker("127.0.0.1:1", start_timeout_s=1), names.catalogue(), machine=HandMachine())
    with pytest.raises(BusUnavailable, match="Kafka does not answer"):
        await bus.start()
    await bus.stop()


async def test_a_log_that_lost_its_tail_stops_the_reader(settings: KafkaSettings, names: Names) -> None:
    """The group has committed further than the log reaches: new records would get offsets it takes for known."""
    async with kafka_bus(settings, names) as bus:
        await bus.publish(numbered(names.events, "k", range(3)))
        where = KafkaPartition(names.events, partition_for("k", 4))
        raw = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, group_id="g", enable_auto_commit=False)
        raw.assign([where])
        await raw.start()
        await raw.commit({where: 7})
        await raw.stop()
        consumer = await bus.consumer("g", [names.events])
        with pytest.raises(OffsetOutOfRange, match=r"offset 7 .* is beyond the end of the log, 3"):
            await consumer.poll(10, 1.0)
        assert await bus.lag("g", [names.events]) == 0


async def test_the_watchdog_tells_a_reader_that_stands_still(settings: KafkaSettings, names: Names) -> None:
    machine = HandMachine()
    bus = KafkaBus(settings, names.catalogue(), machine=machine)
    await bus.start()
    consumer = await bus.consumer("g", [names.events])
    assert await bus.stuck() == []
    machine.advance(hours=1)
    assert await bus.stuck() == []  # nothing to read, nothing stuck
    await bus.publish(numbered(names.events, "k", range(2)))
    assert await bus.stuck() == []
    machine.advance(seconds=121)
    assert [reason.partition(" has ")[2] for reason in await bus.stuck()] == ["not moved for 121 s"]
    await consumer.commit(after(await read(consumer, 2)))
    machine.advance(hours=1)
    assert await bus.stuck() == []
    await bus.stop()


async def test_the_watchdog_tells_a_poll_that_never_returns(settings: KafkaSettings, names: Names) -> None:
    machine = HandMachine()
    bus = KafkaBus(settings, names.catalogue(), machine=machine)
    await bus.start()
    consumer = await bus.consumer("g", [names.events])
    polling = asyncio.create_task(consumer.poll(1, 300.0))
    await asyncio.sleep(0)
    assert await bus.stuck() == []
    machine.advance(seconds=361)
    assert await bus.stuck() == ["g: a poll has not returned for 361 s"]
    await bus.stop()
    assert await polling == []
    assert await bus.stuck() == []
