"""Retention and compaction of the embedded log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bus.behaviour import Names, after, numbered, read, values
from hypothesis import given, settings
from hypothesis import strategies as st
from support.machine import HandMachine

from shared.bus import NewRecord, Record
from shared.bus.embedded import EmbeddedBus

pytestmark = pytest.mark.anyio

NAMES = Names()


@pytest.fixture
def machine() -> HandMachine:
    return HandMachine()


@pytest.fixture
async def bus(tmp_path: Path, machine: HandMachine) -> AsyncIterator[EmbeddedBus]:
    bus = EmbeddedBus(tmp_path / "bus.db", NAMES.catalogue(), machine=machine)
    await bus.start()
    yield bus
    await bus.stop()


async def all_records(bus: EmbeddedBus, topic: str) -> list[Record]:
    """Everything the log still has, read by a group of its own."""
    consumer = await bus.consumer("reader of all", [topic])
    records: list[Record] = []
    while batch := await consumer.poll(500, 0):
        records += batch
    await consumer.stop()
    return records


async def test_retention_moves_the_start_and_never_gives_an_offset_again(
    bus: EmbeddedBus, machine: HandMachine
) -> None:
    await bus.publish(numbered(NAMES.events, "k", range(10)))
    machine.advance(days=20)
    await bus.publish(numbered(NAMES.events, "k", range(10, 15)))
    machine.advance(days=15, seconds=1)
    assert await bus.prune(machine.now_ms) == 10
    records = await all_records(bus, NAMES.events)
    assert [record.offset for record in records] == [10, 11, 12, 13, 14]
    consumer = await bus.consumer("g", [NAMES.events])
    assert await consumer.start_offset(records[0].topic_partition) == 10
    await consumer.seek(records[0].topic_partition, 3)
    assert values(await read(consumer, 5))[0] == b"10"
    machine.advance(days=36)
    assert await bus.prune(machine.now_ms) == 5
    assert await all_records(bus, NAMES.events) == []
    await bus.stop()
    await bus.start()
    await bus.publish(numbered(NAMES.events, "k", range(1)))
    assert [record.offset for record in await all_records(bus, NAMES.events)] == [15]


async def test_a_reader_is_not_disturbed_by_retention_ahead_of_it(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish(numbered(NAMES.events, "k", range(10)))
    consumer = await bus.consumer("never committed", [NAMES.events])
    machine.advance(days=36)
    await bus.prune(machine.now_ms)
    assert await consumer.poll(10, 0) == []
    await bus.publish(numbered(NAMES.events, "k", range(10, 12)))
    assert values(await read(consumer, 2)) == [b"10", b"11"]


async def test_retention_keeps_what_a_known_group_has_not_committed(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish(numbered(NAMES.events, "k", range(10)))
    consumer = await bus.consumer("g", [NAMES.events])
    await consumer.commit(after((await read(consumer, 10))[:4]))
    machine.advance(days=60)
    assert await bus.prune(machine.now_ms) == 4
    assert await bus.lag("g", [NAMES.events]) == 6
    assert [record.offset for record in await all_records(bus, NAMES.events)] == [4, 5, 6, 7, 8, 9]


async def test_compaction_keeps_the_newest_of_each_key_where_it_was(bus: EmbeddedBus, machine: HandMachine) -> None:
    for number in range(5):
        await bus.publish([NewRecord(NAMES.state, "a", f"a{number}".encode())])
        await bus.publish([NewRecord(NAMES.state, "b", f"b{number}".encode())])
    before = {record.value: record.offset for record in await all_records(bus, NAMES.state)}
    ends = await bus.end_offsets(NAMES.state)
    assert await bus.prune(machine.now_ms) == 8
    assert {r.value: r.offset for r in await all_records(bus, NAMES.state)} == {v: before[v] for v in (b"a4", b"b4")}
    assert await bus.end_offsets(NAMES.state) == ends
    assert await bus.prune(machine.now_ms) == 0


async def test_event_topics_are_never_compacted(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish(numbered(NAMES.events, "k", range(5)))
    assert await bus.prune(machine.now_ms) == 0


async def test_a_tombstone_is_readable_for_seven_days_and_then_gone(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish([NewRecord(NAMES.state, "erased", b"name and address"), NewRecord(NAMES.state, "erased", None)])
    partition = (await all_records(bus, NAMES.state))[0].partition
    await bus.publish(
        [NewRecord(NAMES.state, f"filler {n}", b"last") for n in range(30)]  # something behind it in every partition
    )
    await bus.prune(machine.now_ms)
    assert [r.value for r in await all_records(bus, NAMES.state) if r.key == "erased"] == [None]
    machine.advance(days=7)
    await bus.prune(machine.now_ms)
    assert [r.value for r in await all_records(bus, NAMES.state) if r.key == "erased"] == [None]
    machine.advance(seconds=1)
    assert await bus.prune(machine.now_ms) == 1
    left = await all_records(bus, NAMES.state)
    assert "erased" not in {record.key for record in left}
    assert partition in {record.partition for record in left}


async def test_a_tombstone_waits_for_a_reader_that_is_behind(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish([NewRecord(NAMES.state, "k", b"x")])
    consumer = await bus.consumer("g", [NAMES.state])
    await consumer.commit(after(await read(consumer, 1)))
    await bus.publish([NewRecord(NAMES.state, "k", None), *numbered(NAMES.state, "k2", range(1))])
    await bus.publish([NewRecord(NAMES.state, f"filler {n}", b"last") for n in range(30)])
    machine.advance(days=30)
    await bus.prune(machine.now_ms)
    records = await all_records(bus, NAMES.state)
    assert [record.value for record in records if record.key == "k"] == [None]
    await consumer.commit(after(records))
    assert await bus.prune(machine.now_ms) == 1


async def test_an_erased_value_leaves_no_bytes_in_the_file(bus: EmbeddedBus, machine: HandMachine) -> None:
    secret = b"Storgata 1, 0155 Oslo " * 40
    await bus.publish([NewRecord(NAMES.state, "k", secret), NewRecord(NAMES.state, "k", None)])
    await bus.prune(machine.now_ms)
    await bus.stop()
    assert b"Storgata" not in b"".join(path.read_bytes() for path in bus.path.parent.iterdir())


async def test_a_reader_at_the_end_has_no_lag_after_compaction(bus: EmbeddedBus, machine: HandMachine) -> None:
    await bus.publish([NewRecord(NAMES.state, f"k{n}", None) for n in range(20)])
    machine.advance(days=8)
    await bus.prune(machine.now_ms)
    consumer = await bus.consumer("new", [NAMES.state])
    records = await consumer.poll(500, 0)
    await consumer.commit(after(records))
    assert await bus.lag("new", [NAMES.state]) == 0


VALUES = st.one_of(st.none(), st.binary(max_size=4))
STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), VALUES, st.sampled_from([0, 0, 1, 5])), max_size=40)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS, cut=st.integers(min_value=0, max_value=40))
def test_compaction_never_changes_what_a_reader_of_all_ends_up_with(
    steps: list[tuple[str, bytes | None, int]], cut: int
) -> None:
    async def run(path: Path) -> None:
        machine = HandMachine()
        bus = EmbeddedBus(path, NAMES.catalogue(), machine=machine)
        await bus.start()
        state: dict[str, bytes | None] = {}
        for number, (key, value, days) in enumerate(steps):
            await bus.publish([NewRecord(NAMES.state, key, value)])
            state[key] = value
            machine.advance(days=days)
            if number == cut:
                await bus.prune(machine.now_ms)
        await bus.prune(machine.now_ms)
        records = await all_records(bus, NAMES.state)
        await bus.stop()
        compacted = {record.key: record.value for record in records}
        assert {k: v for k, v in compacted.items() if v is not None} == {
            k: v for k, v in state.items() if v is not None
        }
        assert len(compacted) == len(records)

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "bus.db"))
