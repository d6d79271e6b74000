"""A running installation for tests of bad input: its callers, what they send, and what a problem must look like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from support.claims import claim_body
from support.town import running

from embedded.settings import EmbeddedSettings
from inkasso.demo.persons import ANNE, Person
from inkasso.demo.town import Town
from inkasso.tokens import make_token
from shared.auth import Role

TODAY = date(2026, 1, 14)
DUE = date(2025, 12, 20)
CLAIMS = "/claims-api/v1/claims"
CLOCK = "/sandbox/v1/clock"
FILES = "/payments-ingest/v1/files"
SERVICES = ("claims-api", "payments-ingest", "escalation", "notifications")
MARK = "Zzyzx"
"""Stands in every text that a problem must not repeat."""


@dataclass(slots=True)
class Street:
    """A running installation and its callers."""

    town: Town
    folder: Path
    http: httpx.Client
    settings: EmbeddedSettings
    count: int = 0

    def token(self, role: Role, name: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {make_token(self.settings, role, name)}"}

    def agency(self, unit: str = "bydel-frogner") -> dict[str, str]:
        return self.token(Role.AGENCY, unit)

    def hand_over(self, body: Any, who: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """POST a claim: an object as JSON, bytes as they are."""
        self.count += 1
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Idempotency-Key": f"k-{self.count}", **(who or self.agency())}
        return self.http.post(CLAIMS, content=content, headers={**given, **headers})

    def deliver(self, content: bytes, **headers: str) -> Any:
        """Upload a bank file and return it when it is read."""
        bank = self.token(Role.BANK)
        answer = self.http.post(FILES, content=content, headers={**bank, **headers})
        assert answer.status_code == 202, answer.text
        self.town.settle()
        return self.http.get(f"{FILES}/{answer.json()['file_id']}", headers=bank).json()

    def money(self) -> Any:
        return self.town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)

    def unmatched(self) -> list[Any]:
        return list(self.town.server.items("/payments-ingest/v1/payments", role=Role.AUDITOR, state="unmatched"))

    def nothing_waits(self) -> None:
        """No event waits for a person anywhere, and no record was undecodable."""
        for service in SERVICES:
            for what in ("parked", "dead-letters"):
                assert list(self.town.server.items(f"/{service}/v1/operator/{what}")) == []


@contextmanager
def street_in(folder: Path) -> Iterator[Street]:
    with running(folder, TODAY) as town, httpx.Client(base_url=town.server.base_url, trust_env=False) as http:
        yield Street(town, folder, http, EmbeddedSettings(data_dir=folder))


def claim(person: Person = ANNE, **changes: Any) -> dict[str, Any]:
    body = claim_body(debtor=person.as_debtor(), due_date=DUE.isoformat(), invoice_date="2025-12-01")
    return {**body, "external_ref": "never", "description": MARK, **changes}


def is_problem(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:kommunal-innkreving:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert all(error["field"] and error["code"] and error["detail"] for error in problem["errors"])
    for told in (MARK, ANNE.national_id, ANNE.name, "Traceback"):
        assert told not in answer.text
    return problem


def debtor(**changes: Any) -> dict[str, Any]:
    return {**ANNE.as_debtor(), **changes}
