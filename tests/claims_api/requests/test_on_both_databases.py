"""The requests' longer stories on SQLite and on PostgreSQL, with the books proved at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.counter import Counter, counter

from claims_api.invariants import broken
from shared.events.requests import ObjectionContested, PlanBroken, PlanKept


@pytest.fixture
def both(tmp_path: Path, database_url: str | None) -> Iterator[Counter]:
    with counter(tmp_path, date(2026, 1, 20), database_url=database_url) as running:
        yield running


def rent(desk: Counter, **changes: Any) -> dict[str, Any]:
    values = {"claim_type": "rent", "creditor_unit": "boligbygg-kf", "premises": "home", "due_date": "2025-12-30"}
    return desk.case(**{**values, "invoice_date": "2025-12-10", "principal_ore": 200_000, **changes})


def proved(desk: Counter) -> None:
    proof = desk.office.get("/v1/audit/proof", desk.office.auditor()).json()
    assert proof["difference_ore"] == 0
    assert proof["suspense_ore"] == 0
    with desk.office.service.db.read() as tx:
        assert broken(tx) == []


def test_time_then_a_plan_over_two_cases_that_is_kept(both: Counter) -> None:
    first, second = both.case(), rent(both)
    both.asked(first, "deferrals", {"until": "2026-02-02"})
    both.at(date(2026, 2, 3))
    body = {"instalments": 2, "first_due": "2026-02-16", "case_ids": [first["case_id"], second["case_id"]]}
    plan = both.asked(first, "plans", body)
    both.asked(first, f"plans/{plan['request_id']}/changes", {"instalments": 3, "first_due": "2026-02-16"})
    for one in both.read(plan)["instalments"]:
        both.at(date.fromisoformat(one["due_on"]))
        both.pay(plan["case_id"], one["amount_ore"], plan["kid"])
        both.work()
    assert both.read(plan)["state"] == "kept"
    assert len(both.told(PlanKept)) == 2
    assert both.balance(first)["total_ore"] == both.balance(second)["total_ore"] == 0
    proved(both)


def test_a_plan_that_breaks_and_an_objection_that_is_stood_by(both: Counter) -> None:
    first, second = both.case(), rent(both)
    plan = both.asked(first, "plans", {"instalments": 3, "first_due": "2026-02-16", "case_ids": [second["case_id"]]})
    both.at(date(2026, 3, 16))
    assert both.read(plan)["state"] == "broken"
    assert len(both.told(PlanBroken)) == 2
    part = {"claim_ids": [second["claim_id"]], "text": "For mye.", "disputed_ore": 50_000}
    whole = {"claim_ids": [first["claim_id"]], "text": "Ikke mitt krav."}
    partial, complete = both.asked(second, "objections", part), both.asked(first, "objections", whole)
    both.decide(partial, outcome="partly", upheld_ore=20_000, reasons="Delvis rett.")
    both.decide(complete, outcome="granted")
    both.at(date(2026, 4, 8))
    assert [one.claim_ids for one in both.told(ObjectionContested)] == [[second["claim_id"]]]
    assert both.claim(first)["status"] == "withdrawn"
    assert both.claim(second)["principal_left_ore"] == 180_000
    both.pay(plan["case_id"], 250_000, plan["kid"])
    assert both.balance(second)["total_ore"] == 0
    proved(both)
