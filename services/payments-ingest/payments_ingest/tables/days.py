"""Accounts, their bank days, what statements say of them, debit lines and alarms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from payments_ingest.tables.base import ID, Model
from shared.db import Instant, JsonType


class BankAccountRow(Model, table=True):
    """An account of ours that money is reported on. Its bank days are closed from ``first_day`` on."""

    __tablename__ = "bank_account"

    account: str = Field(primary_key=True, max_length=34)
    first_day: date


class BankDayRow(Model, table=True):
    """A bank day (bankdag) of an account. ``count`` and ``sum_ore`` are what was last published of it.

    ``statement_ore`` is what the bank's statement says came in (credits less reversals), None before there is one.
    """

    __tablename__ = "bank_day"

    account: str = Field(primary_key=True, max_length=34)
    day: date = Field(primary_key=True)
    complete: bool
    completed_by: str | None = Field(default=None, max_length=10)
    closed_by: str | None = Field(default=None, max_length=120)
    reason: str | None = Field(default=None, max_length=500)
    count: int = 0
    sum_ore: int = Field(default=0, sa_type=BigInteger)
    published: int = 0
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    statement_ore: int | None = Field(default=None, sa_type=BigInteger)
    statement_file_id: str | None = Field(default=None, max_length=ID)


class StatementLineRow(Model, table=True):
    """One booked credit or reversal line of a statement (kontoutskrift): for control only, never posted."""

    __tablename__ = "statement_line"
    __table_args__ = (Index("ix_statement_line_account_day", "account", "day"),)

    line_id: str = Field(primary_key=True, max_length=64)
    file_id: str = Field(max_length=ID, foreign_key="bank_file.file_id", index=True)
    account: str = Field(max_length=34)
    day: date
    kind: str = Field(max_length=10)
    amount_ore: int = Field(sa_type=BigInteger)
    transactions: int


class DebitRow(Model, table=True):
    """Money that left an account (belastning); settles a payout of ours once, or is an alarm."""

    __tablename__ = "debit"
    __table_args__ = (Index("ix_debit_account_day", "account", "day"),)

    debit_id: str = Field(primary_key=True, max_length=64)
    file_id: str = Field(max_length=ID, foreign_key="bank_file.file_id", index=True)
    account: str = Field(max_length=34)
    day: date
    amount_ore: int = Field(sa_type=BigInteger)
    end_to_end_id: str | None = Field(default=None, max_length=40, index=True)
    refund_id: str | None = Field(default=None, max_length=ID, index=True)


class AlarmRow(Model, table=True):
    """Something at the bank that does not add up and that a person must look at."""

    __tablename__ = "alarm"

    alarm_id: str = Field(primary_key=True, max_length=120)
    kind: str = Field(max_length=24, index=True)
    account: str = Field(max_length=34)
    day: date | None = None
    facts: dict[str, Any] = Field(sa_type=JsonType)
    raised_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    settled_by: str | None = Field(default=None, max_length=120)
