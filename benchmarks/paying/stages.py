"""A bank file on its way through both services, one stage after the other in this process, each measured apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from paying.parts import Cost
from paying.town import Town, opened

POLL_S = 1.0
STAGES = ("stage", "match and release", "relay payments", "inbox and ledger", "relay case events")
"""From the file to the case's events on the bus."""
FOLLOWS = ("projection", "feed", "vouchers")
"""What the same payments bring about beside and after: matching learns of the case, its unit and the books are told."""
EVENTS_EACH = 2
"""A claim that is paid in full tells what is left of it, and that it ended."""


def walks(town: Town, payments: int, rounds: int, *, follows: bool = False) -> list[dict[str, Cost]]:
    """Send files of so many payments through, one after the other; returns what each stage of each of them cost.

    The services stay as they are between the files, and one file more goes first: what a service does once in its life
    is no stage's work. ``follows``: also what the platform does of it afterwards, in a town ``at_rest``.
    """
    from shared.serve import spare_the_collector

    spare_the_collector()
    with opened(town) as services:
        return asyncio.run(_walks(town, services, payments, rounds, follows=follows))


async def _walks(
    town: Town, services: dict[str, Any], payments: int, rounds: int, *, follows: bool
) -> list[dict[str, Cost]]:
    bank, claims = services["payments-ingest"], services["claims-api"]
    for service in services.values():
        await service.bus.start()
        await stand_at_end(service)
    steps: dict[str, Callable[[], Awaitable[None]]] = {
        STAGES[0]: lambda: _done(bank, "stage"),
        STAGES[1]: lambda: _done(bank, "release"),
        STAGES[2]: lambda: _relayed(bank),
    }
    taking = await _reader(claims, "payments")
    steps[STAGES[3]] = lambda: _taken(claims, taking, payments)
    steps[STAGES[4]] = lambda: _relayed(claims)
    if follows:
        learning = await _reader(bank, "claims")
        steps[FOLLOWS[0]] = lambda: _taken(bank, learning, payments * EVENTS_EACH)
        steps[FOLLOWS[1]] = lambda: _done(claims, "feed")
        steps[FOLLOWS[2]] = lambda: _done(claims, "vouchers")
    try:
        return [await _walk(town, bank, payments, steps) for _ in range(rounds + 1)][1:]
    finally:
        for service in services.values():
            await service.bus.stop()


async def _walk(
    town: Town, bank: Any, payments: int, steps: dict[str, Callable[[], Awaitable[None]]]
) -> dict[str, Cost]:
    _send(bank, town.file(payments))
    costs: dict[str, Cost] = {}
    for name, step in steps.items():
        with town.parts.measured() as cost:
            await step()
        costs[name] = cost
    return costs


def _send(bank: Any, content: bytes) -> None:
    from starlette.testclient import TestClient

    from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key

    issuer = TokenIssuer(local_key(bank.settings.keys_dir), LOCAL_ISSUER, bank.settings.audience, bank.machine)
    token = issuer.issue(Role.BANK, "bank", timedelta(hours=1))
    answer = TestClient(bank.app).post("/v1/files", content=content, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 202:
        raise SystemExit(f"the bank file was not taken: {answer.status_code} {answer.text}")


async def stand_at_end(service: Any) -> None:
    """Let a service that has read nothing yet begin where the log ends: before that are other towns' events."""
    from shared.bus import TopicPartition

    for topic in service.worker.topics:
        ends = {TopicPartition(topic, part): at for part, at in (await service.bus.end_offsets(topic)).items()}
        service.inbox.positions(ends, service.bus.epoch)


async def at_rest(services: dict[str, Any]) -> None:
    """Let services begin with nothing to do: the claims' own feed entries and vouchers are not payments' work."""
    for service in services.values():
        await service.bus.start()
        await stand_at_end(service)
        await service.bus.stop()
        for job in service.jobs:
            while job.run(service):
                pass


async def _done(service: Any, name: str) -> None:
    (job,) = (job for job in service.jobs if job.name == name)
    while await asyncio.to_thread(job.run, service):
        pass


async def _relayed(service: Any) -> None:
    while await service.relay.relay_once():
        pass


async def _reader(service: Any, topic: str) -> Any:
    """Return a consumer that stands where the service's database stands, as its worker begins."""
    from shared.bus import TopicPartition

    consumer = await service.bus.consumer(service.worker.group, [topic])
    starts = {tp: await consumer.start_offset(tp) for tp in consumer.assignment()}
    for tp, offset in (await asyncio.to_thread(service.inbox.positions, starts, service.bus.epoch)).items():
        await consumer.seek(TopicPartition(*tp), offset)
    return consumer


async def _taken(service: Any, consumer: Any, expected: int) -> None:
    """Take what is on the bus as the worker does, one transaction a batch."""
    from shared.worker import BATCH_MAX

    taken = 0
    while taken < expected:
        records = await consumer.poll(BATCH_MAX["postgresql"], POLL_S)
        if not records:
            raise SystemExit(f"expected {expected} events, got {taken}")
        outcome = await asyncio.to_thread(service.inbox.take, records, service.bus.epoch)
        if outcome.parked or outcome.dead:
            raise SystemExit(f"expected every event applied, got {outcome}")
        await consumer.commit(outcome.next_offsets)
        taken += sum(outcome.applied.values())
