"""Petitions: the legal steps in them, what was frozen, and which claims money from the body is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from claims_api.tables.demands import PetitionRow
from shared.db import chunks, insert_ignore, table_of
from shared.kid import KidKind

PETITION = table_of(PetitionRow)

APPROVED, DECLINED, DROPPED, SUBMITTED, ENDED = "approved", "declined", "dropped", "submitted", "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Petition:
    """One case's legal step in a petition, as stored."""

    legal_step_id: str
    petition_id: str
    case_id: str
    claim_ids: list[str]
    kind: str
    body: str
    state: str
    kid: str | None
    approved_on: date
    frozen: dict[str, Any] | None
    reason: str | None
    outcome: str | None
    deducted_from: date | None
    ended_on: date | None


def add_petitions(tx: Connection, fresh: Sequence[Petition]) -> None:
    """Store the legal steps of a petition; those that are known already stay as they are."""
    insert_ignore(tx, PETITION, [{name: getattr(one, name) for name in Petition.__slots__} for one in fresh])


def find_petitions(tx: Connection, legal_step_ids: Iterable[str]) -> dict[str, Petition]:
    """Return the legal steps with these ids that claims-api was asked to freeze."""
    found: dict[str, Petition] = {}
    for piece in chunks(sorted(set(legal_step_ids))):
        for row in tx.execute(select(PETITION).where(PETITION.c.legal_step_id.in_(piece))).mappings():
            found[row["legal_step_id"]] = Petition(**row)
    return found


def petitions_of(tx: Connection, case_id: str) -> list[Petition]:
    """Return the legal steps of a case that claims-api was asked to freeze, the oldest first."""
    query = select(PETITION).where(PETITION.c.case_id == case_id)
    rows = tx.execute(query.order_by(PETITION.c.approved_on, PETITION.c.legal_step_id)).mappings()
    return [Petition(**row) for row in rows]


def approved_with(tx: Connection, petition_id: str, *, besides: str) -> list[Petition]:
    """Return the other legal steps of a petition that are approved and not handed in."""
    query = select(PETITION).where(
        PETITION.c.petition_id == petition_id, PETITION.c.legal_step_id != besides, PETITION.c.state == APPROVED
    )
    return [Petition(**row) for row in tx.execute(query.order_by(PETITION.c.legal_step_id)).mappings()]


def change_petition(tx: Connection, legal_step_id: str, **changes: Any) -> None:
    """Record what became of a legal step; the caller holds its case's lock."""
    tx.execute(update(PETITION).where(PETITION.c.legal_step_id == legal_step_id).values(**changes))


def claims_by_kid(tx: Connection, kids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the claims that money from a body is for, of all cases of its petition, by the petition's KID."""
    found: dict[str, tuple[str, ...]] = {}
    for piece in chunks(_enforcement(kids)):
        query = (
            select(PETITION.c.kid, PETITION.c.claim_ids)
            .where(PETITION.c.kid.in_(piece))
            .order_by(PETITION.c.kid, PETITION.c.legal_step_id)
        )
        for kid, claim_ids in tx.execute(query):
            found[kid] = (*found.get(kid, ()), *claim_ids)
    return found


def deductions(tx: Connection, kids: Iterable[str]) -> dict[str, date]:
    """Return the first day of the deduction (utleggstrekk) whose money comes on each of these KIDs; others left out."""
    found: dict[str, date] = {}
    for piece in chunks(_enforcement(kids)):
        query = (
            select(PETITION.c.kid, func.min(PETITION.c.deducted_from))
            .where(PETITION.c.kid.in_(piece), PETITION.c.deducted_from.is_not(None))
            .group_by(PETITION.c.kid)
        )
        found.update((kid, first) for kid, first in tx.execute(query))
    return found


def _enforcement(kids: Iterable[str]) -> list[str]:
    return sorted({kid for kid in kids if kid.startswith(str(KidKind.ENFORCEMENT.value))})
