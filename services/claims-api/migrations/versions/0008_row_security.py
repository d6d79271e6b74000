"""PostgreSQL itself keeps the units apart: a transaction sees and writes rows of the units it was confined to."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = ("case_file", "claim", "request", "feed_entry", "feed_unit", "webhook", "remittance")

# Read once a statement, not once a row. Not set at all (a connection that is none of ours): no rows.
_UNITS = "(SELECT current_setting('inkasso.units', true))"
_MINE = f"{_UNITS} = '*' OR unit = ANY (string_to_array({_UNITS}, ','))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the service owns its tables: it is bound too
        op.execute(f"CREATE POLICY {table}_of_unit ON {table} USING ({_MINE}) WITH CHECK ({_MINE})")
