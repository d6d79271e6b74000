"""Cases: locking, numbers and KIDs, and their timeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from claims_api.tables import CaseRow, KidRow, TimelineRow
from shared.db import Lookup, any_of, chunks, insert_all, insert_rows, table_of, update_rows
from shared.kid import MAX_SEQUENCE, KidKind, make_case_number, make_kid
from shared.uow import Uow
from shared.values import names_of, value

CASE = table_of(CaseRow)
KID = table_of(KidRow)
TIMELINE = table_of(TimelineRow)

OPEN, CLOSED = "open", "closed"
SEQUENCE_FULL = MAX_SEQUENCE - 100
"""A case whose KIDs have come this far takes no more claims: the rest are for its plans and enforcement."""

VERSION_HEADER = "caseversion"
_TICK = timedelta(microseconds=1)


@value
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


@value
class TimelineEntry:
    """Something that happened: ``summary`` is Norwegian text, ``facts`` hold ids, dates and amounts only."""

    entry_id: str
    case_id: str
    at: datetime
    type: str
    summary: str
    actor: str
    claim_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


_CASE = names_of(Case)
_TIMELINE = names_of(TimelineEntry)
_SELECTED = [CASE.c[name] for name in _CASE]
_HELD = Lookup(select(*_SELECTED).order_by(CASE.c.case_id).with_for_update(), [CASE.c.case_id])


def case_of(row: RowMapping) -> Case:
    """Read a case out of a row of its table."""
    return Case(**{name: row[name] for name in _CASE})


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


def units_of(tx: Connection, case_ids: Iterable[str]) -> dict[str, str]:
    """Return whose each case is."""
    found: dict[str, str] = {}
    for piece in chunks(sorted(set(case_ids))):
        query = select(CASE.c.case_id, CASE.c.unit).where(any_of(tx, CASE.c.case_id, piece))
        found.update((case_id, unit) for case_id, unit in tx.execute(query).all())
    return found


def case_version(tx: Connection, case_id: str) -> int | None:
    """Return how far a case has come, or None when there is none."""
    return tx.execute(select(CASE.c.version).where(CASE.c.case_id == case_id)).scalar()


def lock_cases(uow: Uow, case_ids: Iterable[str]) -> dict[str, Case]:
    """Lock cases that this transaction will change; returns them by id, with their new version.

    ``last_recorded_at`` of what is returned is the recorded-at of everything this transaction writes on the case: the
    business time, and always later than anything recorded before (decisions A6). Unknown ids are left out.
    """
    held = hold_cases(uow, case_ids)
    rows = [
        {"case_id": case.case_id, "version": case.version, "last_recorded_at": case.last_recorded_at}
        for case in held.values()
    ]
    update_rows(uow.tx, CASE, rows, key="case_id")
    return held


def hold_cases(uow: Uow, case_ids: Iterable[str]) -> dict[str, Case]:
    """Lock cases as ``lock_cases`` does, but leave it to ``keep_held`` to store that they moved on.

    Until then nobody in the same transaction may lock them again.
    """
    held: dict[str, Case] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in _HELD.of(uow.tx, piece).mappings():
            held[row["case_id"]] = _moved(uow, row)
    return held


def keep_held(uow: Uow, held: Mapping[str, Case], *, closed: Iterable[str], opened: Iterable[str]) -> None:
    """Store that held cases moved on, and which of them are closed now or open again; the others stand as they did."""
    states: dict[str, tuple[str, date | None]] = dict.fromkeys(closed, (CLOSED, uow.today))
    states |= dict.fromkeys(opened, (OPEN, None))
    rows = []
    for case in held.values():
        state, closed_on = states.get(case.case_id, (case.state, case.closed_on))
        rows.append(
            {
                "case_id": case.case_id,
                "version": case.version,
                "last_recorded_at": case.last_recorded_at,
                "state": state,
                "closed_on": closed_on,
            }
        )
    update_rows(uow.tx, CASE, rows, key="case_id")


def _let_events_tell(uow: Uow, case: Case) -> None:
    """Let the events of a case carry its version: whoever follows them then knows which answer they are as new as."""
    uow.key_headers[case.case_id] = {VERSION_HEADER: str(case.version)}


def lock_case(uow: Uow, case_id: str) -> Case | None:
    """Lock one case that this transaction will change; None when there is none."""
    return lock_cases(uow, [case_id]).get(case_id)


def _moved(uow: Uow, row: RowMapping) -> Case:
    """Return a locked case with the version and the recorded-at of what this transaction does to it."""
    recorded_at = max(uow.now, row["last_recorded_at"] + _TICK)
    found = {name: row[name] for name in _CASE}
    case = Case(**{**found, "version": row["version"] + 1, "last_recorded_at": recorded_at})
    _let_events_tell(uow, case)
    return case


@dataclass(frozen=True, slots=True)
class CaseKey:
    """What claims have in common that may share a case: debtor, unit and merge group."""

    debtor_ref: str
    unit: str
    merge_group: str


_JOINABLE = Lookup(
    select(*(CASE.c[name] for name in _CASE), CASE.c.last_sequence)
    .where(CASE.c.state == OPEN, CASE.c.last_sequence < SEQUENCE_FULL)
    .order_by(CASE.c.case_id)
    .with_for_update(),
    [CASE.c.debtor_ref, CASE.c.unit, CASE.c.merge_group],
)


def lock_joinable(uow: Uow, keys: Collection[CaseKey]) -> dict[CaseKey, tuple[Case, int]]:
    """Lock, for the keys that have one, the open case with room for more claims; the caller holds debtors' locks.

    Each comes with its new version and the KID sequence it has reached; ``join_cases`` stores both.
    """
    found: dict[CaseKey, tuple[Case, int]] = {}
    for piece in chunks(sorted((key.debtor_ref, key.unit, key.merge_group) for key in keys)):
        for row in _JOINABLE.rows(uow.tx, piece).mappings():
            key = CaseKey(row["debtor_ref"], row["unit"], row["merge_group"])
            if key not in found:
                found[key] = (_moved(uow, row), row["last_sequence"])
    return found


def join_cases(uow: Uow, joined: Sequence[Case], sequences: Mapping[str, int]) -> None:
    """Store that claims have joined locked cases, and which KID sequence each has reached."""
    rows = [
        {
            "case_id": case.case_id,
            "version": case.version,
            "last_recorded_at": case.last_recorded_at,
            "last_sequence": sequences[case.case_id],
        }
        for case in joined
    ]
    update_rows(uow.tx, CASE, rows, key="case_id")


def new_case(uow: Uow, key: CaseKey, *, legal_person: str, serial: int) -> Case:
    """Return a new case with the saksnummer of a reserved serial and its case KID; ``insert_cases`` stores it."""
    number = make_case_number(uow.today.year, serial)
    return Case(
        case_id=uow.new_id("case"),
        case_number=number,
        kid=make_kid(KidKind.CASE, number, 0),
        unit=key.unit,
        legal_person=legal_person,
        debtor_ref=key.debtor_ref,
        merge_group=key.merge_group,
        state=OPEN,
        version=1,
        last_recorded_at=uow.now,
        opened_on=uow.today,
        closed_on=None,
    )


def insert_cases(uow: Uow, opened: Sequence[Case], sequences: Mapping[str, int]) -> None:
    """Store new cases; ``sequences`` says which KID sequence each has reached. Their KIDs are kept by ``keep_kids``."""
    for case in opened:
        _let_events_tell(uow, case)
    rows = [
        {name: getattr(case, name) for name in _CASE} | {"last_sequence": sequences[case.case_id]} for case in opened
    ]
    insert_rows(uow.tx, CASE, rows)


def next_kid(uow: Uow, case: Case, kind: KidKind) -> str:
    """Return the case's next KID of a kind, which counts once it is kept; the caller holds the case's lock."""
    sequence = uow.tx.execute(
        update(CASE)
        .where(CASE.c.case_id == case.case_id)
        .values(last_sequence=CASE.c.last_sequence + 1)
        .returning(CASE.c.last_sequence)
    ).scalar_one()
    return make_kid(kind, case.case_number, sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class KidUse:
    """A KID and what money on it is for."""

    kid: str
    kind: KidKind
    case_id: str
    claim_id: str | None = None
    plan_id: str | None = None


def keep_kids(uow: Uow, given: Sequence[KidUse]) -> None:
    """Store what KIDs are given out for; money on them counts there for ever."""
    insert_all(uow.tx, KID, given, KidUse.__slots__, issued_at=uow.now)


def find_kid(tx: Connection, kid: str) -> RowMapping | None:
    """Return what a KID of ours was given out for (case_id, claim_id, plan_id, kind)."""
    return tx.execute(select(KID).where(KID.c.kid == kid)).mappings().first()


def set_state(tx: Connection, case_id: str, state: str, closed_on: date | None = None) -> None:
    """Set whether a case is open, at a legal step, or closed; the caller holds its lock."""
    set_states(tx, [case_id], state, closed_on)


def set_states(tx: Connection, case_ids: Iterable[str], state: str, closed_on: date | None = None) -> None:
    """Set whether cases are open, at a legal step, or closed; the caller holds their locks."""
    for piece in chunks(sorted(set(case_ids))):
        tx.execute(update(CASE).where(any_of(tx, CASE.c.case_id, piece)).values(state=state, closed_on=closed_on))


def add_timeline(tx: Connection, entries: Sequence[TimelineEntry], *, fresh: bool = False) -> None:
    """Write what happened.

    An entry that is there already (a replayed event) is left as it is; ``fresh`` says that none can be.
    """
    insert_all(tx, TIMELINE, entries, _TIMELINE, once=not fresh)


def timeline(
    tx: Connection, case_id: str, *, after: str | None, limit: int, claim_ids: Sequence[str] | None = None
) -> list[TimelineEntry]:
    """Return a case's timeline, oldest first, from the entry after ``after``; of ``claim_ids`` alone if given."""
    query = select(TIMELINE).where(TIMELINE.c.case_id == case_id)
    if claim_ids is not None:
        query = query.where(TIMELINE.c.claim_id.in_(list(claim_ids)))
    if after is not None:
        last = (TIMELINE.c.case_id == case_id, TIMELINE.c.entry_id == after)
        edge = select(TIMELINE.c.at).where(*last).scalar_subquery()
        query = query.where((TIMELINE.c.at > edge) | ((TIMELINE.c.at == edge) & (TIMELINE.c.entry_id > after)))
    query = query.order_by(TIMELINE.c.at, TIMELINE.c.entry_id).limit(limit)
    return [TimelineEntry(**{name: row[name] for name in _TIMELINE}) for row in tx.execute(query).mappings()]
