"""Room on each page of the rows that tell where the streams stand: a new version beside the old leaves indexes alone."""

from alembic import op

revision = "0006"
down_revision = "0005"

PERCENT_FULL = 80


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("stream_version", "inbox_version"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT_FULL})")
