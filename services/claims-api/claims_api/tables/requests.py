"""Requests (henvendelser), payment plans, the letters that answer them, sealed texts, and what moves deadlines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class RequestRow(Model, table=True):
    """What someone asked for or said about a case, and what became of it.

    ``case_id`` is the case it was made on (a plan: its lead case). ``grounds``: why it was not granted at once.
    ``due_on``: the day it is to be answered; ``pay_by``: the last day to pay that its end gave. What a kind does not
    use is null. Texts lie in ``request_text``.
    """

    __tablename__ = "request"
    __table_args__ = (
        Index("ix_request_state_due_on_request_id", "state", "due_on", "request_id"),
        Index("ix_request_case_id", "case_id"),
        Index("ix_request_debtor_ref", "debtor_ref"),
    )

    request_id: str = Field(primary_key=True, max_length=ID)
    kind: str = Field(max_length=12)
    state: str = Field(max_length=10)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id")
    unit: str = Field(max_length=60, index=True)
    debtor_ref: str = Field(max_length=ID, foreign_key="debtor.debtor_ref")
    channel: str = Field(max_length=10)
    received_on: date
    registered_on: date
    registered_at: datetime = Field(sa_type=Instant)
    registered_by: str = Field(max_length=80)
    due_on: date
    grounds: list[str] = Field(sa_type=JsonType)
    documents: list[str] = Field(sa_type=JsonType)
    text_id: str | None = Field(default=None, max_length=ID)
    # Time asked for
    until: date | None = None
    # A plan, or the change of one
    plan_id: str | None = Field(default=None, max_length=ID)
    instalment_ore: int | None = Field(default=None, sa_type=BigInteger)
    instalments: int | None = None
    first_due: date | None = None
    pause_months: int | None = None
    acknowledges: bool = False
    # An objection
    disputed_ore: int | None = Field(default=None, sa_type=BigInteger)
    ground: str | None = Field(default=None, max_length=16)
    concerns: str | None = Field(default=None, max_length=10)
    text_digest: str | None = Field(default=None, max_length=64)
    heard_by: str | None = Field(default=None, max_length=10)
    freezes: bool = False
    in_time: bool | None = None
    preliminary_on: date | None = None
    preliminary_sent_on: date | None = None
    # The complaint of the unit's decision on it
    complain_by: date | None = None
    complained_on: date | None = None
    complaint_body: str | None = Field(default=None, max_length=16)
    complaint_text_id: str | None = Field(default=None, max_length=ID)
    # The decision, or the answer
    outcome: str | None = Field(default=None, max_length=10)
    reasonable: bool | None = None
    upheld_ore: int | None = Field(default=None, sa_type=BigInteger)
    reasons_text_id: str | None = Field(default=None, max_length=ID)
    decided_on: date | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=80)
    # What followed
    pay_by: date | None = None
    ended_on: date | None = None
    contested_on: date | None = None
    look_on: date | None = Field(default=None, index=True)


class RequestClaimRow(Model, table=True):
    """A claim a request is about. ``demand_key``: the demand that was its latest when the request was made."""

    __tablename__ = "request_claim"

    request_id: str = Field(primary_key=True, max_length=ID, foreign_key="request.request_id")
    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id", index=True)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    position: int
    demand_key: str | None = Field(default=None, max_length=ID)


class PlanRow(Model, table=True):
    """A payment plan (nedbetalingsavtale) that was agreed; its state is its request's.

    ``revision`` counts its changes; what came in is counted from ``revised_at``; instalments fall on the same-numbered
    day as ``first_due``. ``reminded_number``: the instalment that a reminder was sent of, to be paid by
    ``remind_pay_by``. ``look_on``: the next day it is to be judged.
    """

    __tablename__ = "plan"

    plan_id: str = Field(primary_key=True, max_length=ID, foreign_key="request.request_id")
    kid: str = Field(max_length=25, unique=True)
    lead_case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    agreed_on: date
    first_due: date
    revision: int
    revised_on: date
    revised_at: datetime = Field(sa_type=Instant)
    paused_on: date | None = None
    reminded_number: int | None = None
    remind_pay_by: date | None = None
    look_on: date | None = Field(default=None, index=True)


class InstalmentRow(Model, table=True):
    """One instalment (avdrag) of a revision of a plan; earlier revisions stay as they were agreed."""

    __tablename__ = "instalment"

    plan_id: str = Field(primary_key=True, max_length=ID, foreign_key="plan.plan_id")
    revision: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    due_on: date
    amount_ore: int = Field(sa_type=BigInteger)


class PayByRow(Model, table=True):
    """A last day to pay that a request's end gave a claim: a deferral's date, or the days a letter gave."""

    __tablename__ = "pay_by"

    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id")
    request_id: str = Field(primary_key=True, max_length=ID, foreign_key="request.request_id")
    pay_by: date


class InterruptionRow(Model, table=True):
    """What stopped limitation of a claim (fristavbrudd): acknowledged, filed or judged; ``source_id`` says by what."""

    __tablename__ = "interruption"

    claim_id: str = Field(primary_key=True, max_length=ID, foreign_key="claim.claim_id")
    kind: str = Field(primary_key=True, max_length=12)
    source_id: str = Field(primary_key=True, max_length=ID)
    on_day: date
    payable_from: date | None = None
    ended_on: date | None = None
    recorded_at: datetime = Field(sa_type=Instant)


class NoticeRow(Model, table=True):
    """A letter that confirms or answers: ``state`` issued, sent or failed. It asks nobody to pay a new fee."""

    __tablename__ = "notice"

    notice_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    request_id: str | None = Field(default=None, max_length=ID, index=True)
    kind: str = Field(max_length=24)
    state: str = Field(max_length=8)
    issued_on: date
    sent_on: date | None = None
    failure: str | None = Field(default=None, max_length=80)
    text_ids: list[str] = Field(sa_type=JsonType)
    facts: dict[str, Any] = Field(sa_type=JsonType)


class RequestTextRow(Model, table=True):
    """Words a person wrote, sealed at rest. ``printed``: a letter prints them, so they travel on ``parties``.

    ``version`` counts what the topic was told; ``erased_at``: the letter is archived and the topic holds it no more.
    """

    __tablename__ = "request_text"

    text_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, foreign_key="case_file.case_id", index=True)
    request_id: str | None = Field(default=None, max_length=ID, index=True)
    sealed: bytes
    sealed_key: str = Field(max_length=20)
    printed: bool
    version: int
    written_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
