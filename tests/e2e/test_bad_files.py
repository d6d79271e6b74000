"""Bank files, references and letters that are not right: refused or kept, and nothing half-done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.street import CLAIMS, CLOCK, TODAY, Street, claim, debtor, is_problem, street_in

from inkasso.demo.persons import ANNE, BERNT
from payments_ingest.formats import OcrPayment, make_ocr_file
from shared.auth import Role
from shared.kid import KidKind, make_case_number, make_kid

OUR_ACCOUNT = "13150101837"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street_in(tmp_path_factory.mktemp("busy")) as found:
        yield found
        found.nothing_waits()
        assert found.money()["difference_ore"] == 0


def test_the_same_reference_is_the_same_claim_or_a_conflict(busy: Street) -> None:
    sent = claim(external_ref="twice")
    first = busy.hand_over(sent)
    assert first.status_code == 201
    assert busy.hand_over(sent).text == first.text
    is_problem(busy.hand_over({**sent, "principal_ore": 5}), 409, "external-ref-used")
    is_problem(busy.hand_over(sent, **{"Idempotency-Key": ""}), 400, "idempotency-key-missing")
    once = {"Idempotency-Key": "mine"}
    assert busy.hand_over(claim(external_ref="three"), **once).status_code == 201
    is_problem(busy.hand_over(claim(external_ref="four"), **once), 422, "idempotency-key-reused")
    held = busy.http.get(CLAIMS, params={"external_ref": "twice"}, headers=busy.agency()).json()["items"]
    assert [one["principal_ore"] for one in held] == [sent["principal_ore"]]


def test_once_there_are_claims_the_date_goes_forward_only(busy: Street) -> None:
    assert busy.hand_over(claim(external_ref="dated")).status_code == 201
    is_problem(busy.http.post(CLOCK, json={"date": "2026-01-13"}, headers=busy.agency()), 409, "clock-backwards")
    is_problem(busy.http.post(CLOCK, json={"date": "2028-01-13"}, headers=busy.agency()), 409, "clock-too-far")
    assert busy.town.today() == TODAY


def ocr(number: int, kid: str, ore: int = 10_000, account: str = OUR_ACCOUNT) -> bytes:
    return make_ocr_file(account, [OcrPayment(amount_ore=ore, kid=kid)], number, TODAY)


def spoilt(content: bytes) -> dict[str, tuple[bytes, str]]:
    """Return what can be wrong with a good file, each with the code of what is wrong."""
    lines = content.decode().splitlines()
    other_sum = [*lines[:-1], lines[-1][:32] + "00010001" + lines[-1][40:]]
    return {
        "empty": (b"", "empty"),
        "nothing": (b"\0" * 500, "unknown_format"),
        "text": (b"hello " * 100, "unknown_format"),
        "cut": ("\n".join(lines[:-1]).encode(), "missing_end"),
        "torn": (content[:-40], "record_length"),
        "sum": ("\n".join(other_sum).encode(), "total_amount"),
        "entity": (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02">&x;</Document>',
            "document_type",
        ),
        "gzip": (b"\x1f\x8b\x08junk", "gzip"),
        "foreign": (ocr(77, make_kid(KidKind.CLAIM, make_case_number(2026, 1), 1), account="86011117947"), "account"),
    }


def test_a_bank_file_that_is_not_right_is_refused_whole(busy: Street) -> None:
    owed = busy.hand_over(claim(BERNT, external_ref="owed")).json()
    before, balance = busy.money(), busy.town.balance(owed["case_id"])["total_ore"]
    for content, code in spoilt(ocr(40, owed["kid"])).values():
        file = busy.deliver(content)
        assert (file["state"], file["payment_count"]) == ("refused", 0)
        assert any(code in problem["code"] for problem in file["problems"]), file["problems"]
        assert all(p["where"] and p["expected"] and p["got"] for p in file["problems"])
    inbox = busy.folder / "bank" / "inbox"
    for name, (content, _code) in spoilt(ocr(41, owed["kid"])).items():
        draft = busy.folder / name
        draft.write_bytes(content + b"\n" if content else b"")
        draft.rename(inbox / f"{name}.ocr")
    busy.town.settle()
    assert list(inbox.iterdir()) == []
    aside = {path.name.split("-")[-1] for path in (busy.folder / "bank" / "refused").iterdir()}
    assert {f"{name}.ocr" for name in spoilt(b"NY")} <= aside
    assert {f"{name}.ocr.problems.json" for name in spoilt(b"NY")} <= aside
    assert busy.money() == before
    assert busy.town.balance(owed["case_id"])["total_ore"] == balance
    assert busy.unmatched() == []
    busy.nothing_waits()


def test_the_same_bank_file_twice_is_booked_once(busy: Street) -> None:
    owed = busy.hand_over(claim(BERNT, external_ref="paid")).json()
    content = ocr(50, owed["kid"])
    before = busy.money()["bank_ore"]
    assert busy.deliver(content)["state"] == "accepted"
    assert busy.deliver(content)["state"] == "duplicate"
    draft = busy.folder / "again"
    draft.write_bytes(content)
    draft.rename(busy.folder / "bank" / "inbox" / "again.ocr")
    busy.town.settle()
    assert busy.money()["bank_ore"] == before + 10_000
    assert busy.money()["difference_ore"] == 0


def test_money_on_an_unknown_kid_waits_until_the_kid_appears(busy: Street) -> None:
    last = busy.hand_over(claim(ANNE, external_ref="before")).json()
    serial = max(int(case["case_number"][2:9]) for case in _cases(busy)) + 1
    kid = make_kid(KidKind.CLAIM, make_case_number(2026, serial), 1)
    assert busy.deliver(ocr(60, kid, 5_000))["queued"] == 1
    (waiting,) = busy.unmatched()
    assert (waiting["kid"], waiting["amount_ore"], waiting["case_id"]) == (kid, 5_000, None)
    assert busy.money()["suspense_ore"] == 5_000
    unit = {"creditor_unit": "utdanningsetaten", "claim_type": "after_school"}
    told = busy.hand_over(claim(ANNE, external_ref="late", **unit), busy.agency("utdanningsetaten")).json()
    assert told["kid"] == kid
    busy.town.settle()
    assert busy.unmatched() == []
    assert busy.money()["suspense_ore"] == 0
    paid = [-line["amount_ore"] for line in busy.town.statement(told["case_id"]) if line["kind"] == "payment"]
    assert paid == [5_000]
    assert last["case_id"] != told["case_id"]


def _cases(busy: Street) -> list[Any]:
    return list(busy.town.server.items("/claims-api/v1/cases", role=Role.AUDITOR))


def test_a_letter_that_cannot_be_made_costs_nothing_and_waits_for_a_person(tmp_path: Path) -> None:
    """No font has this sign: the letter fails, its demand is taken back, and no fee is booked."""
    with street_in(tmp_path) as street:
        odd = debtor(name="Grete \N{EGYPTIAN HIEROGLYPH A001}")
        told = street.hand_over(claim(debtor=odd)).json()
        street.town.go_to(TODAY + timedelta(days=3))
        (letter,) = street.town.letters(told["case_id"])
        assert (letter["state"], letter["sent_on"]) == ("failed", None)
        assert street.town.balance(told["case_id"])["fees_ore"] == 0
        assert street.town.steps(told["case_id"])["next"]["owner"] == "caseworker"
        assert not list((tmp_path / "letters").rglob(f"{letter['letter_id']}*"))
        street.nothing_waits()
        assert street.money()["difference_ore"] == 0
