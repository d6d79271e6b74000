"""Holds: what stops collection of which claims, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, select, update

from claims_api.tables import HoldClaimRow, HoldRow
from shared.db import chunks, table_of

HOLD = table_of(HoldRow)
HOLD_CLAIM = table_of(HoldClaimRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold (berostillelse) as stored; it stands while ``ended_on`` is None."""

    hold_id: str
    case_id: str
    reason: str
    from_on: date
    until: date | None
    whole_case: bool
    debtor_ref: str | None
    request_id: str | None
    placed_by: str
    placed_at: datetime
    ended_on: date | None = None
    ended_by: str | None = None
    resume_on: date | None = None


def insert_hold(tx: Connection, hold: Hold, claims: Mapping[str, bool]) -> None:
    """Store a hold and the claims it is about; the value says whether it stops the claim."""
    tx.execute(HOLD.insert().values(**{name: getattr(hold, name) for name in Hold.__slots__}))
    add_claims(tx, hold.hold_id, claims)


def add_claims(tx: Connection, hold_id: str, claims: Mapping[str, bool]) -> None:
    """Put claims under a hold that stands."""
    if claims:
        rows = [{"hold_id": hold_id, "claim_id": claim_id, "stops": stops} for claim_id, stops in claims.items()]
        tx.execute(HOLD_CLAIM.insert(), rows)


def find_hold(tx: Connection, hold_id: str) -> Hold | None:
    """Return a hold."""
    row = tx.execute(select(HOLD).where(HOLD.c.hold_id == hold_id)).mappings().first()
    return _hold(row) if row else None


def holds_of_case(tx: Connection, case_id: str, *, standing: bool = True) -> list[Hold]:
    """Return a case's holds, oldest first; only those that stand unless told otherwise."""
    query = select(HOLD).where(HOLD.c.case_id == case_id).order_by(HOLD.c.placed_at, HOLD.c.hold_id)
    if standing:
        query = query.where(HOLD.c.ended_on.is_(None))
    return [_hold(row) for row in tx.execute(query).mappings()]


def whole_cases_held(tx: Connection, case_ids: Iterable[str]) -> set[str]:
    """Return the cases that a standing hold stops as a whole, claims that join them included."""
    found: set[str] = set()
    for piece in chunks(sorted(set(case_ids))):
        query = select(HOLD.c.case_id).where(
            HOLD.c.case_id.in_(piece), HOLD.c.whole_case.is_(True), HOLD.c.ended_on.is_(None)
        )
        found.update(tx.execute(query).scalars())
    return found


def holds_of_request(tx: Connection, request_id: str) -> list[Hold]:
    """Return the standing holds that a request placed."""
    query = select(HOLD).where(HOLD.c.request_id == request_id, HOLD.c.ended_on.is_(None)).order_by(HOLD.c.hold_id)
    return [_hold(row) for row in tx.execute(query).mappings()]


def claims_of_hold(tx: Connection, hold_id: str) -> dict[str, bool]:
    """Return the claims a hold is about, and whether it stops them."""
    query = select(HOLD_CLAIM.c.claim_id, HOLD_CLAIM.c.stops).where(HOLD_CLAIM.c.hold_id == hold_id)
    rows = tx.execute(query.order_by(HOLD_CLAIM.c.claim_id))
    return {row.claim_id: row.stops for row in rows}


def stopping_holds(tx: Connection, claim_ids: Iterable[str]) -> dict[str, list[Hold]]:
    """Return, for the claims that collection may not go on with, the holds that stop them."""
    found: dict[str, list[Hold]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = (
            select(HOLD, HOLD_CLAIM.c.claim_id)
            .join(HOLD_CLAIM, HOLD_CLAIM.c.hold_id == HOLD.c.hold_id)
            .where(HOLD_CLAIM.c.claim_id.in_(piece), HOLD_CLAIM.c.stops.is_(True), HOLD.c.ended_on.is_(None))
            .order_by(HOLD.c.placed_at, HOLD.c.hold_id)
        )
        for row in tx.execute(query).mappings():
            found.setdefault(row["claim_id"], []).append(_hold(row))
    return found


def held_debtors(tx: Connection, claim_ids: Iterable[str]) -> dict[str, set[str]]:
    """Return, by claim, the liable parties who get no letters about it while a hold on them stands."""
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = (
            select(HOLD_CLAIM.c.claim_id, HOLD.c.debtor_ref)
            .join(HOLD, HOLD.c.hold_id == HOLD_CLAIM.c.hold_id)
            .where(HOLD_CLAIM.c.claim_id.in_(piece), HOLD.c.debtor_ref.is_not(None), HOLD.c.ended_on.is_(None))
        )
        for claim_id, debtor_ref in tx.execute(query):
            found.setdefault(claim_id, set()).add(debtor_ref)
    return found


def run_out(tx: Connection, today: date, limit: int) -> list[Hold]:
    """Return holds that stand although their last day has passed."""
    query = (
        select(HOLD)
        .where(HOLD.c.ended_on.is_(None), HOLD.c.until < today)
        .order_by(HOLD.c.until, HOLD.c.hold_id)
        .limit(limit)
    )
    return [_hold(row) for row in tx.execute(query).mappings()]


def end_hold(tx: Connection, hold_id: str, *, ended_on: date, ended_by: str, resume_on: date) -> bool:
    """End a hold; False when it had ended already."""
    done = tx.execute(
        update(HOLD)
        .where(HOLD.c.hold_id == hold_id, HOLD.c.ended_on.is_(None))
        .values(ended_on=ended_on, ended_by=ended_by, resume_on=resume_on)
    )
    return done.rowcount == 1


def _hold(row: RowMapping) -> Hold:
    return Hold(**{name: row[name] for name in Hold.__slots__})
