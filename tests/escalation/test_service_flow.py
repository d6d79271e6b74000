"""The ladder as a service: events in through the inbox, steps out through the outbox, exactly once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from support.timekeeper import (
    START,
    Timekeeper,
    declined,
    dispatched,
    ended,
    held,
    issued,
    let_go,
    noticed,
    registered,
    released,
    reopened,
    sent,
    withdrawn,
)

from escalation.app import MIGRATIONS
from escalation.tables import Model
from shared.events.claims import DemandReleased
from shared.events.escalation import LegalStepDropped, LegalStepProposed, StepDue
from shared.events.notifications import LetterDispatched, LetterFailed
from shared.migrate import at_head, differences


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def one_step(time: Timekeeper) -> StepDue:
    [step] = [payload for payload in time.fire() if isinstance(payload, StepDue)]
    return step


def at(time: Timekeeper, day: date) -> Timekeeper:
    time.clock.set(day)
    return time


def test_the_golden_ladder_through_the_service(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 3, 10))
    assert time.letters() == [
        ("2026-01-29", "inkassovarsel", ("c1",)),
        ("2026-02-18", "betalingsoppfordring", ("c1",)),
    ]
    [proposal] = time.proposals()
    assert (proposal.proposed_on, proposal.demand_usable_to) == (date(2026, 3, 10), date(2026, 8, 18))
    assert (proposal.kind, proposal.body, proposal.claim_ids) == ("utlegg", "namsmann", ["c1"])
    assert time.backlog() == {"timers": 0}


def test_claims_of_a_case_that_are_ready_together_are_one_event(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2"), registered("c3", case="case-2"))
    time.until(date(2026, 1, 29))
    assert sorted(time.letters(), key=lambda letter: letter[2]) == [
        ("2026-01-29", "inkassovarsel", ("c1", "c2")),
        ("2026-01-29", "inkassovarsel", ("c3",)),
    ]


def test_after_the_units_own_varsel_the_betalingsoppfordring_is_next(time: Timekeeper) -> None:
    time.feed(noticed(deadline=date(2026, 1, 16)))
    time.until(date(2026, 1, 22))
    assert time.letters() == [("2026-01-22", "betalingsoppfordring", ("c1",))]


def test_a_due_timer_fires_once_however_often_it_is_looked_at(time: Timekeeper) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    assert time.backlog() == {"timers": 1}
    assert len(time.fire()) == 1
    assert time.fire() == []
    time.crash()
    assert time.fire() == []
    assert len(time.published(StepDue)) == 1


def test_events_handled_twice_change_nothing(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 18))
    before = (time.case(), len(time.published()))
    time.take(list(time.log))
    assert (time.case(), len(time.published())) == before


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 1, 3], [2, 3, 0, 1]])
def test_the_two_topics_may_tell_of_a_demand_in_any_order(time: Timekeeper, order: list[int]) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    step = one_step(time)
    told = [issued(step), released(step), dispatched(step, date(2026, 1, 29)), sent(step, date(2026, 1, 29))]
    for index in order:
        time.feed(told[index])
        time.check()
    claim = time.case()["claims"][0]
    assert claim["stage"] == "noticed"
    assert claim["notice"]["deadline"] == "2026-02-12"
    assert claim["steps"][0]["state"] == "dispatched"


def test_with_co_debtors_the_last_letter_starts_the_deadline_and_the_first_the_six_months(time: Timekeeper) -> None:
    time.feed(noticed(deadline=date(2026, 1, 16), debtor_refs=["kari", "ola"]))
    at(time, date(2026, 1, 22))
    step = one_step(time)
    time.feed(issued(step), released(step), dispatched(step, date(2026, 1, 22)))
    time.feed(sent(step, date(2026, 1, 22), "kari", last=False))
    assert time.case()["claims"][0]["stage"] == "demand_out"
    time.feed(sent(step, date(2026, 1, 26), "ola", first=False))
    demand = time.case()["claims"][0]["demand"]
    assert (demand["sent_on"], demand["deadline"], demand["usable_to"]) == ("2026-01-22", "2026-02-09", "2026-07-22")


def test_a_declined_step_comes_again_on_its_day_with_another_number(time: Timekeeper) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    first = one_step(time)
    time.feed(declined(first, "bank_day_missing", date(2026, 1, 30)))
    assert time.fire() == []
    at(time, date(2026, 1, 30))
    second = one_step(time)
    assert second.step_id != first.step_id
    steps = time.case()["claims"][0]["steps"]
    assert [(step["state"], step["reason"]) for step in steps] == [("declined", "bank_day_missing"), ("asked", None)]


def test_claims_of_one_step_may_be_answered_apart(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2"))
    at(time, date(2026, 1, 29))
    step = one_step(time)
    time.feed(declined(step, "disputed", None, claims=["c1"]), issued(step, claims=["c2"]))
    time.feed(dispatched(step, date(2026, 1, 29)), sent(step, date(2026, 1, 29)))
    stages = {claim["claim_id"]: claim["stage"] for claim in time.case()["claims"]}
    assert stages == {"c1": "received", "c2": "noticed"}
    time.check()


def test_a_withdrawn_letter_comes_again_and_a_void_one_too(time: Timekeeper) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    step = one_step(time)
    time.feed(issued(step), withdrawn(step, "amount_changed", date(2026, 1, 30)))
    at(time, date(2026, 1, 30))
    again = one_step(time)
    time.deliver(again)
    time.feed(withdrawn(again, "sent_too_late", date(2026, 2, 2), after_dispatch=True))
    claim = time.case()["claims"][0]
    assert (claim["stage"], claim["notice"]) == ("received", None)
    assert [(s["state"], s["void"]) for s in claim["steps"]] == [("withdrawn", False), ("dispatched", True)]
    at(time, date(2026, 2, 2))
    assert one_step(time).kind == "inkassovarsel"


def test_a_letter_that_failed_is_a_caseworkers_turn(time: Timekeeper) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    step = one_step(time)
    demand = issued(step)
    time.feed(demand)
    time.feed(LetterFailed(demand_id=demand.demand_id, letter_id="l", case_id="case-1", reason="address_missing"))
    time.feed(withdrawn(step, "letter_failed"), held("letter_failed"))
    case = time.case()
    assert (case["next"]["step"], case["next"]["owner"], case["next"]["reason"]) == (
        "hold_end", "caseworker", "letter_failed",
    )  # fmt: skip
    assert case["claims"][0]["steps"][0]["failure"] == "address_missing"


def test_a_settled_claim_gets_nothing_more_and_drops_its_legal_step(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 3, 10))
    time.feed(ended(on=date(2026, 3, 10)))
    [drop] = time.published(LegalStepDropped)
    assert drop.reason == "settled"
    assert time.case()["legal_steps"][0]["state"] == "dropped"
    assert time.case()["next"] is None
    time.until(date(2026, 9, 1))
    assert len(time.letters()) == 2


def test_a_disputed_claim_drops_its_legal_step_and_waits_for_the_objection(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 3, 10))
    time.feed(held("objection"))
    assert [drop.reason for drop in time.published(LegalStepDropped)] == ["disputed"]
    time.until(date(2026, 4, 10))
    time.feed(let_go("objection", date(2026, 4, 13), contested=True))
    time.until(date(2026, 4, 13))
    assert [(p.kind, p.body) for p in time.published(LegalStepProposed)] == [
        ("utlegg", "namsmann"),
        ("complaint", "forliksraad"),
    ]


def test_a_hold_stops_the_clock_and_its_end_starts_it(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 10))
    time.feed(held("manual", until=date(2026, 3, 5)))
    time.until(date(2026, 3, 6))
    assert len(time.letters()) == 1
    time.feed(let_go("manual", date(2026, 3, 6)))
    time.until(date(2026, 3, 6))
    assert time.letters()[1:] == [("2026-03-06", "betalingsoppfordring", ("c1",))]


def test_a_claim_that_begins_on_hold_waits_even_before_the_hold_is_known(time: Timekeeper) -> None:
    time.feed(registered(ladder="hold"))
    time.until(date(2026, 2, 10))
    assert time.letters() == []
    time.feed(held("limitation_hearing"), let_go("limitation_hearing", date(2026, 2, 11)))
    time.until(date(2026, 2, 11))
    assert time.letters() == [("2026-02-11", "inkassovarsel", ("c1",))]


def test_a_reversed_payment_puts_the_claim_back_where_it_stood(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 2))
    time.feed(ended())
    time.until(date(2026, 3, 2))
    time.feed(reopened(on=date(2026, 3, 2)))
    time.until(date(2026, 3, 3))
    assert time.letters()[1:] == [("2026-03-03", "betalingsoppfordring", ("c1",))]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (ended("c9"), "unknown_claim"),
        (ended("c1", case="case-9"), "unknown_case"),
        (held("manual", "c1", "c9"), "unknown_claim"),
        (issued(StepDue(step_id="nobody", case_id="case-1", kind="inkassovarsel", claim_ids=["c1"], due_on=START)),
         "unknown_step"),
    ],
)  # fmt: skip
def test_what_fits_nothing_parks_its_case_and_the_others_flow(time: Timekeeper, told: object, reason: str) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2"))
    time.feed(told, ended("c2", case="case-2"))  # type: ignore[arg-type]
    assert time.parked() == [reason]
    assert time.case("case-2")["next"] is None
    time.check()


def test_letters_that_are_no_steps_are_noted_and_forgotten(time: Timekeeper) -> None:
    time.feed(registered())
    time.feed(LetterDispatched(demand_id="notice", case_id="case-1", channel="folder", dispatched_on=START))
    time.feed(DemandReleased(demand_id="notice", step_id="none", case_id="case-1", until=START))
    assert time.case()["claims"][0]["stage"] == "received"
    at(time, START + timedelta(days=61))
    assert time.job("watch") == 1
    assert time.job("watch") == 0


def test_an_unanswered_step_raises_the_alarm_after_a_day(time: Timekeeper) -> None:
    time.feed(registered())
    at(time, date(2026, 1, 29))
    time.fire()
    time.job("watch")
    assert 'steps_open_over_a_day{service="escalation"} 0.0' in time.service.metrics.render().decode()
    at(time, date(2026, 1, 31))
    time.job("watch")
    assert 'steps_open_over_a_day{service="escalation"} 1.0' in time.service.metrics.render().decode()


def test_the_schema_is_what_the_tables_declare(time: Timekeeper) -> None:
    assert at_head(time.service.db, MIGRATIONS)
    assert differences(time.service.db, Model.metadata) == []
