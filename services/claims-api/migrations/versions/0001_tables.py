"""Every table of claims-api: creditors, debtors, cases, claims, the ledger, and the plumbing's own."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType
from shared.tables import RowId

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "bank_day",
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sum_ore", sa.BigInteger(), nullable=False),
        sa.Column("completed_by", sa.String(12), nullable=False),
        sa.Column("completed_at", Instant(), nullable=False),
        sa.Column("booked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_bank_day")),
    )
    op.create_table(
        "bank_entry",
        sa.Column("entry_id", sa.String(80), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_bank_entry")),
    )
    op.create_index("ix_bank_entry_account_day", "bank_entry", ["account", "day"], unique=False)
    op.create_table(
        "case_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_serial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_counter")),
    )
    op.create_table(
        "creditor",
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("org_number", sa.String(9), nullable=False),
        sa.Column("legal_person", sa.String(9), nullable=False),
        sa.Column("legal_person_name", sa.String(120), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_creditor")),
    )
    op.create_index(op.f("ix_creditor_legal_person"), "creditor", ["legal_person"], unique=False)
    op.create_table(
        "creditor_change",
        sa.Column("change_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", JsonType, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_creditor_change")),
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
        "debtor",
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_key", sa.String(20), nullable=True),
        sa.Column("id_index", sa.String(64), nullable=True),
        sa.Column("org_number", sa.String(9), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", JsonType, nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("protection", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("debtor_ref", name=op.f("pk_debtor")),
        sa.UniqueConstraint("id_index", name=op.f("uq_debtor_id_index")),
        sa.UniqueConstraint("org_number", name=op.f("uq_debtor_org_number")),
    )
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
        "ledger",
        sa.Column("transfer_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("debit", sa.String(20), nullable=False),
        sa.Column("debit_owner", sa.String(80), nullable=False),
        sa.Column("credit", sa.String(20), nullable=False),
        sa.Column("credit_owner", sa.String(80), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("value_date", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("source_event", sa.String(120), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(60), nullable=True),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("about", sa.String(120), nullable=True),
        sa.Column("reverses", sa.String(36), nullable=True),
        sa.Column("trace", JsonType, nullable=False),
        sa.CheckConstraint("amount_ore > 0", name=op.f("ck_ledger_amount_above_zero")),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_reverses")),
        sa.UniqueConstraint("source_event", "ordinal", name=op.f("uq_ledger_source_event_ordinal")),
    )
    op.create_index(op.f("ix_ledger_about"), "ledger", ["about"], unique=False)
    op.create_index("ix_ledger_case_id_recorded_at", "ledger", ["case_id", "recorded_at"], unique=False)
    op.create_index("ix_ledger_recorded_at_transfer_id", "ledger", ["recorded_at", "transfer_id"], unique=False)
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
        "payment_candidate",
        sa.Column("payment_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "case_id", name=op.f("pk_payment_candidate")),
    )
    op.create_index(op.f("ix_payment_candidate_case_id"), "payment_candidate", ["case_id"], unique=False)
    op.create_table(
        "payment_part",
        sa.Column("part_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("payment_id", sa.String(80), nullable=False),
        sa.Column("reversal_id", sa.String(80), nullable=True),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("kid", sa.String(25), nullable=True),
        sa.Column("matched_by", sa.String(20), nullable=True),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("part_id", name=op.f("pk_payment_part")),
    )
    op.create_index("ix_payment_part_case_id", "payment_part", ["case_id"], unique=False)
    op.create_index("ix_payment_part_payment_id", "payment_part", ["payment_id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("refund_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("payment_id", sa.String(80), nullable=True),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=True),
        sa.Column("reserved_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_refund")),
    )
    op.create_index(op.f("ix_refund_case_id"), "refund", ["case_id"], unique=False)
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"], unique=False)
    op.create_table(
        "stream_version",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_stream_version")),
    )
    op.create_table(
        "agreement",
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("claim_types", JsonType, nullable=False),
        sa.Column("account", sa.String(11), nullable=False),
        sa.Column("fee_regime", sa.String(20), nullable=False),
        sa.Column("overrides", JsonType, nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("approved_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["creditor.unit"], name=op.f("fk_agreement_unit_creditor")),
        sa.PrimaryKeyConstraint("unit", "valid_from", name=op.f("pk_agreement")),
    )
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("case_number", sa.String(10), nullable=False),
        sa.Column("kid", sa.String(15), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("legal_person", sa.String(9), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("merge_group", sa.String(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_recorded_at", Instant(), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["debtor_ref"], ["debtor.debtor_ref"], name=op.f("fk_case_file_debtor_ref_debtor")),
        sa.ForeignKeyConstraint(["unit"], ["creditor.unit"], name=op.f("fk_case_file_unit_creditor")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("case_number", name=op.f("uq_case_file_case_number")),
        sa.UniqueConstraint("kid", name=op.f("uq_case_file_kid")),
    )
    op.create_index("ix_case_file_group", "case_file", ["debtor_ref", "unit", "merge_group"], unique=False)
    op.create_index(op.f("ix_case_file_unit"), "case_file", ["unit"], unique=False)
    op.create_table(
        "representative",
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_key", sa.String(20), nullable=True),
        sa.Column("org_number", sa.String(9), nullable=True),
        sa.Column("address", JsonType, nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["debtor_ref"], ["debtor.debtor_ref"], name=op.f("fk_representative_debtor_ref_debtor")
        ),
        sa.PrimaryKeyConstraint("debtor_ref", name=op.f("pk_representative")),
    )
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("external_ref", sa.String(80), nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("claim_type", sa.String(24), nullable=False),
        sa.Column("kid", sa.String(15), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("principal_ore", sa.BigInteger(), nullable=False),
        sa.Column("original_principal_ore", sa.BigInteger(), nullable=False),
        sa.Column("invoice_number", sa.String(60), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("description", sa.String(500), nullable=True),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_to", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_key", sa.String(20), nullable=True),
        sa.Column("notice_sent_on", sa.Date(), nullable=True),
        sa.Column("notice_deadline", sa.Date(), nullable=True),
        sa.Column("notice_fee_ore", sa.BigInteger(), nullable=False),
        sa.Column("notice_void", sa.String(40), nullable=True),
        sa.Column("earlier_reminders", JsonType, nullable=False),
        sa.Column("legal_basis", JsonType, nullable=True),
        sa.Column("premises", sa.String(10), nullable=True),
        sa.Column("limitation_date", sa.Date(), nullable=True),
        sa.Column("documents", JsonType, nullable=False),
        sa.Column("interest_from", sa.Date(), nullable=True),
        sa.Column("dispute_body", sa.String(24), nullable=False),
        sa.Column("fee_regime", sa.String(20), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("principal_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("interest_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("fees_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("costs_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("registered_by", sa.String(80), nullable=False),
        sa.Column("first_answer", JsonType, nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(20), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_claim_case_id_case_file")),
        sa.ForeignKeyConstraint(["debtor_ref"], ["debtor.debtor_ref"], name=op.f("fk_claim_debtor_ref_debtor")),
        sa.ForeignKeyConstraint(["unit"], ["creditor.unit"], name=op.f("fk_claim_unit_creditor")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim")),
        sa.UniqueConstraint("kid", name=op.f("uq_claim_kid")),
        sa.UniqueConstraint("unit", "external_ref", name=op.f("uq_claim_unit_external_ref")),
    )
    op.create_index(op.f("ix_claim_case_id"), "claim", ["case_id"], unique=False)
    op.create_index(op.f("ix_claim_debtor_ref"), "claim", ["debtor_ref"], unique=False)
    op.create_index("ix_claim_unit_claim_id", "claim", ["unit", "claim_id"], unique=False)
    op.create_table(
        "demand",
        sa.Column("demand_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("legal_person", sa.String(9), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("planned_dispatch", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("kid", sa.String(25), nullable=False),
        sa.Column("fee_ore", sa.BigInteger(), nullable=False),
        sa.Column("fee_trace", JsonType, nullable=False),
        sa.Column("fee_regime", sa.String(20), nullable=False),
        sa.Column("total_ore", sa.BigInteger(), nullable=False),
        sa.Column("frozen", JsonType, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("released_until", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("next_cost_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("fee_dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_demand_case_id_case_file")),
        sa.PrimaryKeyConstraint("demand_id", name=op.f("pk_demand")),
        sa.UniqueConstraint("step_id", name=op.f("uq_demand_step_id")),
    )
    op.create_index("ix_demand_case_id_planned_dispatch", "demand", ["case_id", "planned_dispatch"], unique=False)
    op.create_index("ix_demand_debtor_ref_planned_dispatch", "demand", ["debtor_ref", "planned_dispatch"], unique=False)
    op.create_index(op.f("ix_demand_next_cost_on"), "demand", ["next_cost_on"], unique=False)
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("whole_case", sa.Boolean(), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=True),
        sa.Column("request_id", sa.String(36), nullable=True),
        sa.Column("placed_by", sa.String(80), nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.String(80), nullable=True),
        sa.Column("resume_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_hold_case_id_case_file")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_case_id"), "hold", ["case_id"], unique=False)
    op.create_index(op.f("ix_hold_request_id"), "hold", ["request_id"], unique=False)
    op.create_index(op.f("ix_hold_until"), "hold", ["until"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("summary", sa.String(300), nullable=False),
        sa.Column("facts", JsonType, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_timeline_case_id_case_file")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_case_id_at", "timeline", ["case_id", "at"], unique=False)
    op.create_table(
        "claim_party",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_party_claim_id_claim")),
        sa.ForeignKeyConstraint(["debtor_ref"], ["debtor.debtor_ref"], name=op.f("fk_claim_party_debtor_ref_debtor")),
        sa.PrimaryKeyConstraint("claim_id", "debtor_ref", name=op.f("pk_claim_party")),
    )
    op.create_index(op.f("ix_claim_party_debtor_ref"), "claim_party", ["debtor_ref"], unique=False)
    op.create_table(
        "demand_claim",
        sa.Column("demand_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owed_ore", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_demand_claim_claim_id_claim")),
        sa.ForeignKeyConstraint(["demand_id"], ["demand.demand_id"], name=op.f("fk_demand_claim_demand_id_demand")),
        sa.PrimaryKeyConstraint("demand_id", "claim_id", name=op.f("pk_demand_claim")),
    )
    op.create_index(op.f("ix_demand_claim_claim_id"), "demand_claim", ["claim_id"], unique=False)
    op.create_table(
        "hold_claim",
        sa.Column("hold_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_hold_claim_claim_id_claim")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.hold_id"], name=op.f("fk_hold_claim_hold_id_hold")),
        sa.PrimaryKeyConstraint("hold_id", "claim_id", name=op.f("pk_hold_claim")),
    )
    op.create_index(op.f("ix_hold_claim_claim_id"), "hold_claim", ["claim_id"], unique=False)
    op.create_table(
        "kid",
        sa.Column("kid", sa.String(25), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("plan_id", sa.String(36), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_kid_case_id_case_file")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_kid_claim_id_claim")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_kid")),
    )
    op.create_index(op.f("ix_kid_case_id"), "kid", ["case_id"], unique=False)
    op.create_table(
        "money_decision",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_money_decision_case_id_case_file")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_money_decision_claim_id_claim")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_money_decision")),
    )
    op.create_index(op.f("ix_money_decision_case_id"), "money_decision", ["case_id"], unique=False)
