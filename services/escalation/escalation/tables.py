"""The tables of escalation: cases and claims on their ladder, holds, timers, steps, letters' facts, legal steps.

A claim's timer, holds and end name it and refer to nothing: they are written by whoever holds its case and read it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.db import Instant, JsonType
from shared.tables import naming, plumbing


class Model(SQLModel, registry=registry(metadata=MetaData(naming_convention=naming))):
    """Base of the tables of this service; SQLModel declares them, Core statements in ``store`` use them."""


class CaseRow(Model, table=True):
    """A case (sak). ``version`` grows with every change and guards its timers; ``demanded_on``: last demand's day.

    ``heard_version``: how far of the case's record in claims-api (its ``case_version``) has been heard of.
    """

    __tablename__ = "ladder_case"

    case_id: str = Field(primary_key=True, max_length=80)
    case_number: str = Field(max_length=80)
    creditor_unit: str = Field(max_length=80, index=True)
    legal_person: str = Field(max_length=80)
    version: int = Field(sa_type=BigInteger)
    demanded_on: date | None = None
    heard_version: int = Field(sa_type=BigInteger)


class ClaimRow(Model, table=True):
    """A claim (krav) on its ladder; the columns are those of the domain's Claim, its values spread out."""

    __tablename__ = "claim"

    claim_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(foreign_key="ladder_case.case_id", index=True, max_length=80)
    claim_type: str = Field(max_length=30)
    creditor_unit: str = Field(max_length=80)
    dispute_body: str = Field(max_length=30)
    due_date: date
    registered_on: date
    stage: str = Field(max_length=30)
    notice_step_id: str | None = Field(default=None, max_length=36)
    notice_sent_on: date | None = None
    notice_deadline: date | None = None
    notice_document_id: str | None = Field(default=None, max_length=80)
    demand_step_id: str | None = Field(default=None, max_length=36)
    demand_sent_on: date | None = None
    demand_deadline: date | None = None
    warning_step_id: str | None = Field(default=None, max_length=36)
    warning_sent_on: date | None = None
    warning_deadline: date | None = None
    step_id: str | None = Field(default=None, max_length=36)
    step_kind: str | None = Field(default=None, max_length=30)
    step_asked_on: date | None = None
    step_dispatched: bool = False
    resumed_on: date | None = None
    not_before: date | None = None
    waiting_for: str | None = Field(default=None, max_length=80)
    notices: int = 0
    demands: int = 0
    warnings: int = 0
    proposals: int = 0
    contested: bool = False
    contested_part: bool = False
    judged_on: date | None = None
    instalment_days: list[str] = Field(default_factory=list, sa_type=JsonType)
    review_on: date | None = None
    legal_step_id: str | None = Field(default=None, max_length=36)


class ClaimDebtorRow(Model, table=True):
    """Who is liable for a claim, and so may see it; ``position`` 0 is the primary debtor, the others co-debtors."""

    __tablename__ = "claim_debtor"

    claim_id: str = Field(foreign_key="claim.claim_id", primary_key=True, max_length=80)
    debtor_ref: str = Field(primary_key=True, max_length=80, index=True)
    position: int


class HoldRow(Model, table=True):
    """A hold (stans) on one claim; ``ended_on`` null while it stands."""

    __tablename__ = "hold"

    claim_id: str = Field(primary_key=True, max_length=80)
    hold_id: str = Field(primary_key=True, max_length=80)
    reason: str = Field(max_length=80)
    placed_on: date
    until: date | None = None
    ended_on: date | None = None


class ClaimEndRow(Model, table=True):
    """That a claim has ended, when and why; gone again when it is reopened."""

    __tablename__ = "claim_end"

    claim_id: str = Field(primary_key=True, max_length=80)
    ended_on: date
    reason: str = Field(max_length=30)


class CoverFactRow(Model, table=True):
    """What a caseworker knows of a debtor that speaks for or against cover."""

    __tablename__ = "cover_fact"
    __table_args__ = (Index("ix_cover_fact_debtor_ref", "debtor_ref"),)

    fact_id: str = Field(primary_key=True, max_length=36)
    debtor_ref: str = Field(max_length=80)
    fact: str = Field(max_length=30)
    on: date
    added_by: str = Field(max_length=120)
    added_at: datetime = Field(sa_type=Instant)


class TimerRow(Model, table=True):
    """A claim's one timer (frist): its next thing, and the day the clock must look at it again.

    Armed with the case's version; whoever fires it takes it with that version, so one that no longer fits fires
    nothing. ``idle``: somebody else moves first.
    """

    __tablename__ = "timer"
    __table_args__ = (
        Index(
            "ix_timer_wake_on_case_id", "wake_on", "case_id",
            sqlite_where=text("state = 'armed'"), postgresql_where=text("state = 'armed'"),
        ),
        Index("ix_timer_happens_on_case_id", "happens_on", "case_id"),
        Index("ix_timer_case_id", "case_id"),
    )  # fmt: skip

    claim_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(max_length=80)
    step: str = Field(max_length=30)
    happens_on: date | None = None
    wake_on: date | None = None
    version: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=10)


class StepRow(Model, table=True):
    """A step that came due, for one claim (trinn): ``kind`` and ``seq`` are given once, whatever fires it.

    States: asked, issued, released, then one end: dispatched, declined or withdrawn. ``ended_at`` null while open.
    """

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("claim_id", "kind", "seq"),
        Index("ix_step_case_id", "case_id"),
        Index(
            "ix_step_asked_at", "asked_at",
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    step_id: str = Field(primary_key=True, max_length=36)
    claim_id: str = Field(foreign_key="claim.claim_id", primary_key=True, max_length=80)
    case_id: str = Field(max_length=80)
    kind: str = Field(max_length=30)
    seq: int
    due_on: date
    asked_at: datetime = Field(sa_type=Instant)
    state: str = Field(max_length=12)
    demand_id: str | None = Field(default=None, max_length=80)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, max_length=80)
    retry_on: date | None = None
    failure: str | None = Field(default=None, max_length=80)
    void: bool = False
    policy_version: str = Field(max_length=40)


class DemandRow(Model, table=True):
    """What is known of a demand (krav om betaling) from two topics that keep no order between them.

    claims-api tells which step and claims it is; notifications when it went out. Either may come first.
    """

    __tablename__ = "demand"
    __table_args__ = (Index("ix_demand_case_id", "case_id"),)

    demand_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(max_length=80)
    step_id: str | None = Field(default=None, max_length=36)
    claim_ids: list[str] | None = Field(default=None, sa_type=JsonType)
    total_ore: int | None = Field(default=None, sa_type=BigInteger)
    kind: str | None = Field(default=None, max_length=30)
    fee_ore: int | None = Field(default=None, sa_type=BigInteger)
    dispatched_on: date | None = None
    sent_on: date | None = None
    deadline: date | None = None
    all_sent: bool = False
    first_heard_on: date


class LegalStepRow(Model, table=True):
    """A legal step (rettslig skritt): proposed, approved, refused, dropped, submitted, then its outcome.

    ``petition_id``: the lead case's legal step, when several cases share a petition. ``package_ready_on``: since when
    its package lies ready to be handed in; ``package_failure``: why none could be made.
    """

    __tablename__ = "legal_step"
    __table_args__ = (
        Index("ix_legal_step_case_id", "case_id"),
        Index("ix_legal_step_state", "state"),
        Index("ix_legal_step_petition_id", "petition_id"),
    )

    legal_step_id: str = Field(primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="ladder_case.case_id", max_length=80)
    claim_ids: list[str] = Field(sa_type=JsonType)
    kind: str = Field(max_length=20)
    body: str = Field(max_length=30)
    law: str = Field(max_length=120)
    state: str = Field(max_length=20)
    proposed_on: date
    usable_to: date
    cover: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    decided_by: str | None = Field(default=None, max_length=120)
    decided_on: date | None = None
    reason: str | None = Field(default=None, max_length=80)
    reference: str | None = Field(default=None, max_length=80)
    submitted_on: date | None = None
    outcome: str | None = Field(default=None, max_length=40)
    outcome_on: date | None = None
    outcome_facts: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    petition_id: str | None = Field(default=None, max_length=36)
    package_ready_on: date | None = None
    package_failure: str | None = Field(default=None, max_length=80)


class PaceRow(Model, table=True):
    """How many steps were asked for on a day: the history that the brake compares with."""

    __tablename__ = "pace"

    day: date = Field(primary_key=True)
    steps: int


class ControlRow(Model, table=True):
    """What an operator set, or the service found itself: the brake and the last tick of the clock."""

    __tablename__ = "control"

    name: str = Field(primary_key=True, max_length=40)
    value: dict[str, Any] = Field(sa_type=JsonType)
    set_by: str = Field(max_length=120)
    set_at: datetime = Field(sa_type=Instant)


PLUMBING = plumbing(Model.metadata)
