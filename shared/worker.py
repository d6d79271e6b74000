"""The consumer loop of one service: poll, one transaction per batch, then commit the offsets to the bus.

The database decides what has been taken; what is committed to the bus only tells others how far we are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from shared.bus import Bus, Consumer, Record, TopicPartition
from shared.errors import Crash, RetryLater
from shared.inbox import Gap, Inbox, Outcome
from shared.metrics import Metrics

BATCH_MAX = {"sqlite": 500, "postgresql": 1_000}
"""Records of one transaction. On SQLite it keeps every other writer out; on PostgreSQL a larger one costs less each."""
POLL_S = 0.5
BACKOFF_S = 0.2
BACKOFF_S_MAX = 30.0
SAME_GAP_MAX = 5
"""How often the same records may be missing, read again each time, before they count as lost."""

log = logging.getLogger(__name__)


class Worker:
    """Reads the topics a service listens to into its inbox until it is stopped."""

    def __init__(
        self,
        inbox: Inbox,
        bus: Bus,
        topics: Sequence[str],
        metrics: Metrics,
        on_emitted: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._bus = bus
        self._topics = tuple(topics)
        self._metrics = metrics
        self._on_emitted = on_emitted
        self._stopped = asyncio.Event()
        self._assigned: set[TopicPartition] = set()
        self._stand_anew = False
        self._gap: tuple[TopicPartition, int] | None = None
        self._gaps = 0
        self._backoff_s = BACKOFF_S
        self.taken = 0
        self.crashed: str | None = None

    @property
    def group(self) -> str:
        """The consumer group: the service and the version of what it understands."""
        return f"{self._inbox.service}.v1"

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it reads."""
        return self._topics

    def prepare(self) -> None:
        """Be ready to run, also again after a stop."""
        self._stopped.clear()
        self.crashed = None

    def stop(self) -> None:
        """Ask the loop to end after the batch it is at."""
        self._stopped.set()

    def stand_anew(self) -> None:
        """Say that the database's positions were changed by hand: read on from where they are now."""
        self._stand_anew = True

    async def lag(self) -> int:
        """Count the records that are on the bus and not yet taken."""
        return await self._bus.lag(self.group, self._topics) if self._topics else 0

    async def run(self) -> None:
        """Consume until stopped. A fault rebuilds the consumer and goes on; a broken invariant ends the loop."""
        while not self._stopped.is_set():
            try:
                await self._session()
            except Crash as broken:
                self.crashed = str(broken)
                log.critical("%s stops consuming: %s", self._inbox.service, broken)
                return
            except Exception as fault:
                known = isinstance(fault, RetryLater)  # the bus says so of itself; anything else shows where it was
                log.warning(
                    "%s could not consume (%s); trying again in %.1f s",
                    self._inbox.service,
                    fault if known else type(fault).__name__,
                    self._backoff_s,
                    exc_info=None if known else fault,
                )
                self._metrics.count("inbox_failures_total")
                await self._rest()

    async def _rest(self) -> None:
        waited, self._backoff_s = self._backoff_s, min(self._backoff_s * 2, BACKOFF_S_MAX)
        try:
            await asyncio.wait_for(self._stopped.wait(), waited)
        except TimeoutError:
            return

    async def _session(self) -> None:
        consumer = await self._bus.consumer(self.group, self._topics)
        self._assigned = set()
        try:
            while not self._stopped.is_set():
                if self._stand_anew:
                    self._stand_anew, self._assigned = False, set()
                await self._position(consumer)
                records = await consumer.poll(BATCH_MAX[self._inbox.db.dialect], POLL_S)
                if consumer.assignment() != self._assigned:
                    continue  # partitions came or went while polling: what was read may not be ours, read it again
                if records:
                    await self._take(consumer, records)
        finally:
            await consumer.stop()

    async def _position(self, consumer: Consumer) -> None:
        """Put newly assigned partitions where the database stands."""
        assignment = set(consumer.assignment())
        new = assignment - self._assigned
        if new:
            starts = {tp: await consumer.start_offset(tp) for tp in sorted(new)}
            positions = await asyncio.to_thread(self._inbox.positions, starts, self._bus.epoch)
            for tp, offset in positions.items():
                if offset < starts[tp]:
                    raise Crash(f"{tp.topic}/{tp.partition}: offset {offset} is needed, the log starts at {starts[tp]}")
                await consumer.seek(tp, offset)
            # What was taken but not told before the process ended is told now, or its lag would stay.
            await consumer.commit({tp: offset for tp, offset in positions.items() if offset > starts[tp]})
        elif assignment == self._assigned:
            return
        self._assigned = assignment

    async def _take(self, consumer: Consumer, records: Sequence[Record]) -> None:
        started = self._inbox.machine.monotonic()
        try:
            outcome = await asyncio.to_thread(self._inbox.take, records, self._bus.epoch)
        except Gap as gap:
            self._note(gap)
            await consumer.seek(gap.tp, gap.expected)
            self._assigned = set()  # every partition of the batch was rolled back: stand where the database stands
            return
        self._gap, self._backoff_s = None, BACKOFF_S
        await consumer.commit(outcome.next_offsets)
        self._metrics.observe("inbox_batch_seconds", self._inbox.machine.monotonic() - started)
        self._tell(outcome)
        self.taken += len(records)
        if outcome.emitted:
            self._on_emitted()

    def _note(self, gap: Gap) -> None:
        log.warning("%s reads again: %s", self._inbox.service, gap)
        self._metrics.count("inbox_gaps_total")
        same = self._gap == (gap.tp, gap.expected)
        self._gap, self._gaps = (gap.tp, gap.expected), self._gaps + 1 if same else 1
        if self._gaps >= SAME_GAP_MAX:
            raise Crash(f"records are missing from the log: {gap}") from gap

    def _tell(self, outcome: Outcome) -> None:
        counts = {
            "applied": sum(outcome.applied.values()),
            "duplicate": outcome.duplicate,
            "parked": outcome.parked,
            "dead": outcome.dead,
        }
        for name, count in counts.items():
            if count:
                self._metrics.count("events_consumed_total", count, outcome=name)
