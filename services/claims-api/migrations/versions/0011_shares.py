"""How collected money is divided, by agreement and by claim; a unit's word on its statement, and the answer to it."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType

revision = "0011"
down_revision = "0010"

_USUAL = '["interest", "principal"]'


def upgrade() -> None:
    for table in ("agreement", "claim"):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("unit_gets", JsonType, nullable=False, server_default=_USUAL))
    with op.batch_alter_table("remittance") as changed:
        changed.add_column(sa.Column("answer", sa.String(500), nullable=True))
        changed.add_column(sa.Column("answered_by", sa.String(80), nullable=True))
        changed.add_column(sa.Column("answered_at", Instant(), nullable=True))
        changed.add_column(sa.Column("shares", JsonType, nullable=False, server_default="[]"))
