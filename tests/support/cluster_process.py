"""One service of the cluster profile, as in production but for its business clock, which a test holds.

The sandbox's clock is refused by the cluster profile, and rightly: so the test builds the service by the same
``build`` and runs it by the same ``shared.serve.run``, and gives it another clock and two routes to work it with.
Nothing of this can be reached in the product. Each process is forked off one that has loaded the code and done nothing
else: a test that starts a hundred of them need not load it a hundred times.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import func, select

from shared import failpoints
from shared.bus import Bus
from shared.clock import Clock, Machine, ManualClock, SystemMachine
from shared.serve import run
from shared.service import Service

CLOCK_FILE = "test-clock"
PACKAGES = ("claims_api", "payments_ingest", "escalation", "notifications")
_PR_SET_PDEATHSIG = 1

_forking = get_context("forkserver")
_forking.set_forkserver_preload([__name__, *(f"{package}.app" for package in PACKAGES)])


class Process:
    """A service's process, running from now on; it ends with the test's."""

    def __init__(self, service: str, environment: Mapping[str, str], log: Path) -> None:
        self._process = _forking.Process(target=begin, args=(service, dict(environment), log), daemon=True)
        self._process.start()

    def poll(self) -> int | None:
        """Its exit status, a signal's number below zero; None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; None if it did not come in time."""
        self._process.join(seconds)
        return self._process.exitcode

    def signal(self, which: signal.Signals) -> None:
        if self._process.pid is not None and self._process.exitcode is None:
            os.kill(self._process.pid, which)


def begin(service: str, environment: Mapping[str, str], log: Path) -> None:
    """What the forked process does: take the environment, write to the log, run."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.clear()
    os.environ.update(environment)
    failpoints.obey_environment()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.exit(main(service))


class Together(SystemMachine):
    """A machine whose steady clock goes with the business clock: a day that is set is a day that passed.

    Escalation holds every letter back when the clock on the wall goes where the steady one did not.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.today()

    def monotonic(self) -> float:
        return super().monotonic() + (self._clock.today() - self._start).total_seconds()


class Day(BaseModel):
    date: date


class Place(BaseModel):
    place: str


class Worked(BaseModel):
    busy: int
    carried: int
    left: dict[str, int]
    crashed: str | None
    events: dict[str, int]


def control(service: Service, clock: ManualClock, file: Path) -> APIRouter:
    router = APIRouter(prefix="/test")

    @router.post("/day")
    async def set_day(day: Day) -> None:
        """Set the date between two runs of a job, never in the middle: a job that saw two dates would trust neither."""
        file.write_text(day.date.isoformat())
        async with AsyncExitStack() as still:
            for job in service.jobs:
                await still.enter_async_context(service._job_locks.setdefault(job.name, asyncio.Lock()))
            clock.set(day.date)

    @router.post("/arm")
    def arm(place: Place) -> None:
        """Let this process die at a place, as ``INKASSO_FAILPOINT`` would from its start."""
        failpoints.arm(place.place)

    @router.post("/work")
    async def work() -> Worked:
        """Run every job until it has nothing more to do; say what is left and what has happened so far."""
        busy = sum([await service.run_job(job) for job in service.jobs])
        table = service.tables.events
        with service.db.read() as tx:
            counted = tx.execute(select(table.c.type, func.count()).group_by(table.c.type)).all()
        return Worked(
            busy=busy,
            carried=service.worker.taken + service.relay.moved,
            left=await service.backlog(),
            crashed=service.worker.crashed,
            events={row[0]: row[1] for row in counted},
        )

    return router


def main(service: str) -> int:
    package = service.replace("-", "_")
    app = importlib.import_module(f"{package}.app")
    settings = importlib.import_module(f"{package}.settings")
    file = Path(settings.Settings(profile="cluster").data_dir) / CLOCK_FILE
    clock = ManualClock(date.fromisoformat(file.read_text()))
    build: Callable[..., Service] = app.build

    def with_control(settings: Any, bus: Bus, given: Clock, _machine: Machine) -> Service:
        built = build(settings, bus, given, Together(given))
        built.app.include_router(control(built, clock, file))
        return built

    return run(service, settings.Settings, with_control, clock)
