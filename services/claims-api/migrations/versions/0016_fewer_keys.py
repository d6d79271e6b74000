"""Each row is proved and found once: keys and references that only said again what another one says are gone.

Which key proves what now stands with each table (``claims_api.tables``). Where PostgreSQL makes new indexes it reads
the ledger and the timeline, some seconds per million rows in which nothing can be written to them, though read: a large
installation upgrades at a quiet hour, or makes them beforehand, CONCURRENTLY and by the names below, and loses no time.
"""

import sqlalchemy as sa
from alembic import op

from shared.migrate import changed

revision = "0016"
down_revision = "0015"

KEYS = {"ledger": ["source_event", "ordinal"], "timeline": ["case_id", "entry_id"]}
RESERVED = "kind IN ('payout_reserved', 'refund_reserved')"
SOME = {
    "uq_ledger_taken_back": ("ledger", "reverses", "reverses IS NOT NULL", True),
    "ix_ledger_reserved": ("ledger", "about", RESERVED, False),
    "uq_debtor_organisation": ("debtor", "org_number", "org_number IS NOT NULL", True),
}
"""Indexes of the few rows that have the column: (table, column, which rows, unique)."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in KEYS.items():
            op.create_index(f"{table}_key", table, columns, unique=True, if_not_exists=True)
        _index_some()
    for table, columns in KEYS.items():
        _give_key(table, columns)
    with changed("debtor") as debtor:
        debtor.drop_constraint(op.f("uq_debtor_org_number"), type_="unique")
    with changed("case_file") as case_file:
        case_file.drop_constraint(op.f("uq_case_file_kid"), type_="unique")
    with changed("claim") as claim:
        claim.drop_constraint(op.f("uq_claim_kid"), type_="unique")
        claim.drop_constraint(op.f("fk_claim_unit_creditor"), type_="foreignkey")
        claim.drop_constraint(op.f("fk_claim_debtor_ref_debtor"), type_="foreignkey")
    with changed("kid") as kid:
        kid.drop_constraint(op.f("fk_kid_claim_id_claim"), type_="foreignkey")
    with changed("feed_entry") as feed_entry:
        feed_entry.drop_constraint(op.f("uq_feed_entry_event_id"), type_="unique")
    op.drop_index(op.f("ix_claim_debtor_ref"), "claim")
    op.drop_index(op.f("ix_kid_case_id"), "kid")
    op.drop_index(op.f("ix_ledger_about"), "ledger")
    op.drop_index("ix_timeline_case_id_at", "timeline")
    if op.get_bind().dialect.name == "sqlite":
        _index_some()


def _index_some() -> None:
    for name, (table, column, rows, unique) in SOME.items():
        where = sa.text(rows)
        op.create_index(
            name, table, [column], unique=unique, sqlite_where=where, postgresql_where=where, if_not_exists=True
        )


def _give_key(table: str, columns: list[str]) -> None:
    with changed(table) as batch:
        if table == "ledger":
            batch.drop_constraint(op.f("uq_ledger_source_event_ordinal"), type_="unique")
            batch.drop_constraint(op.f("uq_ledger_reverses"), type_="unique")
        else:
            batch.drop_constraint(op.f("fk_timeline_case_id_case_file"), type_="foreignkey")
        batch.drop_constraint(op.f(f"pk_{table}"), type_="primary")
        if op.get_bind().dialect.name == "sqlite":
            batch.create_primary_key(op.f(f"pk_{table}"), columns)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY USING INDEX {table}_key")
