"""Who gets in, what a refused call looks like, and that a call made twice happens once."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient
from support.toy import TABLES, count, token, toy

from shared.auth import Role, TokenIssuer, local_key
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine

JSON = {"Content-Type": "application/json"}
NOTE_BODY = {"case_id": "a", "claim_id": "c1"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    service = toy("claims-api", tmp_path, EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine()))
    with TestClient(service.app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {token(tmp_path)}"
        client.headers["Idempotency-Key"] = "k-1"
        yield client


def events(client: TestClient) -> int:
    return count(client.app.state.service, TABLES.events)  # type: ignore[attr-defined]


def test_a_key_used_twice_with_the_same_body_is_answered_alike(client: TestClient) -> None:
    first = client.post("/v1/notes", json=NOTE_BODY)
    second = client.post("/v1/notes", content=json.dumps(dict(reversed(NOTE_BODY.items()))), headers=JSON)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert events(client) == 1


def test_a_key_used_with_another_body_is_refused(client: TestClient) -> None:
    client.post("/v1/notes", json=NOTE_BODY)
    other = client.post("/v1/notes", json={**NOTE_BODY, "claim_id": "c2"})
    assert other.status_code == 422
    assert other.json()["type"].endswith(":idempotency-key-reused")
    assert events(client) == 1


def test_keys_of_two_callers_do_not_meet(client: TestClient, tmp_path: Path) -> None:
    client.post("/v1/notes", json=NOTE_BODY)
    issuer = TokenIssuer(local_key(tmp_path / "keys"), "urn:inkasso:local", "inkasso", SystemMachine())
    other = issuer.issue(Role.AGENCY, "another", timedelta(hours=1), unit="deichman")
    client.post("/v1/notes", json=NOTE_BODY, headers={"Authorization": f"Bearer {other}"})
    assert events(client) == 2


def test_a_missing_key_is_a_bad_request(client: TestClient) -> None:
    del client.headers["Idempotency-Key"]
    answer = client.post("/v1/notes", json=NOTE_BODY)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_wrong_field_is_named_and_no_value_is_echoed(client: TestClient) -> None:
    answer = client.post("/v1/notes", json={"case_id": 17, "secret": "01019012345"})
    body = answer.json()
    assert answer.status_code == 422
    assert {e["field"] for e in body["errors"]} == {"case_id", "claim_id", "secret"}
    assert "01019012345" not in answer.text
    assert events(client) == 0


def test_what_is_not_json_and_what_is_too_large_are_told_apart(client: TestClient) -> None:
    assert client.post("/v1/notes", content=b"{", headers=JSON).status_code == 400
    assert client.post("/v1/notes", content=b"x" * 1_000_001).status_code == 413

    def streamed() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert client.post("/v1/notes", content=streamed()).status_code == 413


def test_a_role_that_may_not_is_told_so(client: TestClient, tmp_path: Path) -> None:
    other = token(tmp_path, Role.AUDITOR, name="rita")
    answer = client.post("/v1/notes", json=NOTE_BODY, headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 403


def claims(**changes: Any) -> dict[str, Any]:
    now = int(SystemMachine().now().timestamp())
    body = {
        "iss": "urn:inkasso:local", "aud": "inkasso", "sub": "s", "iat": now, "exp": now + 60,
        "role": "agency", "unit": "deichman",
    }  # fmt: skip
    body.update(changes)
    return {k: v for k, v in body.items() if v is not None}


BAD_CLAIMS: list[dict[str, Any]] = [
    {"iss": "someone"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"aud": ["x", "y"]}, {"exp": 1},
    {"exp": None}, {"exp": "9999999999"}, {"exp": True}, {"iat": 99999999999}, {"iat": None}, {"sub": ""},
    {"sub": None}, {"sub": 7}, {"role": "admin"}, {"role": None}, {"unit": None}, {"unit": ""},
    {"role": "debtor", "unit": None},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_CLAIMS, ids=str)
def test_a_token_with_wrong_claims_is_refused(client: TestClient, tmp_path: Path, change: dict[str, Any]) -> None:
    key = local_key(tmp_path / "keys")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    bad = jwt.encode(header, claims(**change), key, algorithms=["ES256"])
    answer = client.post("/v1/notes", json=NOTE_BODY, headers={"Authorization": f"Bearer {bad}"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_same_claims_unharmed_get_in(client: TestClient, tmp_path: Path) -> None:
    key = local_key(tmp_path / "keys")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    good = jwt.encode(header, claims(), key, algorithms=["ES256"])
    answer = client.post("/v1/notes", json=NOTE_BODY, headers={"Authorization": f"Bearer {good}"})
    assert answer.status_code == 201


def forged(keys_dir: Path) -> list[str]:
    key, other = local_key(keys_dir), ECKey.generate_key("P-256")
    good = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims(), key, algorithms=["ES256"])
    head, body, signature = good.split(".")
    confused = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"at+jwt"}').rstrip(b"=").decode() + "." + body
    mac = hmac.new(key.as_pem(private=False), confused.encode(), "sha256").digest()
    return [
        "", "x", "a.b", "a.b.c", good[:-4], f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature}.x",
        "A" * 9000,
        jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims(), other, algorithms=["ES256"]),
        jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "../../dev/null"}, claims(), key, algorithms=["ES256"]),
        jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "' or 1=1"}, claims(), key, algorithms=["ES256"]),
        jwt.encode({"alg": "ES256", "typ": "JWT", "kid": key.kid}, claims(), key, algorithms=["ES256"]),
        confused + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode(),
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + body + ".",
        "eyJhbGciOiJOb25lIiwidHlwIjoiYXQrand0In0." + body + ".",
    ]  # fmt: skip


def test_forged_tokens_are_refused(client: TestClient, tmp_path: Path) -> None:
    for bad in forged(tmp_path / "keys"):
        answer = client.post("/v1/notes", json=NOTE_BODY, headers={"Authorization": f"Bearer {bad}"})
        assert answer.status_code == 401, bad[:60]
    assert events(client) == 0


def test_probes_answer_without_a_token(client: TestClient) -> None:
    del client.headers["Authorization"]
    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/ready").json() == {"ready": True, "faults": []}
    assert "inkasso_outbox_waiting" in client.get("/metrics").text
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/nowhere").json()["status"] == 404
