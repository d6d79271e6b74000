"""What every bus does, written once against the protocol; each implementation's test module runs it with its own bus.

Nothing here waits for a length of time. That a record is *not* delivered is shown by publishing a marker behind it and
seeing that the marker comes first.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from shared.bus import (
    MAX_RECORD_BYTES,
    Bus,
    BusClosed,
    Consumer,
    NewRecord,
    OffsetOutOfRange,
    Record,
    RecordRefused,
    TopicPartition,
    UnknownTopic,
    partition_for,
)
from shared.events.catalogue import Topic

PARTITIONS = 4
PATIENCE = 60
"""Polls of up to a second before a record counts as lost."""


@dataclass(frozen=True)
class Names:
    """The topics of a test: two of kind events, one of kind state."""

    events: str = "orders"
    other: str = "invoices"
    state: str = "people"

    def catalogue(self) -> dict[str, Topic]:
        def topic(name: str, **more: object) -> Topic:
            return Topic(name=name, key="id", producer="test", consumers=(), partitions=PARTITIONS, **more)  # type: ignore[arg-type]

        return {
            self.events: topic(self.events),
            self.other: topic(self.other),
            self.state: topic(self.state, kind="state", retention_days=None),
        }


def numbered(topic: str, key: str, numbers: range) -> list[NewRecord]:
    return [NewRecord(topic, key, str(number).encode()) for number in numbers]


async def read(consumer: Consumer, count: int, *, max_records: int = 500) -> list[Record]:
    """Read exactly ``count`` records; more than that in the last poll is an error of the test's arithmetic."""
    records: list[Record] = []
    for _ in range(PATIENCE):
        if len(records) >= count:
            break
        records += await consumer.poll(max_records, 1.0)
    assert len(records) == count
    return records


def after(records: Sequence[Record]) -> dict[TopicPartition, int]:
    """The offsets to commit once ``records`` have been handled."""
    return {record.topic_partition: record.offset + 1 for record in records}


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


@pytest.mark.anyio
class BusBehaviour:
    """Inherit, and give the fixtures ``bus`` (started) and ``names`` (topics nobody else writes to)."""

    async def test_a_key_lives_in_the_partition_kafka_would_choose(self, bus: Bus, names: Names) -> None:
        keys = [f"case-{number}" for number in range(40)]
        await bus.publish([NewRecord(names.events, key, b"x") for key in keys])
        await bus.publish([NewRecord(names.events, key, b"y") for key in keys])
        records = await read(await bus.consumer("g", [names.events]), 80)
        assert {(r.key, r.partition) for r in records} == {(key, partition_for(key, PARTITIONS)) for key in keys}

    async def test_offsets_are_contiguous_from_zero(self, bus: Bus, names: Names) -> None:
        await bus.publish([NewRecord(names.events, f"k{number}", b"") for number in range(100)])
        offsets = defaultdict(list)
        for record in await read(await bus.consumer("g", [names.events]), 100):
            offsets[record.partition].append(record.offset)
        ends = await bus.end_offsets(names.events)
        assert dict(offsets) == {partition: list(range(end)) for partition, end in ends.items() if end}
        assert sum(ends.values()) == 100
        assert set(ends) == set(range(PARTITIONS))

    async def test_the_records_of_a_key_keep_their_order(self, bus: Bus, names: Names) -> None:
        for start in range(0, 60, 20):
            mixed = [
                NewRecord(names.events, f"k{key}", str(number).encode())
                for number in range(start, start + 20)
                for key in range(5)
            ]
            await bus.publish(mixed)
        seen = defaultdict(list)
        for record in await read(await bus.consumer("g", [names.events]), 300, max_records=37):
            seen[record.key].append(record.value)
        assert seen == {f"k{key}": [str(number).encode() for number in range(60)] for key in range(5)}

    async def test_everything_in_a_record_comes_back(self, bus: Bus, names: Names) -> None:
        sent = [
            NewRecord(names.state, "null", None, {"ce_type": "erased", "tekst": "blåbærsyltetøy"}),
            NewRecord(names.state, "empty", b""),
            NewRecord(names.state, "sak-æøå", bytes(range(256)), {"traceparent": "00-1-2-01", "tom": ""}),
            NewRecord(names.state, "large", b"\x00\xff" * 450_000),
        ]
        await bus.publish(sent)
        got = {record.key: record for record in await read(await bus.consumer("g", [names.state]), len(sent))}
        assert {key: (r.value, r.headers) for key, r in got.items()} == {r.key: (r.value, r.headers) for r in sent}
        assert all(record.timestamp_ms > 0 for record in got.values())

    async def test_what_was_not_committed_is_delivered_again(self, bus: Bus, names: Names) -> None:
        await bus.publish(numbered(names.events, "k", range(10)))
        first = await bus.consumer("g", [names.events])
        once = await read(first, 10)
        await first.stop()
        assert await read(await bus.consumer("g", [names.events]), 10) == once

    async def test_a_new_consumer_goes_on_after_what_was_committed(self, bus: Bus, names: Names) -> None:
        await bus.publish(numbered(names.events, "k", range(10)))
        first = await bus.consumer("g", [names.events])
        await first.commit(after((await read(first, 10))[:7]))
        await first.stop()
        assert values(await read(await bus.consumer("g", [names.events]), 3)) == [b"7", b"8", b"9"]

    async def test_groups_read_independently(self, bus: Bus, names: Names) -> None:
        await bus.publish(numbered(names.events, "k", range(5)))
        one = await bus.consumer("one", [names.events])
        await one.commit(after(await read(one, 5)))
        assert len(await read(await bus.consumer("two", [names.events]), 5)) == 5
        await bus.publish(numbered(names.events, "k", range(5, 6)))
        assert values(await read(one, 1)) == [b"5"]

    async def test_a_consumer_reads_only_its_topics(self, bus: Bus, names: Names) -> None:
        await bus.publish([NewRecord(names.other, "k", b"other"), NewRecord(names.events, "k", b"mine")])
        assert values(await read(await bus.consumer("g", [names.events]), 1)) == [b"mine"]
        both = await read(await bus.consumer("h", [names.events, names.other]), 2)
        assert {record.topic for record in both} == {names.events, names.other}

    async def test_a_group_can_be_rewound_and_sent_ahead(self, bus: Bus, names: Names) -> None:
        await bus.publish(numbered(names.events, "k", range(10)))
        consumer = await bus.consumer("g", [names.events])
        where = (await read(consumer, 10))[0].topic_partition
        await consumer.seek(where, 6)
        assert values(await read(consumer, 4)) == [b"6", b"7", b"8", b"9"]
        await consumer.seek(where, 0)
        assert len(await read(consumer, 10)) == 10
        await consumer.seek(where, 10)
        await bus.publish(numbered(names.events, "k", range(10, 11)))
        assert values(await read(consumer, 1)) == [b"10"]

    async def test_seeking_beyond_the_end_is_refused(self, bus: Bus, names: Names) -> None:
        await bus.publish(numbered(names.events, "k", range(3)))
        consumer = await bus.consumer("g", [names.events])
        where = (await read(consumer, 3))[0].topic_partition
        with pytest.raises(OffsetOutOfRange, match=r"offset 4 .* end of the log, 3"):
            await consumer.seek(where, 4)

    async def test_a_group_can_be_rewound_to_a_time(self, bus: Bus, names: Names) -> None:
        for number in range(8):
            await bus.publish(numbered(names.events, "k", range(number, number + 1)))
        consumer = await bus.consumer("g", [names.events])
        times = [record.timestamp_ms for record in await read(consumer, 8)]
        assert times == sorted(times)
        for moment in (times[5], times[0], times[0] - 1000):
            expected = [record_at for record_at in times if record_at >= moment]
            await consumer.seek_to_time(names.events, moment)
            assert [r.timestamp_ms for r in await read(consumer, len(expected))] == expected
        await consumer.seek_to_time(names.events, times[-1] + 1000)
        await bus.publish(numbered(names.events, "k", range(99, 100)))
        assert values(await read(consumer, 1)) == [b"99"]

    async def test_lag_counts_what_is_not_committed(self, bus: Bus, names: Names) -> None:
        await bus.publish([NewRecord(names.events, f"k{number}", b"") for number in range(20)])
        await bus.publish([NewRecord(names.other, f"k{number}", b"") for number in range(5)])
        assert await bus.lag("g", [names.events, names.other]) == 25
        consumer = await bus.consumer("g", [names.events])
        records = await read(consumer, 20)
        assert await bus.lag("g", [names.events]) == 20
        await consumer.commit(after(records))
        assert await bus.lag("g", [names.events]) == 0
        assert await bus.lag("g", [names.events, names.other]) == 5
        await bus.publish([NewRecord(names.events, "k1", b"")])
        assert await bus.lag("g", [names.events]) == 1

    async def test_an_unknown_topic_is_refused_by_name(self, bus: Bus, names: Names) -> None:
        with pytest.raises(UnknownTopic, match="nowhere"):
            await bus.publish([NewRecord(names.events, "k", b"good"), NewRecord("nowhere", "k", b"bad")])
        with pytest.raises(UnknownTopic, match="nowhere"):
            await bus.consumer("g", ["nowhere"])
        with pytest.raises(UnknownTopic, match="nowhere"):
            await bus.end_offsets("nowhere")
        with pytest.raises(UnknownTopic, match="nowhere"):
            await bus.lag("g", ["nowhere"])
        assert set((await bus.end_offsets(names.events)).values()) == {0}

    @pytest.mark.parametrize(
        ("key", "value"),
        [("", b"x"), ("k" * 1001, b"x"), ("k", b"x" * MAX_RECORD_BYTES)],
        ids=["empty", "long", "large"],
    )
    async def test_a_record_beyond_a_limit_is_refused_with_all_others(
        self, bus: Bus, names: Names, key: str, value: bytes
    ) -> None:
        with pytest.raises(RecordRefused, match=r"expected (1 to|at most) \d+"):
            await bus.publish([NewRecord(names.events, "k", b"good"), NewRecord(names.events, key, value)])
        assert set((await bus.end_offsets(names.events)).values()) == {0}

    async def test_dead_letter_topics_exist(self, bus: Bus, names: Names) -> None:
        await bus.publish([NewRecord(f"{names.events}.dlq", "k", b"undecodable")])
        assert values(await read(await bus.consumer("g", [f"{names.events}.dlq"]), 1)) == [b"undecodable"]

    async def test_publishers_do_not_disturb_one_another(self, bus: Bus, names: Names) -> None:
        async def publish(key: str) -> None:
            for number in range(20):
                await bus.publish(numbered(names.events, key, range(number, number + 1)))

        await asyncio.gather(*(publish(f"k{number}") for number in range(10)))
        seen = defaultdict(list)
        for record in await read(await bus.consumer("g", [names.events]), 200):
            seen[record.key].append(record.value)
        assert seen == {f"k{key}": [str(number).encode() for number in range(20)] for key in range(10)}
        assert sum((await bus.end_offsets(names.events)).values()) == 200

    async def test_a_waiting_poll_wakes_when_something_comes(self, bus: Bus, names: Names) -> None:
        consumer = await bus.consumer("g", [names.events])
        assert await consumer.poll(10, 0) == []
        waiting = asyncio.create_task(consumer.poll(10, 300.0))
        await asyncio.sleep(0)
        await bus.publish(numbered(names.events, "k", range(1)))
        assert values(await asyncio.wait_for(waiting, 60)) == [b"0"]

    async def test_a_poll_returns_no_more_than_asked(self, bus: Bus, names: Names) -> None:
        await bus.publish([NewRecord(names.events, f"k{number}", b"") for number in range(50)])
        consumer = await bus.consumer("g", [names.events])
        sizes = []
        while sum(sizes) < 50:
            sizes.append(len(await consumer.poll(7, 5.0)))
        assert max(sizes) <= 7

    async def test_one_member_owns_every_partition(self, bus: Bus, names: Names) -> None:
        consumer = await bus.consumer("g", [names.events, names.state])
        assert consumer.assignment() == {
            TopicPartition(topic, partition) for topic in (names.events, names.state) for partition in range(PARTITIONS)
        }
        assert {await consumer.start_offset(where) for where in consumer.assignment()} == {0}
        await consumer.stop()
        assert consumer.assignment() == set()

    async def test_a_stopped_consumer_refuses_and_may_be_stopped_again(self, bus: Bus, names: Names) -> None:
        consumer = await bus.consumer("g", [names.events])
        await consumer.stop()
        await consumer.stop()
        with pytest.raises(BusClosed):
            await consumer.poll(1, 0)
        with pytest.raises(BusClosed):
            await consumer.commit({TopicPartition(names.events, 0): 0})

    async def test_publishing_nothing_is_nothing(self, bus: Bus, names: Names) -> None:
        await bus.publish([])
        assert set((await bus.end_offsets(names.events)).values()) == {0}

    async def test_the_epoch_is_known_and_stays(self, bus: Bus) -> None:
        epoch = bus.epoch
        assert len(epoch) >= 8
        await bus.stop()
        await bus.start()
        assert bus.epoch == epoch
