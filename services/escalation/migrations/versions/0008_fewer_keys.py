"""A claim's timer, holds and end are written by whoever holds its case, and refer to it no more; rows that change get
room to do so.
"""

from alembic import op

from shared.migrate import changed

revision = "0008"
down_revision = "0007"

PERCENT_FULL = 80


def upgrade() -> None:
    for table in ("timer", "hold", "claim_end"):
        with changed(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_claim_id_claim"), type_="foreignkey")
    if op.get_bind().dialect.name == "postgresql":
        for table in ("ladder_case", "claim", "timer", "stream_version", "inbox_version"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT_FULL})")
