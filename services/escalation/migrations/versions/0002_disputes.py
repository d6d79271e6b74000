"""What follows an objection, a judgment or a payment plan, on each claim."""

import sqlalchemy as sa
from alembic import op

from shared.db import JsonType

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("claim") as claim:
        claim.add_column(sa.Column("contested_part", sa.Boolean(), nullable=False, server_default=sa.false()))
        claim.add_column(sa.Column("judged_on", sa.Date(), nullable=True))
        claim.add_column(sa.Column("instalment_days", JsonType, nullable=False, server_default="[]"))
