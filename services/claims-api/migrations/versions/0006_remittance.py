"""Statements of what each unit is owed for a month, claim by claim, and their payouts."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "0006"
down_revision = "0005"

FIGURES = (
    "opening_ore",
    "registered_ore",
    "interest_ore",
    "fees_ore",
    "corrections_ore",
    "withdrawn_ore",
    "written_off_ore",
    "collected_ore",
    "closing_ore",
    "direct_ore",
    "to_unit_ore",
    "kept_ore",
)


def upgrade() -> None:
    op.create_table(
        "remittance",
        sa.Column("remittance_id", sa.String(36), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*FIGURES, "carried_ore", "payable_ore")),
        sa.Column("account", sa.String(11), nullable=True),
        sa.Column("payout", sa.String(10), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("payout_reason", sa.String(80), nullable=True),
        sa.Column("sign_off", sa.String(10), nullable=False),
        sa.Column("signed_by", sa.String(80), nullable=True),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.Column("comment", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["creditor.unit"], name=op.f("fk_remittance_unit_creditor")),
        sa.PrimaryKeyConstraint("remittance_id", name=op.f("pk_remittance")),
        sa.UniqueConstraint("unit", "period", name=op.f("uq_remittance_unit_period")),
    )
    op.create_index(op.f("ix_remittance_payout"), "remittance", ["payout"], unique=False)
    op.create_table(
        "remittance_line",
        sa.Column("remittance_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in FIGURES),
        sa.ForeignKeyConstraint(
            ["remittance_id"],
            ["remittance.remittance_id"],
            name=op.f("fk_remittance_line_remittance_id_remittance"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_remittance_line_claim_id_claim")),
        sa.PrimaryKeyConstraint("remittance_id", "claim_id", name=op.f("pk_remittance_line")),
    )
    op.add_column("period", sa.Column("remitted_on", sa.Date(), nullable=True))
