"""Keys and references that said nothing new are gone, from databases that have rows; what they guarded still holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.databases import Databases

from shared.db import Database, Instant
from shared.migrate import upgrade

MIGRATIONS = Path(__file__).parents[2] / "services" / "claims-api" / "migrations"
BEFORE = "0015"
DAY, NOW = date(2026, 1, 20), datetime(2026, 1, 20, 8, tzinfo=UTC)
GIVEN: dict[str, dict[str, Any]] = {
    "creditor": {"unit": "unit"},
    "debtor": {"debtor_ref": "debtor", "org_number": "974760673"},
    "case_file": {"case_id": "case", "unit": "unit", "debtor_ref": "debtor", "kid": "2", "case_number": "2600000018"},
    "claim": {"claim_id": "claim", "case_id": "case", "unit": "unit", "debtor_ref": "debtor", "kid": "1"},
    "claim_party": {"claim_id": "claim", "debtor_ref": "debtor"},
    "kid": {"kid": "1", "case_id": "case", "claim_id": "claim"},
    "timeline": {"entry_id": "entry", "case_id": "case"},
    "feed_entry": {"unit": "unit", "position": 1, "event_id": "event"},
    "ledger": {"transfer_id": "transfer", "source_event": "event", "ordinal": 0, "case_id": "case"},
}


@pytest.fixture
def db(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    """A database of the step before, with a row of each table that changes and of those that refer to them."""
    opened = Database(databases.url("one") or f"sqlite:///{tmp_path / 'one.db'}", "test")
    upgrade(opened, MIGRATIONS, BEFORE)
    for table in GIVEN:
        add(opened, table)
    yield opened
    opened.close()


def table_in(tx: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=tx, resolve_fks=False)


def add(db: Database, name: str, **changes: Any) -> None:
    with db.begin() as tx:
        table = table_in(tx, name)
        needed = {c.name: some(c) for c in table.c if not c.nullable and c.server_default is None}
        tx.execute(table.insert().values({**needed, **GIVEN[name], **changes}))


def some(column: sa.Column[Any]) -> Any:
    """A value that a column takes."""
    if isinstance(column.type, sa.DateTime) or column.name.endswith(("_at", "at")):
        return NOW if isinstance(column.type, sa.DateTime) else Instant().process_bind_param(NOW, SQLITE)
    if isinstance(column.type, sa.Date):
        return DAY
    if isinstance(column.type, sa.JSON):
        return {}
    return "x" if isinstance(column.type, sa.String) else True if isinstance(column.type, sa.Boolean) else 1


SQLITE = sa.create_engine("sqlite://").dialect


def rows(db: Database) -> dict[str, list[dict[str, Any]]]:
    with db.read() as tx:
        return {name: [dict(row) for row in tx.execute(sa.select(table_in(tx, name))).mappings()] for name in GIVEN}


def test_every_row_is_there_afterwards(db: Database) -> None:
    before = rows(db)
    upgrade(db, MIGRATIONS)
    assert rows(db) == before


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("ledger", {"transfer_id": "another"}),
        ("timeline", {"at": NOW}),
        ("kid", {"claim_id": None}),
        ("claim", {"claim_id": "another", "kid": "3"}),
        ("case_file", {"case_id": "another", "kid": "3"}),
        ("debtor", {"debtor_ref": "another"}),
        ("feed_entry", {"event_id": "another"}),
    ],
)
def test_a_second_one_of_what_is_unique_is_refused(db: Database, table: str, changes: dict[str, Any]) -> None:
    """Transfers by source event and ordinal (decisions A5), entries by id in their case, every KID, references, …"""
    upgrade(db, MIGRATIONS)
    if "at" in changes and db.dialect == "sqlite":
        changes = {"at": Instant().process_bind_param(NOW, SQLITE)}
    with pytest.raises(IntegrityError):
        add(db, table, **changes)


def test_a_transfer_is_taken_back_once(db: Database) -> None:
    upgrade(db, MIGRATIONS)
    add(db, "ledger", transfer_id="second", ordinal=1)
    add(db, "ledger", transfer_id="third", ordinal=2, reverses="transfer")
    with pytest.raises(IntegrityError):
        add(db, "ledger", transfer_id="fourth", ordinal=3, reverses="transfer")


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("case_file", {"case_id": "another", "case_number": "2600000026", "unit": "nobody"}),
        ("case_file", {"case_id": "another", "case_number": "2600000026", "debtor_ref": "nobody"}),
        ("claim", {"claim_id": "another", "external_ref": "another", "case_id": "none"}),
        ("claim_party", {"debtor_ref": "nobody"}),
        ("kid", {"kid": "3", "case_id": "none"}),
    ],
)
def test_what_belongs_to_nothing_is_refused(db: Database, table: str, changes: dict[str, Any]) -> None:
    upgrade(db, MIGRATIONS)
    with pytest.raises(IntegrityError):
        add(db, table, **changes)


@pytest.mark.parametrize("what", ["UPDATE ledger SET amount_ore = 2", "DELETE FROM ledger"])
def test_the_ledger_can_still_only_grow(db: Database, what: str) -> None:
    upgrade(db, MIGRATIONS)
    with pytest.raises(DBAPIError, match="append-only"), db.begin() as tx:
        tx.exec_driver_sql(what)


def test_indexes_that_were_made_beforehand_are_taken(postgres_database: str) -> None:
    """An installation too large to wait for them makes them while it runs."""
    db = Database(postgres_database, "test")
    upgrade(db, MIGRATIONS, BEFORE)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "CREATE UNIQUE INDEX CONCURRENTLY timeline_key ON timeline (case_id, entry_id)",
        )
        made = connection.exec_driver_sql("SELECT 'timeline_key'::regclass::oid").scalar()
        upgrade(db, MIGRATIONS)
        assert connection.exec_driver_sql("SELECT 'pk_timeline'::regclass::oid").scalar() == made
    db.close()
