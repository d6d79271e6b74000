"""Whose money goes where needs four eyes, also when a case already had a part of it; and whom a payment is given to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.bankroom import TODAY, Bankroom, ocr, registered

from payments_ingest.domain.moves import needs_second_person
from payments_ingest.formats import OcrPayment
from shared.events.payments import PaymentMatched

DEBTORS = {
    "a": frozenset({"anne"}),
    "a2": frozenset({"anne"}),
    "b": frozenset({"bernt"}),
    "ab": frozenset({"anne", "bernt"}),
}


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ({}, {"a": 100}, False),
        ({"a": 100}, {"a": 100}, False),
        ({"a": 100}, {"a2": 100}, False),
        ({"a": 100}, {"a": 50, "a2": 50}, False),
        ({"a": 100}, {"b": 100}, True),
        ({"a": 100}, {"a": 99, "b": 1}, True),
        ({"a": 60, "b": 40}, {"a": 100}, True),
        ({"a": 60, "b": 40}, {"b": 60, "a": 40}, True),
        ({"a": 60, "b": 40}, {"a2": 60, "b": 40}, False),
        ({"a": 100}, {"ab": 100}, False),
        ({"ab": 50, "b": 50}, {"ab": 100}, False),
        ({"a": 100}, {"unknown": 100}, True),
    ],
)
def test_money_that_leaves_a_debtor_for_another_needs_two(before: Any, after: Any, needed: bool) -> None:
    assert needs_second_person(before, after, DEBTORS) is needed


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    return room


def waiting(room: Bankroom) -> str:
    room.imported(ocr(OcrPayment(amount_ore=10_000, kid="", type_code="21", text="takk")))
    return str(room.payments("unmatched")[0]["payment_id"])


def allocate(room: Bankroom, payment_id: str, key: str, **parts: int) -> str:
    body = {"parts": [{"case_id": case.replace("_", "-"), "amount_ore": ore} for case, ore in parts.items()]}
    return str(room.done(f"/v1/payments/{payment_id}/allocation", body, key=key)["result"])


def test_one_person_cannot_gather_on_one_case_what_was_split_between_two_debtors(room: Bankroom) -> None:
    payment_id = waiting(room)
    assert allocate(room, payment_id, "k1", case_1=100, case_2=9_900) == "allocated"
    assert allocate(room, payment_id, "k2", case_1=10_000) == "awaiting_approval"
    assert [(e.case_id, e.amount_ore) for e in room.published(PaymentMatched)] == [("case-1", 100), ("case-2", 9_900)]
    room.done(f"/v1/payments/{payment_id}/undo")
    assert allocate(room, payment_id, "k3", case_1=10_000) == "awaiting_approval"


def test_a_payment_is_given_to_a_person_while_it_waits_and_not_for_yesterday(room: Bankroom) -> None:
    payment_id = waiting(room)
    path = f"/v1/payments/{payment_id}/assignment"
    refused = room.post(path, {"assigned_to": "ola", "due_on": "2026-03-01"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "due_on")
    room.done(path, {"assigned_to": "ola", "due_on": TODAY.isoformat()})
    listed = [room.get("/v1/payments", **q)["items"] for q in ({"assigned_to": "ola"}, {"due_by": TODAY.isoformat()})]
    assert [[p["payment_id"] for p in found] for found in listed] == [[payment_id], [payment_id]]
    assert room.get("/v1/payments", assigned_to="per")["items"] == []
    allocate(room, payment_id, "k1", case_1=10_000)
    assert room.post(path, {"assigned_to": "per"}).status_code == 409
