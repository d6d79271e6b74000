"""The ledger is found by case and by instant alone: rows of one case, and of one batch, then share an entry.

PostgreSQL reads the ledger twice for it, some seconds per million rows in which nothing can be written to it, though
read: a large installation upgrades at a quiet hour, or makes both indexes beforehand, CONCURRENTLY and by their names.
"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index(op.f("ix_ledger_case_id"), "ledger", ["case_id"], unique=False, if_not_exists=True)
    op.create_index(op.f("ix_ledger_recorded_at"), "ledger", ["recorded_at"], unique=False, if_not_exists=True)
    op.drop_index("ix_ledger_case_id_recorded_at", "ledger")
    op.drop_index("ix_ledger_recorded_at_transfer_id", "ledger")
