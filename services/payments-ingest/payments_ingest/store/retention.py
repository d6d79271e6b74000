"""What is old enough to be deleted, and deleting it: payers' data, learned accounts, marks on files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from payments_ingest.domain.files import FileState, Step
from payments_ingest.domain.lines import QUEUED, PaymentState
from payments_ingest.domain.refunds import RefundState
from payments_ingest.domain.retention import Retention
from payments_ingest.store.files import FILES
from payments_ingest.store.known import ACCOUNTS
from payments_ingest.store.payments import PAYMENTS
from payments_ingest.store.refunds import PAYOUT_FILE_COLUMNS, PAYOUT_FILES, REFUNDS, PayoutFile

_BOOKED = (FileState.ACCEPTED, FileState.PARTLY_ACCEPTED)
_WITH_PEOPLE = sorted({*QUEUED, PaymentState.RETURNING})
_ON_ITS_WAY = (RefundState.PROPOSED, RefundState.APPROVED, RefundState.RESERVED, RefundState.SENT)
_NAMES_PAYER = or_(PAYMENTS.c.payer_name.is_not(None), PAYMENTS.c.payer_account.is_not(None), PAYMENTS.c.message != "")
_NAMES_RECEIVER = or_(REFUNDS.c.to_name.is_not(None), REFUNDS.c.to_account.is_not(None))


def files_to_forget(tx: Connection, old: Retention, limit: int) -> list[str]:
    """Return the ids of files whose time is over, oldest first; one with a payment that waits for a person stays."""
    waiting = select(PAYMENTS.c.payment_id).where(
        PAYMENTS.c.file_id == FILES.c.file_id, PAYMENTS.c.state.in_(_WITH_PEOPLE)
    )
    query = select(FILES.c.file_id).where(_is_old(old), ~waiting.exists())
    return list(tx.execute(query.order_by(FILES.c.received_at, FILES.c.file_id).limit(limit)).scalars())


def count_kept_longer(tx: Connection, old: Retention) -> int:
    """Count the files whose time is over and that are not forgotten."""
    return int(tx.execute(select(func.count()).select_from(FILES).where(_is_old(old))).scalar_one())


def _is_old(old: Retention) -> ColumnElement[bool]:
    booked = FILES.c.state.in_(_BOOKED)
    return and_(
        FILES.c.step == Step.DONE,
        FILES.c.forgotten_at.is_(None),
        or_(
            and_(booked, FILES.c.received_at < old.vouchers_before),
            and_(~booked, FILES.c.received_at < old.rest_before),
        ),
    )


def bytes_needed(tx: Connection, sha256: str, file_id: str) -> bool:
    """Tell whether another file has the same bytes and still needs them."""
    query = select(FILES.c.file_id).where(
        FILES.c.sha256 == sha256,
        FILES.c.file_id != file_id,
        FILES.c.forgotten_at.is_(None),
        FILES.c.state != FileState.DUPLICATE,
    )
    return tx.execute(query.limit(1)).first() is not None


def mark_forgotten(tx: Connection, file_id: str, at: datetime) -> None:
    """Note that a file's bytes and payers are deleted."""
    tx.execute(update(FILES).where(FILES.c.file_id == file_id).values(forgotten_at=at))


def blank_payers(tx: Connection, file_id: str, limit: int) -> int:
    """Blank the payers' data of payments of a file, at most ``limit``; returns of how many."""
    query = select(PAYMENTS.c.payment_id).where(PAYMENTS.c.file_id == file_id, _NAMES_PAYER).limit(limit)
    ids = list(tx.execute(query).scalars())
    told = update(PAYMENTS).where(PAYMENTS.c.payment_id.in_(ids))
    tx.execute(told.values(payer_name=None, payer_account=None, payer_bic=None, message="", references=[]))
    return len(ids)


def anything_old(tx: Connection, before: datetime) -> bool:
    """Tell whether there is a receiver to blank or an account to forget."""
    receivers = select(REFUNDS.c.refund_id).where(_old_receivers(before)).limit(1)
    accounts = select(ACCOUNTS.c.case_id).where(ACCOUNTS.c.learned_at < before).limit(1)
    return tx.execute(receivers).first() is not None or tx.execute(accounts).first() is not None


def _old_receivers(before: datetime) -> ColumnElement[bool]:
    return and_(REFUNDS.c.proposed_at < before, REFUNDS.c.state.not_in(_ON_ITS_WAY), _NAMES_RECEIVER)


def blank_receivers(tx: Connection, before: datetime, limit: int) -> int:
    """Blank the receivers of refunds that are at their end and older than ``before``; returns of how many."""
    ids = list(tx.execute(select(REFUNDS.c.refund_id).where(_old_receivers(before)).limit(limit)).scalars())
    told = update(REFUNDS).where(REFUNDS.c.refund_id.in_(ids))
    tx.execute(told.values(to_name=None, to_account=None, to_bic=None))
    return len(ids)


def forget_accounts(tx: Connection, before: datetime, limit: int) -> int:
    """Forget which accounts paid to which cases, where that was learned before ``before``; returns how many."""
    query = select(ACCOUNTS.c.account_hash, ACCOUNTS.c.case_id).where(ACCOUNTS.c.learned_at < before).limit(limit)
    old = tx.execute(query).all()
    for one in old:
        of = and_(ACCOUNTS.c.account_hash == one.account_hash, ACCOUNTS.c.case_id == one.case_id)
        tx.execute(delete(ACCOUNTS).where(of))
    return len(old)


def payout_files_to_forget(tx: Connection, before: datetime, limit: int) -> list[PayoutFile]:
    """Return payment files older than ``before`` none of whose refunds is on its way any more."""
    open_refund = select(REFUNDS.c.refund_id).where(
        REFUNDS.c.payout_file_id == PAYOUT_FILES.c.payout_file_id, REFUNDS.c.state.in_(_ON_ITS_WAY)
    )
    query = select(*PAYOUT_FILE_COLUMNS).where(
        PAYOUT_FILES.c.made_at < before, PAYOUT_FILES.c.forgotten_at.is_(None), ~open_refund.exists()
    )
    return [PayoutFile(**row._mapping) for row in tx.execute(query.order_by(PAYOUT_FILES.c.made_at).limit(limit))]


def mark_payout_forgotten(tx: Connection, payout_file_id: str, at: datetime) -> None:
    """Note that a payment file for the bank is deleted."""
    tx.execute(update(PAYOUT_FILES).where(PAYOUT_FILES.c.payout_file_id == payout_file_id).values(forgotten_at=at))
