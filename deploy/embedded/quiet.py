"""Run until quiet: drive every service's jobs and wait until nothing is unfinished anywhere."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from shared.clock import Machine
from shared.errors import InkassoError
from shared.service import Service

STANDSTILL_S = 20.0
"""How long nothing may move while work is left before that counts as stuck."""

REST_S_MAX = 900.0
"""How long work may go on before it counts as going round in circles."""

PAUSE_S = 0.005
FAILED_PAUSE_S = 0.5

FAILURES = "inkasso_job_failures_total"


class NotQuiet(InkassoError):
    """Work does not come to rest; ``left`` names the services and what each has left, or what it keeps doing."""

    def __init__(self, left: Sequence[str]) -> None:
        super().__init__("work does not come to rest: " + "; ".join(left))
        self.left = list(left)


async def run_until_quiet(services: Sequence[Service], machine: Machine) -> None:
    """Return when a whole round of jobs did nothing, nothing was sent or taken, and every backlog is zero.

    A job that fails is tried again. Raises NotQuiet when a consumer has stopped, when nothing moves for
    ``STANDSTILL_S`` though work is left or a job fails, and when work still goes on after ``REST_S_MAX``.
    """
    started_at = moved_at = machine.monotonic()
    while True:
        before, failures = _carried(services), _failures(services)
        busy = await _run_jobs(services)
        failing = sorted(f"{name} fails" for name in _failures(services) - failures)
        left = [*await _left(services), *failing]
        moved = bool(busy) or _carried(services) != before
        if not moved and not left:
            return
        now = machine.monotonic()
        if moved:
            moved_at = now
        else:
            _refuse_stopped(services)
            await asyncio.sleep(FAILED_PAUSE_S if failing else PAUSE_S)
        if now - moved_at > STANDSTILL_S or now - started_at > REST_S_MAX:
            raise NotQuiet(left or busy)


async def _run_jobs(services: Sequence[Service]) -> list[str]:
    """Run every job until it has nothing more to do; return those that did something."""
    return [f"{service.name}: {job.name}" for service in services for job in service.jobs if await service.run_job(job)]


def _carried(services: Sequence[Service]) -> int:
    return sum(service.worker.taken + service.relay.moved for service in services)


def _failures(services: Sequence[Service]) -> Counter[str]:
    found: Counter[str] = Counter()
    for service in services:
        for metric in service.metrics.registry.restricted_registry([FAILURES]).collect():
            for sample in metric.samples:
                found[f"{service.name}: job {sample.labels['job']}"] = int(sample.value)
    return found


async def _left(services: Sequence[Service]) -> list[str]:
    backlogs = await asyncio.gather(*(service.backlog() for service in services))
    return [
        f"{service.name}: {kind} {count}"
        for service, backlog in zip(services, backlogs, strict=True)
        for kind, count in backlog.items()
        if count
    ]


def _refuse_stopped(services: Sequence[Service]) -> None:
    stopped = [f"{service.name}: {service.worker.crashed}" for service in services if service.worker.crashed]
    if stopped:
        raise NotQuiet(stopped)
