"""What debtors said their money is for."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "payment_choice",
        sa.Column("choice_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("payment_id", sa.String(80), nullable=True),
        sa.Column("claim_ids", JsonType, nullable=False),
        sa.Column("kinds", JsonType, nullable=False),
        sa.Column("chosen_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_payment_choice_case_id_case_file")),
        sa.PrimaryKeyConstraint("choice_id", name=op.f("pk_payment_choice")),
    )
    op.create_index(op.f("ix_payment_choice_case_id"), "payment_choice", ["case_id"], unique=False)
