"""A file of thousands of payments, from the bank to the ledger: every øre arrives, and nothing waits for anyone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from support.crowd import register_many
from support.town import running

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.demo.town import Town
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from shared.auth import Role

DUE = date(2025, 12, 20)
CASES, PER_CASE = 500, 4
PRINCIPAL_ORE = 1_000_00
STRANGERS = 10


def expected_ore(case: int, turn: int) -> int:
    """What the debtor of a case pays at a turn: 100 kroner and as many øre as tell the case, all different."""
    return 100_00 + case + turn


def lines(claims: list[dict[str, Any]]) -> list[OcrPayment]:
    """Each debtor pays several times; as the file has them, no two payments of a debtor stand together."""
    paid = [
        OcrPayment(amount_ore=expected_ore(number, turn), kid=claim["kid"])
        for turn in range(PER_CASE)
        for number, claim in enumerate(claims)
    ]
    return paid + [OcrPayment(amount_ore=7_00 + n, kid=f"9{n:04}0") for n in range(STRANGERS)]


def journal_of(town: Town, case_id: str) -> list[int]:
    return [line["amount_ore"] for line in town.statement(case_id) if line["amount_ore"] < 0]


def test_two_thousand_payments_over_five_hundred_cases(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claims = register_many(town, CASES, PRINCIPAL_ORE, DUE)
        town.settle()
        assert len({claim["case_id"] for claim in claims}) == CASES
        before = {claim["case_id"]: town.balance(claim["case_id"])["total_ore"] for claim in claims[::25]}
        payments = lines(claims)
        seen: list[int] = []
        content = make_ocr_file(OUR_ACCOUNT, payments, 1, town.today())
        file = deliver(town.server, content, "day.txt", lambda shown: seen.append(shown["progress"]["percent"]))
        total = sum(payment.amount_ore for payment in payments)
        assert (file["state"], file["payment_count"], file["amount_ore"]) == (
            "partly_accepted",
            CASES * PER_CASE + STRANGERS,
            total,
        )
        assert (seen, seen[0], seen[-1]) == (sorted(seen), 0, 100)
        assert (file["progress"]["released"], file["queued"]) == (len(payments), STRANGERS)
        town.settle()
        for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
            assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
        for number, claim in list(enumerate(claims))[::25]:
            case_id = claim["case_id"]
            paid = [expected_ore(number, turn) for turn in range(PER_CASE)]
            assert sorted(journal_of(town, case_id)) == sorted(-ore for ore in paid)
            assert town.balance(case_id)["total_ore"] == before[case_id] - sum(paid)
        close = {"account": OUR_ACCOUNT, "day": town.today().isoformat(), "reason": "Alt har kommet"}
        day = town.server.post("/payments-ingest/v1/bank-days/close", close, role=Role.OPERATOR, name="otto")
        town.settle()
        proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
        assert (day["state"], day["count"], day["sum_ore"]) == ("complete", len(payments), total)
        assert (proof["bank_ore"], proof["difference_ore"]) == (total, 0)
