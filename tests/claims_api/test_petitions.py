"""From an approved legal step to a frozen petition, and the money that the body brings in, in the law's own order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.counter import Counter, counter

from shared.events.claims import HoldPlaced
from shared.events.escalation import (
    LegalStepApproved,
    LegalStepDropped,
    LegalStepEnded,
    LegalStepRefused,
    LegalStepSubmitted,
    PetitionPart,
)
from shared.events.legal import LegalPerson, PetitionDeclined, PetitionFrozen
from shared.kid import is_valid_kid

APPROVED_ON = date(2026, 3, 10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path, date(2026, 1, 20)) as running:
        yield running


def ripe(desk: Counter, *claims: dict[str, Any]) -> None:
    """Take claims through both letters, past the last deadline."""
    desk.at(date(2026, 1, 27))
    for claim in claims:
        desk.letter("inkassovarsel", claim)
    desk.at(date(2026, 2, 17))
    for claim in claims:
        desk.letter("betalingsoppfordring", claim)
    desk.at(APPROVED_ON)


def approved(claim: dict[str, Any], number: int = 1, **changes: Any) -> LegalStepApproved:
    values: dict[str, Any] = {
        "legal_step_id": f"step-{number}",
        "case_id": claim["case_id"],
        "claim_ids": [claim["claim_id"]],
        "kind": "utlegg",
        "body": "namsmann",
        "approved_on": APPROVED_ON,
        "demand_usable_to": date(2026, 8, 17),
    }
    return LegalStepApproved.model_validate({**values, **changes})


def part(claim: dict[str, Any], number: int) -> PetitionPart:
    return PetitionPart(legal_step_id=f"step-{number}", case_id=claim["case_id"], claim_ids=[claim["claim_id"]])


def told(desk: Counter, kind: Any, claim: dict[str, Any], number: int = 1, **more: Any) -> None:
    values = {
        "legal_step_id": f"step-{number}",
        "case_id": claim["case_id"],
        "claim_ids": [claim["claim_id"]],
        "kind": "utlegg",
        "body": "namsmann",
    }
    desk.send(kind.model_validate({**values, **more}), claim["case_id"])


def state(desk: Counter, claim: dict[str, Any]) -> tuple[str, str]:
    shown = desk.office.get(f"/v1/cases/{claim['case_id']}", desk.office.clerk()).json()
    return shown["state"], desk.claim(claim)["status"]


def statement(desk: Counter, claim: dict[str, Any]) -> list[dict[str, Any]]:
    shown = desk.office.get(f"/v1/cases/{claim['case_id']}/statement", desk.office.clerk()).json()
    lines: list[dict[str, Any]] = shown["lines"]
    return lines


def test_what_is_owed_is_frozen_with_all_that_the_package_says(desk: Counter) -> None:
    claim = desk.case()
    desk.pay(claim["case_id"], 100_000, claim["kid"], claim_id=claim["claim_id"])
    ripe(desk, claim)
    before = desk.balance(claim)
    desk.send(approved(claim), claim["case_id"])

    frozen = desk.last(PetitionFrozen)
    (shown,) = frozen.claims
    assert frozen.legal_person == LegalPerson(org_number="958935420", name="Oslo kommune")
    assert (frozen.total_ore, shown.total_ore) == (before["total_ore"], before["total_ore"])
    assert (shown.principal_ore, shown.interest_ore, shown.fees_ore) == (
        before["principal_ore"],
        before["interest_ore"],
        before["fees_ore"],
    )
    assert [(one.kind, one.sent_on) for one in shown.letters] == [
        ("inkassovarsel", date(2026, 1, 27)),
        ("betalingsoppfordring", date(2026, 2, 17)),
    ]
    assert [(one.paid_on, one.amount_ore) for one in shown.payments] == [(date(2026, 1, 20), 100_000)]
    assert shown.enforcement_basis
    assert shown.limitation_day == date(2029, 1, 10)
    assert [one.debtor_ref for one in frozen.parties] == [claim["debtor_ref"]]
    assert is_valid_kid(frozen.kid)
    assert frozen.kid.startswith("4")
    assert frozen.expected_court_fee_ore
    # The court fee may come on top; it is not owed.
    assert desk.balance(claim)["total_ore"] == before["total_ore"]
    assert state(desk, claim) == ("legal", "legal")
    posted = [line for line in statement(desk, claim) if line["kind"] == "interest"]
    assert posted[-1]["value_date"] == APPROVED_ON.isoformat()
    assert desk.case()["case_id"] != claim["case_id"]

    desk.send(approved(claim), claim["case_id"])
    assert len(desk.told(PetitionFrozen)) == 1
    path = f"/v1/cases/{claim['case_id']}/petitions"
    (listed,) = desk.office.get(path, desk.office.clerk()).json()["items"]
    assert (listed["state"], listed["kid"]) == ("approved", frozen.kid)
    assert listed["statement"]["total_ore"] == frozen.total_ore
    assert desk.office.get(path, desk.debtor(claim)).status_code == 403


def test_money_of_a_deduction_pays_in_the_order_of_the_law(desk: Counter) -> None:
    claim = desk.case()
    ripe(desk, claim)
    desk.send(approved(claim), claim["case_id"])
    frozen = desk.last(PetitionFrozen)
    told(desk, LegalStepSubmitted, claim, submitted_on=desk.today)
    desk.asked(claim, "payment-choices", {"order": ["interest"]})  # a wish about what the debtor pays, not about this
    desk.at(date(2026, 4, 20))
    # The first month comes before anybody has recorded the decision, and is divided anew afterwards.
    desk.pay(claim["case_id"], 50_000, frozen.kid)
    usual = desk.balance(claim)
    assert usual["fees_ore"] == 0
    told(desk, LegalStepEnded, claim, outcome="pay_deduction", on=date(2026, 4, 7), monthly_ore=50_000)
    first = desk.balance(claim)
    assert first["fees_ore"] == 38_00 + 113_00
    assert first["principal_ore"] == 300_000 - 50_000
    for month in range(5, 10):
        desk.at(date(2026, month, 20))
        desk.pay(claim["case_id"], 50_000, frozen.kid)
    last = desk.balance(claim)
    assert (last["principal_ore"], last["fees_ore"]) == (0, 38_00 + 113_00)
    assert last["interest_ore"] > 0
    desk.at(date(2026, 10, 20))
    desk.pay(claim["case_id"], last["total_ore"], frozen.kid)
    assert desk.balance(claim)["total_ore"] == 0
    assert desk.claim(claim)["status"] == "settled"
    lines = [line for line in statement(desk, claim) if line["kind"] == "payment"]
    assert {line["explanation"]["reference"] for line in lines} == {"innkrevingsloven § 29"}
    # It is no payment of the debtor's: there is nothing to choose.
    of_deduction = lines[-1]["explanation"]["inputs"]["payment"]
    answer = desk.ask(claim, "payment-choices", {"payment_id": of_deduction, "order": ["interest"]})
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (409, "deduction")


def test_money_that_a_debtor_pays_besides_follows_the_usual_order(desk: Counter) -> None:
    claim = desk.case()
    ripe(desk, claim)
    desk.send(approved(claim), claim["case_id"])
    told(desk, LegalStepSubmitted, claim, submitted_on=desk.today)
    told(desk, LegalStepEnded, claim, outcome="benefit_deduction", on=desk.today, monthly_ore=40_000)
    desk.pay(claim["case_id"], 10_000, claim["kid"], claim_id=claim["claim_id"])
    assert desk.balance(claim)["fees_ore"] == 151_00 - 10_000


def test_cases_that_share_a_petition_are_frozen_together_and_paid_together(desk: Counter) -> None:
    first = desk.case(principal_ore=60_000)
    other = desk.case(
        creditor_unit="utdanningsetaten", claim_type="after_school", principal_ore=90_000, due_date="2026-01-09"
    )
    assert first["case_id"] != other["case_id"]
    ripe(desk, first, other)
    parts = [part(first, 1), part(other, 2)]
    for number, claim in ((1, first), (2, other)):
        desk.send(approved(claim, number, lead_case_id=first["case_id"], parts=parts), claim["case_id"])
    (frozen,) = desk.told(PetitionFrozen)
    assert frozen.case_ids == [first["case_id"], other["case_id"]]
    assert [one.case_id for one in frozen.claims] == frozen.case_ids
    assert frozen.legal_step_ids == ["step-1", "step-2"]
    assert state(desk, first) == state(desk, other) == ("legal", "legal")

    told(desk, LegalStepSubmitted, first, submitted_on=desk.today)
    told(desk, LegalStepSubmitted, other, 2, submitted_on=desk.today)
    for number, claim in ((1, first), (2, other)):
        told(desk, LegalStepEnded, claim, number, outcome="pay_deduction", on=desk.today, monthly_ore=100_000)
    # The other case's claim was due first, so it is paid first; the rest goes to the lead case.
    desk.pay(first["case_id"], 100_000, frozen.kid)
    assert desk.balance(other)["total_ore"] == 0
    assert 0 < desk.balance(first)["principal_ore"] < 60_000
    proof = desk.office.get("/v1/audit/proof", desk.office.auditor()).json()
    assert (proof["bank_ore"], proof["suspense_ore"]) == (100_000, 0)


@pytest.mark.parametrize("reason", ["on_hold", "nothing_owed", "deadline_running"])
def test_a_step_that_may_not_go_falls_away(desk: Counter, reason: str) -> None:
    claim = desk.case()
    ripe(desk, claim)
    if reason == "on_hold":
        body = {"reason": "manual", "until": "2026-04-01", "claim_ids": [claim["claim_id"]], "debtor_ref": None}
        desk.office.post(f"/v1/cases/{claim['case_id']}/holds", body, desk.office.clerk())
        assert desk.told(HoldPlaced)
    elif reason == "nothing_owed":
        desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], claim["kid"], claim_id=claim["claim_id"])
    else:
        desk.letter("betalingsoppfordring", claim)
    before = state(desk, claim)
    desk.send(approved(claim), claim["case_id"])
    assert [(one.legal_step_id, one.reason) for one in desk.told(PetitionDeclined)] == [("step-1", reason)]
    assert desk.told(PetitionFrozen) == []
    assert state(desk, claim) == before


def test_a_joined_case_that_may_not_go_leaves_the_others(desk: Counter) -> None:
    lead = desk.case()
    other = desk.case(creditor_unit="utdanningsetaten", claim_type="after_school", due_date="2026-01-09")
    ripe(desk, lead, other)
    desk.pay(other["case_id"], desk.balance(other)["total_ore"], other["kid"], claim_id=other["claim_id"])
    parts = [part(lead, 1), part(other, 2)]
    desk.send(approved(lead, lead_case_id=lead["case_id"], parts=parts), lead["case_id"])
    assert desk.last(PetitionFrozen).case_ids == [lead["case_id"]]
    assert [one.legal_step_id for one in desk.told(PetitionDeclined)] == ["step-2"]
    assert state(desk, lead) == ("legal", "legal")


def test_what_shares_a_petition_falls_away_together(desk: Counter) -> None:
    lead = desk.case()
    other = desk.case(creditor_unit="utdanningsetaten", claim_type="after_school", due_date="2026-01-09")
    ripe(desk, lead, other)
    parts = [part(lead, 1), part(other, 2)]
    desk.send(approved(lead, lead_case_id=lead["case_id"], parts=parts), lead["case_id"])
    dropped = LegalStepDropped(
        legal_step_id="step-2", case_id=other["case_id"], claim_ids=[other["claim_id"]], reason="on_hold"
    )
    desk.send(dropped, other["case_id"])
    assert [(one.legal_step_id, one.reason) for one in desk.told(PetitionDeclined)] == [("step-1", "petition_changed")]
    assert state(desk, lead) == state(desk, other) == ("open", "accepted")
    assert desk.case()["case_id"] == lead["case_id"]


def test_a_foreigner_without_a_national_id_gets_no_petition(desk: Counter) -> None:
    claim = desk.case(
        debtor__national_id=None, debtor__birth_date="1980-05-05", claim_type="emergency_clinic",
        creditor_unit="helseetaten",
    )  # fmt: skip
    ripe(desk, claim)
    desk.send(approved(claim), claim["case_id"])
    assert desk.last(PetitionDeclined).reason == "no_identity"


def test_a_refusal_is_written_down_and_changes_nothing(desk: Counter) -> None:
    claim = desk.case()
    ripe(desk, claim)
    refused = LegalStepRefused(
        legal_step_id="step-1", case_id=claim["case_id"], claim_ids=[claim["claim_id"]],
        reason="hardship", review_on=date(2027, 3, 10),
    )  # fmt: skip
    desk.send(refused, claim["case_id"])
    assert state(desk, claim) == ("open", "accepted")
    timeline = desk.office.get(f"/v1/cases/{claim['case_id']}/timeline", desk.office.clerk(), limit=200).json()
    assert "10.03.2027" in next(one["summary"] for one in timeline["items"] if one["type"] == "legal_step.refused")


def test_a_dispute_that_was_rejected_goes_to_its_body_without_letters(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": "Jeg skylder ikke dette."})
    desk.at(date(2026, 1, 22))
    assert desk.decide(asked, outcome="refused", reasons="Plassen var i bruk.", reasonable=False).status_code == 200
    desk.at(date(2026, 2, 20))
    desk.send(approved(claim, kind="complaint", body="forliksraad"), claim["case_id"])
    frozen = desk.last(PetitionFrozen)
    assert (frozen.kind, frozen.body, frozen.claims[0].letters) == ("complaint", "forliksraad", [])
    assert frozen.claims[0].interest_ore > 0
