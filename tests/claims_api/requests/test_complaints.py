"""The unit's decision on an objection is complained of: who hears it next, what stands still, and what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import OLA
from support.counter import Counter, objected

from shared.events.claims import ClaimEnded, DemandWithdrawn, HoldEnded
from shared.events.requests import NoticeIssued, ObjectionContested, ObjectionDecided

FINE = {
    "claim_type": "coercive_fine",
    "creditor_unit": "plan-og-bygningsetaten",
    "legal_basis": {"kind": "decision", "date": "2025-10-01", "reference": "V-1"},
}
WHY = "Vedtaket er riktig."
TEXT = "Jeg klager på vedtaket."
COMPLAIN_BY = date(2026, 2, 10)


def refused(desk: Counter, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim for care, with an objection to its decision that the unit refused."""
    claim = desk.case(claim_type="nursing_home")
    objection = objected(desk, claim, about="decision", **changes)
    decided = desk.decide(objection, outcome="refused", reasons=WHY)
    assert decided.status_code == 200, decided.text
    return claim, decided.json()


def complain(desk: Counter, claim: dict[str, Any], objection: dict[str, Any], who: Any = None, **body: Any) -> Any:
    return desk.ask(claim, f"objections/{objection['request_id']}/complaint", {"text": TEXT, **body}, who)


def code(answer: Any) -> str:
    """The problem an answer names."""
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


def test_the_units_refusal_tells_of_the_complaint_and_holds_until_its_deadline(desk: Counter) -> None:
    claim, decided = refused(desk)
    assert (decided["state"], decided["heard_by"]) == ("refused", "unit")
    assert (decided["pay_by"], decided["complain_by"]) == (str(COMPLAIN_BY), str(COMPLAIN_BY))
    assert (decided["turn"]["owner"], decided["turn"]["until"]) == ("debtor", str(COMPLAIN_BY))
    assert "klages det ikke" in decided["turn"]["then"]
    notice = desk.last(NoticeIssued)
    assert (notice.complaint_body, notice.complain_by) == ("statsforvalter", COMPLAIN_BY)
    assert (desk.last(ObjectionDecided).complain_by, desk.last(ObjectionDecided).complaint_body) == (COMPLAIN_BY, None)
    desk.at(date(2026, 2, 13))
    assert desk.claim(claim)["status"] == "disputed"
    assert desk.told(HoldEnded) == []


def test_without_a_complaint_the_claim_goes_on_after_the_deadline(desk: Counter) -> None:
    claim, decided = refused(desk)
    desk.at(date(2026, 2, 16))
    assert desk.last(ObjectionContested).claim_ids == [claim["claim_id"]]
    assert desk.last(HoldEnded).contested is True
    assert complain(desk, claim, decided, desk.office.clerk(), received_on="2026-02-10").status_code == 409


def test_a_complaint_holds_until_the_body_refuses_and_then_the_claim_goes_on(desk: Counter) -> None:
    claim, decided = refused(desk)
    owed = desk.balance(claim)["interest_ore"]
    desk.at(date(2026, 2, 2))
    answer = complain(desk, claim, decided)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["heard_by"], told["complained_on"]) == ("pending", "statsforvalter", "2026-02-02")
    assert (told["turn"]["owner"], told["turn"]["until"]) == ("statsforvalter", None)
    assert "Klagen avgjøres" in told["turn"]["then"]
    assert (told["pay_by"], told["outcome"], told["complaint"]) == (None, None, None)
    assert desk.read(decided)["complaint"] == TEXT
    assert (desk.last(NoticeIssued).kind, desk.last(NoticeIssued).complaint_body) == (
        "objection_received",
        "statsforvalter",
    )
    desk.at(date(2026, 4, 20))
    assert desk.claim(claim)["status"] == "disputed"
    assert desk.told(HoldEnded) == desk.told(ObjectionContested) == []
    assert desk.balance(claim)["interest_ore"] <= owed
    final = desk.decide(decided, outcome="refused", reasons=WHY, heard_by="statsforvalter").json()
    assert (final["state"], final["pay_by"], final["turn"]["owner"]) == ("refused", "2026-05-04", "debtor")
    assert desk.balance(claim)["interest_ore"] > owed
    assert desk.last(ObjectionDecided).complaint_body == "statsforvalter"
    assert desk.last(NoticeIssued).complain_by is None
    desk.at(date(2026, 5, 12))
    assert desk.last(ObjectionContested).claim_ids == [claim["claim_id"]]


def test_a_complaint_that_is_upheld_makes_the_claim_never_owed(desk: Counter) -> None:
    claim, decided = refused(desk)
    complain(desk, claim, decided, desk.office.clerk(), received_on="2026-01-20", channel="post")
    final = desk.decide(decided, outcome="granted", heard_by="statsforvalter")
    assert (final.json()["state"], final.json()["outcome"]) == ("granted", "granted")
    assert (desk.claim(claim)["status"], desk.balance(claim)["total_ore"]) == ("withdrawn", 0)
    assert (desk.last(ClaimEnded).reason, desk.last(HoldEnded).contested) == ("withdrawn", False)


def test_what_the_unit_did_not_uphold_can_be_complained_of(desk: Counter) -> None:
    claim = desk.case(claim_type="home_care")
    objection = objected(desk, claim, about="decision", disputed_ore=100_000)
    partly = desk.decide(objection, outcome="partly", upheld_ore=40_000, reasons="Delvis.").json()
    assert (partly["turn"]["owner"], partly["complain_by"]) == ("debtor", str(COMPLAIN_BY))
    told = complain(desk, claim, partly).json()
    assert (told["state"], told["disputed_ore"], told["upheld_ore"]) == ("pending", 60_000, None)
    desk.decide(partly, outcome="granted", heard_by="statsforvalter")
    assert desk.claim(claim)["principal_left_ore"] == 200_000


def test_a_fine_goes_to_its_complaint_body_and_never_to_forliksradet(desk: Counter) -> None:
    claim = desk.case(**FINE)
    decided = desk.decide(objected(desk, claim), outcome="refused", reasons=WHY).json()
    assert desk.last(NoticeIssued).complaint_body == "complaint_body"
    assert complain(desk, claim, decided).json()["turn"]["owner"] == "complaint_body"
    desk.decide(decided, outcome="refused", reasons=WHY, heard_by="complaint_body")
    desk.at(date(2026, 2, 10))
    assert desk.last(ObjectionContested).dispute_body == "unit"


def test_a_complaint_by_post_may_come_some_bank_days_late_and_no_later(desk: Counter) -> None:
    claim, decided = refused(desk)
    desk.at(date(2026, 2, 13))
    clerk = desk.office.clerk()
    late = complain(desk, claim, decided)
    assert (late.status_code, code(late)) == (409, "complaint-late")
    assert str(COMPLAIN_BY) in late.json()["detail"]
    by_phone = complain(desk, claim, decided, clerk, received_on="2026-02-11", channel="phone")
    assert code(by_phone) == "complaint-late"
    early = complain(desk, claim, decided, clerk, received_on="2026-01-19", channel="post")
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "received_on")
    assert complain(desk, claim, decided, clerk, received_on="2026-02-13", channel="post").status_code == 200


def test_a_complaint_of_a_claim_that_was_paid_gives_the_money_back_when_it_is_upheld(desk: Counter) -> None:
    claim = desk.case(claim_type="nursing_home")
    objection = objected(desk, claim, about="decision")
    paid = desk.balance(claim)["total_ore"]
    payment = desk.pay(claim["case_id"], paid, claim["kid"], claim_id=claim["claim_id"])
    decided = desk.decide(objection, outcome="refused", reasons=WHY).json()
    assert (decided["pay_by"], decided["complain_by"]) == (None, str(COMPLAIN_BY))
    desk.take_back(payment)
    assert desk.claim(claim)["status"] == "accepted"
    assert complain(desk, claim, decided).status_code == 200
    assert desk.claim(claim)["status"] == "disputed"
    desk.pay(claim["case_id"], paid, claim["kid"], claim_id=claim["claim_id"])
    desk.decide(decided, outcome="granted", heard_by="statsforvalter")
    assert (desk.claim(claim)["status"], desk.balance(claim)["overpaid_ore"]) == ("withdrawn", paid)


def test_a_letter_that_asks_for_the_part_again_is_taken_back(desk: Counter) -> None:
    claim = desk.case(claim_type="home_care")
    objection = objected(desk, claim, about="decision", disputed_ore=100_000)
    decided = desk.decide(objection, outcome="refused", reasons=WHY).json()
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", claim)
    complain(desk, claim, decided)
    assert desk.last(DemandWithdrawn).reason == "amount_changed"


def test_one_complains_once_of_a_units_refusal_and_of_nothing_else(desk: Counter) -> None:
    claim = desk.case(claim_type="nursing_home")
    payment = objected(desk, claim)
    assert code(complain(desk, claim, payment)) == "no-complaint"
    desk.decide(payment, outcome="refused", reasons=WHY)
    assert code(complain(desk, claim, payment)) == "no-complaint"
    pending = objected(desk, claim, about="decision", text="Selve vedtaket er feil.")
    assert code(complain(desk, claim, pending)) == "no-complaint"
    decided = desk.decide(pending, outcome="refused", reasons=WHY).json()
    assert complain(desk, claim, decided).status_code == 200
    assert code(complain(desk, claim, decided)) == "complaint-made"
    assert desk.decide(decided, outcome="refused", reasons=WHY, heard_by="statsforvalter").status_code == 200
    assert code(complain(desk, claim, decided)) == "complaint-made"


def test_another_debtor_cannot_complain(desk: Counter) -> None:
    claim, decided = refused(desk)
    other = desk.case(debtor__national_id=OLA, debtor__name="Ola")
    assert complain(desk, claim, decided, desk.debtor(other)).status_code == 404
    assert complain(desk, claim, decided, desk.office.agency()).status_code == 403
    named = complain(desk, claim, decided, desk.office.clerk(), debtor_ref=other["debtor_ref"])
    assert (named.status_code, named.json()["errors"][0]["field"]) == (422, "debtor_ref")
    assert desk.read(decided)["complained_on"] is None


@pytest.mark.parametrize("named", [None, "unit", "complaint_body", "collector"])
def test_only_the_body_whose_turn_it_is_decides(desk: Counter, named: str | None) -> None:
    claim, decided = refused(desk)
    complain(desk, claim, decided)
    wrong = desk.decide(decided, outcome="refused", reasons=WHY, heard_by=named)
    assert (wrong.status_code, code(wrong)) == (409, "wrong-stage")
    assert desk.read(decided)["state"] == "pending"


def test_a_body_cannot_decide_before_there_is_a_complaint(desk: Counter) -> None:
    claim = desk.case(claim_type="nursing_home")
    objection = objected(desk, claim, about="decision")
    early = desk.decide(objection, outcome="refused", reasons=WHY, heard_by="statsforvalter")
    assert code(early) == "wrong-stage"


def test_giving_the_complaint_up_ends_the_objection(desk: Counter) -> None:
    claim, decided = refused(desk)
    complain(desk, claim, decided)
    path = f"objections/{decided['request_id']}/withdrawal"
    assert desk.asked(claim, path, {})["state"] == "withdrawn"
    assert desk.claim(claim)["status"] == "accepted"
