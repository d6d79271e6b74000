"""Migrations: Alembic, one history per service, run on SQLite and PostgreSQL alike.

``upgrade`` brings a database to its newest schema; ``differences`` compares it with the tables the code declares. A
service's ``migrations/env.py`` is one call of ``run``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from shared.db import Database

LOCK_TIMEOUT_MS = 2_000
"""A migration that cannot get its lock gives up instead of queueing every reader behind it."""


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(db: Database, folder: Path) -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    config = _config(folder)
    with db.engine.connect() as connection:
        if db.dialect == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            connection.exec_driver_sql("SELECT pg_advisory_lock(7002)")
            connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if db.dialect == "postgresql":
                connection.rollback()
                connection.exec_driver_sql("SELECT pg_advisory_unlock(7002)")
                connection.exec_driver_sql("RESET lock_timeout")
                connection.commit()


def at_head(db: Database, folder: Path) -> bool:
    """Say whether the database has the newest schema."""
    heads = set(ScriptDirectory.from_config(_config(folder)).get_heads())
    with db.read() as tx:
        return set(MigrationContext.configure(tx).get_current_heads()) == heads


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
