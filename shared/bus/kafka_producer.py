"""Publishing to Kafka: one idempotent producer, thrown away whenever its state is unknown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.bus import BusClosed, BusUnavailable, NewRecord, partition_for
from shared.bus.kafka_settings import STOP_S, KafkaSettings

log = logging.getLogger(__name__)


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
        for record in records:
            sent = await attempt.producer.send(
                record.topic,
                value=record.value,
                key=record.key.encode(),
                partition=partition_for(record.key, self._partitions[record.topic]),
                headers=[(name, text.encode()) for name, text in record.headers.items()],
            )
            sent.add_done_callback(_look_at)
            acknowledgements.append(sent)
        everything = asyncio.gather(*acknowledgements)
        either: list[asyncio.Future[Any]] = [everything, attempt.given_up]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not everything.done():
            everything.cancel()
            raise KafkaError("the producer was given up meanwhile")
        everything.result()

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
