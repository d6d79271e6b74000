"""Claims: storing them, reading them, and who is liable for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update
from sqlalchemy.exc import IntegrityError

from claims_api.tables import CaseRow, ClaimPartyRow, ClaimRow
from shared.auth import Sight
from shared.db import Lookup, any_of, chunks, insert_all, insert_rows, table_of
from shared.errors import RetryLater
from shared.values import names_of, value

CLAIM = table_of(ClaimRow)
PARTY = table_of(ClaimPartyRow)
_CASE = table_of(CaseRow)


@value
class Claim:
    """A claim (krav) as stored: what was handed over, what the rules made of it, and its kept numbers."""

    claim_id: str
    case_id: str
    unit: str
    debtor_ref: str
    external_ref: str
    body_digest: str
    claim_type: str
    kid: str
    status: str
    principal_ore: int
    original_principal_ore: int
    invoice_number: str
    invoice_date: date
    due_date: date
    description: str | None
    service_from: date | None
    service_to: date | None
    sealed: bytes | None
    sealed_key: str | None
    notice_sent_on: date | None
    notice_deadline: date | None
    notice_fee_ore: int
    notice_void: str | None
    notice_document_id: str | None
    earlier_reminders: list[dict[str, Any]]
    legal_basis: dict[str, Any] | None
    premises: str | None
    limitation_date: date | None
    documents: list[str]
    interest_from: date | None
    dispute_body: str
    fee_regime: str
    unit_gets: list[str]
    minor: bool
    last_day: date
    principal_left_ore: int
    interest_left_ore: int
    fees_left_ore: int
    costs_left_ore: int
    registered_on: date
    registered_at: datetime
    registered_by: str
    first_answer: dict[str, Any]
    ended_on: date | None
    end_reason: str | None

    @property
    def left_ore(self) -> int:
        """What is left of everything that is posted; interest that runs is not in it."""
        return self.principal_left_ore + self.interest_left_ore + self.fees_left_ore + self.costs_left_ore


_COLUMNS = names_of(Claim)
_SELECTED = [CLAIM.c[name] for name in _COLUMNS]


def claim_of(row: RowMapping) -> Claim:
    """Read a claim out of a row of its table."""
    return Claim(**{name: row[name] for name in _COLUMNS})


_OF_CASES = Lookup(select(*_SELECTED).order_by(CLAIM.c.due_date, CLAIM.c.claim_id), [CLAIM.c.case_id])


@value
class Told:
    """What is known of a claim whose unit hands it over again: what it was, and what the unit was told then."""

    claim_id: str
    case_id: str
    unit: str
    external_ref: str
    body_digest: str
    kid: str
    notice_sent_on: date | None
    notice_void: str | None
    first_answer: dict[str, Any]


_TOLD = names_of(Told)
_BY_REFERENCE = Lookup(select(*(CLAIM.c[name] for name in _TOLD)), [CLAIM.c.unit, CLAIM.c.external_ref])


def insert_claims(tx: Connection, new: Sequence[tuple[Claim, Sequence[str]]]) -> None:
    """Store claims, each with who is liable for it, the primary debtor first.

    Raises RetryLater when another transaction stored one of their references first.
    """
    if not new:
        return
    try:
        insert_all(tx, CLAIM, [claim for claim, _ in new], _COLUMNS)
    except IntegrityError as taken:
        raise RetryLater(
            "external_ref: another call with it was stored first; the same call again is told so"
        ) from taken
    parties = [
        {"claim_id": claim.claim_id, "debtor_ref": ref, "position": at}
        for claim, refs in new
        for at, ref in enumerate(refs)
    ]
    insert_rows(tx, PARTY, parties)


def set_status(tx: Connection, claim_ids: Iterable[str], status: str) -> None:
    """Set where claims stand; the caller holds their case's lock."""
    for piece in chunks(sorted(set(claim_ids))):
        tx.execute(update(CLAIM).where(CLAIM.c.claim_id.in_(piece)).values(status=status))


def set_notice_document(tx: Connection, claim_id: str, document_id: str) -> None:
    """Store which document is the copy of a claim's prior notice; the caller holds its case's lock."""
    tx.execute(update(CLAIM).where(CLAIM.c.claim_id == claim_id).values(notice_document_id=document_id))


def find_by_references(tx: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Told]:
    """Return the claims with these (unit, external_ref) that exist: a reference is used once, for ever."""
    found: dict[tuple[str, str], Told] = {}
    for piece in chunks(sorted(set(wanted))):
        for row in _BY_REFERENCE.rows(tx, piece).mappings():
            found[(row["unit"], row["external_ref"])] = Told(**row)
    return found


def find_claim(tx: Connection, claim_id: str) -> Claim | None:
    """Return a claim, unlocked."""
    row = tx.execute(select(CLAIM).where(CLAIM.c.claim_id == claim_id)).mappings().first()
    return claim_of(row) if row else None


def find_claims(tx: Connection, claim_ids: Iterable[str]) -> dict[str, Claim]:
    """Return the claims with these ids that exist, by id."""
    found: dict[str, Claim] = {}
    for piece in chunks(sorted(set(claim_ids))):
        for row in tx.execute(select(CLAIM).where(any_of(tx, CLAIM.c.claim_id, piece))).mappings():
            found[row["claim_id"]] = claim_of(row)
    return found


def claims_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[Claim]]:
    """Return the claims of cases by case, oldest due first."""
    found: dict[str, list[Claim]] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in _OF_CASES.of(tx, piece).all():
            claim = Claim(**dict(zip(_COLUMNS, row, strict=True)))
            found.setdefault(claim.case_id, []).append(claim)
    return found


def claims_of_case(tx: Connection, case_id: str) -> list[Claim]:
    """Return the claims of one case, oldest due first."""
    return claims_of_cases(tx, [case_id]).get(case_id, [])


def parties_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return who is liable for each claim, the primary debtor first."""
    found: dict[str, list[str]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = select(PARTY).where(PARTY.c.claim_id.in_(piece)).order_by(PARTY.c.claim_id, PARTY.c.position)
        for row in tx.execute(query).mappings():
            found.setdefault(row["claim_id"], []).append(row["debtor_ref"])
    return found


def cases_of_debtor(tx: Connection, debtor_ref: str) -> list[str]:
    """Return the cases that hold a claim this debtor is liable for."""
    query = (
        select(CLAIM.c.case_id)
        .join(PARTY, PARTY.c.claim_id == CLAIM.c.claim_id)
        .where(PARTY.c.debtor_ref == debtor_ref)
        .distinct()
        .order_by(CLAIM.c.case_id)
    )
    return list(tx.execute(query).scalars())


def forget_delivered(tx: Connection, debtor_ref: str) -> None:
    """Delete what was delivered to a debtor and when; the amounts stay."""
    nothing: dict[str, Any] = dict.fromkeys(("description", "service_from", "service_to", "sealed", "sealed_key"))
    liable = select(PARTY.c.claim_id).where(PARTY.c.debtor_ref == debtor_ref)
    tx.execute(update(CLAIM).where(CLAIM.c.claim_id.in_(liable), CLAIM.c.debtor_ref == debtor_ref).values(**nothing))


def claims_page(
    tx: Connection, sight: Sight, *, filters: Mapping[str, str], after: str | None, limit: int
) -> list[Claim]:
    """Return claims within sight in the order they were handed over, from the one after ``after``."""
    conditions: list[ColumnElement[bool]] = [CLAIM.c[name] == value for name, value in filters.items()]
    if sight.unit is not None:
        conditions.append(CLAIM.c.unit == sight.unit)
    if sight.debtor_ref is not None:
        mine = select(PARTY.c.claim_id).where(PARTY.c.debtor_ref == sight.debtor_ref)
        conditions.append(CLAIM.c.claim_id.in_(mine))
    if after is not None:
        conditions.append(CLAIM.c.claim_id > after)
    query = select(CLAIM).where(*conditions).order_by(CLAIM.c.claim_id).limit(limit)
    return [claim_of(row) for row in tx.execute(query).mappings()]


def cases_page(tx: Connection, sight: Sight, *, filters: Mapping[str, str], after: str | None, limit: int) -> list[str]:
    """Return the ids of cases within sight, oldest first, from the one after ``after``.

    A debtor sees cases of their own and those that hold a claim they are liable for.
    """
    conditions: list[ColumnElement[bool]] = [_CASE.c[name] == value for name, value in filters.items()]
    if sight.unit is not None:
        conditions.append(_CASE.c.unit == sight.unit)
    if sight.debtor_ref is not None:
        shared = (
            select(CLAIM.c.case_id)
            .join(PARTY, PARTY.c.claim_id == CLAIM.c.claim_id)
            .where(PARTY.c.debtor_ref == sight.debtor_ref)
        )
        conditions.append(_CASE.c.case_id.in_(shared))
    if after is not None:
        conditions.append(_CASE.c.case_id > after)
    query = select(_CASE.c.case_id).where(*conditions).order_by(_CASE.c.case_id).limit(limit)
    return list(tx.execute(query).scalars())
