"""What the bank sent is deleted when its time is over, and not before: vouchers by years, the rest by days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.bank_files import booked, camt054
from support.bankroom import TODAY, Bankroom, ocr, pay, registered
from support.machine import HandMachine

from payments_ingest.domain.retention import retention
from payments_ingest.formats.camt_write import CamtTransaction
from shared.events.claims import PayoutReserved

PAYER = "86011117947"
LAST_DAY = date(2031, 12, 31)
"""Of keeping what came in 2026."""


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    room = Bankroom(tmp_path)
    room.feed(registered(1), registered(2))
    return room


def travel(room: Bankroom, day: date) -> None:
    room.clock.set(day)
    room.machine.at = datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)


def from_anne(room: Bankroom, serial: int = 1, **changes: Any) -> dict[str, Any]:
    """A matched payment with everything a bank tells of its payer; returns its file."""
    told = {"payer_name": "Anne Bakke", "payer_account": PAYER, "texts": ("for mai",)}
    values = {"amount_ore": 100_000, "parts": ((f"{pay(serial).kid}", None),), **told, **changes}
    credit = CamtTransaction(**values)
    return room.imported(camt054(booked(credit, bank_ref=f"A{serial}"), identity=f"N{serial}"))


def told(room: Bankroom, *states: str) -> list[tuple[Any, ...]]:
    return [(p["payer_name"], p["payer_account"], p["message"]) for p in room.payments(*states)]


def gauge(room: Bankroom, name: str) -> float:
    found = room.service.metrics.registry.get_sample_value(f"inkasso_{name}", {"service": "payments-ingest"})
    assert found is not None
    return float(found)


def test_vouchers_are_kept_to_the_end_of_the_year_five_years_on_and_then_forgotten(room: Bankroom) -> None:
    file = from_anne(room)
    travel(room, LAST_DAY)
    room.work()
    assert room.files_in("archive") == [file["sha256"]]
    assert told(room, "matched") == [("Anne Bakke", PAYER, "for mai")]
    travel(room, LAST_DAY + timedelta(days=1))
    room.work()
    assert room.files_in("archive") == []
    assert told(room, "matched") == [(None, None, "")]
    (payment,) = room.payments("matched")
    assert (payment["amount_ore"], payment["case_id"]) == (100_000, "case-1")
    assert room.file(file["file_id"])["state"] == "accepted"
    assert gauge(room, "bank_files_past_retention") == 0


def test_the_same_bytes_are_a_duplicate_also_after_they_were_forgotten(room: Bankroom) -> None:
    content = ocr(pay(1))
    first = room.imported(content)
    travel(room, date(2032, 1, 2))
    room.work()
    assert room.files_in("archive") == []
    again = room.imported(content)
    assert (again["state"], again["duplicate_of"]) == ("duplicate", first["file_id"])


def test_a_payment_that_waits_for_a_person_keeps_its_file_and_is_counted(room: Bankroom) -> None:
    file = from_anne(room, parts=(), texts=("hei",))
    travel(room, date(2032, 1, 2))
    room.work()
    assert room.files_in("archive") == [file["sha256"]]
    assert told(room, "unmatched") == [("Anne Bakke", PAYER, "hei")]
    assert gauge(room, "bank_files_past_retention") == 1
    (payment,) = room.payments("unmatched")
    parts = [{"case_id": "case-1", "amount_ore": 100_000}]
    room.done(f"/v1/payments/{payment['payment_id']}/allocation", {"parts": parts})
    room.work()
    assert (room.files_in("archive"), told(room, "matched")) == ([], [(None, None, "")])


def test_what_was_refused_is_kept_for_some_days_only(room: Bankroom) -> None:
    (room.inbox / "broken.txt").write_bytes(ocr(pay(1))[:-90])
    room.work()
    assert len(room.files_in("refused")) == 2
    travel(room, TODAY + timedelta(days=90))
    room.work()
    assert len(room.files_in("refused")) == 2
    travel(room, TODAY + timedelta(days=91))
    room.work()
    assert (room.files_in("refused"), room.files_in("archive")) == ([], [])


def test_bytes_that_another_file_needs_stay(room: Bankroom) -> None:
    content = ocr(pay(1, payer_account=PAYER), account="86011117947")
    assert room.imported(content)["state"] == "refused"  # not an account of ours yet
    room.feed(registered(3, account="86011117947"))
    accepted = room.imported(content)
    assert accepted["state"] == "accepted"
    travel(room, TODAY + timedelta(days=100))
    room.work()
    assert room.files_in("archive") == [accepted["sha256"]]


def test_receivers_payment_files_and_learned_accounts_go_too(room: Bankroom) -> None:
    from_anne(room, parts=(), texts=("hei",))
    (payment,) = room.payments("unmatched")
    refund = room.done(f"/v1/payments/{payment['payment_id']}/return", who="kari")
    room.done(f"/v1/refunds/{refund['refund_id']}/approval", who="per")
    room.feed(PayoutReserved(refund_id=refund["refund_id"], amount_ore=100_000))
    room.work()
    travel(room, date(2032, 1, 2))
    room.work()
    assert len(room.files_in("outbox")) == 1  # sent, and the bank has not answered: somebody has to ask
    debit = CamtTransaction(amount_ore=100_000, end_to_end_id=refund["refund_id"].replace("-", ""))
    room.imported(camt054(booked(debit, credit=False, bank_ref="D1"), identity="N9"))
    assert room.files_in("outbox") == []
    shown = room.get(f"/v1/refunds/{refund['refund_id']}")
    assert (shown["state"], shown["to_account"], shown["to_name"]) == ("settled", None, None)


def test_what_waits_for_a_person_is_counted(room: Bankroom) -> None:
    from_anne(room, parts=(), texts=("hei",))
    room.job("bank-days")
    (payment,) = room.payments("unmatched")
    body = {"assigned_to": "ola", "due_on": TODAY.isoformat()}
    room.done(f"/v1/payments/{payment['payment_id']}/assignment", body)
    room.clock.set(TODAY + timedelta(days=1))
    room.job("bank-days")
    sample = room.service.metrics.registry.get_sample_value
    labels = ("unmatched", "suggested", "overdue", "refund", "file")
    found = {w: sample("inkasso_bank_waiting", {"service": "payments-ingest", "what": w}) for w in labels}
    assert found == {"unmatched": 1, "suggested": 0, "overdue": 1, "refund": 0, "file": 0}


def test_a_clock_that_runs_ahead_alone_deletes_nothing(room: Bankroom) -> None:
    file = from_anne(room)
    room.clock.set(date(2040, 1, 2))
    room.work()
    assert room.files_in("archive") == [file["sha256"]]
    assert told(room, "matched")[0][0] == "Anne Bakke"


def test_bytes_that_are_gone_already_are_noted_as_forgotten(room: Bankroom) -> None:
    """As after a process that died between deleting the bytes and noting it."""
    file = from_anne(room)
    (room.folder / "bank" / "archive" / file["sha256"]).unlink()
    travel(room, date(2032, 1, 2))
    room.work()
    assert gauge(room, "bank_files_past_retention") == 0


def test_years_and_days_are_counted_in_oslo() -> None:
    old = retention(date(2032, 1, 1), voucher_years=5, rest_days=90)
    assert old.vouchers_before == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert old.rest_before == datetime(2031, 10, 2, 22, tzinfo=UTC)
    assert HandMachine().now() < old.vouchers_before
