"""Each service's history of its schema: it leads to what the code declares, on both databases, and only ever grows."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError
from support.databases import Databases

from shared.db import Database, sqlstate
from shared.migrate import _config, at_head, differences, upgrade

SERVICES = ("claims_api", "payments_ingest", "escalation", "notifications")
ROOT = Path(__file__).parents[2]
APPENDED = {"ledger", "timeline"}
"""Tables whose rows are added and never changed: code that knows another key of theirs adds rows all the same."""


def folder(package: str) -> Path:
    return ROOT / "services" / package.replace("_", "-") / "migrations"


def metadata(package: str) -> sa.MetaData:
    found: sa.MetaData = importlib.import_module(f"{package}.tables").Model.metadata
    return found


def history(package: str) -> list[str]:
    """The revisions, oldest first; there is one line of them."""
    scripts = ScriptDirectory.from_config(_config(folder(package)))
    assert len(scripts.get_heads()) == 1
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


@pytest.fixture
def db(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    opened = Database(databases.url("one") or f"sqlite:///{tmp_path / 'one.db'}", "test")
    yield opened
    opened.close()


@pytest.mark.parametrize("package", SERVICES)
def test_the_history_leads_to_what_the_code_declares_and_every_step_only_adds(package: str, db: Database) -> None:
    """Step by step: code of the step before works on the schema after it, because nothing it knows was taken away."""
    before: dict[str, Any] = {}
    for revision in history(package):
        upgrade(db, folder(package), revision)
        after = schema(db)
        assert taken_away(before, after) == []
        before = after
    assert at_head(db, folder(package))
    assert differences(db, metadata(package)) == []
    upgrade(db, folder(package))
    assert schema(db) == before


def schema(db: Database) -> dict[str, Any]:
    """Tables, their columns, keys and unique constraints as the database has them."""
    with db.read() as tx:
        look = sa.inspect(tx)
        return {
            name: {
                "columns": {
                    one["name"]: (str(one["type"]), one["nullable"], one["default"] is not None)
                    for one in look.get_columns(name)
                },
                "key": look.get_pk_constraint(name)["constrained_columns"],
                "unique": {tuple(one["column_names"]) for one in look.get_unique_constraints(name)}
                | {tuple(one["column_names"]) for one in look.get_indexes(name) if one["unique"]},
                "references": {tuple(one["constrained_columns"]) for one in look.get_foreign_keys(name)},
            }
            for name in look.get_table_names()
        }


def taken_away(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What code that knows only ``before`` would trip over in ``after``."""
    found = []
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            found.append(f"{name}: dropped")
            continue
        for column, (kind, nullable, _) in old["columns"].items():
            if column not in new["columns"]:
                found.append(f"{name}.{column}: dropped")
            elif new["columns"][column][0] != kind:
                found.append(f"{name}.{column}: was {kind}, is {new['columns'][column][0]}")
            elif nullable and not new["columns"][column][1]:
                found.append(f"{name}.{column}: may no longer be empty")
        for column, (_, nullable, default) in new["columns"].items():
            if column not in old["columns"] and not nullable and not default:
                found.append(f"{name}.{column}: new, and old code cannot fill it")
        if new["key"] != old["key"] and name not in APPENDED:
            found.append(f"{name}: another primary key")
        found += [f"{name}{columns}: newly unique" for columns in new["unique"] - old["unique"]]
        found += [f"{name}{columns}: newly references" for columns in new["references"] - old["references"]]
    return found


def test_the_gate_notices_what_old_code_would_trip_over() -> None:
    old = {"columns": {"a": ("INTEGER", False, False), "b": ("TEXT", True, False)}, "key": ["a"]}
    old |= {"unique": set(), "references": set()}
    assert taken_away({"t": old}, {"t": {**old, "columns": {**old["columns"], "c": ("TEXT", True, False)}}}) == []
    assert taken_away({"t": old}, {"t": {**old, "columns": {**old["columns"], "c": ("TEXT", False, True)}}}) == []
    worse = {"a": ("BIGINT", False, False), "c": ("TEXT", False, False)}
    assert taken_away(
        {"t": old, "u": old}, {"t": {**old, "columns": worse, "key": ["a", "c"], "unique": {("a",)}}}
    ) == [
        "t.a: was INTEGER, is BIGINT",
        "t.b: dropped",
        "t.c: new, and old code cannot fill it",
        "t: another primary key",
        "t('a',): newly unique",
        "u: dropped",
    ]
    tighter = {**old, "columns": {**old["columns"], "b": ("TEXT", False, False)}, "references": {("b",)}}
    assert taken_away({"t": old}, {"t": tighter}) == ["t.b: may no longer be empty", "t('b',): newly references"]


def test_several_processes_that_start_at_once_migrate_once(postgres_database: str) -> None:
    databases = [Database(postgres_database, "test") for _ in range(4)]
    faults: list[BaseException] = []

    def start(one: Database) -> None:
        try:
            upgrade(one, folder("escalation"))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=start, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert all(at_head(one, folder("escalation")) for one in databases)
    for one in databases:
        one.close()


def test_a_migration_that_cannot_get_its_lock_gives_up_and_changes_nothing(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would queue every reader and writer behind itself: rather not now than a standstill."""
    monkeypatch.setattr("shared.migrate.LOCK_TIMEOUT_MS", 100)
    one, other = Database(postgres_database, "test"), Database(postgres_database, "test")
    first, *_, last = history("claims_api")
    upgrade(one, folder("claims_api"), first)
    before = schema(one)
    with other.begin() as tx:
        tx.exec_driver_sql("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError) as refused:
            upgrade(one, folder("claims_api"))
        assert sqlstate(refused.value) == "55P03"
    assert schema(one) == before
    upgrade(one, folder("claims_api"), last)
    assert at_head(one, folder("claims_api"))
    one.close()
    other.close()
