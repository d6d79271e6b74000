"""Payments are found by channel key, which those of one fingerprint share; by case through their allocation.

Those on a case that have none any more, or never had (reversals and what they took back), have an index of their own.
PostgreSQL reads the payments for it, a second or two per million, in which none can be written: a large installation
upgrades at a quiet hour, or makes it beforehand, CONCURRENTLY and by its name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NOT_MATCHED = sa.text("state <> 'matched'")


def upgrade() -> None:
    op.create_index(
        "ix_payment_was_on_case", "payment", ["case_id"],
        sqlite_where=NOT_MATCHED, postgresql_where=NOT_MATCHED, if_not_exists=True,
    )  # fmt: skip
    op.drop_index(op.f("ix_payment_case_id"), "payment")
    op.drop_index(op.f("ix_payment_fingerprint"), "payment")
