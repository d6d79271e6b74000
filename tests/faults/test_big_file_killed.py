"""A file of thousands of lines, and a process that dies while it stages them and twice while it releases them.

The process ends at the failpoints as by kill -9. Whoever sent the file asks again after each restart; in the end every
line was booked once and the bank's money is the ledger's.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import typer
from support.crowd import register_many

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.demo.town import Town
from inkasso.server import NotStarted, OwnServer
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from shared.auth import Role
from shared.failpoints import KILLED

START, DUE = date(2026, 1, 14), date(2025, 12, 20)
CASES, LINES = 50, 3_000
PLACES = (
    "payments-ingest.staging.chunk#2",
    "payments-ingest[payment.matched.v1].before_commit#2",
    "payments-ingest[payment.matched.v1].after_commit#3",
)
NO_ANSWER = (NotStarted, httpx.TransportError, typer.Exit)


def server(folder: Path, place: str = "") -> OwnServer:
    told = {"INKASSO_INBOX_SETTLE_S": "0", "INKASSO_RELEASE_BATCH": "500", "INKASSO_FAILPOINT": place}
    return OwnServer(folder, START, told)


def died_over(folder: Path, place: str, content: bytes) -> bool:
    """Start, deliver the file (again), and see whether the process died of it at ``place``."""
    one = server(folder, place)
    try:
        one.start()
        deliver(one.client, content, "big.txt")
        Town(one.client).settle()
    except NO_ANSWER:
        pass  # it went away while it worked, or before it could be asked
    finally:
        status = one.stop()
    return status == KILLED


def books(town: Town, claims: list[dict[str, Any]]) -> dict[str, Any]:
    town.settle()
    for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
        assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
    proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
    return {
        "states": sorted(file["state"] for file in town.files()),
        "released": sum(file["progress"]["released"] for file in town.files()),
        "bank_ore": proof["bank_ore"],
        "difference_ore": proof["difference_ore"],
        "paid": [town.balance(claim["case_id"])["total_ore"] for claim in claims[::10]],
    }


def test_a_big_file_is_booked_once_wherever_the_process_dies(tmp_path: Path) -> None:
    with server(tmp_path) as first:
        claims = register_many(Town(first.client), CASES, 20_000_00, DUE)
        Town(first.client).settle()
        owed = [Town(first.client).balance(claim["case_id"])["total_ore"] for claim in claims[::10]]
    payments = [OcrPayment(amount_ore=100 + n, kid=claims[n % CASES]["kid"]) for n in range(LINES)]
    content = make_ocr_file(OUR_ACCOUNT, payments, 1, START)
    for place in PLACES:
        assert died_over(tmp_path, place, content), f"the process never died at {place}"
    with server(tmp_path) as last:
        town = Town(last.client)
        found = books(town, claims)
    total = sum(payment.amount_ore for payment in payments)
    per_case = [sum(p.amount_ore for p in payments[number::CASES]) for number in range(0, CASES, 10)]
    states = found.pop("states")
    assert (states.count("accepted"), set(states) <= {"accepted", "duplicate"}) == (1, True)
    assert found == {
        "released": LINES,
        "bank_ore": total,
        "difference_ore": 0,
        "paid": [before - paid for before, paid in zip(owed, per_case, strict=True)],
    }
