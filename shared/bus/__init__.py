"""The bus between the services: a partitioned, durable log with Kafka's semantics, behind one protocol.

Two implementations, one behaviour suite (``tests/bus/behaviour.py``): ``shared.bus.embedded`` (one SQLite file, one
process) and ``shared.bus.kafka`` (Apache Kafka 4 through aiokafka). Nothing but their settings may differ.

**What an offset is.** The place of a record in its partition, counted from 0 and given once: it is never reused, not
even after retention or compaction removed the record. In a topic of kind ``events`` the offsets are contiguous from the
log's start to its end, so a missing one is a fault the inbox refuses. In a topic of kind ``state`` compaction removes
superseded records, so consumers of such a topic must accept gaps. A *committed* offset is the next one to read, not the
last one read. Offsets mean something only within one ``Bus.epoch``: another epoch is another log, and whoever stored
offsets reads again from the start and drops by version what it has already applied.

**What a record is.** Key (never empty), value (None: a tombstone), string headers, and the time it was appended. Key,
value and headers together are at most ``MAX_RECORD_BYTES``. Records of one key are read in the order of publishing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from shared.bus.partitioner import partition_for
from shared.errors import Crash, InkassoError, RetryLater
from shared.events.catalogue import Topic, dead_letter_topic

__all__ = [
    "MAX_HEADERS",
    "MAX_KEY_BYTES",
    "MAX_POLL_BYTES",
    "MAX_RECORD_BYTES",
    "TOMBSTONE_DAYS",
    "Bus",
    "BusClosed",
    "BusError",
    "BusUnavailable",
    "Consumer",
    "ConsumerFenced",
    "NewRecord",
    "OffsetOutOfRange",
    "Record",
    "RecordRefused",
    "TopicPartition",
    "UnknownTopic",
    "check_record",
    "partition_for",
    "with_dead_letters",
]

MAX_RECORD_BYTES = 950_000
"""Key, value and headers of one record; under the broker's request limit of 1 000 000 with its framing."""
UTF8_BYTES_MAX = 4
"""Of one character."""
MAX_KEY_BYTES = 1_000
"""A key is an identity, not a document."""
MAX_HEADERS = 50
"""Headers of one record."""
MAX_POLL_BYTES = 16 * 1024 * 1024
"""A poll stops adding records once it holds this much, whatever ``max_records`` allows (it returns at least one)."""
TOMBSTONE_DAYS = 7
"""How long a tombstone of a ``state`` topic stays readable at least, so that every consumer hears of an erasure."""


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class NewRecord(NamedTuple):
    """A record to publish. ``value`` None is a tombstone."""

    topic: str
    key: str
    value: bytes | None
    headers: Mapping[str, str] = MappingProxyType({})


class Record(NamedTuple):
    """A record as read: where it lies, and when the log took it (milliseconds since 1970, UTC, machine clock)."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: dict[str, str]
    timestamp_ms: int

    @property
    def topic_partition(self) -> TopicPartition:
        """The partition this record was read from."""
        return TopicPartition(self.topic, self.partition)


class BusError(InkassoError):
    """The bus refused a call that cannot succeed as it stands."""


class UnknownTopic(BusError):
    """The topic is not in the catalogue."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"unknown topic {topic!r}: it is not in the catalogue")
        self.topic = topic


class RecordRefused(BusError):
    """The record breaks a limit of the bus (empty key, too large); it would be refused again."""


class BusClosed(BusError):
    """The bus or the consumer was used before start or after stop."""


class ConsumerFenced(RetryLater):
    """This consumer no longer owns what it reads or commits: stop it and open another."""


class BusUnavailable(RetryLater):
    """The log could not be reached or written. Whether records were written is unknown: publish them again."""


class OffsetOutOfRange(Crash):
    """An offset beyond the end of the log: the log lost its tail, or the offset belongs to another epoch."""

    def __init__(self, where: TopicPartition, offset: int, end: int) -> None:
        super().__init__(f"offset {offset} of {where.topic}/{where.partition} is beyond the end of the log, {end}")
        self.where = where
        self.offset = offset
        self.end = end


class Consumer(Protocol):
    """A group's reader. It starts at the committed offset of each partition, else at the log's start.

    One consumer is used by one task at a time. Every method may raise ``BusUnavailable`` or ``ConsumerFenced``: stop
    the consumer, open another, read again from what is committed.
    """

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        """Return up to ``max_records`` records of all owned partitions, waiting up to ``timeout_s`` if there are none.

        Within a partition the records come in offset order. No partition starves another. ``OffsetOutOfRange`` means
        that the log lost its tail: what is appended next gets offsets that were given before.
        """
        ...

    async def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Store, durably, the next offset to read of each partition named that this consumer still owns.

        A partition that went to another member meanwhile is left to it: it reads again from what was committed before.
        """
        ...

    async def seek(self, tp: TopicPartition, offset: int) -> None:
        """Read ``tp`` from ``offset``; below the log's start, from there. Beyond the end: ``OffsetOutOfRange``."""
        ...

    async def seek_to_time(self, topic: str, timestamp_ms: int) -> None:
        """Read the owned partitions of ``topic`` from the first record appended at or after ``timestamp_ms`` on."""
        ...

    async def start_offset(self, tp: TopicPartition) -> int:
        """Return the lowest offset the log still has a claim to keep; what lies below it is gone."""
        ...

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions this consumer owns now."""
        ...

    async def stop(self) -> None:
        """Give the partitions up. Nothing is committed. Stopping twice is no error."""
        ...


class Bus(Protocol):
    """A partitioned, durable log. ``epoch`` is known once ``start`` has returned."""

    epoch: str

    async def start(self) -> None:
        """Open the log or connect to it, and make sure the topics of the catalogue exist."""
        ...

    async def stop(self) -> None:
        """Finish what is being written, stop every consumer, close."""
        ...

    async def publish(self, records: Sequence[NewRecord]) -> None:
        """Return when every record is durable; the order of one key is the order given.

        All records are checked before any is sent: ``UnknownTopic`` and ``RecordRefused`` mean nothing was written.
        ``BusUnavailable`` means that some may have been: publish all of them again, readers drop what they know.
        """
        ...

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a reader of ``topics`` for ``group``; groups read independently of one another."""
        ...

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return the next offset to be given in each partition."""
        ...

    async def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        """Return each partition's first offset appended at or after ``timestamp_ms``, else its end."""
        ...

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """Return how many offsets ``group`` has still to commit, over all partitions of ``topics``."""
        ...

    async def prune(self, now_ms: int) -> int:
        """Apply retention and compaction as of ``now_ms``; return how many records were removed (Kafka: always 0)."""
        ...


def check_record(record: NewRecord) -> None:
    """Raise ``RecordRefused`` if ``record`` breaks a limit. The message names topic and limit, never the key."""
    key_bytes = len(record.key.encode())
    if not 0 < key_bytes <= MAX_KEY_BYTES:
        raise RecordRefused(f"{record.topic}: a key of {key_bytes} bytes; expected 1 to {MAX_KEY_BYTES}")
    if len(record.headers) > MAX_HEADERS:
        raise RecordRefused(
            f"{record.topic}: a record with {len(record.headers)} headers; expected at most {MAX_HEADERS}"
        )
    letters = sum(map(len, record.headers)) + sum(map(len, record.headers.values()))
    size = key_bytes + len(record.value or b"")
    if size + letters * UTF8_BYTES_MAX <= MAX_RECORD_BYTES:
        return
    size += sum(len(name.encode()) + len(text.encode()) for name, text in record.headers.items())
    if size > MAX_RECORD_BYTES:
        raise RecordRefused(f"{record.topic}: a record of {size} bytes; expected at most {MAX_RECORD_BYTES}")


def with_dead_letters(topics: Mapping[str, Topic]) -> dict[str, Topic]:
    """Return ``topics`` and, for each, its dead-letter topic: kind ``events``, same retention (or 35 days)."""
    complete = dict(topics)
    for topic in topics.values():
        name = dead_letter_topic(topic.name)
        complete[name] = Topic(
            name=name,
            key=topic.key,
            producer=topic.producer,
            consumers=(),
            retention_days=topic.retention_days or 35,
            partitions=topic.partitions,
        )
    return complete
