"""Bank transactions and what people and rules made of them: allocations, suggestions, requests for a second person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from payments_ingest.tables.base import DIGEST, ID, Model
from shared.db import Instant, JsonType

NOT_MATCHED = "state <> 'matched'"
"""Payments that no allocation puts on their case, if they have one."""


class PaymentRow(Model, table=True):
    """One credit on our account, or a reversal of one, as the bank reported it.

    ``booked``: it counts in its bank day and was told to claims-api; a line linked to the same payment in another
    channel and one held as a possible duplicate are not. ``payer_name``, ``payer_account`` and ``message`` are
    personal data and are blanked when their debtor is erased. Its file's row is held by whoever releases it.

    Lines of one ``fingerprint`` share a ``channel_key``; one that is matched is found by case through its allocation.
    """

    __tablename__ = "payment"
    __table_args__ = (
        Index("ix_payment_account_day", "account", "day"),
        Index("ix_payment_state_day", "state", "day", "payment_id"),
        Index("ix_payment_kid_account", "kid", "account"),
        Index(
            "ix_payment_linked", "linked_to",
            sqlite_where=text("linked_to IS NOT NULL"), postgresql_where=text("linked_to IS NOT NULL"),
        ),
        Index(
            "ix_payment_was_on_case", "case_id", sqlite_where=text(NOT_MATCHED), postgresql_where=text(NOT_MATCHED)
        ),
    )  # fmt: skip

    payment_id: str = Field(primary_key=True, max_length=ID)
    file_id: str = Field(max_length=ID, index=True)
    position: int
    channel: str = Field(max_length=10)
    kind: str = Field(max_length=10)
    account: str = Field(max_length=34)
    day: date
    paid_on: date
    amount_ore: int = Field(sa_type=BigInteger)
    kid: str | None = Field(default=None, max_length=35)
    message: str = Field(default="", max_length=2000)
    payer_name: str | None = Field(default=None, max_length=140)
    payer_account: str | None = Field(default=None, max_length=40)
    payer_bic: str | None = Field(default=None, max_length=11)
    references: list[str] = Field(sa_type=JsonType)
    flags: list[str] = Field(sa_type=JsonType)
    archive_ref: str | None = Field(default=None, max_length=40)
    end_to_end_id: str | None = Field(default=None, max_length=40)
    type_code: str = Field(max_length=40)
    bank_line: str = Field(max_length=120)
    channel_key: str = Field(max_length=DIGEST, index=True)
    fingerprint: str = Field(max_length=DIGEST)
    booked: bool
    state: str = Field(max_length=20)
    reason: str | None = Field(default=None, max_length=40)
    # The payment this one repeats, or for a reversal takes back.
    linked_to: str | None = Field(default=None, max_length=ID)
    case_id: str | None = Field(default=None, max_length=ID)
    split: list[dict[str, Any]] = Field(sa_type=JsonType)
    assigned_to: str | None = Field(default=None, max_length=120)
    due_on: date | None = None
    # How often it was offered to matching: each try derives its event ids anew.
    version: int = 1
    recorded_at: datetime = Field(sa_type=Instant)


class AllocationRow(Model, table=True):
    """How much of a payment lies on a case; undone ones stay as history.

    Written with the payment, or by whoever holds its row.
    """

    __tablename__ = "allocation"

    allocation_id: str = Field(primary_key=True, max_length=ID)
    payment_id: str = Field(max_length=ID, index=True)
    case_id: str = Field(max_length=ID, index=True)
    claim_id: str | None = Field(default=None, max_length=ID)
    amount_ore: int = Field(sa_type=BigInteger)
    matched_by: str = Field(max_length=16)
    active: bool
    made_by: str = Field(max_length=120)
    approved_by: str | None = Field(default=None, max_length=120)
    made_at: datetime = Field(sa_type=Instant)
    undone_by: str | None = Field(default=None, max_length=120)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)


class SuggestionRow(Model, table=True):
    """A case a waiting payment may be meant for, and why."""

    __tablename__ = "suggestion"

    payment_id: str = Field(primary_key=True, max_length=ID, foreign_key="payment.payment_id")
    case_id: str = Field(primary_key=True, max_length=ID, index=True)
    score: int
    reasons: list[str] = Field(sa_type=JsonType)


class WantedNumberRow(Model, table=True):
    """A saksnummer or KID that a waiting payment names and that nobody knew: tried again when it appears."""

    __tablename__ = "wanted_number"

    number: str = Field(primary_key=True, max_length=35)
    payment_id: str = Field(primary_key=True, max_length=ID, foreign_key="payment.payment_id", index=True)


class ApprovalRow(Model, table=True):
    """A move of money that waits for a second person (fire øyne), or was decided by one."""

    __tablename__ = "approval"

    approval_id: str = Field(primary_key=True, max_length=ID)
    payment_id: str = Field(max_length=ID, foreign_key="payment.payment_id", index=True)
    parts: list[dict[str, Any]] = Field(sa_type=JsonType)
    state: str = Field(max_length=10)
    asked_by: str = Field(max_length=120)
    asked_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=120)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
