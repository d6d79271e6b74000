"""One process: the bus, the clock, every service and the root they hang on.

``compose`` wires it from the settings; the root application's lifespan starts everything in order (log, services,
sample) and stops it in the reverse order. A second process on the same data folder is refused.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi import FastAPI

import claims_api.app
import claims_api.settings
import escalation.app
import escalation.settings
import notifications.app
import notifications.settings
import payments_ingest.app
import payments_ingest.settings
from embedded.edge import RootEdge
from embedded.lock import FolderLock
from embedded.pages import root_router
from embedded.sample import seed_creditors
from embedded.sandbox import Mover, clock_router
from embedded.settings import EmbeddedSettings
from shared.auth import local_key
from shared.bus.embedded import EmbeddedBus
from shared.clock import Clock, Machine, SandboxClock, SystemClock, SystemMachine
from shared.metrics import Metrics
from shared.openapi import install_openapi, name_roles
from shared.problems import install_problems
from shared.service import Service
from shared.settings import BaseServiceSettings

log = logging.getLogger(__name__)

NAME = "embedded"
VERSION = "1"

S = TypeVar("S", bound=BaseServiceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Everything in the one process."""

    settings: EmbeddedSettings
    lock: FolderLock
    bus: EmbeddedBus
    clock: Clock
    machine: Machine
    claims: Service
    payments: Service
    escalation: Service
    notifications: Service
    app: FastAPI
    url: str
    on_start: Callable[[Installation], None] | None

    @property
    def services(self) -> Sequence[Service]:
        """The services, in the order they are started."""
        return (self.claims, self.payments, self.escalation, self.notifications)

    async def start(self) -> None:
        """Start the log and the services, and load the creditors at the first start."""
        await self.bus.start()
        started: list[Service] = []
        try:
            for service in self.services:
                await service.start()
                started.append(service)
            if self.settings.first_creditors is not None:
                await asyncio.to_thread(seed_creditors, self.claims, self.settings.first_creditors)
        except BaseException:
            await self._stop(started)
            raise

    async def stop(self) -> None:
        """Stop in the reverse order and let another process have the folder."""
        await self._stop(self.services)

    async def _stop(self, services: Sequence[Service]) -> None:
        try:
            for service in reversed(services):
                await service.stop()
            await self.bus.stop()
        finally:
            self.lock.release()


def compose(
    settings: EmbeddedSettings, *, url: str, on_start: Callable[[Installation], None] | None = None
) -> Installation:
    """Wire an installation; nothing runs until its app's lifespan does.

    ``url`` is written to ``server.json`` while it runs, so that ``inkasso`` finds it; ``on_start`` is called when
    everything has started. Raises DataFolderInUse when another process works in the data folder.
    """
    lock = FolderLock(settings.data_dir)
    try:
        return _compose(settings, lock, url, on_start)
    except BaseException:
        lock.release()
        raise


def _compose(
    settings: EmbeddedSettings, lock: FolderLock, url: str, on_start: Callable[[Installation], None] | None
) -> Installation:
    machine = SystemMachine()
    if settings.sandbox:
        local_key(settings.keys_dir)
    bus = EmbeddedBus(settings.data_dir / "bus.db", machine=machine)
    clock: Clock = SystemClock()
    if settings.sandbox:
        clock = SandboxClock(settings.data_dir / "clock.json", settings.business_date)
    app = FastAPI(
        title="Kommunal innkreving",
        version=VERSION,
        description="The embedded profile: every service under its name, and the sandbox's clock.",
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    install_problems(app)
    install_openapi(app)
    parts = (bus, clock, machine)
    installation = Installation(
        settings=settings,
        lock=lock,
        bus=bus,
        clock=clock,
        machine=machine,
        claims=claims_api.app.build(_like(settings, claims_api.settings.Settings), *parts),
        payments=payments_ingest.app.build(_like(settings, payments_ingest.settings.Settings), *parts),
        escalation=escalation.app.build(_like(settings, escalation.settings.Settings), *parts),
        notifications=notifications.app.build(_like(settings, notifications.settings.Settings), *parts),
        app=app,
        url=url,
        on_start=on_start,
    )
    app.state.installation = installation
    # The clock's routes judge tokens as claims-api does, and its claims decide which dates may be set.
    app.state.service = installation.claims
    metrics = Metrics(NAME)
    app.include_router(root_router(installation.services, clock, metrics, sandbox=settings.sandbox))
    app.add_middleware(RootEdge, metrics=metrics, machine=machine, mounted=[s.name for s in installation.services])
    if isinstance(clock, SandboxClock):
        app.include_router(name_roles(clock_router(_mover(installation, clock))))
    for service in installation.services:
        app.mount(f"/{service.name}", service.app)
    return installation


def _like(settings: EmbeddedSettings, kind: type[S]) -> S:
    return kind(**settings.model_dump(include=set(BaseServiceSettings.model_fields), exclude_unset=True))


def _mover(installation: Installation, clock: SandboxClock) -> Mover:
    return Mover(
        services=installation.services,
        claims=installation.claims,
        clock=clock,
        machine=installation.machine,
        close_bank_day=lambda day: payments_ingest.app.close_bank_day(installation.payments, day),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    installation: Installation = app.state.installation
    await installation.start()
    server_file = installation.settings.server_file
    draft = server_file.with_suffix(".new")
    draft.write_text(json.dumps({"url": installation.url, "pid": os.getpid()}), "utf-8")
    draft.replace(server_file)
    if installation.on_start is not None:
        installation.on_start(installation)
    try:
        yield
    finally:
        server_file.unlink(missing_ok=True)
        await installation.stop()
