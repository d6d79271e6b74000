"""Where a person's number, name and words may be found after a whole run, and that they are nowhere else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.bank_files import booked, camt054
from support.street import CLAIMS, FILES, SERVICES, Street, claim, street_in

from inkasso.tokens import make_debtor_token
from payments_ingest.formats.camt_write import CamtTransaction
from shared.auth import Role

NUMBERS = ("21877015014", "30839542069")
"""The national ids of the debtor and the co-debtor: synthetic persons."""
NAMES = ("Qvirrelind", "Wexenstad")
"""Family names that stand nowhere in the code."""
WORDS = ("Blåmerket", "Grønnmerket", "Rødmerket", "Gulmerket")
"""A word each in: the description of a health debt, an objection, a message, a decision."""
PLAIN = "Hvitmerket"
"""A word in the description of a debt that is not about health."""
BANK = "Sortmerket"
"""A word in the text of a bank payment."""

Place = tuple[str, str, str]
"""A database file, a table and a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a whole run left: the data folder, what was answered to whoever may not know, and the metrics."""

    folder: Path
    problems: str
    metrics: str

    def places(self, text: str) -> set[Place]:
        """Return every column of every database in which ``text`` stands."""
        found = set()
        for path in [*sorted((self.folder / "db").glob("*.db")), self.folder / "bus.db"]:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in tables:
                    rows = db.execute(f'SELECT * FROM "{table}"')
                    columns = [one[0] for one in rows.description]
                    for row in rows:
                        found |= {
                            (path.stem, table, name)
                            for name, value in zip(columns, row, strict=True)
                            if text.encode() in _bytes(value)
                        }
        return found

    def files(self, text: str) -> set[str]:
        """Return every other file of the installation whose bytes hold ``text``: logs, receipts, settings."""
        return {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and ".db" not in path.name and text.encode() in path.read_bytes()
        }

    def topics_with(self, text: str) -> set[str]:
        """Return the topics of the log that hold ``text``."""
        with closing(sqlite3.connect(f"file:{self.folder / 'bus.db'}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT topic, headers, key, value FROM record JOIN partition USING (partition_id)")
            return {topic for topic, *rest in rows if any(text.encode() in _bytes(value) for value in rest)}


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("town")
    with street_in(folder) as street:
        problems = _live(street)
        metrics = street.http.get("/metrics").text
    return Aftermath(folder=folder, problems=problems, metrics=metrics)


def _person(number: str, name: str) -> dict[str, Any]:
    address = {"line1": "Prøveveien 6", "postal_code": "0266", "city": "Oslo", "country": "NO"}
    return {"kind": "person", "national_id": number, "name": f"Test {name}", "address": address, "language": "nb"}


def _live(street: Street) -> str:
    """Let two persons' debts live through letters, requests, payments and mistakes; return the problems answered."""
    one, other = (_person(*person) for person in zip(NUMBERS, NAMES, strict=True))
    plain = street.hand_over(claim(debtor=one, external_ref="plain", description=PLAIN, co_debtors=[other])).json()
    health = claim(debtor=one, external_ref="health", claim_type="home_care", description=WORDS[0])
    told = street.hand_over(health).json()
    street.town.go_to(date(2026, 1, 16))
    _ask(street, plain, told)
    _pay(street, plain, one["name"])
    street.town.go_to(date(2026, 2, 20))
    return _mistakes(street, one)


def _ask(street: Street, plain: dict[str, Any], health: dict[str, Any]) -> None:
    debtor_ref = street.town.case(plain["case_id"])["debtor"]["debtor_ref"]
    debtor = {"Authorization": f"Bearer {make_debtor_token(street.settings, debtor_ref)}"}
    clerk = street.token(Role.CASEWORKER)
    for path, body in (
        ("objections", {"claim_ids": [health["claim_id"]], "text": f"{WORDS[1]} {NUMBERS[0]}"}),
        ("messages", {"channel": "portal", "text": f"{WORDS[2]} {NAMES[0]}"}),
    ):
        answer = _post(street, f"/claims-api/v1/cases/{health['case_id']}/{path}", body, debtor)
        assert answer.status_code == 201, answer.text
        if path == "objections":
            decision = f"/claims-api/v1/cases/{health['case_id']}/objections/{answer.json()['request_id']}/decision"
    decided = _post(street, decision, {"outcome": "refused", "reasons": WORDS[3], "reasonable": True}, clerk)
    assert decided.status_code in (200, 201), decided.text


def _post(street: Street, path: str, body: dict[str, Any], who: dict[str, str]) -> httpx.Response:
    street.count += 1
    return street.http.post(path, json=body, headers={**who, "Idempotency-Key": f"k-{street.count}"})


def _pay(street: Street, plain: dict[str, Any], name: str) -> None:
    today = street.town.today()
    texts = (f"{BANK} {NUMBERS[0]}",)
    by_kid = CamtTransaction(amount_ore=10_000, parts=((plain["kid"], 10_000),), payer_name=name)
    by_name = CamtTransaction(amount_ore=20_000, texts=texts, payer_name=name)
    file = street.deliver(camt054(booked(by_kid, by_name, booked_on=today)))
    assert file["payment_count"] == 2


def _mistakes(street: Street, person: dict[str, Any]) -> str:
    """Send what is refused, with the person in body, address and headers; return everything that was answered."""
    clerk, bank = street.token(Role.CASEWORKER), street.token(Role.BANK)
    number, name = person["national_id"], person["name"]
    answers = [
        street.hand_over(claim(debtor=person, principal_ore=number, description=WORDS[0])),
        street.hand_over(claim(debtor={**person, "national_id": number[:-1] + "0"}, claim_type=name)),
        street.hand_over(claim(debtor=person, external_ref="plain", description=WORDS[0])),
        street.http.get(f"{CLAIMS}/{number}", headers=clerk),
        street.http.get(f"/claims-api/v1/{number}/{name}", headers=clerk),
        street.http.get(CLAIMS, params={"limit": number, "after": name * 20}, headers=clerk),
        street.http.post(FILES, content=b"", headers={**bank, "X-File-Name": f"{number}-" * 40}),
        *(street.http.get(f"/{service}/v1/operator/dead-letters", headers=clerk) for service in SERVICES),
    ]
    assert all(answer.status_code >= 400 for answer in answers)
    street.http.post(FILES, content=f"{number} {name}".encode(), headers={**bank, "X-File-Name": f"{number}.txt"})
    street.town.settle()
    parked = [
        str(list(street.town.server.items(f"/{service}/v1/operator/{what}")))
        for service in SERVICES
        for what in ("parked", "dead-letters")
    ]
    return "\n".join([*(answer.text for answer in answers), *parked])


@pytest.mark.parametrize("number", NUMBERS)
def test_a_national_id_is_readable_nowhere(aftermath: Aftermath, number: str) -> None:
    assert aftermath.places(number) == set()
    # The bank's own files are kept as they came, under their hash, and nowhere else.
    assert {path for path in aftermath.files(number) if not path.startswith("bank/archive/")} == set()
    assert number not in aftermath.metrics + aftermath.problems


@pytest.mark.parametrize("word", WORDS)
def test_words_of_and_about_a_person_are_sealed(aftermath: Aftermath, word: str) -> None:
    assert aftermath.places(word) == set()
    assert aftermath.files(word) == set()
    assert word not in aftermath.metrics + aftermath.problems


def test_an_ordinary_description_stays_in_claims_api(aftermath: Aftermath) -> None:
    assert {place[0] for place in aftermath.places(PLAIN)} == {"claims-api"}
    assert {place[1] for place in aftermath.places(PLAIN)} == {"claim"}
    assert aftermath.files(PLAIN) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_travels_on_parties_alone(aftermath: Aftermath, name: str) -> None:
    places = aftermath.places(name)
    assert {place for place in places if place[0] not in ("bus", "payments-ingest")} == {
        ("claims-api", "debtor", "name"),
        ("notifications", "party", "name"),
    }
    assert {place for place in places if place[0] == "payments-ingest"} <= {
        ("payments-ingest", "payment", "payer_name")
    }
    assert aftermath.topics_with(name) == {"parties"}
    assert {path for path in aftermath.files(name) if not path.startswith("bank/archive/")} == set()
    assert name not in aftermath.metrics + aftermath.problems


def test_what_a_payer_wrote_stays_with_the_payment(aftermath: Aftermath) -> None:
    assert aftermath.places(BANK) == {("payments-ingest", "payment", "message")}


def test_the_run_was_a_whole_one(aftermath: Aftermath) -> None:
    """What is searched for was really there: letters went out, and the log was written."""
    assert len(list((aftermath.folder / "letters").rglob("*.pdf"))) >= 4
    assert (aftermath.folder / "server.log").stat().st_size > 0
