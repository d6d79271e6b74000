"""What a unit may change about its claim, what that does to the money, and what it may not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import Desk

from claims_api.invariants import broken
from shared.events.claims import ClaimBalanceChanged, ClaimEnded

REASONS = ("wrong_claim", "duplicate", "decision_reversed", "relief", "taken_back")


def change(office: Desk, told: dict[str, Any], what: str, **body: Any) -> Any:
    return office.post(f"/v1/claims/{told['claim_id']}/{what}", body)


def withdraw(office: Desk, told: dict[str, Any], reason: str = "wrong_claim", on: str = "2026-01-20") -> Any:
    return change(office, told, "withdrawal", reason=reason, effective_date=on)


def balance(office: Desk, told: dict[str, Any], **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = office.get(f"/v1/cases/{told['case_id']}/balance", **params).json()
    return found


def settled(office: Desk) -> bool:
    with office.service.db.read() as tx:
        return broken(tx) == []


def test_a_correction_counts_from_its_day_and_tells_the_new_balance(office: Desk) -> None:
    told = office.register()
    answer = change(
        office, told, "corrections", new_principal_ore=200_000, effective_date="2026-01-15", reason="Feil antall dager"
    )
    assert answer.status_code == 201
    after = answer.json()
    assert after["principal_left_ore"] == 200_000
    assert after["balance_ore"] == balance(office, told)["total_ore"] < told["balance_ore"]
    assert after["case_version"] == told["case_version"] + 1
    assert balance(office, told, as_of="2026-01-14")["principal_ore"] == 300_000
    assert office.payloads(ClaimBalanceChanged)[-1].principal_left_ore == 200_000
    assert settled(office)


def test_a_correction_upwards_is_owed_too(office: Desk) -> None:
    told = office.register()
    change(office, told, "corrections", new_principal_ore=350_000, effective_date="2026-01-10", reason="Manglet en dag")
    assert balance(office, told)["principal_ore"] == 350_000
    lines = office.get(f"/v1/cases/{told['case_id']}/statement").json()["lines"]
    assert [line["amount_ore"] for line in lines if line["kind"] == "corrected"] == [50_000]


@pytest.mark.parametrize("reason", REASONS)
def test_a_withdrawn_claim_owes_nothing_and_is_told_as_ended(office: Desk, reason: str) -> None:
    told = office.register()
    answer = withdraw(office, told, reason)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["status"], answer.json()["balance_ore"]) == ("withdrawn", 0)
    (ended,) = office.payloads(ClaimEnded)
    assert (ended.claim_id, ended.reason) == (told["claim_id"], "withdrawn")
    assert office.get(f"/v1/cases/{told['case_id']}").json()["state"] == "closed"
    assert settled(office)


def test_money_paid_to_the_unit_counts_from_the_day_it_was_paid(office: Desk) -> None:
    told = office.register()
    answer = change(office, told, "direct-payments", amount_ore=100_000, paid_on="2026-01-12", reference="Bilag 7")
    assert answer.status_code == 201
    owed = balance(office, told)
    assert owed["total_ore"] == answer.json()["balance_ore"]
    assert owed["principal_ore"] < 300_000 - 99_000
    lines = office.get(f"/v1/cases/{told['case_id']}/statement").json()["lines"]
    (payment,) = [line for line in lines if line["amount_ore"] == -100_000]
    assert payment["value_date"] == "2026-01-12"
    timeline = office.get(f"/v1/cases/{told['case_id']}/timeline").json()["items"]
    assert timeline[-1]["facts"]["reference"] == "Bilag 7"


def test_a_claim_paid_in_full_to_the_unit_is_settled(office: Desk) -> None:
    told = office.register()
    owed = balance(office, told, as_of="2026-01-20")["total_ore"]
    answer = change(office, told, "direct-payments", amount_ore=owed, paid_on="2026-01-20", reference="Bilag 8").json()
    assert (answer["status"], answer["balance_ore"]) == ("settled", 0)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("corrections", {"new_principal_ore": 0, "effective_date": "2026-01-15", "reason": "x"}, "new_principal_ore"),
    ("corrections", {"new_principal_ore": -5, "effective_date": "2026-01-15", "reason": "x"}, "new_principal_ore"),
    ("corrections", {"new_principal_ore": 10**12, "effective_date": "2026-01-15", "reason": "x"}, "new_principal_ore"),
    ("corrections", {"new_principal_ore": 5, "effective_date": "2026-01-21", "reason": "x"}, "effective_date"),
    ("corrections", {"new_principal_ore": 5, "effective_date": "2025-01-01", "reason": "x"}, "effective_date"),
    ("corrections", {"new_principal_ore": 5, "effective_date": "2026-01-15"}, "reason"),
    ("withdrawal", {"reason": "tired", "effective_date": "2026-01-15"}, "reason"),
    ("withdrawal", {"reason": "relief", "effective_date": "2026-01-21"}, "effective_date"),
    ("direct-payments", {"amount_ore": 0, "paid_on": "2026-01-15", "reference": "1"}, "amount_ore"),
    ("direct-payments", {"amount_ore": 10**8, "paid_on": "2026-01-15", "reference": "1"}, "amount_ore"),
    ("direct-payments", {"amount_ore": 5, "paid_on": "2026-01-21", "reference": "1"}, "paid_on"),
    ("direct-payments", {"amount_ore": "5", "paid_on": "2026-01-15", "reference": "1"}, "amount_ore"),
]


@pytest.mark.parametrize(("what", "body", "field"), WRONG)
def test_a_wrong_change_is_refused_by_its_field(door: Desk, what: str, body: dict[str, Any], field: str) -> None:
    told = door.register()
    before = balance(door, told)
    answer = change(door, told, what, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert balance(door, told) == before


def test_a_withdrawn_claim_takes_no_more_changes(office: Desk) -> None:
    told = office.register()
    withdraw(office, told)
    assert withdraw(office, told).status_code == 409
    body = {"new_principal_ore": 5, "effective_date": "2026-01-15", "reason": "x"}
    assert change(office, told, "corrections", **body).status_code == 409
    assert change(office, told, "direct-payments", amount_ore=5, paid_on="2026-01-15", reference="1").status_code == 409


def test_a_change_is_made_once_per_key_and_by_its_unit_alone(office: Desk) -> None:
    told = office.register()
    path = f"/v1/claims/{told['claim_id']}/direct-payments"
    body = {"amount_ore": 1_000, "paid_on": "2026-01-15", "reference": "1"}
    first = office.post(path, body, key="same")
    second = office.post(path, body, key="same")
    assert first.json() == second.json()
    assert balance(office, told)["total_ore"] == first.json()["balance_ore"]
    assert office.post(path, body, office.agency("deichman")).status_code == 404
    assert (
        office.post("/v1/claims/unknown/withdrawal", {"reason": "relief", "effective_date": "2026-01-15"}).status_code
        == 404
    )


def test_what_came_later_keeps_its_day_and_is_recorded_now(office: Desk) -> None:
    told = office.register()
    known_at = office.clock.now().isoformat()
    office.clock.set(date(2026, 2, 20))
    change(office, told, "corrections", new_principal_ore=100_000, effective_date="2026-01-10", reason="Feil")
    assert balance(office, told, as_of="2026-01-20", known_at=known_at)["principal_ore"] == 300_000
    assert balance(office, told, as_of="2026-01-20")["principal_ore"] == 100_000
