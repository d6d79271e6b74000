"""Refunds the bank named no good account for: a person names the receiver, another approves, and nothing is stuck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from support.bank_files import booked, camt054
from support.bankroom import Bankroom, ocr, pay, registered

from payments_ingest.formats.camt_write import CamtTransaction
from payments_ingest.formats.pain002_write import Answer, write_pain002
from shared.events.claims import PayoutRefused, PayoutReserved, RefundProposed
from shared.events.payments import RefundApproved

ABROAD, BIC = "SE4550000000058398257466", "ESSESESS"
RECEIVER = {"account": ABROAD, "bic": BIC, "name": "Ola Utland"}
NORWEGIAN = {"account": "8601 11 17947", "name": "Ola Norge"}


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1))
    return room


def from_abroad(room: Bankroom, version: str = "08", **changes: Any) -> str:
    """A payment that waits, from an account abroad; returns its id."""
    values = {"amount_ore": 900, "texts": ("takk",), "payer_account": ABROAD, "payer_name": "Ola Utland", **changes}
    room.imported(camt054(booked(CamtTransaction(**values), bank_ref="U1"), version=version))
    (payment,) = room.payments("unmatched", "suggested")
    return str(payment["payment_id"])


def proposed(room: Bankroom, refund_id: str = "019b0000-0000-7000-8000-00000000000a", **payer: str) -> str:
    """A refund that claims-api proposes, of a payment the bank named no account for unless it is given."""
    room.imported(ocr(pay(1, 150_000, **payer)))
    (payment,) = room.payments("matched")
    values = {"case_id": "case-1", "payment_id": payment["payment_id"], "amount_ore": 50_000}
    room.feed(RefundProposed(refund_id=refund_id, proposed_on=room.clock.today(), **values))
    return refund_id


def shown(room: Bankroom, refund_id: str) -> dict[str, Any]:
    return dict(room.get(f"/v1/refunds/{refund_id}"))


def outbox(room: Bankroom) -> list[Any]:
    path = room.folder / "bank" / "outbox"
    files = sorted(path.iterdir()) if path.exists() else []
    return [etree.fromstring(file.read_bytes()) for file in files]


def text(message: Any, name: str) -> list[str]:
    return [element.text or "" for element in message.iter("{*}" + name)]


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_payment_from_abroad_goes_back_to_the_bank_its_file_named(room: Bankroom, version: str) -> None:
    payment_id = from_abroad(room, version, payer_bic=BIC)
    refund = room.done(f"/v1/payments/{payment_id}/return", who="kari")
    assert (refund["to_account"], refund["to_bic"], refund["blocked_by"]) == (ABROAD, BIC, None)
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=900))
    room.work()
    (message,) = outbox(room)
    assert text(message, "IBAN") == [ABROAD]
    assert text(message, "BICFI")[1:] == [BIC]
    assert (text(message, "ChrgBr"), text(message, "Ctry")[1:]) == (["SHAR"], ["SE"])


def test_without_the_bank_it_is_refused_until_a_person_names_it(room: Bankroom) -> None:
    payment_id = from_abroad(room)
    refused = room.post(f"/v1/payments/{payment_id}/return")
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[1]) == (422, "bic-missing")
    assert [p["payment_id"] for p in room.payments("unmatched")] == [payment_id]
    refund = room.done(f"/v1/payments/{payment_id}/return", {"receiver": RECEIVER}, key="again")
    assert (refund["receiver_by"], refund["to_bic"]) == ("kari", BIC)


def test_what_the_system_proposes_without_an_account_says_so_and_waits_for_a_receiver(room: Bankroom) -> None:
    refund_id = proposed(room)
    found = shown(room, refund_id)
    assert (found["state"], found["blocked_by"]) == ("proposed", "no_account")
    assert found["blocked_text"].startswith("Banken har ikke oppgitt")
    assert room.post(f"/v1/refunds/{refund_id}/approval").json()["type"].endswith("no-account")
    named = room.done(f"/v1/refunds/{refund_id}/receiver", NORWEGIAN, who="kari")
    assert (named["to_account"], named["blocked_by"], named["approvals"]) == ("86011117947", None, 1)
    assert room.post(f"/v1/refunds/{refund_id}/approval", who="kari").status_code == 403
    assert room.done(f"/v1/refunds/{refund_id}/approval", who="per")["state"] == "approved"
    assert len(room.published(RefundApproved)) == 1


def test_another_receiver_needs_another_pair_of_eyes_than_the_one_that_named_it(room: Bankroom) -> None:
    refund_id = proposed(room, payer_account="86011117947")
    room.done(f"/v1/refunds/{refund_id}/approval", who="kari")
    room.done(f"/v1/refunds/{refund_id}/receiver", RECEIVER, who="per")
    assert room.post(f"/v1/refunds/{refund_id}/approval", who="per").status_code == 403
    assert room.done(f"/v1/refunds/{refund_id}/approval", who="kari")["state"] == "approved"
    assert room.post(f"/v1/refunds/{refund_id}/receiver", NORWEGIAN, who="ola").status_code == 409


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": "86011117946"}, "account-not-payable"),
        ({"account": "SE4550000000058398257467"}, "account-not-payable"),
        ({"bic": None}, "bic-missing"),
        ({"bic": "SWEDBANK1"}, "bic-missing"),
        ({"name": ""}, "validation"),
    ],
)
def test_a_receiver_no_file_can_pay_to_is_refused(room: Bankroom, changes: dict[str, Any], code: str) -> None:
    refund_id = proposed(room)
    refused = room.post(f"/v1/refunds/{refund_id}/receiver", {**RECEIVER, **changes})
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[1]) == (422, code)
    assert RECEIVER["account"] not in refused.text
    assert shown(room, refund_id)["to_account"] is None


def test_what_the_bank_rejected_is_tried_again_under_an_id_of_its_own_once(room: Bankroom) -> None:
    refund_id = proposed(room, payer_account="86011117947")
    for who in ("kari", "per"):
        room.done(f"/v1/refunds/{refund_id}/approval", who=who)
    assert room.post(f"/v1/refunds/{refund_id}/again").status_code == 409
    room.feed(PayoutReserved(refund_id=refund_id, case_id="case-1", amount_ore=50_000))
    room.work()
    answer = Answer(end_to_end_id=refund_id.replace("-", ""), status="RJCT", reasons=("AC04",))
    room.imported(write_pain002(text(outbox(room)[0], "MsgId")[0], [answer], created=room.clock.now()))
    assert (shown(room, refund_id)["state"], shown(room, refund_id)["reason"]) == ("rejected", "AC04")
    again = room.done(f"/v1/refunds/{refund_id}/again", {"receiver": RECEIVER}, who="kari", key="k2")
    assert (again["again_of"], again["amount_ore"], again["to_account"]) == (refund_id, 50_000, ABROAD)
    assert room.post(f"/v1/refunds/{refund_id}/again", key="k3").json()["type"].endswith("tried-again")
    room.done(f"/v1/refunds/{again['refund_id']}/approval", who="per")
    assert [event.replaces for event in room.published(RefundApproved)] == [None, refund_id]
    room.feed(PayoutReserved(refund_id=again["refund_id"], case_id="case-1", amount_ore=50_000))
    room.work()
    assert len({text(message, "MsgId")[0] for message in outbox(room)}) == 2


@pytest.mark.parametrize("end", ["withdrawn", "refused"])
def test_what_was_withdrawn_or_refused_can_be_tried_again(room: Bankroom, end: str) -> None:
    refund_id = proposed(room, payer_account="86011117947")
    if end == "withdrawn":
        room.done(f"/v1/refunds/{refund_id}/withdrawal")
    else:
        for who in ("kari", "per"):
            room.done(f"/v1/refunds/{refund_id}/approval", who=who)
        room.feed(PayoutRefused(refund_id=refund_id, case_id="case-1", reason="not_enough"))
    assert shown(room, refund_id)["state"] == end
    again = room.done(f"/v1/refunds/{refund_id}/again", who="ola", key="k2")
    assert (again["state"], again["to_account"], again["approvals"]) == ("proposed", "86011117947", 1)


def test_a_return_that_came_to_nothing_is_in_the_queue_and_not_tried_again_here(room: Bankroom) -> None:
    payment_id = from_abroad(room, payer_bic=BIC)
    refund = room.done(f"/v1/payments/{payment_id}/return", who="kari")
    room.done(f"/v1/refunds/{refund['refund_id']}/withdrawal")
    assert room.post(f"/v1/refunds/{refund['refund_id']}/again").status_code == 409
    assert [p["payment_id"] for p in room.payments("unmatched")] == [payment_id]
