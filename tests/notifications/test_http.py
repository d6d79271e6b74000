"""The HTTP surface: who may see which letter, the PDF itself, and documents handed in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient
from support.mailroom import CREDITOR, Mailroom, issued, party, released

from notifications.tables import Model
from shared.auth import Role
from shared.ids import letter_id

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
KEY = {"Idempotency-Key": "k-1"}
AS_PDF = {**KEY, "Content-Type": "application/pdf"}
KARI, OLA, PER = letter_id("d1", "kari"), letter_id("d1", "ola"), letter_id("d2", "per")


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    """A sent letter to each of two co-debtors of Bydel Frogner, and one of Deichman that waits for release."""
    room = Mailroom(tmp_path)
    deichman = CREDITOR.model_copy(update={"unit": "deichman", "name": "Deichman"})
    room.feed(party("kari"), party("ola", "Ola Nordmann"), party("per", "Per Hansen"))
    room.feed(issued(debtors=("kari", "ola")), issued("d2", "case-2", ("per",), creditor=deichman))
    room.work()
    room.feed(released())
    room.work()
    return room


def seen(client: TestClient, **query: str) -> set[str]:
    answer = client.get("/v1/letters", params=query)
    assert answer.status_code == 200
    return {item["letter_id"] for item in answer.json()["items"]}


def problem(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1]  # type: ignore[attr-defined]


READERS = [
    (Role.CASEWORKER, {}, {KARI, OLA, PER}),
    (Role.AUDITOR, {}, {KARI, OLA, PER}),
    (Role.AGENCY, {"unit": "bydel-frogner"}, {KARI, OLA}),
    (Role.AGENCY, {"unit": "deichman"}, {PER}),
    (Role.AGENCY, {"unit": "helseetaten"}, set()),
    (Role.DEBTOR, {"debtor_ref": "kari"}, {KARI}),
    (Role.DEBTOR, {"debtor_ref": "per"}, set()),
]


@pytest.mark.parametrize(("role", "claims", "visible"), READERS)
def test_everyone_sees_their_own_letters_and_no_other(
    room: Mailroom, role: Role, claims: dict[str, str], visible: set[str]
) -> None:
    client = room.client(role, **claims)
    assert seen(client) == visible
    for letter in (KARI, OLA, PER):
        for path in (f"/v1/letters/{letter}", f"/v1/letters/{letter}/document"):
            answer = client.get(path)
            if letter in visible:
                assert answer.status_code == 200
            else:
                assert problem(answer) == (404, "not-found")


@pytest.mark.parametrize("role", [Role.BANK, Role.OPERATOR])
def test_roles_without_business_here_are_turned_away(room: Mailroom, role: Role) -> None:
    client = room.client(role)
    for path in ("/v1/letters", f"/v1/letters/{KARI}", f"/v1/letters/{KARI}/document", "/v1/documents/x"):
        assert problem(client.get(path)) == (403, "role")


def test_without_a_token_nothing_is_shown(room: Mailroom) -> None:
    client = TestClient(room.service.app)
    for path in ("/v1/letters", f"/v1/letters/{KARI}", f"/v1/letters/{KARI}/document", "/v1/documents/x"):
        assert problem(client.get(path)) == (401, "unauthenticated")
    assert problem(client.post("/v1/documents", content=PDF, headers=AS_PDF)) == (401, "unauthenticated")


def test_a_letter_says_what_it_is_and_where_it_stands(room: Mailroom) -> None:
    letter = room.client().get(f"/v1/letters/{KARI}").json()
    pdf = room.client().get(f"/v1/letters/{KARI}/document").content
    assert letter == {
        "letter_id": KARI,
        "demand_id": "d1",
        "case_id": "case-1",
        "case_number": "2600000018",
        "debtor_ref": "kari",
        "kind": "inkassovarsel",
        "state": "sent",
        "dated": "2026-01-29",
        "sent_on": "2026-01-29",
        "deadline": "2026-02-12",
        "amount_ore": 326_212,
        "language": "nb",
        "channel": "folder",
        "pages": 1,
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "failure": None,
        "withdrawn_reason": None,
    }


def test_the_document_is_byte_for_byte_what_was_sent(room: Mailroom) -> None:
    answer = room.client(Role.DEBTOR, debtor_ref="kari").get(f"/v1/letters/{KARI}/document")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="inkassovarsel-2026-01-29.pdf"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.content == next(path for path in room.pdfs() if path.stem == KARI).read_bytes()


def test_a_letter_that_is_not_rendered_has_no_document(room: Mailroom) -> None:
    room.feed(issued("d3", "case-3", ("unknown",)))
    letter = letter_id("d3", "unknown")
    assert room.client().get(f"/v1/letters/{letter}").json()["state"] == "planned"
    assert problem(room.client().get(f"/v1/letters/{letter}/document")) == (404, "not-found")


def test_letters_are_listed_by_case_and_a_page_at_a_time(room: Mailroom) -> None:
    client = room.client()
    assert seen(client, case_id="case-2") == {PER}
    assert seen(client, case_id="nowhere") == set()
    first = client.get("/v1/letters", params={"limit": 2}).json()
    rest = client.get("/v1/letters", params={"limit": 2, "after": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert {one["letter_id"] for one in first["items"] + rest["items"]} == {KARI, OLA, PER}
    assert seen(client, after="nowhere") == set()
    assert problem(client.get("/v1/letters", params={"limit": 201})) == (422, "validation")


def test_a_document_is_taken_in_and_can_be_read_by_those_it_concerns(room: Mailroom) -> None:
    unit = room.client(Role.AGENCY, unit="bydel-frogner")
    answer = unit.post("/v1/documents", content=PDF, headers=AS_PDF)
    assert answer.status_code == 201
    stored = answer.json()
    assert (stored["sha256"], stored["size_bytes"]) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    path = f"/v1/documents/{stored['document_id']}"
    for reader in (unit, room.client(), room.client(Role.AUDITOR)):
        assert reader.get(path).content == PDF
    for stranger in (room.client(Role.AGENCY, unit="deichman"), room.client(Role.DEBTOR, debtor_ref="kari")):
        assert problem(stranger.get(path)) == (404, "not-found")


def test_a_debtors_attachment_is_theirs(room: Mailroom) -> None:
    kari = room.client(Role.DEBTOR, debtor_ref="kari")
    path = "/v1/documents/" + kari.post("/v1/documents", content=PDF, headers=AS_PDF).json()["document_id"]
    assert kari.get(path).content == PDF
    assert problem(room.client(Role.DEBTOR, debtor_ref="ola").get(path)) == (404, "not-found")
    assert problem(room.client(Role.AGENCY, unit="bydel-frogner").get(path)) == (404, "not-found")


def test_a_form_upload_works_too(room: Mailroom) -> None:
    answer = room.client().post("/v1/documents", files={"file": ("klage.pdf", PDF, "application/pdf")}, headers=KEY)
    assert answer.status_code == 201
    assert answer.json()["size_bytes"] == len(PDF)


def test_the_same_upload_twice_is_one_document_and_equal_files_share_their_bytes(room: Mailroom) -> None:
    client = room.client()
    first = client.post("/v1/documents", content=PDF, headers=AS_PDF)
    again = client.post("/v1/documents", content=PDF, headers=AS_PDF)
    other = client.post("/v1/documents", content=PDF, headers={**AS_PDF, "Idempotency-Key": "k-2"})
    assert first.json() == again.json() != other.json()
    content, document = Model.metadata.tables["document_content"], Model.metadata.tables["document"]
    with room.service.db.read() as tx:
        assert tx.execute(select(func.count()).where(content.c.content == PDF)).scalar_one() == 1
        assert tx.execute(select(func.count()).where(document.c.direction == "in")).scalar_one() == 2


BAD_DOCUMENTS = [
    (b"", "not-a-pdf"),
    (b"MZ\x90\x00 a program", "not-a-pdf"),
    (b"<html>%PDF-1.7 %%EOF</html>", "not-a-pdf"),
    (PDF[:20], "pdf-truncated"),
    (PDF + b"x" * 2_000, "pdf-truncated"),
    (PDF.replace(b"trailer <<>>", b"trailer <</Encrypt 2 0 R>>"), "pdf-encrypted"),
]


@pytest.mark.parametrize(("content", "code"), BAD_DOCUMENTS)
def test_what_is_no_readable_pdf_is_refused_and_not_stored(room: Mailroom, content: bytes, code: str) -> None:
    answer = room.client().post("/v1/documents", content=content, headers=AS_PDF)
    assert problem(answer) == (422, code)
    assert answer.json()["errors"][0]["field"] == "document"
    with room.service.db.read() as tx:
        document = Model.metadata.tables["document"]
        assert tx.execute(select(func.count()).where(document.c.direction == "in")).scalar_one() == 0


def test_a_document_above_ten_megabytes_is_refused_whichever_way_it_comes(room: Mailroom) -> None:
    client = room.client()
    ten = PDF + b" " * (10_000_000 - len(PDF) - 6) + b"%%EOF\n"
    assert client.post("/v1/documents", content=ten, headers=AS_PDF).status_code == 201
    headers = {**AS_PDF, "Idempotency-Key": "k-2"}
    assert problem(client.post("/v1/documents", content=ten + b" ", headers=headers)) == (413, "too-large")
    upload = client.post("/v1/documents", files={"file": ("a.pdf", ten + b" ")}, headers={"Idempotency-Key": "k-3"})
    assert problem(upload) == (413, "too-large")
    assert problem(client.post("/v1/documents", content=ten * 2, headers=headers)) == (413, "too-large")


def test_an_upload_of_another_type_without_a_file_or_without_a_key_is_refused(room: Mailroom) -> None:
    client = room.client()
    assert problem(client.post("/v1/documents", json={"a": 1}, headers=KEY)) == (415, "media-type")
    missing = client.post("/v1/documents", files={"other": ("a.pdf", PDF)}, headers=KEY)
    assert problem(missing) == (422, "validation")
    assert missing.json()["errors"][0]["field"] == "file"
    no_key = client.post("/v1/documents", content=PDF, headers={"Content-Type": "application/pdf"})
    assert problem(no_key) == (400, "idempotency-key-missing")


def test_a_letters_document_is_reached_through_its_letter_only(room: Mailroom) -> None:
    assert problem(room.client().get(f"/v1/documents/{KARI}")) == (404, "not-found")


def test_damage_in_the_archive_is_a_fault_and_not_an_answer(room: Mailroom) -> None:
    with room.service.db.begin() as tx:
        tx.execute(Model.metadata.tables["document_content"].update().values(content=b"%PDF-1.7 other"))
    assert problem(room.client().get(f"/v1/letters/{KARI}/document")) == (500, "fault")


def test_metrics_tell_what_became_of_letters(room: Mailroom) -> None:
    room.feed(party("eva", address=None), issued("d4", "case-4", ("eva",)))
    room.work()
    room.service.refresh_gauges()
    text = room.service.metrics.render().decode()
    assert 'inkasso_letters_rendered_total{kind="inkassovarsel",service="notifications"} 3.0' in text
    assert 'inkasso_letters_sent_total{channel="folder",kind="inkassovarsel",service="notifications"} 2.0' in text
    assert 'inkasso_letters_failed_total{reason="no_address",service="notifications"} 1.0' in text
    assert 'inkasso_backlog{kind="letters",service="notifications"} 1.0' in text
    assert "kari" not in text


def test_the_openapi_document_names_both_ways_of_uploading(room: Mailroom) -> None:
    paths = room.service.app.openapi()["paths"]
    assert set(paths["/v1/documents"]["post"]["requestBody"]["content"]) == {"application/pdf", "multipart/form-data"}
    assert "application/pdf" in paths["/v1/letters/{letter_id}/document"]["get"]["responses"]["200"]["content"]
