"""The same way of the bank's money on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.bank_files import ACCOUNT, booked, camt053, camt054
from support.bankroom import TODAY, Bankroom, claim_kid, number, ocr, party, pay, registered

from payments_ingest.app import MIGRATIONS, close_bank_day
from payments_ingest.formats import OcrPayment
from payments_ingest.formats.camt_write import CamtTransaction
from payments_ingest.tables import Model
from shared.auth import Role
from shared.events.claims import ClaimBalanceChanged, ClaimEnded, ClaimReopened
from shared.events.payments import (
    BankDayCompleted,
    PaymentMatched,
    PaymentReversed,
    PaymentUnallocated,
    PaymentUnmatched,
)
from shared.migrate import at_head, differences

PAYER = "86011117947"


@pytest.fixture
def room(tmp_path: Path, database_url: str | None) -> Bankroom:
    return Bankroom(tmp_path, url=database_url, options={"release_batch": 2})


def test_the_schema_is_what_the_tables_declare(room: Bankroom) -> None:
    assert differences(room.service.db, Model.metadata) == []
    assert at_head(room.service.db, MIGRATIONS)
    room.service.db.close()


def test_money_goes_its_way(room: Bankroom) -> None:
    room.feed(registered(1), registered(2), party(1, "Kari Nordmann"), party(2, "Ola Hansen"))
    room.feed(
        ClaimBalanceChanged(case_id="case-1", claim_id="claim-1", principal_left_ore=90_000, total_left_ore=91_000),
        ClaimEnded(case_id="case-2", claim_id="claim-2", ended_on=TODAY, reason="settled"),
    )
    room.feed(ClaimReopened(case_id="case-2", claim_id="claim-2", reopened_on=TODAY))
    text = OcrPayment(amount_ore=91_000, type_code="21", text=f"saksnr {number(1)}")
    later = OcrPayment(amount_ore=5_000, kid=claim_kid(9), payer_account=PAYER)
    assert room.imported(ocr(pay(1), pay(2, 700), text, later))["state"] == "partly_accepted"
    assert room.imported(ocr(pay(1), transmission=2))["queued"] == 1
    linked = camt054(booked(CamtTransaction(amount_ore=700, parts=((claim_kid(2), None),)), bank_ref="B2"))
    assert room.imported(linked)["linked"] == 1
    room.feed(registered(9))
    assert [m.matched_by for m in room.published(PaymentMatched)] == ["kid", "kid", "case_number", "late_kid"]
    assert len(room.published(PaymentUnmatched)) == 1
    room.imported(ocr(pay(2, 700, type_code="18"), transmission=3))
    assert len(room.published(PaymentReversed)) == 1
    assert close_bank_day(room.service, TODAY) == 1
    (day,) = room.published(BankDayCompleted)
    assert (day.count, day.sum_ore) == (5, 100_000 + 91_000 + 5_000)
    statement = booked(*[CamtTransaction(amount_ore=n) for n in (100_000, 91_000)], batch_count=2, bank_ref="S")
    assert room.imported(camt053(statement, identity="9"))["state"] == "accepted"
    assert [alarm["kind"] for alarm in room.get("/v1/alarms")["items"]] == ["statement_differs"]
    detail = room.get(f"/v1/bank-days/{ACCOUNT}/{TODAY.isoformat()}")
    assert detail["difference_ore"] == -5_000
    _by_hand(room)
    assert any(p["message"] for p in room.payments() if p["case_id"] == "case-1")
    room.erase("debtor-1")
    assert {p["message"] for p in room.payments() if p["case_id"] == "case-1"} == {""}
    assert room.broken() == []
    room.service.db.close()


def _by_hand(room: Bankroom) -> None:
    (held,) = room.payments("possible_duplicate")
    room.done(f"/v1/payments/{held['payment_id']}/decision", {"outcome": "separate"})
    assert [(d.count, d.sum_ore) for d in room.published(BankDayCompleted)][-1] == (6, 296_000)
    body = {"parts": [{"case_id": "case-2", "amount_ore": 100_000}]}
    asked = room.done(f"/v1/payments/{held['payment_id']}/allocation", body)
    room.done(f"/v1/payments/{held['payment_id']}/approvals/{asked['approval_id']}", {"outcome": "approved"}, who="per")
    assert [u.case_id for u in room.published(PaymentUnallocated)] == ["case-1"]
    room.done(f"/v1/payments/{held['payment_id']}/undo")
    pages = room.get("/v1/payments", limit=3)
    assert len(room.get("/v1/payments", limit=200, after=pages["next"])["items"]) == len(room.payments()) - 3
    closed = {"account": ACCOUNT, "day": date(2026, 2, 27).isoformat(), "reason": "ettersyn"}
    assert room.done("/v1/bank-days/close", closed, role=Role.OPERATOR)["state"] == "complete"
