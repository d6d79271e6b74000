"""How a service is put together: its HTTP app with the edge, the problems and the probes; its database; its inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from shared import probes
from shared.auth import TokenVerifier, verifier
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.db import Database
from shared.events import Payload
from shared.events.catalogue import TOPICS
from shared.http import Edge
from shared.inbox import Handler, Inbox, StateHandler
from shared.metrics import Metrics
from shared.openapi import install_openapi, name_roles
from shared.operator import router as operator_router
from shared.outbox import StateLoader
from shared.problems import install_problems, problems
from shared.rewinding import StateKeys
from shared.service import Backlog, DiscardHook, Job, Service, StartCheck
from shared.settings import BaseServiceSettings
from shared.tables import Plumbing


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
    check: StartCheck | None = None,
    state_keys: StateKeys | None = None,
    large_bodies: Mapping[str, int] | None = None,
    description: str = "",
) -> Service:
    """Wire a service. ``large_bodies`` gives routes (full path, such as /v1/files) their own body limit in bytes."""
    for kind in handlers:
        if name not in TOPICS[kind.TOPIC].consumers:
            raise ValueError(f"{name}: handles {kind.TYPE}, but is no consumer of {kind.TOPIC} in the catalogue")
    db = Database(settings.database(name), name, pool_size=settings.database_pool)
    inbox = Inbox(
        db=db,
        tables=tables,
        service=name,
        clock=clock,
        machine=machine,
        handlers=handlers,
        states=states,
        installation=settings.installation,
    )
    service = Service(
        name=name,
        app=FastAPI(title=name, version=version, description=description, lifespan=_lifespan, redirect_slashes=False),
        settings=settings,
        db=db,
        tables=tables,
        bus=bus,
        clock=clock,
        machine=machine,
        metrics=Metrics(name),
        verifier=_verifier(settings, machine),
        inbox=inbox,
        jobs=jobs,
        service_backlog=backlog,
        migrations=migrations,
        state_loader=state_loader,
        on_discard=on_discard,
        check=check,
        state_keys=state_keys,
    )
    _mount(service, routers, large_bodies or {})
    return service


def _mount(service: Service, routers: Sequence[APIRouter], large_bodies: Mapping[str, int]) -> None:
    service.app.state.service = service
    install_problems(service.app)
    install_openapi(service.app)
    for router in (*routers, operator_router):
        # FastAPI declares a 422 of its own shape on every route with parameters; ours is a problem like all others.
        service.app.include_router(name_roles(router), responses=problems(422))
    service.app.include_router(probes.probes(service))
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
        platform_jwks_file=settings.platform_jwks,
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
