"""Money in: each bank transaction once, on the right case, in any order, and out again only when reserved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.treasury import ACCOUNT, OLA, Treasury

from claims_api.domain.ledger import Account, EntryKind, account_sum, trial_balance
from claims_api.store import payments as bank
from claims_api.usecases import audit
from claims_api.usecases import payments as handling
from shared.errors import Park, Reject
from shared.events.claims import ClaimEnded, ClaimReopened, PayoutRefused, PayoutReserved, RefundProposed
from shared.events.payments import (
    PaymentMatched,
    PaymentReversed,
    PaymentUnallocated,
    PayoutRejected,
    PayoutSettled,
    RefundApproved,
)

DUE = date(2026, 1, 15)


def approve(treasury: Treasury, refund: RefundProposed, amount_ore: int | None = None) -> None:
    treasury.send(
        RefundApproved(
            refund_id=refund.refund_id,
            case_id=refund.case_id,
            source="overpaid",
            amount_ore=amount_ore or refund.amount_ore,
            approved_on=treasury.today,
        )
    )


def test_too_much_is_overpaid_and_proposed_for_refund(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 20)).pay(claim, 150_000, date(2026, 1, 20), to_claim=True)
    owed = treasury.balance(claim)
    assert (owed.total_ore, owed.balance.overpaid_ore) == (0, 150_000 - 100_000 - 164)
    proposed = treasury.last(RefundProposed)
    assert (proposed.amount_ore, proposed.case_id) == (49_836, claim.case_id)
    shown = treasury.statement(claim)
    assert shown.total_ore == 0
    assert {line.kind: line.amount_ore for line in shown.lines}["payment"] == -150_000


def test_money_leaves_only_when_reserved_and_the_bank_settles_it(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 20)).pay(claim, 150_000, date(2026, 1, 20), to_claim=True)
    refund = treasury.last(RefundProposed)
    approve(treasury, refund)
    assert treasury.last(PayoutReserved).amount_ore == 49_836
    assert treasury.balance(claim).balance.overpaid_ore == 0
    assert treasury.proof().in_transit_ore == 49_836
    settled = PayoutSettled(
        refund_id=refund.refund_id, case_id=claim.case_id, account=ACCOUNT, day=treasury.today, amount_ore=49_836
    )
    treasury.send(settled)
    treasury.send(settled)
    proof = treasury.proof()
    assert (proof.bank_ore, proof.in_transit_ore, proof.difference_ore) == (100_164, 0, 0)


def test_a_refund_of_what_is_not_there_is_refused(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 20)).pay(claim, 150_000, date(2026, 1, 20), to_claim=True)
    approve(treasury, treasury.last(RefundProposed), 60_000)
    assert treasury.last(PayoutRefused).reason == "not_enough"
    assert not treasury.told(PayoutReserved)


def test_a_rejected_refund_is_owed_to_the_debtor_again(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 20)).pay(claim, 150_000, date(2026, 1, 20), to_claim=True)
    refund = treasury.last(RefundProposed)
    approve(treasury, refund)
    treasury.send(
        PayoutRejected(
            refund_id=refund.refund_id,
            case_id=claim.case_id,
            amount_ore=49_836,
            rejected_on=treasury.today,
            reason="account_closed",
        )
    )
    assert treasury.balance(claim).balance.overpaid_ore == 49_836
    assert treasury.proof().difference_ore == 0
    assert len(treasury.told(RefundProposed)) == 1


def test_a_rejected_refund_that_is_tried_again_asks_for_its_money_once(treasury: Treasury) -> None:
    """What was tried again and paid is no longer owed, so money that comes too much later is proposed in full."""
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 20)).pay(claim, 150_000, date(2026, 1, 20), to_claim=True)
    refund = treasury.last(RefundProposed)
    approve(treasury, refund)
    rejected = {"case_id": claim.case_id, "amount_ore": 49_836, "rejected_on": treasury.today, "reason": "AC04"}
    treasury.send(PayoutRejected(refund_id=refund.refund_id, **rejected))
    again = {"refund_id": "r-again", "case_id": claim.case_id, "source": "overpaid", "replaces": refund.refund_id}
    treasury.send(RefundApproved(amount_ore=49_836, approved_on=treasury.today, **again))
    assert treasury.last(PayoutReserved).refund_id == "r-again"
    treasury.pay(claim, 20_000, treasury.today, to_claim=True)
    assert [proposal.amount_ore for proposal in treasury.told(RefundProposed)] == [49_836, 20_000]


def test_a_payment_on_suspense_goes_back_to_its_sender_only_as_far_as_it_is_free(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    waiting = treasury.unmatched(80_000, claim)
    treasury.pay(claim, 30_000, DUE, payment_id=waiting.payment_id, day=waiting.day, bank_amount_ore=80_000)
    for amount, answer in ((60_000, PayoutRefused), (50_000, PayoutReserved)):
        treasury.send(
            RefundApproved(
                refund_id=f"r-{amount}",
                payment_id=waiting.payment_id,
                source="suspense",
                amount_ore=amount,
                approved_on=treasury.today,
            )
        )
        assert treasury.last(answer).refund_id == f"r-{amount}"
    proof = treasury.proof()
    assert (proof.suspense_ore, proof.in_transit_ore, proof.difference_ore) == (0, 50_000, 0)


def test_overpaid_money_covers_another_claim_of_the_case_before_it_is_refunded(treasury: Treasury) -> None:
    one, other = treasury.register(due=DUE), treasury.register(due=date(2026, 1, 16))
    treasury.at(date(2026, 1, 20)).pay(one, 150_000, date(2026, 1, 20), to_claim=True)
    assert treasury.told(ClaimEnded)[0].claim_id == one.claim_id
    assert not treasury.told(RefundProposed)
    assert treasury.balance(other).balance.principal_ore == 100_000 - (150_000 - 100_164 - 132)


def test_overpaid_money_covers_a_claim_that_joins_the_case_later(treasury: Treasury) -> None:
    """The case closes when its claim is paid; while overpaid money lies there a new claim of the same case takes it."""
    one, other = treasury.register(due=DUE), treasury.register(due=date(2026, 1, 16), principal_ore=500_000)
    treasury.at(date(2026, 1, 20)).pay(one, 150_000, date(2026, 1, 20), to_claim=True)
    later = treasury.register(due=date(2026, 1, 17))
    assert later.case_id == other.case_id
    assert treasury.balance(later).balance.overpaid_ore == 0
    assert treasury.proof().difference_ore == 0


def test_the_same_event_twice_changes_nothing(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    paid = treasury.event(
        PaymentMatched(
            payment_id="p", account=ACCOUNT, day=DUE, amount_ore=5_000, paid_on=DUE, kid="", case_id=claim.case_id
        )
    )
    treasury.deliver([paid])
    before = treasury.entries(claim)
    treasury.deliver([paid])
    assert treasury.entries(claim) == before
    assert treasury.proof().bank_ore == 5_000


def test_a_split_payment_is_one_bank_row_and_never_more_than_was_paid(treasury: Treasury) -> None:
    one, other = treasury.register(due=DUE), treasury.register(due=DUE, who=OLA)
    whole = {"payment_id": "split", "bank_amount_ore": 50_000}
    treasury.pay(one, 30_000, DUE, **whole)
    treasury.pay(other, 20_000, DUE, **whole)
    assert treasury.proof().bank_ore == 50_000
    assert treasury.proof().suspense_ore == 0
    with pytest.raises(Park) as parked:
        treasury.pay(other, 1, DUE, **whole)
    assert parked.value.reason == "allocation_above_payment"
    assert treasury.proof().suspense_ore == 0


def test_a_batch_books_what_is_new_beside_what_was_named_before(treasury: Treasury) -> None:
    one, other = treasury.register(due=DUE), treasury.register(due=DUE, who=OLA)
    waiting = treasury.unmatched(40_000, one)
    told = {"account": ACCOUNT, "day": treasury.today, "paid_on": DUE, "kid": ""}
    treasury.deliver(
        [
            treasury.event(PaymentMatched(**told, payment_id=payment_id, amount_ore=ore, case_id=of.case_id, **more))
            for payment_id, ore, of, more in (
                (waiting.payment_id, 40_000, one, {}),
                ("split", 10_000, other, {"bank_amount_ore": 30_000}),
            )
        ]
    )
    proof = treasury.proof()
    assert (proof.bank_ore, proof.suspense_ore) == (70_000, 20_000)
    assert [treasury.balance(claim).balance.principal_ore for claim in (one, other)] == [60_000, 90_000]
    with treasury.db.read() as tx:
        assert bank.candidates_of(tx, [one.case_id]) == {}


def test_parts_above_a_payment_in_one_batch_are_parked(treasury: Treasury) -> None:
    one, other = treasury.register(due=DUE), treasury.register(due=DUE, who=OLA)
    told = {"account": ACCOUNT, "day": DUE, "paid_on": DUE, "kid": "", "payment_id": "p", "bank_amount_ore": 30_000}
    events = [treasury.event(PaymentMatched(**told, amount_ore=20_000, case_id=of.case_id)) for of in (one, other)]
    with pytest.raises(Park) as parked:
        treasury.deliver(events)
    assert parked.value.reason == "allocation_above_payment"
    assert treasury.proof().bank_ore == 0


def test_a_payment_named_with_another_amount_is_parked(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    waiting = treasury.unmatched(50_000)
    with pytest.raises(Park) as parked:
        treasury.pay(claim, 40_000, DUE, payment_id=waiting.payment_id)
    assert parked.value.reason == "bank_amount_differs"


def test_a_payment_for_an_unknown_case_is_parked_and_its_discarding_books_it_to_suspense(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    stray = treasury.event(
        PaymentMatched(
            payment_id="p", account=ACCOUNT, day=DUE, amount_ore=5_000, paid_on=DUE, kid="", case_id="nowhere"
        )
    )
    with pytest.raises(Park):
        treasury.deliver([stray])
    assert treasury.proof().bank_ore == 0
    treasury.close_bank_day(DUE, count=1, sum_ore=5_000)
    with treasury.uow() as uow:
        handling.book_discarded(uow, treasury.deps, [stray])
    assert treasury.proof().suspense_ore == 5_000
    with treasury.db.read() as tx:
        assert bank.booked_days(tx, ACCOUNT, DUE, DUE) == {DUE}
    assert treasury.balance(claim).total_ore == 100_033


def test_a_bank_day_is_booked_exactly_when_count_and_sum_agree(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    paid = treasury.pay(claim, 5_000, treasury.today)
    treasury.take_back(paid)

    def booked() -> frozenset[date]:
        with treasury.db.read() as tx:
            return bank.booked_days(tx, ACCOUNT, treasury.today, treasury.today)

    treasury.close_bank_day(treasury.today, count=2, sum_ore=1)
    assert booked() == frozenset()
    treasury.close_bank_day(treasury.today, count=2, sum_ore=0)
    assert booked() == {treasury.today}
    treasury.pay(claim, 5_000, treasury.today)
    assert booked() == frozenset()
    treasury.close_bank_day(treasury.today, count=3, sum_ore=5_000)
    assert booked() == {treasury.today}


def test_a_wrong_match_is_undone_as_if_it_had_not_been(treasury: Treasury) -> None:
    claim, right = treasury.register(due=DUE), treasury.register(due=DUE, who=OLA)
    paid = treasury.at(date(2026, 1, 20)).pay(claim, 100_164, date(2026, 1, 20), to_claim=True)
    assert treasury.balance(claim).total_ore == 0
    treasury.at(date(2026, 1, 22)).send(
        PaymentUnallocated(
            payment_id=paid.payment_id,
            account=ACCOUNT,
            day=paid.day,
            amount_ore=paid.amount_ore,
            paid_on=paid.paid_on,
            case_id=claim.case_id,
            unallocated_on=treasury.today,
            reason="moved",
        )
    )
    assert treasury.last(ClaimReopened).claim_id == claim.claim_id
    assert treasury.balance(claim).balance.interest_ore == 230  # 7 days, as never paid
    treasury.pay(right, 100_164, date(2026, 1, 20), payment_id=paid.payment_id, day=paid.day)
    assert treasury.balance(right).total_ore == 0
    assert treasury.proof().bank_ore == 100_164
    assert treasury.proof().difference_ore == 0


def test_a_reversal_of_an_unmatched_payment_leaves_suspense_empty(treasury: Treasury) -> None:
    waiting = treasury.unmatched(7_000)
    treasury.send(
        PaymentReversed(
            reversal_id="back", payment_id=waiting.payment_id, account=ACCOUNT, day=waiting.day, amount_ore=7_000,
            reversed_on=treasury.today,
        ),
        key=waiting.payment_id,
    )  # fmt: skip
    assert (treasury.proof().bank_ore, treasury.proof().suspense_ore) == (0, 0)


def test_a_backdated_payment_changes_what_is_known_now_but_not_what_was_known_then(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    treasury.at(date(2026, 2, 10)).pay(claim, 50_000, date(2026, 2, 10))
    then = datetime(2026, 2, 10, 12, tzinfo=UTC)
    day = date(2026, 2, 9)
    known = treasury.balance(claim, day, then)
    treasury.at(date(2026, 2, 12)).pay(claim, 100_000, date(2026, 1, 20))
    assert treasury.balance(claim, day, then).balance == known.balance
    now = treasury.balance(claim, day)
    assert now.balance.principal_ore == 300_000 - (100_000 - 493)
    assert now.balance.interest_ore == 1_318  # 20 days on 2 004.93
    for known_at in (then, None):
        shown = treasury.statement(claim, day, known_at)
        assert shown.total_ore == treasury.balance(claim, day, known_at).total_ore


def test_the_month_balances_and_the_journal_is_complete(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(date(2026, 1, 29)).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 2)).pay(claim, 50_000, date(2026, 1, 30))
    with treasury.db.read() as tx:
        january, february = audit.trial_balance(tx, "2026-01"), audit.trial_balance(tx, "2026-02")
        first = audit.journal(tx, "2026-01")
        rest = audit.journal(tx, "2026-02", limit=2)
        more = audit.journal(tx, "2026-02", after=audit.key_of(rest[-1]))
        with pytest.raises(Reject):
            audit.journal(tx, "januar")
    assert january.balanced
    assert february.balanced
    closing = {line.account: line.closing_ore for line in january.lines}
    assert {line.account: line.opening_ore for line in february.lines} == closing
    assert closing[Account.PRINCIPAL] == 100_000
    assert closing[Account.BANK] == 0
    assert [row.kind for row in first] == [EntryKind.REGISTERED, EntryKind.INTEREST, EntryKind.FEE]
    assert {row.kind for row in [*rest, *more]} == {EntryKind.PAID_IN, EntryKind.PAYMENT, EntryKind.INTEREST}


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 200_000), st.booleans(), st.booleans()), min_size=1, max_size=5
    )
)
def test_the_statement_always_sums_to_the_balance(tmp_path_factory: pytest.TempPathFactory, money) -> None:
    treasury = Treasury(tmp_path_factory.mktemp("treasury"), date(2026, 1, 16))
    claim = treasury.register(due=DUE, principal_ore=250_000)
    second = treasury.register(due=date(2026, 1, 10), principal_ore=50_000)
    treasury.at(date(2026, 1, 29)).letter("inkassovarsel", claim, second)
    instants = []
    for days, amount, to_claim, back in money:
        paid = treasury.pay(claim, amount, DUE + timedelta(days=days), to_claim=to_claim)
        if back:
            treasury.take_back(paid)
        instants.append(treasury.entries(claim)[-1].recorded_at)
    for as_of in (DUE, date(2026, 1, 30), date(2026, 3, 10)):
        for known_at in (*instants, None):
            shown = treasury.statement(claim, as_of, known_at)
            assert shown.total_ore == treasury.balance(claim, as_of, known_at).total_ore
    entries = treasury.entries(claim)
    assert treasury.proof().difference_ore == 0
    assert account_sum(entries, Account.OVERPAID) == treasury.balance(claim, date(2026, 3, 10)).balance.overpaid_ore
    assert trial_balance(entries)[Account.PRINCIPAL] >= 0
    treasury.db.close()
