"""What the bank does to cases, through HTTP and files only: money moved, paid twice, taken back, sent back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from support.town import running

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.client import Refused
from inkasso.demo.persons import ANNE, BERNT, CAMILLA, DAVID, EVA
from inkasso.demo.town import Payment, Town
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt054
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from payments_ingest.formats.pain002_write import Answer, write_pain002
from shared.auth import Role

DUE = date(2025, 12, 20)
PAYER = "86011117947"


def clerk(town: Town, path: str, body: Any = None, who: str = "kari") -> Any:
    return town.server.post(f"/payments-ingest/v1{path}", body, role=Role.CASEWORKER, name=who)


def queue(town: Town, **query: str) -> list[Any]:
    return list(town.server.items("/payments-ingest/v1/payments", role=Role.CASEWORKER, name="kari", **query))


def total(town: Town, case_id: str) -> int:
    return int(town.balance(case_id)["total_ore"])


def assert_proved(town: Town) -> None:
    """Nothing is parked anywhere, and the bank's money is the ledger's."""
    for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
        assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
    assert town.server.get("/claims-api/v1/audit/unbooked-bank-days", role=Role.AUDITOR)["items"] == []
    proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
    days = list(town.server.items("/payments-ingest/v1/bank-days", role=Role.AUDITOR))
    out = sum(
        r["amount_ore"]
        for r in town.server.items("/payments-ingest/v1/refunds", role=Role.AUDITOR)
        if r["state"] == "settled"
    )
    assert proof["bank_ore"] == sum(day["sum_ore"] for day in days) - out


def test_money_for_other_cases_is_moved_with_four_eyes(tmp_path: Path) -> None:
    """Several payments, so that of some the new case hears before the old one: events of two keys have no order."""
    with running(tmp_path) as town:
        people = (ANNE, BERNT, CAMILLA, DAVID, EVA)
        cases = [
            town.register("bydel-frogner", person, "kindergarten", 3_000_00, DUE, f"F-{n}")
            for n, person in enumerate(people)
        ]
        town.pay(*[Payment(kid=cases[0]["kid"], amount_ore=500_00 + n) for n in range(4)])
        town.settle()
        before = [total(town, case["case_id"]) for case in cases]
        moved = queue(town, state="matched")
        for payment, case in zip(moved, cases[1:], strict=True):
            body = {"parts": [{"case_id": case["case_id"], "amount_ore": payment["amount_ore"]}]}
            asked = clerk(town, f"/payments/{payment['payment_id']}/allocation", body)
            assert asked["result"] == "awaiting_approval"
            path = f"/payments/{payment['payment_id']}/approvals/{asked['approval_id']}"
            clerk(town, path, {"outcome": "approved"}, "per")
        town.settle()
        after = [total(town, case["case_id"]) for case in cases]
        amounts = [payment["amount_ore"] for payment in moved]
        assert after == [before[0] + sum(amounts), *(owed - ore for owed, ore in zip(before[1:], amounts, strict=True))]
        town.go_to(date(2026, 1, 16))
        assert_proved(town)


def test_a_payment_whose_kid_comes_later_and_is_reversed_after(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        first = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
        town.pay(Payment(kid=first["kid"], amount_ore=500_00))
        town.settle()
        open_before = total(town, first["case_id"])
        day = town.today()
        back = make_ocr_file(OUR_ACCOUNT, [OcrPayment(amount_ore=500_00, kid=first["kid"], type_code="18")], 77, day)
        deliver(town.server, back, "back.txt")
        town.settle()
        assert total(town, first["case_id"]) == open_before + 500_00
        town.go_to(date(2026, 1, 16))
        assert_proved(town)


def test_what_was_paid_too_much_goes_back_to_the_account_it_came_from(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 1_000_00, DUE, "F-1")
        owed = total(town, claim["case_id"])
        payment = OcrPayment(amount_ore=owed + 300_00, kid=claim["kid"], payer_account=PAYER)
        deliver(town.server, make_ocr_file(OUR_ACCOUNT, [payment], 5, town.today()), "double.txt")
        town.go_to(date(2026, 1, 15))
        (refund,) = town.server.items("/payments-ingest/v1/refunds", role=Role.CASEWORKER, name="kari")
        assert (refund["state"], refund["case_id"], refund["to_account"]) == ("proposed", claim["case_id"], PAYER)
        assert refund["amount_ore"] == 300_00
        clerk(town, f"/refunds/{refund['refund_id']}/approval")
        with pytest.raises(Refused) as refused:
            clerk(town, f"/refunds/{refund['refund_id']}/approval")
        assert refused.value.status == 403
        clerk(town, f"/refunds/{refund['refund_id']}/approval", who="per")
        town.settle()
        (order,) = (tmp_path / "bank" / "outbox").iterdir()
        assert b'<InstdAmt Ccy="NOK">300.00</InstdAmt>' in order.read_bytes()
        debit = CamtEntry(
            booked_on=town.today(),
            bank_ref="D1",
            credit=False,
            transactions=(CamtTransaction(amount_ore=300_00, end_to_end_id=refund["refund_id"].replace("-", "")),),
        )
        content = write_camt054(
            CamtAccount(account=OUR_ACCOUNT, entries=(debit,)), created=datetime.fromisoformat("2026-01-15T18:00:00")
        )
        deliver(town.server, content, "debit.xml")
        town.settle()
        (refund,) = town.server.items("/payments-ingest/v1/refunds", role=Role.CASEWORKER, name="kari")
        assert refund["state"] == "settled"
        town.go_to(date(2026, 1, 17))
        assert_proved(town)


def test_a_refund_the_bank_rejects_goes_abroad_at_the_second_try_and_nothing_is_owed_twice(tmp_path: Path) -> None:
    """OCR tells no account: a person names one, the bank rejects it, another is named and the money leaves."""

    def shown(refund_id: str) -> dict[str, Any]:
        return dict(town.server.get(f"/payments-ingest/v1/refunds/{refund_id}", role=Role.AUDITOR))

    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 1_000_00, DUE, "F-1")
        owed = total(town, claim["case_id"])
        town.pay(Payment(kid=claim["kid"], amount_ore=owed + 300_00))
        town.settle()
        (refund,) = town.server.items("/payments-ingest/v1/refunds", role=Role.CASEWORKER, name="kari")
        assert (refund["state"], refund["blocked_by"]) == ("proposed", "no_account")
        first = refund["refund_id"]
        clerk(town, f"/refunds/{first}/receiver", {"account": PAYER, "name": "Anne Bakke"})
        clerk(town, f"/refunds/{first}/approval", who="per")
        town.settle()
        (order,) = (tmp_path / "bank" / "outbox").iterdir()
        no = Answer(end_to_end_id=first.replace("-", ""), status="RJCT", reasons=("AC04",))
        deliver(
            town.server, write_pain002(order.stem, [no], created=datetime.fromisoformat("2026-01-14T12:00:00")), "n"
        )
        town.settle()
        assert (shown(first)["state"], town.balance(claim["case_id"])["overpaid_ore"]) == ("rejected", 300_00)
        abroad = {"account": "DE89370400440532013000", "bic": "COBADEFFXXX", "name": "Anne Bakke"}
        second = clerk(town, f"/refunds/{first}/again", {"receiver": abroad})["refund_id"]
        clerk(town, f"/refunds/{second}/approval", who="per")
        town.settle()
        (again,) = (file for file in (tmp_path / "bank" / "outbox").iterdir() if file != order)
        assert b"<IBAN>DE89370400440532013000</IBAN>" in again.read_bytes()
        assert (shown(second)["state"], town.balance(claim["case_id"])["overpaid_ore"]) == ("sent", 0)
        town.pay(Payment(kid=claim["kid"], amount_ore=20_00))
        town.settle()
        found = town.server.items("/payments-ingest/v1/refunds", role=Role.AUDITOR)
        states = sorted((refund["amount_ore"], refund["state"]) for refund in found)
        assert states == [(20_00, "proposed"), (300_00, "rejected"), (300_00, "sent")]
        town.go_to(date(2026, 1, 16))
        assert_proved(town)
