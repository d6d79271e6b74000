"""What claims-api knows of documents that were handed in, and which is the copy of a unit's own inkassovarsel."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_UNITS = "(SELECT current_setting('inkasso.units', true))"
_SEEN = f"{_UNITS} = '*' OR unit = ANY (string_to_array({_UNITS}, ','))"


def upgrade() -> None:
    with op.batch_alter_table("claim") as claim:
        claim.add_column(sa.Column("notice_document_id", sa.String(80), nullable=True))
    op.create_table(
        "document",
        sa.Column("document_id", sa.String(80), nullable=False),
        sa.Column("unit", sa.String(60), nullable=True),
        sa.Column("debtor_ref", sa.String(36), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE document ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE document FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY document_of_unit ON document USING ({_SEEN}) WITH CHECK (true)")
