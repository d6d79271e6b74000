"""An objection freezes exactly what it disputes, from whoever may make it, and says by when it is answered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.claims import OLA
from support.counter import WORDS, Counter, demanded, objected

from shared.events.claims import (
    DemandDeclined,
    DemandIssued,
    DemandWithdrawn,
    HoldPlaced,
)
from shared.events.requests import (
    NoticeIssued,
    ObjectionRaised,
)


def test_an_objection_freezes_its_claim_alone_and_at_once(desk: Counter) -> None:
    disputed, other = desk.case(), desk.case()
    desk.at(date(2026, 1, 26))
    desk.step("inkassovarsel", disputed, other)
    objection = objected(desk, disputed)
    assert (objection["state"], objection["freezes"], objection["heard_by"]) == ("pending", True, "collector")
    assert objection["turn"]["owner"] == "caseworker"
    assert (objection["due_on"], desk.read(objection)["text"]) == ("2026-02-16", WORDS)
    withdrawn = desk.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.retry_on) == ("disputed", date(2026, 1, 27))
    placed = desk.last(HoldPlaced)
    assert (placed.reason, placed.claim_ids) == ("objection", [disputed["claim_id"]])
    assert desk.claim(disputed)["status"] == "disputed"
    desk.at(date(2026, 1, 27))
    desk.step("inkassovarsel", disputed, other)
    assert desk.last(DemandDeclined).claim_ids == [disputed["claim_id"]]
    assert desk.last(DemandIssued).claim_ids == [other["claim_id"]]
    raised = desk.last(ObjectionRaised)
    assert (raised.disputed_ore, raised.in_time, raised.decide_by) == (None, True, date(2026, 2, 16))
    assert WORDS not in "".join(event.payload.model_dump_json() for event in desk.office.events())


def test_it_is_acknowledged_the_same_day_and_answered_for_the_time_being_on_day_seven(desk: Counter) -> None:
    claim = desk.case()
    objection = objected(desk, claim)
    assert desk.notices() == ["objection_received"]
    assert desk.last(NoticeIssued).answer_by == date(2026, 2, 10)
    desk.at(date(2026, 1, 26))
    assert desk.notices() == ["objection_received"]
    desk.at(date(2026, 1, 27))
    assert desk.notices() == ["objection_received", "objection_preliminary"]
    desk.at(date(2026, 2, 11))
    assert desk.notices().count("objection_preliminary") == 1
    waiting = desk.office.get("/v1/requests", desk.office.clerk(), state="pending", kind="objection").json()["items"]
    assert [(one["request_id"], one["overdue"]) for one in waiting] == [(objection["request_id"], True)]
    metrics = desk.office.client.get("/metrics").text
    assert 'inkasso_requests_overdue{kind="objection",service="claims-api"} 1.0' in metrics


def test_the_same_ground_again_waits_in_the_queue_and_freezes_nothing(desk: Counter) -> None:
    claim = desk.case()
    first = objected(desk, claim)
    assert desk.ask(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": WORDS}).status_code == 409
    desk.decide(first, outcome="refused", reasons="Plassen var din.")
    desk.at(date(2026, 2, 10))
    holds = len(desk.told(HoldPlaced))
    again = objected(desk, claim, text="JEG har aldri hatt barn i denne barnehagen!!")
    assert (again["state"], again["freezes"]) == ("pending", False)
    assert len(desk.told(HoldPlaced)) == holds
    assert desk.claim(claim)["status"] == "accepted"
    assert desk.last(NoticeIssued).freezes is False
    new = objected(desk, claim, text="Kravet er foreldet.", ground="time_barred")
    assert new["freezes"]
    assert desk.claim(claim)["status"] == "disputed"


def test_by_post_the_desk_registers_it_and_a_letter_sent_since_has_no_ground(desk: Counter) -> None:
    claim = desk.case()
    desk.at(date(2026, 1, 26))
    desk.letter("inkassovarsel", claim)
    assert desk.balance(claim)["fees_ore"] == 3_800
    desk.at(date(2026, 1, 28))
    body = {"channel": "post", "received_on": "2026-01-23"}
    objection = objected(desk, claim, desk.office.clerk(), **body)
    assert (objection["channel"], objection["received_on"], objection["due_on"]) == ("post", "2026-01-23", "2026-02-13")
    assert objection["debtor_ref"] == claim["debtor_ref"]
    assert desk.balance(claim)["fees_ore"] == 0  # it was disputed already when the letter left
    assert desk.last(DemandWithdrawn).after_dispatch
    wrong = desk.ask(
        claim,
        "objections",
        {"claim_ids": [claim["claim_id"]], "text": "x", **body, "received_on": "2026-02-01"},
        desk.office.clerk(),
    )
    assert [error["code"] for error in wrong.json()["errors"]] == ["received-on"]


def test_by_post_it_is_in_time_three_bank_days_after_the_deadline_and_late_ones_freeze_too(desk: Counter) -> None:
    claim = demanded(desk)
    desk.at(date(2026, 3, 5))
    late = objected(desk, claim, desk.office.clerk(), channel="post", received_on="2026-03-04")
    assert (late["in_time"], late["freezes"]) == (True, True)
    desk.at(date(2026, 3, 6))
    later = objected(desk, claim, text="Og beløpet er feil.")
    assert (later["in_time"], later["freezes"]) == (False, True)


def test_a_co_debtor_objects_to_their_own_claim_only_and_sees_nothing_else(desk: Counter) -> None:
    mine = {
        "kind": "person",
        "national_id": OLA,
        "name": "Ola Nordmann",
        "address": {"line1": "Lia 2", "postal_code": "0155", "city": "Oslo", "country": "NO"},
    }
    own = desk.case()
    shared = desk.case(co_debtors=[mine])
    parties = [
        one["debtor_ref"]
        for one in [desk.office.get(f"/v1/cases/{own['case_id']}", desk.office.clerk()).json()["debtor"]]
    ]
    refs = next(
        e.payload.debtor_refs
        for e in desk.office.events()
        if getattr(e.payload, "claim_id", None) == shared["claim_id"]
    )
    ola = desk.office.debtor(next(ref for ref in refs if ref not in parties))
    both = {"claim_ids": [own["claim_id"], shared["claim_id"]], "text": WORDS}
    answer = desk.ask(own, "objections", both, ola)
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (403, "not-liable")
    objection = desk.asked(shared, "objections", {"claim_ids": [shared["claim_id"]], "text": WORDS}, ola)
    assert desk.claim(shared)["status"] == "disputed"  # for everyone
    assert desk.office.get(f"/v1/requests/{objection['request_id']}", ola).status_code == 200
    assert desk.office.get(f"/v1/requests/{objection['request_id']}", desk.debtor(own)).status_code == 404
    assert [one.debtor_ref for one in desk.last(NoticeIssued).recipients] == [objection["debtor_ref"]]


def test_what_a_unit_hears_itself_it_may_read_and_nothing_else(desk: Counter) -> None:
    care = desk.case(claim_type="nursing_home", principal_ore=100_000)
    about_decision = objected(desk, care, about="decision")
    about_payment = objected(desk, care, text="Jeg har betalt.", about="payment")
    assert (about_decision["heard_by"], about_payment["heard_by"]) == ("unit", "collector")
    assert about_decision["turn"]["owner"] == "unit"
    unit = desk.office.agency("bydel-frogner")
    listed = desk.office.get("/v1/requests", unit).json()["items"]
    assert [one["request_id"] for one in listed] == [about_decision["request_id"]]
    assert desk.office.get(f"/v1/requests/{about_decision['request_id']}", unit).json()["text"] == WORDS
    assert desk.office.get(f"/v1/requests/{about_payment['request_id']}", unit).status_code == 404
    assert (
        desk.office.get(f"/v1/requests/{about_decision['request_id']}", desk.office.agency("deichman")).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"claim_ids": ["00000000-0000-0000-0000-000000000000"]}, 422, "unknown"),
        ({"disputed_ore": 0}, 422, "above-owed"),
        ({"disputed_ore": 900_000}, 422, "above-owed"),
        ({"text": "   "}, 422, "wrong-form"),
        ({"claim_ids": []}, 422, "too-short"),
    ],
)
def test_an_objection_that_cannot_be_is_refused(desk: Counter, changes: dict[str, Any], status: int, code: str) -> None:
    claim = desk.case()
    answer = desk.ask(claim, "objections", {"claim_ids": [claim["claim_id"]], "text": WORDS, **changes})
    assert answer.status_code == status
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert desk.told(ObjectionRaised) == []


def test_a_settled_claim_and_a_judged_one_cannot_be_objected_to(desk: Counter) -> None:
    paid, judged = desk.case(), desk.case()
    desk.pay(paid["case_id"], 302_000, paid["kid"], claim_id=paid["claim_id"])
    body = {"claim_ids": [paid["claim_id"]], "text": WORDS}
    answer = desk.ask(paid, "objections", body)
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (409, "claim-settled")
    desk.judge(judged)
    answer = desk.ask(judged, "objections", {"claim_ids": [judged["claim_id"]], "text": WORDS})
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (409, "claim-judged")
    assert desk.told(ObjectionRaised) == []
