"""What every service is made of: an HTTP app, a database, an inbox, an outbox relay and periodic jobs.

``assemble`` puts one together; ``Service.start`` runs it and ``Service.stop`` ends it in order: no new work, finish
the batch at hand, let go of the bus, close the database (reference: graceful shutdown order).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, func, select

from shared import outbox, parking
from shared.auth import TokenVerifier, verifier
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.db import Database
from shared.events import Event, Payload
from shared.events.catalogue import TOPICS
from shared.failpoints import reach
from shared.http import Edge
from shared.inbox import Handler, Inbox, StateHandler
from shared.metrics import CONTENT_TYPE, Metrics
from shared.migrate import at_head, upgrade
from shared.operator import router as operator_router
from shared.outbox import Relay, StateLoader
from shared.problems import Problem, install_problems
from shared.settings import BaseServiceSettings
from shared.tables import Plumbing
from shared.uow import Uow, open_uow
from shared.worker import Worker

STOP_S_MAX = 25.0
RUNS_IN_A_ROW_MAX = 10_000

log = logging.getLogger(__name__)

Backlog = Callable[[Connection], dict[str, int]]
DiscardHook = Callable[[Uow, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Periodic work: ``run`` does a bounded piece and says how many things it did; again at once while that is > 0."""

    name: str
    run: Callable[[Service], int]
    every_s: float = 5.0


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
    relay: Relay = field(init=False)
    worker: Worker = field(init=False)
    activity: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _job_locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.relay = Relay(self.db, self.tables, self.bus, self.metrics, self.state_loader)
        topics = sorted({kind.TOPIC for kind in self.inbox.handlers} | set(self.inbox.states))
        self.worker = Worker(self.inbox, self.bus, topics, self.metrics, self.relay.wake)

    @contextmanager
    def uow(self) -> Iterator[Uow]:
        """Open a unit of work: committed with its events at the end, rolled back when the block raises."""
        with self.db.begin() as tx:
            uow = open_uow(tx, db=self.db, tables=self.tables, source=self.name, clock=self.clock, machine=self.machine)
            yield uow
            label = uow.label()
            emitted = uow.flush()
            reach(f"{label}.before_commit")
        reach(f"{label}.after_commit")
        if emitted:
            self.activity += 1  # a unit of work that only looked is no progress
            self.relay.wake()

    def replay(self, topic: str, key: str, who: str, reason: str) -> int:
        """Apply a parked key's events in order, in one transaction; returns how many."""
        with self.uow() as uow:
            events = parking.waiting_events(uow.tx, self.tables, topic, key)
            for event in events:
                self.inbox.handlers[type(event.payload)](uow, [event])
            parking.finish_replay(uow, topic, key, events, who, reason)
        return len(events)

    async def start(self) -> None:
        """Bring the schema up to date and begin to consume, relay and run jobs."""
        await asyncio.to_thread(upgrade, self.db, self.migrations)
        self._stopping = False
        runs = [self.relay.run(), *(self._run_job(job) for job in self.jobs)]
        if self.inbox.handlers or self.inbox.states:
            runs.append(self.worker.run())
        self._tasks = [asyncio.create_task(run, name=f"{self.name}:{n}") for n, run in enumerate(runs)]

    async def stop(self) -> None:
        """End in order; what does not end within its time is abandoned and rolls back."""
        self._stopping = True
        self._wake.set()
        self.worker.stop()
        self.relay.stop()
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=STOP_S_MAX)
            for task in late:
                log.warning("%s: %s did not end in time", self.name, task.get_name())
                task.cancel()
        self._tasks = []
        self.db.close()

    async def _run_job(self, job: Job) -> None:
        while not self._stopping:
            await self.run_job(job)
            try:
                await asyncio.wait_for(self._wake.wait(), job.every_s)
            except TimeoutError:
                continue

    async def run_job(self, job: Job) -> int:
        """Run a job until it has nothing more to do; returns how many things it did. A fault is counted and logged."""
        done = 0
        async with self._job_locks.setdefault(job.name, asyncio.Lock()):
            for _ in range(RUNS_IN_A_ROW_MAX):
                try:
                    count = await asyncio.to_thread(job.run, self)
                except Exception:
                    log.exception("%s: job %s failed", self.name, job.name)
                    self.metrics.count("job_failures_total", job=job.name)
                    break
                done += count
                if not count or self._stopping:
                    break
        self.activity += done
        return done

    async def run_jobs(self) -> int:
        """Run every job now; the sandbox does so after each move of the date."""
        return sum([await self.run_job(job) for job in self.jobs])

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
        found = []
        try:
            if not await asyncio.to_thread(at_head, self.db, self.migrations):
                found.append("database: the schema is not the newest")
        except Exception as error:
            found.append(f"database: {type(error).__name__}")
        if self.worker.crashed:
            found.append(f"consumer: {self.worker.crashed}")
        if self._stopping:
            found.append("stopping")
        return found

    def refresh_gauges(self) -> None:
        """Read what the gauges show from the database."""
        with self.db.read() as tx:
            counts = {"outbox": outbox.waiting(tx, self.tables), **self.service_backlog(tx)}
            parked = tx.execute(select(func.count()).select_from(self.tables.parked_key)).scalar_one()
            dead = tx.execute(select(func.count()).select_from(self.tables.dead_letter)).scalar_one()
        self.metrics.gauge("outbox_waiting", counts["outbox"])
        self.metrics.gauge("parked_keys", parked)
        self.metrics.gauge("dead_letters", dead)
        for kind, count in counts.items():
            self.metrics.gauge("backlog", count, kind=kind)


def assemble(
    *,
    name: str,
    version: str,
    settings: BaseServiceSettings,
    bus: Bus,
    clock: Clock,
    machine: Machine,
    tables: Plumbing,
    routers: Sequence[APIRouter],
    handlers: Mapping[type[Payload], Handler],
    states: Mapping[str, StateHandler],
    jobs: Sequence[Job],
    backlog: Backlog,
    migrations: Path,
    state_loader: StateLoader | None = None,
    on_discard: DiscardHook | None = None,
    large_bodies: Mapping[str, int] | None = None,
    description: str = "",
) -> Service:
    """Wire a service. ``large_bodies`` gives routes (full path, such as /v1/files) their own body limit in bytes."""
    for kind in handlers:
        if name not in TOPICS[kind.TOPIC].consumers:
            raise ValueError(f"{name}: handles {kind.TYPE}, but is no consumer of {kind.TOPIC} in the catalogue")
    db = Database(settings.database(name), name)
    service = Service(
        name=name,
        app=FastAPI(title=name, version=version, description=description, lifespan=_lifespan),
        settings=settings,
        db=db,
        tables=tables,
        bus=bus,
        clock=clock,
        machine=machine,
        metrics=Metrics(name),
        verifier=_verifier(settings, machine),
        inbox=Inbox(db=db, tables=tables, service=name, clock=clock, machine=machine, handlers=handlers, states=states),
        jobs=jobs,
        service_backlog=backlog,
        migrations=migrations,
        state_loader=state_loader,
        on_discard=on_discard,
    )
    _mount(service, routers, large_bodies or {})
    return service


def _mount(service: Service, routers: Sequence[APIRouter], large_bodies: Mapping[str, int]) -> None:
    service.app.state.service = service
    install_problems(service.app)
    for router in (*routers, operator_router, _probes(service)):
        service.app.include_router(router)
    service.app.add_middleware(
        Edge,
        metrics=service.metrics,
        machine=service.machine,
        body_max_bytes=service.settings.json_body_max_bytes,
        large_bodies=dict(large_bodies),
    )


def _verifier(settings: BaseServiceSettings, machine: Machine) -> TokenVerifier:
    return verifier(
        keys_dir=settings.keys_dir,
        sandbox=settings.sandbox,
        issuer=settings.issuer,
        jwks_file=settings.issuer_jwks,
        audience=settings.audience,
        machine=machine,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the service as its app runs; a mounted app has no lifespan, so the composer starts the service itself."""
    service: Service = app.state.service
    await service.bus.start()
    await service.start()
    try:
        yield
    finally:
        await service.stop()
        await service.bus.stop()


def _probes(service: Service) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers; never looks at the database or the bus."""
        return {"status": "ok", "service": service.name}

    @router.get("/ready", responses={503: {"model": Problem}})
    async def ready() -> JSONResponse:
        """Say whether this service can do its work, and what is missing if not."""
        found = await service.faults()
        return JSONResponse({"ready": not found, "faults": found}, status_code=503 if found else 200)

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Return the metrics in Prometheus' text format."""
        await asyncio.to_thread(service.refresh_gauges)
        service.metrics.gauge("consumer_lag", await service.worker.lag())
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    return router
