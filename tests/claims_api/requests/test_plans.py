"""A payment plan: agreed at once within the rule, confirmed to the øre, kept when paid and broken when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from support.claims import OLA
from support.counter import Counter

from shared.events.claims import ClaimEnded, DemandDeclined, DemandIssued, HoldEnded, HoldPlaced
from shared.events.requests import (
    NoticeIssued,
    PlanAgreed,
    PlanBroken,
    PlanChanged,
    PlanInstalmentMissed,
    PlanKept,
    RequestRefused,
)
from shared.kid import is_valid_kid

TERMS = {"instalments": 3, "first_due": "2026-02-16"}


def agreed(desk: Counter, claim: dict[str, Any], **terms: Any) -> Any:
    plan = desk.asked(claim, "plans", terms or TERMS)
    assert plan["state"] == "granted", plan["grounds"]
    return plan


def test_a_plan_within_the_rule_runs_at_once_and_is_confirmed_to_the_ore(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    assert is_valid_kid(plan["kid"])
    assert plan["kid"][0] == "3"
    assert [one["due_on"] for one in plan["instalments"]] == ["2026-02-16", "2026-03-16", "2026-04-16"]
    assert [one["amount_ore"] for one in plan["instalments"]][:2] == [101_200, 101_200]
    assert plan["total_ore"] > 300_000  # the last takes the rest, interest included
    assert [one["state"] for one in plan["instalments"]] == ["coming"] * 3
    told = desk.last(PlanAgreed)
    assert (told.kid, told.lead_case_id, told.claim_ids) == (plan["kid"], claim["case_id"], [claim["claim_id"]])
    assert told.granted_by == "rule"
    assert told.acknowledges
    assert [(one.due_on.isoformat(), one.amount_ore) for one in told.instalments] == [
        (one["due_on"], one["amount_ore"]) for one in plan["instalments"]
    ]
    notice = desk.last(NoticeIssued)
    assert (notice.kind, notice.kid, notice.amount_ore) == ("plan_agreed", plan["kid"], plan["total_ore"])
    assert notice.instalments == told.instalments
    assert notice.estimated
    assert notice.payee is not None
    assert desk.last(HoldPlaced).reason == "plan"
    assert desk.claim(claim)["status"] == "plan"
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", claim)
    assert desk.last(DemandDeclined).reason == "on_hold"


def test_a_plan_paid_as_agreed_is_kept_to_the_last_ore(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    for one in plan["instalments"]:
        desk.at(date.fromisoformat(one["due_on"]))
        desk.pay(claim["case_id"], one["amount_ore"], plan["kid"])
    assert desk.balance(claim)["total_ore"] == 0
    assert desk.balance(claim)["overpaid_ore"] == 0
    shown = desk.read(plan, desk.debtor(claim))
    assert (shown["state"], [one["state"] for one in shown["instalments"]]) == ("kept", ["paid"] * 3)
    assert [one.reason for one in desk.told(HoldEnded)] == ["plan"]
    assert [(one.plan_id, one.reason) for one in desk.told(PlanKept)] == [(plan["request_id"], "paid")]
    assert desk.last(ClaimEnded).reason == "settled"
    assert desk.notices() == ["plan_agreed", "plan_kept"]
    assert desk.told(PlanInstalmentMissed) == []


def barred(desk: Counter, claim: Any) -> None:
    desk.office.clock.set(date(2026, 6, 16))
    desk.office.run_job("limitation")


def taken_back(desk: Counter, claim: Any) -> None:
    body = {"reason": "taken_back", "effective_date": "2026-01-20"}
    desk.office.post(f"/v1/claims/{claim['claim_id']}/withdrawal", body)


@pytest.mark.parametrize(
    ("ends", "reason", "words"),
    [
        (barred, "time_barred", "Nedbetalingsavtalen er avsluttet: kravene er foreldet"),
        (taken_back, "withdrawn", "Nedbetalingsavtalen er avsluttet: kravene er trukket"),
    ],
)
def test_a_plan_whose_claims_are_asked_for_no_more_is_over_and_not_kept(
    desk: Counter, ends: Callable[[Counter, Any], None], reason: str, words: str
) -> None:
    claim = desk.case(limitation_date="2026-06-15")
    plan = agreed(desk, claim, **TERMS, acknowledges=False)
    ends(desk, claim)
    assert desk.read(plan)["state"] == "withdrawn"
    assert [one.reason for one in desk.told(PlanKept)] == [reason]
    timeline = desk.office.get(f"/v1/cases/{claim['case_id']}/timeline", desk.office.clerk()).json()["items"]
    assert [one["summary"] for one in timeline if one["type"] == "plan.ended"] == [words]
    assert "plan_kept" not in desk.notices()
    assert desk.told(HoldEnded)[-1].reason == "plan"


def test_money_on_any_kid_keeps_the_plan(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    desk.at(date(2026, 2, 16))
    desk.pay(claim["case_id"], plan["instalments"][0]["amount_ore"], claim["kid"], claim_id=claim["claim_id"])
    desk.at(date(2026, 2, 25))
    assert desk.told(PlanInstalmentMissed) == []
    assert [one["state"] for one in desk.read(plan)["instalments"]] == ["paid", "coming", "coming"]


def test_a_missed_instalment_is_reminded_of_and_the_plan_broken_fourteen_days_later(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    desk.at(date(2026, 2, 19))
    assert desk.told(PlanInstalmentMissed) == []
    desk.at(date(2026, 2, 20))
    missed = desk.last(PlanInstalmentMissed)
    assert (missed.number, missed.due_on, missed.pay_by) == (1, date(2026, 2, 16), date(2026, 3, 6))
    reminder = desk.last(NoticeIssued)
    assert (reminder.kind, reminder.missing_ore, reminder.kid) == ("plan_reminder", 101_200, plan["kid"])
    desk.at(date(2026, 3, 11))
    assert desk.told(PlanBroken) == []
    desk.at(date(2026, 3, 12))
    broken = desk.last(PlanBroken)
    assert (broken.broken_on, broken.pay_by) == (date(2026, 3, 12), date(2026, 3, 26))
    ended = desk.last(HoldEnded)
    assert (ended.reason, ended.pay_by, ended.resume_on) == ("plan", date(2026, 3, 26), date(2026, 4, 1))
    assert desk.read(plan)["state"] == "broken"
    assert desk.claim(claim)["status"] == "accepted"
    assert desk.notices() == ["plan_agreed", "plan_reminder", "plan_broken"]
    desk.work()
    assert len(desk.told(PlanBroken)) == 1

    again = desk.asked(claim, "plans", {"instalments": 3, "first_due": "2026-04-10"})
    assert (again["state"], again["grounds"]) == ("pending", ["broken_plan_before"])


def test_money_after_the_reminder_saves_the_plan(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    desk.at(date(2026, 3, 10))
    desk.pay(claim["case_id"], 101_200, plan["kid"], paid_on=date(2026, 3, 6))
    desk.at(date(2026, 3, 14))
    assert desk.told(PlanBroken) == []
    assert desk.read(plan)["state"] == "granted"


def test_nothing_is_judged_while_a_bank_day_is_not_booked(desk: Counter) -> None:
    claim = desk.case()
    agreed(desk, claim)
    desk.at(date(2026, 2, 12))
    desk.at(date(2026, 2, 13), banked=False)
    desk.at(date(2026, 3, 31))
    assert desk.told(PlanInstalmentMissed) == []
    desk.close_bank_day(date(2026, 2, 12))
    desk.at(date(2026, 4, 1))
    assert len(desk.told(PlanInstalmentMissed)) == 1


def test_after_a_broken_plan_the_next_letter_waits_for_the_days_its_letter_gave(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    agreed(desk, claim)
    desk.at(date(2026, 3, 13))
    assert len(desk.told(PlanBroken)) == 1
    desk.at(date(2026, 3, 30))
    desk.step("betalingsoppfordring", claim)
    declined = desk.last(DemandDeclined)
    assert (declined.reason, declined.retry_on) == ("deadline_running", date(2026, 4, 1))
    desk.at(date(2026, 4, 1))
    desk.step("betalingsoppfordring", claim)
    assert desk.last(DemandIssued).kind == "betalingsoppfordring"


def test_what_is_outside_the_rule_waits_and_a_caseworker_may_agree_to_other_terms(desk: Counter) -> None:
    claim = desk.case(principal_ore=6_000_000)
    asked = desk.asked(claim, "plans", {"instalments": 24, "first_due": "2026-03-16"})
    assert asked["state"] == "pending"
    assert asked["grounds"] == ["too_many_instalments", "total_too_high", "first_due_too_late"]
    assert asked["kid"] is None
    assert [one["state"] for one in asked["instalments"]] == ["proposed"] * 24
    assert desk.last(HoldPlaced).reason == "request"
    assert desk.ask(claim, "plans", TERMS).status_code == 409
    decided = desk.decide(asked, outcome="partly", instalments=18, first_due="2026-02-16", reasons="Atten måneder.")
    assert decided.status_code == 200
    plan = decided.json()
    assert (plan["state"], plan["outcome"], len(plan["instalments"])) == ("granted", "partly", 18)
    assert desk.last(PlanAgreed).granted_by == "caseworker"
    assert not plan["acknowledges"]  # other terms than the debtor asked for: nobody accepted them yet
    assert desk.decide(asked, outcome="refused", reasons="Nei").status_code == 409


def test_a_waiting_plan_is_taken_back(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "plans", {"instalments": 24, "first_due": "2026-02-16"})
    assert desk.asked(claim, f"plans/{asked['request_id']}/withdrawal", {})["state"] == "withdrawn"
    plan = agreed(desk, claim)
    assert plan["turn"] == {"owner": "debtor", "until": "2026-02-16", "then": "Neste avdrag betales."}
    assert desk.ask(claim, f"plans/{plan['request_id']}/withdrawal", {}).status_code == 409


def test_a_refused_plan_gives_fourteen_days(desk: Counter) -> None:
    claim = desk.case()
    asked = desk.asked(claim, "plans", {"instalment_ore": 20_000, "first_due": "2026-02-16"})
    assert asked["grounds"] == ["too_many_instalments", "instalment_too_small"]
    refused = desk.decide(asked, outcome="refused", reasons="For små avdrag.").json()
    assert (refused["state"], refused["pay_by"]) == ("refused", "2026-02-03")
    assert desk.last(RequestRefused).kind == "plan"
    assert desk.last(NoticeIssued).kind == "plan_refused"
    assert desk.claim(claim)["status"] == "accepted"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"instalment_ore": 1_000, "first_due": "2026-02-16"}, "plan-never-ends"),
        ({"instalment_ore": 0, "first_due": "2026-02-16"}, "plan-never-pays"),
        ({"instalments": 0, "first_due": "2026-02-16"}, "plan-never-pays"),
        ({"instalments": 500, "first_due": "2026-02-16"}, "plan-never-ends"),
        ({"instalments": 3, "first_due": "2031-02-16"}, "plan-never-pays"),
        ({"instalments": 3, "first_due": "2026-01-20"}, "in-past"),
        ({"first_due": "2026-02-16"}, "one-of"),
        ({**TERMS, "case_ids": ["00000000-0000-0000-0000-000000000000"]}, "unknown"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_reason(desk: Counter, body: dict[str, Any], code: str) -> None:
    claim = desk.case()
    answer = desk.ask(claim, "plans", body)
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert desk.told(HoldPlaced) == []


def test_accepting_a_plan_moves_the_day_of_limitation(desk: Counter) -> None:
    claim = desk.case()
    before = desk.claim(claim)["limitation_day"]
    assert before == "2029-01-10"
    agreed(desk, claim)
    assert desk.claim(claim)["limitation_day"] == "2029-01-22"  # three years from today, a Saturday moved to Monday

    other = desk.case(debtor__national_id=OLA, debtor__name="Ola Nordmann")
    plan = agreed(desk, other, instalments=3, first_due="2026-02-16", acknowledges=False)
    assert desk.claim(other)["limitation_day"] == before
    path = f"/v1/cases/{other['case_id']}/plans/{plan['request_id']}/acceptance"
    desk.at(date(2026, 1, 21))
    assert desk.office.post(path, None, desk.debtor(other)).json()["acknowledges"]
    assert desk.claim(other)["limitation_day"] == "2029-01-22"
    assert desk.office.post(path, None, desk.debtor(other)).status_code == 409


def test_a_plan_by_phone_is_no_acknowledgement(desk: Counter) -> None:
    claim = desk.case()
    plan = desk.asked(claim, "plans", TERMS, desk.office.clerk())
    assert (plan["state"], plan["channel"], plan["acknowledges"]) == ("granted", "phone", False)
    assert desk.claim(claim)["limitation_day"] == "2029-01-10"


def test_a_plan_is_changed_and_paused_within_the_rule(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    desk.at(date(2026, 2, 16))
    desk.pay(claim["case_id"], 101_200, plan["kid"])
    changed = desk.asked(claim, f"plans/{plan['request_id']}/changes", {"instalment_ore": 50_000})
    assert (changed["kind"], changed["state"]) == ("plan_change", "granted")
    shown = desk.read(plan)
    assert [one["amount_ore"] for one in shown["instalments"]][:3] == [50_000] * 3
    assert [one["due_on"] for one in shown["instalments"]] == ["2026-03-16", "2026-04-16", "2026-05-18", "2026-06-16"]
    assert shown["kid"] == plan["kid"]
    told = desk.last(PlanChanged)
    assert (told.revision, told.total_ore) == (2, shown["total_ore"])
    assert desk.last(NoticeIssued).kind == "plan_changed"

    paused = desk.asked(claim, f"plans/{plan['request_id']}/changes", {"pause_months": 1})
    assert paused["state"] == "granted"
    assert desk.read(plan)["instalments"][0]["due_on"] == "2026-04-16"
    desk.at(date(2026, 4, 10))
    assert desk.told(PlanInstalmentMissed) == []

    second = desk.asked(claim, f"plans/{plan['request_id']}/changes", {"pause_months": 2})
    assert (second["state"], second["grounds"]) == ("pending", ["longer_than_allowed", "changed_before"])
    decided = desk.decide(second, outcome="refused", reasons="En pause er nok.").json()
    assert (decided["state"], decided["pay_by"]) == ("refused", None)
    assert desk.read(plan)["state"] == "granted"


def test_a_change_can_be_decided_on_other_terms(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    asked = desk.asked(claim, f"plans/{plan['request_id']}/changes", {"instalment_ore": 20_000})
    assert asked["state"] == "pending"
    decided = desk.decide(
        asked, outcome="partly", instalment_ore=40_000, first_due="2026-02-16", reasons="Fire hundre."
    )
    assert decided.json()["state"] == "granted"
    assert {one["amount_ore"] for one in desk.read(plan)["instalments"][:-1]} == {40_000}
    for body, code in (
        ({"pause_months": 9}, "range"),
        ({"pause_months": -(10**12)}, "range"),
        ({"pause_months": 1, "instalments": 3}, "one-of"),
        ({}, "one-of"),
    ):
        answer = desk.ask(claim, f"plans/{plan['request_id']}/changes", body)
        assert answer.status_code == 422
        assert code in [error["code"] for error in answer.json()["errors"]]


def test_a_plan_is_over_when_its_claims_are_taken_back(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    body = {"reason": "wrong_claim", "effective_date": "2026-01-20"}
    assert desk.office.post(f"/v1/claims/{claim['claim_id']}/withdrawal", body).status_code == 201
    assert desk.read(plan)["state"] == "withdrawn"
    assert [one.reason for one in desk.told(HoldEnded)] == ["plan"]


def test_a_reversed_payment_is_missed_again(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    desk.at(date(2026, 2, 16))
    paid = desk.pay(claim["case_id"], 101_200, plan["kid"])
    desk.at(date(2026, 2, 18))
    desk.take_back(paid)
    desk.at(date(2026, 2, 20))
    assert desk.last(PlanInstalmentMissed).missing_ore == 101_200


def test_a_rest_that_interest_left_gets_a_day_of_its_own(desk: Counter) -> None:
    claim = desk.case()
    plan = agreed(desk, claim)
    first, second, last = plan["instalments"]
    desk.at(date(2026, 2, 16))
    desk.pay(claim["case_id"], first["amount_ore"], plan["kid"])
    desk.at(date(2026, 3, 16))
    desk.pay(claim["case_id"], second["amount_ore"], plan["kid"])
    body = {"new_principal_ore": 310_000, "effective_date": "2026-03-16", "reason": "Feil beløp"}
    assert desk.office.post(f"/v1/claims/{claim['claim_id']}/corrections", body).status_code == 201
    desk.at(date(2026, 4, 16))
    desk.pay(claim["case_id"], last["amount_ore"], plan["kid"])
    desk.work()
    rest = desk.read(plan)["instalments"][-1]
    assert rest["due_on"] == "2026-04-30"
    assert rest["amount_ore"] == desk.balance(claim)["total_ore"] >= 10_000
    desk.pay(claim["case_id"], rest["amount_ore"], plan["kid"])
    assert desk.read(plan)["state"] == "kept"
