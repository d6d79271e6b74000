"""Migrations: Alembic, one history per service, run on SQLite and PostgreSQL alike.

``upgrade`` brings a database to its newest schema; ``differences`` compares it with the tables the code declares. A
service's ``migrations/env.py`` is one call of ``run``; a migration that changes keys does it through ``changed``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command, context, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations.base import BatchOperations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from shared.db import Database
from shared.errors import Crash

LOCK_TIMEOUT_MS = 2_000
"""A migration that cannot get its lock gives up instead of queueing every reader behind it."""
_ONE_AT_A_TIME = 7002


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def heads(folder: Path) -> frozenset[str]:
    """Return the newest revisions of a migrations folder."""
    return frozenset(ScriptDirectory.from_config(_config(folder)).get_heads())


def upgrade(db: Database, folder: Path, revision: str = "head") -> None:
    """Bring the database to the newest schema (or to ``revision``); does nothing when it is there.

    Of several processes that start at once one migrates and the others wait for it.
    """
    if revision == "head" and at_head(db, folder):
        return
    config = _config(folder)
    with db.engine.connect() as connection:
        config.attributes["connection"] = connection
        if db.dialect == "sqlite":
            with _keys_looked_at_afterwards(connection):
                command.upgrade(config, revision)
                connection.commit()
            return
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ONE_AT_A_TIME})")
        connection.exec_driver_sql(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.commit()
        try:
            command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.invalidate()  # with it go the lock and the settings, whatever state it is in


@contextmanager
def _keys_looked_at_afterwards(connection: Connection) -> Iterator[None]:
    """Let tables be made anew on SQLite, which otherwise takes their rows for deleted; ``run`` looks at the keys.

    The setting counts from the next transaction on.
    """
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise Crash("migrations: expected an open connection")
    driver.cursor().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.cursor().execute("PRAGMA foreign_keys=ON")


@contextmanager
def changed(table: str) -> Iterator[BatchOperations]:
    """Change a table's keys and constraints, for a migration: in place on PostgreSQL.

    SQLite gets a new table of that name, with the rows, indexes and triggers of the old one.
    """
    bind, triggers = op.get_bind(), []
    if bind.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
        triggers = list(bind.exec_driver_sql(query, (table,)).scalars())
    with op.batch_alter_table(table) as batch:
        yield batch
    for trigger in triggers:
        bind.exec_driver_sql(trigger)


def at_head(db: Database, folder: Path) -> bool:
    """Say whether the database has the newest schema."""
    with db.read() as tx:
        if not inspect(tx).has_table("alembic_version"):
            return False
        return set(tx.execute(text("SELECT version_num FROM alembic_version")).scalars()) == heads(folder)


def differences(db: Database, metadata: MetaData) -> list[Any]:
    """Return what the database's schema and the declared tables disagree on; empty when they agree."""
    with db.read() as tx:
        migration = MigrationContext.configure(tx, opts={"compare_type": True, "target_metadata": metadata})
        return list(compare_metadata(migration, metadata))


def run(metadata: MetaData) -> None:
    """Run the migrations on the connection that ``upgrade`` opened; the body of every ``env.py``."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite" and (
            lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        ):
            raise Crash(f"migrations: expected every row to find what it refers to, got {len(lost)} that do not")
