"""Where naive implementations go wrong, shown through the running service: pitfalls 12, 27, 34 and 35."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.claims import MIA
from support.counter import Counter, counter
from support.treasury import OLA, Treasury

from shared.events.claims import ClaimRegistered

TODAY = date(2026, 1, 20)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path, TODAY) as running:
        yield running


def entries(office: Counter, claim: dict[str, Any]) -> list[dict[str, Any]]:
    answer = office.office.get("/v1/audit/journal", office.office.auditor(), period="2026-01")
    assert answer.status_code == 200, answer.text
    return [row for row in answer.json()["items"] if row["case_id"] == claim["case_id"]]


def erase(office: Counter, claim: dict[str, Any]) -> Any:
    return office.office.post(f"/v1/debtors/{claim['debtor_ref']}/erasure", who=office.office.clerk())


def test_pitfall_12_the_bracket_is_the_invoice_as_it_was_due_not_what_is_left_of_it(tmp_path: Path) -> None:
    treasury = Treasury(tmp_path, date(2026, 1, 16))
    claim = treasury.register(
        due=date(2026, 1, 15),
        principal_ore=50_000,
        original_principal_ore=300_000,
        unit="kulturhus-as",
        claim_type="other_invoice",
        who=OLA,
    )
    treasury.at(date(2026, 1, 29)).letter("inkassovarsel", claim)
    demand = treasury.at(date(2026, 2, 18)).letter("betalingsoppfordring", claim)
    assert demand.fee_ore == 60_000  # 3 000 kroner were due; a rest of 500 would cost 187.50
    treasury.db.close()


def test_pitfall_27_a_letter_and_a_payment_leave_the_day_of_limitation_where_it_was(office: Counter) -> None:
    claim = office.case(due_date="2024-01-15", invoice_date="2023-12-20")
    assert office.claim(claim)["limitation_day"] == "2027-01-15"
    office.at(date(2026, 1, 21)).letter("inkassovarsel", claim)
    office.pay(claim["case_id"], 50_000, claim["kid"], claim_id=claim["claim_id"])
    office.at(date(2026, 2, 11)).letter("betalingsoppfordring", claim)
    office.asked(claim, "deferrals", {"until": "2026-03-02"})
    assert office.claim(claim)["limitation_day"] == "2027-01-15"


def test_pitfall_34_nothing_is_deleted_at_payment_and_books_stay_when_the_person_is_erased(office: Counter) -> None:
    claim = office.case()
    assert erase(office, claim).json()["type"].endswith(":open-case")
    owed = office.balance(claim)["total_ore"]
    office.pay(claim["case_id"], owed, claim["kid"], claim_id=claim["claim_id"])
    assert office.claim(claim)["status"] == "settled"
    booked = entries(office, claim)
    assert booked
    assert erase(office, claim).json()["type"].endswith(":retention")
    office.office.clock.set(date(2031, 12, 31))
    assert erase(office, claim).json()["type"].endswith(":retention")
    office.office.clock.set(date(2032, 1, 1))
    assert erase(office, claim).status_code == 200
    assert entries(office, claim) == booked
    shown = office.office.get(f"/v1/cases/{claim['case_id']}", office.office.clerk()).json()
    assert shown["debtor"]["name"] == ""


def test_pitfall_35_a_childs_claim_waits_for_the_guardian_to_write_to(office: Counter) -> None:
    child = {"debtor__national_id": MIA, "debtor__name": "Mia Nordmann"}
    guardian = {"kind": "guardian", "name": "Kari Nordmann", "id": None, "address": None}
    alone = office.case(**child)
    cared_for = office.case(**{**child, "debtor__representative": guardian})
    ladders = {one.claim_id: one.ladder for one in office.told(ClaimRegistered)}
    assert (ladders[alone["claim_id"]], ladders[cared_for["claim_id"]]) == ("hold", "collect")
