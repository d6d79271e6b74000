"""Legal packages: what was frozen for a body, what was made of it, and which legal steps it is for."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "package",
        sa.Column("package_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("legal_step_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("body", sa.String(30), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("facts", JsonType, nullable=False),
        sa.Column("frozen_on", sa.Date(), nullable=False),
        sa.Column("office", sa.String(20), nullable=True),
        sa.Column("files", JsonType, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(80), nullable=True),
        sa.Column("failure", sa.String(80), nullable=True),
        sa.Column("withdrawn_reason", sa.String(80), nullable=True),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("package_id", name=op.f("pk_package")),
    )
    op.create_index("ix_package_case_id_created_at", "package", ["case_id", "created_at"], unique=False)
    op.create_index("ix_package_state_created_at", "package", ["state", "created_at"], unique=False)
    op.create_table(
        "package_party",
        sa.Column("package_id", sa.String(80), nullable=False),
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("party_version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["package.package_id"], name=op.f("fk_package_party_package_id_package")
        ),
        sa.PrimaryKeyConstraint("package_id", "debtor_ref", name=op.f("pk_package_party")),
    )
    op.create_table(
        "legal_step",
        sa.Column("legal_step_id", sa.String(80), nullable=False),
        sa.Column("package_id", sa.String(80), nullable=True),
        sa.Column("dropped_reason", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("legal_step_id", name=op.f("pk_legal_step")),
    )
    op.create_index(op.f("ix_legal_step_package_id"), "legal_step", ["package_id"], unique=False)
