"""Documents that bodies name: handed in, and by whoever names them; the copy of a unit's own inkassovarsel."""

from __future__ import annotations

from typing import Any

import pytest
from support.claims import Desk, claim_body

from shared.events.claims import ClaimRegistered, PriorNoticeCopied

DUE = "2025-12-30"
NOTICE = {"sent_on": "2026-01-05", "deadline": "2026-01-19", "fee_ore": 0}
NOBODYS = "019b0000-0000-7000-8000-00000000000d"


def debtor_of(office: Desk, told: dict[str, Any]) -> str:
    return str(office.get(f"/v1/claims/{told['claim_id']}").json()["debtor_ref"])


def refused(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_a_claim_names_documents_of_its_own_unit_alone(office_on_both: Desk) -> None:
    office = office_on_both
    ours, theirs = office.hand_in(1, unit="bydel-frogner"), office.hand_in(2, unit="deichman")
    body = claim_body(due_date=DUE, attachments=[ours, theirs, NOBODYS], prior_notice={**NOTICE, "document_id": theirs})
    answer = office.post("/v1/claims", body)
    assert sorted(refused(answer)) == [
        ("attachments.1", "unknown-document"),
        ("attachments.2", "unknown-document"),
        ("prior_notice.document_id", "unknown-document"),
    ]
    assert office.payloads(ClaimRegistered) == []
    assert office.post("/v1/claims/validate", body).status_code == 422
    office.register(due_date=DUE, attachments=[ours], prior_notice={**NOTICE, "document_id": ours})
    [told] = office.payloads(ClaimRegistered)
    assert told.prior_notice.document_id == ours


def test_a_request_names_documents_of_its_own_debtor_alone(office: Desk) -> None:
    claim = office.register()
    debtor = debtor_of(office, claim)
    mine, units = office.hand_in(1, debtor_ref=debtor), office.hand_in(2, unit="bydel-frogner")
    path = f"/v1/cases/{claim['case_id']}/objections"
    body = {"claim_ids": [claim["claim_id"]], "text": "Jeg er uenig i kravet.", "documents": [mine, units, NOBODYS]}
    assert refused(office.post(path, body, office.debtor(debtor))) == [
        ("documents.1", "unknown-document"),
        ("documents.2", "unknown-document"),
    ]
    assert office.get("/v1/requests", office.clerk()).json()["items"] == []
    # The desk may name what anybody handed in, but nothing that nobody did.
    assert refused(office.post(path, body | {"channel": "post"}, office.clerk())) == [
        ("documents.2", "unknown-document")
    ]
    assert office.post(path, body | {"documents": [mine]}, office.debtor(debtor)).status_code == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/cases/{case_id}/messages", {"text": "Se vedlegget.", "document": NOBODYS, "channel": "post"}),
        ("/v1/cases/{case_id}/deferrals", {"until": "2026-02-10", "documents": [NOBODYS], "channel": "post"}),
        ("/v1/cases/{case_id}/paid-claims", {"documents": [NOBODYS], "channel": "post"}),
        (
            "/v1/cases/{case_id}/legal-costs",
            {"amount_ore": 100, "awarded_on": "2026-01-19", "basis": "enforcement", "document": NOBODYS},
        ),
        ("/v1/claims/{claim_id}/prior-notice-copy", {"document_id": NOBODYS}),
    ],
)
def test_a_document_that_nobody_handed_in_is_a_field_error(office: Desk, path: str, body: dict[str, Any]) -> None:
    claim = office.register(due_date=DUE, prior_notice=NOTICE)
    [(field, code)] = refused(office.post(path.format_map(claim), body, office.clerk()))
    assert code == "unknown-document"
    assert field in ("document", "document_id", "documents.0")


def test_the_copy_of_the_units_own_notice_may_come_after_the_claim(office: Desk) -> None:
    claim = office.register(due_date=DUE, prior_notice=NOTICE)
    path = f"/v1/claims/{claim['claim_id']}/prior-notice-copy"
    copy = {"document_id": office.hand_in(unit="bydel-frogner")}
    assert office.post(path, copy).status_code == 201
    assert office.post(path, copy).status_code == 201
    [told] = office.payloads(PriorNoticeCopied)
    assert (told.claim_id, told.document_id) == (claim["claim_id"], copy["document_id"])
    assert office.get(f"/v1/claims/{claim['claim_id']}").json()["prior_notice_document_id"] == copy["document_id"]
    assert office.post(path, copy, office.agency("deichman")).status_code == 404
    without = office.register(external_ref="F-2", invoice_number="2")
    answer = office.post(f"/v1/claims/{without['claim_id']}/prior-notice-copy", copy)
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (409, "no-prior-notice")
