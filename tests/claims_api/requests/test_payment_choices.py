"""What money covers is the debtor's choice, before it comes and after; and what nobody may choose."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import OLA
from support.counter import Counter

from claims_api.invariants import broken
from claims_api.usecases import audit
from shared.events.claims import ClaimRegistered
from shared.events.payments import PaymentUnallocated


def two_claims(desk: Counter) -> tuple[Any, Any]:
    """Two claims of one case, the first the older; both have run interest for a while."""
    older = desk.case(principal_ore=200_000, due_date="2025-12-10", invoice_date="2025-11-20")
    newer = desk.case(principal_ore=300_000, due_date="2025-12-20", invoice_date="2025-11-30")
    assert older["case_id"] == newer["case_id"]
    return older, newer


def choose(desk: Counter, claim: Any, **body: Any) -> Any:
    return desk.asked(claim, "payment-choices", body)


def left(desk: Counter, *claims: Any) -> list[int]:
    return [desk.claim(claim)["principal_left_ore"] for claim in claims]


def covered(desk: Counter, claim: Any) -> list[dict[str, int]]:
    """What each payment covers now, by the statement."""
    path = f"/v1/cases/{claim['case_id']}/statement"
    lines = desk.office.get(path, desk.debtor(claim)).json()["lines"]
    return [line["parts"] for line in lines if line["kind"] == "payment"]


def sound(desk: Counter, claim: Any) -> None:
    """The ledger holds, nothing of the bank's money is lost, and the statement's lines are its balance."""
    with desk.office.service.db.read() as tx:
        assert broken(tx) == []
        assert audit.proof(tx).difference_ore == 0
    shown = desk.office.get(f"/v1/cases/{claim['case_id']}/statement", desk.debtor(claim)).json()
    assert sum(line["amount_ore"] for line in shown["lines"]) == desk.balance(claim)["total_ore"] == shown["total_ore"]


def test_without_a_choice_the_oldest_claim_and_its_interest_come_first(desk: Counter) -> None:
    older, newer = two_claims(desk)
    desk.pay(older["case_id"], 100_000, "")
    rest, untouched = left(desk, older, newer)
    assert 100_000 < rest < 200_000
    assert untouched == 300_000


def test_a_payment_that_is_booked_is_divided_anew_as_its_payer_wants(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 100_000, "")
    before = desk.office.clock.now().isoformat()
    path = f"/v1/cases/{older['case_id']}/balance"
    known_then = desk.office.get(path, desk.office.clerk(), as_of="2026-01-20", known_at=before).json()

    desk.at(date(2026, 1, 27))
    said = choose(desk, older, payment_id=paid.payment_id, claim_ids=[newer["claim_id"]], order=["principal"])
    assert (said["claim_ids"], said["order"], said["chosen_on"]) == ([newer["claim_id"]], ["principal"], "2026-01-27")
    assert left(desk, older, newer) == [200_000, 200_000]
    assert [sum(parts.values()) for parts in covered(desk, older)] == [-100_000]
    sound(desk, older)

    # The money counts from the day it was paid; what was known before is not touched.
    again = desk.office.get(path, desk.office.clerk(), as_of="2026-01-20", known_at=before).json()
    assert {**again, "case_version": 0} == {**known_then, "case_version": 0}
    as_of = desk.office.get(path, desk.office.clerk(), as_of="2026-01-20").json()
    assert as_of["principal_ore"] == 400_000
    (line,) = [
        one
        for one in desk.office.get(f"/v1/cases/{older['case_id']}/timeline", desk.debtor(older)).json()["items"]
        if one["type"] == "payment.choice"
    ]
    number = desk.claim(newer)["invoice_number"]
    assert line["summary"] == (
        f"Skyldneren har valgt hva en innbetaling skal dekke: faktura {number} først; "
        "hovedstol, saksomkostninger, gebyr og salær, renter"
    )


def test_principal_before_interest_is_a_choice_too(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 200_000, "")
    assert left(desk, older)[0] > 0
    choose(desk, older, payment_id=paid.payment_id, order=["principal"])
    assert left(desk, older, newer) == [0, 300_000]
    assert covered(desk, older) == [{"principal": -200_000}]
    sound(desk, older)


def test_a_choice_for_money_to_come_holds_until_another_is_made(desk: Counter) -> None:
    older, newer = two_claims(desk)
    choose(desk, older, claim_ids=[newer["claim_id"]], order=["principal", "interest"])
    desk.pay(older["case_id"], 50_000, "")
    assert left(desk, older, newer) == [200_000, 250_000]

    desk.at(date(2026, 1, 22))
    choose(desk, older)  # as usual again
    desk.pay(older["case_id"], 50_000, "")
    rest, untouched = left(desk, older, newer)
    assert rest < 200_000
    assert untouched == 250_000
    listed = desk.office.get(f"/v1/cases/{older['case_id']}/payment-choices", desk.debtor(older)).json()["items"]
    assert [one["order"] for one in listed] == [[], ["principal", "interest"]]
    sound(desk, older)


def test_money_paid_before_a_standing_choice_stays_where_it_is(desk: Counter) -> None:
    older, newer = two_claims(desk)
    desk.pay(older["case_id"], 50_000, "", paid_on=date(2026, 1, 16))
    before = left(desk, older, newer)
    choose(desk, older, claim_ids=[newer["claim_id"]])
    assert left(desk, older, newer) == before


def test_the_kid_of_a_claim_comes_before_a_standing_choice_and_after_one_about_that_payment(desk: Counter) -> None:
    older, newer = two_claims(desk)
    choose(desk, older, claim_ids=[newer["claim_id"]], order=["principal"])
    paid = desk.pay(older["case_id"], 50_000, older["kid"], claim_id=older["claim_id"])
    assert left(desk, older, newer) == [150_000, 300_000]
    choose(desk, older, payment_id=paid.payment_id, claim_ids=[newer["claim_id"]], order=["principal"])
    assert left(desk, older, newer) == [200_000, 250_000]


def test_the_last_word_about_a_payment_counts(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 50_000, "")
    choose(desk, older, payment_id=paid.payment_id, claim_ids=[newer["claim_id"]], order=["principal"])
    choose(desk, older, payment_id=paid.payment_id, order=["principal"])
    assert left(desk, older, newer) == [150_000, 300_000]
    sound(desk, older)


def test_money_that_the_bank_takes_back_is_owed_again_where_it_was_chosen_to_lie(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 50_000, "")
    choose(desk, older, payment_id=paid.payment_id, claim_ids=[newer["claim_id"]], order=["principal"])
    desk.take_back(paid)
    assert left(desk, older, newer) == [200_000, 300_000]
    sound(desk, older)


def test_the_desk_notes_a_choice_that_came_by_phone(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 50_000, "")
    body = {"payment_id": paid.payment_id, "claim_ids": [newer["claim_id"]], "channel": "phone"}
    said = desk.asked(older, "payment-choices", body, desk.office.clerk())
    assert (said["channel"], said["recorded_by"]) == ("phone", "Kim")
    assert left(desk, older)[0] == 200_000


def test_a_debtor_chooses_within_thirty_days_and_the_desk_afterwards(desk: Counter) -> None:
    older, newer = two_claims(desk)
    paid = desk.pay(older["case_id"], 50_000, "")
    body = {"payment_id": paid.payment_id, "claim_ids": [newer["claim_id"]]}
    desk.at(date(2026, 2, 20))
    late = desk.ask(older, "payment-choices", body)
    assert (late.status_code, late.json()["type"].rsplit(":", 1)[-1]) == (409, "too-late")
    assert desk.ask(older, "payment-choices", body, desk.office.clerk()).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"payment_id": "of-another-case"}, "payment_id", "unknown"),
        ({"claim_ids": ["no-such-claim"]}, "claim_ids.0", "unknown"),
        ({"order": ["principal", "principal"]}, "order", "given-twice"),
    ],
)
def test_what_cannot_be_right_is_refused_and_noted_nowhere(
    desk: Counter, body: dict[str, Any], field: str, code: str
) -> None:
    older, newer = two_claims(desk)
    desk.pay(older["case_id"], 50_000, "")
    before = left(desk, older, newer)
    answer = desk.ask(older, "payment-choices", body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert left(desk, older, newer) == before
    assert desk.office.get(f"/v1/cases/{older['case_id']}/payment-choices", desk.debtor(older)).json()["items"] == []


def test_a_claim_that_was_withdrawn_takes_no_money(desk: Counter) -> None:
    older, newer = two_claims(desk)
    body = {"reason": "relief", "effective_date": "2026-01-20"}
    desk.office.post(f"/v1/claims/{newer['claim_id']}/withdrawal", body)
    answer = desk.ask(older, "payment-choices", {"claim_ids": [newer["claim_id"]]})
    assert [one["code"] for one in answer.json()["errors"]] == ["claim-closed"]


def test_a_payment_that_was_moved_off_the_case_is_no_longer_chosen_for(desk: Counter) -> None:
    older, _ = two_claims(desk)
    paid = desk.pay(older["case_id"], 50_000, "")
    off = PaymentUnallocated(
        payment_id=paid.payment_id,
        account=paid.account,
        day=paid.day,
        amount_ore=paid.amount_ore,
        paid_on=paid.paid_on,
        case_id=older["case_id"],
        unallocated_on=desk.today,
        reason="undone",
    )
    desk.send(off, older["case_id"])
    answer = desk.ask(older, "payment-choices", {"payment_id": paid.payment_id})
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (409, "payment-gone")


def test_nobody_else_chooses(desk: Counter) -> None:
    older, _ = two_claims(desk)
    other = desk.case(debtor={"kind": "person", "national_id": OLA, "name": "Ola Nordmann"})
    assert desk.ask(older, "payment-choices", {}, desk.debtor(other)).status_code == 404
    assert desk.ask(older, "payment-choices", {}, desk.office.agency()).status_code == 403
    assert desk.ask(older, "payment-choices", {}, desk.office.auditor()).status_code == 403


def test_a_co_debtors_money_is_for_the_claim_whose_kid_they_have(desk: Counter) -> None:
    shared = desk.case(co_debtors=[{"kind": "person", "national_id": OLA, "name": "Ola Nordmann"}])
    (told,) = [one for one in desk.told(ClaimRegistered) if one.claim_id == shared["claim_id"]]
    (other,) = [ref for ref in told.debtor_refs if ref != shared["debtor_ref"]]
    answer = desk.ask(shared, "payment-choices", {"order": ["principal"]}, desk.office.debtor(other))
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (403, "not-yours")
    path = f"/v1/cases/{shared['case_id']}/payment-choices"
    assert desk.office.get(path, desk.office.debtor(other)).status_code == 404
