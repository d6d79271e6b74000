"""Legal steps that share a petition, and how far of a case's record in claims-api has been heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("legal_step") as legal_step:
        legal_step.add_column(sa.Column("petition_id", sa.String(36), nullable=True))
    op.create_index("ix_legal_step_petition_id", "legal_step", ["petition_id"], unique=False)
    with op.batch_alter_table("ladder_case") as case:
        case.add_column(sa.Column("heard_version", sa.BigInteger(), nullable=False, server_default="0"))
