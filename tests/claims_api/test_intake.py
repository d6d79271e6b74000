"""Handing over one claim: what comes out, what is refused, and that nothing is done by halves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.claims import BUSINESS, KARI, MIA, OLA, Desk, claim_body, desk

from claims_api.tables import CaseRow, ClaimRow, DebtorRow, LedgerRow
from shared.db import table_of
from shared.events.claims import ClaimRegistered, HoldPlaced
from shared.kid import is_valid_case_number, is_valid_kid

ADDRESS = {"line1": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"}
TYPES = {
    "kindergarten": "bydel-frogner",
    "home_care": "bydel-frogner",
    "nursing_home": "bydel-frogner",
    "after_school": "utdanningsetaten",
    "emergency_clinic": "helseetaten",
    "dental_emergency": "helseetaten",
    "library_replacement": "deichman",
    "rent": "boligbygg-kf",
    "coercive_fine": "plan-og-bygningsetaten",
    "other_invoice": "byradsavdeling-finans",
}
NEEDED: dict[str, dict[str, Any]] = {
    "rent": {"premises": "home"},
    "coercive_fine": {"legal_basis": {"kind": "vedtak", "date": "2025-11-01", "reference": "2025/123"}},
}


def fields(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


def stored(office: Desk) -> int:
    return sum(office.count(table_of(row)) for row in (CaseRow, ClaimRow, DebtorRow, LedgerRow))


@pytest.mark.parametrize(("claim_type", "unit"), TYPES.items())
def test_each_claim_type_is_taken_in_and_published(office: Desk, claim_type: str, unit: str) -> None:
    told = office.register(claim_type=claim_type, creditor_unit=unit, **NEEDED.get(claim_type, {}))
    assert is_valid_case_number(told["case_number"])
    assert is_valid_kid(told["kid"])
    assert told["kid"][0] == "1"
    assert told["status"] == "accepted"
    (event,) = office.payloads(ClaimRegistered)
    assert (event.claim_type, event.creditor_unit, event.claim_kid) == (claim_type, unit, told["kid"])
    assert (event.principal_ore, event.ladder, event.prior_notice) == (300_000, "collect", None)


def test_the_balance_told_is_the_balance_read(office: Desk) -> None:
    told = office.register()
    read = office.get(f"/v1/cases/{told['case_id']}/balance").json()
    assert read["total_ore"] == told["balance_ore"]
    assert read["principal_ore"] == 300_000
    assert read["principal_ore"] + read["interest_ore"] + read["fees_ore"] == read["total_ore"]


def test_the_same_claim_again_is_answered_to_the_letter(office: Desk) -> None:
    first = office.post("/v1/claims", claim_body())
    before = stored(office)
    office.register(external_ref="F-2")
    office.clock.set(office.clock.today().replace(day=28))
    again = office.post("/v1/claims", claim_body())
    assert (again.status_code, again.json()) == (201, first.json())
    assert office.count(table_of(ClaimRow)) == 2
    assert stored(office) > before


def test_another_claim_under_a_used_reference_is_a_conflict(office: Desk) -> None:
    office.register()
    before = stored(office)
    for path in ("/v1/claims", "/v1/claims/validate"):
        answer = office.post(path, claim_body(principal_ore=300_001))
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "external_ref"
    assert stored(office) == before


def test_a_reference_belongs_to_its_unit(office: Desk) -> None:
    office.register()
    office.register(claim_type="after_school", creditor_unit="utdanningsetaten")
    assert office.count(table_of(ClaimRow)) == 2


def test_every_error_of_a_body_is_in_one_answer(office: Desk) -> None:
    body = claim_body(
        principal_ore="300000",
        due_date="2026-02-30",
        claim_type="kommunale avgifter",
        debtor__national_id="12345678901",
        debtor__address__postal_code="12",
        co_debtors=[{"kind": "business", "org_number": "123456789", "name": "Firma"}],
        prior_notice={"sent_on": "2026-03-01", "deadline": "2026-03-20", "fee_ore": 0},
        secret=1,
    )
    assert fields(office.post("/v1/claims", body)) == {
        ("principal_ore", "wrong-type"),
        ("due_date", "wrong-form"),
        ("claim_type", "not-one-of"),
        ("secret", "unknown-field"),
        ("debtor.national_id", "national-id-check-digit"),
        ("debtor.address.postal_code", "postal-code-format"),
        ("co_debtors.0.org_number", "org-number-check-digit"),
        ("prior_notice.sent_on", "in-future"),
    }
    assert stored(office) == 0


WRONG: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"principal_ore": 0}, ("principal_ore", "not-positive")),
    ({"principal_ore": -1}, ("principal_ore", "not-positive")),
    ({"principal_ore": 10**10}, ("principal_ore", "too-large")),
    ({"principal_ore": 10**16}, ("principal_ore", "too-large")),
    ({"principal_ore": 1.5}, ("principal_ore", "wrong-type")),
    ({"principal_ore": True}, ("principal_ore", "wrong-type")),
    ({"principal_ore": None}, ("principal_ore", "wrong-type")),
    ({"principal_ore": ...}, ("principal_ore", "missing")),
    ({"original_principal_ore": 1}, ("original_principal_ore", "below-principal")),
    ({"due_date": "2026-01-20"}, ("due_date", "not-due")),
    ({"due_date": "2027-01-20"}, ("due_date", "not-due")),
    ({"due_date": 20260110}, ("due_date", "wrong-form")),
    ({"due_date": "2023-01-19", "invoice_date": "2023-01-01"}, ("due_date", "time-barred")),
    ({"due_date": "1979-01-19", "invoice_date": "1979-01-01"}, ("due_date", "time-barred")),
    ({"limitation_date": "2026-01-19"}, ("limitation_date", "time-barred")),
    ({"invoice_date": "2026-01-11"}, ("invoice_date", "after-due-date")),
    ({"invoice_date": "2026-02-11"}, ("invoice_date", "in-future")),
    ({"invoice_date": "2001-02-11"}, ("invoice_date", "too-old")),
    ({"service_period": {"from": "2026-01-31", "to": "2026-01-01"}}, ("service_period.to", "before-from")),
    ({"service_period": {"from": "2026-01-31"}}, ("service_period.to", "missing")),
    ({"creditor_unit": ...}, ("creditor_unit", "missing")),
    ({"claim_type": "rent"}, ("claim_type", "not-in-agreement")),
    ({"external_ref": ""}, ("external_ref", "too-short")),
    ({"external_ref": "x" * 81}, ("external_ref", "too-long")),
    ({"external_ref": "a\nb"}, ("external_ref", "wrong-form")),
    ({"debtor": None}, ("debtor", "wrong-type")),
    ({"debtor__kind": "robot"}, ("debtor.kind", "not-one-of")),
    ({"debtor__name": "  "}, ("debtor.name", "wrong-form")),
    ({"debtor__national_id": None}, ("debtor.national_id", "missing")),
    ({"debtor__national_id": ...}, ("debtor.national_id", "missing")),
    ({"debtor__national_id": 1818510159}, ("debtor.national_id", "wrong-type")),
    ({"debtor__national_id": "01818510150"}, ("debtor.national_id", "national-id-check-digit")),
    ({"debtor__national_id": "0181851015"}, ("debtor.national_id", "national-id-format")),
    ({"debtor__org_number": BUSINESS}, ("debtor.org_number", "not-for-person")),
    ({"debtor__birth_date": "1986-01-01"}, ("debtor.birth_date", "not-of-national-id")),
    ({"debtor__kind": "business"}, ("debtor.national_id", "not-for-business")),
    ({"debtor__address__country": "XX"}, ("debtor.address.country", "unknown-country")),
    ({"debtor__address__city": ""}, ("debtor.address.city", "missing")),
    ({"debtor__address__postal_code": "015"}, ("debtor.address.postal_code", "postal-code-format")),
    ({"debtor__language": "se"}, ("debtor.language", "not-one-of")),
    ({"debtor__protection": "secret"}, ("debtor.protection", "not-one-of")),
    (
        {"co_debtors": [{"kind": "person", "national_id": KARI, "name": "K"}]},
        ("co_debtors.0.national_id", "same-party"),
    ),
    ({"co_debtors": "Ola"}, ("co_debtors", "wrong-type")),
    (
        {"prior_notice": {"sent_on": "2026-01-11", "deadline": "2026-01-25", "fee_ore": -1}},
        ("prior_notice.fee_ore", "negative"),
    ),
    (
        {"prior_notice": {"sent_on": "2026-01-11", "deadline": "2026-01-25", "fee_ore": 3_800}},
        ("prior_notice.fee_ore", "above-lawful-fee"),
    ),
    ({"legal_basis": {"kind": "vedtak", "date": "2027-01-01", "reference": "1"}}, ("legal_basis.date", "in-future")),
    ({"premises": "home"}, ("premises", "not-for-type")),
    ({"attachments": ["not-an-id"]}, ("attachments.0", "wrong-form")),
    (
        {"debtor__representative": {"kind": "guardian", "name": "Verge", "id": "123456789"}},
        ("debtor.representative.id", "org-number-check-digit"),
    ),
    ({"representative": {"kind": "friend", "name": "Venn"}}, ("representative.kind", "not-one-of")),
]


@pytest.mark.parametrize(("changes", "wrong"), WRONG, ids=[f"{'+'.join(c)}-{w[1]}" for c, w in WRONG])
def test_a_wrong_value_is_named_by_its_path(door: Desk, changes: dict[str, Any], wrong: tuple[str, str]) -> None:
    for path in ("/v1/claims", "/v1/claims/validate"):
        assert wrong in fields(door.post(path, claim_body(**changes)))
    assert stored(door) == 0


@pytest.mark.parametrize("body", [None, [], "claim", 17])
def test_what_is_no_object_is_no_claim(door: Desk, body: Any) -> None:
    assert door.post("/v1/claims", body).status_code == 422
    assert stored(door) == 0


def test_what_is_no_json_is_a_bad_request(office: Desk) -> None:
    headers = office.agency() | {"Idempotency-Key": "1", "Content-Type": "application/json"}
    answer = office.client.post("/v1/claims", content=b"{", headers=headers)
    assert answer.status_code == 400


def test_an_answer_never_repeats_a_national_id(office: Desk) -> None:
    answer = office.post("/v1/claims", claim_body(debtor__national_id="01818510150", principal_ore=0))
    assert "01818510150" not in answer.text


def test_test_persons_are_refused_where_they_are_not_configured(tmp_path: Path) -> None:
    with desk(tmp_path, allow_synthetic_ids=False) as office:
        assert fields(office.post("/v1/claims", claim_body())) == {("debtor.national_id", "national-id-synthetic")}


@pytest.mark.parametrize(
    ("claim_type", "unit", "field"),
    [("rent", "boligbygg-kf", "premises"), ("coercive_fine", "plan-og-bygningsetaten", "legal_basis")],
)
def test_a_type_that_rests_on_more_needs_it(office: Desk, claim_type: str, unit: str, field: str) -> None:
    answer = office.post("/v1/claims", claim_body(claim_type=claim_type, creditor_unit=unit), office.agency(unit))
    assert fields(answer) == {(field, "missing")}


def test_rent_of_a_home_and_of_business_premises_are_disputed_in_different_places(office: Desk) -> None:
    for ref, premises in (("1", "home"), ("2", "business")):
        office.register(external_ref=ref, claim_type="rent", creditor_unit="boligbygg-kf", premises=premises)
    assert [event.dispute_body for event in office.payloads(ClaimRegistered)] == ["husleietvistutvalg", "forliksraad"]


def test_a_lawful_prior_notice_counts_and_its_fee_comes_on_top(office: Desk) -> None:
    notice = {"sent_on": "2026-01-15", "deadline": "2026-01-29", "fee_ore": 3_800}
    told = office.register(due_date="2026-01-01", invoice_date="2025-12-01", prior_notice=notice)
    assert told["prior_notice"] == "accepted"
    (event,) = office.payloads(ClaimRegistered)
    assert event.prior_notice is not None
    assert str(event.prior_notice.deadline) == "2026-01-29"
    assert office.get(f"/v1/cases/{told['case_id']}/balance").json()["fees_ore"] == 3_800


@pytest.mark.parametrize(
    ("sent_on", "deadline", "why"),
    [
        ("2026-01-10", "2026-01-30", "sent-before-due"),
        ("2026-01-12", "2026-01-25", "deadline-too-short"),
    ],
)
def test_a_void_prior_notice_is_not_passed_on(office: Desk, sent_on: str, deadline: str, why: str) -> None:
    told = office.register(prior_notice={"sent_on": sent_on, "deadline": deadline, "fee_ore": 0})
    assert told["prior_notice"] == why
    (event,) = office.payloads(ClaimRegistered)
    assert event.prior_notice is None
    assert office.get(f"/v1/claims/{told['claim_id']}").json()["prior_notice"] == why


def test_two_fees_before_us_need_a_missed_deadline_between_them(office: Desk) -> None:
    old = {"due_date": "2025-11-01", "invoice_date": "2025-10-01"}
    first = {"sent_on": "2025-11-20", "deadline": "2025-12-04", "fee_ore": 3_500}
    soon = {"sent_on": "2025-11-25", "deadline": "2025-12-15", "fee_ore": 3_500}
    later = {"sent_on": "2025-12-10", "deadline": "2025-12-29", "fee_ore": 3_500}
    refused = office.post("/v1/claims", claim_body(**old, earlier_reminders=[first], prior_notice=soon))
    assert fields(refused) == {("prior_notice.fee_ore", "above-lawful-fee")}
    told = office.register(**old, earlier_reminders=[first], prior_notice=later)
    assert office.get(f"/v1/cases/{told['case_id']}/balance").json()["fees_ore"] == 7_000


def test_with_little_time_left_before_limitation_a_person_looks_first(office: Desk) -> None:
    told = office.register(due_date="2023-03-15", invoice_date="2023-03-01")
    assert told["status"] == "hearing"
    (event,) = office.payloads(ClaimRegistered)
    assert event.ladder == "hold"
    (hold,) = office.payloads(HoldPlaced)
    assert (hold.reason, hold.claim_ids) == ("limitation_hearing", [told["claim_id"]])


def test_a_child_without_a_guardian_is_held_and_one_with_a_guardian_is_not(office: Desk) -> None:
    office.register(external_ref="1", debtor__national_id=MIA, debtor__name="Mia")
    (hold,) = office.payloads(HoldPlaced)
    assert hold.reason == "guardian_missing"
    guardian = {"kind": "guardian", "name": "Ola Nordmann", "id": OLA, "address": ADDRESS}
    office.register(external_ref="2", debtor__national_id="05851261003", debtor__name="Per", representative=guardian)
    assert len(office.payloads(HoldPlaced)) == 1


def test_a_foreign_patient_without_a_number_is_known_by_birth_date_and_never_merged(office: Desk) -> None:
    changes: dict[str, Any] = {
        "claim_type": "emergency_clinic",
        "creditor_unit": "helseetaten",
        "debtor__national_id": None,
        "debtor__birth_date": "1970-05-17",
        "debtor__address__country": "SE",
        "debtor__address__postal_code": "111 22",
    }
    first = office.register(external_ref="1", **changes)
    second = office.register(external_ref="2", **changes)
    assert first["case_id"] != second["case_id"]
    assert office.count(table_of(DebtorRow)) == 2


def test_a_business_is_found_by_its_number(office: Desk) -> None:
    debtor = {"kind": "business", "org_number": "974 780 747", "name": "Firma AS", "address": ADDRESS}
    first = office.register(external_ref="1", debtor=debtor)
    second = office.register(external_ref="2", debtor=debtor | {"org_number": BUSINESS})
    assert first["case_id"] == second["case_id"]


def test_a_missing_key_a_missing_token_and_a_foreign_unit_are_told_apart(office: Desk) -> None:
    assert office.client.post("/v1/claims", json=claim_body(), headers=office.agency()).status_code == 400
    assert office.client.post("/v1/claims", json=claim_body()).status_code == 401
    assert office.post("/v1/claims", claim_body(), office.agency("deichman")).status_code == 403
    unknown = office.post("/v1/claims", claim_body(creditor_unit="ukjent"), office.clerk())
    assert fields(unknown) == {("creditor_unit", "unknown-creditor")}
    assert stored(office) == 0
