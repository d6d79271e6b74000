"""Run until quiet: drive every service's jobs and wait until nothing is unfinished anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.clock import Machine
from shared.errors import InkassoError
from shared.service import Service

STANDSTILL_S = 20.0
"""How long nothing may move while work is left before that counts as stuck."""

PAUSE_S = 0.005


class NotQuiet(InkassoError):
    """Work is left and nothing moves; says which service has what left, or which consumer stopped."""

    def __init__(self, left: Sequence[str]) -> None:
        super().__init__("work does not come to rest: " + "; ".join(left))
        self.left = list(left)


async def run_until_quiet(services: Sequence[Service], machine: Machine) -> None:
    """Return when a whole round of jobs did nothing and every service's backlog is zero.

    Raises NotQuiet when a consumer has stopped, or when nothing moves for ``STANDSTILL_S`` though work is left.
    """
    moved_at = machine.monotonic()
    while True:
        before = _progress(services)
        for service in services:
            await service.run_jobs()
        left = await _left(services)
        if _progress(services) != before:
            moved_at = machine.monotonic()
            continue
        if not left:
            return
        _refuse_stopped(services)
        if machine.monotonic() - moved_at > STANDSTILL_S:
            raise NotQuiet(left)
        await asyncio.sleep(PAUSE_S)


def _progress(services: Sequence[Service]) -> int:
    return sum(service.progress() for service in services)


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
