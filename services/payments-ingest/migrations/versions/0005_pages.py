"""Pages of messages and statements that the bank sends in several."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "bank_page",
        sa.Column("family", sa.String(10), nullable=False),
        sa.Column("account", sa.String(34), nullable=False),
        sa.Column("identity", sa.String(140), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.String(140), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("sums", JsonType, nullable=False),
        sa.Column("whole_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.file_id"], name=op.f("fk_bank_page_file_id_bank_file")),
        sa.PrimaryKeyConstraint("family", "account", "identity", "page", name=op.f("pk_bank_page")),
    )
    for column in ("file_id", "message_id", "whole_at"):
        op.create_index(op.f(f"ix_bank_page_{column}"), "bank_page", [column], unique=False)
