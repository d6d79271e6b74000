"""The decision on an objection does to the money what it says, and leads to the way that follows."""

from __future__ import annotations

from datetime import date

from support.claims import OLA
from support.counter import Counter, demanded, objected

from shared.events.claims import (
    ClaimEnded,
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
    ObjectionWithdrawn,
)


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
