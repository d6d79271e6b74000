"""The ledger can only grow: the database itself refuses to change or delete a row."""

from alembic import op

revision = "0002"
down_revision = "0001"

_SQLITE = """
CREATE TRIGGER ledger_no_{what} BEFORE {what} ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: post a reversal instead'); END
"""
_FUNCTION = """
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only: post a reversal instead'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER ledger_no_{what} BEFORE {what} ON ledger
FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        for what in ("UPDATE", "DELETE", "TRUNCATE"):
            op.execute(_POSTGRESQL.format(what=what))
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(what=what))
