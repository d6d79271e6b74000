"""What leaves claims-api about a person, what stays, and what lies in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from support.claims import KARI, OLA, PER, Desk, desk

from claims_api.app import deps_of_service
from claims_api.crypto import rotate_key_file
from claims_api.store.debtors import find_debtor
from claims_api.usecases.debtors import find_person
from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key
from shared.clock import SystemMachine
from shared.errors import Crash
from shared.events.claims import PartyState
from shared.sealing import NotOpened, open_sealed, read_private

GUARDIAN = {"kind": "guardian", "name": "Verge Vergesen", "id": OLA}


def party(office: Desk, national_id: str = KARI) -> tuple[Mapping[str, str], PartyState]:
    """Return the record of a person as the relay would send it now."""
    deps = deps_of_service(office.service)
    with office.service.db.read() as tx:
        ref = find_person(tx, deps, national_id)
        assert ref is not None
        loader = office.service.state_loader
        assert loader is not None
        headers, value = loader(tx, "parties", [ref])[ref]
    assert value is not None
    return headers, PartyState.model_validate(json.loads(value))


def test_a_party_record_shows_contact_facts_and_seals_the_number(office: Desk) -> None:
    office.register()
    headers, state = party(office)
    assert (state.name, state.language, headers["ce_aggregateversion"]) == ("Kari Nordmann", "nb", "1")
    assert state.address is not None
    assert state.address.city == "Oslo"
    assert KARI not in state.model_dump_json()
    keys = read_private(office.service.settings.keys_dir / "notifications.key")
    assert open_sealed(keys, state.sealed_national_id or "", context=state.debtor_ref) == KARI
    with pytest.raises(NotOpened):
        open_sealed(keys, state.sealed_national_id or "", context="another")


def test_news_raises_the_version_and_no_news_does_not(office: Desk) -> None:
    office.register(external_ref="1")
    office.register(external_ref="2")
    assert party(office)[0]["ce_aggregateversion"] == "1"
    office.register(external_ref="3", debtor__address__line1="Nygata 2", debtor__language="nn")
    headers, state = party(office)
    assert headers["ce_aggregateversion"] == "2"
    assert state.address is not None
    assert (state.address.line1, state.language) == ("Nygata 2", "nn")
    office.register(external_ref="4", representative=GUARDIAN)
    office.register(external_ref="5", representative=GUARDIAN)
    headers, state = party(office)
    assert headers["ce_aggregateversion"] == "3"
    assert state.representative is not None
    assert state.representative.name == "Verge Vergesen"


def test_a_protected_address_never_leaves_and_protection_only_grows(office: Desk) -> None:
    office.register(external_ref="1", debtor__protection="confidential")
    office.register(external_ref="2", debtor__protection="none")
    state = party(office)[1]
    assert (state.address, state.protection) == (None, "confidential")


def test_no_national_id_and_no_health_text_lies_readable_on_disk(tmp_path: Path) -> None:
    with desk(tmp_path) as office:
        office.register(
            claim_type="nursing_home",
            description="Langtidsopphold",
            representative=GUARDIAN,
            co_debtors=[{"kind": "person", "national_id": PER, "name": "Per"}],
        )
        events = " ".join(event.payload.model_dump_json() for event in office.events())
    raw = b"".join(path.read_bytes() for path in (tmp_path / "db").iterdir())
    for secret in (KARI, OLA, PER, "Langtidsopphold"):
        assert secret.encode() not in raw
        assert secret not in events
    assert "Kari" not in events


def test_keys_rotate_and_old_values_are_sealed_anew(tmp_path: Path) -> None:
    with desk(tmp_path) as office:
        told = office.register(claim_type="nursing_home", description="Langtidsopphold")
        key_file = tmp_path / "keys" / "claims-api.json"
    new_key = rotate_key_file(key_file)
    with desk(tmp_path) as office:
        assert office.run_job("reseal") == 2
        assert office.run_job("reseal") == 0
        deps = deps_of_service(office.service)
        with office.service.db.read() as tx:
            ref = find_person(tx, deps, KARI)
            assert ref is not None
            debtor = find_debtor(tx, ref)
        assert debtor is not None
        assert debtor.id_key == new_key
        shown = office.get(f"/v1/claims/{told['claim_id']}", office.debtor(ref)).json()
        assert shown["description"] == "Langtidsopphold"


def test_a_lost_key_stops_the_start(tmp_path: Path) -> None:
    with desk(tmp_path) as office:
        office.register()
    (tmp_path / "keys" / "claims-api.json").unlink()
    with pytest.raises(Crash, match="in the ring"), desk(tmp_path):
        pass


def id_token(office: Desk, pid: str | None = KARI, **changes: Any) -> dict[str, str]:
    now = int(SystemMachine().now().timestamp())
    claims = {
        "iss": LOCAL_ISSUER,
        "aud": "inkasso-min-side",
        "sub": "s",
        "iat": now,
        "exp": now + 120,
        "acr": "idporten-loa-high",
        "pid": pid,
    } | changes
    key = local_key(office.service.settings.keys_dir)
    token = jwt.encode({"alg": "ES256"}, {k: v for k, v in claims.items() if v is not None}, key, algorithms=["ES256"])
    return {"Authorization": f"Bearer {token}"}


def test_an_id_token_is_exchanged_for_one_that_knows_no_number(office: Desk) -> None:
    told = office.register()
    answer = office.client.post("/v1/token", headers=id_token(office)).json()
    assert KARI not in json.dumps(answer)
    mine = {"Authorization": f"Bearer {answer['access_token']}"}
    assert office.get(f"/v1/cases/{told['case_id']}", mine).status_code == 200
    assert office.client.post("/v1/token", headers=id_token(office, OLA)).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "inkasso"},
        {"iss": "https://idporten.no"},
        {"exp": 1},
        {"exp": None},
        {"iat": 1},
        {"iat": 2**40},
        {"iat": None},
        {"acr": "idporten-loa-low"},
        {"acr": None},
        {"pid": None},
        {"pid": "12345678901"},
    ],
)
def test_another_id_token_is_no_login(office: Desk, changes: dict[str, Any]) -> None:
    office.register()
    assert office.client.post("/v1/token", headers=id_token(office, **changes)).status_code == 401


def test_a_platform_token_is_no_id_token_and_the_other_way(office: Desk) -> None:
    told = office.register()
    assert office.client.post("/v1/token", headers=office.agency()).status_code == 401
    assert office.get(f"/v1/cases/{told['case_id']}", id_token(office)).status_code == 401
    assert office.client.post("/v1/token").status_code == 401
    foreign = TokenIssuer(
        local_key(office.service.settings.data_dir / "other"), LOCAL_ISSUER, "inkasso", SystemMachine()
    )
    token = foreign.issue(Role.DEBTOR, "x", timedelta(minutes=5), debtor_ref="x")
    assert office.get("/v1/claims", {"Authorization": f"Bearer {token}"}).status_code == 401


def erase(office: Desk, ref: str) -> Any:
    return office.post(f"/v1/debtors/{ref}/erasure", who=office.clerk())


def ref_of(office: Desk) -> str:
    with office.service.db.read() as tx:
        ref = find_person(tx, deps_of_service(office.service), KARI)
    assert ref is not None
    return ref


def test_a_person_is_erased_when_nothing_must_be_kept_and_not_before(tmp_path: Path) -> None:
    with desk(tmp_path) as office:
        told = office.register(claim_type="nursing_home", description="Langtidsopphold", representative=GUARDIAN)
        ref = ref_of(office)
        assert erase(office, ref).json()["type"].endswith(":open-case")
        withdrawal = {"reason": "wrong_claim", "effective_date": "2026-01-20"}
        office.post(f"/v1/claims/{told['claim_id']}/withdrawal", withdrawal)
        office.clock.set(date(2031, 12, 31))
        assert erase(office, ref).json()["type"].endswith(":retention")
        office.clock.set(date(2032, 1, 1))
        assert erase(office, ref).status_code == 200
        loader = office.service.state_loader
        assert loader is not None
        with office.service.db.read() as tx:
            headers, value = loader(tx, "parties", [ref])[ref]
            assert find_person(tx, deps_of_service(office.service), KARI) is None
        assert value is None
        assert headers["ce_aggregateversion"] == "3"  # created, represented, erased
        shown = office.get(f"/v1/cases/{told['case_id']}", office.clerk("Kim", "health", "protected")).json()
        assert (shown["debtor"]["name"], shown["debtor"]["address"]) == ("", None)
        assert shown["claims"][0]["description"] is None
        assert erase(office, ref).status_code == 200
        assert erase(office, "unknown").status_code == 404


def test_an_erased_person_who_owes_anew_is_someone_new(office: Desk) -> None:
    told = office.register(external_ref="1")
    ref = ref_of(office)
    withdrawal = {"reason": "wrong_claim", "effective_date": "2026-01-20"}
    office.post(f"/v1/claims/{told['claim_id']}/withdrawal", withdrawal)
    office.clock.set(date(2032, 1, 1))
    erase(office, ref)
    new = {"due_date": "2031-12-01", "invoice_date": "2031-11-01"}
    office.register(external_ref="2", **new)
    assert ref_of(office) != ref
