"""PostgreSQL keeps the units apart, whatever a query forgot; on SQLite the queries alone do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from support.claims import KARI, OLA, Desk, desk
from support.counter import Counter, demanded, objected
from support.row_security import kept_apart, rows_seen

from claims_api.store.cases import find_cases
from claims_api.tables import PLUMBING, Model
from claims_api.usecases.casebook import load_books
from shared.auth import Caller, Role
from shared.db import confine, passes_by_policies
from shared.http import Ctx, units_of

OURS, THEIRS = "bydel-frogner", "deichman"
OPEN = {
    "creditor": "which units there are is no secret among them",
    "agreement": "read with the creditor",
    "creditor_change": "an operator's, of units and their agreements",
    "case_counter": "a number",
    "kid": "numbers and what they pay: nothing of a person, and a batch copies them in (policies forbid COPY)",
    "voucher": "numbers and periods of the collector's books",
    "voucher_series": "a number",
    "period": "the collector's books as a whole",
    "bank_entry": "the collector's account: no unit, no person",
    "bank_day": "the collector's account: no unit, no person",
    "feed_writer": "a number",
    **dict.fromkeys((field.name for field in fields(PLUMBING)), "machinery: no call of a unit reads it"),
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


def test_every_table_has_a_policy_or_a_reason_to_have_none(office: Desk) -> None:
    with office.service.db.read() as tx:
        assert not passes_by_policies(tx)
    assert kept_apart(office.service.db) == set(Model.metadata.tables) - set(OPEN)


def test_a_query_without_any_condition_leaks_nothing(tmp_path: Path, postgres_database: str) -> None:
    """Claims with letters, money, an objection and a plan over cases of two units; a third unit asks for everything."""
    with desk(tmp_path, date(2026, 1, 20), database_url=postgres_database) as running:
        ours = Counter(running)
        claim = demanded(ours)
        objected(ours, claim)
        ours.pay(claim["case_id"], 10_000_00, claim["kid"])
        rent = {"claim_type": "rent", "creditor_unit": "boligbygg-kf", "premises": "home", "due_date": "2025-12-30"}
        theirs = ours.case(debtor__national_id=OLA, invoice_date="2025-12-10", **rent)
        mixed = ours.case(debtor__national_id=OLA)
        body = {"instalments": 2, "first_due": "2026-03-02", "case_ids": [theirs["case_id"], mixed["case_id"]]}
        plan = ours.asked(theirs, "plans", body)
        ours.pay(theirs["case_id"], 100_00, plan["kid"])
        db = running.service.db
        every = rows_seen(db, Model.metadata, None)
        kept = kept_apart(db)
        filled = {name for name in kept if every[name]}
        told = {"debtor", "claim_party", "timeline", "demand", "ledger", "payment_part", "request_text", "plan"}
        assert told <= filled
        assert len(filled) >= 18
        stranger = rows_seen(db, Model.metadata, {THEIRS})
        assert {name: stranger[name] for name in kept if stranger[name]} == {}
        one, other = (rows_seen(db, Model.metadata, {unit}) for unit in (OURS, "boligbygg-kf"))
        # Ola owes both units, and his plan is with both; between bank and suspense money is nobody's yet.
        shared = {"plan", "instalment", "debtor", "ledger"}
        assert {name for name in kept if one[name] + other[name] != every[name]} <= shared
        for unit in (OURS, "boligbygg-kf"):
            the_unit_reckons_with_the_same_books(running, unit)


def the_unit_reckons_with_the_same_books(office: Desk, unit: str) -> None:
    """What a unit's correction is reckoned from is all there, whatever of it belongs to another's case as well."""
    cases = office.get("/v1/cases", office.agency(unit)).json()["items"]
    refs = [case["case_id"] for case in cases]
    assert refs
    found = []
    for units in (None, {unit}):
        with office.service.db.read() as tx:
            confine(tx, units)
            books = load_books(tx, find_cases(tx, refs))
            mine = {claim.claim_id for book in books.values() for claim in book.claims}
            orders = {
                case_id: {kid: [one for one in claims if one in mine] for kid, claims in book.kid_claims.items()}
                for case_id, book in books.items()
            }
            found.append(([(b.entries, b.demands, b.parts, b.decisions, b.claims) for b in books.values()], orders))
    assert found[0] == found[1]


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
        assert persons_seen(tx) == 0


def test_only_intake_looks_a_person_up_whom_another_unit_knows(office: Desk) -> None:
    with office.service.db.read() as tx:
        assert persons_seen(tx) == 2
        confine(tx, {OURS})
        assert persons_seen(tx) == 1
        confine(tx, {OURS}, register=True)
        assert persons_seen(tx) == 2
    with office.service.db.read() as tx:  # code of before the register was closed, beside the new
        tx.exec_driver_sql(f"SET LOCAL inkasso.units = '{OURS}'")
        assert persons_seen(tx) == 2
    known = office.register(
        external_ref="F-2", creditor_unit=THEIRS, claim_type="library_replacement", service_period=...
    )
    with office.service.db.read() as tx:
        confine(tx, {THEIRS})
        assert persons_seen(tx) == 2, "Kari was known by us, and is now known by both"
        assert known["status"] == "accepted"


def persons_seen(tx: sa.Connection) -> int:
    return tx.execute(sa.select(sa.func.count()).select_from(Model.metadata.tables["debtor"])).scalar_one()
