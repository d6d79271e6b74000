"""When a demand may go and when it may not: judged when the step is due, and again before the letter leaves."""

from __future__ import annotations

from datetime import date

import pytest
from support.treasury import ACCOUNT, OLA, Treasury, notice, person

from claims_api.store import cases, demands
from claims_api.usecases.holds import place_hold
from shared import parking
from shared.errors import Park
from shared.events.claims import DemandDeclined, DemandIssued, DemandReleased, DemandWithdrawn, FeeReversed, HoldPlaced
from shared.events.escalation import StepDue
from shared.events.payments import PaymentMatched

DUE = date(2026, 1, 15)
VARSEL, DEMAND = date(2026, 1, 29), date(2026, 2, 18)


def declined(treasury: Treasury) -> tuple[str, date | None]:
    last = treasury.last(DemandDeclined)
    return last.reason, last.retry_on


def test_a_varsel_before_fourteen_days_waits(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 28)).step("inkassovarsel", claim)
    assert declined(treasury) == ("too_early", VARSEL)


def test_a_demand_waits_for_the_deadline_and_its_grace(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 17)).step("betalingsoppfordring", claim)
    assert declined(treasury) == ("deadline_running", DEMAND)


def test_a_demand_without_a_varsel_is_refused(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(DEMAND).step("betalingsoppfordring", claim)
    assert declined(treasury) == ("no_notice", None)


def test_a_second_varsel_is_refused_and_so_is_one_after_the_units_own(treasury: Treasury) -> None:
    own = treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", own)
    treasury.at(date(2026, 1, 30)).step("inkassovarsel", own)
    assert declined(treasury) == ("notice_sent", None)
    by_unit = treasury.register(
        due=date(2026, 1, 10), prior_notice=notice(date(2026, 1, 26), date(2026, 2, 9), 3_800), who=OLA
    )
    treasury.step("inkassovarsel", by_unit)
    assert declined(treasury) == ("notice_sent", None)


def test_the_units_own_varsel_and_its_fee_count(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, prior_notice=notice(date(2026, 1, 29), date(2026, 2, 12), 3_800))
    demand = treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    assert demand.lines[0].fees_ore == 3_800
    assert demand.fee_ore == 11_300


def test_a_bank_day_that_is_not_booked_holds_the_demand(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 12))
    # The bank says that two credits came; we have seen none of them.
    treasury.close_bank_day(date(2026, 2, 12), count=1, sum_ore=5_000)
    treasury.at(DEMAND)
    treasury.close_bank_day(date(2026, 2, 12), count=1, sum_ore=5_000)
    treasury.step("betalingsoppfordring", claim)
    assert declined(treasury) == ("bank_day_open", date(2026, 2, 19))
    # The missing credit arrives: another debtor's, and the day is whole.
    late = PaymentMatched(
        payment_id="late", account=ACCOUNT, day=date(2026, 2, 12), amount_ore=5_000, paid_on=date(2026, 2, 12),
        kid="", case_id=treasury.register(due=DUE, who=OLA).case_id,
    )  # fmt: skip
    treasury.send(late)
    treasury.at(date(2026, 2, 19)).step("betalingsoppfordring", claim)
    assert treasury.last(DemandIssued).kind == "betalingsoppfordring"


def test_a_payment_that_may_be_theirs_holds_the_step_until_it_is_placed(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    other = treasury.register(due=DUE, who=OLA)
    waiting = treasury.at(VARSEL).unmatched(50_000, claim)
    treasury.step("inkassovarsel", claim)
    assert declined(treasury) == ("candidate_payment", date(2026, 1, 30))
    treasury.pay(other, 50_000, VARSEL, payment_id=waiting.payment_id, day=VARSEL)
    treasury.step("inkassovarsel", claim)
    assert treasury.last(DemandIssued).case_id == claim.case_id


def test_an_unmatched_notice_that_comes_after_the_match_holds_nobody(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL)
    paid = treasury.pay(claim, 10_000, VARSEL)
    late = treasury.unmatched(10_000, claim)
    assert late.payment_id != paid.payment_id
    treasury.send(late.model_copy(update={"payment_id": paid.payment_id}), key=paid.payment_id)
    treasury.step("inkassovarsel", claim)
    assert declined(treasury)[0] == "candidate_payment"  # the other payment alone
    treasury.pay(claim, 10_000, VARSEL, payment_id=late.payment_id)
    treasury.step("inkassovarsel", claim)
    assert treasury.told(DemandIssued)


def test_an_event_parked_for_the_case_holds_it(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL)
    event = treasury.event(StepDue(step_id="s", case_id=claim.case_id, kind="inkassovarsel", claim_ids=[], due_on=DUE))
    with treasury.uow() as uow:
        parking.park(uow, event, "test", "parked")
    treasury.step("inkassovarsel", claim)
    assert declined(treasury) == ("events_parked", date(2026, 1, 30))


def test_a_hold_stops_the_step_and_its_end_restarts_it(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL)
    with treasury.uow() as uow:
        case = cases.lock_case(uow, claim.case_id)
        assert case is not None
        place_hold(uow, case, [claim.claim_id], reason="manual", until=None, placed_by="Kim")
    treasury.step("inkassovarsel", claim)
    assert declined(treasury) == ("on_hold", None)


def test_an_objection_freezes_the_disputed_claim_only(treasury: Treasury) -> None:
    disputed = treasury.register(due=DUE)
    other = treasury.register(due=DUE)
    treasury.at(VARSEL).object(disputed)
    treasury.step("inkassovarsel", disputed, other)
    assert declined(treasury) == ("disputed", None)
    assert treasury.last(DemandDeclined).claim_ids == [disputed.claim_id]
    assert treasury.last(DemandIssued).claim_ids == [other.claim_id]
    assert treasury.last(DemandIssued).fee_ore == 3_800


def test_nothing_owed_is_nothing_demanded(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).pay(claim, 110_000, date(2026, 1, 28), to_claim=True)
    treasury.step("inkassovarsel", claim)
    assert declined(treasury) == ("nothing_owed", None)


def test_never_two_demands_on_a_case_in_a_day(treasury: Treasury) -> None:
    one, other = treasury.register(due=DUE), treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", one)
    treasury.step("inkassovarsel", other)
    assert declined(treasury) == ("demand_today", date(2026, 1, 30))


def test_a_claim_of_another_case_is_not_in_the_step(treasury: Treasury) -> None:
    mine, other = treasury.register(due=DUE), treasury.register(due=DUE, who=OLA)
    treasury.at(VARSEL).step("inkassovarsel", mine, other)
    assert (treasury.last(DemandDeclined).reason, treasury.last(DemandDeclined).claim_ids) == (
        "not_in_case",
        [other.claim_id],
    )
    assert treasury.last(DemandIssued).claim_ids == [mine.claim_id]


def test_an_unknown_case_is_parked(treasury: Treasury) -> None:
    step = StepDue(step_id="s", case_id="no-such-case", kind="inkassovarsel", claim_ids=["x"], due_on=DUE)
    with pytest.raises(Park):
        treasury.send(step)


def test_the_same_step_twice_makes_one_demand(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    event = treasury.at(VARSEL).step("inkassovarsel", claim)
    treasury.deliver([event])
    assert len(treasury.told(DemandIssued)) == 1
    assert not treasury.told(DemandDeclined)


def test_rates_that_are_missing_make_the_demand_wait(tmp_path, treasury: Treasury) -> None:
    from support.treasury import Treasury as Other

    strict = Other(tmp_path / "strict", date(2026, 12, 21), assume_rates=False)
    claim = strict.register(due=date(2026, 12, 18))
    strict.at(date(2027, 1, 4)).step("inkassovarsel", claim)
    last = strict.last(DemandDeclined)
    assert (last.reason, last.retry_on) == ("rates_missing", date(2027, 1, 5))
    owed = strict.balance(claim)
    assert owed.interest_complete_to == date(2027, 1, 1)
    assert owed.balance.interest_ore == 470  # 14 days of 12.25 % in 2026, and not a day more
    assumed = treasury.at(date(2026, 12, 21)).register(due=date(2026, 12, 18))
    treasury.at(date(2027, 1, 4)).step("inkassovarsel", assumed)
    assert treasury.last(DemandIssued).provisional_rates
    assert treasury.balance(assumed).provisional
    strict.db.close()


# -- the last look


def test_the_last_look_stops_a_letter_that_was_paid_meanwhile(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.pay(claim, 100_000 + 460, VARSEL, to_claim=True)
    treasury.ready(issued)
    withdrawn = treasury.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.retry_on, withdrawn.after_dispatch) == ("nothing_owed", None, False)
    assert not treasury.told(DemandReleased)


def test_the_last_look_stops_a_letter_whose_amount_no_longer_is_right(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.pay(claim, 10_000, VARSEL)
    treasury.ready(issued)
    withdrawn = treasury.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.retry_on) == ("amount_changed", date(2026, 1, 30))
    treasury.at(date(2026, 1, 30)).step("inkassovarsel", claim)
    assert treasury.last(DemandIssued).lines[0].principal_ore == 100_000 - 10_000 + 460


def test_a_letter_that_comes_too_late_for_its_deadline_is_withdrawn(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.at(date(2026, 1, 30)).ready(issued)
    assert treasury.last(DemandWithdrawn).reason == "too_late"


def test_a_letter_that_was_sent_too_late_is_void_and_its_fee_taken_back(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.ready(issued)
    treasury.at(date(2026, 2, 2)).sent(issued)
    withdrawn = treasury.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.after_dispatch) == ("too_late", True)
    assert withdrawn.retry_on == date(2026, 2, 3)
    assert treasury.last(FeeReversed).amount_ore == 3_800
    assert treasury.balance(claim).balance.fees_ore == 0
    again = treasury.at(date(2026, 2, 3)).letter("inkassovarsel", claim)
    assert again.fee_ore == 3_800


def test_a_released_letter_that_asks_again_is_looked_at_again(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.ready(issued)
    treasury.ready(issued)
    assert [one.until for one in treasury.told(DemandReleased)] == [VARSEL, VARSEL]
    treasury.pay(claim, 10_000, VARSEL)
    treasury.ready(issued)
    assert treasury.last(DemandWithdrawn).reason == "amount_changed"


def test_a_letter_that_cannot_be_made_goes_to_a_caseworker(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    treasury.fail(treasury.last(DemandIssued))
    withdrawn = treasury.last(DemandWithdrawn)
    assert (withdrawn.reason, withdrawn.retry_on) == ("letter_failed", None)
    assert treasury.last(HoldPlaced).reason == "letter_failed"
    treasury.step("inkassovarsel", claim)
    assert declined(treasury) == ("on_hold", None)


def test_an_early_letter_of_an_unknown_demand_changes_nothing(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", claim)
    issued = treasury.last(DemandIssued)
    treasury.sent(issued.model_copy(update={"demand_id": "a-notice"}))
    with treasury.db.read() as tx:
        found = demands.find_demands(tx, [issued.demand_id]).get(issued.demand_id)
    assert found is not None
    assert found.state == "issued"


# -- who gets one letter, and its fee


def test_two_claims_join_at_the_demand_with_one_fee_on_the_oldest(treasury: Treasury) -> None:
    older, newer = treasury.register(due=DUE), treasury.register(due=date(2026, 1, 19))
    treasury.at(VARSEL).letter("inkassovarsel", older)
    treasury.at(date(2026, 2, 2)).letter("inkassovarsel", newer)
    demand = treasury.at(date(2026, 2, 23)).letter("betalingsoppfordring", newer, older)
    assert demand.claim_ids == [older.claim_id, newer.claim_id]
    assert demand.fee_ore == 11_300
    assert demand.total_ore == sum(line.total_ore for line in demand.lines) + 11_300
    owed = treasury.balance(older)
    assert owed.balance.fees_ore == 3_800 + 3_800 + 11_300
    # The older claim turns out to have been paid before the letter went: its fee moves to the one that stands.
    paid = demand.lines[0].total_ore
    treasury.at(date(2026, 2, 24)).pay(older, paid, date(2026, 2, 20), to_claim=True)
    assert not [one for one in treasury.told(DemandWithdrawn) if one.after_dispatch]
    entries = [row for row in treasury.entries(older) if row.about == demand.demand_id]
    assert {row.claim_id for row in entries if not row.reverses} == {older.claim_id, newer.claim_id}
    # Three days of interest were not yet due when it was ordered: those 98 øre cover the other claim's fees.
    assert treasury.balance(newer).balance.fees_ore == 3_800 + 11_300 - 98


def test_one_demand_fee_in_fourteen_days_for_a_debtor_and_legal_person(treasury: Treasury) -> None:
    school = treasury.register(due=DUE, claim_type="after_school", unit="utdanningsetaten")
    nursery = treasury.register(due=DUE)
    assert school.case_id != nursery.case_id
    treasury.at(VARSEL).letter("inkassovarsel", school)
    treasury.letter("inkassovarsel", nursery)
    first = treasury.at(DEMAND).letter("betalingsoppfordring", school)
    second = treasury.letter("betalingsoppfordring", nursery)
    assert (first.fee_ore, second.fee_ore) == (11_300, 0)


def test_a_withdrawn_demand_frees_the_next_one_to_carry_the_fee(treasury: Treasury) -> None:
    school = treasury.register(due=DUE, claim_type="after_school", unit="utdanningsetaten")
    nursery = treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", school)
    treasury.letter("inkassovarsel", nursery)
    treasury.at(DEMAND).step("betalingsoppfordring", school)
    treasury.fail(treasury.last(DemandIssued))
    assert treasury.letter("betalingsoppfordring", nursery).fee_ore == 11_300


def test_a_co_debtor_gets_a_letter_each_and_sees_their_own_claim_alone(treasury: Treasury) -> None:
    together = treasury.register(due=DUE, co_debtors=(person(OLA, name="Ola Nordmann"),))
    alone = treasury.register(due=DUE)
    treasury.at(VARSEL).step("inkassovarsel", together, alone)
    issued = treasury.last(DemandIssued)
    assert len(issued.claim_ids) == 1
    assert declined(treasury) == ("demand_today", date(2026, 1, 30))
    shared = issued if issued.claim_ids == [together.claim_id] else None
    if shared is None:
        treasury.ready(issued)
        treasury.sent(issued)
        shared = treasury.at(date(2026, 1, 30)).letter("inkassovarsel", together)
    assert len(shared.recipients) == 2
    assert shared.kid == together.kid
    treasury.ready(shared)
    treasury.sent(shared)
    assert treasury.balance(together).balance.fees_ore in (3_800, 7_600)


def test_a_debt_incurred_as_a_minor_carries_no_fee(treasury: Treasury) -> None:
    child = treasury.register(due=DUE, who="15861260019", claim_type="library_replacement", unit="deichman")
    treasury.at(VARSEL)
    with treasury.uow() as uow:
        from claims_api.store import holds

        case = cases.lock_case(uow, child.case_id)
        assert case is not None
        for hold in holds.holds_of_case(uow.tx, child.case_id):
            holds.end_hold(uow.tx, hold.hold_id, ended_on=VARSEL, ended_by="Kim", resume_on=VARSEL)
    treasury.step("inkassovarsel", child)
    assert treasury.last(DemandIssued).fee_ore == 0
