"""The legal end: handed in, decided, what follows each outcome; and what disputes and plans do to the ladder."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.timekeeper import (
    Timekeeper,
    approved,
    declined,
    ended,
    held,
    let_go,
    papers,
    post,
    registered,
    reopened,
    withdrawn,
)

from shared.auth import Role
from shared.events.escalation import LegalStepDropped, LegalStepEnded, LegalStepProposed, LegalStepSubmitted, StepDue
from shared.events.requests import (
    Instalment,
    ObjectionContested,
    ObjectionWithdrawn,
    PlanAgreed,
    PlanBroken,
    PlanChanged,
)

WARNING = "tvangsvarsel"


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def submitted(time: Timekeeper) -> str:
    step = approved(time)
    assert post(time, step, "submission", submitted_on="2026-03-10", reference="26-1/OSL").status_code == 200
    return step


def outcome(time: Timekeeper, step: str, what: str, on: date, **more: Any) -> Any:
    time.clock.set(on)
    answer = post(time, step, "outcome", outcome=what, on=on.isoformat(), **more)
    assert answer.status_code == 200, answer.text
    time.check()
    return answer.json()


def test_a_submitted_step_is_the_bodys_turn(time: Timekeeper) -> None:
    submitted(time)
    [told] = time.published(LegalStepSubmitted)
    assert (told.body, told.submitted_on, told.claim_ids) == ("namsmann", date(2026, 3, 10), ["c1"])
    case = time.case()
    assert (case["next"]["step"], case["next"]["owner"]) == ("outcome", "court")
    assert (case["legal_steps"][0]["state"], case["legal_steps"][0]["reference"]) == ("submitted", "26-1/OSL")
    time.until(date(2027, 3, 10))
    assert len(time.letters()) == 2


@pytest.mark.parametrize("what", ["car_pledge", "home_pledge", "other_pledge", "bank_deposit"])
def test_a_pledge_waits_for_the_money(time: Timekeeper, what: str) -> None:
    step = submitted(time)
    assert outcome(time, step, what, date(2026, 5, 4))["state"] == "enforced"
    assert (time.case()["next"]["step"], time.case()["next"]["owner"]) == ("payment", "court")
    time.until(date(2027, 6, 1))
    assert len(time.letters()) == 2


def test_a_deduction_says_what_it_brings_and_rests_when_it_ends(time: Timekeeper) -> None:
    step = submitted(time)
    shown = outcome(time, step, "pay_deduction", date(2026, 5, 4), monthly_ore=150_000)
    assert shown["monthly_ore"] == 150_000
    [told] = time.published(LegalStepEnded)
    assert (told.outcome, told.monthly_ore, told.review_on) == ("pay_deduction", 150_000, None)
    outcome(time, step, "enforcement_ended", date(2027, 1, 4))
    assert (time.case()["next"]["step"], time.case()["next"]["on"]) == ("review", "2028-01-04")


def test_after_nothing_found_nobody_tries_for_a_year_and_then_with_a_new_demand(time: Timekeeper) -> None:
    step = submitted(time)
    outcome(time, step, "nothing_found", date(2026, 5, 4))
    assert (time.case()["next"]["step"], time.case()["next"]["on"]) == ("review", "2027-05-04")
    time.until(date(2027, 5, 4))
    assert time.letters()[2:] == [("2027-05-04", "betalingsoppfordring", ("c1",))]


def test_what_is_taken_back_from_its_body_is_demanded_anew(time: Timekeeper) -> None:
    step = submitted(time)
    outcome(time, step, "withdrawn", date(2026, 5, 4))
    assert (time.case()["next"]["step"], time.case()["next"]["on"]) == ("review", "2026-05-05")
    time.until(date(2026, 5, 5))
    assert time.letters()[2:] == [("2026-05-05", "betalingsoppfordring", ("c1",))]


def test_a_judgment_is_enforced_after_the_month_to_appeal_and_a_notice_of_two_weeks(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 10))
    time.feed(held("objection"), let_go("objection", date(2026, 2, 11), contested=True))
    time.until(date(2026, 2, 11))
    step = str(time.proposals()[-1].legal_step_id)
    post(time, step, "approval")
    time.feed(papers(step))
    post(time, step, "submission", submitted_on="2026-02-11")
    outcome(time, step, "judgment", date(2026, 4, 15))
    following = time.case()["next"]
    assert (following["step"], following["owner"], following["on"]) == (WARNING, "debtor", "2026-05-18")
    time.until(date(2026, 5, 18))
    assert time.letters()[1:] == [("2026-05-18", WARNING, ("c1",))]
    following = time.case()["next"]
    assert (following["step"], following["owner"], following["until"]) == ("legal_step", "debtor", "2026-06-01")
    assert following["explanation"]["reference"] == "tvangsfullbyrdelsesloven § 4-18"
    time.until(date(2026, 6, 5))
    last = time.proposals()[-1]
    assert (last.kind, last.body, last.proposed_on) == ("utlegg", "namsmann", date(2026, 6, 5))
    assert last.demand_usable_to == date(2027, 6, 1)
    assert time.case()["next"]["step"] == "approval"


def test_a_year_after_a_notice_opened_the_way_a_new_one_is_sent_before_anything_is_petitioned(time: Timekeeper) -> None:
    fine(time)
    time.until(date(2026, 3, 3))
    step = str(time.proposals()[-1].legal_step_id)
    time.until(date(2027, 2, 25), send=False)
    assert time.letters()[1:] == [("2026-02-11", WARNING, ("c1",))]
    assert time.case()["next"]["step"] == "approval"
    time.until(date(2027, 2, 26))
    assert [drop.reason for drop in time.published(LegalStepDropped)] == ["notice_too_old"]
    assert time.letters()[2:] == [("2027-02-26", WARNING, ("c1",))]
    assert post(time, step, "approval").status_code == 409
    time.until(date(2027, 4, 1))
    assert len(time.proposals()) == 2


def fine(time: Timekeeper, **changes: Any) -> None:
    """Let a coercive fine be disputed before its betalingsoppfordring, and the decision stand."""
    time.feed(registered(claim_type="coercive_fine", dispute_body="unit", **changes))
    time.until(date(2026, 2, 10))
    time.feed(held("objection"), let_go("objection", date(2026, 2, 11), contested=True))


def test_a_fine_disputed_before_its_betalingsoppfordring_gets_a_notice_of_enforcement_first(time: Timekeeper) -> None:
    fine(time)
    time.until(date(2026, 2, 11))
    assert time.letters()[1:] == [("2026-02-11", WARNING, ("c1",))]
    assert time.proposals() == []
    case = time.case()
    assert (case["claims"][0]["stage"], case["claims"][0]["warning"]["deadline"]) == ("warned", "2026-02-25")
    time.until(date(2026, 3, 2))
    assert time.proposals() == []
    time.until(date(2026, 3, 3))
    [proposal] = time.proposals()
    assert (proposal.kind, proposal.body) == ("utlegg", "namsmann")
    shown = time.client().get(f"/v1/legal-steps/{proposal.legal_step_id}").json()
    assert {check["rule"]: check["holds"] for check in shown["checks"]}["PARAGRAF_4_18_VARSEL_PAAKREVET"] is True
    assert post(time, str(proposal.legal_step_id), "approval").status_code == 200


def test_a_fine_disputed_after_its_betalingsoppfordring_has_had_its_notice(time: Timekeeper) -> None:
    time.feed(registered(claim_type="coercive_fine", dispute_body="unit"))
    time.until(date(2026, 2, 20))
    time.feed(held("objection"), let_go("objection", date(2026, 3, 2), contested=True))
    time.until(date(2026, 3, 10))
    assert [kind for _, kind, _ in time.letters()] == ["inkassovarsel", "betalingsoppfordring"]
    [proposal] = time.proposals()
    assert (proposal.kind, proposal.proposed_on) == ("utlegg", date(2026, 3, 10))
    assert proposal.demand_usable_to == date(2027, 3, 4)


def test_a_notice_of_enforcement_that_may_not_go_is_tried_again_and_one_that_is_void_is_sent_anew(
    time: Timekeeper,
) -> None:
    fine(time)
    [asked] = [one for one in time.until(date(2026, 2, 11), send=False) if isinstance(one, StepDue)]
    time.feed(declined(asked, "candidate_payment", date(2026, 2, 12)))
    assert time.case()["claims"][0]["stage"] == "to_warn"
    time.until(date(2026, 2, 12))
    assert [day for day, kind, _ in time.letters() if kind == WARNING] == ["2026-02-11", "2026-02-12"]
    sent = time.published(StepDue)[-1]
    time.until(date(2026, 3, 4))
    assert len(time.proposals()) == 1
    time.feed(withdrawn(sent, "too_late", date(2026, 3, 5), after_dispatch=True))
    assert [drop.reason for drop in time.published(LegalStepDropped)] == ["demand_withdrawn"]
    time.until(date(2026, 3, 5))
    assert [day for day, kind, _ in time.letters() if kind == WARNING][2:] == ["2026-03-05"]


def test_a_fine_no_longer_disputed_climbs_the_ladder_again_wherever_its_notice_was(time: Timekeeper) -> None:
    fine(time)
    [asked] = [one for one in time.until(date(2026, 2, 11), send=False) if isinstance(one, StepDue)]
    time.feed(given_up(date(2026, 2, 12)))
    time.deliver(asked)
    assert time.case()["claims"][0]["stage"] == "noticed"
    time.until(date(2026, 2, 18))
    assert time.letters()[-1] == ("2026-02-18", "betalingsoppfordring", ("c1",))
    assert time.proposals() == []


def test_what_is_paid_at_the_body_has_to_be_taken_back_from_it(time: Timekeeper) -> None:
    step = submitted(time)
    time.feed(ended())
    [shown] = time.client().get("/v1/legal-steps", params={"state": "to_withdraw"}).json()["items"]
    assert (shown["legal_step_id"], shown["reason"]) == (step, "settled")
    time.feed(reopened(on=date(2026, 3, 10)))
    assert time.case()["legal_steps"][0]["state"] == "submitted"
    assert time.case()["claims"][0]["stage"] == "at_body"
    time.feed(ended())
    outcome(time, step, "paid", date(2026, 3, 12))
    assert time.case()["legal_steps"][0]["state"] == "closed"
    assert time.case()["next"] is None


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("submission", {"submitted_on": "2026-03-09"}, "submitted_on"),
        ("submission", {"submitted_on": "2026-03-11"}, "submitted_on"),
        ("submission", {"submitted_on": "2026-03-10", "reference": "Kari Nordmann!"}, "reference"),
        ("submission", {}, "submitted_on"),
        ("submission", {"submitted_on": "2026-03-10", "extra": 1}, "extra"),
    ],
)
def test_a_submission_that_cannot_be_is_refused(time: Timekeeper, what: str, body: dict[str, Any], field: str) -> None:
    answer = post(time, approved(time), what, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert time.case()["legal_steps"][0]["state"] == "approved"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "lottery", "on": "2026-03-10"}, "outcome"),
        ({"outcome": "nothing_found", "on": "2026-03-09"}, "on"),
        ({"outcome": "nothing_found", "on": "2026-03-11"}, "on"),
        ({"outcome": "pay_deduction", "on": "2026-03-10"}, "monthly_ore"),
        ({"outcome": "nothing_found", "on": "2026-03-10", "monthly_ore": 5}, "monthly_ore"),
        ({"outcome": "pay_deduction", "on": "2026-03-10", "monthly_ore": 0}, "monthly_ore"),
        ({"outcome": "nothing_found", "on": "2026-03-10", "review_on": "2026-03-10"}, "review_on"),
    ],
)
def test_an_outcome_that_cannot_be_is_refused(time: Timekeeper, body: dict[str, Any], field: str) -> None:
    answer = post(time, submitted(time), "outcome", **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert time.published(LegalStepEnded) == []


def test_steps_out_of_order_are_conflicts(time: Timekeeper) -> None:
    step = approved(time)
    assert post(time, step, "outcome", outcome="nothing_found", on="2026-03-10").status_code == 409
    assert post(time, step, "submission", submitted_on="2026-03-10").status_code == 200
    assert post(time, step, "submission", submitted_on="2026-03-10").status_code == 409
    assert post(time, step, "outcome", outcome="enforcement_ended", on="2026-03-10").status_code == 409
    assert post(time, "nothing", "outcome", outcome="nothing_found", on="2026-03-10").status_code == 404
    assert time.client(Role.AUDITOR).post(f"/v1/legal-steps/{step}/outcome", json={}).status_code == 403


def contested(disputed_ore: int | None = None) -> ObjectionContested:
    return ObjectionContested(
        request_id="r1", case_id="case-1", claim_ids=["c1"], disputed_ore=disputed_ore, dispute_body="forliksraad",
        contested_on=date(2026, 2, 11),
    )  # fmt: skip


def given_up(on: date) -> ObjectionWithdrawn:
    return ObjectionWithdrawn(request_id="r1", case_id="case-1", claim_ids=["c1"], withdrawn_on=on)


def test_an_objection_to_a_part_lets_the_rest_climb_and_both_go_to_the_dispute_body(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 11))
    time.feed(contested(disputed_ore=100_000))
    time.until(date(2026, 3, 10))
    assert [kind for _, kind, _ in time.letters()] == ["inkassovarsel", "betalingsoppfordring"]
    [proposal] = time.published(LegalStepProposed)
    assert (proposal.kind, proposal.body) == ("complaint", "forliksraad")


def test_an_objection_given_up_puts_the_claim_back_where_its_letters_put_it(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 11))
    time.feed(contested())
    time.until(date(2026, 2, 12))
    assert [proposal.kind for proposal in time.published(LegalStepProposed)] == ["complaint"]
    time.feed(given_up(date(2026, 2, 12)))
    assert [drop.reason for drop in time.published(LegalStepDropped)] == ["objection_withdrawn"]
    assert time.case()["claims"][0]["stage"] == "noticed"
    time.until(date(2026, 2, 18))
    assert time.letters()[1:] == [("2026-02-18", "betalingsoppfordring", ("c1",))]


def test_a_plan_shows_its_next_instalment(time: Timekeeper) -> None:
    def instalments(*days: date) -> list[Instalment]:
        return [Instalment(number=n, due_on=day, amount_ore=50_000) for n, day in enumerate(days, 1)]

    plan = {"plan_id": "p1", "case_id": "case-1", "lead_case_id": "case-1", "claim_ids": ["c1"]}
    time.feed(registered(), held("plan"))
    time.feed(
        PlanAgreed(**plan, case_ids=["case-1"], kid="326000000100016", total_ore=100_000, agreed_on=date(2026, 1, 19),
                   granted_by="rule", instalments=instalments(date(2026, 2, 10), date(2026, 3, 10)))
    )  # fmt: skip
    case = time.case()
    assert (case["next"]["step"], case["next"]["on"], case["next"]["owner"]) == ("instalment", "2026-02-10", "debtor")
    time.until(date(2026, 2, 20))
    assert time.case()["next"]["on"] == "2026-03-10"
    time.feed(PlanChanged(**plan, revision=2, total_ore=50_000, instalments=instalments(date(2026, 4, 10)),
                          changed_on=date(2026, 2, 20)))  # fmt: skip
    assert time.case()["next"]["on"] == "2026-04-10"
    time.feed(PlanBroken(**plan, broken_on=date(2026, 4, 30), pay_by=date(2026, 5, 14)))
    assert time.case()["next"]["step"] == "hold_end"
    assert time.letters() == []
