"""Write-offs, and which claims are about to be, or are, time-barred."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from claims_api.tables import ClaimRow, LimitationWarningRow, WriteOffRow
from shared.db import chunks, insert_ignore, insert_rows, lock_rows, table_of

WRITE_OFF = table_of(WriteOffRow)
WARNING = table_of(LimitationWarningRow)
_CLAIM = table_of(ClaimRow)

PROPOSED, DONE, REFUSED, DROPPED = "proposed", "done", "refused", "dropped"
TIME_BARRED = "time_barred"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """A write-off (avskriving) as stored; ``state`` is one of the constants of this module."""

    write_off_id: str
    case_id: str
    claim_id: str
    reason: str
    amount_ore: int
    state: str
    proposed_by: str
    proposed_at: datetime
    first_approved_by: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A claim whose last day is at most ``days`` away."""

    claim_id: str
    case_id: str
    last_day: date
    days: int


def to_warn(tx: Connection, today: date, warning_days: Collection[int], limit: int) -> list[Warned]:
    """Return claims whose tightest warning is due and was not given, the nearest last day first.

    ``warning_days``: how many days before the last day a warning is given.
    """
    found: list[Warned] = []
    nearest = 0
    for days in sorted(warning_days):
        given = (WARNING.c.claim_id == _CLAIM.c.claim_id) & (WARNING.c.last_day == _CLAIM.c.last_day)
        query = (
            select(_CLAIM.c.claim_id, _CLAIM.c.case_id, _CLAIM.c.last_day)
            .where(
                _open_until(today + timedelta(days=nearest), today + timedelta(days=days)),
                ~select(WARNING.c.claim_id).where(given, WARNING.c.days == days).exists(),
            )
            .order_by(_CLAIM.c.last_day, _CLAIM.c.claim_id)
            .limit(limit - len(found))
        )
        found.extend(Warned(days=days, **row) for row in tx.execute(query).mappings())
        nearest = days + 1
        if len(found) >= limit:
            break
    return found


def add_warnings(tx: Connection, warned: Sequence[Warned], on: date) -> None:
    """Note that warnings were given."""
    rows = [{"claim_id": one.claim_id, "last_day": one.last_day, "days": one.days, "warned_on": on} for one in warned]
    insert_ignore(tx, WARNING, rows)


def to_bar(tx: Connection, today: date, limit: int) -> list[tuple[str, str]]:
    """Return (case, claim) of open claims whose last day has passed."""
    query = (
        select(_CLAIM.c.case_id, _CLAIM.c.claim_id)
        .where(_CLAIM.c.last_day < today, _CLAIM.c.ended_on.is_(None))
        .order_by(_CLAIM.c.last_day, _CLAIM.c.claim_id)
        .limit(limit)
    )
    return [(case_id, claim_id) for case_id, claim_id in tx.execute(query)]


def barred_too_soon(tx: Connection, today: date, limit: int) -> list[tuple[str, str]]:
    """Return (case, claim) of time-barred claims whose last day turned out to be later: something interrupted it."""
    query = (
        select(_CLAIM.c.case_id, _CLAIM.c.claim_id)
        .join(WRITE_OFF, WRITE_OFF.c.claim_id == _CLAIM.c.claim_id)
        .where(
            WRITE_OFF.c.state == PROPOSED,
            WRITE_OFF.c.reason == TIME_BARRED,
            _CLAIM.c.status == TIME_BARRED,
            _CLAIM.c.last_day >= today,
        )
        .limit(limit)
    )
    return [(case_id, claim_id) for case_id, claim_id in tx.execute(query)]


def at_risk_ore(tx: Connection, today: date, within_days: int) -> int:
    """Return what is posted as owed on open claims that are time-barred within so many days, in øre."""
    left = _CLAIM.c.principal_left_ore + _CLAIM.c.interest_left_ore + _CLAIM.c.fees_left_ore + _CLAIM.c.costs_left_ore
    query = select(func.coalesce(func.sum(left), 0))
    query = query.where(_open_until(today, today + timedelta(days=within_days)))
    return int(tx.execute(query).scalar_one())


def open_again(tx: Connection, claim_ids: Iterable[str]) -> None:
    """Take back that claims are time-barred; the caller holds their cases' locks."""
    for piece in chunks(sorted(set(claim_ids))):
        query = update(_CLAIM).where(_CLAIM.c.claim_id.in_(piece), _CLAIM.c.status == TIME_BARRED)
        tx.execute(query.values(status="accepted", ended_on=None, end_reason=None))


def add_write_offs(tx: Connection, rows: Sequence[WriteOff]) -> None:
    """Store write-offs."""
    insert_rows(tx, WRITE_OFF, [{name: getattr(one, name) for name in WriteOff.__slots__} for one in rows])


def change_write_off(tx: Connection, write_off_id: str, **changes: Any) -> None:
    """Record what became of a write-off."""
    tx.execute(update(WRITE_OFF).where(WRITE_OFF.c.write_off_id == write_off_id).values(**changes))


def find_write_off(tx: Connection, write_off_id: str, *, lock: bool = False) -> WriteOff | None:
    """Return a write-off."""
    if lock:
        lock_rows(tx, WRITE_OFF, "write_off_id", [write_off_id])
    row = tx.execute(select(WRITE_OFF).where(WRITE_OFF.c.write_off_id == write_off_id)).mappings().first()
    return WriteOff(**row) if row else None


def proposed_of(tx: Connection, claim_ids: Iterable[str]) -> list[WriteOff]:
    """Return the write-offs of these claims that nobody decided yet."""
    found: list[WriteOff] = []
    for piece in chunks(sorted(set(claim_ids))):
        query = select(WRITE_OFF).where(WRITE_OFF.c.claim_id.in_(piece), WRITE_OFF.c.state == PROPOSED)
        found.extend(WriteOff(**row) for row in tx.execute(query).mappings())
    return found


def write_offs_page(tx: Connection, state: str | None, *, after: str | None, limit: int) -> list[WriteOff]:
    """Return write-offs, oldest first, from the one after ``after``; of one state if given."""
    query = select(WRITE_OFF).order_by(WRITE_OFF.c.write_off_id).limit(limit)
    if state is not None:
        query = query.where(WRITE_OFF.c.state == state)
    if after is not None:
        query = query.where(WRITE_OFF.c.write_off_id > after)
    return [WriteOff(**row) for row in tx.execute(query).mappings()]


def _open_until(first: date, last: date) -> ColumnElement[bool]:
    return (_CLAIM.c.last_day >= first) & (_CLAIM.c.last_day <= last) & _CLAIM.c.ended_on.is_(None)
