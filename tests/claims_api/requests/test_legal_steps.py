"""A legal step stops limitation and keeps new claims out of its case; a judgment ends objections here."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.counter import Counter

from shared.events.escalation import LegalStepEnded, LegalStepSubmitted


def submit(desk: Counter, claim: dict[str, Any]) -> None:
    payload = LegalStepSubmitted(
        legal_step_id="step-1",
        case_id=claim["case_id"],
        claim_ids=[claim["claim_id"]],
        kind="complaint",
        body="forliksraad",
        submitted_on=desk.today,
    )
    desk.send(payload, claim["case_id"])


def end(desk: Counter, claim: dict[str, Any], outcome: Any) -> None:
    payload = LegalStepEnded(
        legal_step_id="step-1",
        case_id=claim["case_id"],
        claim_ids=[claim["claim_id"]],
        kind="complaint",
        body="forliksraad",
        outcome=outcome,
        on=desk.today,
    )
    desk.send(payload, claim["case_id"])


def case_state(desk: Counter, claim: dict[str, Any]) -> str:
    state: str = desk.office.get(f"/v1/cases/{claim['case_id']}", desk.office.clerk()).json()["state"]
    return state


def test_filing_stops_limitation_and_the_case_takes_no_new_claims(desk: Counter) -> None:
    claim = desk.case()
    submit(desk, claim)
    assert desk.claim(claim)["status"] == "legal"
    assert desk.claim(claim)["limitation_day"] == "9999-12-31"
    assert case_state(desk, claim) == "legal"
    assert desk.case()["case_id"] != claim["case_id"]
    asked = desk.asked(claim, "deferrals", {"until": "2026-02-10"})
    assert (asked["state"], asked["grounds"]) == ("pending", ["legal_step"])


@pytest.mark.parametrize(
    ("outcome", "last_day", "state"),
    [
        ("withdrawn", "2029-01-10", "open"),
        ("judgment", "2036-03-03", "legal"),
        ("pay_deduction", "9999-12-31", "legal"),
        ("paid", "2029-01-10", "open"),
    ],
)
def test_its_outcome_says_how_limitation_runs(desk: Counter, outcome: str, last_day: str, state: str) -> None:
    claim = desk.case()
    submit(desk, claim)
    desk.at(date(2026, 3, 3))
    end(desk, claim, outcome)
    assert desk.claim(claim)["limitation_day"] == last_day
    assert case_state(desk, claim) == state
    body = {"claim_ids": [claim["claim_id"]], "text": "Jeg er uenig."}
    assert desk.ask(claim, "objections", body).status_code == (409 if outcome == "judgment" else 201)


def test_a_step_that_ends_late_leaves_a_year(desk: Counter) -> None:
    claim = desk.case(limitation_date="2026-05-04")
    submit(desk, claim)
    desk.office.clock.set(date(2026, 6, 1))
    end(desk, claim, "withdrawn")
    assert desk.claim(claim)["limitation_day"] == "2027-06-01"
