"""camt beside OCR giro: the same payment in both is booked once, statements control, debits settle payouts or alarm."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.bank_files import ACCOUNT, booked, camt053, camt054
from support.bankroom import TODAY, Bankroom, claim_kid, number, ocr, party, pay, registered

from payments_ingest.app import close_bank_day
from payments_ingest.formats.camt_write import CamtEntry, CamtTransaction
from shared.auth import Role
from shared.events.claims import PayoutReserved
from shared.events.payments import BankDayCompleted, PaymentMatched, PaymentReversed, PaymentUnmatched

TUESDAY, THURSDAY = date(2026, 3, 3), date(2026, 3, 5)
PAYER = "86011117947"


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    room.feed(party(1, "Kari Nordmann"))
    return room


def credit(serial: int, amount_ore: int = 100_000, **changes: Any) -> CamtTransaction:
    """Return a credit on the KID of ``claim-N``."""
    return CamtTransaction(**{"amount_ore": amount_ore, "parts": ((claim_kid(serial), None),), **changes})


def entry(*transactions: CamtTransaction, ref: str = "B1", **changes: Any) -> CamtEntry:
    return booked(*transactions, bank_ref=ref, **changes)


@pytest.mark.parametrize("version", ["02", "08"])
def test_camt_credits_are_matched_by_kid_and_by_text(room: Bankroom, version: str) -> None:
    text = CamtTransaction(amount_ore=20_000, texts=(f"Saksnr {number(1)} avdrag",), payer_name="KARI NORDMANN")
    file = room.imported(camt054(entry(credit(1)), entry(text, ref="B2"), version=version))
    assert (file["state"], file["format"], file["payment_count"], file["amount_ore"]) == (
        "accepted",
        "camt.054",
        2,
        120_000,
    )
    assert [(m.case_id, m.claim_id, m.matched_by) for m in room.published(PaymentMatched)] == [
        ("case-1", "claim-1", "kid"),
        ("case-1", None, "case_number"),
    ]


def test_a_payment_in_both_channels_is_booked_once(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2, 700)))
    file = room.imported(camt054(entry(credit(1)), entry(credit(2, 700), credit(2, 700), ref="B2")))
    assert (file["state"], file["linked"]) == ("accepted", 2)
    matched = room.published(PaymentMatched)
    assert sorted(m.amount_ore for m in matched) == [700, 700, 100_000]  # camt tells of two of 700: two are booked
    close_bank_day(room.service, TODAY)
    assert [(d.count, d.sum_ore) for d in room.published(BankDayCompleted)] == [(3, 101_400)]
    linked = room.payments("linked")
    assert {p["linked_to"] for p in linked} <= {m.payment_id for m in matched}
    assert linked[0]["reason_text"] == "Samme betaling er meldt i en annen kanal"


def test_ocr_after_camt_links_too(room: Bankroom) -> None:
    room.imported(camt054(entry(credit(1))))
    assert room.imported(ocr(pay(1)))["linked"] == 1
    assert len(room.published(PaymentMatched)) == 1


def test_the_same_kid_and_amount_near_in_the_other_channel_is_a_question(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    room.clock.set(THURSDAY)
    file = room.imported(camt054(entry(credit(1), booked_on=THURSDAY)))
    assert file["state"] == "partly_accepted"
    assert [p["state"] for p in room.payments("possible_duplicate")] == ["possible_duplicate"]
    assert len(room.published(PaymentMatched)) == 1


def test_a_reversal_in_camt_takes_the_payment_back(room: Bankroom) -> None:
    room.imported(camt054(entry(credit(1)), message := entry(credit(2), ref="B2")))
    assert message.ore == 100_000
    back = entry(credit(1), ref="B9", credit=False, reversal=True)
    room.imported(camt054(back, identity="2"))
    (taken,) = room.published(PaymentReversed)
    assert (taken.case_id, taken.amount_ore) == ("case-1", 100_000)


def test_a_lump_goes_to_a_person(room: Bankroom) -> None:
    file = room.imported(camt054(CamtEntry(amount_ore=5_000, booked_on=TODAY, bank_ref="B1")))
    assert file["state"] == "partly_accepted"
    (waiting,) = room.published(PaymentUnmatched)
    assert waiting.amount_ore == 5_000


def test_a_refund_of_ours_is_settled_by_its_debit_line_once(room: Bankroom) -> None:
    refund = sent(room)
    debit = entry(CamtTransaction(amount_ore=4_000, end_to_end_id=refund["refund_id"]), ref="D1", credit=False)
    room.imported(camt054(debit, identity="7"))
    settled = room.get(f"/v1/refunds/{refund['refund_id']}")
    assert (settled["state"], settled["settled_on"]) == ("settled", TODAY.isoformat())
    room.imported(camt053(debit, identity="8"))
    from shared.events.payments import PayoutSettled

    (event,) = room.published(PayoutSettled)
    assert (event.refund_id, event.day, event.amount_ore) == (refund["refund_id"], TODAY, 4_000)
    assert [p["state"] for p in room.payments("returned")] == ["returned"]
    assert "unknown_debit" not in {alarm["kind"] for alarm in room.get("/v1/alarms")["items"]}


def test_a_debit_that_is_no_payout_of_ours_is_an_alarm(room: Bankroom) -> None:
    stranger = entry(CamtTransaction(amount_ore=9_900, end_to_end_id="not-ours"), ref="D1", credit=False)
    room.imported(camt054(stranger))
    (alarm,) = room.get("/v1/alarms")["items"]
    assert (alarm["kind"], alarm["facts"], alarm["account"]) == ("unknown_debit", {"amount_ore": 9_900}, ACCOUNT)
    assert gauge(room, 'bank_alarms{kind="unknown_debit"') == 1


def test_a_payout_that_comes_back_waits_for_a_person(room: Bankroom) -> None:
    refund = sent(room)
    debit = entry(CamtTransaction(amount_ore=4_000, end_to_end_id=refund["refund_id"]), ref="D1", credit=False)
    room.imported(camt054(debit, identity="7"))
    back = CamtTransaction(amount_ore=4_000, end_to_end_id=refund["refund_id"], return_code="AC04")
    room.imported(camt054(entry(back, ref="R1"), identity="9"))
    assert room.get(f"/v1/refunds/{refund['refund_id']}")["state"] == "returned"
    (payment,) = room.payments("unmatched")
    assert payment["reason"] == "payout_returned"


def sent(room: Bankroom) -> dict[str, Any]:
    """A payment nobody knows, sent back to its sender: agreed, reserved and with the bank."""
    stranger = CamtTransaction(amount_ore=4_000, texts=("til deg",), payer_account=PAYER, payer_name="Per Ukjent")
    room.imported(camt054(entry(stranger, ref="S1"), identity="5"))
    (payment,) = room.payments("unmatched")
    refund = room.done(f"/v1/payments/{payment['payment_id']}/return", who="kari")
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=4_000))
    room.work()
    assert room.get(f"/v1/refunds/{refund['refund_id']}")["state"] == "sent"
    return dict(refund)


def by_statement(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path, options={"bank_day_completion": "statement"})
    room.feed(registered(1), registered(2))
    return room


def test_a_statement_that_agrees_completes_its_days(tmp_path: Path) -> None:
    room = by_statement(tmp_path)
    room.work()
    room.imported(ocr(pay(1), pay(2, 700)))
    statement = camt053(
        entry(CamtTransaction(amount_ore=100_000), CamtTransaction(amount_ore=700), batch_count=2), opening_ore=5
    )
    file = room.imported(statement)
    assert (file["state"], file["format"], file["payment_count"]) == ("accepted", "camt.053", 0)
    assert [(d.day, d.count, d.sum_ore, d.completed_by) for d in room.published(BankDayCompleted)] == [
        (TODAY, 2, 100_700, "statement")
    ]
    detail = room.get(f"/v1/bank-days/{ACCOUNT}/{TODAY.isoformat()}")
    assert (detail["statement_ore"], detail["difference_ore"]) == (100_700, 0)
    assert (detail["only_booked"], detail["only_on_statement"]) == ([], [])
    assert len(room.published(PaymentMatched)) == 2  # the statement posted nothing


def test_a_statement_that_differs_alarms_until_the_missing_file_comes(tmp_path: Path) -> None:
    room = by_statement(tmp_path)
    room.work()
    room.imported(ocr(pay(1)))
    statement = camt053(entry(CamtTransaction(amount_ore=100_000)), entry(CamtTransaction(amount_ore=700), ref="B2"))
    room.imported(statement)
    assert room.published(BankDayCompleted) == []
    (alarm,) = room.get("/v1/alarms")["items"]
    assert alarm["kind"] == "statement_differs"
    assert alarm["facts"] == {"statement_ore": 100_700, "booked_ore": 100_000}
    detail = room.get(f"/v1/bank-days/{ACCOUNT}/{TODAY.isoformat()}")
    assert (detail["difference_ore"], detail["only_on_statement"]) == (700, [700])
    room.imported(ocr(pay(2, 700), transmission=2))
    assert [(d.count, d.sum_ore) for d in room.published(BankDayCompleted)] == [(2, 100_700)]
    assert room.get("/v1/alarms")["items"] == []


def gauge(room: Bankroom, line: str) -> float:
    """Return the value of one line of ``/metrics``, as the bank-days job left it."""
    room.job("bank-days")
    lines = room.client().get("/metrics").text.splitlines()
    return float(next(one for one in lines if one.startswith(f"inkasso_{line}")).rsplit(" ", 1)[1])


def test_a_difference_is_measured_until_it_is_explained(tmp_path: Path) -> None:
    room = by_statement(tmp_path)
    room.work()
    assert gauge(room, "bank_difference_ore") == 0
    room.imported(ocr(pay(1)))
    room.imported(camt053(entry(CamtTransaction(amount_ore=100_000)), entry(CamtTransaction(amount_ore=700), ref="B2")))
    assert gauge(room, "bank_difference_ore") == 700
    assert gauge(room, 'bank_alarms{kind="statement_differs"') == 1
    (day,) = [d for d in room.get("/v1/bank-days")["items"] if d["difference_ore"]]
    assert (day["account"], day["day"], day["difference_ore"], day["state"]) == (
        ACCOUNT,
        TODAY.isoformat(),
        700,
        "open",
    )
    room.imported(ocr(pay(2, 700), transmission=2))
    assert (gauge(room, "bank_difference_ore"), gauge(room, 'bank_alarms{kind="statement_differs"')) == (0, 0)


def test_a_complete_day_that_differs_is_measured_also_when_its_alarm_was_settled(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    close_bank_day(room.service, TODAY)
    room.imported(camt053(entry(CamtTransaction(amount_ore=99_000)), identity="8"))
    assert gauge(room, "bank_difference_ore") == 1_000
    (alarm,) = room.get("/v1/alarms")["items"]
    assert (alarm["account"], alarm["day"]) == (ACCOUNT, TODAY.isoformat())
    room.done(f"/v1/alarms/{alarm['alarm_id']}/settlement", role=Role.OPERATOR, who="otto")
    assert gauge(room, "bank_difference_ore") == 1_000
    assert gauge(room, 'bank_alarms{kind="statement_differs"') == 0


def test_a_message_marked_as_a_copy_adds_nothing(room: Bankroom) -> None:
    room.imported(camt054(entry(credit(1)), identity="1"))
    copied = room.imported(camt054(entry(credit(1)), identity="2", copy="DUPL"))
    assert copied["state"] == "accepted"
    assert [p["state"] for p in room.payments("duplicate")] == ["duplicate"]
    assert len(room.published(PaymentMatched)) == 1
