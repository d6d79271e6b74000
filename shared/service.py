"""What every service is made of: an HTTP app, a database, an inbox, an outbox relay and periodic jobs.

``shared.assembly`` puts one together; ``Service.start`` runs it and ``Service.stop`` ends it in order: no new work,
finish the batch at hand, let go of the bus, close the database (docs/operations/cluster.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Connection

from shared import outbox, parking, probes, upkeep
from shared.auth import TokenVerifier
from shared.bus import Bus, BusUnavailable
from shared.clock import Clock, Machine
from shared.db import Database, passes_by_policies, passing
from shared.errors import Crash
from shared.events import Event
from shared.events.catalogue import TOPICS
from shared.failpoints import reach
from shared.inbox import Inbox
from shared.metrics import Metrics
from shared.migrate import at_head, upgrade
from shared.outbox import Relay, StateLoader
from shared.rewinding import StateKeys
from shared.settings import BaseServiceSettings
from shared.tables import Plumbing
from shared.uow import Uow, open_uow
from shared.worker import Worker

STOP_S_MAX = 25.0
RUNS_IN_A_ROW_MAX = 10_000
RETRY_S = 0.5
RETRY_S_MAX = 5.0

log = logging.getLogger(__name__)

Backlog = Callable[[Connection], dict[str, int]]
DiscardHook = Callable[[Uow, Sequence[Event]], None]
StartCheck = Callable[[Connection], None]
"""Looks at the database before a service begins; raises Crash for one it must not work on."""


@dataclass(frozen=True, slots=True)
class Job:
    """Periodic work: ``run`` does a bounded piece and says how many things it did.

    It runs again at once while that is ``full`` or more, else when its time comes or the service is told by ``nudge``
    that there is work for it.
    """

    name: str
    run: Callable[[Service], int]
    every_s: float = 5.0
    full: int = 1


@dataclass(slots=True, kw_only=True)
class Service:
    """One service, wired."""

    name: str
    app: FastAPI
    settings: BaseServiceSettings
    db: Database
    tables: Plumbing
    bus: Bus
    clock: Clock
    machine: Machine
    metrics: Metrics
    verifier: TokenVerifier
    inbox: Inbox
    jobs: Sequence[Job]
    service_backlog: Backlog
    migrations: Path
    state_loader: StateLoader | None = None
    on_discard: DiscardHook | None = None
    check: StartCheck | None = None
    state_keys: StateKeys | None = None
    relay: Relay = field(init=False)
    worker: Worker = field(init=False)
    activity: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _nudges: dict[str, asyncio.Event] = field(default_factory=dict)
    _job_locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _missing: str | None = None
    _of_database: probes.Question = field(init=False)
    _of_gauges: probes.Question = field(init=False)
    _of_bus: probes.Question = field(init=False)
    _of_lag: probes.Question = field(init=False)

    def __post_init__(self) -> None:
        some_topic = next(iter(TOPICS))
        self._of_database = probes.Question(lambda: asyncio.to_thread(at_head, self.db, self.migrations))
        self._of_gauges = probes.Question(lambda: asyncio.to_thread(self.refresh_gauges))
        self._of_bus = probes.Question(lambda: self.bus.end_offsets(some_topic))
        self._of_lag = probes.Question(lambda: self.worker.lag())
        self.relay = Relay(self.db, self.tables, self.bus, self.metrics, self.state_loader)
        topics = sorted({kind.TOPIC for kind in self.inbox.handlers} | set(self.inbox.states))
        self.worker = Worker(self.inbox, self.bus, topics, self.metrics, self.relay.wake)

    @contextmanager
    def uow(self) -> Iterator[Uow]:
        """Open a unit of work: committed with its events at the end, rolled back when the block raises."""
        with self.db.begin() as tx:
            uow = open_uow(
                tx,
                db=self.db,
                tables=self.tables,
                source=self.name,
                clock=self.clock,
                machine=self.machine,
                installation=self.inbox.installation,
            )
            yield uow
            label = uow.label()
            emitted = uow.flush()
            reach(f"{label}.before_commit")
        reach(f"{label}.after_commit")
        if emitted:
            self.activity += 1  # a unit of work that only looked is no progress
            self.relay.wake()

    def nudge(self, job: str) -> None:
        """Say from any thread that there is work for the job of this name: it need not wait for its time."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._nudges[job].set)

    def replay(self, topic: str, key: str, who: str, reason: str) -> int:
        """Apply a parked key's events in order, in one transaction; returns how many."""
        with self.uow() as uow:
            events = parking.events_to_replay(uow, topic, key)
            for event in events:
                handler = self.inbox.handlers.get(type(event.payload))
                if handler is not None:
                    handler(uow, [event])
            parking.finish_replay(uow, topic, key, events, who, reason)
        return len(events)

    async def start(self) -> None:
        """Bring the schema up to date and begin to consume, relay and run jobs; the bus is started already."""
        await asyncio.to_thread(self._prepare_database)
        self._begin()

    async def start_when_possible(self) -> None:
        """Start bus and service as soon as database and bus are there; until then ``/ready`` tells what is missing."""
        await self._when_there("database", lambda: asyncio.to_thread(self._prepare_database))
        await self._when_there("bus", self.bus.start)
        self._missing = None
        self._begin()

    async def _when_there(self, part: str, work: Callable[[], Awaitable[None]]) -> None:
        wait_s = RETRY_S
        while True:
            try:
                return await work()
            except Exception as fault:
                if not (isinstance(fault, BusUnavailable) or passing(fault)):
                    raise
                self._missing = f"{part}: {type(fault).__name__}"
                log.warning("%s waits for its %s (%s)", self.name, part, type(fault).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_S_MAX)

    def _prepare_database(self) -> None:
        upgrade(self.db, self.migrations)
        with self.db.read() as tx:
            if self.settings.profile == "cluster" and passes_by_policies(tx):
                raise Crash("database role: expected an ordinary one, got one that row-level security does not bind")
            if self.check is not None:
                self.check(tx)

    def _begin(self) -> None:
        self._stopping = False
        self._wake.clear()
        self._loop = asyncio.get_running_loop()
        self._nudges = {job.name: asyncio.Event() for job in self.jobs}
        self.relay.prepare()
        self.worker.prepare()
        runs = [self.relay.run(), upkeep.run(self, self._wake), *(self._run_job(job) for job in self.jobs)]
        if self.inbox.handlers or self.inbox.states:
            runs.append(self.worker.run())
        self._tasks = [asyncio.create_task(run, name=f"{self.name}:{n}") for n, run in enumerate(runs)]

    def drain(self) -> None:
        """Say that the end is near: not ready any more, and nothing new is begun."""
        self._stopping = True
        for event in (self._wake, *self._nudges.values()):
            event.set()
        self.worker.stop()

    async def stop(self) -> None:
        """End in order; what does not end within its time is abandoned and rolls back."""
        self.drain()
        self.relay.stop()
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=STOP_S_MAX)
            for task in late:
                log.warning("%s: %s did not end in time", self.name, task.get_name())
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._tasks = []
        self.db.close()

    async def _run_job(self, job: Job) -> None:
        nudged = self._nudges[job.name]
        while not self._stopping:
            nudged.clear()
            await self.run_job(job)
            try:
                await asyncio.wait_for(nudged.wait(), job.every_s)
            except TimeoutError:
                continue

    async def run_job(self, job: Job) -> int:
        """Run a job until it does less than it could; returns how many things it did. A fault is counted and logged."""
        done = 0
        async with self._job_locks.setdefault(job.name, asyncio.Lock()):
            for _ in range(RUNS_IN_A_ROW_MAX):
                try:
                    count = await asyncio.to_thread(self._run_alone, job)
                except Exception:
                    log.exception("%s: job %s failed", self.name, job.name)
                    self.metrics.count("job_failures_total", job=job.name)
                    break
                done += count
                if count < job.full or self._stopping:
                    break
        self.activity += done
        return done

    def _run_alone(self, job: Job) -> int:
        """Run a job unless another process of this service is running it."""
        with self.db.only_one(f"job:{job.name}") as mine:
            return job.run(self) if mine else 0

    def progress(self) -> int:
        """Return a number that grows whenever this service did something; two equal readings mean it rested."""
        return self.activity + self.worker.taken + self.relay.moved

    async def backlog(self) -> dict[str, int]:
        """Count everything unfinished: all zero means quiet."""
        counts = await asyncio.to_thread(self._database_backlog)
        counts["lag"] = await self.worker.lag()
        return counts

    def _database_backlog(self) -> dict[str, int]:
        with self.db.read() as tx:
            return {"outbox": outbox.waiting(tx, self.tables), **self.service_backlog(tx)}

    async def faults(self) -> list[str]:
        """Return what keeps this service from being ready; empty when it is."""
        if self._missing is not None:
            return [self._missing]
        questions = {"database": self._of_database, "bus": self._of_bus}
        answers = await asyncio.gather(*(q.answer() for q in questions.values()), return_exceptions=True)
        parts = zip(questions, answers, strict=True)
        found = [f"{part}: {type(answer).__name__}" for part, answer in parts if isinstance(answer, BaseException)]
        if answers[0] is False:
            found.append("database: the schema is not the newest")
        if self.worker.crashed:
            found.append(f"consumer: {self.worker.crashed}")
        if self._stopping:
            found.append("stopping")
        return found

    def refresh_gauges(self) -> None:
        """Read what the gauges show from the database."""
        probes.refresh_gauges(self)

    async def refresh_metrics(self) -> None:
        """Read every gauge anew; what does not answer is told by ``part_up`` and keeps its last value."""
        questions = (self._of_gauges.answer(), self._of_lag.answer())
        database, lag = await asyncio.gather(*questions, return_exceptions=True)
        if isinstance(lag, int):
            self.metrics.gauge("consumer_lag", lag)
        up = {
            "database": not isinstance(database, BaseException),
            "bus": isinstance(lag, int),
            "consumer": self.worker.crashed is None,
        }
        for part, is_up in up.items():
            self.metrics.gauge("part_up", int(is_up), part=part)
