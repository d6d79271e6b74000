"""Puts payments-ingest together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from payments_ingest.api import ROUTERS
from payments_ingest.consumers import handlers, states
from payments_ingest.deps import Deps, deps_of
from payments_ingest.domain.bank_days import Completer
from payments_ingest.hashing import load_hasher
from payments_ingest.jobs import jobs
from payments_ingest.settings import MIB, Settings
from payments_ingest.sources.inbox import Inbox
from payments_ingest.store import files
from payments_ingest.tables import PLUMBING
from payments_ingest.usecases.bank_days import close_all, ensure_accounts
from shared.assembly import assemble
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.service import Service

NAME = "payments-ingest"
MIGRATIONS = Path(__file__).parents[1] / "migrations"
MULTIPART_OVERHEAD_BYTES = MIB


def build(settings: Settings, bus: Bus, clock: Clock, machine: Machine) -> Service:
    """Wire the service; nothing runs until it is started."""
    deps = Deps(settings=settings, hasher=load_hasher(settings.keys_dir))
    inbox = Inbox(settings, machine)

    def backlog(tx: Connection) -> dict[str, int]:
        return {"bank_files": files.count_in_work(tx), "bank_inbox": inbox.waiting()}

    service = assemble(
        name=NAME,
        version="1",
        description="The bank's files, every transaction in them, whose money it is, and complete bank days.",
        settings=settings,
        bus=bus,
        clock=clock,
        machine=machine,
        tables=PLUMBING,
        routers=ROUTERS,
        handlers=handlers(deps),
        states=states(deps),
        jobs=jobs(inbox),
        backlog=backlog,
        migrations=MIGRATIONS,
        large_bodies={"/v1/files": settings.file_max_bytes + MULTIPART_OVERHEAD_BYTES},
    )
    service.app.state.deps = deps
    return service


def close_bank_day(service: Service, day: date) -> int:
    """Complete a bank day of every account of ours by the sandbox's clock; returns how many were published.

    Does nothing where bank days are completed by statement or cut-off, also in a sandbox. Raises Conflict while a file
    is in work.
    """
    settings = deps_of(service).settings
    if settings.completion != "sandbox":
        return 0
    with service.uow() as uow:
        ensure_accounts(uow, settings.accounts)
        return close_all(uow, day, Completer.SANDBOX)
