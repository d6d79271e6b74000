"""Claims of a case that are ready together go together, and never two demands on a case in a day (decisions B1, B7)."""

from __future__ import annotations

from datetime import date

from support.ladders import Walk, claim

from escalation.domain.day import Ask
from escalation.domain.state import Hold, Letter


def noticed(deadline: date) -> Letter:
    return Letter(step_id=None, sent_on=date(2026, 1, 2), deadline=deadline)


def test_claims_whose_varsel_is_due_the_same_day_are_one_step() -> None:
    walk = Walk(claim("c2", due=date(2026, 1, 10)), claim("c1", due=date(2026, 1, 12)))
    walk.until(date(2026, 1, 26))
    assert walk.letters() == [("2026-01-26", "inkassovarsel", ("c1", "c2"))]


def test_a_ready_claim_waits_for_another_whose_varsel_runs_out_within_14_days() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)), claim("c2", due=date(2026, 1, 25)))
    walk.until(date(2026, 2, 27))
    assert walk.letters() == [
        ("2026-01-29", "inkassovarsel", ("c1",)),
        ("2026-02-09", "inkassovarsel", ("c2",)),
        ("2026-02-27", "betalingsoppfordring", ("c1", "c2")),
    ]


def test_the_fourteenth_day_is_waited_for_and_the_fifteenth_is_not() -> None:
    first = claim("c1", due=date(2025, 12, 20), registered=date(2026, 1, 5), notice=noticed(date(2026, 2, 12)))
    last = claim("c2", due=date(2025, 12, 20), registered=date(2026, 1, 5), notice=noticed(date(2026, 3, 4)))
    walk = Walk(first, last)
    walk.until(date(2026, 3, 10))
    assert walk.letters() == [("2026-03-10", "betalingsoppfordring", ("c1", "c2"))]
    late = claim("c2", due=date(2025, 12, 20), registered=date(2026, 1, 5), notice=noticed(date(2026, 3, 5)))
    walk = Walk(first, late)
    walk.until(date(2026, 3, 11))
    assert walk.letters() == [
        ("2026-02-18", "betalingsoppfordring", ("c1",)),
        ("2026-03-11", "betalingsoppfordring", ("c2",)),
    ]


def test_a_claim_whose_varsel_goes_out_tomorrow_is_waited_for_only_if_it_runs_out_in_time() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)), claim("c2", due=date(2026, 2, 5), registered=date(2026, 2, 9)))
    walk.until(date(2026, 2, 18))
    assert walk.letters()[-1] == ("2026-02-18", "betalingsoppfordring", ("c1",))
    walk.until(date(2026, 2, 19))
    assert walk.letters()[-1] == ("2026-02-19", "inkassovarsel", ("c2",))


def test_a_held_claim_is_not_waited_for_and_joins_nobody() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)), claim("c2", due=date(2026, 1, 25)))
    walk.until(date(2026, 2, 16))
    hold = Hold(hold_id="h1", reason="objection", placed_on=walk.today)
    walk.hold(["c2"], hold)
    walk.until(date(2026, 2, 18))
    assert walk.letters()[-1] == ("2026-02-18", "betalingsoppfordring", ("c1",))


def test_a_new_claim_runs_its_own_varsel_while_the_case_is_further_on() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)))
    walk.until(date(2026, 3, 10))
    walk.register(claim("c2", due=date(2026, 2, 20), registered=walk.today))
    walk.until(date(2026, 3, 11))
    assert walk.letters()[-1] == ("2026-03-11", "inkassovarsel", ("c2",))
    assert walk["c1"].stage == "legal_proposed"


def test_never_two_demands_on_a_case_in_a_day() -> None:
    """A claim tried again on the day another is due: the longest overdue goes first, the other the next working day."""
    walk = Walk(
        claim("c1", due=date(2025, 12, 1), registered=date(2026, 1, 5), notice=noticed(date(2026, 1, 23))),
        claim("c2", due=date(2026, 2, 10), registered=date(2026, 2, 12)),
    )
    walk.until(date(2026, 1, 29), send=False)
    [(_, ask)] = walk.done
    assert isinstance(ask, Ask)
    walk.decline(ask, "candidate_payment", date(2026, 2, 24))
    walk.until(date(2026, 2, 26))
    assert walk.letters()[1:] == [
        ("2026-02-24", "betalingsoppfordring", ("c1",)),
        ("2026-02-25", "inkassovarsel", ("c2",)),
    ]


def test_a_step_in_work_makes_the_rest_of_the_case_wait() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)), claim("c2", due=date(2026, 1, 20)))
    walk.until(date(2026, 2, 3), send=False)
    assert walk.letters() == [("2026-01-29", "inkassovarsel", ("c1",))]
    walk.dispatch(walk.done[0][1])  # type: ignore[arg-type]
    walk.until(date(2026, 2, 4), send=False)
    assert walk.letters()[1:] == [("2026-02-04", "inkassovarsel", ("c2",))]


def test_claims_with_another_dispute_body_get_a_letter_of_their_own() -> None:
    walk = Walk(
        claim("c1", due=date(2025, 12, 20), registered=date(2026, 1, 5), notice=noticed(date(2026, 2, 12))),
        claim("c2", due=date(2025, 12, 20), registered=date(2026, 1, 5), notice=noticed(date(2026, 2, 12)),
              claim_type="rent", dispute_body="husleietvistutvalg"),
    )  # fmt: skip
    walk.until(date(2026, 2, 19))
    assert walk.letters() == [
        ("2026-02-18", "betalingsoppfordring", ("c1",)),
        ("2026-02-19", "betalingsoppfordring", ("c2",)),
    ]


def test_the_cases_next_thing_is_its_earliest() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 15)), claim("c2", due=date(2026, 1, 25)))
    walk.until(date(2026, 2, 5))
    thing = walk.case_next()
    assert thing is not None
    assert (thing.step, thing.on) == ("inkassovarsel", date(2026, 2, 9))
