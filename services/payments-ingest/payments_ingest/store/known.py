"""The projections that matching looks things up in: cases, claims, KIDs, amounts, hashed names and accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from payments_ingest.domain.matching import CaseFacts
from payments_ingest.tables import (
    CaseDebtorRow,
    KnownAmountRow,
    KnownCaseRow,
    KnownClaimRow,
    KnownKidRow,
    PartyNameRow,
    PartyRow,
    PayerAccountRow,
)
from shared.db import any_of, chunks, insert_ignore, table_of, update_rows, upsert

CASES = table_of(KnownCaseRow)
CLAIMS = table_of(KnownClaimRow)
KIDS = table_of(KnownKidRow)
AMOUNTS = table_of(KnownAmountRow)
DEBTORS = table_of(CaseDebtorRow)
PARTIES = table_of(PartyRow)
NAMES = table_of(PartyNameRow)
ACCOUNTS = table_of(PayerAccountRow)

NAMESAKES_MAX = 50
"""Debtors of one name that are looked at: with more, a name tells nothing."""

ACCOUNT_CASES_MAX = 20
"""Cases that are learned of one account: an authority's or a bank's own pays to thousands, and tells nothing of any."""

GROWTH_ORE = 100_000
"""How much interest and fees may have grown past the known facts before an amount counts as too much."""


def put_cases(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record cases; those known stay as they are."""
    insert_ignore(tx, CASES, rows)


def put_claims(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record claims; those known stay as they are."""
    insert_ignore(tx, CLAIMS, rows)


def put_kids(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record KIDs; those known stay as they are."""
    insert_ignore(tx, KIDS, rows)


def put_debtors(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record who is liable in cases."""
    insert_ignore(tx, DEBTORS, rows)


def put_amounts(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record sums that were asked for."""
    upsert(tx, AMOUNTS, rows, key=["case_id", "source_id"], update=["amount_ore"])


def change_claims(tx: Connection, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set columns of claims: by claim the new values, one statement for those that change the same."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for claim_id, values in changes.items():
        alike.setdefault(tuple(sorted(values)), []).append({"claim_id": claim_id, **values})
    for rows in alike.values():
        update_rows(tx, CLAIMS, rows, key="claim_id")


def cases_exist(tx: Connection, case_ids: Collection[str]) -> set[str]:
    """Return which of these cases are known."""
    found: set[str] = set()
    for piece in chunks(sorted(case_ids)):
        found.update(tx.execute(select(CASES.c.case_id).where(any_of(tx, CASES.c.case_id, piece))).scalars())
    return found


def case_numbers(tx: Connection, case_ids: Collection[str]) -> dict[str, str]:
    """Return the saksnummer of cases."""
    found: dict[str, str] = {}
    for piece in chunks(sorted(case_ids)):
        query = select(CASES.c.case_id, CASES.c.case_number).where(any_of(tx, CASES.c.case_id, piece))
        found.update({row.case_id: row.case_number for row in tx.execute(query)})
    return found


def by_kid(tx: Connection, kids: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """Return the case, and the claim when it is a claim's own, of each KID that was ever given out."""
    found: dict[str, tuple[str, str | None]] = {}
    for piece in chunks(sorted(kids)):
        query = select(KIDS.c.kid, KIDS.c.case_id, KIDS.c.claim_id).where(any_of(tx, KIDS.c.kid, piece))
        found.update({kid: (case_id, claim_id) for kid, case_id, claim_id in tx.execute(query).all()})
    return found


def by_number(tx: Connection, numbers: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """Return the case, and the claim when it is a claim's own KID, of each KID or saksnummer that exists."""
    found = by_kid(tx, numbers)
    for piece in chunks(sorted(numbers)):
        query = select(CASES.c.case_number, CASES.c.case_id).where(CASES.c.case_number.in_(piece))
        found.update({number: (case_id, None) for number, case_id in tx.execute(query)})
    return found


def by_invoice(tx: Connection, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the cases with a claim of each invoice number."""
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(keys)):
        query = select(CLAIMS.c.invoice_key, CLAIMS.c.case_id).where(CLAIMS.c.invoice_key.in_(piece))
        for key, case_id in tx.execute(query):
            found.setdefault(key, set()).add(case_id)
    return {key: frozenset(cases) for key, cases in found.items()}


def by_account(tx: Connection, hashes: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the cases that payments from each account (hashed) went to; none for one that pays to many."""
    found = _cases_of_accounts(tx, hashes)
    return {account: frozenset(cases) for account, cases in found.items() if len(cases) < ACCOUNT_CASES_MAX}


def _cases_of_accounts(tx: Connection, hashes: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(hashes)):
        query = select(ACCOUNTS.c.account_hash, ACCOUNTS.c.case_id).where(ACCOUNTS.c.account_hash.in_(piece))
        for account, case_id in tx.execute(query):
            found.setdefault(account, set()).add(case_id)
    return found


def by_name(tx: Connection, parts: Collection[str]) -> frozenset[str]:
    """Return the cases of debtors who share enough of a name's hashed parts to be compared."""
    if not parts:
        return frozenset()
    namesakes = (
        select(NAMES.c.debtor_ref)
        .where(NAMES.c.part.in_(sorted(parts)))
        .group_by(NAMES.c.debtor_ref)
        .having(func.count() >= min(2, len(parts)))
        .limit(NAMESAKES_MAX + 1)
    )
    debtors = list(tx.execute(namesakes).scalars())
    if not debtors or len(debtors) > NAMESAKES_MAX:
        return frozenset()
    return frozenset(tx.execute(select(DEBTORS.c.case_id).where(DEBTORS.c.debtor_ref.in_(debtors))).scalars())


def learn_accounts(tx: Connection, rows: Collection[tuple[str, str]], at: datetime) -> None:
    """Remember which account (hashed) paid to which case, as long as it pays to a few."""
    known = _cases_of_accounts(tx, {account for account, _ in rows})
    learned = []
    for account, case_id in sorted(rows):
        cases = known.setdefault(account, set())
        if case_id not in cases and len(cases) < ACCOUNT_CASES_MAX:
            cases.add(case_id)
            learned.append({"account_hash": account, "case_id": case_id, "learned_at": at})
    insert_ignore(tx, ACCOUNTS, learned)


def unlearn_account(tx: Connection, account_hash: str, case_ids: Collection[str]) -> None:
    """Forget an account that was learned from a match that turned out wrong."""
    tx.execute(
        delete(ACCOUNTS).where(ACCOUNTS.c.account_hash == account_hash, ACCOUNTS.c.case_id.in_(sorted(case_ids)))
    )


def debtors_of(tx: Connection, case_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return who is liable in each case."""
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(case_ids)):
        query = select(DEBTORS.c.case_id, DEBTORS.c.debtor_ref).where(DEBTORS.c.case_id.in_(piece))
        for case_id, debtor_ref in tx.execute(query):
            found.setdefault(case_id, set()).add(debtor_ref)
    return {case_id: frozenset(debtors) for case_id, debtors in found.items()}


def cases_of_debtor(tx: Connection, debtor_ref: str) -> list[str]:
    """Return the cases a debtor is liable in."""
    return list(tx.execute(select(DEBTORS.c.case_id).where(DEBTORS.c.debtor_ref == debtor_ref)).scalars())


def case_facts(tx: Connection, case_ids: Collection[str]) -> dict[str, CaseFacts]:
    """Return what matching weighs of each case that is known."""
    ids = sorted(case_ids)
    claims: dict[str, list[Any]] = {}
    asked: dict[str, list[int]] = {}
    for piece in chunks(ids):
        for row in tx.execute(select(CLAIMS).where(CLAIMS.c.case_id.in_(piece))):
            claims.setdefault(row.case_id, []).append(row)
        for case_id, amount_ore in tx.execute(
            select(AMOUNTS.c.case_id, AMOUNTS.c.amount_ore).where(AMOUNTS.c.case_id.in_(piece))
        ):
            asked.setdefault(case_id, []).append(amount_ore)
    names = _names_of(tx, ids)
    return {
        case_id: _facts(case_id, claims.get(case_id, []), asked.get(case_id, []), names.get(case_id, ()))
        for case_id in cases_exist(tx, ids)
    }


def _names_of(tx: Connection, case_ids: Collection[str]) -> dict[str, tuple[frozenset[str], ...]]:
    per_debtor: dict[tuple[str, str], set[str]] = {}
    for piece in chunks(case_ids):
        query = (
            select(DEBTORS.c.case_id, NAMES.c.debtor_ref, NAMES.c.part)
            .join(NAMES, NAMES.c.debtor_ref == DEBTORS.c.debtor_ref)
            .where(DEBTORS.c.case_id.in_(piece))
        )
        for case_id, debtor_ref, part in tx.execute(query):
            per_debtor.setdefault((case_id, debtor_ref), set()).add(part)
    found: dict[str, tuple[frozenset[str], ...]] = {}
    for (case_id, _), parts in sorted(per_debtor.items()):
        found[case_id] = (*found.get(case_id, ()), frozenset(parts))
    return found


def _facts(case_id: str, claims: Sequence[Any], asked: Sequence[int], names: tuple[frozenset[str], ...]) -> CaseFacts:
    open_claims = [claim for claim in claims if claim.is_open]
    totals = [claim.total_left_ore for claim in open_claims]
    principals = [claim.principal_left_ore for claim in open_claims]
    registered = [claim.principal_ore for claim in open_claims]
    owed = sum(totals)
    return CaseFacts(
        case_id=case_id,
        is_open=bool(open_claims),
        amounts=frozenset({*totals, *principals, *registered, owed, sum(principals), *asked} - {0}),
        owed_ore=owed,
        ceiling_ore=max([owed, sum(principals), *asked]) + GROWTH_ORE,
        names=names,
    )
