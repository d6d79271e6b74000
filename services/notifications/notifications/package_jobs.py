"""Periodic work on legal packages, outside transactions: make and hand over what is frozen, take back what fell."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from notifications.domain.letters import Unprintable
from notifications.domain.petition import Origin, Unfit
from notifications.handover import Answer, Office, Package, RetryLater
from notifications.handover.assemble import assemble
from notifications.render import Renderer
from notifications.sealed import Opener
from notifications.store import packages as store
from notifications.usecases import packages
from notifications.usecases.packages import Made
from notifications.usecases.petition_facts import Sources, petition_of, sources_of
from shared.failpoints import reach
from shared.service import Service

PACKAGES_MAX = 10
"""Packages made in one piece: each has all its letters in memory."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRoom:
    """What making packages needs: who petitions, the renderer, the private keys, and the way to the bodies."""

    renderer: Renderer
    opener: Opener
    office: Office
    origin: Origin


def make_packages(service: Service, room: PackageRoom) -> int:
    """Make packages and hand them over, take back those that fell away; returns how many moved on."""
    with service.db.read() as tx:
        due = [sources_of(tx, one) for one in store.to_make(tx, service.machine.now(), PACKAGES_MAX)]
    moved = 0
    for sources in due:
        made = _make(room, sources)
        reach("notifications.package.answered")
        with service.uow() as uow:
            moved += packages.record_made(uow, [made])
    return moved + _take_back(service, room)


def _make(room: PackageRoom, sources: Sources) -> Made:
    package = sources.package
    try:
        petition = petition_of(sources, room.origin, room.opener)
        parcel = assemble(room.renderer, petition, package.legal_step_id, sources.pdfs)
    except (Unfit, Unprintable) as wrong:
        log.warning("package %s cannot be made: %s", package.package_id, wrong.code)
        return Made(package=package, failure=wrong.code)
    return Made(package=package, parcel=parcel, answer=_hand_over(room.office, parcel), office=room.office.name)


def _hand_over(office: Office, parcel: Package) -> Answer:
    try:
        return office.hand_over(parcel)
    except Exception as fault:
        # Its words could quote the package: only what kind of fault it was is told.
        log.error("office %s failed on package %s: %s", office.name, parcel.package_id, type(fault).__name__)
        return RetryLater("office_fault")


def _take_back(service: Service, room: PackageRoom) -> int:
    with service.db.read() as tx:
        due = store.to_take_back(tx, PACKAGES_MAX)
    gone = [one.package_id for one in due if room.office.take_back(one.legal_step_id)]
    if gone:
        with service.uow() as uow:
            packages.record_taken_back(uow, gone)
    return len(gone)
