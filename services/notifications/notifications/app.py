"""The service notifications, put together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from notifications.api import ROUTERS
from notifications.api.documents import BODY_LIMITS
from notifications.channels import Channel
from notifications.channels.folder import FolderChannel
from notifications.consumers import handlers, states
from notifications.handover import Office
from notifications.handover.folder import ExportFolder
from notifications.jobs import jobs
from notifications.package_jobs import PackageRoom
from notifications.render import Renderer
from notifications.sealed import Opener
from notifications.settings import NOTIFICATIONS, Settings
from notifications.store import mailings
from notifications.store import packages as package_store
from notifications.tables import PLUMBING
from shared.assembly import assemble
from shared.bus import Bus
from shared.clock import Clock, Machine
from shared.sealing import ensure_keypair
from shared.service import Service

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def build(
    settings: Settings,
    bus: Bus,
    clock: Clock,
    machine: Machine,
    *,
    channel: Channel | None = None,
    office: Office | None = None,
) -> Service:
    """Return the service, not started; ``channel`` and ``office`` None: the folders of the settings."""
    if settings.profile == "embedded":
        ensure_keypair(settings.keys_dir, NOTIFICATIONS)
    renderer, opener = Renderer(settings.sender), Opener((settings.keys_dir / f"{NOTIFICATIONS}.key",))
    packages = PackageRoom(
        renderer=renderer,
        opener=opener,
        office=office or ExportFolder(settings.packages_dir),
        origin=settings.origin,
    )
    return assemble(
        name=NOTIFICATIONS,
        version="1",
        description="Letters: rendering, dispatch, receipts; legal packages; the archive of every document in and out.",
        settings=settings,
        bus=bus,
        clock=clock,
        machine=machine,
        tables=PLUMBING,
        routers=ROUTERS,
        handlers=handlers(),
        states=states(),
        jobs=jobs(renderer, channel or FolderChannel(settings.letters_dir), opener, packages),
        backlog=backlog,
        migrations=MIGRATIONS,
        large_bodies=BODY_LIMITS,
    )


def backlog(tx: Connection) -> dict[str, int]:
    """Count letters that are neither sent nor withdrawn nor failed, and packages to be made or taken back."""
    return {"letters": mailings.unfinished(tx), "packages": package_store.unfinished(tx)}
