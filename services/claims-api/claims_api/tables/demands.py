"""Demands (krav som sendes i brev, begjæringer til rettsorganer): what was frozen, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class DemandRow(Model, table=True):
    """One demand. ``state``: issued, released, sent or withdrawn.

    A sent demand may be ``void`` (taken back whole) or have its fee dropped (``fee_dropped``: the letter stands).
    ``frozen`` is the statement as published; on ``next_cost_on`` its cost changes by itself (tungt salær).
    """

    __tablename__ = "demand"
    __table_args__ = (
        Index("ix_demand_case_id_planned_dispatch", "case_id", "planned_dispatch"),
        Index("ix_demand_debtor_ref_planned_dispatch", "debtor_ref", "planned_dispatch"),
    )

    demand_id: str = Field(primary_key=True, max_length=ID)
    step_id: str = Field(max_length=80, unique=True)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id")
    debtor_ref: str = Field(max_length=ID)
    legal_person: str = Field(max_length=9)
    kind: str = Field(max_length=20)
    state: str = Field(max_length=10)
    planned_dispatch: date
    deadline: date
    kid: str = Field(max_length=25)
    fee_ore: int = Field(sa_type=BigInteger)
    fee_trace: dict[str, Any] = Field(sa_type=JsonType)
    fee_regime: str = Field(max_length=20)
    total_ore: int = Field(sa_type=BigInteger)
    frozen: dict[str, Any] = Field(sa_type=JsonType)
    issued_on: date
    issued_at: datetime = Field(sa_type=Instant)
    released_until: date | None = None
    sent_on: date | None = None
    next_cost_on: date | None = Field(default=None, index=True)
    ended_on: date | None = None
    reason: str | None = Field(default=None, max_length=40)
    void: bool = False
    fee_dropped: bool = False


class DemandClaimRow(Model, table=True):
    """A claim in a demand, oldest due first by ``position``, and what it owed on the planned day (the fee apart)."""

    __tablename__ = "demand_claim"

    demand_id: str = Field(primary_key=True, max_length=ID, foreign_key="demand.demand_id")
    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id", index=True)
    position: int
    owed_ore: int = Field(sa_type=BigInteger)


class PetitionRow(Model, table=True):
    """One case's legal step in a petition, whose id is the lead case's legal step.

    ``state``: approved, declined, dropped, submitted or ended. ``kid``: what the body pays on. ``deducted_from``: the
    first day of a deduction (utleggstrekk), whose money has an order of its own. ``frozen`` is the lead case's.
    """

    __tablename__ = "petition"

    legal_step_id: str = Field(primary_key=True, max_length=ID)
    petition_id: str = Field(max_length=ID, index=True)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    claim_ids: list[str] = Field(sa_type=JsonType)
    kind: str = Field(max_length=12)
    body: str = Field(max_length=20)
    state: str = Field(max_length=10)
    kid: str | None = Field(default=None, max_length=25, index=True)
    approved_on: date
    frozen: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    reason: str | None = Field(default=None, max_length=40)
    outcome: str | None = Field(default=None, max_length=20)
    deducted_from: date | None = None
    ended_on: date | None = None
