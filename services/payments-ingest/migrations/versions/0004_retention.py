"""When the bytes and payers of a bank file, and a payment file for the bank, were deleted for their age."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("bank_file", sa.Column("forgotten_at", Instant(), nullable=True))
    op.add_column("payout_file", sa.Column("forgotten_at", Instant(), nullable=True))
