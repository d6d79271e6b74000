"""PostgreSQL itself keeps the units apart: a transaction sees the letters and documents of the units it is confined to.

What no unit has a call for (persons, printed texts, legal packages) a confined transaction does not see at all.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

FUNCTIONS = {
    "unit_sees_letter": "SELECT 1 FROM letter WHERE letter_id = wanted",
    "unit_sees_mailing": "SELECT 1 FROM letter WHERE mailing_id = wanted",
    "unit_sees_content": "SELECT 1 FROM document WHERE sha256 = wanted",
}
OF_NOBODY = ("party", "printed_text", "mailing_text", "package", "package_party", "legal_step")

# Read once a statement, not once a row. Not set at all (a connection that is none of ours): no rows.
_UNITS = "(SELECT current_setting('inkasso.units', true))"
_ALL = f"{_UNITS} = '*'"
_OF_UNIT = f"{_ALL} OR unit = ANY (string_to_array({_UNITS}, ','))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, query in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}(wanted text) RETURNS boolean LANGUAGE plpgsql STABLE"
            f" AS $$ BEGIN RETURN EXISTS ({query}); END $$"
        )
    _confine("letter", _OF_UNIT, _OF_UNIT)
    _confine("document", f"{_OF_UNIT} OR unit_sees_letter(letter_id)", _OF_UNIT)
    for table in OF_NOBODY:
        _confine(table, _ALL, _ALL)
    _confine("mailing", f"{_ALL} OR unit_sees_mailing(mailing_id)", _ALL)
    _confine("document_content", f"{_ALL} OR unit_sees_content(sha256)", "true")


def _confine(table: str, seen: str, new: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # the service owns its tables: it is bound too
    op.execute(f"CREATE POLICY {table}_of_unit ON {table} USING ({seen}) WITH CHECK ({new})")
