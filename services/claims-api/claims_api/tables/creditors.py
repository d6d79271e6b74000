"""Creditors (oppdragsgivere): the units that hand claims over, and the dated agreements that say on which terms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class CreditorRow(Model, table=True):
    """A unit with an agreement. ``legal_person`` is the organisation number of the creditor in the law's sense."""

    __tablename__ = "creditor"

    unit: str = Field(primary_key=True, max_length=60)
    name: str = Field(max_length=120)
    org_number: str = Field(max_length=9)
    legal_person: str = Field(max_length=9, index=True)
    legal_person_name: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=Instant)


class AgreementRow(Model, table=True):
    """Terms that hold from ``valid_from`` until the unit's next agreement (or ``valid_to``, last day included).

    ``account`` receives the unit's remittance; ``overrides`` maps a claim type to what differs from the standard
    (``interest_from``, ``dispute_body``). ``unit_gets`` are the kinds of collected money that are the unit's.
    """

    __tablename__ = "agreement"

    unit: str = Field(primary_key=True, max_length=60, foreign_key="creditor.unit")
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    claim_types: list[str] = Field(sa_type=JsonType)
    account: str = Field(max_length=11)
    fee_regime: str = Field(max_length=20)
    overrides: dict[str, Any] = Field(sa_type=JsonType)
    unit_gets: list[str] = Field(sa_type=JsonType)
    recorded_at: datetime = Field(sa_type=Instant)
    recorded_by: str = Field(max_length=80)
    approved_by: str | None = Field(default=None, max_length=80)


class CreditorChangeRow(Model, table=True):
    """A creditors file that touches a bank account waits here for a second person (four eyes)."""

    __tablename__ = "creditor_change"

    change_id: str = Field(primary_key=True, max_length=ID)
    sha256: str = Field(max_length=64)
    content: dict[str, Any] = Field(sa_type=JsonType)
    state: str = Field(max_length=10)
    proposed_by: str = Field(max_length=80)
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=80)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
