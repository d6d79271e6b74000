"""PostgreSQL keeps the units apart, whatever a query forgot; on SQLite the queries alone do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from support.claims import KARI, OLA, Desk, desk

from claims_api.tables import Model
from shared.auth import Caller, Role
from shared.db import confine, passes_by_policies
from shared.http import Ctx, units_of

OURS, THEIRS = "bydel-frogner", "deichman"
OPEN = {
    "creditor": "which units there are is no secret among them",
    "agreement": "read with the creditor",
    "ledger": "its rows are reached through their case; only remittance and suspense name a unit",
}
CLAIM = Model.metadata.tables["claim"]


@pytest.fixture
def office(tmp_path: Path, postgres_database: str) -> Iterator[Desk]:
    """A claims-api on PostgreSQL with a claim of each of two units."""
    with desk(tmp_path, database_url=postgres_database) as running:
        running.register(creditor_unit=OURS, debtor__national_id=KARI)
        running.register(
            creditor_unit=THEIRS, claim_type="library_replacement", debtor__national_id=OLA, service_period=...
        )
        yield running


def units_seen(tx: sa.Connection) -> set[str]:
    return set(tx.execute(sa.select(CLAIM.c.unit)).scalars())


def test_every_table_with_a_unit_has_a_policy_that_binds_its_owner_too(office: Desk) -> None:
    with office.service.db.read() as tx:
        bound = set(
            tx.exec_driver_sql("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity").scalars()
        )
        policies = set(tx.exec_driver_sql("SELECT tablename FROM pg_policies").scalars())
        assert not passes_by_policies(tx)
    with_unit = {name for name, table in Model.metadata.tables.items() if "unit" in table.columns}
    assert bound == policies == with_unit - set(OPEN)


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (Caller(role=Role.AGENCY, subject="a", unit=OURS), {OURS}),
        (Caller(role=Role.AGENCY, subject="a", unit="boligbygg-kf"), set()),
        (Caller(role=Role.CASEWORKER, subject="c"), {OURS, THEIRS}),
        (Caller(role=Role.DEBTOR, subject="d", debtor_ref="d"), {OURS, THEIRS}),
    ],
)
def test_what_a_request_may_see_even_when_its_query_asks_for_everything(
    office: Desk, caller: Caller, seen: set[str]
) -> None:
    ctx = Ctx(office.service, caller)
    with ctx.read() as tx:
        assert units_seen(tx) == seen
    with ctx.uow() as uow:
        assert units_seen(uow.tx) == seen
    with office.service.db.read() as tx:
        assert units_seen(tx) == {OURS, THEIRS}, "the next transaction is not confined"


def test_a_confined_transaction_can_neither_write_nor_move_to_another_unit(office: Desk) -> None:
    agency = Ctx(office.service, Caller(role=Role.AGENCY, subject="a", unit=OURS))
    with agency.uow() as uow:
        changed = uow.tx.execute(CLAIM.update().where(CLAIM.c.unit == THEIRS).values(principal_left_ore=0)).rowcount
        assert changed == 0
    with pytest.raises(ProgrammingError, match="row-level security"), agency.uow() as uow:
        uow.tx.execute(CLAIM.update().values(unit=THEIRS))


def test_a_shared_commit_sees_the_units_of_its_callers_and_a_stranger_sees_nothing(office: Desk) -> None:
    agencies = [Caller(role=Role.AGENCY, subject=unit, unit=unit) for unit in (OURS, "boligbygg-kf")]
    assert units_of(agencies) == {OURS, "boligbygg-kf"}
    assert units_of([*agencies, Caller(role=Role.CASEWORKER, subject="c")]) is None
    with office.service.db.read() as tx:
        confine(tx, {OURS, THEIRS})
        assert units_seen(tx) == {OURS, THEIRS}
        tx.exec_driver_sql("SET LOCAL inkasso.units = ''")  # a connection that is none of ours
        assert units_seen(tx) == set()
