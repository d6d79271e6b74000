"""Debtors: finding them by blind index, what is known of them, and the row that the ``parties`` topic shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, RowMapping, null, select, update

from claims_api.crypto import SealedField, Vault
from claims_api.domain.new_claim import NewRepresentative
from claims_api.tables import DebtorRow, RepresentativeRow
from shared.db import Lookup, any_of, chunks, insert_once, lock_rows, table_of, upsert
from shared.uow import Uow
from shared.values import names_of, value

DEBTOR = table_of(DebtorRow)
REPRESENTATIVE = table_of(RepresentativeRow)

ID_DOMAIN = "national-id"

_NUMBERS = ("id_index", "org_number")
_REFERENCE = {name: Lookup(select(DEBTOR.c.debtor_ref), [DEBTOR.c[name]]) for name in _NUMBERS}
_IN_ORDER = select(DEBTOR).order_by(DEBTOR.c.debtor_ref).with_for_update()
_LOCKED = {name: Lookup(_IN_ORDER, [DEBTOR.c[name]]) for name in (*_NUMBERS, "debtor_ref")}


@value
class Debtor:
    """A debtor as stored; the national id stays sealed."""

    debtor_ref: str
    kind: str
    id_sealed: bytes | None
    id_key: str | None
    org_number: str | None
    birth_date: date | None
    name: str
    address: Mapping[str, Any] | None
    language: str
    protection: str
    version: int
    created_at: datetime
    changed_at: datetime
    erased_at: datetime | None


_COLUMNS = names_of(Debtor)
_values = attrgetter(*_COLUMNS)


def find_by_national_id(tx: Connection, vault: Vault, national_id: str) -> str | None:
    """Return the reference of the person with this number, or None."""
    index = vault.index_of(national_id, domain=ID_DOMAIN)
    return tx.execute(select(DEBTOR.c.debtor_ref).where(DEBTOR.c.id_index == index)).scalar()


def lock_by_numbers(tx: Connection, indexes: Collection[str], org_numbers: Collection[str]) -> dict[str, Debtor]:
    """Lock, in sorted order, those who have one of these numbers; returns them by it (of a person, its blind index)."""
    asked = {"id_index": indexes, "org_number": org_numbers}
    wanted = {name: [(number,) for number in sorted(numbers)] for name, numbers in asked.items() if numbers}
    if not wanted:
        return {}
    lookup: Lookup = _LOCKED["debtor_ref"]
    values: Sequence[tuple[str, ...]]
    if len(wanted) == 1:
        ((name, values),) = wanted.items()
        lookup = _LOCKED[name]
    else:  # each by an index of its own, and then all in one order
        values = sorted(row for name, numbers in wanted.items() for row in _REFERENCE[name].rows(tx, numbers).all())
    rows = lookup.rows(tx, values).mappings() if values else ()
    found = {row["id_index"] or row["org_number"]: _debtor(row) for row in rows}
    found.pop(None, None)  # erased since they were found
    return found


def find_debtor(tx: Connection, debtor_ref: str) -> Debtor | None:
    """Return a debtor, unlocked."""
    return find_debtors(tx, [debtor_ref]).get(debtor_ref)


def find_debtors(tx: Connection, refs: Iterable[str]) -> dict[str, Debtor]:
    """Return the debtors with these references, unlocked."""
    found: dict[str, Debtor] = {}
    for piece in chunks(sorted(set(refs))):
        for row in tx.execute(select(DEBTOR).where(DEBTOR.c.debtor_ref.in_(piece))).mappings():
            found[row["debtor_ref"]] = _debtor(row)
    return found


def lock_debtors(tx: Connection, refs: Iterable[str]) -> None:
    """Lock debtors in sorted order; whoever opens or joins a case of theirs holds this lock."""
    lock_rows(tx, DEBTOR, "debtor_ref", refs)


def insert_debtors(tx: Connection, new: Sequence[tuple[Debtor, str | None]]) -> int:
    """Store new debtors, each with its blind index; returns how many: fewer when others stored a number first."""
    rows = [{**dict(zip(_COLUMNS, _values(debtor), strict=True)), "id_index": index} for debtor, index in new]
    return insert_once(tx, DEBTOR, rows)


def update_debtor(uow: Uow, debtor_ref: str, changes: Mapping[str, Any]) -> None:
    """Change what is known of a debtor and raise the version of their party record."""
    uow.tx.execute(
        update(DEBTOR)
        .where(DEBTOR.c.debtor_ref == debtor_ref)
        .values(**changes, version=DEBTOR.c.version + 1, changed_at=uow.now)
    )


def erase(uow: Uow, debtor_ref: str) -> None:
    """Delete everything that tells who a debtor was; the reference stays, with a newer version."""
    nothing = {"id_sealed": None, "id_key": None, "id_index": None, "org_number": None, "birth_date": None}
    changes = nothing | {"name": "", "address": null(), "erased_at": uow.now}
    update_debtor(uow, debtor_ref, changes)
    uow.tx.execute(REPRESENTATIVE.delete().where(REPRESENTATIVE.c.debtor_ref == debtor_ref))


def put_representative(uow: Uow, debtor_ref: str, who: NewRepresentative, sealed: SealedField | None) -> None:
    """Store who acts for a debtor, in place of whoever did before."""
    row = {
        "debtor_ref": debtor_ref,
        "kind": who.kind,
        "name": who.name,
        "id_sealed": sealed.data if sealed else None,
        "id_key": sealed.key_id if sealed else None,
        "org_number": who.org_number,
        "address": who.address.as_json() if who.address else None,
        "recorded_at": uow.now,
    }
    upsert(uow.tx, REPRESENTATIVE, [row], key=["debtor_ref"], update=[name for name in row if name != "debtor_ref"])


def representative_of(tx: Connection, debtor_ref: str) -> RowMapping | None:
    """Return who acts for a debtor (kind, name, org_number, address, …), or None."""
    query = select(REPRESENTATIVE).where(REPRESENTATIVE.c.debtor_ref == debtor_ref)
    return tx.execute(query).mappings().first()


def representatives_of(tx: Connection, refs: Iterable[str]) -> dict[str, RowMapping]:
    """Return who acts for the debtors that somebody acts for."""
    found: dict[str, RowMapping] = {}
    for piece in chunks(sorted(set(refs))):
        query = select(REPRESENTATIVE).where(any_of(tx, REPRESENTATIVE.c.debtor_ref, piece))
        found.update({row["debtor_ref"]: row for row in tx.execute(query).mappings()})
    return found


def _debtor(row: RowMapping) -> Debtor:
    return Debtor(**{name: row[name] for name in _COLUMNS})
