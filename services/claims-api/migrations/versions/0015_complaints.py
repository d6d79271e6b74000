"""The complaint against a unit's decision on an objection: until when, when it came, what it said and who hears it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("request", sa.Column("complain_by", sa.Date(), nullable=True))
    op.add_column("request", sa.Column("complained_on", sa.Date(), nullable=True))
    op.add_column("request", sa.Column("complaint_body", sa.String(16), nullable=True))
    op.add_column("request", sa.Column("complaint_text_id", sa.String(36), nullable=True))
