"""Bank files, what is staged of them, and the transmissions they carried."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from payments_ingest.tables.base import ID, Model
from shared.db import Instant, JsonType


class BankFileRow(Model, table=True):
    """One delivery of a bank file. ``active_sha256`` is set while or since its bytes count, and unique: the same bytes
    again are a duplicate. ``state`` is what people see, ``step`` how far the work is: received, staged, done.
    """

    __tablename__ = "bank_file"
    __table_args__ = (Index("ix_bank_file_step_received", "step", "received_at", "file_id"),)

    file_id: str = Field(primary_key=True, max_length=ID)
    name: str = Field(max_length=120)
    source: str = Field(max_length=10)
    sha256: str = Field(max_length=64, index=True)
    active_sha256: str | None = Field(default=None, max_length=64, unique=True)
    size_bytes: int = Field(sa_type=BigInteger)
    received_at: datetime = Field(sa_type=Instant)
    received_by: str = Field(max_length=120)
    state: str = Field(max_length=20, index=True)
    step: str = Field(max_length=10)
    format: str | None = Field(default=None, max_length=10)
    version: str | None = Field(default=None, max_length=20)
    payment_count: int = 0
    amount_ore: int = Field(default=0, sa_type=BigInteger)
    staged_count: int = 0
    released_count: int = 0
    queued_count: int = 0
    linked_count: int = 0
    problems: list[dict[str, Any]] = Field(sa_type=JsonType)
    skipped: list[dict[str, Any]] = Field(sa_type=JsonType)
    duplicate_of: str | None = Field(default=None, max_length=ID)
    decided_by: str | None = Field(default=None, max_length=120)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    # When its bytes and payers were deleted for their age.
    forgotten_at: datetime | None = Field(default=None, sa_type=Instant)


class StagedLineRow(Model, table=True):
    """One item read from a file whose totals are not proved yet, or proved and waiting to be released.

    ``what``: payment, debit, statement or statement_line; ``body`` its fields. Deleted in the transaction that
    releases it, so what is left is what is still to be done. Whoever stages has read its file, whoever releases holds
    it: it refers to nothing.
    """

    __tablename__ = "staged_line"

    file_id: str = Field(primary_key=True, max_length=ID)
    place: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    what: str = Field(max_length=16)
    body: dict[str, Any] = Field(sa_type=JsonType)


class PageRow(Model, table=True):
    """One page of a message or statement that the bank sent in several: ``identity`` is the bank's id of the whole.

    ``sums`` are a statement's on this page: balances, what was moved, sums per day. ``whole_at`` is set when all pages
    were there and had been looked at together.
    """

    __tablename__ = "bank_page"

    family: str = Field(primary_key=True, max_length=10)
    account: str = Field(primary_key=True, max_length=34)
    identity: str = Field(primary_key=True, max_length=140)
    page: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    is_last: bool
    message_id: str = Field(max_length=140, index=True)
    file_id: str = Field(max_length=ID, foreign_key="bank_file.file_id", index=True)
    sums: dict[str, Any] = Field(sa_type=JsonType)
    whole_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


class TransmissionRow(Model, table=True):
    """A transmission (forsendelse) that was accepted: the same key with other bytes is a case for a person.

    ``series`` is what its number counts within (sender and recipient), None where numbers tell nothing.
    """

    __tablename__ = "transmission"
    __table_args__ = (Index("ix_transmission_series_number", "series", "number"),)

    key: str = Field(primary_key=True, max_length=200)
    account: str = Field(primary_key=True, max_length=34, index=True)
    file_id: str = Field(max_length=ID, foreign_key="bank_file.file_id", index=True)
    series: str | None = Field(default=None, max_length=60)
    number: int | None = Field(default=None, sa_type=BigInteger)
    produced_on: date | None = None
    payment_count: int
    sum_ore: int = Field(sa_type=BigInteger)
