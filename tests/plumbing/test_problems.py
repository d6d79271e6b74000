"""What a refused request is told: codes that stay, what was expected and what kind of thing came, and no value."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt
from starlette.testclient import TestClient
from support.toy import token, toy

from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine
from shared.idempotency import Idempotent

SECRET = "12818510088"
JSON = {"Content-Type": "application/json"}


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str = Field(min_length=2, max_length=4)


class Wishes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: StrictInt = Field(default=1, ge=1, le=9)
    kind: Literal["a", "b"] = "a"
    day: date = date(2026, 1, 1)
    at: AwareDatetime | None = None
    form: str = Field(default="x", pattern="^x$")
    inner: Inner = Inner(word="word")
    items: list[bool] = Field(default=[], max_length=2)


def wish(body: Wishes) -> dict[str, str]:
    return {"kind": body.kind}


def ask(limit: Annotated[int, Query(ge=1)] = 1) -> dict[str, int]:
    return {"limit": limit}


def broken() -> None:
    raise KeyError(SECRET)


def keep(once: Idempotent) -> dict[str, str]:
    """Take a body of any kind, as the routes for documents do."""
    return {"kept": once.key}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    service = toy("claims-api", tmp_path, EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine()))
    service.app.post("/v1/wishes")(wish)
    service.app.get("/v1/wishes")(ask)
    service.app.get("/v1/broken")(broken)
    service.app.post("/v1/kept")(keep)
    with TestClient(service.app) as client:
        client.headers["Authorization"] = f"Bearer {token(tmp_path)}"
        yield client


WRONG: list[tuple[Any, str, str, str]] = [
    ({"amount": SECRET}, "amount", "wrong-type", "expected a whole number, got text"),
    ({"amount": 1.5}, "amount", "wrong-type", "expected a whole number, got a decimal number"),
    ({"amount": True}, "amount", "wrong-type", "expected a whole number, got true or false"),
    ({"amount": None}, "amount", "wrong-type", "expected a whole number, got null"),
    ({"amount": 0}, "amount", "too-small", "expected 1 or more, got less"),
    ({"amount": 12818510088}, "amount", "too-large", "expected 9 or less, got more"),
    ({"kind": SECRET}, "kind", "not-one-of", "expected 'a' or 'b', got other text"),
    ({"kind": 7}, "kind", "not-one-of", "expected 'a' or 'b', got a whole number"),
    ({"day": "2026-02-30"}, "day", "wrong-form", "expected a date such as 2026-01-31, got other text"),
    ({"day": []}, "day", "wrong-type", "expected a date such as 2026-01-31, got a list"),
    ({"at": "2026-01-31T09:00:00"}, "at", "wrong-form", "expected an instant with its time zone, got one without"),
    ({"form": SECRET}, "form", "wrong-form", "expected text of the form ^x$, got other text"),
    ({"inner": SECRET}, "inner", "wrong-type", "expected an object, got text"),
    ({"inner": {}}, "inner.word", "missing", "expected a value, got nothing"),
    ({"inner": {"word": "x"}}, "inner.word", "too-short", "expected at least 2 characters, got fewer"),
    ({"inner": {"word": SECRET}}, "inner.word", "too-long", "expected at most 4 characters, got more"),
    ({"inner": {"word": {}}}, "inner.word", "wrong-type", "expected text, got an object"),
    ({"items": [True] * 3}, "items", "too-long", "expected at most 2 items, got more"),
    ({"items": ["perhaps"]}, "items.0", "wrong-form", "expected true or false, got other text"),
    ({"items": 1}, "items", "wrong-type", "expected a list, got a whole number"),
    ({"more": SECRET}, "more", "unknown-field", "expected no field of this name, got text"),
    ({SECRET: 1}, "***********", "unknown-field", "expected no field of this name, got a whole number"),
    ({"x" * 500: 1}, "x" * 80, "unknown-field", "expected no field of this name, got a whole number"),
    ([], "body", "wrong-type", "expected an object, got a list"),
]


@pytest.mark.parametrize(("body", "field", "code", "detail"), WRONG)
def test_a_field_is_told_as_expected_and_got(client: TestClient, body: Any, field: str, code: str, detail: str) -> None:
    answer = client.post("/v1/wishes", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["detail"]) == (422, "1 field was not accepted")
    assert problem["errors"] == [{"field": field, "code": code, "detail": detail}]
    assert SECRET not in answer.text


def test_a_wrong_parameter_is_told_as_a_wrong_field_is(client: TestClient) -> None:
    answer = client.get("/v1/wishes", params={"limit": SECRET + "x"})
    error = {"field": "limit", "code": "wrong-form", "detail": "expected a whole number, got other text"}
    assert (answer.status_code, answer.json()["errors"]) == (422, [error])


@pytest.mark.parametrize(
    ("headers", "got"), [({"Content-Type": "text/plain"}, "another"), ({"Content-Type": "x"}, "another"), ({}, "none")]
)
def test_a_body_that_does_not_say_it_is_json_is_not_read(client: TestClient, headers: dict[str, str], got: str) -> None:
    answer = client.post("/v1/wishes", content=json.dumps({"kind": "a"}), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:kommunal-innkreving:problem:media-type")
    assert answer.json()["detail"] == f"Content-Type: expected application/json, got {got}"


@pytest.mark.parametrize(
    "body", [b"{", b"\xe5", b'{"kind": "\xe5"}', b"[" * 100_000, b'{"amount": ' + b"9" * 5_000 + b"}"]
)
def test_whatever_is_no_json_is_told_the_same(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/wishes", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:kommunal-innkreving:problem:not-json")


@pytest.mark.parametrize("body", [b"%PDF-1.7 \xff", b"[" * 100_000, b"9" * 5_000])
def test_a_body_of_another_kind_is_known_again_by_its_bytes(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/kept", content=body, headers={"Idempotency-Key": "k", "Content-Type": "application/pdf"})
    assert (answer.status_code, answer.json()) == (200, {"kept": "k"})


def test_a_slash_too_many_is_an_unknown_route(client: TestClient) -> None:
    answer = client.get("/v1/wishes/", follow_redirects=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "path: expected one that there is here, got another"


def test_a_method_too_many_is_told_which_there_are(client: TestClient) -> None:
    answer = client.put("/v1/wishes", json={})
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:kommunal-innkreving:problem:method-not-allowed")
    assert "Allow" in answer.headers
    assert answer.json()["detail"].startswith("method: expected one that Allow names")


def test_a_fault_of_ours_is_answered_and_told_once(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/v1/broken")  # the client of these tests would raise what the server would see and log
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:kommunal-innkreving:problem:fault")
    assert [record.exc_info is not None for record in caplog.records] == [True]
    shown = client.get("/metrics").text
    assert 'inkasso_http_requests_total{method="GET",route="/v1/broken",service="claims-api",status="500"} 1.0' in shown
