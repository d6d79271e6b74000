"""References that are proved before a row is written, and indexes nobody reads by, are gone; rows that change get room.

Which is which stands with each table (``payments_ingest.tables``). Where PostgreSQL makes the index of linked payments
it reads the payments, a second or two per million, in which none can be written: a large installation upgrades at a
quiet hour, or makes it beforehand, CONCURRENTLY and by the name below, and loses no time.
"""

import sqlalchemy as sa
from alembic import op

from shared.migrate import changed

revision = "0006"
down_revision = "0005"

PROVED = {
    "known_claim": "fk_known_claim_case_id_known_case",
    "known_kid": "fk_known_kid_case_id_known_case",
    "known_amount": "fk_known_amount_case_id_known_case",
    "case_debtor": "fk_case_debtor_case_id_known_case",
    "staged_line": "fk_staged_line_file_id_bank_file",
    "payment": "fk_payment_file_id_bank_file",
}
LINKED = sa.text("linked_to IS NOT NULL")
PERCENT_FULL = 80


def upgrade() -> None:
    op.create_index(
        "ix_payment_linked", "payment", ["linked_to"],
        sqlite_where=LINKED, postgresql_where=LINKED, if_not_exists=True,
    )  # fmt: skip
    op.drop_index(op.f("ix_payment_linked_to"), "payment")
    op.drop_index(op.f("ix_known_kid_case_id"), "known_kid")
    for table, reference in PROVED.items():
        with changed(table) as batch:
            batch.drop_constraint(op.f(reference), type_="foreignkey")
    if op.get_bind().dialect.name == "postgresql":
        for table in ("known_claim", "stream_version", "inbox_version"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {PERCENT_FULL})")
