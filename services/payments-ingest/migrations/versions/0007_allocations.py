"""An allocation is written with its payment or by whoever holds it, and refers to it no more."""

from alembic import op

from shared.migrate import changed

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with changed("allocation") as allocation:
        allocation.drop_constraint(op.f("fk_allocation_payment_id_payment"), type_="foreignkey")
