"""Cases: locking, numbers and KIDs, and their timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.sql import bindparam

from claims_api.tables import CaseCounterRow, CaseRow, KidRow, TimelineRow
from shared.db import chunks, insert_ignore, lock_rows, table_of
from shared.errors import Crash
from shared.kid import MAX_SEQUENCE, KidKind, make_case_number, make_kid
from shared.uow import Uow

CASE = table_of(CaseRow)
KID = table_of(KidRow)
COUNTER = table_of(CaseCounterRow)
TIMELINE = table_of(TimelineRow)

KIDS_KEPT_BACK = 100
"""KIDs of a case that new claims leave for its plans and enforcement; a fuller case takes no more claims."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case (sak) as it is stored."""

    case_id: str
    case_number: str
    kid: str
    unit: str
    legal_person: str
    debtor_ref: str
    merge_group: str
    state: str
    version: int
    last_recorded_at: datetime
    opened_on: date
    closed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened: ``summary`` is Norwegian text, ``facts`` hold ids, dates and amounts only."""

    entry_id: str
    case_id: str
    at: datetime
    type: str
    summary: str
    actor: str
    claim_id: str | None = None
    facts: Mapping[str, Any] | None = None


def case_of(row: RowMapping) -> Case:
    """Read a case out of a row of its table."""
    return Case(**{name: row[name] for name in Case.__slots__})


def find_case(tx: Connection, case_id: str) -> Case | None:
    """Return a case, unlocked."""
    row = tx.execute(select(CASE).where(CASE.c.case_id == case_id)).mappings().first()
    return case_of(row) if row else None


def find_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, Case]:
    """Return the cases with these ids that exist, by id, unlocked."""
    found: dict[str, Case] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in tx.execute(select(CASE).where(CASE.c.case_id.in_(piece))).mappings():
            found[row["case_id"]] = case_of(row)
    return found


def case_version(tx: Connection, case_id: str) -> int | None:
    """Return how far a case has come, or None when there is none."""
    return tx.execute(select(CASE.c.version).where(CASE.c.case_id == case_id)).scalar()


def lock_cases(uow: Uow, case_ids: Iterable[str]) -> dict[str, Case]:
    """Lock cases that this transaction will change; returns them by id, with their new version.

    ``last_recorded_at`` of what is returned is the recorded-at of everything this transaction writes on the case: the
    business time, and always later than anything recorded before (decisions A6). Unknown ids are left out.
    """
    lock_rows(uow.tx, CASE, "case_id", case_ids)
    found = find_cases(uow.tx, case_ids)
    locked = {
        case_id: _moved(case, max(uow.now, case.last_recorded_at + _TICK)) for case_id, case in sorted(found.items())
    }
    if locked:
        uow.tx.execute(
            update(CASE)
            .where(CASE.c.case_id == bindparam("of_case"))
            .values(version=bindparam("new_version"), last_recorded_at=bindparam("new_recorded_at")),
            [
                {"of_case": case.case_id, "new_version": case.version, "new_recorded_at": case.last_recorded_at}
                for case in locked.values()
            ],
        )
    return locked


def lock_case(uow: Uow, case_id: str) -> Case | None:
    """Lock one case that this transaction will change; None when there is none."""
    return lock_cases(uow, [case_id]).get(case_id)


def _moved(case: Case, recorded_at: datetime) -> Case:
    values = {name: getattr(case, name) for name in Case.__slots__}
    return Case(**values | {"version": case.version + 1, "last_recorded_at": recorded_at})


def joinable_case(tx: Connection, debtor_ref: str, unit: str, merge_group: str) -> str | None:
    """Return the id of the open case that a new claim of this debtor, unit and group joins."""
    query = (
        select(CASE.c.case_id)
        .where(
            CASE.c.debtor_ref == debtor_ref,
            CASE.c.unit == unit,
            CASE.c.merge_group == merge_group,
            CASE.c.state == "open",
            CASE.c.last_sequence < MAX_SEQUENCE - KIDS_KEPT_BACK,
        )
        .order_by(CASE.c.case_id)
        .limit(1)
    )
    return tx.execute(query).scalar()


def open_case(uow: Uow, *, unit: str, legal_person: str, debtor_ref: str, merge_group: str) -> Case:
    """Open a case: the next saksnummer of the year and its case KID; the caller holds the debtor's lock."""
    number = make_case_number(uow.today.year, _next_serial(uow.tx, uow.today.year))
    case = Case(
        case_id=uow.new_id("case"),
        case_number=number,
        kid=make_kid(KidKind.CASE, number, 0),
        unit=unit,
        legal_person=legal_person,
        debtor_ref=debtor_ref,
        merge_group=merge_group,
        state="open",
        version=1,
        last_recorded_at=uow.now,
        opened_on=uow.today,
        closed_on=None,
    )
    uow.tx.execute(CASE.insert().values(last_sequence=0, **{name: getattr(case, name) for name in Case.__slots__}))
    keep_kid(uow, case.kid, KidKind.CASE, case.case_id)
    return case


def next_kid(uow: Uow, case: Case, kind: KidKind) -> str:
    """Return the case's next KID of a kind, which counts once it is kept; the caller holds the case's lock."""
    sequence = uow.tx.execute(
        update(CASE)
        .where(CASE.c.case_id == case.case_id)
        .values(last_sequence=CASE.c.last_sequence + 1)
        .returning(CASE.c.last_sequence)
    ).scalar_one()
    return make_kid(kind, case.case_number, sequence)


def keep_kid(
    uow: Uow, kid: str, kind: KidKind, case_id: str, *, claim_id: str | None = None, plan_id: str | None = None
) -> None:
    """Store what a KID is given out for; money on it counts there for ever."""
    row = {
        "kid": kid,
        "kind": int(kind),
        "case_id": case_id,
        "claim_id": claim_id,
        "plan_id": plan_id,
        "issued_at": uow.now,
    }
    uow.tx.execute(KID.insert().values(**row))


def find_kid(tx: Connection, kid: str) -> RowMapping | None:
    """Return what a KID of ours was given out for (case_id, claim_id, plan_id, kind)."""
    return tx.execute(select(KID).where(KID.c.kid == kid)).mappings().first()


def _next_serial(tx: Connection, year: int) -> int:
    insert_ignore(tx, COUNTER, [{"year": year, "last_serial": 0}])
    serial = tx.execute(
        update(COUNTER)
        .where(COUNTER.c.year == year)
        .values(last_serial=COUNTER.c.last_serial + 1)
        .returning(COUNTER.c.last_serial)
    ).scalar()
    if serial is None:
        raise Crash(f"case counter: expected a row for {year}, got none")
    return int(serial)


def set_state(tx: Connection, case_id: str, state: str, closed_on: date | None = None) -> None:
    """Set whether a case is open, at a legal step, or closed; the caller holds its lock."""
    tx.execute(update(CASE).where(CASE.c.case_id == case_id).values(state=state, closed_on=closed_on))


def add_timeline(tx: Connection, entries: Sequence[TimelineEntry]) -> None:
    """Write what happened; an entry that is there already (a replayed event) is left as it is."""
    rows = [
        {name: getattr(entry, name) for name in TimelineEntry.__slots__} | {"facts": dict(entry.facts or {})}
        for entry in entries
    ]
    insert_ignore(tx, TIMELINE, rows)


def timeline(
    tx: Connection, case_id: str, *, after: str | None, limit: int, claim_ids: Sequence[str] | None = None
) -> list[TimelineEntry]:
    """Return a case's timeline, oldest first, from the entry after ``after``; of ``claim_ids`` alone if given."""
    query = select(TIMELINE).where(TIMELINE.c.case_id == case_id)
    if claim_ids is not None:
        query = query.where(TIMELINE.c.claim_id.in_(list(claim_ids)))
    if after is not None:
        edge = select(TIMELINE.c.at).where(TIMELINE.c.entry_id == after).scalar_subquery()
        query = query.where((TIMELINE.c.at > edge) | ((TIMELINE.c.at == edge) & (TIMELINE.c.entry_id > after)))
    query = query.order_by(TIMELINE.c.at, TIMELINE.c.entry_id).limit(limit)
    return [
        TimelineEntry(**{name: row[name] for name in TimelineEntry.__slots__}) for row in tx.execute(query).mappings()
    ]
