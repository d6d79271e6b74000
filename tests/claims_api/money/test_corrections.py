"""What the unit changes afterwards: amounts, withdrawals for five reasons, money it was paid itself."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update
from support.treasury import Treasury

from claims_api.domain.ledger import Account, EntryKind
from claims_api.domain.remittance import figures
from claims_api.store import ledger
from claims_api.usecases.corrections import correct_claim, direct_payment, drop_fees, withdraw_claim
from claims_api.usecases.register import Registered
from shared.errors import Conflict, NotFound, Reject
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    ClaimReopened,
    DemandWithdrawn,
    FeeReversed,
    RefundProposed,
)

DUE, VARSEL, DEMAND = date(2026, 1, 15), date(2026, 1, 29), date(2026, 2, 18)


def demanded(treasury: Treasury) -> Registered:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    return claim


def withdraw(treasury: Treasury, claim: Registered, reason: str, on: date | None = None) -> None:
    with treasury.uow() as uow:
        withdraw_claim(
            uow, treasury.deps, claim.claim_id, reason=reason, effective_date=on or treasury.today, actor="unit"
        )  # type: ignore[arg-type]


def correct(treasury: Treasury, claim: Registered, principal_ore: int, on: date) -> None:
    with treasury.uow() as uow:
        correct_claim(
            uow,
            treasury.deps,
            claim.claim_id,
            new_principal_ore=principal_ore,
            effective_date=on,
            reason="price",
            actor="unit",
        )


def test_a_lower_principal_from_the_due_date_lowers_the_interest_too(treasury: Treasury) -> None:
    claim = demanded(treasury)
    correct(treasury, claim, 200_000, DUE)
    owed = treasury.balance(claim)
    assert (owed.balance.principal_ore, owed.balance.fees_ore) == (200_000, 15_100)
    assert owed.balance.interest_ore == 2_236  # 34 days of 12 % on 2 000
    assert treasury.statement(claim).total_ore == owed.total_ore
    assert treasury.last(ClaimBalanceChanged).principal_left_ore == 200_000


def test_a_correction_from_a_later_day_keeps_the_interest_before_it(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(date(2026, 2, 20))
    correct(treasury, claim, 400_000, date(2026, 2, 4))
    assert treasury.balance(claim).balance.interest_ore == 1_973 + 2_104  # 20 days on 3 000, 16 days on 4 000


def test_a_correction_below_what_was_paid_gives_money_back(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(date(2026, 1, 20)).pay(claim, 250_000, date(2026, 1, 20))
    correct(treasury, claim, 100_000, DUE)
    assert treasury.last(ClaimEnded).claim_id == claim.claim_id
    assert treasury.last(RefundProposed).amount_ore == 250_000 - 100_000 - 164
    assert treasury.proof().difference_ore == 0


def test_a_correction_upwards_makes_an_ended_claim_owed_again(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=100_000)
    treasury.at(date(2026, 1, 20)).pay(claim, 100_164, date(2026, 1, 20))
    correct(treasury, claim, 150_000, date(2026, 1, 20))
    assert treasury.last(ClaimReopened).claim_id == claim.claim_id
    assert treasury.balance(claim).balance.principal_ore == 50_000


@pytest.mark.parametrize("reason", ["wrong_claim", "duplicate", "decision_reversed"])
def test_a_claim_that_never_was_leaves_nothing_and_what_was_paid_goes_back(treasury: Treasury, reason: str) -> None:
    claim = demanded(treasury)
    treasury.pay(claim, 50_000, DEMAND)
    withdraw(treasury, claim, reason)
    owed = treasury.balance(claim)
    assert (owed.total_ore, owed.balance.overpaid_ore) == (0, 50_000)
    assert treasury.statement(claim).total_ore == 0
    assert treasury.last(ClaimEnded).reason == "withdrawn"
    assert [one.reason for one in treasury.told(ClaimEnded)] == ["withdrawn"]
    assert treasury.last(RefundProposed).amount_ore == 50_000
    # Both letters lost their ground, and whoever got them is told of both fees.
    assert {one.after_dispatch for one in treasury.told(DemandWithdrawn)} == {True}
    assert sorted(one.amount_ore for one in treasury.told(FeeReversed)) == [3_800, 11_300]
    assert treasury.proof().difference_ore == 0


def test_relief_cancels_the_rest_and_keeps_what_was_paid(treasury: Treasury) -> None:
    claim = demanded(treasury)
    treasury.pay(claim, 50_000, DEMAND)
    withdraw(treasury, claim, "relief")
    assert treasury.balance(claim).total_ore == 0
    assert treasury.balance(claim).balance.overpaid_ore == 0
    assert not treasury.told(FeeReversed)
    assert treasury.last(ClaimEnded).reason == "withdrawn"
    with treasury.db.read() as tx:
        shown = figures(0, ledger.everything(tx, unit="bydel-frogner"))
    assert shown.adds_up
    assert (shown.closing_ore, shown.collected_ore) == (0, 50_000)
    assert shown.kept_ore == 15_100


def test_a_claim_taken_back_loses_our_fees_and_what_was_paid_of_them_covers_the_rest(treasury: Treasury) -> None:
    claim = demanded(treasury)
    treasury.pay(claim, 50_000, DEMAND)
    withdraw(treasury, claim, "taken_back")
    assert treasury.balance(claim).total_ore == 0
    assert sorted(one.amount_ore for one in treasury.told(FeeReversed)) == [3_800, 11_300]
    assert not [one for one in treasury.told(DemandWithdrawn) if one.after_dispatch]
    with treasury.db.read() as tx:
        shown = figures(0, ledger.everything(tx, unit="bydel-frogner"))
    assert (shown.kept_ore, shown.to_unit_ore) == (0, 50_000)


def test_fees_that_are_dropped_turn_into_principal_paid(treasury: Treasury) -> None:
    claim = demanded(treasury)
    treasury.pay(claim, 50_000, DEMAND)
    before = treasury.balance(claim).balance.principal_ore
    with treasury.uow() as uow:
        drop_fees(uow, treasury.deps, claim.claim_id, reason="objection", actor="Kim")
    after = treasury.balance(claim).balance
    assert (after.fees_ore, after.principal_ore) == (0, before - 15_100)
    assert sorted(one.amount_ore for one in treasury.told(FeeReversed)) == [3_800, 11_300]
    assert treasury.statement(claim).total_ore == after.total_ore


def test_money_the_unit_was_paid_itself_lowers_what_is_owed_but_never_enters_the_bank(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(date(2026, 1, 20))
    with treasury.uow() as uow:
        direct_payment(
            uow,
            treasury.deps,
            claim.claim_id,
            amount_ore=100_000,
            paid_on=date(2026, 1, 17),
            reference="R1",
            actor="unit",
        )
    assert treasury.balance(claim).balance.principal_ore == 300_000 - 100_000 + 197
    assert (treasury.proof().bank_ore, treasury.proof().difference_ore) == (0, 0)
    with treasury.db.read() as tx:
        shown = figures(0, ledger.everything(tx, unit="bydel-frogner"))
    assert (shown.direct_ore, shown.to_unit_ore, shown.adds_up) == (100_000, 0, True)


def test_what_cannot_be_is_refused_with_the_field(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=100_000)
    treasury.at(date(2026, 2, 2))
    for change in (
        lambda: correct(treasury, claim, 50_000, date(2025, 12, 1)),
        lambda: correct(treasury, claim, 50_000, date(2026, 2, 3)),
        lambda: correct(treasury, claim, 0, DUE),
        lambda: correct(treasury, claim, 10**12, DUE),
        lambda: withdraw(treasury, claim, "relief", date(2026, 2, 3)),
    ):
        with pytest.raises(Reject) as refused:
            change()
        assert refused.value.errors
    with treasury.uow() as uow, pytest.raises(Reject):
        direct_payment(uow, treasury.deps, claim.claim_id, amount_ore=999_999, paid_on=DUE, reference="", actor="unit")
    with treasury.uow() as uow, pytest.raises(NotFound):
        drop_fees(uow, treasury.deps, "no-such-claim", reason="x", actor="x")
    withdraw(treasury, claim, "relief")
    with pytest.raises(Conflict):
        withdraw(treasury, claim, "relief")
    with pytest.raises(Conflict):
        correct(treasury, claim, 50_000, DUE)


def test_the_database_itself_refuses_to_change_the_ledger(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    with pytest.raises(Exception, match="append-only"), treasury.uow() as uow:
        uow.tx.execute(update(ledger.LEDGER).values(amount_ore=1))
    with pytest.raises(Exception, match="append-only"), treasury.uow() as uow:
        uow.tx.execute(ledger.LEDGER.delete())
    rows = treasury.entries(claim)
    assert [(row.kind, row.debit, row.amount_ore) for row in rows] == [
        (EntryKind.REGISTERED, Account.PRINCIPAL, 100_000)
    ]
