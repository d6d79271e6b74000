"""Creditors and their dated agreements, and the changes that wait for a second person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, select, update

from claims_api.domain.new_claim import Agreement, Creditor
from claims_api.tables import AgreementRow, CreditorChangeRow, CreditorRow
from shared.db import table_of, upsert
from shared.uow import Uow

CREDITOR = table_of(CreditorRow)
AGREEMENT = table_of(AgreementRow)
CHANGE = table_of(CreditorChangeRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A creditors file that somebody proposed; ``state`` is pending, applied or refused."""

    change_id: str
    sha256: str
    content: dict[str, Any]
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


def find_creditor(tx: Connection, unit: str) -> Creditor | None:
    """Return a unit, or None when it hands no claims over here."""
    row = tx.execute(select(CREDITOR).where(CREDITOR.c.unit == unit)).mappings().first()
    return _creditor(row) if row else None


def all_creditors(tx: Connection) -> list[Creditor]:
    """Return every unit by name; there are at most some hundreds."""
    return [_creditor(row) for row in tx.execute(select(CREDITOR).order_by(CREDITOR.c.unit)).mappings()]


_TERMS = (
    select(CREDITOR, *(column for column in AGREEMENT.c if column.name != "unit"))
    .outerjoin(AGREEMENT, and_(AGREEMENT.c.unit == CREDITOR.c.unit, AGREEMENT.c.valid_from <= bindparam("day")))
    .where(CREDITOR.c.unit == bindparam("wanted"))
    .order_by(AGREEMENT.c.valid_from.desc())
    .limit(1)
)


def terms_on(tx: Connection, unit: str, day: date) -> tuple[Creditor, Agreement | None] | None:
    """Return a unit and its agreement in force on a day: its latest that has begun, unless that one has ended.

    None when no such unit hands claims over here.
    """
    row = tx.execute(_TERMS, {"wanted": unit, "day": day}).mappings().first()
    if row is None:
        return None
    over = row["valid_from"] is None or (row["valid_to"] is not None and row["valid_to"] < day)
    return _creditor(row), None if over else _agreement(row)


def agreements_of(tx: Connection, units: Iterable[str]) -> dict[str, list[Agreement]]:
    """Return every agreement of the units, oldest first."""
    found: dict[str, list[Agreement]] = {}
    query = select(AGREEMENT).where(AGREEMENT.c.unit.in_(sorted(set(units)))).order_by(AGREEMENT.c.valid_from)
    for row in tx.execute(query).mappings():
        found.setdefault(row["unit"], []).append(_agreement(row))
    return found


def has_creditors(tx: Connection) -> bool:
    """Tell whether any unit is known yet."""
    return tx.execute(select(CREDITOR.c.unit).limit(1)).first() is not None


def put_creditor(uow: Uow, creditor: Creditor) -> None:
    """Store a unit, or what changed about it."""
    row = {name: getattr(creditor, name) for name in Creditor.__slots__} | {"created_at": uow.now}
    update_columns = ["name", "org_number", "legal_person", "legal_person_name"]
    upsert(uow.tx, CREDITOR, [row], key=["unit"], update=update_columns)


def put_agreement(uow: Uow, unit: str, agreement: Agreement, *, recorded_by: str, approved_by: str | None) -> None:
    """Store an agreement; one with the same first day is replaced."""
    row = {
        "unit": unit,
        "valid_from": agreement.valid_from,
        "valid_to": agreement.valid_to,
        "claim_types": sorted(agreement.claim_types),
        "account": agreement.account,
        "fee_regime": agreement.fee_regime,
        "overrides": {name: dict(value) for name, value in agreement.overrides.items()},
        "unit_gets": sorted(agreement.unit_gets),
        "recorded_at": uow.now,
        "recorded_by": recorded_by,
        "approved_by": approved_by,
    }
    upsert(uow.tx, AGREEMENT, [row], key=["unit", "valid_from"], update=[name for name in row if name != "unit"])


def put_change(uow: Uow, change: Change) -> None:
    """Store a proposed change."""
    uow.tx.execute(CHANGE.insert().values(**{name: getattr(change, name) for name in Change.__slots__}))


def find_change(tx: Connection, change_id: str) -> Change | None:
    """Return a proposed change."""
    row = tx.execute(select(CHANGE).where(CHANGE.c.change_id == change_id)).mappings().first()
    return _change(row) if row else None


def changes(tx: Connection, *, after: str | None, limit: int) -> list[Change]:
    """Return proposed changes, newest first, from the one after ``after``."""
    query = select(CHANGE).order_by(CHANGE.c.change_id.desc()).limit(limit)
    if after is not None:
        query = query.where(CHANGE.c.change_id < after)
    return [_change(row) for row in tx.execute(query).mappings()]


def decide_change(uow: Uow, change_id: str, *, state: str, decided_by: str) -> bool:
    """Settle a pending change; False when it was settled already."""
    done = uow.tx.execute(
        update(CHANGE)
        .where(CHANGE.c.change_id == change_id, CHANGE.c.state == "pending")
        .values(state=state, decided_by=decided_by, decided_at=uow.now)
    )
    return done.rowcount == 1


def _creditor(row: RowMapping) -> Creditor:
    return Creditor(**{name: row[name] for name in Creditor.__slots__})


def _agreement(row: RowMapping) -> Agreement:
    return Agreement(
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        claim_types=frozenset(row["claim_types"]),
        account=row["account"],
        fee_regime=row["fee_regime"],
        overrides=row["overrides"],
        unit_gets=frozenset(row["unit_gets"]),
    )


def _change(row: RowMapping) -> Change:
    return Change(**{name: row[name] for name in Change.__slots__})
