"""An objection freezes exactly what it disputes, is answered in time, and its decision does to money what it says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import OLA
from support.counter import Counter

from shared.events.claims import (
    ClaimEnded,
    DemandDeclined,
    DemandIssued,
    DemandWithdrawn,
    FeeReversed,
    HoldEnded,
    HoldPlaced,
    RefundProposed,
)
from shared.events.requests import (
    NoticeIssued,
    ObjectionContested,
    ObjectionDecided,
    ObjectionRaised,
    ObjectionWithdrawn,
)

WORDS = "Jeg har aldri hatt barn i denne barnehagen."


def objected(desk: Counter, claim: dict[str, Any], who: dict[str, str] | None = None, **changes: Any) -> Any:
    body = {"claim_ids": [claim["claim_id"]], "text": WORDS, **changes}
    return desk.asked(claim, "objections", body, who)


def demanded(desk: Counter) -> dict[str, Any]:
    """A claim that has had its inkassovarsel and its betalingsoppfordring, each with a fee."""
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    desk.at(date(2026, 2, 13))
    desk.letter("betalingsoppfordring", claim)
    return claim


def test_an_objection_freezes_its_claim_alone_and_at_once(desk: Counter) -> None:
    disputed, other = desk.case(), desk.case()
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", disputed, other)
    objection = objected(desk, disputed)
    assert (objection["state"], objection["freezes"], objection["heard_by"]) == ("pending", True, "collector")
    assert objection["turn"]["owner"] == "caseworker"
    assert (objection["due_on"], objection["text"]) == ("2026-02-16", WORDS)
    withdrawn = desk.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.retry_on) == ("disputed", date(2026, 1, 27))
    placed = desk.last(HoldPlaced)
    assert (placed.reason, placed.claim_ids) == ("objection", [disputed["claim_id"]])
    assert desk.claim(disputed)["status"] == "disputed"
    desk.at(date(2026, 1, 27))
    desk.step("inkassovarsel", disputed, other)
    assert desk.last(DemandDeclined).claim_ids == [disputed["claim_id"]]
    assert desk.last(DemandIssued).claim_ids == [other["claim_id"]]
    raised = desk.last(ObjectionRaised)
    assert (raised.disputed_ore, raised.in_time, raised.decide_by) == (None, True, date(2026, 2, 16))
    assert WORDS not in "".join(event.payload.model_dump_json() for event in desk.office.events())


def test_it_is_acknowledged_the_same_day_and_answered_for_the_time_being_on_day_seven(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    assert desk.notices() == ["objection_received"]
    assert desk.last(NoticeIssued).answer_by == date(2026, 2, 10)
    desk.at(date(2026, 1, 26))
    assert desk.notices() == ["objection_received"]
    desk.at(date(2026, 1, 27))
    assert desk.notices() == ["objection_received", "objection_preliminary"]
    desk.at(date(2026, 2, 11))
    assert desk.notices().count("objection_preliminary") == 1
    waiting = desk.office.get("/v1/requests", desk.office.clerk(), state="pending", kind="objection").json()["items"]
    assert [(one["request_id"], one["overdue"]) for one in waiting] == [(objection["request_id"], True)]
    metrics = desk.office.client.get("/metrics").text
    assert 'inkasso_requests_overdue{kind="objection",service="claims-api"} 1.0' in metrics


def test_interest_runs_as_a_shadow_and_is_posted_when_the_objection_is_rejected(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 31))
    before = desk.balance(claim)["interest_ore"]
    objection = objected(desk, claim)
    desk.at(date(2026, 2, 20))
    assert desk.balance(claim)["interest_ore"] == before
    assert desk.decide(objection, outcome="refused").status_code == 422  # why not?
    decided = desk.decide(objection, outcome="refused", reasons="Plassen var din.", reasonable=False).json()
    assert (decided["state"], decided["pay_by"], decided["turn"]["owner"]) == ("refused", "2026-03-06", "debtor")
    assert desk.balance(claim)["interest_ore"] > before
    notice = desk.last(NoticeIssued)
    assert (notice.kind, notice.outcome, notice.pay_by) == ("objection_decided", "refused", date(2026, 3, 6))
    assert notice.amount_ore == desk.balance(claim)["total_ore"]
    assert notice.interest_ore == desk.balance(claim)["interest_ore"]
    assert len(notice.text_ids) == 1
    told = desk.last(ObjectionDecided)
    assert (told.reasonable, told.withdrawn_ore, told.dispute_body) == (False, 0, "forliksraad")


def test_a_rejected_objection_that_is_stood_by_goes_to_the_dispute_body(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    desk.decide(objection, outcome="refused", reasons="Plassen var din.")
    desk.at(date(2026, 2, 6))
    assert desk.told(ObjectionContested) == []
    desk.at(date(2026, 2, 7))
    assert desk.told(ObjectionContested) == []  # a Saturday
    desk.at(date(2026, 2, 9))
    assert desk.last(ObjectionContested).claim_ids == [claim["claim_id"]]
    ended = desk.last(HoldEnded)
    assert (ended.reason, ended.contested) == ("objection", True)
    assert desk.read(objection)["contested_on"] == "2026-02-09"
    assert desk.claim(claim)["status"] == "accepted"
    gone = desk.office.post(
        f"/v1/cases/{claim['case_id']}/objections/{objection['request_id']}/withdrawal", None, desk.debtor(claim)
    )
    assert gone.status_code == 409


def test_nothing_is_sent_on_while_a_bank_day_is_open_nor_when_it_was_paid(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    desk.decide(objection, outcome="refused", reasons="Plassen var din.")
    desk.at(date(2026, 2, 2))
    desk.at(date(2026, 2, 3), banked=False)
    desk.at(date(2026, 2, 16))
    assert desk.told(ObjectionContested) == []
    desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], claim["kid"], claim_id=claim["claim_id"])
    desk.close_bank_day(date(2026, 2, 2))
    desk.at(date(2026, 2, 17))
    assert desk.told(ObjectionContested) == []
    assert desk.last(HoldEnded).contested is False


def test_giving_it_up_in_writing_lets_the_ladder_go_on(desk: Counter) -> None:
    claim = demanded(desk)
    objection = objected(desk, claim)
    desk.decide(objection, outcome="refused", reasons="Plassen var din.", reasonable=False)
    path = f"/v1/cases/{claim['case_id']}/objections/{objection['request_id']}/withdrawal"
    desk.at(date(2026, 2, 18))
    assert desk.office.post(path, None, desk.debtor(claim)).json()["state"] == "withdrawn"
    assert desk.last(ObjectionWithdrawn).claim_ids == [claim["claim_id"]]
    assert (desk.last(HoldEnded).contested, desk.last(HoldEnded).resume_on) == (False, date(2026, 2, 18))
    assert desk.claim(claim)["status"] == "accepted"
    assert desk.office.post(path, None, desk.debtor(claim)).status_code == 409
    desk.at(date(2026, 3, 20))
    desk.step("betalingsoppfordring", claim)
    assert (desk.last(DemandIssued).kind, desk.last(DemandIssued).fee_ore) == ("betalingsoppfordring", 0)


def test_a_reasonable_objection_takes_every_fee_with_it_however_it_ends(desk: Counter) -> None:
    claim = demanded(desk)
    fees = desk.balance(claim)["fees_ore"]
    assert fees == 3_800 + 11_300
    objection = objected(desk, claim)
    decided = desk.decide(objection, outcome="refused", reasons="Plassen var din, men det var rimelig å spørre.").json()
    assert decided["reasonable"]
    assert desk.balance(claim)["fees_ore"] == 0
    assert desk.last(NoticeIssued).fees_reversed_ore == fees
    assert {one.amount_ore for one in desk.told(FeeReversed)} == {3_800, 11_300}
    statement = desk.office.get(f"/v1/cases/{claim['case_id']}/statement", desk.office.clerk()).json()
    assert statement["total_ore"] == desk.balance(claim)["total_ore"]


def test_the_units_own_fees_fall_too(desk: Counter) -> None:
    notice = {"sent_on": "2026-01-26", "deadline": "2026-02-09", "fee_ore": 3_800}
    desk.at(date(2026, 2, 2))
    claim = desk.case(prior_notice=notice)
    assert desk.balance(claim)["fees_ore"] == 3_800
    objection = objected(desk, claim)
    desk.decide(objection, outcome="refused", reasons="Nei.")
    assert desk.balance(claim)["fees_ore"] == 0
    assert desk.last(NoticeIssued).fees_reversed_ore == 3_800


def test_an_unreasonable_objection_leaves_the_fees(desk: Counter) -> None:
    claim = demanded(desk)
    objection = objected(desk, claim)
    desk.decide(objection, outcome="refused", reasons="Åpenbart grunnløs.", reasonable=False)
    assert desk.balance(claim)["fees_ore"] == 3_800 + 11_300
    assert desk.told(FeeReversed) == []


def test_an_upheld_objection_makes_the_claim_never_owed_and_gives_money_back(desk: Counter) -> None:
    claim = demanded(desk)
    desk.pay(claim["case_id"], 50_000, claim["kid"], claim_id=claim["claim_id"])
    objection = objected(desk, claim)
    decided = desk.decide(objection, outcome="granted").json()
    assert (decided["state"], decided["outcome"], decided["pay_by"]) == ("granted", "granted", None)
    assert desk.balance(claim)["total_ore"] == 0
    assert desk.balance(claim)["overpaid_ore"] == 50_000
    assert desk.last(RefundProposed).amount_ore == 50_000
    assert (desk.last(ClaimEnded).reason, desk.claim(claim)["status"]) == ("withdrawn", "withdrawn")
    assert desk.last(ObjectionDecided).withdrawn_ore == 300_000
    assert desk.last(HoldEnded).contested is False
    assert desk.last(NoticeIssued).payee is None
    assert desk.decide(objection, outcome="refused", reasons="Nei").status_code == 409


def test_money_paid_while_it_is_considered_goes_back_when_it_is_upheld(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    paid = desk.balance(claim)["total_ore"]
    desk.pay(claim["case_id"], paid, claim["kid"], claim_id=claim["claim_id"])
    assert desk.claim(claim)["status"] == "settled"
    decided = desk.decide(objection, outcome="granted").json()
    assert (decided["state"], decided["pay_by"]) == ("granted", None)
    assert desk.claim(claim)["status"] == "withdrawn"
    assert (desk.balance(claim)["overpaid_ore"], desk.last(RefundProposed).amount_ore) == (paid, paid)

    other = desk.case(due_date="2025-12-20", invoice_date="2025-12-01")
    second = objected(desk, other, text="Heller ikke dette.")
    desk.pay(other["case_id"], desk.balance(other)["total_ore"], other["kid"], claim_id=other["claim_id"])
    refused = desk.decide(second, outcome="refused", reasons="Nei.").json()
    assert refused["pay_by"] is None  # nothing is left to ask for
    assert desk.last(HoldEnded).contested is False


def test_an_objection_to_a_part_lets_the_rest_run_without_fee(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", claim)
    objection = objected(desk, claim, disputed_ore=100_000)
    assert desk.last(DemandWithdrawn).reason == "amount_changed"
    assert desk.told(HoldPlaced) == []
    desk.at(date(2026, 1, 27))
    desk.step("inkassovarsel", claim)
    issued = desk.last(DemandIssued)
    assert (issued.fee_ore, issued.lines[0].principal_ore) == (0, 200_000)
    assert issued.total_ore == issued.lines[0].total_ore < 202_000
    rest = desk.balance(claim)["total_ore"] - 100_000
    assert abs(issued.total_ore - rest) < 200
    desk.pay(claim["case_id"], issued.total_ore, issued.kid, claim_id=claim["claim_id"])
    assert desk.claim(claim)["principal_left_ore"] == 100_000
    decided = desk.decide(objection, outcome="granted").json()
    assert decided["state"] == "granted"
    assert desk.last(ObjectionDecided).withdrawn_ore == 100_000
    assert desk.balance(claim)["total_ore"] == 0
    assert desk.claim(claim)["status"] == "settled"


def test_a_part_may_be_upheld_in_part_and_the_rest_has_fourteen_days(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim, disputed_ore=100_000)
    for body in ({}, {"upheld_ore": 100_000}, {"upheld_ore": 0}):
        assert desk.decide(objection, outcome="partly", reasons="Delvis.", **body).status_code == 422
    decided = desk.decide(objection, outcome="partly", reasons="Delvis.", upheld_ore=40_000).json()
    assert (decided["outcome"], decided["upheld_ore"], decided["pay_by"]) == ("partly", 40_000, "2026-02-03")
    assert desk.claim(claim)["principal_left_ore"] == 260_000
    desk.at(date(2026, 2, 9))
    assert desk.last(ObjectionContested).claim_ids == [claim["claim_id"]]


def test_the_same_ground_again_waits_in_the_queue_and_freezes_nothing(desk: Counter) -> None:
    claim = desk.case()
    first = objected(desk, claim)
    assert desk.ask(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": WORDS}).status_code == 409
    desk.decide(first, outcome="refused", reasons="Plassen var din.")
    desk.at(date(2026, 2, 10))
    holds = len(desk.told(HoldPlaced))
    again = objected(desk, claim, text="JEG har aldri hatt barn i denne barnehagen!!")
    assert (again["state"], again["freezes"]) == ("pending", False)
    assert len(desk.told(HoldPlaced)) == holds
    assert desk.claim(claim)["status"] == "accepted"
    assert desk.last(NoticeIssued).freezes is False
    new = objected(desk, claim, text="Kravet er foreldet.", ground="time_barred")
    assert new["freezes"]
    assert desk.claim(claim)["status"] == "disputed"


def test_by_post_the_desk_registers_it_and_a_letter_sent_since_has_no_ground(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    assert desk.balance(claim)["fees_ore"] == 3_800
    desk.at(date(2026, 1, 28))
    body = {"channel": "post", "received_on": "2026-01-23"}
    objection = objected(desk, claim, desk.office.clerk(), **body)
    assert (objection["channel"], objection["received_on"], objection["due_on"]) == ("post", "2026-01-23", "2026-02-13")
    assert objection["debtor_ref"] == claim["debtor_ref"]
    assert desk.balance(claim)["fees_ore"] == 0  # it was disputed already when the letter left
    assert desk.last(DemandWithdrawn).after_dispatch
    wrong = desk.ask(
        claim,
        "objections",
        {"claim_ids": [claim["claim_id"]], "text": "x", **body, "received_on": "2026-02-01"},
        desk.office.clerk(),
    )
    assert [error["code"] for error in wrong.json()["errors"]] == ["received-on"]


def test_by_post_it_is_in_time_three_bank_days_after_the_deadline_and_late_ones_freeze_too(desk: Counter) -> None:
    claim = demanded(desk)
    desk.at(date(2026, 3, 5))
    late = objected(desk, claim, desk.office.clerk(), channel="post", received_on="2026-03-04")
    assert (late["in_time"], late["freezes"]) == (True, True)
    desk.at(date(2026, 3, 6))
    later = objected(desk, claim, text="Og beløpet er feil.")
    assert (later["in_time"], later["freezes"]) == (False, True)


def test_a_co_debtor_objects_to_their_own_claim_only_and_sees_nothing_else(desk: Counter) -> None:
    mine = {
        "kind": "person",
        "national_id": OLA,
        "name": "Ola Nordmann",
        "address": {"line1": "Lia 2", "postal_code": "0155", "city": "Oslo", "country": "NO"},
    }
    own = desk.case()
    shared = desk.case(co_debtors=[mine])
    parties = [
        one["debtor_ref"]
        for one in [desk.office.get(f"/v1/cases/{own['case_id']}", desk.office.clerk()).json()["debtor"]]
    ]
    refs = next(
        e.payload.debtor_refs
        for e in desk.office.events()
        if getattr(e.payload, "claim_id", None) == shared["claim_id"]
    )
    ola = desk.office.debtor(next(ref for ref in refs if ref not in parties))
    both = {"claim_ids": [own["claim_id"], shared["claim_id"]], "text": WORDS}
    answer = desk.ask(own, "objections", both, ola)
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (403, "not-liable")
    objection = desk.asked(shared, "objections", {"claim_ids": [shared["claim_id"]], "text": WORDS}, ola)
    assert desk.claim(shared)["status"] == "disputed"  # for everyone
    assert desk.office.get(f"/v1/requests/{objection['request_id']}", ola).status_code == 200
    assert desk.office.get(f"/v1/requests/{objection['request_id']}", desk.debtor(own)).status_code == 404
    assert [one.debtor_ref for one in desk.last(NoticeIssued).recipients] == [objection["debtor_ref"]]


def test_what_a_unit_hears_itself_it_may_read_and_nothing_else(desk: Counter) -> None:
    care = desk.case(claim_type="nursing_home", principal_ore=100_000)
    about_decision = objected(desk, care, about="decision")
    about_payment = objected(desk, care, text="Jeg har betalt.", about="payment")
    assert (about_decision["heard_by"], about_payment["heard_by"]) == ("unit", "collector")
    assert about_decision["turn"]["owner"] == "unit"
    unit = desk.office.agency("bydel-frogner")
    listed = desk.office.get("/v1/requests", unit).json()["items"]
    assert [one["request_id"] for one in listed] == [about_decision["request_id"]]
    assert desk.office.get(f"/v1/requests/{about_decision['request_id']}", unit).json()["text"] == WORDS
    assert desk.office.get(f"/v1/requests/{about_payment['request_id']}", unit).status_code == 404
    assert (
        desk.office.get(f"/v1/requests/{about_decision['request_id']}", desk.office.agency("deichman")).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"claim_ids": ["00000000-0000-0000-0000-000000000000"]}, 422, "unknown"),
        ({"disputed_ore": 0}, 422, "above-owed"),
        ({"disputed_ore": 900_000}, 422, "above-owed"),
        ({"text": "   "}, 422, "value-error"),
        ({"claim_ids": []}, 422, "too-short"),
    ],
)
def test_an_objection_that_cannot_be_is_refused(desk: Counter, changes: dict[str, Any], status: int, code: str) -> None:
    claim = desk.case()
    answer = desk.ask(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": WORDS, **changes})
    assert answer.status_code == status
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert desk.told(ObjectionRaised) == []


def test_a_settled_claim_and_a_judged_one_cannot_be_objected_to(desk: Counter) -> None:
    paid, judged = desk.case(), desk.case()
    desk.pay(paid["case_id"], 302_000, paid["kid"], claim_id=paid["claim_id"])
    body = {"claim_ids": [paid["claim_id"]], "text": WORDS}
    answer = desk.ask(paid, "objections", body)
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (409, "claim-settled")
    desk.judge(judged)
    answer = desk.ask(judged, "objections", {"claim_ids": [judged["claim_id"]], "text": WORDS})
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (409, "claim-judged")
    assert desk.told(ObjectionRaised) == []


def test_only_a_caseworker_decides(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    path = f"/v1/cases/{claim['case_id']}/objections/{objection['request_id']}/decision"
    for who in (desk.debtor(claim), desk.office.agency(), desk.office.auditor()):
        assert desk.office.post(path, {"outcome": "granted"}, who).status_code == 403
    stranger = desk.case(debtor__national_id=OLA, debtor__name="Ola")
    other = path.replace(claim["case_id"], stranger["case_id"])
    assert desk.office.post(other, {"outcome": "granted"}, desk.office.clerk()).status_code == 404
    deferral = path.replace("objections", "deferrals")
    assert desk.office.post(deferral, {"outcome": "granted"}, desk.office.clerk()).status_code == 404
    assert desk.read(objection)["state"] == "pending"


def test_an_objection_inside_a_plan_asks_for_nothing_that_is_disputed(desk: Counter) -> None:
    first, second = desk.case(), desk.case(due_date="2026-01-12")
    plan = desk.asked(first, "plans", {"instalments": 6, "first_due": "2026-02-16"})
    objection = objected(desk, first)
    desk.at(date(2026, 2, 16))
    desk.pay(first["case_id"], 101_200, plan["kid"])
    assert desk.claim(first)["principal_left_ore"] == 300_000
    assert desk.claim(second)["principal_left_ore"] < 300_000
    decided = desk.decide(objection, outcome="refused", reasons="Nei.").json()
    desk.at(date(2026, 3, 9))
    assert decided["pay_by"] == "2026-03-02"
    assert desk.claim(first)["status"] == "plan"
