"""Who hands claims over, on which terms, and that no bank account changes by one person alone."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from support.claims import SAMPLE, Desk, claim_body


def sample() -> dict[str, Any]:
    content = tomllib.loads(SAMPLE.read_text("utf-8"))
    for creditor in content["creditors"]:
        for agreement in creditor["agreements"]:
            agreement["valid_from"] = agreement["valid_from"].isoformat()
    return content


def apply(office: Desk, content: dict[str, Any], name: str = "drift") -> Any:
    return office.post("/v1/creditors", content, office.operator(name))


def with_agreement(**changes: Any) -> dict[str, Any]:
    content = sample()
    agreement = deepcopy(content["creditors"][0]["agreements"][0]) | {"valid_from": "2026-01-01"} | changes
    content["creditors"][0]["agreements"].append(agreement)
    return content


def test_the_sample_municipality_is_listed_and_a_unit_sees_itself(office: Desk) -> None:
    items = office.get("/v1/creditors", office.clerk()).json()["items"]
    assert len(items) == 8
    assert [one["unit"] for one in office.get("/v1/creditors").json()["items"]] == ["bydel-frogner"]


def test_the_same_file_again_changes_nothing(office: Desk) -> None:
    assert apply(office, sample()).json()["state"] == "unchanged"


def test_new_claim_types_take_effect_from_their_day(office: Desk) -> None:
    content = with_agreement(claim_types=["kindergarten", "other_invoice"])
    assert apply(office, content).json()["state"] == "applied"
    assert office.post("/v1/claims", claim_body(claim_type="other_invoice")).status_code == 201
    refused = office.post("/v1/claims", claim_body(claim_type="home_care"))
    assert refused.json()["errors"][0]["code"] == "not-in-agreement"


def test_how_money_is_divided_is_a_part_of_the_agreement(office: Desk) -> None:
    assert apply(office, with_agreement(unit_gets=["principal", "interest", "fees"])).json()["state"] == "applied"
    (mine,) = office.get("/v1/creditors").json()["items"]
    assert [(one["valid_from"], one["unit_gets"]) for one in mine["agreements"]] == [
        ("2020-01-01", ["interest", "principal"]),
        ("2026-01-01", ["fees", "interest", "principal"]),
    ]


def test_an_agreement_that_has_ended_is_none(office: Desk) -> None:
    apply(office, with_agreement(valid_to="2026-01-19"))
    assert office.post("/v1/claims", claim_body()).json()["errors"][0]["code"] == "no-agreement"


def test_a_new_account_waits_for_another_person(office: Desk) -> None:
    told = apply(office, with_agreement(account="13150200118"), "Anne").json()
    assert told["state"] == "pending"
    path = f"/v1/creditors/changes/{told['change_id']}/approval"
    accounts = lambda: [a["account"] for a in office.get("/v1/creditors").json()["items"][0]["agreements"]]  # noqa: E731
    assert accounts() == ["13150200010"]
    assert office.post(path, {"approve": True}, office.operator("Anne")).status_code == 403
    assert accounts() == ["13150200010"]
    assert office.post(path, {"approve": True}, office.operator("Bo")).json()["state"] == "applied"
    assert accounts() == ["13150200010", "13150200118"]
    assert office.post(path, {"approve": True}, office.operator("Bo")).status_code == 409
    (change,) = office.get("/v1/creditors/changes", office.auditor()).json()["items"]
    assert (change["proposed_by"], change["decided_by"]) == ("Anne", "Bo")


def test_a_proposed_account_may_be_refused(office: Desk) -> None:
    told = apply(office, with_agreement(account="13150200118")).json()
    path = f"/v1/creditors/changes/{told['change_id']}/approval"
    assert office.post(path, {"approve": False}, office.operator()).json()["state"] == "refused"
    assert len(office.get("/v1/creditors").json()["items"][0]["agreements"]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account": "13150200011"}, "account"),
        ({"claim_types": []}, "claim_types"),
        ({"claim_types": ["parking"]}, "claim_types"),
        ({"fee_regime": "free"}, "fee_regime"),
        ({"fee_regime": "foreign_collection"}, "fee_regime"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_to": "2025-12-31"}, "valid_to"),
        ({"overrides": {"parking": {}}}, "overrides"),
        ({"overrides": {"kindergarten": {"interest_from": "birth"}}}, "overrides.kindergarten.interest_from"),
        ({"unit_gets": ["fees"]}, "unit_gets"),
        ({"unit_gets": ["principal", "half"]}, "unit_gets"),
        ({"discount": 1}, "discount"),
    ],
)
def test_a_wrong_agreement_is_refused_by_its_field(door: Desk, changes: dict[str, Any], field: str) -> None:
    answer = apply(door, with_agreement(**changes))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"creditors.0.agreements.1.{field}"]


def test_every_error_of_a_file_is_in_one_answer(door: Desk) -> None:
    content = sample()
    content["creditors"][0] |= {"unit": "Bydel Frogner", "org_number": "123456789", "legal_person": "974780747"}
    content["creditors"][2]["unit"] = "utdanningsetaten"
    answer = apply(door, content)
    assert {error["field"] for error in answer.json()["errors"]} == {
        "creditors.0.unit",
        "creditors.0.org_number",
        "creditors.0.legal_person",
        "creditors.2.unit",
    }


def test_an_override_moves_interest_and_the_place_of_dispute(office: Desk) -> None:
    overrides = {"kindergarten": {"interest_from": "none", "dispute_body": "unit"}}
    apply(office, with_agreement(overrides=overrides))
    told = office.register()
    assert told["balance_ore"] == 300_000
    shown = office.get(f"/v1/claims/{told['claim_id']}").json()
    assert (shown["interest_from"], shown["dispute_body"]) == (None, "unit")
