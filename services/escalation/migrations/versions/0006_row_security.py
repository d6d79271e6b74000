"""PostgreSQL itself keeps the units apart: a transaction sees the cases of the units it was confined to.

A row of a case is checked when it is read, changed or deleted; a new one names a case that was read before.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

FUNCTIONS = {
    "unit_sees_case": "SELECT 1 FROM ladder_case WHERE case_id = wanted",
    "unit_sees_claim": "SELECT 1 FROM claim WHERE claim_id = wanted",
    "unit_sees_debtor": "SELECT 1 FROM claim_debtor JOIN claim USING (claim_id) WHERE debtor_ref = wanted",
}
OF_UNIT = ("ladder_case", "claim")
OF_CASE = ("timer", "step", "demand", "legal_step")
OF_CLAIM = ("claim_debtor", "hold", "claim_end")

# Read once a statement, not once a row. Not set at all (a connection that is none of ours): no rows.
_UNITS = "(SELECT current_setting('inkasso.units', true))"
_ALL = f"{_UNITS} = '*'"
_OF_UNIT = f"{_ALL} OR creditor_unit = ANY (string_to_array({_UNITS}, ','))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, query in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}(wanted text) RETURNS boolean LANGUAGE plpgsql STABLE"
            f" AS $$ BEGIN RETURN EXISTS ({query}); END $$"
        )
    for table in OF_UNIT:
        _confine(table, _OF_UNIT, new=_OF_UNIT)
    for table in OF_CASE:
        _confine(table, f"{_ALL} OR unit_sees_case(case_id)")
    for table in OF_CLAIM:
        _confine(table, f"{_ALL} OR unit_sees_claim(claim_id)")
    _confine("cover_fact", f"{_ALL} OR unit_sees_debtor(debtor_ref)")


def _confine(table: str, seen: str, new: str = "true") -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the service owns its tables: it is bound too
    op.execute(f"CREATE POLICY {table}_of_unit ON {table} USING ({seen}) WITH CHECK ({new})")
