"""Whatever arrives in whatever order: no øre appears or vanishes, and the balance is the same."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.money_book import BANK, CASE, MoneyBook, claim

from claims_api.domain.choices import Choice, as_chosen
from claims_api.domain.facts import Cancellation, Charge, Dispute, Payment, Reversal, SentDemand
from claims_api.domain.ledger import DEBIT_ACCOUNTS, Account, EntryKind, standing, trial_balance
from claims_api.domain.remittance import closing_proof, figures
from shared.calendar import deadline_after

FIRST = date(2025, 11, 3)
DAYS = st.integers(0, 200).map(lambda n: FIRST + timedelta(days=n))
AMOUNTS = st.integers(1, 400_000)


WISHES = ((), (Account.PRINCIPAL,), (Account.INTEREST, Account.PRINCIPAL), (Account.FEES,))
"""What debtors want covered first, if anything."""


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, object, int]], list[tuple[str, object, int]]]:
    """A case's claims, and what then happened to them in the order of its legal days."""
    names = [f"claim-{n}" for n in range(draw(st.integers(1, 3)))]
    claims, then = [], []
    for name in names:
        due = draw(DAYS)
        registered = due + timedelta(days=draw(st.integers(1, 40)))
        disputes = ()
        if draw(st.booleans()) and draw(st.booleans()):
            disputes = (Dispute(start=draw(DAYS), amount_ore=draw(st.none() | AMOUNTS)),)
        facts = claim(name, due, registered=registered, interest=draw(st.booleans()), disputes=disputes)
        claims.append(("claim", facts, draw(st.integers(1_000, 300_000))))
    for n in range(draw(st.integers(0, 3))):
        sent = draw(DAYS)
        then.append(
            (
                "demand",
                SentDemand(
                    demand_id=f"demand-{n}",
                    sent_on=sent,
                    frozen_on=sent,
                    deadline=deadline_after(sent, 14),
                    claim_ids=tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True))),
                    fee_ore=draw(st.sampled_from([0, 3_800, 11_300])),
                    total_ore=draw(AMOUNTS),
                ),
                0,
            )
        )
    for n in range(draw(st.integers(0, 2))):
        # What is corrected away was charged: never below nothing in all.
        name = draw(st.sampled_from(names))
        charged = next(amount for kind, facts, amount in claims if facts.claim_id == name)
        lower = draw(st.integers(1, charged // 3))
        charge = Charge(
            charge_id=f"correction-{n}",
            claim_id=name,
            account=Account.PRINCIPAL,
            value_date=draw(DAYS),
            amount_ore=draw(st.sampled_from([-lower, lower])),
        )
        then.append(("correct", charge, 0))
    if draw(st.integers(0, 4)) == 0:
        then.append(("cancel", Cancellation(cancellation_id="relief", claim_id=names[0], on=draw(DAYS)), 0))
    for n in range(draw(st.integers(0, 5))):
        paid_on, amount = draw(DAYS), draw(AMOUNTS)
        backs = ()
        if draw(st.integers(0, 3)) == 0:
            back = Reversal(
                reversal_id=f"back-{n}",
                on=paid_on + timedelta(days=draw(st.integers(0, 30))),
                amount_ore=draw(st.integers(1, amount)),
            )
            backs = (back,)
        named = tuple(draw(st.lists(st.sampled_from(names), max_size=1)))
        payment = Payment(
            payment_id=f"payment-{n}",
            paid_on=paid_on,
            amount_ore=amount,
            named=named,
            direct=draw(st.integers(0, 5)) == 0,
            deduction=draw(st.integers(0, 5)) == 0,
            reversals=backs,
        )
        if not payment.deduction:
            wish = Choice(payment_id=None, claim_ids=(), kinds=draw(st.sampled_from(WISHES)), chosen_on=paid_on)
            payment = as_chosen(payment, [wish])
        then.append(("pay", payment, 0))
    return claims, then


def book(facts: list[tuple[str, object, int]]) -> MoneyBook:
    kept = MoneyBook()
    kept.arrive(facts)  # type: ignore[arg-type]
    return kept


@settings(max_examples=120, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_balance(history, chance: random.Random) -> None:
    claims, then = history
    shuffled = [*then]
    chance.shuffle(shuffled)
    one, other = book([*claims, *then]), book([*claims, *shuffled])
    for days in (0, 60, 120, 210, 400):
        day = FIRST + timedelta(days=days)
        assert one.balance(day) == other.balance(day)
    assert shapes(one) == shapes(other)


@settings(max_examples=120, deadline=None)
@given(histories())
def test_the_ledger_balances_and_every_ore_of_the_bank_is_explained(history) -> None:
    claims, then = history
    kept = book([*claims, *then])
    sums = trial_balance(kept.entries)
    debit = sum(amount for account, amount in sums.items() if account in DEBIT_ACCOUNTS)
    assert debit == sum(amount for account, amount in sums.items() if account not in DEBIT_ACCOUNTS)
    assert closing_proof(kept.entries).difference_ore == 0
    paid = [p for p in kept.payments.values() if not p.direct]
    in_bank = sum(p.amount_ore for p in paid) - sum(
        back.amount_ore for p in kept.payments.values() for back in p.reversals
    )
    assert kept.of(Account.BANK) == in_bank
    assert figures(0, kept.entries).adds_up


@settings(max_examples=120, deadline=None)
@given(histories())
def test_every_payment_is_shared_out_to_the_ore(history) -> None:
    claims, then = history
    kept = book([*claims, *then])
    rows = standing(kept.entries)
    for payment in kept.payments.values():
        covered = sum(r.amount_ore for r in rows if r.kind is EntryKind.PAYMENT and r.about == payment.payment_id)
        assert covered == payment.amount_ore
    assert kept.last is not None
    assert kept.of(Account.OVERPAID) == kept.last.outcome.overpaid_ore
    for facts in kept.claims:
        owed = kept.claim_balance(facts.claim_id, FIRST + timedelta(days=400))
        assert min(owed.principal_ore, owed.interest_ore, owed.fees_ore, owed.legal_costs_ore) >= 0


@settings(max_examples=80, deadline=None)
@given(histories())
def test_seeing_everything_again_records_nothing(history) -> None:
    claims, then = history
    kept = book([*claims, *then])
    before = len(kept.entries)
    kept._book()
    assert len(kept.entries) == before


@settings(max_examples=80, deadline=None)
@given(histories())
def test_what_was_known_then_stays_what_was_known_then(history) -> None:
    claims, then = history
    kept = MoneyBook()
    kept.arrive(claims)
    seen = []
    for fact in then:
        seen.append((kept.now, kept.balance(FIRST + timedelta(days=150))))
        kept.arrive([fact])
    for instant, balance in seen:
        assert kept.balance(FIRST + timedelta(days=150), instant) == balance


def shapes(kept: MoneyBook) -> list[tuple[object, ...]]:
    """What stands in the ledger, interest apart (it is posted as differences, which depend on when it was posted)."""
    rows = [r for r in standing(kept.entries) if r.kind not in (EntryKind.INTEREST, EntryKind.REGISTERED)]
    return sorted((*map(str, r.shape), r.kind.value, str(r.about)) for r in rows)


def test_the_constants_of_the_book_are_those_of_the_case() -> None:
    assert (BANK, CASE) == ("13150101837", "case-1")
