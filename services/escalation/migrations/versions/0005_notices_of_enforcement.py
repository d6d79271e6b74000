"""Notices of enforcement (varsel etter tvangsfullbyrdelsesloven § 4-18), and what became of a legal step's package."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("claim") as claim:
        claim.add_column(sa.Column("warning_step_id", sa.String(36), nullable=True))
        claim.add_column(sa.Column("warning_sent_on", sa.Date(), nullable=True))
        claim.add_column(sa.Column("warning_deadline", sa.Date(), nullable=True))
        claim.add_column(sa.Column("warnings", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("legal_step") as legal_step:
        legal_step.add_column(sa.Column("package_ready_on", sa.Date(), nullable=True))
        legal_step.add_column(sa.Column("package_failure", sa.String(80), nullable=True))
