"""The units' event feeds, and the webhooks that carry them."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "feed_case",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_feed_case")),
    )
    op.create_table(
        "feed_entry",
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("claim_id", sa.String(36), nullable=True),
        sa.Column("data", JsonType, nullable=False),
        sa.PrimaryKeyConstraint("unit", "position", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("event_id", name=op.f("uq_feed_entry_event_id")),
    )
    op.create_table(
        "feed_unit",
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_feed_unit")),
    )
    op.create_table(
        "feed_writer",
        sa.Column("writer", sa.String(10), nullable=False),
        sa.Column("last_row", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer", name=op.f("pk_feed_writer")),
    )
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.String(36), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_key", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(80), nullable=True),
        sa.Column("last_taken_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["creditor.unit"], name=op.f("fk_webhook_unit_creditor")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_unit"), "webhook", ["unit"], unique=False)
