"""Every table of payments-ingest: files, payments, what is known for matching, bank days, refunds."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("alarm_id", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("facts", JsonType, nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_kind"), "alarm", ["kind"], unique=False)
    op.create_index(op.f("ix_alarm_settled_at"), "alarm", ["settled_at"], unique=False)
    op.create_table(
        "bank_account",
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_bank_account")),
    )
    op.create_table(
        "bank_day",
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("completed_by", sa.String(10), nullable=True),
        sa.Column("closed_by", sa.String(120), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sum_ore", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("statement_ore", sa.BigInteger(), nullable=True),
        sa.Column("statement_file_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_bank_day")),
    )
    op.create_table(
        "bank_file",
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("active_sha256", sa.String(64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("received_by", sa.String(120), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("step", sa.String(10), nullable=False),
        sa.Column("format", sa.String(10), nullable=True),
        sa.Column("version", sa.String(20), nullable=True),
        sa.Column("payment_count", sa.Integer(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("staged_count", sa.Integer(), nullable=False),
        sa.Column("released_count", sa.Integer(), nullable=False),
        sa.Column("queued_count", sa.Integer(), nullable=False),
        sa.Column("linked_count", sa.Integer(), nullable=False),
        sa.Column("problems", JsonType, nullable=False),
        sa.Column("skipped", JsonType, nullable=False),
        sa.Column("duplicate_of", sa.String(36), nullable=True),
        sa.Column("decided_by", sa.String(120), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("active_sha256", name=op.f("uq_bank_file_active_sha256")),
    )
    op.create_index(op.f("ix_bank_file_sha256"), "bank_file", ["sha256"], unique=False)
    op.create_index(op.f("ix_bank_file_state"), "bank_file", ["state"], unique=False)
    op.create_index("ix_bank_file_step_received", "bank_file", ["step", "received_at", "file_id"], unique=False)
    op.create_table(
        "known_case",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("case_number", sa.String(10), nullable=False),
        sa.Column("creditor_unit", sa.String(80), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_known_case")),
        sa.UniqueConstraint("case_number", name=op.f("uq_known_case_case_number")),
    )
    op.create_table(
        "party",
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("debtor_ref", name=op.f("pk_party")),
    )
    op.create_table(
        "payer_account",
        sa.Column("account_hash", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("learned_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_hash", "case_id", name=op.f("pk_payer_account")),
    )
    op.create_index(op.f("ix_payer_account_case_id"), "payer_account", ["case_id"], unique=False)
    op.create_table(
        "payout_file",
        sa.Column("payout_file_id", sa.String(36), nullable=False),
        sa.Column("message_id", sa.String(35), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.Column("payment_count", sa.Integer(), nullable=False),
        sa.Column("sum_ore", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("payout_file_id", name=op.f("pk_payout_file")),
        sa.UniqueConstraint("message_id", name=op.f("uq_payout_file_message_id")),
    )
    op.create_table(
        "case_debtor",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["known_case.case_id"], name=op.f("fk_case_debtor_case_id_known_case")),
        sa.PrimaryKeyConstraint("case_id", "debtor_ref", name=op.f("pk_case_debtor")),
    )
    op.create_index(op.f("ix_case_debtor_debtor_ref"), "case_debtor", ["debtor_ref"], unique=False)
    op.create_table(
        "debit",
        sa.Column("debit_id", sa.String(64), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("end_to_end_id", sa.String(40), nullable=True),
        sa.Column("refund_id", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_debit_file_id_bank_file")),
        sa.PrimaryKeyConstraint("debit_id", name=op.f("pk_debit")),
    )
    op.create_index("ix_debit_account_day", "debit", ["account", "day"], unique=False)
    op.create_index(op.f("ix_debit_end_to_end_id"), "debit", ["end_to_end_id"], unique=False)
    op.create_index(op.f("ix_debit_file_id"), "debit", ["file_id"], unique=False)
    op.create_index(op.f("ix_debit_refund_id"), "debit", ["refund_id"], unique=False)
    op.create_table(
        "known_amount",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("source_id", sa.String(80), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["known_case.case_id"], name=op.f("fk_known_amount_case_id_known_case")),
        sa.PrimaryKeyConstraint("case_id", "source_id", name=op.f("pk_known_amount")),
    )
    op.create_table(
        "known_claim",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("invoice_key", sa.String(60), nullable=False),
        sa.Column("principal_ore", sa.BigInteger(), nullable=False),
        sa.Column("principal_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("total_left_ore", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["known_case.case_id"], name=op.f("fk_known_claim_case_id_known_case")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_known_claim")),
    )
    op.create_index(op.f("ix_known_claim_case_id"), "known_claim", ["case_id"], unique=False)
    op.create_index(op.f("ix_known_claim_invoice_key"), "known_claim", ["invoice_key"], unique=False)
    op.create_table(
        "known_kid",
        sa.Column("kid", sa.String(25), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["known_case.case_id"], name=op.f("fk_known_kid_case_id_known_case")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_known_kid")),
    )
    op.create_index(op.f("ix_known_kid_case_id"), "known_kid", ["case_id"], unique=False)
    op.create_table(
        "party_name",
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("part", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["debtor_ref"], ["party.debtor_ref"], name=op.f("fk_party_name_debtor_ref_party")),
        sa.PrimaryKeyConstraint("debtor_ref", "part", name=op.f("pk_party_name")),
    )
    op.create_index(op.f("ix_party_name_part"), "party_name", ["part"], unique=False)
    op.create_table(
        "payment",
        sa.Column("payment_id", sa.String(36), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("kid", sa.String(35), nullable=True),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.Column("payer_name", sa.String(140), nullable=True),
        sa.Column("payer_account", sa.String(40), nullable=True),
        sa.Column("references", JsonType, nullable=False),
        sa.Column("flags", JsonType, nullable=False),
        sa.Column("archive_ref", sa.String(40), nullable=True),
        sa.Column("end_to_end_id", sa.String(40), nullable=True),
        sa.Column("type_code", sa.String(40), nullable=False),
        sa.Column("bank_line", sa.String(120), nullable=False),
        sa.Column("channel_key", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("booked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("linked_to", sa.String(36), nullable=True),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("split", JsonType, nullable=False),
        sa.Column("assigned_to", sa.String(120), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_payment_file_id_bank_file")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_account_day", "payment", ["account", "day"], unique=False)
    op.create_index(op.f("ix_payment_case_id"), "payment", ["case_id"], unique=False)
    op.create_index(op.f("ix_payment_channel_key"), "payment", ["channel_key"], unique=False)
    op.create_index(op.f("ix_payment_file_id"), "payment", ["file_id"], unique=False)
    op.create_index(op.f("ix_payment_fingerprint"), "payment", ["fingerprint"], unique=False)
    op.create_index("ix_payment_kid_account", "payment", ["kid", "account"], unique=False)
    op.create_index(op.f("ix_payment_linked_to"), "payment", ["linked_to"], unique=False)
    op.create_index("ix_payment_state_day", "payment", ["state", "day", "payment_id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("refund_id", sa.String(36), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("payment_id", sa.String(36), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("to_account", sa.String(40), nullable=True),
        sa.Column("to_name", sa.String(140), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("proposed_by", sa.String(120), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("first_approved_by", sa.String(120), nullable=True),
        sa.Column("approved_by", sa.String(120), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("payout_file_id", sa.String(36), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payout_file_id"], ["payout_file.payout_file_id"], name=op.f("fk_refund_payout_file_id_payout_file")
        ),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_refund")),
    )
    op.create_index(op.f("ix_refund_case_id"), "refund", ["case_id"], unique=False)
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"], unique=False)
    op.create_index(op.f("ix_refund_payout_file_id"), "refund", ["payout_file_id"], unique=False)
    op.create_index(op.f("ix_refund_state"), "refund", ["state"], unique=False)
    op.create_table(
        "staged_line",
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("body", JsonType, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_staged_line_file_id_bank_file")),
        sa.PrimaryKeyConstraint("file_id", "place", name=op.f("pk_staged_line")),
    )
    op.create_table(
        "statement_line",
        sa.Column("line_id", sa.String(64), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_statement_line_file_id_bank_file")),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_statement_line")),
    )
    op.create_index("ix_statement_line_account_day", "statement_line", ["account", "day"], unique=False)
    op.create_index(op.f("ix_statement_line_file_id"), "statement_line", ["file_id"], unique=False)
    op.create_table(
        "transmission",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("series", sa.String(60), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("payment_count", sa.Integer(), nullable=False),
        sa.Column("sum_ore", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_transmission_file_id_bank_file")),
        sa.PrimaryKeyConstraint("key", "account", name=op.f("pk_transmission")),
    )
    op.create_index(op.f("ix_transmission_account"), "transmission", ["account"], unique=False)
    op.create_index(op.f("ix_transmission_file_id"), "transmission", ["file_id"], unique=False)
    op.create_index("ix_transmission_series_number", "transmission", ["series", "number"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("allocation_id", sa.String(36), nullable=False),
        sa.Column("payment_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("matched_by", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("approved_by", sa.String(120), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("undone_by", sa.String(120), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_allocation_payment_id_payment")),
        sa.PrimaryKeyConstraint("allocation_id", name=op.f("pk_allocation")),
    )
    op.create_index(op.f("ix_allocation_case_id"), "allocation", ["case_id"], unique=False)
    op.create_index(op.f("ix_allocation_payment_id"), "allocation", ["payment_id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.String(36), nullable=False),
        sa.Column("payment_id", sa.String(36), nullable=False),
        sa.Column("parts", JsonType, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_by", sa.String(120), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(120), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_approval_payment_id_payment")),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_payment_id"), "approval", ["payment_id"], unique=False)
    op.create_table(
        "suggestion",
        sa.Column("payment_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", JsonType, nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_suggestion_payment_id_payment")),
        sa.PrimaryKeyConstraint("payment_id", "case_id", name=op.f("pk_suggestion")),
    )
    op.create_index(op.f("ix_suggestion_case_id"), "suggestion", ["case_id"], unique=False)
    op.create_table(
        "wanted_number",
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("payment_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.payment_id"], name=op.f("fk_wanted_number_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("number", "payment_id", name=op.f("pk_wanted_number")),
    )
    op.create_index(op.f("ix_wanted_number_payment_id"), "wanted_number", ["payment_id"], unique=False)
