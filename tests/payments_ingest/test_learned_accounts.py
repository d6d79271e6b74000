"""What an account that paid before tells: something while it pays to a few cases, nothing when it pays to many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.bankroom import Bankroom, ocr, pay, registered

from payments_ingest.formats import OcrPayment
from payments_ingest.store.known import ACCOUNT_CASES_MAX, ACCOUNTS

PAYER = "86011117947"


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(*[registered(serial) for serial in range(1, ACCOUNT_CASES_MAX + 10)])
    return room


def pays_to(room: Bankroom, cases: int, transmission: int = 1) -> None:
    """Let one account pay to the first of the cases, each its own sum."""
    lines = [pay(serial, 10_000 + serial, payer_account=PAYER) for serial in range(1, cases + 1)]
    room.imported(ocr(*lines, transmission=transmission))


def suggestions(room: Bankroom, transmission: int, **line: Any) -> list[str]:
    payment = OcrPayment(**{"amount_ore": 100_000, "kid": "7777777", "payer_account": PAYER, **line})
    file = room.imported(ocr(payment, transmission=transmission))
    (found,) = room.get("/v1/payments", file_id=file["file_id"])["items"]
    return sorted(one["case_id"] for one in found["suggestions"])


def learned(room: Bankroom) -> int:
    with room.service.db.read() as tx:
        return len(tx.execute(ACCOUNTS.select()).all())


def test_the_cases_of_an_account_that_pays_to_a_few_are_suggested(room: Bankroom) -> None:
    pays_to(room, 3)
    assert suggestions(room, 2) == ["case-1", "case-2", "case-3"]


def test_an_account_that_pays_to_many_cases_suggests_none_and_is_not_learned_further(room: Bankroom) -> None:
    pays_to(room, ACCOUNT_CASES_MAX + 5)
    assert learned(room) == ACCOUNT_CASES_MAX
    assert suggestions(room, 2) == []
    pays_to(room, ACCOUNT_CASES_MAX + 9, transmission=3)
    assert learned(room) == ACCOUNT_CASES_MAX


def test_an_account_whose_match_was_undone_may_be_learned_anew(room: Bankroom) -> None:
    pays_to(room, ACCOUNT_CASES_MAX)
    assert suggestions(room, 2) == []
    (payment,) = room.get("/v1/payments", case_id="case-1")["items"]
    room.done(f"/v1/payments/{payment['payment_id']}/undo")
    assert learned(room) == ACCOUNT_CASES_MAX - 1
