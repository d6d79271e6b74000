"""How money is divided, what a demand paid in time closes, and what a unit is paid for a month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.money_book import CASE, START, UNIT, MoneyBook, claim

from claims_api.domain.allocation import DEDUCTION, Owed, allocate, give_up, take_back
from claims_api.domain.facts import Cancellation, Dispute, EndReason, Payment, Refund, SentDemand
from claims_api.domain.ledger import (
    RECEIVABLES,
    Account,
    Balance,
    Draft,
    EntryKind,
    record,
    registration,
    reversal,
    standing,
)
from claims_api.domain.remittance import figures, moved_to_unit, payout_ore
from shared.law import Trace

DUE = date(2026, 1, 15)
VARSEL, DEADLINE = date(2026, 1, 29), date(2026, 2, 12)


def owed(name: str, due: date = DUE, disputed: int = 0, **kinds: int) -> Owed:
    return Owed(claim_id=name, due_date=due, balance=Balance(**kinds), disputed_ore=disputed)


def parts(amount: int, *claims: Owed, **how: object) -> list[tuple[str | None, str, int]]:
    found = allocate(amount, claims, **how)  # type: ignore[arg-type]
    return [(part.claim_id, part.account.value, part.amount_ore) for part in found]


FULL = owed("a", principal_ore=1_000, interest_ore=50, fees_ore=38, legal_costs_ore=200)


def test_costs_then_fees_then_interest_then_principal() -> None:
    assert parts(300, FULL) == [
        ("a", "legal_costs", 200), ("a", "fees", 38), ("a", "interest", 50), ("a", "principal", 12),
    ]  # fmt: skip


def test_an_attachment_of_earnings_covers_principal_first_and_interest_last() -> None:
    assert parts(1_250, FULL, order=DEDUCTION) == [
        ("a", "principal", 1_000), ("a", "legal_costs", 200), ("a", "fees", 38), ("a", "interest", 12),
    ]  # fmt: skip


def test_the_oldest_due_claim_first_unless_another_is_named() -> None:
    old, new = owed("old", DUE, principal_ore=100), owed("new", DUE + timedelta(days=1), principal_ore=100)
    assert parts(150, new, old) == [("old", "principal", 100), ("new", "principal", 50)]
    assert parts(150, new, old, named=["new"]) == [("new", "principal", 100), ("old", "principal", 50)]


def test_a_disputed_claim_is_left_alone_unless_it_is_named() -> None:
    disputed = owed("a", principal_ore=100, disputed=100)
    assert parts(80, disputed) == [(None, "overpaid", 80)]
    assert parts(80, disputed, named=["a"]) == [("a", "principal", 80)]
    assert parts(80, owed("a", principal_ore=100, disputed=60)) == [("a", "principal", 40), (None, "overpaid", 40)]


@given(st.integers(1, 10_000), st.lists(st.tuples(*[st.integers(0, 2_000)] * 5), max_size=4))
def test_the_parts_are_the_payment_and_never_more_than_is_owed(amount: int, rows: list[tuple[int, ...]]) -> None:
    claims = [
        owed(f"c{n}", principal_ore=p, interest_ore=i, fees_ore=f, legal_costs_ore=c, disputed=d)
        for n, (p, i, f, c, d) in enumerate(rows)
    ]
    found = allocate(amount, claims)
    assert sum(part.amount_ore for part in found) == amount
    for one in claims:
        for account in (Account.PRINCIPAL, Account.INTEREST, Account.FEES, Account.LEGAL_COSTS):
            covered = [p.amount_ore for p in found if (p.claim_id, p.account) == (one.claim_id, account)]
            assert sum(covered) <= one.of(account)
    undone = take_back(amount, found)
    assert sorted((p.claim_id or "", p.account, p.amount_ore) for p in undone) == sorted(
        (p.claim_id or "", p.account, p.amount_ore) for p in found
    )


def test_what_is_given_up_is_interest_first() -> None:
    assert [(p.account.value, p.amount_ore) for p in give_up(60, [FULL])] == [("interest", 50), ("principal", 10)]


# -- a case's money


def book(*names: str, principal_ore: int = 300_000) -> MoneyBook:
    kept = MoneyBook()
    for at, name in enumerate(names or ("a",)):
        kept.register(claim(name, DUE + timedelta(days=at)), principal_ore)
    return kept


def varsel(*names: str, fee_ore: int = 3_800, interest_ore: int = 1_381, **changes: object) -> SentDemand:
    values = {
        "demand_id": "varsel", "sent_on": VARSEL, "frozen_on": VARSEL, "deadline": DEADLINE,
        "claim_ids": names or ("a",), "fee_ore": fee_ore, "total_ore": 300_000 + interest_ore + fee_ore,
    }  # fmt: skip
    return SentDemand(**{**values, **changes})  # type: ignore[arg-type]


def paid(on: date, amount: int, name: str = "p1", **more: object) -> Payment:
    return Payment(payment_id=name, paid_on=on, amount_ore=amount, **more)  # type: ignore[arg-type]


def test_a_demand_paid_in_two_parts_by_its_deadline_closes_it() -> None:
    kept = book()
    kept.demand(varsel())
    kept.pay(paid(date(2026, 2, 2), 100_000))
    kept.pay(paid(date(2026, 2, 12), 205_181, "p2"))
    assert kept.last is not None
    assert kept.last.outcome.ended["a"].reason is EndReason.PAID_AS_DEMANDED
    assert kept.balance(date(2026, 3, 1)).total_ore == 0
    # What was not asked for is given up: 14 days of interest, of which the first part had paid four.
    assert kept.of(Account.WRITE_OFF) == 394 + 676


def test_a_day_after_the_deadline_interest_is_owed() -> None:
    kept = book(principal_ore=3_000_000)
    kept.demand(varsel(total_ore=3_000_000 + 13_808 + 3_800))
    kept.pay(paid(date(2026, 2, 13), 3_000_000 + 13_808 + 3_800))
    assert kept.last is not None
    assert not kept.last.outcome.ended
    assert kept.balance(date(2026, 2, 13)).total_ore == 14_795  # 15 days


def test_an_amount_that_is_exactly_what_a_letter_asks_is_for_that_letters_claims() -> None:
    """An older claim is on hold; the letter about the newer one is paid to the øre with the case's KID."""
    kept = book("old", "new")
    kept.demand(varsel("new", interest_ore=1_282))
    kept.pay(paid(VARSEL, 305_082))
    assert kept.last is not None
    assert set(kept.last.outcome.ended) == {"new"}
    kept.pay(paid(VARSEL, 100_000, "p2"))
    assert kept.claim_balance("old", VARSEL).principal_ore == 300_000 - 100_000 + 1_381


def test_a_joint_fee_moves_to_the_oldest_claim_that_stands() -> None:
    kept = book("old", "new")
    kept.demand(varsel("old", "new"))
    assert kept.claim_balance("old", VARSEL).fees_ore == 3_800
    kept.pay(paid(date(2026, 1, 28), 300_000 + 1_282, named=("old",)))
    assert kept.claim_balance("new", VARSEL).fees_ore == 3_800
    assert kept.last is not None
    assert not kept.last.outcome.void_demands


def test_a_claim_disputed_when_the_letter_went_carries_no_fee() -> None:
    kept = MoneyBook()
    kept.register(claim("a", DUE, disputes=(Dispute(start=date(2026, 1, 28)),)), 300_000)
    kept.demand(varsel())
    assert kept.last is not None
    assert kept.last.outcome.void_demands == {"varsel"}
    assert kept.balance(VARSEL).fees_ore == 0
    fees = [(row.amount_ore, row.reverses is not None) for row in kept.entries if row.kind is EntryKind.FEE]
    assert fees == [(3_800, False), (3_800, True)]


def test_a_small_rest_closes_the_whole_case_and_not_a_claim_alone() -> None:
    kept = book("old", "new")
    kept.pay(paid(date(2026, 1, 20), 297_000, named=("old",)))
    assert kept.last is not None
    assert not kept.last.outcome.ended
    alone = book()
    alone.pay(paid(date(2026, 1, 20), 300_493 - 5_000))
    assert alone.last is not None
    assert alone.last.outcome.ended["a"].reason is EndReason.SMALL_REST
    above = book()
    above.pay(paid(date(2026, 1, 20), 300_493 - 5_001))
    assert above.balance(date(2026, 1, 20)).total_ore == 5_001


def test_a_refund_leaves_less_for_the_claims_that_come_later() -> None:
    kept = book()
    kept.pay(paid(date(2026, 1, 20), 350_493))
    kept.refund(Refund(refund_id="r", on=date(2026, 1, 22), amount_ore=50_000))
    kept.register(claim("late", date(2026, 1, 16), registered=date(2026, 2, 2)), 100_000)
    assert kept.claim_balance("late", date(2026, 2, 2)).principal_ore == 100_000
    other = book()
    other.pay(paid(date(2026, 1, 20), 350_493))
    other.register(claim("late", date(2026, 1, 16), registered=date(2026, 2, 2)), 100_000)
    assert other.claim_balance("late", date(2026, 2, 2)).principal_ore == 100_000 - 50_000 + 559


def test_relief_after_a_part_payment_that_became_known_late_gives_nothing_back() -> None:
    kept = book()
    kept.cancel(Cancellation(cancellation_id="relief", claim_id="a", on=date(2026, 2, 20)))
    assert kept.balance(date(2026, 2, 20)).total_ore == 0
    kept.pay(paid(date(2026, 2, 2), 50_000))
    assert kept.balance(date(2026, 2, 20)) == Balance()
    kept.pay(paid(date(2026, 2, 23), 1_000, "p2"))
    assert kept.balance(date(2026, 2, 23)).overpaid_ore == 1_000


def test_a_month_is_settled_by_the_formula_and_a_loss_is_carried_forward() -> None:
    kept = book()
    kept.demand(varsel())
    kept.pay(paid(date(2026, 2, 2), 100_000))
    shown = figures(0, kept.entries)
    assert shown.adds_up
    assert (shown.registered_ore, shown.fees_ore, shown.interest_ore) == (300_000, 3_800, 1_775)
    assert (shown.collected_ore, shown.kept_ore, shown.to_unit_ore) == (100_000, 3_800, 96_200)
    before = list(kept.entries)
    kept.pay(paid(date(2026, 2, 2), 100_000, reversals=()))
    from claims_api.domain.facts import Reversal

    back = Reversal(reversal_id="b", on=date(2026, 3, 3), amount_ore=100_000)
    kept.pay(paid(date(2026, 2, 2), 100_000, reversals=(back,)))
    march = figures(shown.closing_ore, kept.entries[len(before) :])
    assert march.adds_up
    assert (march.opening_ore, march.to_unit_ore) == (shown.closing_ore, -96_200)
    assert payout_ore(to_unit_ore=march.to_unit_ore, carried_ore=-500, since_ore=0) == 0


def test_an_agreement_may_divide_otherwise_and_the_formula_holds() -> None:
    kept = book()
    kept.demand(varsel())
    kept.pay(paid(date(2026, 2, 2), 100_000))
    for gets, to_unit in (
        ({Account.PRINCIPAL}, 100_000 - 3_800 - 1_775),
        ({Account.PRINCIPAL, Account.FEES}, 100_000 - 1_775),
        (set(RECEIVABLES), 100_000),
    ):
        share = frozenset(gets)
        shown = figures(0, kept.entries, units_share=share)
        assert shown.adds_up
        assert (shown.to_unit_ore, shown.kept_ore) == (to_unit, 100_000 - to_unit)
        assert moved_to_unit(kept.entries, units_share=share) == to_unit - 96_200


# -- the ledger itself


def test_a_transfer_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        registration(unit=UNIT, case_id=CASE, claim_id="a", principal_ore=0, due_date=DUE)


def test_a_reversal_mirrors_its_transfer_and_neither_stands() -> None:
    draft = registration(unit=UNIT, case_id=CASE, claim_id="a", principal_ore=100, due_date=DUE)
    first = record([draft], source_event="e1", recorded_at=START)[0]
    back: Draft = reversal(first, Trace(rule="test", reference="test"))
    second = record([back], source_event="e2", recorded_at=START)[0]
    assert (second.debit, second.credit, second.value_date) == (first.credit, first.debit, first.value_date)
    assert standing([first, second]) == []
    assert standing([first]) == [first]
    assert record([draft], source_event="e1", recorded_at=START)[0].transfer_id == first.transfer_id
