"""Vouchers with numbers without gaps, and closed months."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "period",
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("vouchers", sa.Integer(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("debit_ore", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_period")),
    )
    op.create_table(
        "voucher",
        sa.Column("source_event", sa.String(120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("source_event", name=op.f("pk_voucher")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_voucher_year_number")),
    )
    op.create_index(op.f("ix_voucher_period_number"), "voucher", ["period", "number"], unique=False)
    op.create_index(op.f("ix_voucher_recorded_at"), "voucher", ["recorded_at"], unique=False)
    op.create_table(
        "voucher_series",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_voucher_series")),
    )
