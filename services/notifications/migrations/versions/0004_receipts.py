"""What a channel gave as proof that it took a letter, and that the letter counts as sent."""

import sqlalchemy as sa
from alembic import op

from shared.db import JsonType

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("letter") as letter:
        letter.add_column(sa.Column("receipts", JsonType, nullable=False, server_default="[]"))
