"""What belongs to a case or a claim is seen by whoever sees that; a person, by whoever has a claim on them.

A row is checked when it is read, changed or deleted. A new one is not: it names a case or a claim that was read before,
and to look again would cost every claim of a batch.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

FUNCTIONS = {
    "unit_sees_case": "SELECT 1 FROM case_file WHERE case_id = wanted",
    "unit_sees_claim": "SELECT 1 FROM claim WHERE claim_id = wanted",
    "unit_sees_plan": "SELECT 1 FROM request_claim JOIN case_file USING (case_id) WHERE request_id = wanted",
    "unit_sees_debtor": "SELECT 1 FROM claim_party JOIN claim USING (claim_id) WHERE claim_party.debtor_ref = wanted",
}
OF_CASE = (
    "hold", "timeline", "demand", "petition", "payment_part", "payment_candidate", "refund", "money_decision",
    "request_claim", "request_text", "notice", "write_off", "feed_case",
    "payment_choice",
)  # fmt: skip
OF_CLAIM = (
    "claim_party", "demand_claim", "hold_claim", "remittance_line", "pay_by", "interruption", "limitation_warning",
)  # fmt: skip
OF_PLAN = ("plan", "instalment")
OF_DEBTOR = ("debtor", "representative")

_UNITS = "(SELECT current_setting('inkasso.units', true))"
_ALL = f"{_UNITS} = '*'"
# Intake must find a person whom other units know: the register of persons is the installation's. It is closed by whoever
# need not look there; code of before this step, which knows of no register, finds them as it did.
_REGISTER = f"({_UNITS} <> '' AND (SELECT current_setting('inkasso.register', true)) IS DISTINCT FROM 'closed')"
_OF_UNIT = f"unit = ANY (string_to_array({_UNITS}, ','))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, query in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}(wanted text) RETURNS boolean LANGUAGE plpgsql STABLE"
            f" AS $$ BEGIN RETURN EXISTS ({query}); END $$"
        )
    for table in OF_CASE:
        _confine(table, "unit_sees_case(case_id)")
    for table in OF_CLAIM:
        _confine(table, "unit_sees_claim(claim_id)")
    for table in OF_PLAN:
        _confine(table, "unit_sees_plan(plan_id)")
    for table in OF_DEBTOR:
        _confine(table, f"{_REGISTER} OR unit_sees_debtor(debtor_ref)")
    _confine("ledger", f"{_OF_UNIT} OR unit_sees_case(case_id)")


def _confine(table: str, seen: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_of_unit ON {table} USING ({_ALL} OR {seen}) WITH CHECK (true)")
