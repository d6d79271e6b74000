"""Requests, payment plans, notices, sealed texts, deadlines given and what interrupted limitation."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(80), nullable=True),
        sa.Column("text_ids", JsonType, nullable=False),
        sa.Column("facts", JsonType, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_notice_case_id_case_file")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"], unique=False)
    op.create_index(op.f("ix_notice_request_id"), "notice", ["request_id"], unique=False)
    op.create_table(
        "request",
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("debtor_ref", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("registered_by", sa.String(80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("grounds", JsonType, nullable=False),
        sa.Column("documents", JsonType, nullable=False),
        sa.Column("text_id", sa.String(36), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("plan_id", sa.String(36), nullable=True),
        sa.Column("instalment_ore", sa.BigInteger(), nullable=True),
        sa.Column("instalments", sa.Integer(), nullable=True),
        sa.Column("first_due", sa.Date(), nullable=True),
        sa.Column("pause_months", sa.Integer(), nullable=True),
        sa.Column("acknowledges", sa.Boolean(), nullable=False),
        sa.Column("disputed_ore", sa.BigInteger(), nullable=True),
        sa.Column("ground", sa.String(16), nullable=True),
        sa.Column("concerns", sa.String(10), nullable=True),
        sa.Column("text_digest", sa.String(64), nullable=True),
        sa.Column("heard_by", sa.String(10), nullable=True),
        sa.Column("freezes", sa.Boolean(), nullable=False),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("preliminary_on", sa.Date(), nullable=True),
        sa.Column("preliminary_sent_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.Column("reasonable", sa.Boolean(), nullable=True),
        sa.Column("upheld_ore", sa.BigInteger(), nullable=True),
        sa.Column("reasons_text_id", sa.String(36), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("pay_by", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("contested_on", sa.Date(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_request_case_id_case_file")),
        sa.ForeignKeyConstraint(["debtor_ref"], ["debtor.debtor_ref"], name=op.f("fk_request_debtor_ref_debtor")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_request")),
    )
    op.create_index("ix_request_case_id", "request", ["case_id"], unique=False)
    op.create_index("ix_request_debtor_ref", "request", ["debtor_ref"], unique=False)
    op.create_index(op.f("ix_request_look_on"), "request", ["look_on"], unique=False)
    op.create_index("ix_request_state_due_on_request_id", "request", ["state", "due_on", "request_id"], unique=False)
    op.create_index(op.f("ix_request_unit"), "request", ["unit"], unique=False)
    op.create_table(
        "request_text",
        sa.Column("text_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.String(20), nullable=False),
        sa.Column("printed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_request_text_case_id_case_file")),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_request_text")),
    )
    op.create_index(op.f("ix_request_text_case_id"), "request_text", ["case_id"], unique=False)
    op.create_index(op.f("ix_request_text_request_id"), "request_text", ["request_id"], unique=False)
    op.create_table(
        "interruption",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("payable_from", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_interruption_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "kind", "source_id", name=op.f("pk_interruption")),
    )
    op.create_table(
        "pay_by",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_pay_by_claim_id_claim")),
        sa.ForeignKeyConstraint(["request_id"], ["request.request_id"], name=op.f("fk_pay_by_request_id_request")),
        sa.PrimaryKeyConstraint("claim_id", "request_id", name=op.f("pk_pay_by")),
    )
    op.create_table(
        "plan",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("kid", sa.String(25), nullable=False),
        sa.Column("lead_case_id", sa.String(36), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("first_due", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revised_on", sa.Date(), nullable=False),
        sa.Column("revised_at", Instant(), nullable=False),
        sa.Column("paused_on", sa.Date(), nullable=True),
        sa.Column("reminded_number", sa.Integer(), nullable=True),
        sa.Column("remind_pay_by", sa.Date(), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["lead_case_id"], ["case_file.case_id"], name=op.f("fk_plan_lead_case_id_case_file")),
        sa.ForeignKeyConstraint(["plan_id"], ["request.request_id"], name=op.f("fk_plan_plan_id_request")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan")),
        sa.UniqueConstraint("kid", name=op.f("uq_plan_kid")),
    )
    op.create_index(op.f("ix_plan_lead_case_id"), "plan", ["lead_case_id"], unique=False)
    op.create_index(op.f("ix_plan_look_on"), "plan", ["look_on"], unique=False)
    op.create_table(
        "request_claim",
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("demand_key", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_request_claim_case_id_case_file")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_request_claim_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.request_id"], name=op.f("fk_request_claim_request_id_request")
        ),
        sa.PrimaryKeyConstraint("request_id", "claim_id", name=op.f("pk_request_claim")),
    )
    op.create_index(op.f("ix_request_claim_case_id"), "request_claim", ["case_id"], unique=False)
    op.create_index(op.f("ix_request_claim_claim_id"), "request_claim", ["claim_id"], unique=False)
    op.create_table(
        "instalment",
        sa.Column("plan_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_instalment_plan_id_plan")),
        sa.PrimaryKeyConstraint("plan_id", "revision", "number", name=op.f("pk_instalment")),
    )
