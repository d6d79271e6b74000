"""The ladder to the day: decisions B5, and the same walk through weekends, Easter, 17 May and leap days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from support.ladders import Walk, claim

from escalation.domain.ladder import Owner
from escalation.domain.state import Letter


def test_the_golden_ladder_of_an_unpaid_claim() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 3, 10))
    assert walk.letters() == [
        ("2026-01-29", "inkassovarsel", ("c1",)),
        ("2026-02-18", "betalingsoppfordring", ("c1",)),
    ]
    assert walk["c1"].notice is not None
    assert walk["c1"].notice.deadline == date(2026, 2, 12)
    assert walk["c1"].demand is not None
    assert walk["c1"].demand.deadline == date(2026, 3, 4)
    [proposal] = walk.proposals()
    assert (proposal.proposed_on, proposal.usable_to) == (date(2026, 3, 10), date(2026, 8, 18))
    assert (proposal.kind, proposal.body) == ("utlegg", "namsmann")


@pytest.mark.parametrize(
    ("due", "varsel", "deadline", "bo", "bo_deadline", "proposed"),
    [
        # Easter 2024: Thursday 28 March to Monday 1 April.
        ("2024-02-26", "2024-03-11", "2024-03-25", "2024-04-03", "2024-04-17", "2024-04-23"),
        # The varsel itself would fall on Maundy Thursday 2026 and moves over Easter.
        ("2026-03-19", "2026-04-07", "2026-04-21", "2026-04-27", "2026-05-11", "2026-05-18"),
        # A deadline on Thursday 17 May 2029 moves to the Friday.
        ("2029-04-19", "2029-05-03", "2029-05-18", "2029-05-25", "2029-06-08", "2029-06-14"),
        # 29 February 2028 counts as a day like any other.
        ("2028-01-31", "2028-02-14", "2028-02-28", "2028-03-03", "2028-03-17", "2028-03-23"),
        # Christmas: 24 and 31 December are working days, but no bank days.
        ("2025-11-26", "2025-12-10", "2025-12-24", "2026-01-05", "2026-01-19", "2026-01-23"),
        # 1 May 2025 is a holiday, and summer time changes nothing.
        ("2025-04-03", "2025-04-22", "2025-05-06", "2025-05-12", "2025-05-26", "2025-06-02"),
        ("2030-03-01", "2030-03-15", "2030-03-29", "2030-04-04", "2030-04-23", "2030-04-29"),
    ],
)
def test_deadlines_from_2024_to_2030(
    due: str, varsel: str, deadline: str, bo: str, bo_deadline: str, proposed: str
) -> None:
    walk = Walk(claim(due=date.fromisoformat(due)))
    walk.until(date.fromisoformat(proposed))
    notice, demand = walk["c1"].notice, walk["c1"].demand
    assert notice is not None
    assert demand is not None
    [proposal] = walk.proposals()
    got = (notice.sent_on, notice.deadline, demand.sent_on, demand.deadline, proposal.proposed_on)
    assert [day.isoformat() for day in got] == [varsel, deadline, bo, bo_deadline, proposed]


def test_a_claim_registered_late_is_warned_on_the_first_working_day_after() -> None:
    walk = Walk(claim(due=date(2025, 10, 1), registered=date(2026, 1, 9)))
    walk.until(date(2026, 1, 12))
    assert walk.letters() == [("2026-01-12", "inkassovarsel", ("c1",))]


def test_a_claim_is_never_warned_on_the_day_it_is_registered() -> None:
    walk = Walk(claim(due=date(2026, 1, 5), registered=date(2026, 1, 28)))
    walk.until(date(2026, 1, 28))
    assert walk.letters() == []


def test_after_the_units_own_varsel_the_betalingsoppfordring_waits_for_deadline_and_grace() -> None:
    prior = Letter(step_id=None, sent_on=date(2026, 1, 2), deadline=date(2026, 1, 16))
    walk = Walk(claim(due=date(2025, 12, 15), registered=date(2026, 1, 5), notice=prior))
    assert walk["c1"].stage == "noticed"
    walk.until(date(2026, 1, 22))
    assert walk.letters() == [("2026-01-22", "betalingsoppfordring", ("c1",))]


def test_after_an_old_varsel_the_betalingsoppfordring_waits_for_the_day_after_registration() -> None:
    prior = Letter(step_id=None, sent_on=date(2025, 11, 3), deadline=date(2025, 11, 17))
    walk = Walk(claim(due=date(2025, 10, 15), registered=date(2026, 1, 9), notice=prior))
    walk.until(date(2026, 1, 12))
    assert walk.letters() == [("2026-01-12", "betalingsoppfordring", ("c1",))]


def test_the_deadline_runs_from_the_sending_not_from_the_day_the_step_was_due() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    [(_, ask)] = walk.done
    walk.today = date(2026, 2, 4)
    walk.send(ask)  # type: ignore[arg-type]
    walk.until(date(2026, 2, 24))
    assert walk.letters()[1:] == [("2026-02-24", "betalingsoppfordring", ("c1",))]


def test_whose_turn_it_is_until_when_and_what_then() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    first = walk.next()
    assert (first.step, first.on, first.owner) == ("inkassovarsel", date(2026, 1, 29), Owner.PLATFORM)
    walk.until(date(2026, 2, 1))
    waiting = walk.next()
    assert (waiting.step, waiting.on) == ("betalingsoppfordring", date(2026, 2, 18))
    assert (waiting.owner, waiting.until) == (Owner.DEBTOR, date(2026, 2, 12))
    assert waiting.then == "Betales ikke kravet, sendes betalingsoppfordring."
    walk.until(date(2026, 2, 13))
    assert (walk.next().owner, walk.next().until) == (Owner.PLATFORM, date(2026, 2, 18))
    walk.until(date(2026, 3, 10))
    approval = walk.next()
    assert (approval.step, approval.owner, approval.until) == ("approval", Owner.CASEWORKER, date(2026, 8, 18))


def test_every_date_says_which_rule_and_which_days_it_came_from() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 2, 1))
    trace = walk.next().trace
    assert trace is not None
    assert trace.rule == "demand_ready"
    assert trace.reference == "inkassoloven § 10"
    assert trace.inputs["deadline"] == "2026-02-12"
    assert trace.inputs["bank_days"] == 3


def test_a_betalingsoppfordring_older_than_six_months_is_replaced_not_used() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 8, 18))
    assert walk["c1"].stage == "legal_proposed"
    walk.until(date(2026, 8, 19))
    assert walk.letters()[2:] == [("2026-08-19", "betalingsoppfordring", ("c1",))]
    walk.until(date(2026, 9, 30))
    assert len(walk.proposals()) == 2
    assert walk.proposals()[1].usable_to == date(2027, 2, 19)
    assert len({proposal.legal_step_id for proposal in walk.proposals()}) == 2


def test_nothing_happens_on_a_day_that_is_no_working_day() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.today = date(2026, 1, 31)
    assert walk.fire() == []
    assert walk.next().on == date(2026, 2, 2)
    walk.until(walk.today + timedelta(days=2))
    assert walk.letters() == [("2026-02-02", "inkassovarsel", ("c1",))]
