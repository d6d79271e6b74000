"""Words that letters print, who acts for a debtor, and why an address is not known."""

import sqlalchemy as sa
from alembic import op

from shared.db import JsonType

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("party") as party:
        party.add_column(sa.Column("protection", sa.String(24), nullable=False, server_default="none"))
        party.add_column(sa.Column("representative", JsonType, nullable=True))
    op.create_table(
        "printed_text",
        sa.Column("text_id", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("sealed_text", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_printed_text")),
    )
    op.create_table(
        "mailing_text",
        sa.Column("mailing_id", sa.String(80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("text_id", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.mailing_id"], name=op.f("fk_mailing_text_mailing_id_mailing")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "ordinal", name=op.f("pk_mailing_text")),
    )
    op.create_index(op.f("ix_mailing_text_text_id"), "mailing_text", ["text_id"], unique=False)
