"""Many claims in one call: a result per line, bad lines alone, and the same lines again answered alike."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from support.claims import KARI, MIA, OLA, PER, Desk, claim_body

from claims_api.api.batch import LINE_MAX_BYTES, PER_COMMIT
from claims_api.invariants import broken
from claims_api.tables import CaseRow, ClaimRow, DebtorRow, KidRow, LedgerRow, TimelineRow
from shared.db import table_of
from shared.events.claims import ClaimRegistered

PEOPLE = (KARI, OLA, PER)


@pytest.fixture
def office(office_on_both: Desk) -> Desk:
    return office_on_both


def lines(count: int) -> list[dict[str, Any]]:
    return [claim_body(external_ref=f"B-{n}", debtor__national_id=PEOPLE[n % 3]) for n in range(count)]


def send(office: Desk, content: bytes, who: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = office.client.post("/v1/claims/batch", content=content, headers=who or office.agency())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def ndjson(bodies: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(body).encode() for body in bodies)


def test_every_line_is_answered_in_order(office: Desk) -> None:
    results = send(office, ndjson(lines(250)) + b"\n")
    assert [result["line"] for result in results] == list(range(1, 251))
    assert len({result["claim_id"] for result in results}) == 250
    assert len({result["case_id"] for result in results}) == 3
    assert office.count(table_of(ClaimRow)) == 250


def test_a_bad_line_harms_no_other(office: Desk) -> None:
    bodies = lines(6)
    bodies[1]["principal_ore"] = 0
    bodies[4]["creditor_unit"] = "deichman"
    content = ndjson(bodies[:3]) + b"\n{oops\n\n" + ndjson(bodies[3:])
    results = send(office, content)
    assert [result["line"] for result in results] == [1, 2, 3, 4, 6, 7, 8]
    wrong = {result["line"]: result["problem"] for result in results if "problem" in result}
    assert {line: problem["status"] for line, problem in wrong.items()} == {2: 422, 4: 400, 7: 403}
    assert wrong[2]["errors"][0]["field"] == "principal_ore"
    assert office.count(table_of(ClaimRow)) == 4


def test_lines_that_are_no_json_are_each_told_so(office: Desk) -> None:
    odd = [b"{oops", b"[" * 60_000, b'{"debtor": "\xe5"}', b"9" * 5_000]
    results = send(office, b"\n".join([*odd, ndjson(lines(1))]))
    assert [result["problem"]["type"].rpartition(":")[2] for result in results[:-1]] == ["not-json"] * 4
    assert office.count(table_of(ClaimRow)) == 1


def test_a_bad_line_publishes_nothing(office: Desk) -> None:
    bodies = lines(3)
    bodies[1] |= {"external_ref": "B-0"}  # another claim under a used reference, found after the debtor was
    results = send(office, ndjson(bodies))
    assert results[1]["problem"]["status"] == 409
    assert [
        event.envelope.version for event in office.events() if event.envelope.aggregate == results[0]["case_id"]
    ] == [1]
    assert len(office.events()) == 2


def test_the_same_lines_again_are_answered_alike(office: Desk) -> None:
    content = ndjson(lines(20))
    assert send(office, content) == send(office, content)
    assert office.count(table_of(ClaimRow)) == 20


def test_a_line_that_comes_twice_in_a_batch_is_one_claim_told_twice(office: Desk) -> None:
    bodies = lines(4)
    bodies[3] = bodies[1]
    results = send(office, ndjson(bodies))
    assert [result["line"] for result in results] == [1, 2, 3, 4]
    assert {**results[3], "line": 2} == results[1]
    assert office.count(table_of(ClaimRow)) == 3
    assert office.count(table_of(LedgerRow)) == 3


def test_claims_of_a_debtor_share_a_case_within_a_batch_and_across_its_commits(office: Desk) -> None:
    bodies = [claim_body(external_ref=f"B-{n}") for n in range(PER_COMMIT + 20)]
    results = send(office, ndjson(bodies))
    assert len({result["case_id"] for result in results}) == 1
    assert len({result["kid"] for result in results}) == len(bodies)
    assert [result["case_version"] for result in results] == [1] * PER_COMMIT + [2] * 20
    assert (office.count(table_of(DebtorRow)), office.count(table_of(CaseRow))) == (1, 1)
    assert office.count(table_of(KidRow)) == len(bodies) + 1
    assert office.count(table_of(TimelineRow)) == len(bodies) + 1
    assert [event.envelope.version for event in office.events()] == list(range(1, len(bodies) + 1))
    with office.service.db.read() as tx:
        assert broken(tx) == []


def test_of_two_lines_under_one_reference_the_first_counts_however_far_apart(office: Desk) -> None:
    unknown = {"debtor__national_id": None, "debtor__birth_date": "1980-05-17"}
    bodies = [claim_body(external_ref=f"B-{n}", **unknown) for n in range(2 * PER_COMMIT)]
    bodies.append(claim_body(external_ref="B-0", principal_ore=1))
    results = send(office, ndjson(bodies))
    assert [result["line"] for result in results] == list(range(1, len(bodies) + 1))
    assert [result["line"] for result in results if "problem" in result] == [len(bodies)]
    assert office.count(table_of(ClaimRow)) == 2 * PER_COMMIT
    with office.service.db.read() as tx:
        assert broken(tx) == []


def test_what_a_batch_says_newest_of_a_debtor_holds(office: Desk) -> None:
    guardian = {"kind": "guardian", "name": "Verge Vik", "id": OLA}
    bodies = [
        claim_body(external_ref="B-1", debtor__national_id=MIA, debtor__representative=guardian),
        claim_body(external_ref="B-2", debtor__national_id=MIA, debtor__representative=guardian),
        claim_body(external_ref="B-3", debtor__national_id=MIA, debtor__name="Mia Ny"),
        claim_body(external_ref="B-4", co_debtors=[{"kind": "person", "national_id": MIA, "name": "Mia Nyest"}]),
    ]
    results = send(office, ndjson(bodies))
    assert len({result["case_id"] for result in results[:3]}) == 1
    assert {claim.ladder for claim in office.payloads(ClaimRegistered)} == {"collect"}
    with office.service.db.read() as tx:
        rows = tx.execute(
            select(table_of(DebtorRow)).where(table_of(DebtorRow).c.birth_date == date(2012, 6, 15))
        ).all()
    assert [(row.name, row.version) for row in rows] == [("Mia Nyest", 2)]


def test_a_shared_commit_that_fails_is_tried_line_by_line(office: Desk) -> None:
    refuse(office, invoice="broken")
    bodies = lines(40)
    bodies[17]["invoice_number"] = "broken"
    results = send(office, ndjson(bodies))
    assert [result["line"] for result in results] == list(range(1, 41))
    assert [result["line"] for result in results if "problem" in result] == [18]
    assert results[17]["problem"]["status"] == 503
    assert office.count(table_of(ClaimRow)) == 39
    assert len(office.events()) == 39
    with office.service.db.read() as tx:
        assert broken(tx) == []


def refuse(office: Desk, invoice: str) -> None:
    """Let the database itself fail at the claim of an invoice."""
    with office.service.db.begin() as tx:
        if office.service.db.dialect == "sqlite":
            tx.exec_driver_sql(
                "CREATE TRIGGER no_claim BEFORE INSERT ON claim WHEN new.invoice_number = '" + invoice + "'"
                " BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
            return
        tx.exec_driver_sql(
            "CREATE FUNCTION no_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
        )
        tx.exec_driver_sql(
            "CREATE TRIGGER no_claim BEFORE INSERT ON claim FOR EACH ROW"
            " WHEN (new.invoice_number = '" + invoice + "') EXECUTE FUNCTION no_claim()"
        )


def test_a_line_without_end_is_refused_and_what_came_before_stands(office: Desk) -> None:
    results = send(office, ndjson(lines(2)) + b"\n" + b"x" * (LINE_MAX_BYTES + 1))
    assert [result.get("line") for result in results] == [1, 2, None]
    assert results[2]["problem"]["status"] == 413
    assert office.count(table_of(ClaimRow)) == 2


def test_an_empty_batch_has_no_results(office: Desk) -> None:
    assert send(office, b"") == []
    assert send(office, b"\n\n") == []


def test_only_senders_send(office: Desk) -> None:
    assert office.client.post("/v1/claims/batch", content=b"{}", headers=office.auditor()).status_code == 403
    assert office.client.post("/v1/claims/batch", content=b"{}").status_code == 401
