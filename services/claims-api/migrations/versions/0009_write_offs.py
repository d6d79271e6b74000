"""Write-offs and their decisions, warnings before claims are time-barred, and claims found by their last day."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "limitation_warning",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("warned_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_limitation_warning_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", "last_day", "days", name=op.f("pk_limitation_warning")),
    )
    op.create_table(
        "write_off",
        sa.Column("write_off_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("first_approved_by", sa.String(80), nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_write_off_case_id_case_file")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_write_off_claim_id_claim")),
        sa.PrimaryKeyConstraint("write_off_id", name=op.f("pk_write_off")),
    )
    for column in ("case_id", "claim_id", "state"):
        op.create_index(op.f(f"ix_write_off_{column}"), "write_off", [column], unique=False)
    op.create_index(op.f("ix_claim_last_day"), "claim", ["last_day"], unique=False)
