"""What happens next, over HTTP: whose turn it is, who may see it, and a caseworker's decision."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.timekeeper import Timekeeper, held, noticed, registered

from shared.auth import Role
from shared.events.escalation import LegalStepApproved, LegalStepRefused


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def proposed(time: Timekeeper) -> str:
    """Bring the golden claim to its proposed legal step."""
    time.feed(registered())
    time.until(date(2026, 3, 10))
    [step] = time.client().get("/v1/legal-steps", params={"state": "proposed"}).json()["items"]
    return str(step["legal_step_id"])


def test_a_case_says_what_is_next_whose_turn_it_is_until_when_and_what_then(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 2))
    case = time.case()
    assert case["case_number"] == "2600000018"
    assert case["next"] == {
        "step": "betalingsoppfordring",
        "on": "2026-02-18",
        "owner": "debtor",
        "until": "2026-02-12",
        "then": "Betales ikke kravet, sendes betalingsoppfordring.",
        "reason": None,
        "explanation": {
            "rule": "demand_ready",
            "reference": "inkassoloven § 10",
            "inputs": {"deadline": "2026-02-12", "registered_on": "2026-01-19", "bank_days": 3, "calendar": "no-2"},
        },
    }
    [claim] = case["claims"]
    assert (claim["stage"], claim["stage_title"]) == ("noticed", "Varslet")
    assert claim["notice"] == {"sent_on": "2026-01-29", "deadline": "2026-02-12", "usable_to": None, "by_unit": False}
    assert case["legal_steps"] == []


def test_a_held_claim_says_what_holds_it(time: Timekeeper) -> None:
    time.feed(registered(), held("deferral", until=date(2026, 3, 6)))
    case = time.case()
    assert (case["next"]["step"], case["next"]["on"], case["next"]["reason"]) == ("hold_end", "2026-03-06", "deferral")
    assert case["claims"][0]["holds"][0]["title"] == "Betalingsutsettelse"


def test_upcoming_lists_the_steps_of_the_next_days(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2"), registered("c3", case="case-2", due=date(2026, 1, 17)))
    time.feed(noticed("c4", case="case-3", deadline=date(2026, 3, 2)), registered("c5", case="case-4"))
    time.feed(held("manual", "c5", case="case-4"))
    items = time.client().get("/v1/upcoming", params={"days": 14}).json()["items"]
    assert items == [
        {"case_id": "case-1", "claim_ids": ["c1", "c2"], "step": "inkassovarsel", "on": "2026-01-29"},
        {"case_id": "case-2", "claim_ids": ["c3"], "step": "inkassovarsel", "on": "2026-02-02"},
    ]
    assert time.client().get("/v1/upcoming", params={"days": 9}).json()["items"] == []
    assert len(time.client().get("/v1/upcoming", params={"days": 60}).json()["items"]) == 3


def test_upcoming_goes_page_by_page(time: Timekeeper) -> None:
    time.feed(*[registered(f"c{n}", case=f"case-{n % 5}", due=date(2026, 1, 12 + n % 3)) for n in range(12)])
    client = time.client()
    whole = client.get("/v1/upcoming").json()["items"]
    found: list[Any] = []
    after = None
    while True:
        page = client.get("/v1/upcoming", params={"limit": 2, **({"after": after} if after else {})}).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break
    assert found == whole
    assert sorted(claim for item in whole for claim in item["claim_ids"]) == sorted(f"c{n}" for n in range(12))


@pytest.mark.parametrize("params", [{"days": -1}, {"days": 367}, {"days": "soon"}, {"limit": 201}, {"after": "x"}])
def test_upcoming_refuses_what_it_cannot_read(time: Timekeeper, params: dict[str, Any]) -> None:
    answer = time.client().get("/v1/upcoming", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["errors"]) == 1


def test_a_unit_sees_its_own_cases_only(time: Timekeeper) -> None:
    time.feed(registered())
    own, other = {"unit": "bydel-frogner"}, {"unit": "deichman"}
    assert time.case(role=Role.AGENCY, **own)["case_id"] == "case-1"
    assert time.client(Role.AGENCY, **other).get("/v1/cases/case-1").status_code == 404
    assert len(time.client(Role.AGENCY, **own).get("/v1/upcoming").json()["items"]) == 1
    assert time.client(Role.AGENCY, **other).get("/v1/upcoming").json()["items"] == []


def test_a_debtor_sees_own_claims_and_a_co_debtor_not_why_one_is_held(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", debtor_refs=["kari", "ola"]), held("deferral", "c2"))
    kari = time.case(role=Role.DEBTOR, debtor_ref="kari")
    assert [claim["claim_id"] for claim in kari["claims"]] == ["c1", "c2"]
    assert kari["claims"][1]["holds"][0]["reason"] == "deferral"
    ola = time.case(role=Role.DEBTOR, debtor_ref="ola")
    assert [claim["claim_id"] for claim in ola["claims"]] == ["c2"]
    assert ola["claims"][0]["holds"][0]["title"] == "Innkrevingen står i bero"
    assert ola["next"]["reason"] is None
    assert "deferral" not in str(ola)
    assert time.client(Role.DEBTOR, debtor_ref="per").get("/v1/cases/case-1").status_code == 404
    items = time.client(Role.DEBTOR, debtor_ref="ola").get("/v1/upcoming").json()["items"]
    assert items == []


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.AUDITOR, Role.OPERATOR])
def test_the_municipalitys_people_see_every_case(time: Timekeeper, role: Role) -> None:
    time.feed(registered())
    assert time.case(role=role)["case_id"] == "case-1"


def test_unknown_cases_missing_tokens_and_wrong_roles_are_refused(time: Timekeeper) -> None:
    client = time.client()
    assert client.get("/v1/cases/case-9").status_code == 404
    assert client.get("/v1/legal-steps/nothing").status_code == 404
    assert time.client(Role.BANK).get("/v1/cases/case-1").status_code == 403
    del client.headers["Authorization"]
    assert client.get("/v1/cases/case-1").status_code == 401


def test_a_caseworker_approves_a_proposed_step(time: Timekeeper) -> None:
    step = proposed(time)
    case = time.case()
    assert (case["next"]["step"], case["next"]["owner"], case["next"]["until"]) == (
        "approval", "caseworker", "2026-08-18",
    )  # fmt: skip
    answer = time.client(name="Kari").post(f"/v1/legal-steps/{step}/approval")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["decided_by"]) == ("approved", "Kari")
    [told] = time.published(LegalStepApproved)
    assert (told.legal_step_id, told.claim_ids, told.demand_usable_to) == (step, ["c1"], date(2026, 8, 18))
    again = time.client(name="Kari").post(f"/v1/legal-steps/{step}/approval", json={})
    assert again.json() == answer.json()
    assert len(time.published(LegalStepApproved)) == 1
    assert time.case()["next"]["step"] == "submission"


def test_a_caseworker_refuses_with_a_reason_and_the_claim_rests(time: Timekeeper) -> None:
    step = proposed(time)
    client = time.client()
    refusal = {"outcome": "refused", "reason": "cover_unlikely", "review_on": "2026-06-01"}
    answer = client.post(f"/v1/legal-steps/{step}/approval", json=refusal)
    assert (answer.json()["state"], answer.json()["reason"]) == ("refused", "cover_unlikely")
    assert len(time.published(LegalStepRefused)) == 1
    assert (time.case()["next"]["step"], time.case()["next"]["on"]) == ("review", "2026-06-01")
    assert client.post(f"/v1/legal-steps/{step}/approval").status_code == 409
    time.until(date(2026, 6, 1))
    assert time.letters()[2:] == [("2026-06-01", "betalingsoppfordring", ("c1",))]


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "maybe"},
        {"outcome": "refused"},
        {"reason": "other"},
        {"outcome": "refused", "reason": "other", "review_on": "2026-03-10"},
        {"review_on": "2026-12-01"},
        {"approve": True},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(time: Timekeeper, body: dict[str, object]) -> None:
    step = proposed(time)
    assert time.client().post(f"/v1/legal-steps/{step}/approval", json=body).status_code == 422
    assert time.case()["legal_steps"][0]["state"] == "proposed"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR, Role.AGENCY, Role.DEBTOR])
def test_only_a_caseworker_decides(time: Timekeeper, role: Role) -> None:
    claims = {Role.AGENCY: {"unit": "bydel-frogner"}, Role.DEBTOR: {"debtor_ref": "kari"}}.get(role, {})
    assert time.client(role, **claims).post("/v1/legal-steps/x/approval").status_code == 403


def test_a_dropped_step_can_no_longer_be_approved(time: Timekeeper) -> None:
    step = proposed(time)
    time.feed(held("objection"))
    answer = time.client().post(f"/v1/legal-steps/{step}/approval")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "legal step: expected proposed, got dropped"


def test_a_step_whose_demand_grew_too_old_is_replaced_not_approved(time: Timekeeper) -> None:
    step = proposed(time)
    time.clock.set(date(2026, 8, 19))
    answer = time.client().post(f"/v1/legal-steps/{step}/approval")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "demand-too-old")
    time.fire()
    assert time.letters()[2:] == [("2026-08-19", "betalingsoppfordring", ("c1",))]


def test_the_openapi_document_names_every_route(time: Timekeeper) -> None:
    paths = time.client().get("/openapi.json").json()["paths"]
    assert {"/v1/cases/{case_id}", "/v1/upcoming", "/v1/legal-steps/{legal_step_id}/approval", "/v1/brake"} <= set(
        paths
    )
