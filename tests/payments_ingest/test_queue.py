"""The queue: suggestions with reasons, allocation, split, move with four eyes, undo, return to sender."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.bankroom import Bankroom, claim_kid, number, ocr, party, pay, registered

from payments_ingest.formats import OcrPayment
from shared.auth import Role
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    PayoutRefused,
    PayoutReserved,
    RefundProposed,
)
from shared.events.payments import PaymentMatched, PaymentUnallocated, PaymentUnmatched, RefundApproved
from shared.events.requests import Instalment, PlanAgreed, PlanChanged, TextState
from shared.kid import KidKind, make_kid

PAYER = "86011117947"
ALLOCATION = "/v1/payments/{}/allocation"


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2, debtor_refs=["debtor-2"]), registered(3, debtor_refs=["debtor-1"]))
    room.feed(party(1, "Kari Nordmann"), party(2, "Ola Hansen"))
    return room


def text(message: str, amount_ore: int = 100_000, **changes: Any) -> OcrPayment:
    """Return a card payment with free text, the one kind without a KID that OCR giro has."""
    return OcrPayment(amount_ore=amount_ore, type_code="21", text=message, **changes)


def parts(*found: tuple[int, int]) -> dict[str, Any]:
    return {"parts": [{"case_id": f"case-{serial}", "amount_ore": ore} for serial, ore in found]}


def waiting(room: Bankroom, payment: OcrPayment) -> dict[str, Any]:
    room.imported(ocr(payment, transmission=90))
    (found,) = room.payments("unmatched", "suggested")
    return found


def test_a_case_number_in_the_text_is_matched_when_the_amount_supports_it(room: Bankroom) -> None:
    room.imported(ocr(text(f"saksnr {number(1)}")))
    (matched,) = room.published(PaymentMatched)
    assert (matched.case_id, matched.claim_id, matched.matched_by, matched.kid) == ("case-1", None, "case_number", "")


def test_our_own_kid_in_the_text_finds_its_claim(room: Bankroom) -> None:
    room.imported(ocr(text(f"KID {claim_kid(1)}")))
    (matched,) = room.published(PaymentMatched)
    assert (matched.case_id, matched.claim_id, matched.matched_by) == ("case-1", "claim-1", "message")


def test_a_case_number_in_the_kid_field_is_read_as_a_message(room: Bankroom) -> None:
    room.imported(ocr(pay(1, kid=number(1))))
    (matched,) = room.published(PaymentMatched)
    assert (matched.case_id, matched.matched_by) == ("case-1", "case_number")


def test_doubtful_money_waits_with_its_reasons_in_norwegian(room: Bankroom) -> None:
    found = waiting(room, text(number(1), 777))
    assert (found["state"], found["reason"]) == ("suggested", "doubtful")
    (suggestion,) = found["suggestions"]
    assert (suggestion["case_id"], suggestion["case_number"]) == ("case-1", number(1))
    assert suggestion["reasons"] == [{"code": "number", "text": "Saksnummeret står i meldingen"}]
    (unmatched,) = room.published(PaymentUnmatched)
    assert unmatched.candidate_case_ids == ("case-1",)


def test_two_cases_in_one_message_propose_a_split(room: Bankroom) -> None:
    found = waiting(room, text(f"sak {number(1)} {number(2)}", 200_000))
    detail = room.get(f"/v1/payments/{found['payment_id']}")
    assert sorted(part["case_id"] for part in detail["proposed_split"]) == ["case-1", "case-2"]
    answer = room.done(ALLOCATION.format(found["payment_id"]), parts((1, 100_000), (2, 100_000)))
    assert answer["result"] == "allocated"
    assert answer["payment"]["state"] == "matched"
    assert answer["payment"]["case_id"] is None
    assert [p["payment_id"] for p in room.get("/v1/payments", case_id="case-2")["items"]] == [found["payment_id"]]
    matched = room.published(PaymentMatched)
    assert [(m.case_id, m.amount_ore, m.bank_amount_ore, m.matched_by) for m in matched] == [
        ("case-1", 100_000, 200_000, "manual"),
        ("case-2", 100_000, 200_000, "manual"),
    ]
    assert room.broken() == []


def test_a_closed_case_is_only_suggested(room: Bankroom) -> None:
    ended = ClaimEnded(case_id="case-1", claim_id="claim-1", ended_on=room.clock.today(), reason="settled")
    room.feed(ended)
    found = waiting(room, text(f"saksnr {number(1)}"))
    assert "closed" in {reason["code"] for reason in found["suggestions"][0]["reasons"]}
    room.imported(ocr(pay(1), transmission=2))  # but its KID still counts
    assert [m.case_id for m in room.published(PaymentMatched)] == ["case-1"]


def test_what_is_left_of_a_claim_is_what_amounts_are_weighed_by(room: Bankroom) -> None:
    room.feed(
        ClaimBalanceChanged(case_id="case-1", claim_id="claim-1", principal_left_ore=40_000, total_left_ore=41_500)
    )
    room.imported(ocr(text(number(1), 41_500)))
    assert [m.case_id for m in room.published(PaymentMatched)] == ["case-1"]


def plan(case: str, **changes: Any) -> dict[str, Any]:
    return {
        "plan_id": "plan-1",
        "case_id": case,
        "lead_case_id": "case-1",
        "claim_ids": [case.replace("case", "claim")],
        "total_ore": 200_000,
        "instalments": [Instalment(number=1, due_on=date(2026, 3, 20), amount_ore=33_400)],
        **changes,
    }


def test_a_plans_kid_and_instalments_stand_for_its_lead_case(room: Bankroom) -> None:
    kid = make_kid(KidKind.PLAN, number(1), 1)
    found = waiting(room, OcrPayment(amount_ore=33_400, kid=kid))
    agreed = {"case_ids": ["case-1", "case-3"], "kid": kid, "agreed_on": date(2026, 3, 2), "granted_by": "rule"}
    room.feed(PlanAgreed(**plan("case-1", **agreed)), PlanAgreed(**plan("case-3", **agreed)))
    (matched,) = room.published(PaymentMatched)
    assert (matched.payment_id, matched.case_id, matched.claim_id) == (found["payment_id"], "case-1", None)
    assert (matched.kid, matched.matched_by) == (kid, "late_kid")
    changed = [Instalment(number=2, due_on=date(2026, 4, 20), amount_ore=44_500)]
    room.feed(PlanChanged(**plan("case-1", instalments=changed, revision=2, changed_on=date(2026, 3, 2))))
    room.imported(ocr(text(number(1), 44_500), transmission=2))
    assert [m.case_id for m in room.published(PaymentMatched)] == ["case-1", "case-1"]


def test_texts_of_letters_on_parties_are_no_debtors(room: Bankroom) -> None:
    from sqlalchemy import select

    from payments_ingest.store.known import PARTIES

    room.feed(TextState(text_id="text-1", case_id="case-1", sealed_text="v1.x.y"))
    room.erase("text-1")
    with room.service.db.read() as tx:
        assert sorted(row.debtor_ref for row in tx.execute(select(PARTIES))) == ["debtor-1", "debtor-2"]


def test_a_case_number_that_appears_later_is_tried_again(room: Bankroom) -> None:
    found = waiting(room, text(f"saksnr {number(9)}"))
    assert found["reason"] == "no_reference"
    room.feed(registered(9))
    (matched,) = room.published(PaymentMatched)
    assert (matched.case_id, matched.matched_by) == ("case-9", "case_number")
    assert room.payments("unmatched", "suggested") == []


def test_a_number_that_appears_later_but_is_doubtful_becomes_a_suggestion(room: Bankroom) -> None:
    found = waiting(room, text(number(9), 5))
    room.feed(registered(9))
    (suggested,) = room.payments("suggested")
    assert suggested["payment_id"] == found["payment_id"]
    assert [u.candidate_case_ids for u in room.published(PaymentUnmatched)] == [(), ("case-9",)]


def test_parts_must_be_known_cases_once_each_and_sum_to_the_payment(room: Bankroom) -> None:
    found = waiting(room, text("takk"))
    path = ALLOCATION.format(found["payment_id"])
    body = parts((1, 60_000), (1, 0), (77, 10_000))
    answer = room.post(path, body)
    assert answer.status_code == 422
    assert {(error["field"], error["code"]) for error in answer.json()["errors"]} == {
        ("parts.1.amount_ore", "not-positive"),
        ("parts.1.case_id", "twice"),
        ("parts.2.case_id", "unknown-case"),
        ("parts", "sum"),
    }
    assert room.post(path, {"parts": []}).status_code == 422
    assert room.post(path, {"parts": [{"case_id": "case-1", "amount_ore": "100000"}]}).status_code == 422
    assert room.post(ALLOCATION.format("unknown"), parts((1, 1))).status_code == 404
    assert room.client().post(path, json=parts((1, 100_000))).status_code == 400  # no Idempotency-Key
    assert room.post(path, parts((1, 100_000)), role=Role.AUDITOR).status_code == 403
    assert room.published(PaymentMatched) == []


def test_an_allocation_sent_twice_happens_once(room: Bankroom) -> None:
    found = waiting(room, text("takk"))
    first = room.post(ALLOCATION.format(found["payment_id"]), parts((1, 100_000)), key="k1")
    second = room.post(ALLOCATION.format(found["payment_id"]), parts((1, 100_000)), key="k1")
    assert first.json() == second.json()
    assert len(room.published(PaymentMatched)) == 1


def test_moving_between_two_cases_of_one_debtor_needs_one_person(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    (payment,) = room.payments("matched")
    moved = room.done(ALLOCATION.format(payment["payment_id"]), parts((3, 100_000)))
    assert moved["result"] == "allocated"
    assert moved["payment"]["case_id"] == "case-3"
    (taken,) = room.published(PaymentUnallocated)
    assert (taken.case_id, taken.amount_ore, taken.reason) == ("case-1", 100_000, "moved")
    assert [(m.case_id, m.taken_off_ore) for m in room.published(PaymentMatched)] == [
        ("case-1", 0),
        ("case-3", 100_000),
    ]
    keys = [event.envelope.aggregate for event in room.events()]
    assert keys == ["case-1", "case-1", "case-3"]


def test_moving_between_debtors_needs_a_second_person(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    (payment,) = room.payments("matched")
    asked = room.done(ALLOCATION.format(payment["payment_id"]), parts((2, 100_000)), who="kari")
    assert asked["result"] == "awaiting_approval"
    assert asked["payment"]["case_id"] == "case-1"
    assert room.published(PaymentUnallocated) == []
    path = f"/v1/payments/{payment['payment_id']}/approvals/{asked['approval_id']}"
    assert room.post(path, {"outcome": "approved"}, who="kari").status_code == 403
    moved = room.done(path, {"outcome": "approved"}, who="per")
    assert moved["case_id"] == "case-2"
    assert [(a["case_id"], a["active"], a["made_by"], a["approved_by"]) for a in moved["allocations"]] == [
        ("case-1", False, "payments-ingest", None),
        ("case-2", True, "kari", "per"),
    ]
    assert room.post(path, {"outcome": "approved"}, who="per").status_code == 409


def test_a_refused_move_leaves_the_money_where_it_is(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    (payment,) = room.payments("matched")
    asked = room.done(ALLOCATION.format(payment["payment_id"]), parts((2, 100_000)))
    path = f"/v1/payments/{payment['payment_id']}/approvals/{asked['approval_id']}"
    assert room.done(path, {"outcome": "refused"}, who="per")["case_id"] == "case-1"
    assert room.published(PaymentUnallocated) == []


def test_undoing_first_does_not_avoid_the_second_person(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    (payment,) = room.payments("matched")
    undone = room.done(f"/v1/payments/{payment['payment_id']}/undo")
    assert (undone["state"], undone["reason"], undone["case_id"]) == ("unmatched", "undone", None)
    assert [u.reason for u in room.published(PaymentUnallocated)] == ["undone"]
    assert [u.reason for u in room.published(PaymentUnmatched)] == ["undone"]
    assert room.post(f"/v1/payments/{payment['payment_id']}/undo").status_code == 409
    asked = room.done(ALLOCATION.format(payment["payment_id"]), parts((2, 100_000)))
    assert asked["result"] == "awaiting_approval"
    back = room.done(ALLOCATION.format(payment["payment_id"]), parts((1, 100_000)), key="back")
    assert back["result"] == "allocated"
    assert room.broken() == []


def test_an_account_is_learned_and_suggests_but_never_posts(room: Bankroom) -> None:
    room.imported(ocr(pay(1, payer_account=PAYER)))
    found = waiting(room, OcrPayment(amount_ore=4_000, kid="7777777", payer_account=PAYER))
    room_suggestion = found["suggestions"][0]
    assert room_suggestion["case_id"] == "case-1"
    assert [reason["code"] for reason in room_suggestion["reasons"]] == ["account"]
    assert room.published(PaymentUnmatched)[-1].candidate_case_ids == ()  # a guess by account holds nobody's case


def test_assigning_with_a_date(room: Bankroom) -> None:
    found = waiting(room, text("takk"))
    path = f"/v1/payments/{found['payment_id']}/assignment"
    assigned = room.done(path, {"assigned_to": "per", "due_on": "2026-03-10"})
    assert (assigned["assigned_to"], assigned["due_on"]) == ("per", "2026-03-10")
    assert room.done(path, {"assigned_to": None})["assigned_to"] is None


def test_payments_are_listed_in_pages(room: Bankroom) -> None:
    room.imported(ocr(*[text("takk", 100 + n) for n in range(5)]))
    seen, after = [], None
    while True:
        page = room.get("/v1/payments", limit=2, **({"after": after} if after else {}))
        seen += [p["payment_id"] for p in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert room.get("/v1/payments", case_id="case-1")["items"] == []
    assert room.client().get("/v1/payments", params={"state": "nonsense"}).status_code == 422


def returned(room: Bankroom) -> dict[str, Any]:
    found = waiting(room, OcrPayment(amount_ore=4_000, kid="7777777", payer_account=PAYER))
    refund = room.done(f"/v1/payments/{found['payment_id']}/return", who="kari")
    return dict(refund)


def test_a_payment_goes_back_to_its_sender_when_two_persons_and_the_ledger_agree(room: Bankroom) -> None:
    refund = returned(room)
    assert (refund["state"], refund["source"], refund["to_account"]) == ("proposed", "suspense", PAYER)
    assert (refund["approvals"], refund["approvals_needed"]) == (1, 2)
    (payment,) = room.payments("returning")
    path = f"/v1/refunds/{refund['refund_id']}/approval"
    assert room.post(path, {}, who="kari").status_code == 403
    approved = room.done(path, {}, who="per")
    assert (approved["state"], approved["approved_by"], approved["approvals"]) == ("approved", "per", 2)
    (event,) = room.published(RefundApproved)
    assert (event.refund_id, event.payment_id, event.case_id) == (refund["refund_id"], payment["payment_id"], None)
    assert room.post(path, {}, who="ada").status_code == 409
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=4_000))
    assert room.get(f"/v1/refunds/{refund['refund_id']}")["state"] == "reserved"


def test_a_return_that_the_ledger_refuses_waits_in_the_queue_again(room: Bankroom) -> None:
    refund = returned(room)
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.feed(PayoutRefused(refund_id=refund["refund_id"], reason="no_cover"))
    assert room.get("/v1/refunds", state="refused")["items"][0]["reason"] == "no_cover"
    (payment,) = room.payments("unmatched", "suggested")
    assert payment["reason"] == "payout_refused"


def test_a_withdrawn_return_waits_in_the_queue_again(room: Bankroom) -> None:
    refund = returned(room)
    assert room.done(f"/v1/refunds/{refund['refund_id']}/withdrawal")["state"] == "withdrawn"
    (payment,) = room.payments("unmatched", "suggested")
    assert payment["reason"] == "refund_withdrawn"
    assert room.done(ALLOCATION.format(payment["payment_id"]), parts((1, 4_000)))["result"] == "allocated"


def test_a_payment_the_bank_takes_back_is_not_sent_to_its_sender_as_well(room: Bankroom) -> None:
    refund = returned(room)
    back = OcrPayment(amount_ore=4_000, kid="7777777", type_code="18")
    room.imported(ocr(back, transmission=91))
    assert room.get(f"/v1/refunds/{refund['refund_id']}")["state"] == "withdrawn"
    assert [p["state"] for p in room.payments("reversed")] == ["reversed"]


def test_one_that_was_approved_before_is_stopped_before_it_leaves(room: Bankroom) -> None:
    refund = returned(room)
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.imported(ocr(OcrPayment(amount_ore=4_000, kid="7777777", type_code="18"), transmission=91))
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=4_000))
    room.work()
    found = room.get(f"/v1/refunds/{refund['refund_id']}")
    assert (found["state"], found["reason"]) == ("rejected", "reversed")
    assert [p["state"] for p in room.payments("reversed")] == ["reversed"]
    assert room.files_in("outbox") == []


def test_a_payment_without_a_known_account_cannot_go_back(room: Bankroom) -> None:
    found = waiting(room, text("takk"))
    assert room.post(f"/v1/payments/{found['payment_id']}/return").status_code == 422


def test_what_the_system_proposes_needs_two_persons(room: Bankroom) -> None:
    room.imported(ocr(pay(1, 150_000, payer_account=PAYER)))
    (payment,) = room.payments("matched")
    proposal = RefundProposed(
        refund_id="refund-1",
        case_id="case-1",
        payment_id=payment["payment_id"],
        amount_ore=50_000,
        proposed_on=room.clock.today(),
    )
    room.feed(proposal)
    (refund,) = room.get("/v1/refunds", case_id="case-1")["items"]
    assert (refund["state"], refund["approvals"], refund["to_account"]) == ("proposed", 0, PAYER)
    first = room.done("/v1/refunds/refund-1/approval", who="kari")
    assert (first["state"], first["approvals"]) == ("proposed", 1)
    assert room.post("/v1/refunds/refund-1/approval", who="kari").status_code == 403
    assert room.done("/v1/refunds/refund-1/approval", who="per")["state"] == "approved"
    (event,) = room.published(RefundApproved)
    assert (event.case_id, event.source, event.amount_ore) == ("case-1", "overpaid", 50_000)


def test_an_answer_about_an_unknown_refund_is_parked(room: Bankroom) -> None:
    room.feed(PayoutReserved(refund_id="nobody", amount_ore=1))
    assert room.parked() == ["unknown-refund"]


def test_erasing_a_debtor_blanks_the_payers_data_of_their_payments(room: Bankroom) -> None:
    room.imported(ocr(pay(1, payer_account=PAYER), text(f"saksnr {number(2)} fra meg")))
    room.erase("debtor-1")
    by_case = {p["case_id"]: p for p in room.payments("matched")}
    assert by_case["case-1"]["payer_account"] is None
    assert by_case["case-2"]["message"] != ""
    room.erase("debtor-2")
    by_case = {p["case_id"]: p for p in room.payments("matched")}
    assert by_case["case-2"]["message"] == ""
    later = waiting(room, OcrPayment(amount_ore=4_000, kid="7777777", payer_account=PAYER))
    assert later["suggestions"] == []  # the account learned there is forgotten


def test_names_and_accounts_are_kept_only_as_keyed_hashes(room: Bankroom) -> None:
    room.imported(ocr(pay(1, payer_account=PAYER)))
    from sqlalchemy import select

    from payments_ingest.store.known import ACCOUNTS, NAMES

    with room.service.db.read() as tx:
        kept = [row.part for row in tx.execute(select(NAMES))] + [
            row.account_hash for row in tx.execute(select(ACCOUNTS))
        ]
    assert len(kept) == 5
    assert all(len(value) == 32 and int(value, 16) >= 0 for value in kept)
    assert not {"kari", "nordmann", PAYER} & set(kept)
