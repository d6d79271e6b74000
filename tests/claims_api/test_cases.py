"""Which claims share a case, what a case shows, and to whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import KARI, OLA, PER, Desk

from claims_api.invariants import broken
from claims_api.store import cases
from claims_api.store.claims import parties_of
from claims_api.tables import CaseRow
from shared.db import table_of
from shared.kid import is_valid_kid

ADDRESS = {"line1": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"}
OLA_OWES = {
    "kind": "person",
    "national_id": OLA,
    "name": "Ola Nordmann",
    "address": ADDRESS | {"line1": "Hemmelig vei 2"},
}


@pytest.fixture
def office(office_on_both: Desk) -> Desk:
    return office_on_both


def case(office: Desk, told: dict[str, Any], who: dict[str, str] | None = None, **params: Any) -> Any:
    return office.get(f"/v1/cases/{told['case_id']}", who, **params)


def debtors_of(office: Desk, told: dict[str, Any]) -> list[str]:
    with office.service.db.read() as tx:
        return parties_of(tx, [told["claim_id"]])[told["claim_id"]]


def test_claims_of_one_debtor_unit_and_group_share_a_case(office: Desk) -> None:
    told = [office.register(external_ref=f"F-{n}") for n in range(3)]
    assert len({one["case_id"] for one in told}) == 1
    assert [one["case_version"] for one in told] == [1, 2, 3]
    kids = [one["kid"] for one in told] + [case(office, told[0]).json()["kid"]]
    assert len(set(kids)) == 4
    assert all(is_valid_kid(kid) for kid in kids)


@pytest.mark.parametrize(
    ("path", "name", "known"),
    [
        ("/v1/claims", "status", "'hearing'"),
        ("/v1/claims", "claim_type", "'coercive_fine'"),
        ("/v1/cases", "state", "'closed'"),
    ],
)
def test_a_list_asked_for_what_there_is_not_says_what_there_is(office: Desk, path: str, name: str, known: str) -> None:
    answer = office.get(path, **{name: "unheard_of"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, name, "not-one-of")
    assert known in error["detail"]
    assert office.get(path, **{name: known.strip("'")}).json()["items"] == []


def test_health_debts_another_unit_and_another_debtor_are_cases_apart(office: Desk) -> None:
    told = [
        office.register(external_ref="1"),
        office.register(external_ref="2", claim_type="home_care"),
        office.register(external_ref="3", claim_type="after_school", creditor_unit="utdanningsetaten"),
        office.register(external_ref="4", debtor__national_id=PER, debtor__name="Per"),
    ]
    assert len({one["case_id"] for one in told}) == 4
    assert [one["case_number"][:9] for one in told] == ["260000001", "260000002", "260000003", "260000004"]


def test_a_case_at_a_legal_step_or_closed_takes_no_new_claim(office: Desk) -> None:
    seen = set()
    for at, state in enumerate(("open", "legal", "closed")):
        told = office.register(external_ref=f"F-{at}")
        seen.add(told["case_id"])
        with office.service.uow() as uow:
            cases.set_state(uow.tx, told["case_id"], state)
    told = office.register(external_ref="last")
    assert len(seen) == 2  # the open case took the second claim
    assert told["case_id"] not in seen
    assert office.count(table_of(CaseRow)) == 3


def test_a_case_shows_its_claims_debtor_and_balance(office: Desk) -> None:
    told = office.register()
    shown = case(office, told).json()
    assert shown["creditor"] == {"unit": "bydel-frogner", "name": "Bydel Frogner", "org_number": "874778702"}
    assert shown["debtor"]["name"] == "Kari Nordmann"
    assert [claim["claim_id"] for claim in shown["claims"]] == [told["claim_id"]]
    assert shown["balance"]["total_ore"] == told["balance_ore"]
    assert KARI not in case(office, told).text


def test_cases_are_found_by_any_number_on_a_letter(office: Desk) -> None:
    told = office.register()
    office.register(external_ref="2", debtor__national_id=PER)
    by = {
        "kid": told["kid"],
        "case_number": told["case_number"],
        "debtor_ref": debtors_of(office, told)[0],
    }
    for name, value in by.items():
        found = office.get("/v1/cases", office.clerk(), **{name: value}).json()["items"]
        assert [one["case_id"] for one in found] == [told["case_id"]], name
    assert office.get("/v1/cases", office.clerk(), kid="000000000000000").json()["items"] == []


def test_lists_are_read_page_by_page_without_gap_or_repeat(office: Desk) -> None:
    told = [office.register(external_ref=f"F-{n}")["claim_id"] for n in range(5)]
    seen, after = [], None
    for _ in range(4):
        page = office.get("/v1/claims", limit=2, **({"after": after} if after else {})).json()
        seen += [one["claim_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == told
    assert office.get("/v1/claims", limit=201).status_code == 422
    assert office.get("/v1/claims", external_ref="F-3").json()["items"][0]["claim_id"] == told[3]


def test_the_timeline_says_what_happened_in_norwegian(office: Desk) -> None:
    told = office.register()
    items = office.get(f"/v1/cases/{told['case_id']}/timeline").json()["items"]
    assert [item["type"] for item in items] == ["case.opened", "claim.registered"]
    assert "Krav på 3\N{NO-BREAK SPACE}000,00 kroner er mottatt fra Bydel Frogner" in items[1]["summary"]


def test_the_statement_sums_to_the_balance_and_explains_each_line(office: Desk) -> None:
    told = office.register()
    as_of = date(2026, 6, 30).isoformat()
    statement = office.get(f"/v1/cases/{told['case_id']}/statement", as_of=as_of).json()
    balance = office.get(f"/v1/cases/{told['case_id']}/balance", as_of=as_of).json()
    assert sum(line["amount_ore"] for line in statement["lines"]) == statement["total_ore"] == balance["total_ore"]
    assert all(line["explanation"]["rule"] and line["explanation"]["reference"] for line in statement["lines"])


def test_a_balance_can_be_asked_for_as_it_was_known(office: Desk) -> None:
    first = office.register()
    known_at = office.clock.now().isoformat()
    office.clock.set(date(2026, 1, 22))
    office.register(external_ref="F-2")
    path = f"/v1/cases/{first['case_id']}/balance"
    assert office.get(path, as_of="2026-01-20", known_at=known_at).json()["principal_ore"] == 300_000
    assert office.get(path, as_of="2026-01-20").json()["principal_ore"] == 600_000
    assert office.get(path, as_of="2026-01-09").json()["total_ore"] == 0
    assert office.get(path, known_at="2026-01-20T09:00:00").status_code == 422


def test_a_reader_gets_at_least_the_version_they_made(office: Desk) -> None:
    told = office.register()
    assert case(office, told, min_version=told["case_version"]).json()["case_version"] >= told["case_version"]
    for path in ("", "/balance", "/statement", "/timeline"):
        answer = office.get(f"/v1/cases/{told['case_id']}{path}", min_version=1)
        assert answer.json()["case_version"] == 1
    assert case(office, told, min_version=0).status_code == 422


def test_a_co_debtor_sees_the_shared_claim_and_nothing_else(office: Desk) -> None:
    office.register(external_ref="own")
    shared = office.register(external_ref="shared", co_debtors=[OLA_OWES])
    kari, ola = debtors_of(office, shared)
    seen = case(office, shared, office.debtor(ola))
    assert [claim["claim_id"] for claim in seen.json()["claims"]] == [shared["claim_id"]]
    assert seen.json()["kid"] == shared["kid"]
    assert seen.json()["debtor"] is None
    assert seen.json()["balance"]["principal_ore"] == 300_000
    assert "Kari" not in seen.text
    timeline = office.get(f"/v1/cases/{shared['case_id']}/timeline", office.debtor(ola)).json()["items"]
    assert {item["claim_id"] for item in timeline} == {shared["claim_id"]}
    own = case(office, shared, office.debtor(kari))
    assert len(own.json()["claims"]) == 2
    assert "Hemmelig vei" not in own.text


@pytest.mark.parametrize(
    "what", ["cases/{case_id}", "cases/{case_id}/balance", "cases/{case_id}/timeline", "claims/{claim_id}"]
)
def test_what_is_not_yours_does_not_exist(office: Desk, what: str) -> None:
    told = office.register()
    other = office.register(external_ref="2", debtor__national_id=PER)
    path = "/v1/" + what.format(**told)
    strangers = [office.agency("deichman"), office.debtor(debtors_of(office, other)[0])]
    for who in strangers:
        assert office.get(path, who).status_code == 404
    insiders = [office.agency(), office.debtor(debtors_of(office, told)[0]), office.clerk(), office.auditor()]
    for who in insiders:
        assert office.get(path, who).status_code == 200
    assert office.get("/v1/claims", strangers[0]).json()["items"] == []
    assert len(office.get("/v1/claims", strangers[1]).json()["items"]) == 1


def test_health_texts_are_for_the_debtor_and_one_desk_role(office: Desk) -> None:
    told = office.register(claim_type="nursing_home", description="Langtidsopphold Villa Vinderen")
    ref = debtors_of(office, told)[0]
    path = f"/v1/claims/{told['claim_id']}"
    may = [office.debtor(ref), office.clerk("Kim", "health")]
    may_not = [office.agency(), office.clerk(), office.auditor()]
    for who in may:
        assert office.get(path, who).json()["description"] == "Langtidsopphold Villa Vinderen"
        assert office.get(path, who).json()["service_period"] == {"from": "2026-01-01", "to": "2026-01-31"}
    for who in may_not:
        assert office.get(path, who).json()["description"] is None
        assert office.get(path, who).json()["service_period"] is None


def test_a_protected_address_is_shown_to_one_desk_role(office: Desk) -> None:
    told = office.register(debtor__protection="strictly_confidential")
    assert case(office, told, office.clerk()).json()["debtor"]["address"] is None
    assert case(office, told).json()["debtor"]["address"] is None
    shown = case(office, told, office.clerk("Kim", "protected")).json()["debtor"]["address"]
    assert shown["line1"] == "Storgata 1"


def test_everything_holds_after_intake(office: Desk) -> None:
    for n in range(4):
        office.register(external_ref=f"F-{n}", co_debtors=[OLA_OWES] if n % 2 else [])
    with office.service.db.read() as tx:
        assert broken(tx) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"known_at": "9999-12-31T23:59:59Z"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"known_at": "2026-01-20"},
        {"as_of": "9999-12-31"},
        {"as_of": "0001-01-01"},
        {"as_of": "soon"},
    ],
)
@pytest.mark.parametrize("what", ["balance", "statement"])
def test_a_day_outside_every_calendar_is_refused_by_name(office: Desk, what: str, asked: dict[str, str]) -> None:
    told = office.register()
    answer = office.get(f"/v1/cases/{told['case_id']}/{what}", **asked)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(asked)
