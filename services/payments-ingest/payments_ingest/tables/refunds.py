"""Money that goes out: refunds (tilbakebetalinger) and the payment files they leave in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from payments_ingest.tables.base import ID, Model
from shared.db import Instant


class RefundRow(Model, table=True):
    """A refund from proposal to settlement; ``refund_id`` is the EndToEndId the bank reports it with.

    States: proposed, approved, reserved, refused, sent, settled, rejected, withdrawn. ``source``: overpaid (a case has
    too much), suspense (a payment goes back to its sender) or remittance (a unit's own money).
    """

    __tablename__ = "refund"

    refund_id: str = Field(primary_key=True, max_length=ID)
    source: str = Field(max_length=10)
    case_id: str | None = Field(default=None, max_length=ID, index=True)
    payment_id: str | None = Field(default=None, max_length=ID, index=True)
    amount_ore: int = Field(sa_type=BigInteger)
    to_account: str | None = Field(default=None, max_length=40)
    to_name: str | None = Field(default=None, max_length=140)
    to_bic: str | None = Field(default=None, max_length=11)
    # The person who named the receiver, when the bank did not or not well enough.
    receiver_by: str | None = Field(default=None, max_length=120)
    # The refund that came to nothing and that this one tries again; one is tried again once.
    again_of: str | None = Field(default=None, max_length=ID, index=True)
    state: str = Field(max_length=10, index=True)
    reason: str | None = Field(default=None, max_length=40)
    proposed_by: str = Field(max_length=120)
    proposed_at: datetime = Field(sa_type=Instant)
    first_approved_by: str | None = Field(default=None, max_length=120)
    approved_by: str | None = Field(default=None, max_length=120)
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    payout_file_id: str | None = Field(
        default=None, max_length=ID, foreign_key="payout_file.payout_file_id", index=True
    )
    settled_on: date | None = None


class PayoutFileRow(Model, table=True):
    """A payment file for the bank; ``message_id`` stays the same however often it is written."""

    __tablename__ = "payout_file"

    payout_file_id: str = Field(primary_key=True, max_length=ID)
    message_id: str = Field(max_length=35, unique=True)
    account: str = Field(max_length=34)
    execute_on: date
    payment_count: int
    sum_ore: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    made_at: datetime = Field(sa_type=Instant)
    forgotten_at: datetime | None = Field(default=None, sa_type=Instant)
