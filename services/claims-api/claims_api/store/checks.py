"""Statements behind the invariants: each returns how far the stored rows are from what must hold."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from claims_api.domain.ledger import DEBIT_ACCOUNTS, Account
from claims_api.tables import CaseRow, ClaimRow, KidRow, LedgerRow
from shared.db import table_of

LEDGER, CLAIM, KID, CASE = (table_of(row) for row in (LedgerRow, ClaimRow, KidRow, CaseRow))


def unbalanced_ore(tx: Connection) -> int:
    """Return debit accounts less credit accounts in øre: transfers make it zero by their shape."""
    total = select(func.sum(LEDGER.c.amount_ore))
    debit = [account.value for account in DEBIT_ACCOUNTS]
    credit = [account.value for account in Account if account not in DEBIT_ACCOUNTS]
    return sum(
        sign * int(tx.execute(total.where(column.in_(accounts))).scalar() or 0)
        for sign, column, accounts in (
            (1, LEDGER.c.debit, debit),
            (-1, LEDGER.c.credit, debit),
            (1, LEDGER.c.debit, credit),
            (-1, LEDGER.c.credit, credit),
        )
    )


def kept_numbers_off(tx: Connection) -> int:
    """Count claims of which principal, posted interest, fees or costs left are not what the ledger says."""
    kinds = {
        Account.PRINCIPAL: CLAIM.c.principal_left_ore,
        Account.INTEREST: CLAIM.c.interest_left_ore,
        Account.FEES: CLAIM.c.fees_left_ore,
        Account.LEGAL_COSTS: CLAIM.c.costs_left_ore,
    }
    off: set[str] = set()
    for account, kept in kinds.items():
        side = case((LEDGER.c.debit == account.value, LEDGER.c.amount_ore), else_=-LEDGER.c.amount_ore)
        touched = (LEDGER.c.debit == account.value) | (LEDGER.c.credit == account.value)
        posted = (
            select(LEDGER.c.claim_id, func.sum(side).label("ore")).where(touched).group_by(LEDGER.c.claim_id).subquery()
        )
        query = (
            select(CLAIM.c.claim_id)
            .outerjoin(posted, posted.c.claim_id == CLAIM.c.claim_id)
            .where(kept != func.coalesce(posted.c.ore, 0))
        )
        off.update(tx.execute(query).scalars())
    return len(off)


def claims_without_kid(tx: Connection) -> int:
    """Count claims whose KID is not among those given out for them."""
    query = (
        select(func.count())
        .select_from(CLAIM.outerjoin(KID, (KID.c.kid == CLAIM.c.kid) & (KID.c.claim_id == CLAIM.c.claim_id)))
        .where(KID.c.kid.is_(None))
    )
    return int(tx.execute(query).scalar_one())


def cases_without_kid(tx: Connection) -> int:
    """Count cases whose KID is not among those given out for them: only there is it kept unique."""
    query = (
        select(func.count())
        .select_from(CASE.outerjoin(KID, (KID.c.kid == CASE.c.kid) & (KID.c.case_id == CASE.c.case_id)))
        .where(KID.c.kid.is_(None))
    )
    return int(tx.execute(query).scalar_one())


def claims_unlike_their_case(tx: Connection) -> int:
    """Count claims whose unit or primary debtor, copies of their case's, are not the same."""
    differs = (CLAIM.c.unit != CASE.c.unit) | (CLAIM.c.debtor_ref != CASE.c.debtor_ref)
    query = select(func.count()).select_from(CLAIM.join(CASE, CASE.c.case_id == CLAIM.c.case_id)).where(differs)
    return int(tx.execute(query).scalar_one())


def sources_without_first(tx: Connection) -> int:
    """Count sources whose transfers do not begin with ordinal 0: no voucher would ever be numbered for them."""
    sources = select(LEDGER.c.source_event).group_by(LEDGER.c.source_event).having(func.min(LEDGER.c.ordinal) != 0)
    return int(tx.execute(select(func.count()).select_from(sources.subquery())).scalar_one())


def cases_without_claims(tx: Connection) -> int:
    """Count cases that hold no claim."""
    query = (
        select(func.count())
        .select_from(CASE.outerjoin(CLAIM, CLAIM.c.case_id == CASE.c.case_id))
        .where(CLAIM.c.claim_id.is_(None))
    )
    return int(tx.execute(query).scalar_one())
