"""A bank file on its way through both services, one stage after the other in this process, each measured apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from paying.parts import Cost
from paying.town import Town, opened

POLL_S = 1.0
STAGES = ("stage", "match and release", "relay payments", "inbox and ledger", "relay case events")


def walk(town: Town, payments: int) -> dict[str, Cost]:
    """Send a file of so many payments through; returns what each stage cost."""
    from shared.serve import spare_the_collector

    spare_the_collector()
    with opened(town) as services:
        return asyncio.run(_walk(town, services, payments))


async def _walk(town: Town, services: dict[str, Any], payments: int) -> dict[str, Cost]:
    bank, claims = services["payments-ingest"], services["claims-api"]
    for service in services.values():
        await service.bus.start()
    await stand_at_end(claims)
    consumer = await claims.bus.consumer(claims.worker.group, ["payments"])
    try:
        _send(bank, town.file(payments))
        costs: dict[str, Cost] = {}
        jobs = {job.name: job for job in bank.jobs}
        steps: dict[str, Callable[[], Any]] = {
            STAGES[0]: lambda: _until_done(lambda: jobs["stage"].run(bank)),
            STAGES[1]: lambda: _until_done(lambda: jobs["release"].run(bank)),
            STAGES[2]: lambda: _relayed(bank),
            STAGES[3]: lambda: _taken(claims, consumer, payments),
            STAGES[4]: lambda: _relayed(claims),
        }
        for name, step in steps.items():
            with town.parts.measured() as cost:
                await step()
            costs[name] = cost
        return costs
    finally:
        await consumer.stop()
        for service in services.values():
            await service.bus.stop()


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


async def _until_done(work: Callable[[], int]) -> None:
    while await asyncio.to_thread(work):
        pass


async def _relayed(service: Any) -> None:
    while await service.relay.relay_once():
        pass


async def _taken(claims: Any, consumer: Any, payments: int) -> None:
    """Take what is on the bus as the worker does, one transaction a batch."""
    from shared.bus import TopicPartition
    from shared.worker import BATCH_MAX

    starts = {tp: await consumer.start_offset(tp) for tp in consumer.assignment()}
    for tp, offset in (await asyncio.to_thread(claims.inbox.positions, starts, claims.bus.epoch)).items():
        await consumer.seek(TopicPartition(*tp), offset)
    taken = 0
    while taken < payments:
        records = await consumer.poll(BATCH_MAX["postgresql"], POLL_S)
        if not records:
            raise SystemExit(f"expected {payments} payment events, got {taken}")
        outcome = await asyncio.to_thread(claims.inbox.take, records, claims.bus.epoch)
        if outcome.parked or outcome.dead:
            raise SystemExit(f"expected every payment booked, got {outcome}")
        await consumer.commit(outcome.next_offsets)
        taken += sum(outcome.applied.values())
