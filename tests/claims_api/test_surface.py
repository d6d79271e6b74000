"""The whole surface at once: who may call what, what OpenAPI says, and that the schema is what the code declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.claims import Desk

from claims_api.app import MIGRATIONS
from claims_api.tables import Model
from shared.auth import Role
from shared.db import Database
from shared.migrate import at_head, differences, upgrade

DESK, UNIT, ALL = {"caseworker"}, {"agency", "caseworker"}, {"agency", "caseworker", "auditor", "debtor"}
ASKERS = {"debtor", "caseworker"}
MATRIX: dict[tuple[str, str], set[str]] = {
    ("POST", "/v1/claims"): UNIT,
    ("POST", "/v1/claims/validate"): UNIT,
    ("POST", "/v1/claims/batch"): UNIT,
    ("GET", "/v1/claims"): ALL,
    ("GET", "/v1/claims/x"): ALL,
    ("POST", "/v1/claims/x/corrections"): UNIT,
    ("POST", "/v1/claims/x/withdrawal"): UNIT,
    ("POST", "/v1/claims/x/direct-payments"): UNIT,
    ("POST", "/v1/claims/x/prior-notice-copy"): UNIT,
    ("GET", "/v1/cases"): ALL,
    ("GET", "/v1/cases/x"): ALL,
    ("GET", "/v1/cases/x/balance"): ALL,
    ("GET", "/v1/cases/x/statement"): ALL,
    ("GET", "/v1/cases/x/timeline"): ALL,
    ("GET", "/v1/cases/x/holds"): ALL,
    ("GET", "/v1/cases/x/petitions"): {"caseworker", "auditor"},
    ("POST", "/v1/cases/x/holds"): DESK,
    ("POST", "/v1/cases/x/holds/y/release"): DESK,
    ("POST", "/v1/cases/x/deferrals"): ASKERS,
    ("POST", "/v1/cases/x/plans"): ASKERS,
    ("POST", "/v1/cases/x/objections"): ASKERS,
    ("POST", "/v1/cases/x/messages"): ASKERS,
    ("POST", "/v1/cases/x/payment-choices"): ASKERS,
    ("GET", "/v1/cases/x/payment-choices"): ALL,
    ("POST", "/v1/cases/x/paid-claims"): ASKERS,
    ("POST", "/v1/cases/x/plans/r/changes"): ASKERS,
    ("POST", "/v1/cases/x/plans/r/acceptance"): ASKERS,
    ("POST", "/v1/cases/x/objections/r/withdrawal"): ASKERS,
    ("POST", "/v1/cases/x/objections/r/complaint"): ASKERS,
    ("POST", "/v1/cases/x/deferrals/r/withdrawal"): ASKERS,
    ("POST", "/v1/cases/x/plans/r/withdrawal"): ASKERS,
    ("POST", "/v1/cases/x/deferrals/r/decision"): DESK,
    ("POST", "/v1/cases/x/plans/r/decision"): DESK,
    ("POST", "/v1/cases/x/objections/r/decision"): DESK,
    ("POST", "/v1/cases/x/messages/r/answer"): DESK,
    ("GET", "/v1/cases/x/deferrals/r"): ALL,
    ("GET", "/v1/cases/x/plans/r"): ALL,
    ("GET", "/v1/cases/x/objections/r"): ALL,
    ("GET", "/v1/cases/x/messages/r"): ALL,
    ("GET", "/v1/requests"): ALL,
    ("GET", "/v1/requests/r"): ALL,
    ("POST", "/v1/debtors/d/erasure"): DESK,
    ("GET", "/v1/creditors"): {"agency", "caseworker", "auditor", "operator"},
    ("POST", "/v1/creditors"): {"operator"},
    ("GET", "/v1/creditors/changes"): {"auditor", "operator"},
    ("POST", "/v1/creditors/changes/x/approval"): {"operator"},
    ("GET", "/v1/events?creditor_unit=bydel-frogner"): {"agency", "caseworker", "auditor"},
    ("GET", "/v1/webhooks"): {"agency"},
    ("POST", "/v1/webhooks"): {"agency"},
    ("GET", "/v1/webhooks/w/secret"): {"agency"},
    ("POST", "/v1/webhooks/w/resume"): {"agency"},
    ("DELETE", "/v1/webhooks/w"): {"agency"},
    ("GET", "/v1/audit/journal?period=2026-01"): {"caseworker", "auditor", "operator"},
    ("GET", "/v1/audit/trial-balance?period=2026-01"): {"caseworker", "auditor", "operator"},
    ("GET", "/v1/audit/vouchers?period=2026-01"): {"caseworker", "auditor", "operator"},
    ("GET", "/v1/audit/periods"): {"caseworker", "auditor", "operator"},
    ("GET", "/v1/creditors/u/remittances"): {"agency", "caseworker", "auditor"},
    ("GET", "/v1/creditors/u/remittances/m"): {"agency", "caseworker", "auditor"},
    ("GET", "/v1/creditors/u/remittances/m/lines"): {"agency", "caseworker", "auditor"},
    ("POST", "/v1/creditors/u/remittances/m/sign-off"): {"agency"},
    ("POST", "/v1/creditors/u/remittances/m/answer"): DESK,
    ("GET", "/v1/remittances"): {"caseworker", "auditor"},
    ("POST", "/v1/claims/x/write-off"): {"caseworker"},
    ("GET", "/v1/write-offs"): {"caseworker", "auditor"},
    ("POST", "/v1/write-offs/o/approval"): {"caseworker"},
    ("POST", "/v1/cases/x/legal-costs"): {"caseworker"},
    ("GET", "/v1/audit/proof"): {"caseworker", "auditor", "operator"},
    ("GET", "/v1/audit/unbooked-bank-days"): {"caseworker", "auditor", "operator"},
}


def token(office: Desk, role: Role) -> dict[str, str]:
    return office.token(role, "who", name="who", unit="bydel-frogner", debtor_ref="nobody")


@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_each_route_is_for_its_roles_alone(door: Desk, method: str, path: str) -> None:
    assert door.client.request(method, path).status_code == 401
    for role in Role:
        headers = token(door, role) | {"Idempotency-Key": f"{role}-{path}"}
        answer = door.client.request(method, path, headers=headers, json={} if method == "POST" else None)
        assert (answer.status_code != 403) == (role.value in MATRIX[(method, path)]), (role, answer.text)


def test_every_route_of_the_service_is_in_the_matrix(door: Desk) -> None:
    known = {(method, path.split("?")[0]) for method, path in MATRIX} | {("POST", "/v1/token")}
    for path, operations in door.service.app.openapi()["paths"].items():
        if path.startswith("/v1/") and not path.startswith("/v1/operator"):
            concrete = path
            for name in ("{claim_id}", "{case_id}", "{change_id}"):
                concrete = concrete.replace(name, "x")
            concrete = concrete.replace("{hold_id}", "y").replace("{webhook_id}", "w")
            concrete = concrete.replace("{debtor_ref}", "d").replace("{request_id}", "r")
            concrete = concrete.replace("{unit}", "u").replace("{remittance_id}", "m")
            concrete = concrete.replace("{write_off_id}", "o")
            for method in operations:
                assert (method.upper(), concrete) in known


def test_openapi_shows_the_claim_body_and_the_problems(door: Desk) -> None:
    schema: dict[str, Any] = door.service.app.openapi()
    body = schema["paths"]["/v1/claims"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"].endswith("/ClaimIn")
    assert schema["components"]["schemas"]["ClaimIn"]["additionalProperties"] is False
    assert "application/problem+json" in json.dumps(schema["paths"]["/v1/claims"]["post"]["responses"]["422"])


def test_the_schema_is_what_the_tables_declare(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'claims.db'}", "claims-api")
    upgrade(db, MIGRATIONS)
    assert at_head(db, MIGRATIONS)
    assert differences(db, Model.metadata) == []
    upgrade(db, MIGRATIONS)
    db.close()


def test_the_journal_and_the_trial_balance_agree_in_json_and_csv(office: Desk) -> None:
    office.register(external_ref="1")
    notice = {"sent_on": "2026-01-15", "deadline": "2026-01-29", "fee_ore": 3_800}
    office.register(external_ref="2", due_date="2026-01-01", invoice_date="2025-12-01", prior_notice=notice)
    items = office.get("/v1/audit/journal", office.auditor(), period="2026-01").json()["items"]
    assert [item["amount_ore"] for item in items if item["kind"] == "registered"] == [300_000, 300_000]
    text = office.get("/v1/audit/journal", office.auditor(), period="2026-01", format="csv").text
    assert len(text.splitlines()) == len(items) + 1
    assert text.splitlines()[0].startswith("transfer_id;recorded_at;period;voucher;value_date;kind;debit")
    balance = office.get("/v1/audit/trial-balance", office.auditor(), period="2026-01").json()
    assert balance["balanced"]
    assert balance["debit_ore"] == sum(item["amount_ore"] for item in items) == balance["credit_ore"]
    csv = office.get("/v1/audit/trial-balance", office.auditor(), period="2026-01", format="csv").text
    assert len(csv.splitlines()) == len(balance["lines"]) + 1
    for period in ("2026", "2026-13", "januar"):
        assert office.get("/v1/audit/journal", office.auditor(), period=period).status_code == 422
