"""Cases (saker), the claims (krav) in them, and every KID ever given out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class CaseRow(Model, table=True):
    """The claims of one debtor towards one unit that belong together.

    ``state``: open, legal (at a legal step: takes no new claims) or closed. ``version`` grows by one for every
    transaction that changes the case; ``last_recorded_at`` is the newest recorded-at given out under its lock. Its KID
    is unique because ``kid`` holds every one.
    """

    __tablename__ = "case_file"
    __table_args__ = (Index("ix_case_file_group", "debtor_ref", "unit", "merge_group"),)

    case_id: str = Field(primary_key=True, max_length=ID)
    case_number: str = Field(max_length=10, unique=True)
    kid: str = Field(max_length=15)
    unit: str = Field(max_length=60, foreign_key="creditor.unit", index=True)
    legal_person: str = Field(max_length=9)
    debtor_ref: str = Field(max_length=ID, foreign_key="debtor.debtor_ref")
    merge_group: str = Field(max_length=16)
    state: str = Field(max_length=10)
    version: int
    last_recorded_at: datetime = Field(sa_type=Instant)
    last_sequence: int
    opened_on: date
    closed_on: date | None = None


class ClaimRow(Model, table=True):
    """One claim as the unit handed it over, what became of it, and its numbers kept for reading.

    The kept numbers (``*_left_ore``) are what the ledger says is left of each kind, posted interest only; the ledger
    is the truth. Health and social types keep description and service period in ``sealed`` alone. ``first_answer`` is
    what the unit was told when it handed the claim over, and is told again when it sends the same claim.

    ``unit`` and ``debtor_ref`` are its case's, which refers to both; the KID is unique because ``kid`` holds every one;
    by debtor a claim is found through ``claim_party``.
    """

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("unit", "external_ref"), Index("ix_claim_unit_claim_id", "unit", "claim_id"))

    claim_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    unit: str = Field(max_length=60)
    debtor_ref: str = Field(max_length=ID)
    external_ref: str = Field(max_length=80)
    body_digest: str = Field(max_length=64)
    claim_type: str = Field(max_length=24)
    kid: str = Field(max_length=15)
    status: str = Field(max_length=12)
    # What was handed over
    principal_ore: int = Field(sa_type=BigInteger)
    original_principal_ore: int = Field(sa_type=BigInteger)
    invoice_number: str = Field(max_length=60)
    invoice_date: date
    due_date: date
    description: str | None = Field(default=None, max_length=500)
    service_from: date | None = None
    service_to: date | None = None
    sealed: bytes | None = None
    sealed_key: str | None = Field(default=None, max_length=20)
    notice_sent_on: date | None = None
    notice_deadline: date | None = None
    notice_fee_ore: int = Field(default=0, sa_type=BigInteger)
    notice_void: str | None = Field(default=None, max_length=40)
    notice_document_id: str | None = Field(default=None, max_length=80)
    earlier_reminders: list[dict[str, Any]] = Field(sa_type=JsonType)
    legal_basis: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    premises: str | None = Field(default=None, max_length=10)
    limitation_date: date | None = None
    documents: list[str] = Field(sa_type=JsonType)
    # What the rules made of it
    interest_from: date | None = None
    dispute_body: str = Field(max_length=24)
    fee_regime: str = Field(max_length=20)
    unit_gets: list[str] = Field(sa_type=JsonType)
    minor: bool
    last_day: date = Field(index=True)
    # Kept for reading
    principal_left_ore: int = Field(sa_type=BigInteger)
    interest_left_ore: int = Field(default=0, sa_type=BigInteger)
    fees_left_ore: int = Field(default=0, sa_type=BigInteger)
    costs_left_ore: int = Field(default=0, sa_type=BigInteger)
    registered_on: date
    registered_at: datetime = Field(sa_type=Instant)
    registered_by: str = Field(max_length=80)
    first_answer: dict[str, Any] = Field(sa_type=JsonType)
    ended_on: date | None = None
    end_reason: str | None = Field(default=None, max_length=20)


class ClaimPartyRow(Model, table=True):
    """Who is liable for a claim: its primary debtor and the co-debtors (solidarskyldnere), in order.

    Written with the claim, and once.
    """

    __tablename__ = "claim_party"

    claim_id: str = Field(primary_key=True, max_length=ID)
    debtor_ref: str = Field(primary_key=True, max_length=ID, foreign_key="debtor.debtor_ref", index=True)
    position: int


class KidRow(Model, table=True):
    """A KID that was given out, and what money on it is for. Rows are never deleted and never reused.

    Its key is what makes the KIDs of cases, claims and plans unique. A claim's own is written with the claim.
    """

    __tablename__ = "kid"

    kid: str = Field(primary_key=True, max_length=25)
    kind: int
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id")
    claim_id: str | None = Field(default=None, max_length=ID)
    plan_id: str | None = Field(default=None, max_length=ID)
    issued_at: datetime = Field(sa_type=Instant)


class CaseCounterRow(Model, table=True):
    """The last saksnummer serial given out in a year."""

    __tablename__ = "case_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_serial: int


class HoldRow(Model, table=True):
    """A stop of collection: of the claims in ``hold_claim``, for a reason, until a day or until someone ends it.

    ``whole_case``: claims that join the case later are stopped too. ``debtor_ref``: it is about one of several who are
    liable (a death, a bankruptcy), who gets no letters while it stands.
    """

    __tablename__ = "hold"

    hold_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    reason: str = Field(max_length=32)
    from_on: date
    until: date | None = Field(default=None, index=True)
    whole_case: bool
    debtor_ref: str | None = Field(default=None, max_length=ID)
    request_id: str | None = Field(default=None, max_length=ID, index=True)
    placed_by: str = Field(max_length=80)
    placed_at: datetime = Field(sa_type=Instant)
    ended_on: date | None = None
    ended_by: str | None = Field(default=None, max_length=80)
    resume_on: date | None = None


class HoldClaimRow(Model, table=True):
    """One claim that a hold is about; ``stops`` is false when others are liable and may still be asked to pay."""

    __tablename__ = "hold_claim"

    hold_id: str = Field(primary_key=True, max_length=ID, foreign_key="hold.hold_id")
    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id", index=True)
    stops: bool


class TimelineRow(Model, table=True):
    """Something that happened to a case, in words people read. ``facts`` holds ids, dates and amounts only.

    Only ever added to, by whoever holds the case: it refers to nothing. Read by case, a page of it sorted, and so kept
    by case: one index, in which entries of a case lie together.
    """

    __tablename__ = "timeline"
    __table_args__ = (PrimaryKeyConstraint("case_id", "entry_id"),)

    entry_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(primary_key=True, max_length=ID)
    claim_id: str | None = Field(default=None, max_length=ID)
    at: datetime = Field(sa_type=Instant)
    type: str = Field(max_length=40)
    summary: str = Field(max_length=300)
    facts: dict[str, Any] = Field(sa_type=JsonType)
    actor: str = Field(max_length=80)
