"""What PostgreSQL's policies (row-level security) let a transaction see, table by table."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from shared.db import Database, confine


def kept_apart(db: Database) -> set[str]:
    """The tables that have a policy, and whose policy binds their owner too."""
    bound = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    with db.read() as tx:
        tables = set(tx.exec_driver_sql(bound).scalars())
        assert tables == set(tx.exec_driver_sql("SELECT tablename FROM pg_policies").scalars())
    return tables


def rows_seen(db: Database, metadata: sa.MetaData, units: Collection[str] | None) -> dict[str, int]:
    """How many rows of each table a transaction sees whose queries forgot every condition; None: an unconfined one."""
    with db.read() as tx:
        confine(tx, units)
        count = sa.select(sa.func.count())
        return {name: tx.execute(count.select_from(table)).scalar_one() for name, table in metadata.tables.items()}
