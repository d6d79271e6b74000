"""Many rows at once: what is stored is the same however many there are and whichever way they take."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, null, select, text
from sqlalchemy.exc import IntegrityError
from support.databases import Databases
from support.toy import MIGRATIONS, NOTE, TABLES

from shared.bulk import FEW, SOME, insert_ignore, insert_once, insert_rows, update_rows, upsert
from shared.db import Database, JsonType, among, any_of
from shared.migrate import upgrade

AT = datetime(2026, 3, 2, 8, 30, 0, 125, tzinfo=UTC)
COUNTS = [1, FEW, FEW + 1, SOME + 1]
ODD = "tab\t, line\n, back\\slash, \"quote\", 'single', \\N, æøå, {}, NULL"
PARKED = TABLES.parked_event


def parked(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{number:04}",
        "topic": "claims",
        "key": ODD,
        "version": number,
        "headers": {"ce_id": ODD, "nothing": None, "list": [1, True]},
        "value": bytes(range(256)),
        "parked_at": AT,
        **changes,
    }


def note(number: int, **changes: Any) -> dict[str, Any]:
    return {"case_id": ODD, "claim_id": f"c{number:04}", "event_id": f"e{number:04}", **changes}


@pytest.fixture
def db(databases: Databases, tmp_path: Path) -> Any:
    found = Database(databases.url("one") or f"sqlite:///{tmp_path / 'one.db'}", "one")
    upgrade(found, MIGRATIONS)
    yield found
    found.close()


def stored(db: Database, table: Any, order: str) -> list[dict[str, Any]]:
    with db.read() as tx:
        return [dict(row) for row in tx.execute(select(table).order_by(table.c[order])).mappings()]


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_stored_as_they_are(db: Database, count: int) -> None:
    rows = [parked(number) for number in range(count)]
    with db.begin() as tx:
        assert insert_rows(tx, PARKED, rows) == count
    assert stored(db, PARKED, "event_id") == rows


@pytest.mark.parametrize("count", COUNTS)
def test_a_row_that_is_there_is_refused_or_left(db: Database, count: int) -> None:
    rows = [note(number) for number in range(count)]
    with db.begin() as tx:
        assert insert_once(tx, NOTE, rows) == count
    with db.begin() as tx, pytest.raises(IntegrityError):
        insert_rows(tx, NOTE, rows)
    changed = [note(number, case_id="other") for number in range(count + 2)]
    with db.begin() as tx:
        assert insert_once(tx, NOTE, changed) == 2
        assert insert_ignore(tx, NOTE, changed) == 0
    assert [row["case_id"] for row in stored(db, NOTE, "event_id")] == [ODD] * count + ["other"] * 2


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_put_and_changed(db: Database, count: int) -> None:
    table = TABLES.stream_version
    rows = [{"topic": "claims", "key": f"k{number:04}", "version": number} for number in range(count)]
    with db.begin() as tx:
        upsert(tx, table, rows, key=["topic", "key"], update=["version"])
        again = [{**row, "version": 1_000 + at} for at, row in enumerate(rows)]
        # Twice in one call: the last holds.
        upsert(tx, table, [*rows, *again], key=["topic", "key"], update=["version"])
    assert [row["version"] for row in stored(db, table, "key")] == [1_000 + at for at in range(count)]
    with db.begin() as tx:
        update_rows(tx, table, [{"key": row["key"], "version": 7} for row in rows], key="key")
        update_rows(tx, table, [], key="key")
    assert {row["version"] for row in stored(db, table, "key")} == {7}


def test_a_value_is_looked_for_whole(db: Database) -> None:
    table = TABLES.events
    bound = 36
    event = {
        "event_id": "e" * bound, "topic": "claims", "key": ODD, "version": 1, "type": "t", "headers": {},
        "payload": "{}", "recorded_at": AT,
    }  # fmt: skip
    with db.begin() as tx:
        insert_rows(tx, table, [event])
        found = [
            tx.execute(select(table.c.row).where(any_of(tx, table.c[name], values))).scalars().all()
            for name, values in (
                ("event_id", ["x", "e" * bound]),
                ("event_id", ["e" * (bound + 1)]),
                ("key", [ODD]),
                ("version", [7, 1]),
                ("version", [7]),
            )
        ]
        both = among(tx, [table.c.topic, table.c.key], [("claims", ODD), ("x", "y")])
        assert len(tx.execute(select(table.c.row).where(both)).all()) == 1
    assert [len(rows) for rows in found] == [1, 0, 1, 1, 0]


@pytest.mark.parametrize("count", COUNTS)
def test_json_columns_are_changed_too(db: Database, count: int) -> None:
    with db.begin() as tx:
        insert_rows(tx, PARKED, [parked(number) for number in range(count)])
        changes = [{"event_id": f"e{number:04}", "headers": {"n": number}} for number in range(count)]
        update_rows(tx, PARKED, changes, key="event_id")
    assert [row["headers"] for row in stored(db, PARKED, "event_id")] == [{"n": number} for number in range(count)]


@pytest.mark.parametrize("count", COUNTS)
def test_nothing_is_null_in_a_column_of_json_too(db: Database, count: int) -> None:
    table = Table("letter", MetaData(), Column("name", String, primary_key=True), Column("sent", JsonType))
    rows = [{"name": f"n{number:04}", "sent": None} for number in range(count)]
    with db.begin() as tx:
        table.create(tx)
        assert insert_rows(tx, table, rows) == count
        assert insert_ignore(tx, table, rows) == 0
        update_rows(tx, table, rows, key="name")
        unsent = select(table.c.name).where(table.c.sent.is_(null()))
        assert len(tx.execute(unsent).all()) == count


@pytest.mark.parametrize("count", COUNTS)
def test_bytes_are_left_as_they_are(db: Database, count: int) -> None:
    content = Table("content", MetaData(), Column("name", String, primary_key=True), Column("data", LargeBinary))
    rows = [{"name": f"n{number:04}", "data": bytes(range(256)) if number else b""} for number in range(count)]
    with db.begin() as tx:
        content.create(tx)
        assert insert_ignore(tx, content, rows) == count
        assert insert_once(tx, content, rows) == 0
    assert stored(db, content, "name") == rows


@pytest.mark.parametrize("count", COUNTS)
def test_a_table_that_policies_watch_over_takes_many_rows(postgres_database: str, count: int) -> None:
    found = Database(postgres_database, "one")
    upgrade(found, MIGRATIONS)
    rows = [note(number) for number in range(count)]
    with found.begin() as tx:
        for change in ("ENABLE", "FORCE"):
            tx.execute(text(f"ALTER TABLE note {change} ROW LEVEL SECURITY"))
        tx.execute(text("CREATE POLICY all_of_it ON note USING (true) WITH CHECK (true)"))
        tx.execute(text("ALTER TABLE parked_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"))
        tx.execute(text("CREATE POLICY all_of_it ON parked_event USING (true) WITH CHECK (true)"))
        assert insert_rows(tx, PARKED, [parked(number) for number in range(count)]) == count
        assert insert_rows(tx, NOTE, rows) == count
        assert insert_once(tx, NOTE, rows) == 0
    assert [row["event_id"] for row in stored(found, NOTE, "event_id")] == [row["event_id"] for row in rows]
    assert stored(found, PARKED, "event_id") == [parked(number) for number in range(count)]
    found.close()
