"""The whole process dies, as by kill -9, at every commit boundary of the flow; after a restart the books are the same.

An undisturbed run writes down every place at which the process could have died (``shared/failpoints.py``). Then, for
each of them, a fresh installation lives the same days, dies there, is started again and goes on with the very call
that got no answer. Nothing may be lost and nothing may be there twice.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.demo.persons import ANNE, BERNT
from inkasso.demo.town import Town
from inkasso.server import NotStarted, OwnServer
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from shared.auth import Role
from shared.failpoints import KILLED

START = date(2026, 1, 14)
DUE = date(2025, 12, 1)
NOTICE = {"sent_on": "2025-12-22", "deadline": "2026-01-08", "fee_ore": 0}
UNKNOWN_KID = "126000009900019"
RESTARTS_MAX = 5
# Dropped files are whole at once, and a hundred starts need not compile the same modules each time.
QUICK = {
    "INKASSO_INBOX_SETTLE_S": "0",
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "inkasso-pycache"),
}
SHARDS = 4


@dataclass(slots=True)
class Life:
    """One installation's days: each step is tried again after a restart until it was answered."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    deaths: int = 0

    def live(self) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        server = self._started(OwnServer(self.folder, START, {**QUICK, **self.environment}))
        try:
            for name, step in STEPS:
                for _ in range(RESTARTS_MAX):
                    try:
                        answers[name] = step(Town(server.client), answers)
                        break
                    except (httpx.TransportError, typer.Exit):  # the command line's way of saying that no answer came
                        server = self._again(server)
                else:
                    raise AssertionError(f"{name}: still no answer after {RESTARTS_MAX} restarts")
            return books(Town(server.client), answers, self.folder)
        finally:
            server.stop()

    def _started(self, server: OwnServer) -> OwnServer:
        try:
            server.start()
        except NotStarted:
            return self._again(server)
        return server

    def _again(self, server: OwnServer) -> OwnServer:
        status = server.stop()
        assert status in {KILLED, None}, f"the process ended with {status}, not by the failpoint"
        self.deaths += 1
        server = OwnServer(self.folder, START, QUICK)
        server.start()
        return server


def register(invoice: str, person: Any, notice: dict[str, Any] | None) -> Callable[[Town, dict[str, Any]], Any]:
    def step(town: Town, _answers: dict[str, Any]) -> Any:
        return town.register("bydel-frogner", person, "kindergarten", 1_500_00, DUE, invoice, prior_notice=notice)

    return step


def pay(town: Town, answers: dict[str, Any]) -> Any:
    lines = [
        OcrPayment(amount_ore=2_000_00, kid=answers["noticed"]["kid"]),
        OcrPayment(amount_ore=75_00, kid=UNKNOWN_KID),
    ]
    return deliver(town.server, make_ocr_file(OUR_ACCOUNT, lines, 1, date(2026, 1, 15)), "ocr.txt")["payment_count"]


def to(day: int) -> Callable[[Town, dict[str, Any]], Any]:
    return lambda town, _answers: town.go_to(date(2026, 1, day))["date"]


STEPS: list[tuple[str, Callable[[Town, dict[str, Any]], Any]]] = [
    ("noticed", register("F-1", ANNE, NOTICE)),
    ("fresh", register("F-2", BERNT, None)),
    ("letters", to(15)),
    ("paid", pay),
    ("after", to(16)),
]


def books(town: Town, answers: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What an auditor would compare: everything but ids and clock times."""
    result: dict[str, Any] = {}
    for name in ("noticed", "fresh"):
        case_id = answers[name]["case_id"]
        claim = town.claim(answers[name]["claim_id"])
        result[name] = {
            "kid": claim["kid"],
            "status": (claim["status"], claim["end_reason"]),
            "balance": claim["balance"]["total_ore"],
            "overpaid": town.balance(case_id)["overpaid_ore"],
            "statement": [(line["value_date"], line["kind"], line["amount_ore"]) for line in town.statement(case_id)],
            "letters": [
                (letter["kind"], letter["state"], letter["sent_on"], letter["deadline"], letter["amount_ore"])
                for letter in town.letters(case_id)
            ],
            "timeline": Counter(
                item["type"]
                for item in town.server.items(f"/claims-api/v1/cases/{case_id}/timeline", role=Role.AUDITOR)
            ),
            "next": town.steps(case_id)["next"],
        }
    payments = town.server.items("/payments-ingest/v1/payments", role=Role.AUDITOR)
    result["payments"] = sorted((p["state"], p["amount_ore"]) for p in payments)
    # A file that was taken before its answer was lost is known when it comes again: a duplicate, and harmless.
    result["files"] = [f["state"] for f in town.files() if f["state"] != "duplicate"]
    result["pdfs"] = Counter(path.parent.name for path in folder.glob("letters/*/*.pdf"))
    proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
    result["proof"] = {name: value for name, value in proof.items() if name.endswith("_ore")}
    for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
        assert list(town.server.items(f"/{service}/v1/operator/parked")) == []
        assert list(town.server.items(f"/{service}/v1/operator/dead-letters")) == []
    return result


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[str]]:
    """The books of a run in which nothing happened, and every place it passed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    log = folder / "failpoints.log"
    life = Life(folder / "data", {"INKASSO_FAILPOINT_LOG": str(log)})
    expected = life.live()
    assert life.deaths == 0
    return expected, sorted(set(log.read_text(encoding="utf-8").split("\n")) - {""})


def test_the_flow_passes_every_kind_of_boundary(undisturbed: tuple[dict[str, Any], list[str]]) -> None:
    expected, places = undisturbed
    assert expected["noticed"]["status"][0] == "settled"
    assert expected["pdfs"] == {"2026-01-15": 2}
    for event in ("claim.registered", "step.due", "demand.issued", "letter.ready", "demand.released", "letter.sent",
                  "payment.matched", "payment.unmatched", "bank_day.completed", "claim.ended"):  # fmt: skip
        assert any(event in place and place.endswith(".after_commit") for place in places), event
    for service in ("claims-api", "payments-ingest", "escalation", "notifications"):
        assert any(place.startswith(f"{service}.relay.") for place in places), service


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_is_lost_or_done_twice_wherever_the_process_dies(
    undisturbed: tuple[dict[str, Any], list[str]], tmp_path: Path, shard: int
) -> None:
    expected, places = undisturbed
    wrong, died = {}, 0
    for number, place in enumerate(places[shard::SHARDS]):
        life = Life(tmp_path / str(number), {"INKASSO_FAILPOINT": place})
        found = life.live()
        # Which events share a transaction depends on how fast they come, so a place of several may not be passed.
        assert life.deaths > 0 or "+" in place, f"the process never died at {place}"
        died += life.deaths > 0
        if found != expected:
            wrong[place] = {key: (value, expected[key]) for key, value in found.items() if value != expected[key]}
    assert wrong == {}
    assert died > len(places) / SHARDS / 2
