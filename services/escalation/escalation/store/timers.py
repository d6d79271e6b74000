"""Timers: one for each claim, armed with its case's version and taken with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, update

from escalation.domain.planner import Next
from escalation.store.cases import CASE, CLAIM_DEBTOR
from escalation.tables import TimerRow
from shared.auth import Sight
from shared.db import any_of, chunks, table_of, upsert

TIMER = table_of(TimerRow)

ARMED, FIRED, IDLE = "armed", "fired", "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """What happens to some claims of a case on a day."""

    case_id: str
    claim_ids: tuple[str, ...]
    step: str
    on: date


def armed(case_id: str, version: int, nexts: Mapping[str, Next]) -> list[dict[str, Any]]:
    """Return the timer rows of a case as it is now; ``write`` stores them."""
    return [
        {
            "claim_id": claim_id,
            "case_id": case_id,
            "step": thing.step,
            "happens_on": thing.on,
            "wake_on": thing.wake,
            "version": version,
            "state": IDLE if thing.wake is None else ARMED,
        }
        for claim_id, thing in nexts.items()
    ]


def write(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store timers, in place of the claims' earlier ones."""
    upsert(tx, TIMER, rows, key=["claim_id"],
           update=["step", "happens_on", "wake_on", "version", "state"])  # fmt: skip


def due_cases(tx: Connection, today: date, cases_max: int) -> list[str]:
    """Return cases with a due timer, the longest due first, at most ``cases_max``; none only when none is due.

    As many timers are read in the order of their index, however many more are due; several may be of one case.
    """
    query = (
        select(TIMER.c.case_id)
        .where(TIMER.c.state == ARMED, TIMER.c.wake_on <= today)
        .order_by(TIMER.c.wake_on, TIMER.c.case_id)
        .limit(cases_max)
    )
    return list(dict.fromkeys(tx.execute(query).scalars()))


def take(tx: Connection, case_ids: Iterable[str], today: date) -> set[str]:
    """Fire the due timers of locked cases; returns the cases of those that were armed with the case's version.

    A timer that was armed for a case that has changed since, or that somebody else has fired, fires nothing.
    """
    taken: set[str] = set()
    for piece in chunks(case_ids):
        fitting = exists().where(CASE.c.case_id == TIMER.c.case_id, CASE.c.version == TIMER.c.version)
        claim = (
            update(TIMER)
            .where(any_of(tx, TIMER.c.case_id, piece), TIMER.c.state == ARMED, TIMER.c.wake_on <= today, fitting)
            .values(state=FIRED)
            .returning(TIMER.c.case_id)
        )
        taken.update(tx.execute(claim).scalars())
    return taken


def count_due(tx: Connection, today: date) -> int:
    """Count the timers due and not fired."""
    query = select(func.count()).select_from(TIMER).where(TIMER.c.state == ARMED, TIMER.c.wake_on <= today)
    return int(tx.execute(query).scalar_one())


def count_due_cases(tx: Connection, today: date) -> int:
    """Count the cases with a due timer: about as many steps will be asked for."""
    query = select(func.count(func.distinct(TIMER.c.case_id))).where(TIMER.c.state == ARMED, TIMER.c.wake_on <= today)
    return int(tx.execute(query).scalar_one())


def oldest_due(tx: Connection, today: date) -> date | None:
    """Return the day of the timer that has been due longest."""
    return tx.execute(
        select(func.min(TIMER.c.wake_on)).where(TIMER.c.state == ARMED, TIMER.c.wake_on <= today)
    ).scalar()


def upcoming(
    tx: Connection,
    sight: Sight,
    *,
    until: date,
    steps: Sequence[str],
    after: tuple[date, str, str] | None,
    items_max: int,
) -> list[Upcoming]:
    """Return what happens up to ``until``, by day, case and step, after the item whose three are ``after``."""
    key = (TIMER.c.happens_on, TIMER.c.case_id, TIMER.c.step)
    query = (
        _seen(select(*key), sight)
        .where(TIMER.c.happens_on <= until, TIMER.c.step.in_(steps))
        .group_by(*key)
        .order_by(*key)
        .limit(items_max)
    )
    if after is not None:
        day, case_id, step = after
        query = query.where(
            or_(
                TIMER.c.happens_on > day,
                and_(TIMER.c.happens_on == day, TIMER.c.case_id > case_id),
                and_(TIMER.c.happens_on == day, TIMER.c.case_id == case_id, TIMER.c.step > step),
            )
        )
    groups = [tuple(row) for row in tx.execute(query)]
    claims: dict[tuple[Any, ...], list[str]] = {group: [] for group in groups}
    for piece in chunks(sorted({case_id for _, case_id, _ in groups})):
        inside = _seen(select(*key, TIMER.c.claim_id), sight).where(TIMER.c.case_id.in_(piece))
        for *group, claim_id in tx.execute(inside.order_by(TIMER.c.claim_id)):
            if tuple(group) in claims:
                claims[tuple(group)].append(claim_id)
    return [
        Upcoming(case_id=case_id, claim_ids=tuple(claims[on, case_id, step]), step=step, on=on)
        for on, case_id, step in groups
    ]


def _seen(query: Select[Any], sight: Sight) -> Select[Any]:
    if sight.unit is not None:
        query = query.join(CASE, CASE.c.case_id == TIMER.c.case_id).where(CASE.c.creditor_unit == sight.unit)
    if sight.debtor_ref is not None:
        query = query.join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == TIMER.c.claim_id)
        query = query.where(CLAIM_DEBTOR.c.debtor_ref == sight.debtor_ref)
    return query


def open_cases(tx: Connection, *, unit: str | None, after: str | None, rows_max: int) -> list[str]:
    """Return cases that have a claim with something still to come, by id, after ``after``."""
    query = select(TIMER.c.case_id).where(TIMER.c.step != "none").distinct().order_by(TIMER.c.case_id).limit(rows_max)
    if after is not None:
        query = query.where(TIMER.c.case_id > after)
    return list(tx.execute(_seen(query, Sight(unit=unit))).scalars())
