"""Vouchers (bilag) with numbers without gaps, and the months they are in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from claims_api.tables.base import Model
from shared.db import Instant


class VoucherRow(Model, table=True):
    """One source's transfers under one number: ``number`` counts from 1 in each year, without gaps.

    ``period`` is the month it is posted in, ``booked_on`` the day it is booked by, ``recorded_at`` when we knew.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        Index("ix_voucher_period_number", "period", "number"),
    )

    source_event: str = Field(primary_key=True, max_length=120)
    year: int
    number: int = Field(sa_type=BigInteger)
    period: str = Field(max_length=7)
    booked_on: date
    recorded_at: datetime = Field(sa_type=Instant)


class VoucherSeriesRow(Model, table=True):
    """The last voucher number given out in a year."""

    __tablename__ = "voucher_series"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_number: int = Field(sa_type=BigInteger)


class PeriodRow(Model, table=True):
    """A month that is closed: nothing is posted in it any more. ``debit_ore`` equals what was credited.

    ``remitted_on`` is the day every unit had its statement of it.
    """

    __tablename__ = "period"

    period: str = Field(primary_key=True, max_length=7)
    closed_on: date
    closed_at: datetime = Field(sa_type=Instant)
    vouchers: int
    transfers: int
    debit_ore: int = Field(sa_type=BigInteger)
    remitted_on: date | None = None
