"""What each service's OpenAPI promises, held to: tokens, problems, idempotency, lists, and no answer unnamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

import claims_api.app
import claims_api.settings
import escalation.app
import escalation.settings
import notifications.app
import notifications.settings
import payments_ingest.app
import payments_ingest.settings
from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock, SystemMachine

PACKAGES: dict[str, tuple[Any, Any]] = {
    "claims-api": (claims_api.app, claims_api.settings),
    "payments-ingest": (payments_ingest.app, payments_ingest.settings),
    "escalation": (escalation.app, escalation.settings),
    "notifications": (notifications.app, notifications.settings),
}
PROBES = {"/health", "/ready", "/metrics"}
NO_TOKEN = {("claims-api", "/v1/token")}
"""The exchange of an ID-porten token for one of ours: the caller has none of ours yet."""
NO_KEY = {
    "/v1/files": "known by its hash",
    "/v1/claims/batch": "each line is known by its external_ref",
    "/v1/claims/validate": "stores nothing",
    "/v1/token": "stores nothing",
}
EXAMPLES = 12
"""Requests for each operation that fit its schema, and as many that do not; the same ones every time."""
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: Any, value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class House:
    """One running service and what its OpenAPI says."""

    name: str
    client: TestClient
    issuer: TokenIssuer
    schema: dict[str, Any]

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Go through (method, path, operation) of every route but the probes."""
        for path, methods in self.schema["paths"].items():
            if path not in PROBES:
                for method, operation in methods.items():
                    yield method.upper(), path, operation

    def token(self, role: Role) -> dict[str, str]:
        """Return the headers of a caller."""
        token = self.issuer.issue(
            role, "who", timedelta(hours=1), name="who", unit="bydel-frogner", debtor_ref="nobody"
        )
        return {"Authorization": f"Bearer {token}"}

    def welcome(self, method: str, path: str) -> dict[str, str]:
        """Return the headers of a role that may use a route."""
        roles = self.schema["paths"][path][method.lower()]["x-roles"]
        return self.token(Role(roles[0])) if roles else {}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    machine = SystemMachine()
    with ExitStack() as stack:
        found = {}
        for name, (app, configuration) in PACKAGES.items():
            folder: Path = tmp_path_factory.mktemp(name)
            given_settings = configuration.Settings(data_dir=folder)
            bus = EmbeddedBus(folder / "bus.db", machine=machine)
            service = app.build(given_settings, bus, ManualClock(date(2026, 1, 20)), machine)
            client = stack.enter_context(TestClient(service.app, raise_server_exceptions=False))
            issuer = TokenIssuer(local_key(given_settings.keys_dir), LOCAL_ISSUER, given_settings.audience, machine)
            found[name] = House(name, client, issuer, client.get("/openapi.json").json())
        yield found


@pytest.fixture(params=PACKAGES)
def house(request: pytest.FixtureRequest, houses: dict[str, House]) -> House:
    return houses[request.param]


def test_every_route_but_the_probes_demands_a_token(house: House) -> None:
    for method, path, operation in house.operations():
        if (house.name, path) in NO_TOKEN:
            continue
        answer = house.client.request(method, path.replace("{", "").replace("}", ""))
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert operation["security"], (method, path)
        assert operation["x-roles"], (method, path)


def test_a_route_takes_the_tokens_of_the_roles_it_names_and_no_others(house: House) -> None:
    wrong = []
    for method, path, operation in house.operations():
        concrete = path.replace("{", "").replace("}", "")
        for role in Role if (house.name, path) not in NO_TOKEN else ():
            answer = house.client.request(method, concrete, headers=house.token(role))
            refused = answer.status_code == 403 and answer.json()["type"].endswith(":role")
            if refused is (role in operation["x-roles"]):
                wrong.append(f"{method} {path} {role} {answer.status_code}")
    assert wrong == []


def test_every_route_declares_its_refusals_as_problems(house: House) -> None:
    undeclared = []
    for method, path, operation in house.operations():
        answers = operation["responses"]
        wanted = {"401"} if (house.name, path) in NO_TOKEN else {"401", "403"}
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            wanted |= {"400", "413", "415", "422"}
        undeclared += [f"{method} {path} {status}" for status in wanted - set(answers)]
        for status, answer in answers.items():
            problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            if status >= "400" and answer.get("content") != problem:
                undeclared.append(f"{method} {path} {status}")
    assert undeclared == []


def test_every_creating_post_demands_an_idempotency_key(house: House) -> None:
    for method, path, operation in house.operations():
        if method != "POST" or path in NO_KEY or path.startswith("/v1/operator/"):
            continue
        creates = "201" in operation["responses"]
        keys = [p["required"] for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
        assert keys == [True] or not creates, (method, path)


def test_every_list_has_items_and_next(house: House) -> None:
    schemas = house.schema["components"]["schemas"]
    lists = 0
    for method, path, operation in house.operations():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if method != "GET" or not {"after", "limit"} & names:
            continue
        shown = operation["responses"]["200"]["content"]["application/json"]["schema"]
        for one in shown.get("anyOf", [shown]):
            assert {"items", "next"} <= set(schemas[one["$ref"].rpartition("/")[2]]["properties"]), (method, path)
        assert {"after", "limit"} <= names, (method, path)
        lists += 1
    assert lists > 2  # the parked keys, the dead letters and what the service is about


def test_junk_is_answered_as_declared(house: House) -> None:
    """Whatever is sent: no fault, no status, type or body that the OpenAPI does not declare."""
    wrong: dict[str, str] = {}
    for result in schemathesis.openapi.from_dict(house.schema).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path in PROBES:
            continue
        headers = house.welcome(operation.method.upper(), operation.path) | {"Idempotency-Key": operation.label}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _throw(house, operation.as_strategy(generation_mode=mode), headers, wrong)
    assert wrong == {}


def _throw(house: House, cases: Any, headers: dict[str, str], wrong: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def junk(case: Any) -> None:
        _send(house, case, headers, wrong)

    junk()


def _send(house: House, case: Any, headers: dict[str, str], wrong: dict[str, str]) -> None:
    sent = case.as_transport_kwargs(base_url=str(house.client.base_url))
    body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data") or b""}
    answer = house.client.request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers={**{k: v for k, v in sent["headers"].items() if v is not None}, **headers},
        **body,
    )
    try:
        case.validate_response(answer, checks=CHECKS)
    except BaseExceptionGroup as broken:
        wrong.setdefault(f"{case.operation.label} {answer.status_code}", f"{broken}\n{answer.text[:300]}")
