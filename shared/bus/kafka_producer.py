"""Publishing to Kafka: one idempotent producer, thrown away whenever its state is unknown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.bus import BusClosed, BusUnavailable, NewRecord, TopicPartition, partition_for
from shared.bus.kafka_settings import STOP_S, KafkaSettings

log = logging.getLogger(__name__)

PACKED_FROM = 20
"""So many records at once are packed here; fewer are left to the client, which packs those of several publishers."""

_Sending = AsyncGenerator["asyncio.Future[object]", None]


class _Attempt:
    """A producer, and whether it has been given up."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer
        self.given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Publisher:
    """Sends records and waits until every replica in sync has them.

    A timeout does not mean that a record was not written, and after some broker troubles a producer never recovers by
    itself. So any error closes it, unflushed: a late write of it behind the caller's repetition would turn the order
    around. The next publish makes another.
    """

    def __init__(self, settings: KafkaSettings, partitions: Mapping[str, int]) -> None:
        self._settings = settings
        self._partitions = partitions
        self._attempt: _Attempt | None = None
        self._building = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.rebuilt = 0

    async def start(self) -> None:
        """Connect. Raises ``BusUnavailable``."""
        await self._current()

    async def publish(self, records: Sequence[NewRecord]) -> None:
        """Return when all ``records`` are acknowledged. Raises ``BusUnavailable``: some may be written, some not."""
        attempt = await self._current()
        try:
            async with asyncio.timeout(self._settings.publish_timeout_s):
                await self._send(attempt, records)
        except (KafkaError, TimeoutError) as problem:
            self._give_up(attempt)
            raise BusUnavailable(f"publishing failed, the outcome is unknown: {problem!r}") from problem

    async def _send(self, attempt: _Attempt, records: Sequence[NewRecord]) -> None:
        acknowledgements: list[asyncio.Future[object]] = []
        sending = self._packed if len(records) >= PACKED_FROM else self._one_by_one
        async for sent in sending(attempt.producer, records):
            sent.add_done_callback(_look_at)
            acknowledgements.append(sent)
        everything = asyncio.gather(*acknowledgements)
        either: list[asyncio.Future[Any]] = [everything, attempt.given_up]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not everything.done():
            everything.cancel()
            raise KafkaError("the producer was given up meanwhile")
        everything.result()

    async def _one_by_one(self, producer: AIOKafkaProducer, records: Sequence[NewRecord]) -> _Sending:
        """Let the client put records of several publishers into one batch."""
        for record in records:
            topic, partition = self._place(record)
            yield await producer.send(
                topic, value=record.value, key=record.key.encode(), partition=partition, headers=_headers(record)
            )

    async def _packed(self, producer: AIOKafkaProducer, records: Sequence[NewRecord]) -> _Sending:
        """Pack records into batches of our own, in order within each partition: a tenth of the client's work.

        A batch of ours waits until every earlier one of its partition is on its way; with many publishers at once the
        client would give up waiting.
        """
        filling: dict[TopicPartition, Any] = {}
        for record in records:
            place = self._place(record)
            if place not in filling:
                filling[place] = producer.create_batch()
            if not _fits(filling[place], record):
                yield await producer.send_batch(filling[place], place.topic, partition=place.partition)
                filling[place] = producer.create_batch()
                if not _fits(filling[place], record):
                    raise KafkaError(f"{record.topic}: a record that no batch holds")
        for place, batch in filling.items():
            batch.close()
            yield await producer.send_batch(batch, place.topic, partition=place.partition)

    def _place(self, record: NewRecord) -> TopicPartition:
        return TopicPartition(record.topic, partition_for(record.key, self._partitions[record.topic]))

    async def _current(self) -> _Attempt:
        async with self._building:
            if self._stopped:
                raise BusClosed("the bus is stopped")
            if self._attempt is None:
                producer = AIOKafkaProducer(**self._settings.producer())
                try:
                    await asyncio.wait_for(producer.start(), self._settings.start_timeout_s)
                except (KafkaError, TimeoutError) as problem:
                    await _drop(producer)
                    raise BusUnavailable(f"no producer: {problem!r}") from problem
                except BaseException:
                    await _drop(producer)
                    raise
                self._attempt = _Attempt(producer)
            return self._attempt

    def _give_up(self, attempt: _Attempt) -> None:
        if self._attempt is not attempt:
            return
        self._attempt = None
        self.rebuilt += 1
        attempt.given_up.set_result(None)
        task = asyncio.create_task(_drop(attempt.producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def stop(self) -> None:
        """Send what is waiting, as far as the broker takes it in time, and disconnect."""
        self._stopped = True
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(attempt.producer.flush(), STOP_S)
            await _drop(attempt.producer)
        if self._closing:
            await asyncio.wait(self._closing)


def _fits(batch: Any, record: NewRecord) -> bool:
    """Add a record to a batch; a batch that has no room is closed. The first record always finds room."""
    added = batch.append(timestamp=None, key=record.key.encode(), value=record.value, headers=_headers(record))
    return added is not None


def _headers(record: NewRecord) -> list[tuple[str, bytes]]:
    return [(name, text.encode()) for name, text in record.headers.items()]


def _look_at(acknowledgement: asyncio.Future[object]) -> None:
    """Take note of a failure, so that one nobody waits for any more is not reported as forgotten."""
    if not acknowledgement.cancelled():
        acknowledgement.exception()


async def _drop(producer: AIOKafkaProducer) -> None:
    """Disconnect without flushing. The client's own ``stop`` waits, without end, for a broker that is gone."""
    producer._closed = True
    parts = (producer.client.close(), producer._sender.close())
    try:
        await asyncio.wait_for(asyncio.gather(*parts, return_exceptions=True), STOP_S)
    except TimeoutError:
        log.warning("a Kafka producer did not close within %.0f s", STOP_S)
