"""What is, or may be, written off, and the warnings that a claim will soon be time-barred."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant


class WriteOffRow(Model, table=True):
    """A write-off (avskriving) from proposal to decision. ``state``: proposed, done, refused or dropped.

    ``amount_ore`` is what was owed when it was proposed; ``first_approved_by`` the first of two persons.
    """

    __tablename__ = "write_off"

    write_off_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    claim_id: str = Field(max_length=ID, foreign_key="claim.claim_id", index=True)
    reason: str = Field(max_length=20)
    amount_ore: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=10, index=True)
    proposed_by: str = Field(max_length=80)
    proposed_at: datetime = Field(sa_type=Instant)
    first_approved_by: str | None = Field(default=None, max_length=80)
    decided_by: str | None = Field(default=None, max_length=80)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


class LimitationWarningRow(Model, table=True):
    """A warning that was given: this claim's last day is at most so many days away."""

    __tablename__ = "limitation_warning"

    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id")
    last_day: date = Field(primary_key=True)
    days: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    warned_on: date
