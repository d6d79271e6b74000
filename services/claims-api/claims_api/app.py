"""Wiring of claims-api: settings, keys, rates, routes, handlers and jobs become one service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from claims_api import jobs
from claims_api.api import (
    audit,
    batch,
    cases,
    claims,
    corrections,
    creditors,
    debtors,
    feed,
    holds,
    messages,
    payment_choices,
    petitions,
    remittance,
    requests,
    token,
    webhooks,
    writeoff,
)
from claims_api.api.intake import intake_group
from claims_api.consumers import handlers, on_discard, states
from claims_api.deps import Deps, make_deps
from claims_api.settings import Settings
from claims_api.store.feed import waiting
from claims_api.store.states import state_keys
from claims_api.tables import PLUMBING
from claims_api.usecases.debtors import party_states
from claims_api.usecases.keys import check_keys
from claims_api.usecases.requests.texts import text_states
from shared.assembly import assemble
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.service import Service

NAME = "claims-api"
VERSION = "1"
MIGRATIONS = Path(__file__).parents[1] / "migrations"
DESCRIPTION = "Money and the case record: claims, cases, the ledger, what is owed and why."


def build(settings: Settings, bus: Bus, clock: Clock, machine: Machine) -> Service:
    """Build the service; it does not start when a key that stored values need is gone."""
    deps = make_deps(settings)

    def load_parties(
        tx: Connection, _topic: str, keys: Sequence[str]
    ) -> Mapping[str, tuple[Mapping[str, str], bytes | None]]:
        return {**party_states(tx, deps, NAME, clock, keys), **text_states(tx, deps, NAME, clock, keys)}

    service = assemble(
        name=NAME,
        version=VERSION,
        settings=settings,
        bus=bus,
        clock=clock,
        machine=machine,
        tables=PLUMBING,
        routers=[
            batch.router,
            claims.router,
            corrections.router,
            cases.router,
            holds.router,
            requests.router,
            messages.router,
            payment_choices.router,
            petitions.router,
            creditors.router,
            remittance.router,
            remittance.queue,
            debtors.router,
            writeoff.router,
            audit.router,
            feed.router,
            webhooks.router,
            token.router,
        ],
        handlers=handlers(deps),
        states=states(deps),
        jobs=jobs.jobs(deps),
        backlog=backlog,
        migrations=MIGRATIONS,
        state_loader=load_parties,
        on_discard=on_discard(deps),
        check=lambda tx: check_keys(tx, deps),
        state_keys=state_keys,
        large_bodies={batch.PATH: batch.BODY_MAX_BYTES},
        description=DESCRIPTION,
    )
    service.app.state.deps = deps
    service.app.state.intake = intake_group(service)
    return service


def backlog(tx: Connection) -> dict[str, int]:
    """Count unfinished work of this service; what waits for a person or a date is none."""
    return {"feed": waiting(tx)}


def deps_of_service(service: Service) -> Deps:
    """Return what a built service's use cases depend on; for whoever composes several services in one process."""
    return cast(Deps, service.app.state.deps)
