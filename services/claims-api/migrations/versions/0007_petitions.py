"""Petitions: the frozen statement of a legal step, the KID its body pays on, and what came of it."""

import sqlalchemy as sa
from alembic import op

from shared.db import JsonType

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "petition",
        sa.Column("legal_step_id", sa.String(36), nullable=False),
        sa.Column("petition_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_ids", JsonType, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("body", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("kid", sa.String(25), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("frozen", JsonType, nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("deducted_from", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_petition_case_id_case_file")),
        sa.PrimaryKeyConstraint("legal_step_id", name=op.f("pk_petition")),
    )
    for column in ("petition_id", "case_id", "kid"):
        op.create_index(op.f(f"ix_petition_{column}"), "petition", [column], unique=False)
