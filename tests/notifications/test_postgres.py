"""The same way of a letter on PostgreSQL."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from support.mailroom import TODAY, Mailroom, issued, party, released, reversed_fee, withdrawn
from support.row_security import kept_apart, rows_seen

from notifications.app import MIGRATIONS
from notifications.tables import PLUMBING, Model
from shared.auth import Role
from shared.events.claims import CreditorFacts
from shared.events.notifications import LetterDispatched, LetterFailed, LetterReady, LetterSent
from shared.migrate import at_head, differences

DEICHMAN = CreditorFacts(unit="deichman", name="Deichman bibliotek", org_number="994670100")


@pytest.fixture
def room(tmp_path: Path, postgres_database: str) -> Mailroom:
    return Mailroom(tmp_path, url=postgres_database)


def test_the_schema_is_what_the_tables_declare(room: Mailroom) -> None:
    assert differences(room.service.db, Model.metadata) == []
    assert at_head(room.service.db, MIGRATIONS)
    room.service.db.close()


def test_letters_go_their_way(room: Mailroom) -> None:
    room.feed(party("kari"), party("ola", "Ola Nordmann"), party("per"), party("eva", address=None))
    room.feed(issued(debtors=("kari", "ola")), issued("d2", "case-2", ("per",)), issued("d3", "case-3", ("eva",)))
    room.work()
    assert len(room.published(LetterReady)) == 2
    assert [one.reason for one in room.published(LetterFailed)] == ["no_address"]  # type: ignore[attr-defined]
    room.feed(released(until=TODAY), withdrawn("d2", "case-2"))
    room.clock.set(TODAY + timedelta(days=1))
    room.work()
    assert len(room.published(LetterReady)) == 3
    room.feed(released(until=TODAY + timedelta(days=1)))
    room.erase("per")
    room.feed(reversed_fee())
    room.work()
    marks = [(one.debtor_ref, one.first, one.last) for one in room.published(LetterSent)]  # type: ignore[attr-defined]
    assert sorted(marks) == [("kari", True, False), ("kari", True, True), ("ola", False, True)]
    assert len(room.published(LetterDispatched)) == 1
    assert len(room.pdfs()) == len(room.receipts()) == 3
    assert room.backlog() == 0
    assert room.take(list(room.log)).applied.keys() <= {"parties"}
    assert room.work() == 0
    client = room.client()
    first = client.get("/v1/letters", params={"limit": 3}).json()
    rest = client.get("/v1/letters", params={"limit": 3, "after": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"])] == [3, 2]
    sent = room.client(Role.DEBTOR, debtor_ref="kari").get("/v1/letters").json()["items"]
    assert {one["kind"] for one in sent} == {"inkassovarsel", "fee_reversed"}
    pdf = client.get(f"/v1/letters/{sent[0]['letter_id']}/document")
    assert pdf.content.startswith(b"%PDF-1.7")
    headers = {"Idempotency-Key": "k", "Content-Type": "application/pdf"}
    assert client.post("/v1/documents", content=pdf.content, headers=headers).status_code == 201
    room.service.db.close()


def test_units_are_kept_apart_also_by_the_database(room: Mailroom) -> None:
    room.feed(party("kari"), party("ola", "Ola Nordmann"))
    room.feed(issued(debtors=("kari",)), issued("d2", "case-2", ("ola",), creditor=DEICHMAN))
    room.work()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/pdf"}
    unit = room.client(Role.AGENCY, unit=DEICHMAN.unit)
    stranger = room.client(Role.AGENCY, unit="kulturhus-as")
    (letter,) = unit.get("/v1/letters").json()["items"]
    assert letter["case_id"] == "case-2"
    pdf = unit.get(f"/v1/letters/{letter['letter_id']}/document")
    assert stranger.get(f"/v1/letters/{letter['letter_id']}/document").status_code == 404
    handed = unit.post("/v1/documents", content=pdf.content, headers=headers)
    assert handed.status_code == 201, handed.text
    assert unit.get(f"/v1/documents/{handed.json()['document_id']}").status_code == 200
    assert stranger.get(f"/v1/documents/{handed.json()['document_id']}").status_code == 404
    db = room.service.db
    kept = kept_apart(db)
    assert kept == set(Model.metadata.tables) - {field.name for field in fields(PLUMBING)}
    every, seen = rows_seen(db, Model.metadata, None), rows_seen(db, Model.metadata, {"kulturhus-as"})
    assert {"party", "mailing", "letter", "document", "document_content"} <= {name for name in kept if every[name]}
    assert {name for name in kept if seen[name]} == set()
    own = rows_seen(db, Model.metadata, {DEICHMAN.unit})
    assert {name: own[name] for name in kept if own[name]} == {
        "mailing": 1, "letter": 1, "document": 2, "document_content": 1,
    }  # fmt: skip
    room.service.db.close()
