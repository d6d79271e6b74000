"""Every table of escalation: cases, claims, holds, timers, steps, demands, legal steps, and the plumbing's own."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType
from shared.tables import RowId

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "control",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", JsonType, nullable=False),
        sa.Column("set_by", sa.String(120), nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_control")),
    )
    op.create_table(
        "dead_letter",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_dead_letter")),
        sa.UniqueConstraint("epoch", "topic", "part", "offset", name=op.f("uq_dead_letter_epoch_topic_part_offset")),
    )
    op.create_table(
        "demand",
        sa.Column("demand_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=True),
        sa.Column("claim_ids", JsonType, nullable=True),
        sa.Column("total_ore", sa.BigInteger(), nullable=True),
        sa.Column("dispatched_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("all_sent", sa.Boolean(), nullable=False),
        sa.Column("first_heard_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("demand_id", name=op.f("pk_demand")),
    )
    op.create_index("ix_demand_case_id", "demand", ["case_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("topic", "key", "version", name=op.f("uq_events_topic_key_version")),
    )
    op.create_table(
        "idempotency",
        sa.Column("client", sa.String(120), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("client", "route", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "inbox_offset",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("topic", "part", name=op.f("pk_inbox_offset")),
    )
    op.create_table(
        "inbox_version",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_inbox_version")),
    )
    op.create_table(
        "ladder_case",
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("case_number", sa.String(80), nullable=False),
        sa.Column("creditor_unit", sa.String(80), nullable=False),
        sa.Column("legal_person", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("demanded_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_ladder_case")),
    )
    op.create_index(op.f("ix_ladder_case_creditor_unit"), "ladder_case", ["creditor_unit"], unique=False)
    op.create_table(
        "operator_action",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_operator_action")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", RowId, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_topic_shard_seq", "outbox", ["topic", "shard", "seq"], unique=False)
    op.create_table(
        "pace",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_pace")),
    )
    op.create_table(
        "parked_event",
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("parked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_parked_event")),
    )
    op.create_index("ix_parked_event_topic_key_version", "parked_event", ["topic", "key", "version"], unique=False)
    op.create_table(
        "parked_key",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("discard_requested_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_parked_key")),
    )
    op.create_table(
        "stream_version",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_stream_version")),
    )
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("claim_type", sa.String(30), nullable=False),
        sa.Column("creditor_unit", sa.String(80), nullable=False),
        sa.Column("dispute_body", sa.String(30), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(30), nullable=False),
        sa.Column("notice_step_id", sa.String(36), nullable=True),
        sa.Column("notice_sent_on", sa.Date(), nullable=True),
        sa.Column("notice_deadline", sa.Date(), nullable=True),
        sa.Column("demand_step_id", sa.String(36), nullable=True),
        sa.Column("demand_sent_on", sa.Date(), nullable=True),
        sa.Column("demand_deadline", sa.Date(), nullable=True),
        sa.Column("step_id", sa.String(36), nullable=True),
        sa.Column("step_kind", sa.String(30), nullable=True),
        sa.Column("step_asked_on", sa.Date(), nullable=True),
        sa.Column("step_dispatched", sa.Boolean(), nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.Column("not_before", sa.Date(), nullable=True),
        sa.Column("waiting_for", sa.String(80), nullable=True),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("demands", sa.Integer(), nullable=False),
        sa.Column("proposals", sa.Integer(), nullable=False),
        sa.Column("contested", sa.Boolean(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("legal_step_id", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["ladder_case.case_id"], name=op.f("fk_claim_case_id_ladder_case")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_case_id"), "claim", ["case_id"], unique=False)
    op.create_table(
        "legal_step",
        sa.Column("legal_step_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("claim_ids", JsonType, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("body", sa.String(30), nullable=False),
        sa.Column("law", sa.String(120), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("usable_to", sa.Date(), nullable=False),
        sa.Column("cover", JsonType, nullable=True),
        sa.Column("decided_by", sa.String(120), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(80), nullable=True),
        sa.Column("reference", sa.String(80), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("outcome_facts", JsonType, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["ladder_case.case_id"], name=op.f("fk_legal_step_case_id_ladder_case")),
        sa.PrimaryKeyConstraint("legal_step_id", name=op.f("pk_legal_step")),
    )
    op.create_index("ix_legal_step_case_id", "legal_step", ["case_id"], unique=False)
    op.create_index("ix_legal_step_state", "legal_step", ["state"], unique=False)
    op.create_table(
        "claim_debtor",
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_debtor_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "debtor_ref", name=op.f("pk_claim_debtor")),
    )
    op.create_index(op.f("ix_claim_debtor_debtor_ref"), "claim_debtor", ["debtor_ref"], unique=False)
    op.create_table(
        "hold",
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("hold_id", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_hold_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "hold_id", name=op.f("pk_hold")),
    )
    op.create_table(
        "step",
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("demand_id", sa.String(80), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(80), nullable=True),
        sa.Column("retry_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(80), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("policy_version", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_step_claim_id_claim")),
        sa.PrimaryKeyConstraint("step_id", "claim_id", name=op.f("pk_step")),
        sa.UniqueConstraint("claim_id", "kind", "seq", name=op.f("uq_step_claim_id_kind_seq")),
    )
    op.create_index(
        "ix_step_asked_at",
        "step",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_step_case_id", "step", ["case_id"], unique=False)
    op.create_table(
        "timer",
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("step", sa.String(30), nullable=False),
        sa.Column("happens_on", sa.Date(), nullable=True),
        sa.Column("wake_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_timer_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_timer")),
    )
    op.create_index("ix_timer_case_id", "timer", ["case_id"], unique=False)
    op.create_index("ix_timer_happens_on_case_id", "timer", ["happens_on", "case_id"], unique=False)
    op.create_index(
        "ix_timer_wake_on_case_id",
        "timer",
        ["wake_on", "case_id"],
        unique=False,
        sqlite_where=sa.text("state = 'armed'"),
        postgresql_where=sa.text("state = 'armed'"),
    )
