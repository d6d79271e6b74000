"""What the cover score and the simulation know: ended claims, a caseworker's facts, the fee of each demand."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "claim_end",
        sa.Column("claim_id", sa.String(80), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_claim_end_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_end")),
    )
    op.create_table(
        "cover_fact",
        sa.Column("fact_id", sa.String(36), nullable=False),
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("fact", sa.String(30), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_cover_fact")),
    )
    op.create_index("ix_cover_fact_debtor_ref", "cover_fact", ["debtor_ref"], unique=False)
    with op.batch_alter_table("demand") as demand:
        demand.add_column(sa.Column("kind", sa.String(30), nullable=True))
        demand.add_column(sa.Column("fee_ore", sa.BigInteger(), nullable=True))
