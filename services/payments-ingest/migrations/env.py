"""Alembic's entry: runs this service's migrations on the connection that shared.migrate opened."""

from payments_ingest.tables import Model
from shared.migrate import run

run(Model.metadata)
