"""Stopping collection by hand and by itself, and letting it go on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import OLA, Desk

from claims_api.store import claims, holds
from shared.events.claims import ClaimRegistered, HoldEnded, HoldPlaced

OLA_OWES = {"kind": "person", "national_id": OLA, "name": "Ola Nordmann"}


def place(office: Desk, told: dict[str, Any], **body: Any) -> Any:
    return office.post(f"/v1/cases/{told['case_id']}/holds", {"reason": "manual"} | body, office.clerk())


def release(office: Desk, told: dict[str, Any], hold_id: str) -> Any:
    return office.post(f"/v1/cases/{told['case_id']}/holds/{hold_id}/release", who=office.clerk("Lin"))


def stopped(office: Desk, told: dict[str, Any]) -> bool:
    with office.service.db.read() as tx:
        return bool(holds.stopping_holds(tx, [told["claim_id"]]))


def test_a_case_on_hold_stops_what_is_in_it_and_what_joins_it(office: Desk) -> None:
    first = office.register(external_ref="1")
    answer = place(office, first)
    assert answer.status_code == 201
    assert answer.json()["case_version"] == 2
    second = office.register(external_ref="2")
    assert stopped(office, first)
    assert stopped(office, second)
    assert [event.ladder for event in office.payloads(ClaimRegistered)] == ["collect", "hold"]
    assert [event.claim_ids for event in office.payloads(HoldPlaced)] == [[first["claim_id"]], [second["claim_id"]]]
    released = release(office, first, answer.json()["hold_id"]).json()
    assert released["resume_on"] == "2026-01-20"
    (ended,) = office.payloads(HoldEnded)
    assert set(ended.claim_ids) == {first["claim_id"], second["claim_id"]}
    assert not stopped(office, first)


def test_one_claim_on_hold_leaves_the_others_alone(office: Desk) -> None:
    first, second = office.register(external_ref="1"), office.register(external_ref="2")
    place(office, first, claim_ids=[first["claim_id"]])
    assert (stopped(office, first), stopped(office, second)) == (True, False)
    third = office.register(external_ref="3")
    assert not stopped(office, third)


def test_a_hold_ends_after_its_last_day_and_collection_goes_on_from_a_working_day(office: Desk) -> None:
    told = office.register()
    place(office, told, until="2026-01-23")
    office.clock.set(date(2026, 1, 23))
    assert office.run_job("end-holds") == 0
    office.clock.set(date(2026, 1, 24))
    assert office.run_job("end-holds") == 1
    assert office.run_job("end-holds") == 0
    (ended,) = office.payloads(HoldEnded)
    assert ended.resume_on == date(2026, 1, 26)
    types = [item["type"] for item in office.get(f"/v1/cases/{told['case_id']}/timeline").json()["items"]]
    assert types[-2:] == ["hold.placed", "hold.ended"]


def test_the_death_of_one_of_two_does_not_stop_a_shared_claim(office: Desk) -> None:
    told = office.register(co_debtors=[OLA_OWES])
    with office.service.db.read() as tx:
        kari, ola = claims.parties_of(tx, [told["claim_id"]])[told["claim_id"]]
    place(office, told, reason="death", debtor_ref=ola)
    assert not stopped(office, told)
    with office.service.db.read() as tx:
        assert holds.held_debtors(tx, [told["claim_id"]]) == {told["claim_id"]: {ola}}
    assert office.payloads(HoldPlaced) == []
    place(office, told, reason="bankruptcy", debtor_ref=kari)
    assert stopped(office, told)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "objection"}, "reason"),
        ({"until": "2026-01-19"}, "until"),
        ({"claim_ids": []}, "claim_ids"),
        ({"claim_ids": ["unknown"]}, "claim_ids.0"),
        ({"debtor_ref": "unknown"}, "debtor_ref"),
        ({"note": "free text"}, "note"),
    ],
)
def test_a_wrong_hold_is_refused_by_its_field(door: Desk, body: dict[str, Any], field: str) -> None:
    told = door.register()
    answer = place(door, told, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert door.payloads(HoldPlaced) == []


def test_a_hold_is_ended_once_and_only_where_it_is(office: Desk) -> None:
    told = office.register()
    hold_id = place(office, told).json()["hold_id"]
    other = office.register(external_ref="2", claim_type="home_care")
    assert release(office, other, hold_id).status_code == 404
    assert release(office, told, hold_id).status_code == 200
    assert release(office, told, hold_id).status_code == 409
    assert release(office, told, "unknown").status_code == 404


def test_a_claim_near_limitation_is_let_through_by_a_caseworker(office: Desk) -> None:
    told = office.register(due_date="2023-03-15", invoice_date="2023-03-01")
    shown = office.get(f"/v1/cases/{told['case_id']}", office.clerk()).json()
    (hold,) = shown["holds"]
    assert hold["reason"] == "limitation_hearing"
    assert release(office, told, hold["hold_id"]).status_code == 200
    assert office.get(f"/v1/claims/{told['claim_id']}").json()["status"] == "accepted"
