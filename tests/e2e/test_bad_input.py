"""What must be refused, through HTTP and files only: a clear problem each time, and nothing half-done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey
from support.street import CLAIMS, CLOCK, FILES, MARK, SERVICES, TODAY, Street, claim, debtor, is_problem, street_in

from inkasso.demo.persons import ANNE
from shared.auth import LOCAL_ISSUER, Role, TokenIssuer
from shared.clock import SystemMachine


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street_in(tmp_path_factory.mktemp("empty")) as found:
        yield found


@pytest.fixture
def street(empty: Street) -> Iterator[Street]:
    """A street on which nobody gets anything done: after each test nothing may have been left behind."""
    yield empty
    clerk = empty.token(Role.CASEWORKER)
    for path in (CLAIMS, "/claims-api/v1/cases", "/escalation/v1/upcoming", FILES):
        assert empty.http.get(path, headers=clerk).json()["items"] == []
    assert empty.town.today() == TODAY


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    *(({"principal_ore": value}, "principal_ore", "wrong-type") for value in (100.5, "100", True, None, [1])),
    *(({"principal_ore": value}, "principal_ore", "not-positive") for value in (0, -1)),
    ({"principal_ore": 10**9 + 1}, "principal_ore", "too-large"),
    ({"principal_ore": 10**30}, "principal_ore", "too-large"),
    ({"debtor": MARK}, "debtor", "wrong-type"),
    ({"claim_type": MARK}, "claim_type", "not-one-of"),
    ({"claim_type": "rent", "premises": "home"}, "claim_type", "not-in-agreement"),
    ({"creditor_unit": 7}, "creditor_unit", "wrong-type"),
    ({"debtor": debtor(national_id="12345678901")}, "debtor.national_id", "national-id-check-digit"),
    ({"debtor": debtor(national_id=MARK)}, "debtor.national_id", "national-id-format"),
    ({"debtor": debtor(national_id=12818510088)}, "debtor.national_id", "wrong-type"),
    ({"debtor": debtor(national_id="١٢٨١٨٥١٠٠٨٨")}, "debtor.national_id", "national-id-format"),
    ({"debtor": debtor(kind="business", national_id=None, org_number="123456789")}, "debtor.org_number", ""),
    ({"debtor": debtor(name="")}, "debtor.name", "too-short"),
    ({"debtor": debtor(name=f"{MARK}\0")}, "debtor.name", "wrong-form"),
    ({"debtor": debtor(name=MARK * 100)}, "debtor.name", "too-long"),
    ({"due_date": TODAY.isoformat()}, "due_date", "not-due"),
    ({"due_date": "2027-01-20"}, "due_date", "not-due"),
    ({"due_date": "2026-02-30"}, "due_date", "wrong-form"),
    ({"due_date": 20251220}, "due_date", "wrong-form"),
    ({"due_date": "2021-12-20", "invoice_date": "2021-12-01"}, "due_date", "time-barred"),
    ({"service_period": {"from": "2026-01-02", "to": "2026-01-01"}}, "service_period.to", "before-from"),
    ({"co_debtors": [ANNE.as_debtor()]}, "co_debtors.0.national_id", "same-party"),
    ({"unknown": MARK}, "unknown", "unknown-field"),
]


@pytest.mark.parametrize(("changes", "field", "code"), FIELDS)
def test_a_wrong_field_is_named(street: Street, changes: dict[str, Any], field: str, code: str) -> None:
    problem = is_problem(street.hand_over(claim(**changes)), 422, "validation")
    assert (field, code) in [(error["field"], code and error["code"]) for error in problem["errors"]]


def test_every_wrong_field_is_in_one_answer(street: Street) -> None:
    wrong = claim(principal_ore=0, due_date="2027-01-01", debtor=debtor(national_id="12345678901"))
    problem = is_problem(street.hand_over(wrong), 422, "validation")
    assert {error["field"] for error in problem["errors"]} == {"principal_ore", "due_date", "debtor.national_id"}


def test_an_unknown_creditor_is_no_creditor(street: Street) -> None:
    unknown = claim(creditor_unit="nowhere")
    is_problem(street.hand_over(unknown), 403, "foreign-unit")
    clerk = street.hand_over(unknown, street.token(Role.CASEWORKER))
    assert is_problem(clerk, 422, "validation")["errors"][0]["code"] == "unknown-creditor"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "validation"),
        (b"{", 400, "not-json"),
        (b"[]", 422, "validation"),
        (b'{"debtor": "\xe5"}', 400, "not-json"),
        (b"[" * 100_000, 400, "not-json"),
        (b'{"principal_ore": ' + b"9" * 5_000 + b"}", 400, "not-json"),
        (b'{"a": "' + b"x" * 1_000_000 + b'"}', 413, "too-large"),
    ],
)
def test_a_body_that_is_no_claim_is_refused(street: Street, body: bytes, status: int, code: str) -> None:
    answer = street.hand_over(body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"].endswith(f":{code}")


def test_a_body_of_no_told_length_is_cut_off_at_the_limit(street: Street) -> None:
    chunks = (b"x" * 100_000 for _ in range(30))
    headers = {**street.agency(), "Idempotency-Key": "long", "Content-Type": "application/json"}
    is_problem(street.http.post(CLAIMS, content=chunks, headers=headers), 413, "too-large")


def test_what_is_not_sent_as_json_is_no_claim(street: Street) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = street.hand_over(claim(), **{"Content-Type": kind})
        assert is_problem(answer, 415, "media-type")["detail"].startswith("Content-Type: expected application/json")


@pytest.mark.parametrize(
    "path", [CLAIMS, CLOCK, FILES, "/escalation/v1/upcoming", "/notifications/v1/letters", "/health"]
)
def test_headers_beyond_the_limit_are_refused_everywhere(street: Street, path: str) -> None:
    is_problem(street.http.get(path, headers={**street.agency(), "X-Wide": "x" * 40_000}), 413, "too-large")


@pytest.mark.parametrize("service", ["", *SERVICES, "sandbox"])
def test_an_unknown_route_is_a_problem_too(street: Street, service: str) -> None:
    is_problem(street.http.get(f"/{service}/v1/nowhere".replace("//", "/"), headers=street.agency()), 404, "not-found")


def test_a_method_that_is_not_there_is_a_problem_too(street: Street) -> None:
    is_problem(street.http.put(CLAIMS, json={}, headers=street.agency()), 405, "method-not-allowed")


@pytest.mark.parametrize("name", ["x", "%00", "'", ANNE.national_id, "a" * 2_000])
def test_an_id_of_nothing_is_not_found_and_not_repeated(street: Street, name: str) -> None:
    for path in (CLAIMS, "/claims-api/v1/cases", "/escalation/v1/cases"):
        answer = street.http.get(f"{path}/{name}", headers=street.token(Role.CASEWORKER))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert name not in answer.text or name in ("x", "'")


def test_callers_we_cannot_know_are_turned_away(street: Street) -> None:
    forger = TokenIssuer(ECKey.generate_key("P-256"), LOCAL_ISSUER, "inkasso", SystemMachine())
    forged = forger.issue(Role.AGENCY, "agency:bydel-frogner", timedelta(days=1), unit="bydel-frogner")
    good = street.agency()["Authorization"]
    wrong: dict[str, dict[str, str]] = {
        "none": {},
        "basic": {"Authorization": "Basic YTpi"},
        "no token": {"Authorization": "Bearer abc"},
        "unsigned": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWdlbmN5In0."},
        "huge": {"Authorization": "Bearer " + "a" * 9_000},
        "forged": {"Authorization": f"Bearer {forged}"},
        "changed": {"Authorization": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB")},
    }
    for headers in wrong.values():
        for method, path in (("POST", CLAIMS), ("GET", CLOCK), ("POST", CLOCK), ("POST", FILES)):
            answer = street.http.request(method, path, headers={"Idempotency-Key": "x", **headers}, json=claim())
            is_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert street.town.today() == TODAY


def test_a_role_does_only_what_is_its_own(street: Street) -> None:
    for role in (Role.BANK, Role.AUDITOR, Role.OPERATOR):
        is_problem(street.hand_over(claim(), street.token(role)), 403, "role")
    is_problem(street.http.post(FILES, content=b"x", headers=street.agency()), 403, "role")
    is_problem(street.hand_over(claim(), street.agency("utdanningsetaten")), 403, "foreign-unit")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"advance_days": -1}, 422, "validation"),
        ({"advance_days": 1.5}, 422, "validation"),
        ({"advance_days": 401}, 422, "validation"),
        ({"date": "soon"}, 422, "validation"),
        ({"date": "9999-12-31"}, 422, "validation"),
        ({}, 422, "validation"),
        ([], 422, "validation"),
    ],
)
def test_a_wish_about_the_date_that_makes_no_sense_moves_nothing(
    street: Street, wish: Any, status: int, code: str
) -> None:
    is_problem(street.http.post(CLOCK, json=wish, headers=street.agency()), status, code)
    assert street.town.today() == TODAY
