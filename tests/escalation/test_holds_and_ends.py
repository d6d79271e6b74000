"""What stops a claim, what starts it again, and what a stop leaves behind (decisions A2, B7)."""

from __future__ import annotations

from datetime import date

import pytest
from support.ladders import Walk, claim

from escalation.domain.day import Ask, Drop
from escalation.domain.ladder import Owner, UnlistedTransition
from escalation.domain.state import Hold, UnknownClaim


def unpaid(until: date) -> Walk:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(until)
    return walk


def hold(reason: str, placed_on: date, until: date | None = None) -> Hold:
    return Hold(hold_id="h1", reason=reason, placed_on=placed_on, until=until)


def test_no_step_on_a_held_claim_and_the_step_comes_on_the_day_the_ladder_may_go_on() -> None:
    walk = unpaid(date(2026, 2, 10))
    walk.hold(["c1"], hold("deferral", walk.today, date(2026, 3, 6)))
    thing = walk.next()
    assert (thing.step, thing.on, thing.owner, thing.reason) == (
        "hold_end", date(2026, 3, 6), Owner.DEBTOR, "deferral",
    )  # fmt: skip
    walk.until(date(2026, 3, 9))
    walk.release(["c1"], "h1", resume_on=date(2026, 3, 16))
    walk.until(date(2026, 3, 16))
    assert walk.letters()[1:] == [("2026-03-16", "betalingsoppfordring", ("c1",))]


@pytest.mark.parametrize(
    ("reason", "until", "next_on"),
    [
        ("deferral", date(2026, 3, 6), "2026-03-12"),  # a Friday; three bank days of grace
        ("plan", None, "2026-03-09"),
        ("manual", None, "2026-03-09"),
    ],
)
def test_the_ladder_never_goes_on_before_what_the_hold_promised(reason: str, until: date | None, next_on: str) -> None:
    walk = unpaid(date(2026, 2, 10))
    walk.hold(["c1"], hold(reason, walk.today, until))
    walk.until(date(2026, 3, 9))
    walk.release(["c1"], "h1", resume_on=date(2026, 3, 9))
    walk.until(date(2026, 4, 1))
    assert walk.letters()[1:2] == [(next_on, "betalingsoppfordring", ("c1",))]


def test_a_deferral_that_is_ended_early_promises_nothing() -> None:
    walk = unpaid(date(2026, 2, 17))
    walk.hold(["c1"], hold("deferral", walk.today, date(2026, 3, 6)))
    walk.release(["c1"], "h1", resume_on=date(2026, 2, 19))
    walk.until(date(2026, 2, 19))
    assert walk.letters()[1:] == [("2026-02-19", "betalingsoppfordring", ("c1",))]


def test_two_holds_both_have_to_end() -> None:
    walk = unpaid(date(2026, 2, 10))
    walk.hold(["c1"], hold("deferral", walk.today))
    walk.hold(["c1"], Hold(hold_id="h2", reason="objection", placed_on=walk.today))
    walk.release(["c1"], "h1", resume_on=walk.today)
    walk.until(date(2026, 3, 1))
    assert walk.letters()[1:] == []
    assert walk.next().reason == "objection"
    assert walk.next().owner is Owner.CASEWORKER


def test_an_unknown_reason_counts_as_a_caseworkers_stop() -> None:
    walk = unpaid(date(2026, 2, 10))
    walk.hold(["c1"], hold("something_new", walk.today))
    assert walk.next().owner is Owner.CASEWORKER


@pytest.mark.parametrize("reason", ["death", "bankruptcy", "debt_settlement", "unknown_address", "manual"])
def test_a_deadline_that_ran_out_during_such_a_hold_is_followed_by_a_new_demand(reason: str) -> None:
    walk = unpaid(date(2026, 3, 2))
    walk.hold(["c1"], hold(reason, walk.today))
    walk.until(date(2026, 3, 16))
    walk.release(["c1"], "h1", resume_on=date(2026, 3, 16))
    walk.until(date(2026, 3, 16))
    assert walk.letters()[2:] == [("2026-03-16", "betalingsoppfordring", ("c1",))]


def test_a_long_hold_is_followed_by_a_new_demand_and_a_short_one_is_not() -> None:
    walk = unpaid(date(2026, 3, 9))
    walk.hold(["c1"], hold("manual", walk.today))
    walk.until(date(2026, 4, 9))
    walk.release(["c1"], "h1", resume_on=walk.today)
    walk.until(date(2026, 4, 9))
    assert walk.letters()[2:] == [("2026-04-09", "betalingsoppfordring", ("c1",))]
    walk = unpaid(date(2026, 3, 9))
    walk.hold(["c1"], hold("manual", walk.today))
    walk.until(date(2026, 4, 8))
    walk.release(["c1"], "h1", resume_on=walk.today)
    walk.until(date(2026, 4, 8))
    assert len(walk.letters()) == 2
    assert len(walk.proposals()) == 1


def test_a_deferral_leaves_the_demand_usable() -> None:
    walk = unpaid(date(2026, 3, 2))
    walk.hold(["c1"], hold("deferral", walk.today))
    walk.until(date(2026, 4, 20))
    walk.release(["c1"], "h1", resume_on=walk.today)
    walk.until(date(2026, 4, 20))
    assert len(walk.letters()) == 2
    assert len(walk.proposals()) == 1


def test_a_declined_step_comes_again_on_the_day_it_names() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    [(_, ask)] = walk.done
    assert isinstance(ask, Ask)
    walk.decline(ask, "bank_day", date(2026, 1, 31))
    assert walk["c1"].stage == "received"
    assert walk.next().on == date(2026, 2, 2)
    walk.until(date(2026, 2, 2))
    assert [day for day, _, _ in walk.letters()] == ["2026-01-29", "2026-02-02"]
    assert len({a.step_id for _, a in walk.done if isinstance(a, Ask)}) == 2


def test_a_step_declined_without_a_day_waits_for_the_end_of_the_hold() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    [(_, ask)] = walk.done
    assert isinstance(ask, Ask)
    walk.hold(["c1"], hold("objection", walk.today))
    walk.decline(ask, "disputed", None)
    walk.until(date(2026, 3, 1))
    assert len(walk.letters()) == 1
    walk.release(["c1"], "h1", resume_on=date(2026, 3, 5))
    walk.until(date(2026, 3, 5))
    assert walk.letters()[1:] == [("2026-03-05", "inkassovarsel", ("c1",))]


def test_a_step_declined_without_day_or_hold_is_a_caseworkers_turn() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    walk.decline(walk.done[0][1], "letter_failed", None)  # type: ignore[arg-type]
    thing = walk.next()
    assert (thing.step, thing.owner, thing.reason) == ("answer", Owner.CASEWORKER, "letter_failed")
    walk.until(date(2026, 3, 1))
    assert len(walk.letters()) == 1


def test_an_answer_that_comes_twice_changes_nothing() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    ask = walk.done[0][1]
    assert isinstance(ask, Ask)
    walk.send(ask)
    before = walk.case
    walk.decline(ask, "late", date(2026, 2, 1))
    walk.send(ask)
    assert walk.case == before


def test_a_paid_claim_gets_no_further_step() -> None:
    walk = unpaid(date(2026, 2, 10))
    walk.end("c1", "settled")
    walk.until(date(2026, 6, 1))
    assert len(walk.letters()) == 1
    assert (walk.next().step, walk.next().owner) == ("none", Owner.NOBODY)
    assert walk.case_next() is None


def test_a_proposed_legal_step_falls_when_the_claim_is_paid_and_the_rest_is_proposed_anew() -> None:
    walk = Walk(claim("c1", due=date(2026, 1, 12)), claim("c2", due=date(2026, 1, 12)))
    walk.until(date(2026, 3, 13))
    [proposal] = walk.proposals()
    assert proposal.claim_ids == ("c1", "c2")
    drops = walk.end("c1", "settled")
    assert drops == [Drop(legal_step_id=proposal.legal_step_id, claim_ids=("c1", "c2"), reason="settled")]
    walk.until(date(2026, 3, 16))
    assert walk.proposals()[1].claim_ids == ("c2",)
    assert walk.proposals()[1].legal_step_id != proposal.legal_step_id


def test_a_proposed_legal_step_falls_when_the_claim_is_disputed() -> None:
    walk = unpaid(date(2026, 3, 10))
    [drop] = walk.hold(["c1"], hold("objection", walk.today))
    assert drop.reason == "disputed"
    walk.until(date(2026, 5, 1))
    assert len(walk.proposals()) == 1


def test_a_rejected_objection_the_debtor_stands_by_goes_to_the_claims_own_body() -> None:
    walk = Walk(claim(due=date(2026, 1, 15), claim_type="rent", dispute_body="husleietvistutvalg"))
    walk.until(date(2026, 2, 10))
    walk.hold(["c1"], hold("objection", walk.today))
    walk.until(date(2026, 3, 20))
    walk.release(["c1"], "h1", resume_on=date(2026, 3, 23), contested=True)
    walk.until(date(2026, 3, 23))
    [proposal] = walk.proposals()
    assert (proposal.kind, proposal.body) == ("complaint", "husleietvistutvalg")
    walk.until(date(2027, 3, 1))
    assert len(walk.letters()) == 1


def test_a_void_letter_is_sent_anew() -> None:
    walk = unpaid(date(2026, 2, 20))
    ask = walk.done[1][1]
    assert isinstance(ask, Ask)
    walk.withdraw(ask, "void", date(2026, 2, 23))
    assert walk["c1"].demand is None
    walk.until(date(2026, 2, 23))
    assert walk.letters()[2:] == [("2026-02-23", "betalingsoppfordring", ("c1",))]


def test_a_void_letter_takes_the_legal_step_that_rests_on_it_along() -> None:
    walk = unpaid(date(2026, 3, 10))
    ask = walk.done[1][1]
    assert isinstance(ask, Ask)
    [drop] = walk.withdraw(ask, "void", date(2026, 3, 11))
    assert drop.reason == "demand_withdrawn"
    assert walk["c1"].stage == "noticed"


def test_a_reopened_claim_goes_on_from_the_last_letter_that_stands() -> None:
    walk = unpaid(date(2026, 2, 1))
    walk.end("c1", "settled")
    walk.until(date(2026, 3, 20))
    walk.reopen("c1")
    assert walk["c1"].stage == "noticed"
    walk.until(date(2026, 3, 23))
    assert walk.letters()[1:] == [("2026-03-23", "betalingsoppfordring", ("c1",))]


def test_a_claim_reopened_while_its_letter_is_on_its_way_waits_for_that_letter() -> None:
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 1, 29), send=False)
    ask = walk.done[0][1]
    assert isinstance(ask, Ask)
    walk.end("c1", "settled")
    walk.reopen("c1")
    assert walk.fire() == []
    walk.send(ask)
    assert walk["c1"].stage == "noticed"


def test_a_move_the_ladder_does_not_list_is_refused_with_its_ids() -> None:
    walk = unpaid(date(2026, 2, 18))
    varsel = walk.done[0][1]
    assert isinstance(varsel, Ask)
    with pytest.raises(UnlistedTransition, match="claim c1: stage demanded has no edge for sent"):
        walk.move("c1", "sent")
    with pytest.raises(UnknownClaim, match="case case: no claim c9"):
        walk.end("c9", "settled")
