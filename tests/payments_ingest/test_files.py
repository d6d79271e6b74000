"""Bank files over HTTP: accepted, repeated, broken, held, and released in batches that a crash cannot tear."""

from __future__ import annotations

import gzip
import io
import zlib
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from support.bank_files import ACCOUNT, drop, edit
from support.bankroom import TODAY, Bankroom, claim_kid, ocr, pay, registered

from payments_ingest.formats import OcrPayment
from payments_ingest.tables.payments import PaymentRow
from shared.auth import Role
from shared.db import table_of
from shared.events.payments import PaymentMatched, PaymentUnmatched
from shared.migrate import at_head, differences


@pytest.fixture
def room(tmp_path: Path) -> Bankroom:
    return Bankroom(tmp_path)


def test_the_migrations_make_exactly_the_declared_tables(room: Bankroom) -> None:
    from payments_ingest.app import MIGRATIONS
    from payments_ingest.tables import Model

    assert at_head(room.service.db, MIGRATIONS)
    assert differences(room.service.db, Model.metadata) == []


def test_a_file_is_accepted_and_its_payments_are_matched_by_kid(room: Bankroom) -> None:
    room.feed(registered(1), registered(2))
    sent = room.send(ocr(pay(1), pay(2, 25_050)), name="../../etc/OCR 17.txt")
    assert sent["state"] == "processing"
    assert sent["name"] == "OCR_17.txt"
    room.work()
    file = room.file(sent["file_id"])
    assert file["state"] == "accepted"
    assert (file["format"], file["payment_count"], file["amount_ore"]) == ("ocr", 2, 125_050)
    assert file["progress"] == {"released": 2, "total": 2, "percent": 100}
    assert file["problems"] == []
    first, second = room.published(PaymentMatched)
    assert (first.case_id, first.claim_id, first.amount_ore, first.matched_by) == ("case-1", "claim-1", 100_000, "kid")
    assert (second.case_id, second.claim_id, second.amount_ore) == ("case-2", "claim-2", 25_050)
    assert first.day == first.paid_on == TODAY
    assert {p["state"] for p in room.payments()} == {"matched"}


def test_events_carry_what_a_bank_day_counts_as_headers(room: Bankroom) -> None:
    room.feed(registered(1))
    room.imported(ocr(pay(1)))
    (event,) = room.events()
    assert event.envelope.aggregate == "case-1"
    assert event.envelope.extra == {
        "payment_id": event.payload.payment_id,  # type: ignore[attr-defined]
        "account": ACCOUNT,
        "day": TODAY.isoformat(),
        "amount_ore": "100000",
    }


def test_a_case_kid_pays_the_case(room: Bankroom) -> None:
    from support.bankroom import case_kid

    room.feed(registered(1))
    room.imported(ocr(pay(1, kid=case_kid(1))))
    (matched,) = room.published(PaymentMatched)
    assert (matched.case_id, matched.claim_id) == ("case-1", None)


def test_multipart_and_gzip_are_taken_too(room: Bankroom) -> None:
    content = ocr(pay(1))
    answer = room.client(Role.BANK).post("/v1/files", files={"file": ("a.ocr", content)})
    assert answer.status_code == 202
    assert answer.json()["name"] == "a.ocr"
    again = room.send(content, zipped=True)
    assert (again["state"], again["duplicate_of"]) == ("duplicate", answer.json()["file_id"])
    two = room.client(Role.BANK).post("/v1/files", files=[("a", ("a", b"1")), ("b", ("b", b"2"))])
    assert two.status_code in (400, 422)


def test_the_same_bytes_twice_are_a_harmless_duplicate(room: Bankroom) -> None:
    room.feed(registered(1))
    content = ocr(pay(1))
    first = room.imported(content)
    second = room.imported(content)
    assert second["state"] == "duplicate"
    assert second["duplicate_of"] == first["file_id"]
    assert len(room.payments()) == 1
    assert len(room.published(PaymentMatched)) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"hello", "unknown_format"),
        (edit(ocr(pay(1), pay(2)), "88", 25, "00000000000000001"), "total_amount"),
        (edit(ocr(pay(1), pay(2)), "89", 9, "00000003"), "transaction_count"),
        (drop(ocr(pay(1), pay(2)), "30"), "item_missing"),
        (ocr(pay(1), pay(2))[:300], "missing_end"),
        (ocr(pay(1), account="86011117947"), "unknown_account"),
    ],
)
def test_a_file_that_does_not_add_up_is_refused_whole(room: Bankroom, content: bytes, code: str) -> None:
    room.feed(registered(1), registered(2))
    file = room.imported(content)
    assert file["state"] == "refused"
    assert code in {problem["code"] for problem in file["problems"]}
    assert room.payments() == []
    assert room.published() == []
    assert room.get("/v1/files", state="refused")["items"][0]["file_id"] == file["file_id"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xff\xfeN\x00Y\x00", "text in UTF-16"),
        (b"N\x00Y\x000\x00", "text in UTF-16"),
        (b"UNB+UNOC:3", "an EDIFACT message"),
        (b"<!DOCTYPE html><HTML>Kari Nordmann", "a web page"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.02">', "camt.052.001.02"),
        (b"Kari Nordmann;100", "something else"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name_and_not_quoted(room: Bankroom, content: bytes, what: str) -> None:
    (problem,) = room.imported(content)["problems"]
    assert (problem["code"], problem["got"]) == ("unknown_format", what)


def test_a_refused_file_may_come_again(room: Bankroom) -> None:
    content = ocr(pay(1), account="86011117947")
    assert room.imported(content)["state"] == "refused"
    room.feed(registered(1, account="86011117947"))  # now the account is ours
    assert room.imported(content)["state"] == "accepted"


def test_bytes_that_must_not_be_taken_in_are_refused_at_the_door(room: Bankroom) -> None:
    empty = room.send(b"")
    assert (empty["state"], empty["problems"][0]["code"]) == ("refused", "empty")
    nested = room.send(gzip.compress(ocr(pay(1))), zipped=True)
    assert nested["problems"][0]["code"] == "gzip_nested"
    broken = room.send(gzip.compress(ocr(pay(1)))[:-9])
    assert broken["problems"][0]["code"] == "gzip"
    rest = room.send(gzip.compress(ocr(pay(1))) + b"more")
    assert rest["problems"][0]["code"] == "gzip_rest"
    bomb = room.send(zlib.compress(b"0" * 30_000_000, 9, wbits=31))
    assert bomb["problems"][0]["code"] == "gzip_ratio"
    assert room.files_in("archive") == []


def test_a_file_over_the_limit_is_413(tmp_path: Path) -> None:
    room = Bankroom(tmp_path, options={"file_max_bytes": 1_000})
    client = room.client(Role.BANK)
    assert client.post("/v1/files", content=b"x" * 1_001).status_code == 413
    assert client.post("/v1/files", content=iter([b"x" * 600] * 2)).status_code == 413
    assert client.post("/v1/files", content=io.BytesIO(b"x" * 2_000_000)).status_code == 413
    assert room.files_in("archive") == []


def test_only_the_right_roles_send_and_read(room: Bankroom) -> None:
    for role, status in ((Role.DEBTOR, 403), (Role.AUDITOR, 403), (Role.CASEWORKER, 202)):
        answer = room.client(role, debtor_ref="x").post("/v1/files", content=ocr(pay(1)))
        assert answer.status_code == status
    assert room.client(Role.DEBTOR, debtor_ref="x").get("/v1/payments").status_code == 403
    assert room.client(Role.BANK).get("/v1/payments").status_code == 403
    assert room.client(Role.BANK).get("/v1/files/unknown").status_code == 404


def test_an_unknown_kid_waits_and_is_matched_in_the_batch_that_brings_it(room: Bankroom) -> None:
    file = room.imported(ocr(pay(1), pay(2)))
    assert file["state"] == "partly_accepted"
    assert file["queued"] == 2
    waiting = room.payments("unmatched")
    assert {p["reason"] for p in waiting} == {"unknown_kid"}
    assert waiting[0]["reason_text"] == "KID-en er ikke kjent"
    unmatched = room.published(PaymentUnmatched)
    assert [u.reason for u in unmatched] == ["unknown_kid"] * 2
    keys = {event.envelope.aggregate for event in room.events()}
    assert keys == {p["payment_id"] for p in waiting}
    room.feed(registered(1))
    (matched,) = room.published(PaymentMatched)
    assert (matched.matched_by, matched.case_id, matched.claim_id) == ("late_kid", "case-1", "claim-1")
    assert matched.payment_id == next(p["payment_id"] for p in waiting if p["kid"] == claim_kid(1))
    assert [p["case_id"] for p in room.payments("matched")] == ["case-1"]
    assert room.broken() == []


def test_releasing_in_batches_goes_on_after_a_crash_without_loss_or_repetition(tmp_path: Path) -> None:
    room = Bankroom(tmp_path, options={"release_batch": 3})
    room.feed(*[registered(n) for n in range(1, 11)])
    sent = room.send(ocr(*[pay(n, 1_000 + n) for n in range(1, 11)]))
    room.job("stage")
    room.crash()
    assert room.job("release") == 3
    assert room.file(sent["file_id"])["progress"]["percent"] == 30
    assert room.backlog()["bank_files"] == 1
    room.crash()
    assert room.job("release") == 3
    room.crash()
    room.work()
    assert room.file(sent["file_id"])["state"] == "accepted"
    matched = room.published(PaymentMatched)
    assert sorted(m.amount_ore for m in matched) == [1_000 + n for n in range(1, 11)]
    assert len({m.payment_id for m in matched}) == 10


def test_a_release_that_fails_within_a_batch_did_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from payments_ingest.usecases import release

    room = Bankroom(tmp_path, options={"release_batch": 2})
    room.feed(registered(1), registered(2), registered(3))
    room.send(ocr(pay(1), pay(2), pay(3)))
    room.job("stage")
    room.job("release")
    with monkeypatch.context() as patch:
        patch.setattr(release.files, "delete_staged", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            room.job("release")
    assert len(room.payments()) == 2
    room.work()
    assert len(room.published(PaymentMatched)) == 3


def test_staging_that_died_begins_anew(room: Bankroom) -> None:
    from payments_ingest.store import files

    sent = room.send(ocr(pay(1), pay(2)))
    with room.service.uow() as uow:
        files.stage(uow.tx, sent["file_id"], [(0, "payment", {"half": "read"}), (7, "payment", {"left": "over"})])
    room.work()
    assert room.file(sent["file_id"])["payment_count"] == 2
    assert len(room.payments()) == 2


def test_the_same_transmission_with_other_bytes_is_held_for_a_person(room: Bankroom) -> None:
    room.feed(registered(1), registered(2))
    first = room.imported(ocr(pay(1), transmission=5))
    held = room.imported(ocr(pay(1), pay(2), transmission=5))
    assert held["state"] == "held"
    assert held["problems"][0]["code"] == "transmission_known"
    assert first["file_id"] in held["problems"][0]["got"]
    assert len(room.payments()) == 1
    assert room.backlog() == {"bank_files": 0, "bank_inbox": 0}
    assert room.post(f"/v1/files/{first['file_id']}/decision", {"outcome": "release"}).status_code == 409
    room.done(f"/v1/files/{held['file_id']}/decision", {"outcome": "release"})
    room.work()
    assert room.file(held["file_id"])["state"] == "partly_accepted"
    assert sorted(p["state"] for p in room.payments()) == ["matched", "matched", "possible_duplicate"]


def test_a_held_file_can_be_refused(room: Bankroom) -> None:
    room.imported(ocr(pay(1), transmission=5))
    held = room.imported(ocr(pay(2), transmission=5))
    refused = room.done(f"/v1/files/{held['file_id']}/decision", {"outcome": "refuse"})
    assert refused["state"] == "refused"
    room.work()
    assert len(room.payments()) == 1


def test_a_file_our_reader_fails_on_keeps_no_other_waiting(room: Bankroom, monkeypatch: pytest.MonkeyPatch) -> None:
    from payments_ingest.jobs import staging

    room.feed(registered(1), registered(2))
    first = room.send(ocr(pay(1)))
    with monkeypatch.context() as patch:
        patch.setattr(staging, "read", lambda *_, **__: iter([1 / 0 for _ in "x"]))
        room.job("stage")
    held = room.file(first["file_id"])
    assert (held["state"], held["problems"][0]["code"]) == ("held", "reader_failed")
    assert room.imported(ocr(pay(2), transmission=2))["state"] == "accepted"
    room.done(f"/v1/files/{first['file_id']}/decision", {"outcome": "release"})
    room.work()
    assert room.file(first["file_id"])["state"] == "accepted"
    assert len(room.published(PaymentMatched)) == 2


def test_files_are_listed_newest_first_in_pages(room: Bankroom) -> None:
    ids = [room.send(ocr(pay(n), transmission=n))["file_id"] for n in range(1, 6)]
    first = room.get("/v1/files", limit=3)
    second = room.get("/v1/files", limit=3, after=first["next"])
    assert [f["file_id"] for f in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None


def test_national_ids_in_text_are_starred_out(room: Bankroom) -> None:
    room.imported(ocr(OcrPayment(amount_ore=5_000, type_code="21", text="fnr 01819012345 takk")))
    (payment,) = room.payments()
    assert payment["message"] == "fnr *********** takk"


def test_national_ids_in_text_are_not_even_stored(room: Bankroom) -> None:
    """Other numbers of eleven digits are: an invoice may have one, and only what is shown is masked more widely."""
    text = "fnr 218770 15014, 03847921160, faktura 12345678901"
    room.imported(ocr(OcrPayment(amount_ore=5_000, type_code="21", text=text[:40])))
    with room.service.db.read() as tx:
        (stored,) = tx.execute(select(table_of(PaymentRow).c.message)).scalars()
    assert stored == "fnr ***********, ***********, faktura 1"


def test_a_far_future_bank_day_is_not_closed_by_hand(room: Bankroom) -> None:
    answer = room.post(
        "/v1/bank-days/close",
        {"account": ACCOUNT, "day": date(2027, 1, 4).isoformat(), "reason": "prøver"},
        role=Role.OPERATOR,
    )
    assert answer.status_code == 422
