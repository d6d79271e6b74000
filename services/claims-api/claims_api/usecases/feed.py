"""Writing the units' feeds: each event of a case becomes an entry of its unit's feed, once, with the next position.

Positions are given after commit, by one writer, so that a unit that reads up to a position has read everything before
it (decisions A5). What only concerns the platform's own services, and who else is liable, is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection

from claims_api.store import cases, feed
from claims_api.store.feed import FeedEntry, Named, Published
from shared.events.claims import (
    DemandDeclined,
    DemandReleased,
    PayoutRefused,
    PayoutReserved,
    RefundProposed,
)
from shared.uow import Uow

NOT_TOLD = frozenset(
    kind.TYPE for kind in (DemandDeclined, DemandReleased, PayoutRefused, PayoutReserved, RefundProposed)
)
"""Kinds that are between the platform's own services."""

NOT_SHOWN = frozenset({"recipients", "debtor_refs", "debtor_ref", "payee", "step_id", "ladder", "text_id", "text_ids"})
"""Fields that say who else is liable, or how the platform works inside."""


def anything_new(tx: Connection) -> bool:
    """Tell whether the writer would find something to write."""
    return bool(feed.unfed(tx, feed.writer_at(tx), 1))


def write_feeds(uow: Uow, *, limit: int) -> int:
    """Give the newest events their positions; returns how many there were."""
    last_row = feed.lock_writer(uow.tx)
    found = feed.unfed(uow.tx, last_row, limit)
    if not found:
        return 0
    written = _write(uow, _whole(uow, found))
    if found[-1].row > last_row:
        feed.move_writer(uow.tx, found[-1].row)
    return written


def sweep_feeds(uow: Uow, *, limit: int) -> int:
    """Give positions to events that the writer never looked at, however late they were committed."""
    feed.lock_writer(uow.tx)
    late = feed.behind(uow.tx, limit)
    fed = feed.fed_versions(uow.tx, late)
    new = [
        event
        for case_id, version in sorted(late.items())
        for event in feed.published_between(uow.tx, case_id, fed.get(case_id, 0) + 1, version)
    ]
    return _write(uow, new)


def _whole(uow: Uow, found: Sequence[Published]) -> list[Published]:
    """Return each case's events in the order of their versions and without a gap, those before the found ones too."""
    reached: dict[str, int] = {}
    new: list[Published] = []
    for event in found:
        fed = reached.get(event.case_id, event.fed)
        if event.version <= fed:
            continue
        if event.version > fed + 1:
            new += feed.published_between(uow.tx, event.case_id, fed + 1, event.version - 1)
        new.append(event)
        reached[event.case_id] = event.version
    return new


def _write(uow: Uow, new: Sequence[Published]) -> int:
    if not new:
        return 0
    told = [_told(one) for one in new if one.type not in NOT_TOLD]
    about = feed.claims_named(uow.tx, {claim_id for one in told for claim_id in one.claim_ids})
    units = _units(uow, told, about)
    positions = feed.last_positions(uow.tx, set(units.values()))
    entries = []
    for one in told:
        unit = units.get(one.event.case_id)
        if unit is not None:
            positions[unit] += 1
            entries.append(_entry(one, unit, positions[unit], about))
    feed.append(uow.tx, entries, positions)
    feed.keep_versions(uow.tx, {one.case_id: one.version for one in new})
    return len(new)


class _Told(NamedTuple):
    """An event, and what of it a unit may see."""

    event: Published
    data: dict[str, Any]
    claim_ids: list[str]


def _told(event: Published) -> _Told:
    data = {name: value for name, value in from_json(event.payload).items() if name not in NOT_SHOWN}
    return _Told(event, data, [data["claim_id"]] if data.get("claim_id") else list(data.get("claim_ids") or ()))


def _units(uow: Uow, told: Sequence[_Told], about: Mapping[str, Named]) -> dict[str, str]:
    """Return whose each case is: its claims say it, and where none of them is named the case itself."""
    wanted = {one.event.case_id for one in told}
    units = {claim.case_id: claim.unit for claim in about.values() if claim.case_id in wanted}
    return units | cases.units_of(uow.tx, wanted - units.keys())


def _entry(told: _Told, unit: str, position: int, about: Mapping[str, Named]) -> FeedEntry:
    """Return the entry of an event, with the unit's own references beside our ids."""
    event, data, ids = told
    references = [about[claim_id].reference for claim_id in ids if claim_id in about]
    return FeedEntry(
        unit=unit,
        position=position,
        event_id=event.event_id,
        type=event.type,
        at=event.at,
        case_id=event.case_id,
        claim_id=ids[0] if len(ids) == 1 else None,
        data=data | {"external_refs": references},
    )
