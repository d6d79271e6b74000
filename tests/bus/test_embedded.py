"""The embedded log: the behaviour of every bus, and what only a file of our own can be asked."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bus.behaviour import BusBehaviour, Names, after, numbered, read, values
from support.machine import HandMachine

from shared.bus import Bus, BusUnavailable, ConsumerFenced, NewRecord, TopicPartition, log
from shared.bus.embedded import EmbeddedBus
from shared.errors import Crash

pytestmark = pytest.mark.anyio


@pytest.fixture
def machine() -> HandMachine:
    return HandMachine(step=timedelta(milliseconds=7))


@pytest.fixture
async def bus(tmp_path: Path, names: Names, machine: HandMachine) -> AsyncIterator[EmbeddedBus]:
    bus = EmbeddedBus(tmp_path / "bus.db", names.catalogue(), machine=machine)
    await bus.start()
    yield bus
    await bus.stop()


class TestEmbeddedBus(BusBehaviour):
    """Runs the suite."""


async def test_it_is_a_bus(bus: Bus) -> None:
    assert bus.epoch


async def test_what_was_published_and_committed_outlives_the_process(bus: EmbeddedBus, names: Names) -> None:
    await bus.publish(numbered(names.events, "k", range(5)))
    consumer = await bus.consumer("g", [names.events])
    await consumer.commit(after((await read(consumer, 5))[:2]))
    await bus.stop()
    await bus.start()
    assert values(await read(await bus.consumer("g", [names.events]), 3)) == [b"2", b"3", b"4"]
    await bus.publish(numbered(names.events, "k", range(5, 6)))
    assert sum((await bus.end_offsets(names.events)).values()) == 6


async def test_no_partition_starves_another(bus: EmbeddedBus, names: Names) -> None:
    await bus.publish(numbered(names.events, "busy", range(1000)))
    await bus.publish(numbered(names.other, "quiet", range(1)))
    consumer = await bus.consumer("g", [names.events, names.other])
    first = [await consumer.poll(10, 0) for _ in range(2)]
    assert "quiet" in {record.key for records in first for record in records}


async def test_a_poll_is_bounded_in_bytes(bus: EmbeddedBus, names: Names) -> None:
    for number in range(25):
        await bus.publish([NewRecord(names.events, f"k{number}", bytes(900_000))])
    consumer = await bus.consumer("g", [names.events])
    first = await consumer.poll(500, 0)
    assert 16_000_000 < sum(len(record.value or b"") for record in first) < 19_000_000
    assert len(first) + len(await read(consumer, 25 - len(first))) == 25


async def test_a_second_consumer_of_a_group_fences_the_first(bus: EmbeddedBus, names: Names) -> None:
    first = await bus.consumer("g", [names.events])
    waiting = asyncio.create_task(first.poll(1, 300.0))
    await asyncio.sleep(0)
    second = await bus.consumer("g", [names.events])
    assert await waiting == []
    with pytest.raises(ConsumerFenced):
        await first.commit({TopicPartition(names.events, 0): 0})
    await first.stop()
    await bus.publish(numbered(names.events, "k", range(1)))
    assert values(await read(second, 1)) == [b"0"]


async def test_a_publisher_that_is_cancelled_wakes_the_reader_all_the_same(bus: EmbeddedBus, names: Names) -> None:
    consumer = await bus.consumer("g", [names.events])
    waiting = asyncio.create_task(consumer.poll(1, 300.0))
    async with bus.writes_held():
        publishing = asyncio.create_task(bus.publish(numbered(names.events, "k", range(1))))
        await asyncio.sleep(0)
        publishing.cancel()
    assert values(await asyncio.wait_for(waiting, 60)) == [b"0"]


async def test_held_writes_wait_and_are_not_lost(bus: EmbeddedBus, names: Names) -> None:
    async with bus.writes_held():
        publishing = asyncio.create_task(bus.publish(numbered(names.events, "k", range(3))))
        await (await bus.consumer("g", [names.events])).poll(1, 0)
        assert not publishing.done()
        assert sum((await bus.end_offsets(names.events)).values()) == 0
    await publishing
    assert sum((await bus.end_offsets(names.events)).values()) == 3


async def test_a_stop_finishes_what_is_being_written(bus: EmbeddedBus, names: Names) -> None:
    publishing = [asyncio.create_task(bus.publish(numbered(names.events, f"k{n}", range(3)))) for n in range(20)]
    await asyncio.sleep(0)
    await bus.stop()
    await asyncio.gather(*publishing)
    await bus.start()
    assert sum((await bus.end_offsets(names.events)).values()) == 60


async def test_another_process_is_kept_out(bus: EmbeddedBus, names: Names, machine: HandMachine) -> None:
    second = EmbeddedBus(bus.path, names.catalogue(), machine=machine)
    with pytest.raises(Crash, match="open in another process"):
        await second.start()
    await bus.publish(numbered(names.events, "k", range(1)))


async def test_each_log_has_an_epoch_of_its_own(tmp_path: Path, names: Names, machine: HandMachine) -> None:
    epochs = set()
    for name in ("a.db", "b.db"):
        bus = EmbeddedBus(tmp_path / name, names.catalogue(), machine=machine)
        await bus.start()
        epochs.add(bus.epoch)
        await bus.stop()
    epochs.add(log.new_epoch(tmp_path / "b.db"))
    assert len(epochs) == 3
    await bus.start()
    assert bus.epoch in epochs
    await bus.stop()


async def test_another_number_of_partitions_is_refused(bus: EmbeddedBus, names: Names, machine: HandMachine) -> None:
    await bus.stop()
    catalogue = names.catalogue()
    catalogue[names.events] = replace(catalogue[names.events], partitions=5)
    with pytest.raises(Crash, match=r"orders-\w+ has 4 partitions in the log; the catalogue says 5"):
        await EmbeddedBus(bus.path, catalogue, machine=machine).start()


async def test_a_new_topic_joins_an_old_log(bus: EmbeddedBus, names: Names, machine: HandMachine) -> None:
    await bus.publish(numbered(names.events, "k", range(2)))
    await bus.stop()
    more = names.catalogue()
    more["fresh"] = replace(more[names.events], name="fresh")
    wider = EmbeddedBus(bus.path, more, machine=machine)
    await wider.start()
    await wider.publish(numbered("fresh", "k", range(1)))
    assert len(await read(await wider.consumer("g", ["fresh", names.events]), 3)) == 3
    await wider.stop()


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\x00" + bytes(5000)])
async def test_a_file_that_is_no_log_is_refused(
    tmp_path: Path, names: Names, machine: HandMachine, content: bytes
) -> None:
    path = tmp_path / "bus.db"
    path.write_bytes(content)
    with pytest.raises(Crash, match=r"bus\.db cannot be opened as a log"):
        await EmbeddedBus(path, names.catalogue(), machine=machine).start()
    assert path.read_bytes() == content


async def test_a_log_of_another_format_is_refused(bus: EmbeddedBus) -> None:
    await bus.stop()
    connection = sqlite3.connect(bus.path)
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    connection.close()
    with pytest.raises(Crash, match="format 99; expected 1"):
        await bus.start()


async def test_a_database_error_reaches_everyone_who_waits_and_nothing_is_half_written(
    bus: EmbeddedBus, names: Names
) -> None:
    """Another program holding the file's write lock is the only such error a test can cause from outside."""
    intruder = sqlite3.connect(bus.path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(
        *(bus.publish(numbered(names.events, f"k{n}", range(2))) for n in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [BusUnavailable] * 3
    intruder.execute("ROLLBACK")
    intruder.close()
    await bus.publish(numbered(names.events, "k", range(4)))
    assert len(await read(await bus.consumer("g", [names.events]), 4)) == 4
