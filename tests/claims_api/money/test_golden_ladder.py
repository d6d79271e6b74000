"""The golden ladder of the decisions: every amount and day of a claim nobody pays, and of those who do."""

from __future__ import annotations

from datetime import date

from support.treasury import Treasury

from claims_api.domain.ledger import Account, EntryKind, account_sum
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    DemandDeclined,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    FeeReversed,
)

DUE = date(2026, 1, 15)
VARSEL, VARSEL_DEADLINE = date(2026, 1, 29), date(2026, 2, 12)
DEMAND, DEMAND_DEADLINE = date(2026, 2, 18), date(2026, 3, 4)


def test_nobody_pays(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    assert (varsel.fee_ore, varsel.deadline, varsel.kid) == (3_800, VARSEL_DEADLINE, claim.kid)
    # 14 days from the due day, the day of the letter not counted: 3 000 × 12 % × 14/365
    assert varsel.lines[0].interest_ore == 1_381
    assert varsel.total_ore == 300_000 + 1_381 + 3_800
    assert treasury.last(DemandReleased).until == VARSEL

    demand = treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    assert (demand.fee_ore, demand.deadline) == (11_300, DEMAND_DEADLINE)
    assert demand.lines[0].fees_ore == 3_800
    assert demand.lines[0].interest_ore == 3_353
    assert demand.total_ore == 300_000 + 3_353 + 3_800 + 11_300
    assert demand.expected_further_costs_ore == 92_800
    assert demand.enforcement_basis == "tvangsfullbyrdelsesloven § 7-2 f"
    assert demand.kid != claim.kid

    owed = treasury.balance(claim, date(2026, 3, 10))
    assert (owed.balance.principal_ore, owed.balance.fees_ore) == (300_000, 15_100)
    assert owed.balance.interest_ore == 5_326
    assert treasury.statement(claim, date(2026, 3, 10)).total_ore == owed.total_ore
    assert treasury.proof().difference_ore == 0


def test_paid_on_the_varsel_ends_the_claim_and_waives_later_interest(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 11)).pay(claim, varsel.total_ore, date(2026, 2, 10), to_claim=True)
    ended = treasury.last(ClaimEnded)
    assert (ended.reason, ended.ended_on) == ("paid_as_demanded", date(2026, 2, 10))
    assert treasury.balance(claim).total_ore == 0
    assert treasury.statement(claim).total_ore == 0
    changed = treasury.last(ClaimBalanceChanged)
    assert (changed.principal_left_ore, changed.total_left_ore) == (0, 0)
    lines = {line.kind: line.amount_ore for line in treasury.statement(claim).lines}
    assert lines["payment"] == -varsel.total_ore
    # 12 days' interest, 11.83, was never asked for.
    assert lines["waived"] == -1_183
    assert lines["registered"] == 300_000
    assert lines["fee"] == 3_800


def test_paid_in_time_but_booked_late_costs_nothing(treasury: Treasury) -> None:
    """Ordered on the last day of the varsel, known only after the next letter was sent: its fee falls away."""
    claim = treasury.register(due=DUE, principal_ore=300_000)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    demand = treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    treasury.at(date(2026, 2, 20)).pay(claim, varsel.total_ore, VARSEL_DEADLINE, to_claim=True)
    assert treasury.balance(claim).total_ore == 0
    withdrawn = treasury.last(DemandWithdrawn)
    assert (withdrawn.demand_id, withdrawn.after_dispatch) == (demand.demand_id, True)
    reversed_fee = treasury.last(FeeReversed)
    assert (reversed_fee.amount_ore, reversed_fee.demand_id) == (11_300, demand.demand_id)
    assert [who.debtor_ref for who in reversed_fee.recipients] == [who.debtor_ref for who in demand.recipients]
    fees = [line.amount_ore for line in treasury.statement(claim).lines if line.kind in ("fee", "fee_reversed")]
    assert sorted(fees) == [-11_300, 3_800, 11_300]
    assert treasury.last(ClaimEnded).reason == "paid_as_demanded"


def test_the_fee_of_a_letter_that_went_out_after_the_payment_was_ordered_is_booked_and_reversed(
    treasury: Treasury,
) -> None:
    """The letter was released, the payment came, then the channel sent it."""
    claim = treasury.register(due=DUE, principal_ore=300_000)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(DEMAND).step("betalingsoppfordring", claim)
    demand = treasury.last(DemandIssued)
    treasury.ready(demand)
    treasury.pay(claim, varsel.total_ore + 592, date(2026, 2, 17), to_claim=True)
    treasury.sent(demand)
    assert treasury.balance(claim).total_ore == 0
    assert treasury.last(DemandWithdrawn).after_dispatch
    assert treasury.last(FeeReversed).amount_ore == 11_300
    fees = [(r.amount_ore, r.reverses is None) for r in treasury.entries(claim) if r.kind is EntryKind.FEE]
    assert sorted(fees) == [(3_800, True), (11_300, False), (11_300, True)]


def test_part_payment_on_the_case_covers_costs_interest_then_principal(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 2)).pay(claim, 100_000, date(2026, 2, 2))
    owed = treasury.balance(claim)
    # 18 days of interest (1 775) and the fee are covered first.
    assert owed.balance.principal_ore == 300_000 - (100_000 - 3_800 - 1_775)
    assert (owed.balance.interest_ore, owed.balance.fees_ore) == (0, 0)
    later = treasury.balance(claim, date(2026, 2, 12))
    assert later.balance.interest_ore == 676  # 10 days of 12 % on 2 055.75
    assert treasury.proof().difference_ore == 0


def test_a_small_rest_is_written_off_and_the_case_closed(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(date(2026, 1, 20)).pay(claim, 296_000, date(2026, 1, 20))
    assert treasury.last(ClaimEnded).reason == "small_rest"
    assert treasury.balance(claim).total_ore == 0
    assert account_sum(treasury.entries(claim), Account.WRITE_OFF) == 4_000 + 493


def test_a_payment_taken_back_makes_the_claim_owed_again(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    before = treasury.balance(claim, date(2026, 2, 20)).total_ore
    paid = treasury.at(date(2026, 2, 2)).pay(claim, 301_775, date(2026, 2, 2))
    assert treasury.last(ClaimEnded).reason == "settled"
    treasury.at(date(2026, 2, 4)).take_back(paid)
    assert treasury.last(ClaimReopened).claim_id == claim.claim_id
    # The two days the money was with us bear no interest.
    assert treasury.balance(claim, date(2026, 2, 20)).total_ore == before - 197 - 1
    assert treasury.proof().bank_ore == 0
    assert treasury.proof().difference_ore == 0


def test_the_events_of_a_claim_come_in_the_order_things_happened(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.pay(claim, varsel.total_ore, VARSEL, to_claim=True)
    kinds = [type(event.payload) for event in treasury.events()]
    assert kinds == [
        ClaimRegistered,
        DemandIssued,
        DemandReleased,
        ClaimBalanceChanged,
        ClaimBalanceChanged,
        ClaimEnded,
    ]
    assert not treasury.told(DemandDeclined)
