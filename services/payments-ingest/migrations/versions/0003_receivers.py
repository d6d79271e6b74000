"""The payer's bank, and receivers of refunds that a person named; what came to nothing is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("payment", sa.Column("payer_bic", sa.String(11), nullable=True))
    op.add_column("refund", sa.Column("to_bic", sa.String(11), nullable=True))
    op.add_column("refund", sa.Column("receiver_by", sa.String(120), nullable=True))
    op.add_column("refund", sa.Column("again_of", sa.String(36), nullable=True))
    op.create_index(op.f("ix_refund_again_of"), "refund", ["again_of"], unique=False)
