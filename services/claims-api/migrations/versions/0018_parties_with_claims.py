"""Who is liable for a claim is written with the claim, and refers to the debtor alone."""

from alembic import op

from shared.migrate import changed

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    with changed("claim_party") as claim_party:
        claim_party.drop_constraint(op.f("fk_claim_party_claim_id_claim"), type_="foreignkey")
