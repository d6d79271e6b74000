"""Debtors: finding them by blind index, what is known of them, and the row that the ``parties`` topic shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, null, select, update

from claims_api.crypto import SealedField, Vault
from claims_api.domain.new_claim import NewRepresentative
from claims_api.tables import DebtorRow, RepresentativeRow
from shared.db import chunks, insert_ignore, lock_rows, table_of, upsert
from shared.uow import Uow

DEBTOR = table_of(DebtorRow)
REPRESENTATIVE = table_of(RepresentativeRow)

ID_DOMAIN = "national-id"


@dataclass(frozen=True, slots=True, kw_only=True)
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


def find_by_national_id(tx: Connection, vault: Vault, national_id: str) -> str | None:
    """Return the reference of the person with this number, or None."""
    index = vault.index_of(national_id, domain=ID_DOMAIN)
    return refs_by(tx, "id_index", [index]).get(index)


def refs_by(tx: Connection, column: str, values: Iterable[str]) -> dict[str, str]:
    """Return references by ``id_index`` or ``org_number``, for those of the values that somebody has."""
    found: dict[str, str] = {}
    field = DEBTOR.c[column]
    for piece in chunks(sorted(set(values))):
        for value, ref in tx.execute(select(field, DEBTOR.c.debtor_ref).where(field.in_(piece))):
            found[value] = ref
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
    rows = [{name: getattr(debtor, name) for name in Debtor.__slots__} | {"id_index": index} for debtor, index in new]
    return insert_ignore(tx, DEBTOR, rows)


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


def representatives_of(tx: Connection, refs: Iterable[str]) -> dict[str, str]:
    """Return the kind of representative of the debtors that have one."""
    found: dict[str, str] = {}
    for piece in chunks(sorted(set(refs))):
        query = select(REPRESENTATIVE.c.debtor_ref, REPRESENTATIVE.c.kind)
        for ref, kind in tx.execute(query.where(REPRESENTATIVE.c.debtor_ref.in_(piece))):
            found[ref] = kind
    return found


def _debtor(row: RowMapping) -> Debtor:
    return Debtor(**{name: row[name] for name in Debtor.__slots__})
