"""The same way with each service a process of its own, as in production: from the upload to the last case event."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from local.cluster import Running, wait_until_ready
from local.layout import SERVICES
from local.maven import ROOT
from local.process import free_port, spawn
from paying.parts import Cost, kafka_settings
from paying.stages import EVENTS_EACH, at_rest
from paying.town import Town, opened

LOOK_S = 0.1
WAIT_S_MAX = 600.0
STOP_S = 60.0
IDLE_S, IDLE_LOOKS = 5.0, 4


@contextmanager
def served(town: Town) -> Iterator[str]:
    """Run both services; gives the address of payments-ingest."""
    rest(town)
    running, watched = {}, town.parts.watched
    try:
        for name in town.urls:
            port, folder = free_port(), town.layout.data_dir(name)
            env = town.layout.environment(
                name, port=port, bootstrap=town.parts.kafka.bootstrap, database_url=town.urls[name]
            )
            env["PYTHONPATH"] = os.pathsep.join(str(ROOT / place) for place in (".", f"services/{name}"))
            command = [sys.executable, "-m", SERVICES[name]]
            running[name] = (spawn(command, folder / "service.log", bound=True, env=env), port)
        for name, (process, port) in running.items():
            wait_until_ready(Running(pid=process.pid, port=port), town.layout.data_dir(name) / "service.log")
            watched[name] = process.pid
        yield f"http://127.0.0.1:{running['payments-ingest'][1]}"
    finally:
        for name, (process, _) in running.items():
            watched.pop(name, None)
            process.send_signal(signal.SIGTERM)
        for process, _ in running.values():
            process.wait(STOP_S)


def rest(town: Town) -> None:
    """Let both services of a town do what is left to do, so that what is measured next is payments' work alone."""
    with opened(town) as services:
        asyncio.run(at_rest(services))


def idle(town: Town) -> Cost:
    """Return what all of them take while there is nothing to do: the least of some stretches after the last file."""
    stretches = []
    for _ in range(IDLE_LOOKS):
        with town.parts.measured() as cost:
            time.sleep(IDLE_S)
        stretches.append(cost)
    return min(stretches, key=lambda cost: cost.total_cpu_s)


def upload(town: Town, address: str, payments: int) -> Cost:
    """Hand in a file of so many payments and wait for their case events; returns what it took of everything."""
    return asyncio.run(_upload(town, address, payments))


async def _upload(town: Town, address: str, payments: int) -> Cost:
    from shared.auth import Role
    from shared.bus.kafka import KafkaBus
    from shared.clock import SystemMachine

    bus = KafkaBus(kafka_settings(town.parts, "watcher"), machine=SystemMachine())
    await bus.start()
    headers = {"Authorization": f"Bearer {town.layout.token(Role.BANK, 'bank')}"}
    content = town.file(payments)
    expected = sum((await bus.end_offsets("claims")).values()) + EVENTS_EACH * payments
    try:
        with town.parts.measured() as cost:
            answer = httpx.post(f"{address}/v1/files", content=content, headers=headers, timeout=60, trust_env=False)
            answer.raise_for_status()
            await _until(bus, expected)
        return cost
    finally:
        await bus.stop()


async def _until(bus: object, expected: int) -> None:
    until = time.perf_counter() + WAIT_S_MAX
    while time.perf_counter() < until:
        reached = sum((await bus.end_offsets("claims")).values())  # type: ignore[attr-defined]
        if reached >= expected:
            return
        await asyncio.sleep(LOOK_S)
    raise SystemExit(f"expected {expected} events of cases on the bus, got {reached}")
