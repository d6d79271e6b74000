"""Migrations of notifications: the environment Alembic runs in."""

from notifications.tables import Model
from shared.migrate import run

run(Model.metadata)
