"""Migrations of escalation: the environment Alembic runs in."""

from escalation.tables import Model
from shared.migrate import run

run(Model.metadata)
