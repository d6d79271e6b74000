"""Refunds and the payment files they leave in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from payments_ingest.domain.refunds import RefundState
from payments_ingest.tables import PayoutFileRow, RefundRow
from shared.db import insert_ignore, lock_rows, table_of

REFUNDS = table_of(RefundRow)
PAYOUT_FILES = table_of(PayoutFileRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as it is recorded (see the table of that name)."""

    refund_id: str
    source: str
    case_id: str | None
    payment_id: str | None
    amount_ore: int
    to_account: str | None
    to_name: str | None
    to_bic: str | None
    receiver_by: str | None
    again_of: str | None
    state: str
    reason: str | None
    proposed_by: str
    proposed_at: datetime
    first_approved_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    payout_file_id: str | None
    settled_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFile:
    """A payment file for the bank: decided before it is written, and the same however often it is."""

    payout_file_id: str
    message_id: str
    account: str
    execute_on: date
    payment_count: int
    sum_ore: int
    sha256: str
    made_at: datetime


PAYOUT_FILE_COLUMNS = [PAYOUT_FILES.c[field.name] for field in fields(PayoutFile)]


def insert_refund(tx: Connection, row: Mapping[str, Any]) -> bool:
    """Record a refund; False when it is recorded already."""
    return insert_ignore(tx, REFUNDS, [row]) == 1


def lock_refund(tx: Connection, refund_id: str) -> Refund | None:
    """Return a refund with its row locked."""
    lock_rows(tx, REFUNDS, "refund_id", [refund_id])
    row = tx.execute(select(REFUNDS).where(REFUNDS.c.refund_id == refund_id)).first()
    return Refund(**row._mapping) if row else None


def update_refund(tx: Connection, refund_id: str, **values: Any) -> None:
    """Set columns of a refund."""
    tx.execute(update(REFUNDS).where(REFUNDS.c.refund_id == refund_id).values(**values))


def list_refunds(
    tx: Connection, *, states: Collection[str], case_id: str | None, after: str | None, limit: int
) -> list[Refund]:
    """Return refunds, keyset-paged by id; empty ``states`` means any."""
    query = select(REFUNDS).order_by(REFUNDS.c.refund_id).limit(limit)
    if states:
        query = query.where(REFUNDS.c.state.in_(sorted(states)))
    if case_id is not None:
        query = query.where(REFUNDS.c.case_id == case_id)
    if after is not None:
        query = query.where(REFUNDS.c.refund_id > after)
    return [Refund(**row._mapping) for row in tx.execute(query)]


def find_refund(tx: Connection, refund_id: str) -> Refund | None:
    """Return a refund."""
    row = tx.execute(select(REFUNDS).where(REFUNDS.c.refund_id == refund_id)).first()
    return Refund(**row._mapping) if row else None


def tried_again(tx: Connection, refund_id: str) -> str | None:
    """Return the refund that tries one again, if there is one."""
    return tx.execute(select(REFUNDS.c.refund_id).where(REFUNDS.c.again_of == refund_id)).scalar()


def returning(tx: Connection, payment_id: str) -> list[Refund]:
    """Return the refunds that would send a payment on suspense back and are only proposed."""
    query = select(REFUNDS).where(
        REFUNDS.c.payment_id == payment_id, REFUNDS.c.source == "suspense", REFUNDS.c.state == RefundState.PROPOSED
    )
    return [Refund(**row._mapping) for row in tx.execute(query)]


def insert_payout_file(tx: Connection, file: PayoutFile) -> None:
    """Record a payment file for the bank."""
    tx.execute(PAYOUT_FILES.insert(), [asdict(file)])


def unsent_payout_file(tx: Connection) -> PayoutFile | None:
    """Return the oldest payment file with a refund that is not sent yet."""
    waiting = select(REFUNDS.c.payout_file_id).where(
        REFUNDS.c.state == RefundState.RESERVED, REFUNDS.c.payout_file_id.is_not(None)
    )
    query = (
        select(*PAYOUT_FILE_COLUMNS)
        .where(PAYOUT_FILES.c.payout_file_id.in_(waiting))
        .order_by(PAYOUT_FILES.c.made_at, PAYOUT_FILES.c.payout_file_id)
        .limit(1)
    )
    row = tx.execute(query).first()
    return PayoutFile(**row._mapping) if row else None


def refunds_to_send(tx: Connection, limit: int) -> list[Refund]:
    """Return reserved refunds that are in no payment file yet."""
    query = (
        select(REFUNDS)
        .where(REFUNDS.c.state == RefundState.RESERVED, REFUNDS.c.payout_file_id.is_(None))
        .order_by(REFUNDS.c.refund_id)
        .limit(limit)
    )
    return [Refund(**row._mapping) for row in tx.execute(query)]


def find_payout_file(tx: Connection, message_id: str) -> str | None:
    """Return the id of the payment file with this message id."""
    query = select(PAYOUT_FILES.c.payout_file_id).where(PAYOUT_FILES.c.message_id == message_id)
    return tx.execute(query).scalar()


def refunds_in_file(tx: Connection, payout_file_id: str) -> list[Refund]:
    """Return the refunds of a payment file."""
    query = select(REFUNDS).where(REFUNDS.c.payout_file_id == payout_file_id).order_by(REFUNDS.c.refund_id)
    return [Refund(**row._mapping) for row in tx.execute(query)]
