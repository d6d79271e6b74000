"""What each unit was owed for each month (avregning), claim by claim, and the payout of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class RemittanceRow(Model, table=True):
    """One unit's statement of a closed month; its figures are never changed.

    ``payout``: none, no_account, unsigned, reserved, settled or rejected. ``sign_off``: waiting, accepted or disputed.
    ``payable_ore`` is reserved in the ledger under this id; ``carried_ore`` came over from earlier months.
    ``shares`` says what came to the unit and what the collector kept under each division the claims' agreements have.
    """

    __tablename__ = "remittance"
    __table_args__ = (UniqueConstraint("unit", "period"),)

    remittance_id: str = Field(primary_key=True, max_length=ID)
    unit: str = Field(max_length=60, foreign_key="creditor.unit")
    period: str = Field(max_length=7)
    made_on: date
    made_at: datetime = Field(sa_type=Instant)
    opening_ore: int = Field(sa_type=BigInteger)
    registered_ore: int = Field(sa_type=BigInteger)
    interest_ore: int = Field(sa_type=BigInteger)
    fees_ore: int = Field(sa_type=BigInteger)
    corrections_ore: int = Field(sa_type=BigInteger)
    withdrawn_ore: int = Field(sa_type=BigInteger)
    written_off_ore: int = Field(sa_type=BigInteger)
    collected_ore: int = Field(sa_type=BigInteger)
    closing_ore: int = Field(sa_type=BigInteger)
    direct_ore: int = Field(sa_type=BigInteger)
    to_unit_ore: int = Field(sa_type=BigInteger)
    kept_ore: int = Field(sa_type=BigInteger)
    carried_ore: int = Field(sa_type=BigInteger)
    payable_ore: int = Field(sa_type=BigInteger)
    account: str | None = Field(default=None, max_length=11)
    payout: str = Field(max_length=10, index=True)
    settled_on: date | None = None
    payout_reason: str | None = Field(default=None, max_length=80)
    sign_off: str = Field(max_length=10)
    signed_by: str | None = Field(default=None, max_length=80)
    signed_at: datetime | None = Field(default=None, sa_type=Instant)
    comment: str | None = Field(default=None, max_length=500)
    answer: str | None = Field(default=None, max_length=500)
    answered_by: str | None = Field(default=None, max_length=80)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    shares: list[dict[str, Any]] = Field(sa_type=JsonType)


class RemittanceLineRow(Model, table=True):
    """One claim in a unit's statement; the lines add up to it."""

    __tablename__ = "remittance_line"

    remittance_id: str = Field(primary_key=True, max_length=ID, foreign_key="remittance.remittance_id")
    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id")
    opening_ore: int = Field(sa_type=BigInteger)
    registered_ore: int = Field(sa_type=BigInteger)
    interest_ore: int = Field(sa_type=BigInteger)
    fees_ore: int = Field(sa_type=BigInteger)
    corrections_ore: int = Field(sa_type=BigInteger)
    withdrawn_ore: int = Field(sa_type=BigInteger)
    written_off_ore: int = Field(sa_type=BigInteger)
    collected_ore: int = Field(sa_type=BigInteger)
    closing_ore: int = Field(sa_type=BigInteger)
    direct_ore: int = Field(sa_type=BigInteger)
    to_unit_ore: int = Field(sa_type=BigInteger)
    kept_ore: int = Field(sa_type=BigInteger)
