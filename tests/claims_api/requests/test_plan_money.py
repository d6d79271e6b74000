"""One plan over several cases: each creditor's share stays right, whatever order money comes and goes in."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.counter import Counter

from claims_api.app import deps_of_service
from claims_api.domain.allocation import Owed, allocate
from claims_api.domain.ledger import Balance
from claims_api.store.cases import find_cases
from claims_api.usecases.casebook import load_books
from claims_api.usecases.judging import look
from claims_api.usecases.requests.plan_money import spread_back
from shared import parking
from shared.events.claims import ClaimEnded, HoldEnded, HoldPlaced, RefundProposed
from shared.events.requests import PlanAgreed, PlanBroken, PlanKept


def two_cases(desk: Counter) -> tuple[Any, Any, Any]:
    """Kari's kindergarten claim and her older rent claim, and one plan over both."""
    kindergarten = desk.case(principal_ore=300_000)
    rent = desk.case(
        claim_type="rent",
        creditor_unit="boligbygg-kf",
        premises="home",
        principal_ore=200_000,
        due_date="2025-12-30",
        invoice_date="2025-12-10",
    )
    body = {
        "instalment_ore": 100_000,
        "first_due": "2026-02-16",
        "case_ids": [kindergarten["case_id"], rent["case_id"]],
    }
    plan = desk.asked(rent, "plans", body)
    assert plan["state"] == "granted"
    return kindergarten, rent, plan


def test_one_plan_covers_all_cases_and_the_oldest_leads(desk: Counter) -> None:
    kindergarten, rent, plan = two_cases(desk)
    assert plan["case_id"] == kindergarten["case_id"]
    assert plan["kid"][1:10] == kindergarten["case_number"][:9]
    told = {one.case_id: one for one in desk.told(PlanAgreed)}
    assert set(told) == {kindergarten["case_id"], rent["case_id"]}
    assert {one.lead_case_id for one in told.values()} == {kindergarten["case_id"]}
    assert told[rent["case_id"]].claim_ids == [rent["claim_id"]]
    assert {(one.case_id, one.reason) for one in desk.told(HoldPlaced)} == {
        (kindergarten["case_id"], "plan"),
        (rent["case_id"], "plan"),
    }
    for claim in (kindergarten, rent):
        path = f"/v1/cases/{claim['case_id']}/plans/{plan['request_id']}"
        assert desk.office.get(path, desk.debtor(claim)).json()["kid"] == plan["kid"]


def test_money_on_the_plan_pays_the_oldest_due_claim_of_any_case(desk: Counter) -> None:
    kindergarten, rent, plan = two_cases(desk)
    desk.at(date(2026, 2, 16))
    desk.pay(plan["case_id"], 100_000, plan["kid"])
    assert desk.claim(rent)["principal_left_ore"] < 110_000  # the rent was due first
    assert desk.claim(kindergarten)["principal_left_ore"] == 300_000
    assert [one["state"] for one in desk.read(plan)["instalments"]][:2] == ["paid", "coming"]

    desk.at(date(2026, 3, 16))
    desk.pay(plan["case_id"], 150_000, plan["kid"])
    assert desk.balance(rent)["total_ore"] == 0
    assert [one.claim_id for one in desk.told(ClaimEnded)] == [rent["claim_id"]]
    left = desk.balance(kindergarten)["total_ore"]
    desk.at(date(2026, 3, 17))
    desk.pay(plan["case_id"], left + 10_000, plan["kid"])
    desk.work()
    assert desk.balance(kindergarten)["total_ore"] == 0
    assert 0 < desk.balance(kindergarten)["overpaid_ore"] <= 10_000
    assert desk.last(RefundProposed).case_id == plan["case_id"]
    assert {one.case_id for one in desk.told(PlanKept)} == {kindergarten["case_id"], rent["case_id"]}
    assert {one.case_id for one in desk.told(HoldEnded)} == {kindergarten["case_id"], rent["case_id"]}
    proof = desk.office.get("/v1/audit/proof", desk.office.auditor()).json()
    assert proof["suspense_ore"] == 0
    assert proof["bank_ore"] == 100_000 + 150_000 + left + 10_000


def test_money_that_is_taken_back_leaves_every_case_it_went_to(desk: Counter) -> None:
    kindergarten, rent, plan = two_cases(desk)
    desk.at(date(2026, 2, 16))
    before = (desk.balance(kindergarten)["total_ore"], desk.balance(rent)["total_ore"])
    paid = desk.pay(plan["case_id"], 350_000, plan["kid"])
    assert desk.balance(rent)["total_ore"] == 0
    assert desk.balance(kindergarten)["total_ore"] < 160_000
    desk.take_back(paid)
    assert (desk.balance(kindergarten)["total_ore"], desk.balance(rent)["total_ore"]) == before
    proof = desk.office.get("/v1/audit/proof", desk.office.auditor()).json()
    assert (proof["bank_ore"], proof["suspense_ore"]) == (0, 0)


def test_a_broken_plan_lets_every_case_go(desk: Counter) -> None:
    kindergarten, rent, plan = two_cases(desk)
    desk.at(date(2026, 3, 13))
    assert {one.case_id for one in desk.told(PlanBroken)} == {kindergarten["case_id"], rent["case_id"]}
    assert {(one.case_id, one.pay_by) for one in desk.told(HoldEnded)} == {
        (kindergarten["case_id"], date(2026, 3, 26)),
        (rent["case_id"], date(2026, 3, 26)),
    }
    assert desk.notices() == ["plan_agreed", "plan_reminder", "plan_broken"]
    # Money that comes on the plan's KID after that still pays its claims.
    desk.pay(plan["case_id"], 50_000, plan["kid"])
    assert desk.claim(rent)["principal_left_ore"] < 200_000


def test_new_claims_are_outside_a_plan_that_runs(desk: Counter) -> None:
    kindergarten, _rent, plan = two_cases(desk)
    newer = desk.case(principal_ore=50_000, due_date="2025-06-10", invoice_date="2025-05-20")
    assert newer["case_id"] == kindergarten["case_id"]
    assert desk.claim(newer)["status"] == "accepted"
    desk.at(date(2026, 2, 16))
    desk.pay(plan["case_id"], 100_000, plan["kid"])
    assert desk.claim(newer)["principal_left_ore"] == 50_000


amounts = st.lists(st.integers(1, 400_000), min_size=1, max_size=5)


@given(owed=amounts, paid_ore=st.integers(1, 3_000_000), back=st.integers(1, 100))
def test_what_is_spread_is_the_payment_and_what_is_taken_back_is_what_lies(
    owed: list[int], paid_ore: int, back: int
) -> None:
    claims = [
        Owed(claim_id=f"c{n}", due_date=date(2026, 1, 1 + n), balance=Balance(principal_ore=ore))
        for n, ore in enumerate(owed)
    ]
    shares: dict[str, int] = {}
    for part in allocate(paid_ore, claims):
        to = f"case-{part.claim_id}" if part.claim_id else "case-c0"
        shares[to] = shares.get(to, 0) + part.amount_ore
    assert sum(shares.values()) == paid_ore
    taken = spread_back(shares, case_id="case-c0", amount_ore=max(1, paid_ore * back // 100))
    assert sum(taken.values()) == max(1, paid_ore * back // 100)
    assert all(0 < taken[case_id] <= shares[case_id] for case_id in taken)


def test_an_event_parked_under_the_plans_key_holds_its_other_cases_too(desk: Counter) -> None:
    kindergarten, rent, plan = two_cases(desk)
    other = desk.case(creditor_unit="deichman", claim_type="library_replacement")
    service = desk.office.service
    event = next(one for one in desk.office.events() if one.envelope.aggregate == plan["case_id"])
    with service.uow() as uow:
        parking.park(uow, event, "test", "parked")
        found = find_cases(uow.tx, [kindergarten["case_id"], rent["case_id"], other["case_id"]])
        looked = look(uow, deps_of_service(service), load_books(uow.tx, found))
    assert looked.parked == {kindergarten["case_id"], rent["case_id"]}
