"""The bank takes money back, tells a thing twice, mixes channels: nothing is lost and nothing is booked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bankroom import TODAY, Bankroom, ocr, pay, registered

from payments_ingest.domain.identity import Register, Standing
from payments_ingest.domain.lines import Channel, Line, LineKind
from payments_ingest.formats import OcrPayment
from shared.events.payments import (
    BankDayCompleted,
    PaymentMatched,
    PaymentReversed,
    PaymentUnallocated,
    PaymentUnmatched,
)

TUESDAY = date(2026, 3, 3)
UNKNOWN_KID = "1234567897"


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    return room


def test_a_reversal_takes_its_payment_from_the_case(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2)))
    original = next(p for p in room.payments() if p["case_id"] == "case-1")
    room.clock.set(TUESDAY)
    file = room.imported(ocr(pay(1, type_code="18"), transmission=2, day=TUESDAY))
    assert (file["state"], file["amount_ore"]) == ("accepted", -100_000)
    (taken,) = room.published(PaymentReversed)
    assert (taken.payment_id, taken.case_id, taken.amount_ore) == (original["payment_id"], "case-1", 100_000)
    assert taken.reversed_on == TUESDAY
    event = room.events()[-1]
    assert event.envelope.aggregate == "case-1"
    assert event.envelope.extra["payment_id"] == taken.reversal_id
    assert event.envelope.extra["amount_ore"] == "-100000"
    assert {p["payment_id"]: p["state"] for p in room.payments()} == {
        original["payment_id"]: "reversed",
        taken.reversal_id: "reversal",
        **{p["payment_id"]: "matched" for p in room.payments("matched")},
    }
    both = room.get("/v1/payments", case_id="case-1")["items"]
    assert {p["payment_id"] for p in both} == {original["payment_id"], taken.reversal_id}


def test_a_reversal_in_the_same_file_finds_its_payment(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(1, type_code="18")))
    (taken,) = room.published(PaymentReversed)
    assert taken.case_id == "case-1"


def test_a_reversal_of_an_unmatched_payment_comes_off_suspense(room: Bankroom) -> None:
    unknown = OcrPayment(amount_ore=700, kid=UNKNOWN_KID)
    room.imported(ocr(unknown))
    room.imported(ocr(replace(unknown, type_code="18"), transmission=2))
    (waiting,) = room.published(PaymentUnmatched)
    (taken,) = room.published(PaymentReversed)
    assert (taken.payment_id, taken.case_id) == (waiting.payment_id, None)
    assert room.events()[-1].envelope.aggregate == waiting.payment_id
    room.feed(registered(9))
    assert room.published(PaymentMatched) == []


def test_two_reversals_take_back_two_payments(room: Bankroom) -> None:
    room.imported(ocr(pay(1, form_no="1"), pay(1, form_no="2")))
    room.imported(ocr(pay(1, type_code="18", form_no="1"), pay(1, type_code="18", form_no="2"), transmission=2))
    taken = room.published(PaymentReversed)
    assert len({t.payment_id for t in taken}) == 2
    assert {t.case_id for t in taken} == {"case-1"}


def test_a_reversal_of_a_split_payment_takes_each_part(room: Bankroom) -> None:
    unknown = OcrPayment(amount_ore=3_000, kid=UNKNOWN_KID)
    room.imported(ocr(unknown))
    (payment,) = room.payments()
    body = {"parts": [{"case_id": "case-1", "amount_ore": 1_000}, {"case_id": "case-2", "amount_ore": 2_000}]}
    room.done(f"/v1/payments/{payment['payment_id']}/allocation", body)
    room.imported(ocr(replace(unknown, type_code="18"), transmission=2))
    taken = room.published(PaymentReversed)
    assert sorted((t.case_id, t.amount_ore, t.bank_amount_ore) for t in taken) == [
        ("case-1", 1_000, 3_000),
        ("case-2", 2_000, 3_000),
    ]
    assert len({t.reversal_id for t in taken}) == 1


def test_a_reversal_nobody_knows_waits_until_a_person_says_whose_it_was(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    file = room.imported(ocr(OcrPayment(amount_ore=100_000, type_code="20", text="feil"), transmission=2))
    assert file["state"] == "partly_accepted"
    (reversal,) = room.payments("unmatched")
    assert (reversal["kind"], reversal["reason"]) == ("reversal", "unknown_payment")
    (taken,) = room.published(PaymentReversed)
    assert (taken.payment_id, taken.case_id) == (None, None)
    (original,) = room.payments("matched")
    path = f"/v1/payments/{reversal['payment_id']}/link"
    assert room.post(path, {"payment_id": "unknown"}).status_code == 404
    assert room.post(path, {"payment_id": reversal["payment_id"]}).status_code == 422
    linked = room.done(path, {"payment_id": original["payment_id"]})
    assert (linked["state"], linked["linked_to"]) == ("reversal", original["payment_id"])
    (off,) = room.published(PaymentUnallocated)
    assert (off.case_id, off.amount_ore, off.reason) == ("case-1", 100_000, "reversed")
    assert room.broken() == []


def test_a_redelivered_payment_is_held_and_not_counted_until_a_person_decides(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    file = room.imported(ocr(pay(1), transmission=2))
    assert (file["state"], file["queued"]) == ("partly_accepted", 1)
    (held,) = room.payments("possible_duplicate")
    assert held["reason_text"] == "Betalingen kan være meldt før"
    assert held["linked_to"] == room.payments("matched")[0]["payment_id"]
    assert len(room.published(PaymentMatched)) == 1
    answer = room.done(f"/v1/payments/{held['payment_id']}/decision", {"outcome": "duplicate"})
    assert answer["state"] == "duplicate"
    again = room.post(f"/v1/payments/{held['payment_id']}/decision", {"outcome": "separate"})
    assert again.status_code == 409


def test_a_held_payment_of_its_own_is_booked_and_its_day_published_again(room: Bankroom) -> None:
    from payments_ingest.app import close_bank_day

    room.imported(ocr(pay(1)))
    room.imported(ocr(pay(1), transmission=2))
    close_bank_day(room.service, TODAY)
    (held,) = room.payments("possible_duplicate")
    room.done(f"/v1/payments/{held['payment_id']}/decision", {"outcome": "separate"})
    assert [m.case_id for m in room.published(PaymentMatched)] == ["case-1", "case-1"]
    assert [(d.count, d.sum_ore) for d in room.published(BankDayCompleted)] == [(1, 100_000), (2, 200_000)]
    assert room.broken() == []


def test_twins_in_one_file_are_two_payments(room: Bankroom) -> None:
    room.imported(ocr(pay(1, 500), pay(1, 500)))
    assert len(room.published(PaymentMatched)) == 2


def line(at: int, channel: Channel = Channel.OCR, **changes: object) -> Line:
    values: dict[str, object] = {
        "payment_id": f"{channel}-{at}",
        "position": at,
        "channel": channel,
        "kind": LineKind.CREDIT,
        "account": "13150101837",
        "day": TODAY,
        "paid_on": TODAY,
        "amount_ore": 500,
        "kid": "1234567897",
        "message": "",
        "payer_name": None,
        "payer_account": None,
        "references": (),
        "flags": (),
        "manual": False,
        "archive_ref": None,
        "end_to_end_id": None,
        "type_code": "10",
        "bank_line": "1",
        "channel_key": f"{changes.get('day', TODAY)}-500",
        "fingerprint": f"{channel}-{at}",
        **changes,
    }
    return Line(**values)  # type: ignore[arg-type]


def booked(register: Register, *lines: Line, file: str = "f") -> list[Standing]:
    return [register.judge(one, f"{file}-{one.channel}").standing for one in lines]


@given(st.lists(st.sampled_from(list(Channel)), max_size=12))
def test_equal_payments_in_two_channels_book_as_many_as_the_channel_that_tells_most(order: list[Channel]) -> None:
    register = Register([])
    found = booked(register, *[line(at, channel) for at, channel in enumerate(order)])
    most = max((order.count(channel) for channel in Channel), default=0)
    assert found.count(Standing.BOOKED) == most
    assert found.count(Standing.LINKED) == len(order) - most


def test_each_line_links_to_another_payment() -> None:
    register = Register([])
    register.judge(line(1), "a")
    register.judge(line(2), "a")
    links = [register.judge(line(n, Channel.CAMT), "b").of for n in (3, 4)]
    assert links == ["ocr-1", "ocr-2"]


def test_the_same_kid_and_amount_near_in_the_other_channel_is_a_question() -> None:
    register = Register([])
    assert booked(register, line(1)) == [Standing.BOOKED]
    near = line(2, Channel.CAMT, day=date(2026, 3, 5))
    assert booked(register, near) == [Standing.POSSIBLE_DUPLICATE]
    far = line(3, Channel.CAMT, day=date(2026, 3, 6))
    assert booked(register, far) == [Standing.BOOKED]


def test_a_payment_already_linked_is_no_question_for_the_next_day() -> None:
    register = Register([])
    booked(register, line(1), line(2, day=TUESDAY))
    camt = [line(3, Channel.CAMT), line(4, Channel.CAMT, day=TUESDAY)]
    assert booked(register, *camt) == [Standing.LINKED, Standing.LINKED]


def test_the_nth_of_equal_lines_repeats_the_nth_of_the_other_file() -> None:
    register = Register([])
    twins = [line(n, fingerprint="same", channel_key=f"k{n}") for n in (1, 2)]
    assert booked(register, *twins, file="one") == [Standing.BOOKED] * 2
    again = [line(n, fingerprint="same", channel_key=f"k{n}") for n in (3, 4, 5)]
    assert booked(register, *again, file="two") == [Standing.POSSIBLE_DUPLICATE] * 2 + [Standing.BOOKED]


def test_a_line_the_bank_marks_as_a_copy_is_a_duplicate_at_once() -> None:
    register = Register([])
    booked(register, line(1, fingerprint="same"), file="one")
    copy = line(2, fingerprint="same", flags=("copy",))
    assert booked(register, copy, file="two") == [Standing.DUPLICATE]
