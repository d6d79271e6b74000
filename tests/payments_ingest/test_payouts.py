"""Money that goes out: only what is reserved, in one file however often it is written, answered by the bank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from support.bank_files import ACCOUNT, booked, camt054
from support.bankroom import Bankroom, number, ocr, pay, registered

from payments_ingest.formats.camt_write import CamtTransaction
from shared.events.claims import PayoutReserved, PayoutTo, RefundProposed
from shared.events.payments import PayoutRejected, PayoutSettled
from shared.party import iban

PAYER = "86011117947"


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1))
    room.imported(ocr(pay(1, 150_000, payer_account=PAYER)))
    return room


def reserved(room: Bankroom, refund_id: str = "019b0000-0000-7000-8000-00000000000a", amount_ore: int = 50_000) -> str:
    """A refund of case-1 that two persons and the ledger agreed to."""
    (payment,) = room.payments("matched")
    room.feed(
        RefundProposed(
            refund_id=refund_id,
            case_id="case-1",
            payment_id=payment["payment_id"],
            amount_ore=amount_ore,
            proposed_on=room.clock.today(),
        )
    )
    for who in ("kari", "per"):
        room.done(f"/v1/refunds/{refund_id}/approval", who=who)
    room.feed(PayoutReserved(refund_id=refund_id, case_id="case-1", amount_ore=amount_ore))
    return refund_id


def state(room: Bankroom, refund_id: str) -> str:
    return str(room.get(f"/v1/refunds/{refund_id}")["state"])


def outbox(room: Bankroom) -> list[Path]:
    path = room.folder / "bank" / "outbox"
    return sorted(path.iterdir()) if path.exists() else []


def texts(file: Path, *names: str) -> dict[str, list[str]]:
    tree = etree.fromstring(file.read_bytes())
    return {name: [e.text or "" for e in tree.iter("{*}" + name)] for name in names}


def test_nothing_leaves_before_it_is_reserved(room: Bankroom) -> None:
    room.work()
    assert outbox(room) == []
    proposal = RefundProposed(refund_id="r", case_id="case-1", amount_ore=1, proposed_on=room.clock.today())
    room.feed(proposal)
    room.work()
    assert outbox(room) == []


def test_reserved_refunds_leave_in_one_file(room: Bankroom) -> None:
    first = reserved(room)
    second = reserved(room, "019b0000-0000-7000-8000-00000000000b", 7_000)
    room.work()
    (file,) = outbox(room)
    found = texts(file, "MsgId", "NbOfTxs", "InstdAmt", "EndToEndId", "Ustrd", "ReqdExctnDt", "Dt")
    assert found["MsgId"] == [file.stem]
    assert found["InstdAmt"] == ["500.00", "70.00"]
    assert found["EndToEndId"] == [first.replace("-", ""), second.replace("-", "")]
    assert found["Ustrd"] == [f"Tilbakebetaling sak {number(1)}"] * 2
    assert "2026-03-02" in found["Dt"]
    assert {state(room, first), state(room, second)} == {"sent"}
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("options", "namespace", "accounts", "schemes"),
    [
        ({}, "09", [ACCOUNT, PAYER], ["CUST", "BBAN", "BBAN"]),
        ({"payout_scheme": "BANK"}, "09", [ACCOUNT, PAYER], ["CUST", "BANK", "BANK"]),
        ({"payout_iban": True, "payout_version": "03"}, "03", [iban(ACCOUNT), iban(PAYER)], ["CUST"]),
    ],
)
def test_the_bank_gets_its_version_and_accounts_as_it_wants_them(
    tmp_path: Path, options: dict[str, Any], namespace: str, accounts: list[str], schemes: list[str]
) -> None:
    room = Bankroom(tmp_path, options=options)
    room.feed(registered(1))
    room.imported(ocr(pay(1, 150_000, payer_account=PAYER)))
    reserved(room)
    room.work()
    (file,) = outbox(room)
    message = etree.fromstring(file.read_bytes())
    assert message.tag.endswith(f"pain.001.001.{namespace}}}Document")
    found = [e.text for name in ("DbtrAcct", "CdtrAcct") for e in message.iterfind(f".//{{*}}{name}//") if e.text]
    assert [text for text in found if text in accounts] == accounts
    assert [e[0].text for e in message.iter("{*}SchmeNm")] == schemes


def test_a_crash_after_writing_writes_the_same_file_again(room: Bankroom) -> None:
    from payments_ingest.deps import deps_of
    from payments_ingest.jobs import payouts
    from payments_ingest.usecases.payouts import next_outgoing

    refund_id = reserved(room)
    assert room.job("payouts") == 1  # decided
    with room.service.db.read() as tx:
        outgoing = next_outgoing(tx, deps_of(room.service))
    assert outgoing is not None
    payouts._put(deps_of(room.service), outgoing)  # written, and here the process dies
    (before,) = [file.read_bytes() for file in outbox(room)]
    room.crash()
    assert state(room, refund_id) == "reserved"
    room.work()
    assert [file.read_bytes() for file in outbox(room)] == [before]
    assert state(room, refund_id) == "sent"


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("12345678901", "account-not-payable"),
        ("NO9986011117948", "account-not-payable"),
        ("SE4550000000058398257466", "bic-missing"),
    ],
)
def test_an_account_no_file_can_pay_to_is_refused_before_any_money_is_reserved(
    room: Bankroom, account: str, code: str
) -> None:
    credit = CamtTransaction(amount_ore=900, texts=("takk",), payer_account=account, payer_name="Ola Utland")
    room.imported(camt054(booked(credit, bank_ref="U1")))
    (payment,) = room.payments("unmatched", "suggested")
    refused = room.post(f"/v1/payments/{payment['payment_id']}/return")
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[1]) == (422, code)
    assert account not in refused.text
    assert room.get("/v1/refunds")["items"] == []
    assert [p["payment_id"] for p in room.payments("unmatched", "suggested")] == [payment["payment_id"]]


def test_a_norwegian_iban_is_paid_to(room: Bankroom) -> None:
    credit = CamtTransaction(amount_ore=900, texts=("takk",), payer_account=iban(PAYER), payer_name="Ola Norge")
    room.imported(camt054(booked(credit, bank_ref="U1")))
    (payment,) = room.payments("unmatched", "suggested")
    refund = room.done(f"/v1/payments/{payment['payment_id']}/return", who="kari")
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=900))
    sent(room, refund["refund_id"])


def test_a_proposal_to_an_account_no_file_can_pay_to_is_not_approved(room: Bankroom) -> None:
    room.imported(ocr(pay(1, 30_000, payer_account="12345678901"), transmission=2))
    (payment,) = (p for p in room.payments("matched") if p["amount_ore"] == 30_000)
    room.feed(
        RefundProposed(
            refund_id="refund-9",
            case_id="case-1",
            payment_id=payment["payment_id"],
            amount_ore=30_000,
            proposed_on=room.clock.today(),
        )
    )
    assert room.post("/v1/refunds/refund-9/approval").status_code == 422
    assert room.done("/v1/refunds/refund-9/withdrawal")["state"] == "withdrawn"


def test_a_refund_whose_receiver_was_erased_is_rejected_and_its_money_freed(room: Bankroom) -> None:
    refund_id = reserved(room)
    room.erase("debtor-1")
    room.work()
    assert outbox(room) == []
    assert state(room, refund_id) == "rejected"
    (event,) = room.published(PayoutRejected)
    assert (event.refund_id, event.reason) == (refund_id, "cannot_be_paid")


def answer(message_id: str, *, group: str = "", payment: tuple[str, str] | None = None) -> bytes:
    """Return a pain.002 that answers a file of ours, as a whole or for one payment."""
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    inside = ""
    if payment:
        reference, code = payment
        reason = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
        inside = (
            f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message_id}</OrgnlPmtInfId><TxInfAndSts>"
            f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{code}</TxSts>{reason}</TxInfAndSts></OrgnlPmtInfAndSts>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>A-{group or 'P'}</MsgId><CreDtTm>2026-03-02T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}"
        f"</OrgnlGrpInfAndSts>{inside}</CstmrPmtStsRpt></Document>"
    ).encode()


def sent(room: Bankroom, *refunds: str) -> str:
    room.work()
    (file,) = outbox(room)
    assert all(state(room, refund) == "sent" for refund in refunds)
    return file.stem


def test_the_bank_rejects_one_payout(room: Bankroom) -> None:
    first = reserved(room)
    second = reserved(room, "019b0000-0000-7000-8000-00000000000b", 7_000)
    message_id = sent(room, first, second)
    file = room.imported(answer(message_id, payment=(second.replace("-", ""), "RJCT")))
    assert (file["state"], file["format"], file["payment_count"]) == ("accepted", "pain.002", 0)
    assert (state(room, first), state(room, second)) == ("sent", "rejected")
    (event,) = room.published(PayoutRejected)
    assert (event.refund_id, event.case_id, event.amount_ore, event.reason) == (second, "case-1", 7_000, "AC04")
    room.imported(answer(message_id, payment=(second.replace("-", ""), "RJCT")) + b"\n")
    assert len(room.published(PayoutRejected)) == 1


def test_the_bank_rejects_a_whole_file(room: Bankroom) -> None:
    refund = reserved(room)
    message_id = sent(room, refund)
    room.imported(answer(message_id, group="ACCP"))
    assert state(room, refund) == "sent"
    room.imported(answer(message_id, group="RJCT"))
    assert state(room, refund) == "rejected"


def test_a_receipt_proves_nothing_and_the_debit_line_settles(room: Bankroom) -> None:
    refund = reserved(room)
    message_id = sent(room, refund)
    room.imported(answer(message_id, payment=(refund.replace("-", ""), "ACSC")))
    assert state(room, refund) == "sent"
    debit: dict[str, Any] = {"bank_ref": "D1", "credit": False}
    room.imported(camt054(booked(CamtTransaction(amount_ore=50_000, end_to_end_id=refund.replace("-", "")), **debit)))
    assert state(room, refund) == "settled"
    (event,) = room.published(PayoutSettled)
    assert (event.case_id, event.account, event.amount_ore) == ("case-1", ACCOUNT, 50_000)
    assert room.events()[-1].envelope.aggregate == "case-1"


def test_what_is_remitted_to_a_unit_leaves_without_a_proposal_and_is_settled(room: Bankroom) -> None:
    payout_id = "019b0000-0000-7000-8000-0000000000aa"
    to = PayoutTo(account=PAYER, name="Bydel Frogner", reference="2026-01 bydel-frogner")
    for _ in range(2):
        room.feed(PayoutReserved(refund_id=payout_id, amount_ore=75_000, to=to))
    assert room.parked() == []
    sent(room, payout_id)
    (file,) = outbox(room)
    found = texts(file, "InstdAmt", "Ustrd", "Nm")
    assert found["InstdAmt"] == ["750.00"]
    assert found["Ustrd"] == ["Avregning 2026-01 bydel-frogner"]
    assert "Bydel Frogner" in found["Nm"]
    debit = CamtTransaction(amount_ore=75_000, end_to_end_id=payout_id.replace("-", ""))
    room.imported(camt054(booked(debit, bank_ref="D2", credit=False)))
    (event,) = room.published(PayoutSettled)
    assert (event.refund_id, event.case_id, event.amount_ore) == (payout_id, None, 75_000)
    assert room.events()[-1].envelope.aggregate == payout_id
