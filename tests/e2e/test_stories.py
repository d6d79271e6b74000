"""Whole lives of claims, told through HTTP and files only: what the demonstration shows, each story by itself."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from support.town import running

from inkasso.demo.persons import ANNE, BERNT, CAMILLA, DAVID, EVA
from inkasso.demo.town import Payment, Town
from payments_ingest.formats import OcrPayment, make_ocr_file

DUE = date(2025, 12, 20)
DAY = date(2026, 1, 14)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def kinds(town: Town, case_id: str) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["sent_on"], one["deadline"]) for one in town.letters(case_id)]


def lines(town: Town, case_id: str, kind: str) -> list[dict[str, Any]]:
    return [line for line in town.statement(case_id) if line["kind"] == kind]


def test_paid_on_the_varsel(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
        assert claim["balance_ore"] >= 3_250_00
        assert town.go_to(on(1, 15))["letters"] == 1
        (letter,) = town.letters(claim["case_id"])
        assert (letter["kind"], letter["sent_on"], letter["deadline"]) == ("inkassovarsel", "2026-01-15", "2026-01-29")
        balance = town.balance(claim["case_id"])
        assert balance["fees_ore"] == 38_00
        assert letter["amount_ore"] == balance["total_ore"]

        text = " ".join(PdfReader(BytesIO(town.document(letter["letter_id"]))).pages[0].extract_text().split())
        assert "Inkassovarsel" in text
        assert claim["kid"] in text.replace(" ", "")
        assert (tmp_path / "letters" / "2026-01-15" / f"{letter['letter_id']}.pdf").read_bytes().startswith(b"%PDF")

        town.go_to(on(1, 27))
        file = town.pay(Payment(kid=claim["kid"], amount_ore=letter["amount_ore"]))
        assert (file["state"], file["payment_count"], file["amount_ore"]) == ("accepted", 1, letter["amount_ore"])
        town.go_to(on(3, 2))
        ended = town.claim(claim["claim_id"])
        assert (ended["status"], ended["end_reason"]) == ("settled", "paid_as_demanded")
        assert ended["balance"]["total_ore"] == 0
        assert len(town.letters(claim["case_id"])) == 1


def test_paid_in_time_but_booked_late_costs_nothing_more(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("utdanningsetaten", BERNT, "after_school", 2_480_00, DUE, "F-1")
        town.go_to(on(2, 3))
        (letter,) = town.letters(claim["case_id"])
        town.pay(Payment(kid=claim["kid"], amount_ore=letter["amount_ore"], ordered_on=on(1, 29)))
        town.go_to(on(3, 2))
        assert kinds(town, claim["case_id"]) == [("inkassovarsel", "2026-01-15", "2026-01-29")]
        assert town.claim(claim["claim_id"])["end_reason"] == "paid_as_demanded"


def test_the_rest_of_a_part_payment_is_demanded(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("helseetaten", CAMILLA, "emergency_clinic", 1_890_00, DUE, "F-1")
        town.go_to(on(1, 27))
        town.pay(Payment(kid=claim["kid"], amount_ore=1_000_00))
        town.go_to(on(2, 4))
        first, second = town.letters(claim["case_id"])
        assert (second["kind"], second["sent_on"], second["deadline"]) == (
            "betalingsoppfordring",
            "2026-02-04",
            "2026-02-18",
        )
        balance = town.balance(claim["case_id"])
        assert second["amount_ore"] == balance["total_ore"]
        # The order of payment is fees, interest, principal: the varsel's fee is paid, the new one is owed.
        assert balance["fees_ore"] == 113_00
        assert first["amount_ore"] - 1_000_00 < second["amount_ore"] - 113_00 < first["amount_ore"] - 990_00
        town.go_to(on(2, 16))
        town.pay(Payment(kid=claim["kid"], amount_ore=second["amount_ore"]))
        town.go_to(on(3, 2))
        assert town.claim(claim["claim_id"])["end_reason"] == "paid_as_demanded"
        assert town.steps(claim["case_id"])["legal_steps"] == []


def test_two_claims_of_one_debtor_are_joined_at_the_demand(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        one = town.register("utdanningsetaten", DAVID, "after_school", 2_480_00, DUE, "F-1")
        town.go_to(on(1, 21))
        other = town.register("utdanningsetaten", DAVID, "after_school", 1_240_00, date(2025, 12, 30), "F-2")
        assert other["case_id"] == one["case_id"]
        town.go_to(on(2, 10))
        assert kinds(town, one["case_id"]) == [
            ("inkassovarsel", "2026-01-15", "2026-01-29"),
            ("inkassovarsel", "2026-01-22", "2026-02-05"),
        ]
        town.go_to(on(2, 11))
        demand = town.letters(one["case_id"])[-1]
        assert (demand["kind"], demand["sent_on"]) == ("betalingsoppfordring", "2026-02-11")
        assert town.balance(one["case_id"])["fees_ore"] == 2 * 38_00 + 113_00
        town.go_to(on(2, 23))
        town.pay(Payment(kid=town.case(one["case_id"])["kid"], amount_ore=demand["amount_ore"]))
        town.go_to(on(3, 9))
        for claim in (one, other):
            assert town.claim(claim["claim_id"])["end_reason"] == "paid_as_demanded"


def test_the_golden_ladder_of_a_claim_that_is_never_paid(tmp_path: Path) -> None:
    with running(tmp_path, on(1, 16)) as town:
        claim = town.register("deichman", EVA, "library_replacement", 1_200_00, on(1, 15), "F-1", invoice_date=on(1, 1))
        town.go_to(on(3, 9))
        assert kinds(town, claim["case_id"]) == [
            ("inkassovarsel", "2026-01-29", "2026-02-12"),
            ("betalingsoppfordring", "2026-02-18", "2026-03-04"),
        ]
        assert town.steps(claim["case_id"])["legal_steps"] == []
        town.go_to(on(3, 10))
        (step,) = town.steps(claim["case_id"])["legal_steps"]
        assert step["state"] == "proposed"
        fees = lines(town, claim["case_id"], "fee")
        assert [(line["value_date"], line["amount_ore"]) for line in fees] == [
            ("2026-01-29", 38_00),
            ("2026-02-18", 113_00),
        ]
        assert all(line["explanation"]["reference"] for line in fees)
        # What waits for a person does not move by itself.
        town.go_to(on(4, 10))
        assert [one["state"] for one in town.steps(claim["case_id"])["legal_steps"]] == ["proposed"]
        assert len(town.letters(claim["case_id"])) == 2


def test_a_file_that_is_dropped_in_the_inbox_is_taken_by_the_next_move(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
        town.go_to(on(1, 27))
        (letter,) = town.letters(claim["case_id"])
        payment = OcrPayment(amount_ore=letter["amount_ore"], kid=claim["kid"])
        draft = tmp_path / "ocr.txt"
        draft.write_bytes(make_ocr_file("13150101837", [payment], 1, on(1, 27)))
        draft.rename(tmp_path / "bank" / "inbox" / "ocr.txt")
        assert town.go_to(on(1, 28))["payments"] == 1
        assert town.claim(claim["claim_id"])["end_reason"] == "paid_as_demanded"
        assert not list((tmp_path / "bank" / "inbox").iterdir())
