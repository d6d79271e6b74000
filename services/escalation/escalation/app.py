"""The service escalation, put together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from escalation.api import ROUTERS
from escalation.consumers import handlers
from escalation.domain.policy import DEFAULT_FILE, load_book
from escalation.jobs import jobs
from escalation.settings import ESCALATION, Settings
from escalation.store import timers
from escalation.tables import PLUMBING
from shared.assembly import assemble
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.service import Service

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def build(settings: Settings, bus: Bus, clock: Clock, machine: Machine) -> Service:
    """Return the service, not started. Raises LadderError when its ladder may not be used."""
    book = load_book(settings.ladder_file or DEFAULT_FILE)

    def backlog(tx: Connection) -> dict[str, int]:
        """Count the timers that are due and not fired."""
        return {"timers": timers.count_due(tx, clock.today())}

    service = assemble(
        name=ESCALATION,
        version="1",
        description="Time: the collection ladder, its timers, legal steps, and what happens next.",
        settings=settings,
        bus=bus,
        clock=clock,
        machine=machine,
        tables=PLUMBING,
        routers=ROUTERS,
        handlers=handlers(book),
        states={},
        jobs=jobs(book, settings.limits),
        backlog=backlog,
        migrations=MIGRATIONS,
    )
    service.app.state.book = book
    return service
