"""Who is written to: the projection of the ``parties`` topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from notifications.domain.formats import Language
from notifications.tables import PartyRow
from shared.db import chunks, table_of, upsert

PARTY = table_of(PartyRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A debtor's contact facts at a version; an erased one has nothing left but its ref and version."""

    debtor_ref: str
    version: int
    erased: bool
    kind: str
    name: str
    address: dict[str, str] | None
    language: Language
    sealed_national_id: str | None
    org_number: str | None
    protection: str
    representative: dict[str, Any] | None


def versions(tx: Connection, debtor_refs: Iterable[str]) -> dict[str, int]:
    """Return the version known of each of these parties; the unknown are left out."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(debtor_refs))):
        query = select(PARTY.c.debtor_ref, PARTY.c.version).where(PARTY.c.debtor_ref.in_(piece))
        found.update((row.debtor_ref, row.version) for row in tx.execute(query))
    return found


def find(tx: Connection, debtor_refs: Iterable[str]) -> dict[str, Party]:
    """Return these parties; the unknown are left out."""
    found: dict[str, Party] = {}
    for piece in chunks(sorted(set(debtor_refs))):
        rows = tx.execute(select(PARTY).where(PARTY.c.debtor_ref.in_(piece))).mappings()
        found.update({row["debtor_ref"]: party_of(row) for row in rows})
    return found


def put(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write parties whole, over what was there."""
    update = [column.name for column in PARTY.columns if column.name != "debtor_ref"]
    upsert(tx, PARTY, rows, key=["debtor_ref"], update=update)


def party_of(row: RowMapping) -> Party:
    """Make a party of its row."""
    return Party(**{column.name: row[column.name] for column in PARTY.columns})


def erased_row(debtor_ref: str, version: int) -> dict[str, Any]:
    """Return the row that is left of an erased party."""
    return {
        "debtor_ref": debtor_ref,
        "version": version,
        "erased": True,
        "kind": "",
        "name": "",
        "address": None,
        "language": "nb",
        "sealed_national_id": None,
        "org_number": None,
        "protection": "none",
        "representative": None,
    }
