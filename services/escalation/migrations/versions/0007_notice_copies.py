"""The document that is the copy of an inkassovarsel the unit sent itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("claim") as claim:
        claim.add_column(sa.Column("notice_document_id", sa.String(80), nullable=True))
