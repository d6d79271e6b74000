"""Proof of a deadline: what the bundle says, and that a stranger can check it offline and catches every change."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mailroom import DEADLINE, TODAY, Mailroom, issued, party, released
from support.notices import notice

from notifications.domain.proof import Sending, bundle, seal
from shared.auth import Role
from shared.calendar import next_working_day
from shared.ids import letter_id

SCRIPT = Path(__file__).parents[2] / "docs/how-to/verify_deadline_proof.py"
VERIFIER = runpy.run_path(str(SCRIPT))
LETTER = letter_id("d1", "kari")


def verify(*files: Path) -> tuple[int, str]:
    """Run the script as a stranger does: nothing of ours can be imported."""
    command = [sys.executable, "-I", str(SCRIPT), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.returncode, done.stdout


def sent(tmp_path: Path) -> Mailroom:
    room = Mailroom(tmp_path)
    room.feed(party("kari"), party("ola"), issued(debtors=("kari", "ola")))
    room.work()
    room.feed(released())
    room.work()
    return room


def proof(room: Mailroom, letter: str = LETTER) -> dict[str, Any]:
    found: dict[str, Any] = room.client().get(f"/v1/letters/{letter}/proof").json()
    return found


def sending(sent_on: date, deadline: date | None) -> Sending:
    return Sending(
        letter_id="letter-1",
        demand_id="d1",
        case_id="case-1",
        case_number="2600000018",
        kind="inkassovarsel",
        dated=sent_on,
        sent_on=sent_on,
        submitted_on=sent_on,
        dispatched_on=sent_on,
        deadline=deadline,
        sha256="0" * 64,
        pages=1,
        channel="folder",
        receipts=({"letter_id": "letter-1", "sha256": "0" * 64, "sent_on": sent_on.isoformat()},),
        events=(),
    )


def test_a_letters_proof_says_what_went_when_and_counts_every_day(tmp_path: Path) -> None:
    room = sent(tmp_path)
    found = proof(room)
    assert found["letter"]["sha256"] == room.client().get(f"/v1/letters/{LETTER}").json()["sha256"]
    assert found["sending"]["receipts"] == [one for one in room.receipts() if one["letter_id"] == LETTER]
    count = found["count"]
    assert (count["deadline"], count["days_given"], count["is_lawful"]) == (DEADLINE.isoformat(), 14, True)
    assert [day["n"] for day in count["days"]] == list(range(15))
    assert count["next_step_from"] == "2026-02-18"
    assert [event["type"].split(".")[-2] for event in found["events"]] == ["ready", "dispatched", "sent"]
    assert found["rules"] == {"calendar": "no-2", "deadline": "sent_on+14", "law": "inkassoloven § 9"}


def test_a_stranger_can_check_it_with_nothing_but_python(tmp_path: Path) -> None:
    room = sent(tmp_path)
    file, pdf = tmp_path / "proof.json", tmp_path / "letter.pdf"
    file.write_bytes(room.client().get(f"/v1/letters/{LETTER}/proof").content)
    pdf.write_bytes(room.client().get(f"/v1/letters/{LETTER}/document").content)
    status, said = verify(file, pdf)
    assert (status, said.splitlines()[0]) == (0, f"OK: inkassovarsel {LETTER} sent {TODAY} through folder")
    assert verify(file)[0] == 0
    pdf.write_bytes(b"%PDF-1.7 another")
    assert verify(file, pdf) == (1, "letter: the PDF is not the one that was sent\n")


def resealed(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"seal": seal(found)}


CHANGES: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("deadline", lambda p: p["count"].update(deadline="2026-02-11")),
    ("count", lambda p: p["count"]["days"].pop(3)),
    ("count", lambda p: p["count"]["days"][2].update(kind="holiday")),
    ("count", lambda p: p["count"].update(days_given=15)),
    ("grace", lambda p: p["count"]["grace"][0].update(is_bank_day=False)),
    ("grace", lambda p: p["count"].update(next_step_from="2026-02-17")),
    ("receipt", lambda p: p["sending"]["receipts"][0].update(sha256="1" * 64)),
    ("receipt", lambda p: p["sending"]["receipts"][0].update(sent_on="2026-01-30")),
    ("sending", lambda p: p["sending"].update(submitted_on="2026-02-01")),
]


@pytest.mark.parametrize(("what", "change"), CHANGES)
def test_a_changed_proof_is_caught_by_its_seal_and_one_that_is_sealed_anew_by_the_count(
    what: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    found = json.loads(json.dumps(bundle(sending(TODAY, DEADLINE))))
    assert VERIFIER["check"](found, None) == []
    change(found)
    assert "seal: the proof was changed after it was made" in VERIFIER["check"](found, None)
    again = VERIFIER["check"](resealed(found), None)
    assert any(line.startswith(what) for line in again)
    assert not any(line.startswith("seal") for line in again)


@given(st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.integers(14, 40))
@settings(max_examples=300, deadline=None)
def test_the_verifiers_own_calendar_agrees_on_any_day(sent_on: date, days: int) -> None:
    found = bundle(sending(sent_on, next_working_day(sent_on + timedelta(days=days))))
    assert VERIFIER["check"](json.loads(json.dumps(found)), None) == []


def test_a_count_over_easter_names_its_holidays() -> None:
    count = bundle(sending(date(2026, 3, 26), date(2026, 4, 9)))["count"]
    holidays = [day["date"] for day in count["days"] if day["kind"] == "holiday"]
    assert holidays == ["2026-04-02", "2026-04-03", "2026-04-05", "2026-04-06"]


def test_a_deadline_that_is_too_short_is_no_proof_of_a_lawful_one() -> None:
    found = bundle(sending(TODAY, TODAY + timedelta(days=13)))
    assert found["count"]["is_lawful"] is False
    assert VERIFIER["check"](json.loads(json.dumps(found)), None) != []


def test_a_letter_without_a_deadline_is_proved_sent_and_no_more(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.feed(party(), notice("plan_kept"))
    room.work()
    found = proof(room, letter_id("notice-1", "kari"))
    assert found["count"] is None
    assert VERIFIER["check"](found, None) == []


def test_a_letter_that_is_not_sent_has_no_proof_and_a_foreign_one_is_not_there(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.feed(party(), issued())
    room.work()
    answer = room.client().get(f"/v1/letters/{LETTER}/proof")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (409, "letter-not-sent")
    assert room.client().get("/v1/letters/none/proof").status_code == 404
    assert room.client(Role.DEBTOR, debtor_ref="ola").get(f"/v1/letters/{LETTER}/proof").status_code == 404


def test_a_debtor_reads_the_proof_of_their_own_letter_without_the_co_debtors(tmp_path: Path) -> None:
    room = sent(tmp_path)
    answer = room.client(Role.DEBTOR, debtor_ref="kari").get(f"/v1/letters/{LETTER}/proof")
    assert answer.status_code == 200
    assert letter_id("d1", "ola") not in answer.text
    assert "ola" not in answer.text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "other", "version": 1}', "\x00"])
def test_a_file_that_is_no_proof_is_told_as_such(tmp_path: Path, content: str) -> None:
    file = tmp_path / "proof.json"
    file.write_text(content)
    assert verify(file)[0] == 2
    assert verify(tmp_path / "none.json")[0] == 2
    assert verify()[0] == 2
