"""Room on each page of the rows that change in place: a case, its claims and where its streams stand change over and
over, and a new version beside the old one leaves every index alone.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

TABLES = ("case_file", "claim", "stream_version", "inbox_version")
PERCENT_FULL = 80


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT_FULL})")
