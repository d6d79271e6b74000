"""The ledger, what the bank reported, and which of it belongs to which case."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, PrimaryKeyConstraint, text
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType

RESERVED = "kind IN ('payout_reserved', 'refund_reserved')"
"""Transfers that set money apart to go out: what becomes of it names them by what they are about."""


class LedgerRow(Model, table=True):
    """One transfer from ``credit`` to ``debit``, each an account with its owner. Rows are never changed or deleted.

    Unique by ``source_event`` and ``ordinal`` (decisions A5), from which ``transfer_id`` follows and is as unique: an
    index of its own would be read by nobody and be written at random. Found by case and by instant alone: equal values
    share an entry, and a case's few rows are sorted when they are read. ``reverses`` names the transfer this one takes
    back, once; ``about`` is looked up of money that was reserved to go out. ``trace`` is rule, reference and inputs.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        PrimaryKeyConstraint("source_event", "ordinal"),
        CheckConstraint("amount_ore > 0", name="amount_above_zero"),
        Index(
            "uq_ledger_taken_back", "reverses", unique=True,
            sqlite_where=text("reverses IS NOT NULL"), postgresql_where=text("reverses IS NOT NULL"),
        ),
        Index("ix_ledger_reserved", "about", sqlite_where=text(RESERVED), postgresql_where=text(RESERVED)),
    )  # fmt: skip

    transfer_id: str = Field(max_length=ID)
    kind: str = Field(max_length=20)
    debit: str = Field(max_length=20)
    debit_owner: str = Field(max_length=80)
    credit: str = Field(max_length=20)
    credit_owner: str = Field(max_length=80)
    amount_ore: int = Field(sa_type=BigInteger)
    value_date: date
    recorded_at: datetime = Field(sa_type=Instant, index=True)
    source_event: str = Field(primary_key=True, max_length=120)
    ordinal: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    unit: str | None = Field(default=None, max_length=60)
    case_id: str | None = Field(default=None, max_length=ID, index=True)
    claim_id: str | None = Field(default=None, max_length=ID)
    about: str | None = Field(default=None, max_length=120)
    reverses: str | None = Field(default=None, max_length=ID)
    trace: dict[str, Any] = Field(sa_type=JsonType)


class BankEntryRow(Model, table=True):
    """One credit (above zero) or reversal (below) that the bank reported, whichever event named it first."""

    __tablename__ = "bank_entry"
    __table_args__ = (Index("ix_bank_entry_account_day", "account", "day"),)

    entry_id: str = Field(primary_key=True, max_length=80)
    account: str = Field(max_length=34)
    day: date
    amount_ore: int = Field(sa_type=BigInteger)
    payment_id: str | None = Field(default=None, max_length=80)


class PaymentPartRow(Model, table=True):
    """What one event said of a payment and a case: ``matched``, ``taken_back`` (by the bank) or ``unallocated``."""

    __tablename__ = "payment_part"
    __table_args__ = (Index("ix_payment_part_case_id", "case_id"), Index("ix_payment_part_payment_id", "payment_id"))

    part_id: str = Field(primary_key=True, max_length=ID)
    kind: str = Field(max_length=12)
    payment_id: str = Field(max_length=80)
    reversal_id: str | None = Field(default=None, max_length=80)
    case_id: str = Field(max_length=ID)
    claim_id: str | None = Field(default=None, max_length=ID)
    amount_ore: int = Field(sa_type=BigInteger)
    on_day: date
    kid: str | None = Field(default=None, max_length=25)
    matched_by: str | None = Field(default=None, max_length=20)
    direct: bool = False
    recorded_at: datetime = Field(sa_type=Instant)


class PaymentCandidateRow(Model, table=True):
    """An unmatched payment that may be this case's: the case takes no step until someone has looked."""

    __tablename__ = "payment_candidate"

    payment_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(primary_key=True, max_length=ID, index=True)
    since: date


class BankDayRow(Model, table=True):
    """A bank day as payments-ingest completed it; ``booked`` when our bank entries are exactly that count and sum."""

    __tablename__ = "bank_day"

    account: str = Field(primary_key=True, max_length=34)
    day: date = Field(primary_key=True)
    count: int
    sum_ore: int = Field(sa_type=BigInteger)
    completed_by: str = Field(max_length=12)
    completed_at: datetime = Field(sa_type=Instant)
    booked: bool


class RefundRow(Model, table=True):
    """Money that is to go back: ``state`` proposed, reserved, refused, settled or rejected."""

    __tablename__ = "refund"

    refund_id: str = Field(primary_key=True, max_length=80)
    case_id: str | None = Field(default=None, max_length=ID, index=True)
    payment_id: str | None = Field(default=None, max_length=80, index=True)
    source: str = Field(max_length=10)
    amount_ore: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=10)
    proposed_on: date | None = None
    reserved_on: date | None = None
    settled_on: date | None = None
    reason: str | None = Field(default=None, max_length=60)


class MoneyDecisionRow(Model, table=True):
    """A decision about a claim's money. ``kind``: withdrawn, cancelled, fees_dropped or corrected.

    ``reason`` is a code, of a correction the unit's words; a decision is never changed, another one may follow it.
    """

    __tablename__ = "money_decision"

    decision_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    claim_id: str = Field(max_length=ID, foreign_key="claim.claim_id")
    kind: str = Field(max_length=16)
    reason: str = Field(max_length=200)
    effective_on: date
    decided_by: str = Field(max_length=80)
    decided_at: datetime = Field(sa_type=Instant)


class PaymentChoiceRow(Model, table=True):
    """What a debtor said their money is for: one payment, or (``payment_id`` null) all that comes from a day on.

    Never changed: another choice may follow it.
    """

    __tablename__ = "payment_choice"

    choice_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    payment_id: str | None = Field(default=None, max_length=80)
    claim_ids: list[str] = Field(sa_type=JsonType)
    kinds: list[str] = Field(sa_type=JsonType)
    chosen_on: date
    channel: str = Field(max_length=10)
    recorded_by: str = Field(max_length=80)
    recorded_at: datetime = Field(sa_type=Instant)
