"""Messages and statements in several pages: each page is booked as it comes, balances are proved over all of them."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from support.bank_files import ACCOUNT, CREATED, booked
from support.bankroom import TODAY, Bankroom, claim_kid, ocr, pay, registered

from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt053, write_camt054
from shared.events.payments import BankDayCompleted, PaymentMatched

OTHER = "86011117947"
TOTAL = 100_000 + 700 + 30


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path, options={"bank_day_completion": "statement"})
    room.feed(registered(1), registered(2), registered(3))
    room.work()
    return room


def line(ore: int, ref: str) -> CamtEntry:
    return booked(CamtTransaction(amount_ore=ore), bank_ref=ref)


def statement(*entries: CamtEntry, page: tuple[int, bool], message_id: str = "M1", **changes: Any) -> bytes:
    """A page of the statement ``S1``: every page tells the balances of the whole, unless they are changed."""
    values = {"account": ACCOUNT, "identity": "S1", "opening_ore": 5, "closing_ore": 5 + TOTAL, "summary": False}
    account = CamtAccount(**{**values, "entries": entries, **changes})
    return write_camt053(account, created=CREATED, message_id=message_id, page=page)


def three_pages(*, one_message: bool, **last: Any) -> list[bytes]:
    """A statement of three pages; of one message id, or each with its own."""
    ids = ("M1", "M1", "M1") if one_message else ("M1", "M2", "M3")
    return [
        statement(line(100_000, "B1"), page=(1, False), message_id=ids[0]),
        statement(line(700, "B2"), page=(2, False), message_id=ids[1]),
        statement(line(30, "B3"), page=(3, True), message_id=ids[2], **last),
    ]


def completed(room: Bankroom) -> list[tuple[Any, int, int, str]]:
    return [(d.day, d.count, d.sum_ore, d.completed_by) for d in room.published(BankDayCompleted)]


def alarms(room: Bankroom) -> list[tuple[str, dict[str, Any]]]:
    return [(alarm["kind"], alarm["facts"]) for alarm in room.get("/v1/alarms")["items"]]


@pytest.mark.parametrize("one_message", [True, False])
@pytest.mark.parametrize("order", [*permutations(range(3))][::2])
def test_a_statement_completes_its_days_when_every_page_is_there(
    room: Bankroom, order: tuple[int, ...], one_message: bool
) -> None:
    room.imported(ocr(pay(1), pay(2, 700), pay(3, 30)))
    pages = three_pages(one_message=one_message)
    for place in order[:2]:
        assert room.imported(pages[place])["state"] == "accepted"
        assert completed(room) == []
    ((kind, facts),) = alarms(room)
    assert (kind, facts["pages"]) == ("page_missing", sorted(place + 1 for place in order[:2]))
    room.imported(pages[order[2]])
    assert completed(room) == [(TODAY, 3, TOTAL, "statement")]
    assert alarms(room) == []


def test_the_first_page_whose_balances_happen_to_agree_proves_nothing(room: Bankroom) -> None:
    room.imported(ocr(pay(1)))
    room.imported(statement(line(100_000, "B1"), page=(1, False), closing_ore=5 + 100_000))
    assert completed(room) == []
    day = room.get(f"/v1/bank-days/{ACCOUNT}/{TODAY.isoformat()}")
    assert (day["state"], day["statement_ore"], day["statement_lines"]) == ("open", None, [100_000])


def test_pages_that_come_together_alarm_nobody(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2, 700), pay(3, 30)))
    for page in three_pages(one_message=True):
        room.send(page)
    room.work()
    assert completed(room) == [(TODAY, 3, TOTAL, "statement")]
    assert room.get("/v1/alarms", state="settled")["items"] == []


def test_pages_that_do_not_give_the_closing_balance_are_an_alarm_and_complete_nothing(room: Bankroom) -> None:
    room.imported(ocr(pay(1), pay(2, 700), pay(3, 30)))
    for page in three_pages(one_message=True, closing_ore=9):
        room.imported(page)
    assert completed(room) == []
    assert alarms(room) == [("pages_differ", {"opening_ore": 5, "moved_ore": TOTAL, "closing_ore": 9})]


def test_a_message_may_carry_whole_statements_on_its_pages(room: Bankroom) -> None:
    """Then no statement has a page 1 of its own, and the pages of the message decide."""
    room.feed(registered(4, account=OTHER))
    room.imported(ocr(pay(1)))
    ours = {"identity": "S1", "closing_ore": 5 + 100_000}
    room.imported(statement(line(100_000, "B1"), page=(2, True), **ours))
    assert [kind for kind, _ in alarms(room)] == ["page_missing"]
    theirs = {"account": OTHER, "identity": "S2", "opening_ore": 0, "closing_ore": 0}
    room.imported(statement(page=(1, False), **theirs))
    assert completed(room) == [(TODAY, 1, 100_000, "statement")]
    assert alarms(room) == []


def test_a_statement_of_an_account_that_is_not_ours_is_no_alarm(room: Bankroom) -> None:
    room.imported(statement(page=(1, False), account=OTHER, identity="S2"))
    assert alarms(room) == []


def test_payments_on_a_page_are_booked_and_a_missing_page_is_an_alarm(room: Bankroom) -> None:
    def page(serial: int, number: int, *, last: bool) -> bytes:
        credit = CamtTransaction(amount_ore=100_000, parts=((claim_kid(serial), None),))
        account = CamtAccount(account=ACCOUNT, identity="N1", entries=(booked(credit, bank_ref=f"B{serial}"),))
        return write_camt054(account, created=CREATED, page=(number, last))

    first = room.imported(page(1, 1, last=False))
    assert (first["state"], [problem["code"] for problem in first["problems"]]) == ("accepted", ["page"])
    assert alarms(room) == [("page_missing", {"format": "camt.054", "pages": [1], "last": None})]
    room.imported(page(2, 3, last=True))
    assert alarms(room) == [("page_missing", {"format": "camt.054", "pages": [1, 3], "last": 3})]
    room.imported(page(3, 2, last=False))
    assert alarms(room) == []
    assert [event.case_id for event in room.published(PaymentMatched)] == ["case-1", "case-2", "case-3"]
