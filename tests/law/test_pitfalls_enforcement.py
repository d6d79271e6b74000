"""Where naive implementations go wrong on the way to namsmann, forliksråd and husleietvistutvalg: pitfalls 22–26."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from support import letters as sample
from support.ladders import BOOK, Walk, claim

from claims_api.domain.claim_types import CLAIM_TYPES, DisputeBody, claim_type, dispute_body_for
from claims_api.domain.demand import gives_too_little_time, printed_deadline
from claims_api.domain.fees import LetterKind
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from escalation.domain import progress
from escalation.domain.ladder import Trigger
from escalation.domain.planner import Planner
from escalation.domain.state import Hold
from notifications.domain.content import required
from notifications.domain.formats import LANGUAGES
from shared.calendar import deadline_after

RULES = MoneyRules(rates=load_rates())
RIPE = date(2026, 3, 10)
JUDGED, WARNED = date(2026, 1, 12), date(2026, 2, 16)


def judged_and_undisputed() -> Walk:
    """One case, two claims: the older was judged, and after its notice it may be enforced the day the newer is ripe."""
    walk = Walk(claim("judged", due=date(2025, 9, 1)), claim("undisputed"))
    walk.until(date(2025, 10, 23))
    for trigger in (Trigger.APPROVED, Trigger.SUBMITTED):
        walk.case = progress.legal_moved(BOOK, walk.case, ("judged",), trigger)
    walk.case = progress.legal_moved(BOOK, walk.case, ("judged",), Trigger.JUDGED, review_on=WARNED, judged_on=JUDGED)
    walk.until(date(2026, 3, 4))
    walk.hold(["judged"], Hold(hold_id="bank", reason="bank_day", placed_on=walk.today))
    walk.release(["judged"], "bank", resume_on=RIPE)
    walk.until(RIPE)
    return walk


def test_pitfall_22_a_betalingsoppfordring_older_than_six_months_carries_no_utlegg() -> None:
    walk = Walk(claim())
    walk.until(date(2026, 8, 19))
    assert [(proposal.proposed_on, proposal.usable_to) for proposal in walk.proposals()] == [(RIPE, date(2026, 8, 18))]
    assert walk.letters()[-1] == ("2026-08-19", "betalingsoppfordring", ("c1",))
    assert walk["c1"].stage == "demanded"
    walk.until(date(2026, 9, 30))
    demand = walk["c1"].demand
    assert demand is not None
    assert walk.proposals()[-1].proposed_on > demand.deadline > date(2026, 8, 19)


def test_pitfall_22_the_same_numbered_day_six_months_on_is_the_last() -> None:
    walk = Walk(claim())
    walk.until(RIPE)
    assert Planner(BOOK, walk.case, RIPE).usable_to(walk["c1"]).value == date(2026, 8, 18)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pitfall_23_the_betalingsoppfordring_carries_the_notice_of_enforcement(language: str) -> None:
    demand = sample.betalingsoppfordring(language)  # type: ignore[arg-type]
    notice = [item.text for item in required(demand) if item.reference == "tvangsfullbyrdelsesloven § 4-18"]
    assert len(notice) == 3
    text = sample.text_of(sample.renderer().pdf(demand).pdf)
    assert [words for words in notice if words not in text] == []


def test_pitfall_23_utlegg_waits_two_weeks_from_the_day_that_notice_was_sent_whenever_it_was_due() -> None:
    for late in range(12):
        walk = Walk(claim())
        walk.until(date(2026, 2, 17))
        walk.until(date(2026, 2, 18), send=False)
        walk.today += timedelta(days=late)
        printed = deadline_after(walk.today, 14)
        walk.send(walk.done[-1][1], deadline=printed)  # type: ignore[arg-type]
        sent_on = walk.today
        walk.until(date(2026, 4, 30), send=False)
        [proposal] = walk.proposals()
        assert proposal.proposed_on > sent_on + timedelta(days=14)


def test_pitfall_23_a_judgment_is_enforced_on_a_notice_of_its_own_not_on_the_letters_before_it() -> None:
    walk = judged_and_undisputed()
    kinds = [(day, kind) for day, kind, claims in walk.letters() if claims == ("judged",)]
    assert kinds[-1] == (WARNED.isoformat(), "tvangsvarsel")
    [proposal] = [one for one in walk.proposals()[1:] if one.claim_ids == ("judged",)]
    assert proposal.proposed_on >= WARNED + timedelta(days=14)


def test_pitfall_23_a_betalingsoppfordring_that_gives_less_than_two_weeks_is_void() -> None:
    printed = printed_deadline(date(2026, 2, 18), days=14)
    assert not gives_too_little_time(date(2026, 2, 18), printed, LetterKind.DEMAND, rules=RULES)
    assert gives_too_little_time(date(2026, 2, 19), printed, LetterKind.DEMAND, rules=RULES)


def test_pitfall_24_a_disputed_home_rent_goes_to_husleietvistutvalget_and_never_to_forliksradet() -> None:
    body = dispute_body_for(claim_type("rent"), premises="home")
    assert body is DisputeBody.HUSLEIETVISTUTVALG
    assert dispute_body_for(claim_type("rent"), premises="business") is DisputeBody.FORLIKSRAAD
    walk = Walk(claim(claim_type="rent", dispute_body=body.value, contested=True))
    walk.until(RIPE)
    [proposal] = walk.proposals()
    assert (proposal.kind, proposal.body) == ("complaint", "husleietvistutvalg")


def test_pitfall_25_no_claim_is_enforced_by_the_municipality_itself() -> None:
    """Only claims of tvangsfullbyrdelsesloven § 2-14 have a municipal namsmann, and none of our types is one."""
    assert {kind.enforceable_by for kind in CLAIM_TYPES.values()} == {
        "tvangsfullbyrdelsesloven § 7-2 f",
        "tvangsfullbyrdelsesloven § 7-2 d",
    }
    assert {route.body for route in BOOK.routes if route.kind == "utlegg"} == {"namsmann"}


def test_pitfall_26_a_judgment_and_an_undisputed_claim_never_share_a_petition() -> None:
    walk = judged_and_undisputed()
    assert sorted(proposal.claim_ids for proposal in walk.proposals()[1:]) == [("judged",), ("undisputed",)]


def test_pitfall_26_nor_when_both_were_stopped_and_go_on_together() -> None:
    walk = judged_and_undisputed()
    both = ["judged", "undisputed"]
    dropped = walk.hold(both, Hold(hold_id="h", reason="manual", placed_on=RIPE))
    assert sorted(drop.claim_ids for drop in dropped) == [("judged",), ("undisputed",)]
    walk.today = RIPE + timedelta(days=1)
    walk.release(both, "h", resume_on=walk.today)
    walk.until(date(2026, 3, 20))
    assert sorted(proposal.claim_ids for proposal in walk.proposals()[3:]) == [("judged",), ("undisputed",)]


def test_pitfall_26_a_fine_decided_by_a_unit_is_never_in_the_case_of_an_invoice() -> None:
    """A petition is one case's, and one case has one primary debtor and one kind of ground for enforcement."""
    grounds: dict[str, set[str]] = {}
    for kind in CLAIM_TYPES.values():
        grounds.setdefault(kind.merge_group.value, set()).add(kind.enforceable_by)
    assert {group: len(found) for group, found in grounds.items()} == {"general": 1, "health": 1, "fine": 1}
