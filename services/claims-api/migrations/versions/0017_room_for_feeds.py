"""Room on each page of ``feed_case`` too: how far a case's feed has come changes with every event of the case."""

from alembic import op

revision = "0017"
down_revision = "0016"

PERCENT_FULL = 80


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE feed_case SET (fillfactor = {PERCENT_FULL})")
