"""What the facts of a case come to: who paid what, which fee stands where, what is over, what has ended (oppgjør).

One pure fold over the facts in the order of their legal days, whatever order they arrived in. A payment that was made
early and became known late therefore gives the same balances as one that was known at once; the ledger books the
difference to what it shows already (see ``posting``).

On one day charges come first, then refunds, claims that join, demands, money the bank took back, payments, and last
what is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from claims_api.domain.allocation import (
    DEDUCTION,
    VOLUNTARY,
    Part,
    allocate,
    give_up,
    parts_without,
    take_back,
)
from claims_api.domain.facts import (
    Cancellation,
    CaseFacts,
    Charge,
    ClaimFacts,
    EndReason,
    FeeStep,
    Payment,
    Refund,
    Reversal,
    SentDemand,
)
from claims_api.domain.ledger import Account, EntryKind
from claims_api.domain.outcome import Group, Inputs, Outcome, PlacedFee, WrittenOff
from claims_api.domain.rules import MoneyRules
from claims_api.domain.running import ClaimState
from shared.law import Trace

Step = tuple[tuple[date, int, str], Callable[[], None]]

(
    _CHARGE,
    _REFUND,
    _JOIN,
    _DEMAND,
    _TAKEN_BACK,
    _PAYMENT,
    _TAKEN_BACK_AT_ONCE,
    _CANCELLATION,
) = range(8)


def settle(facts: CaseFacts, *, rules: MoneyRules) -> Outcome:
    """Work out what a case's facts come to; the same for every order in which they arrived."""
    fold = _Fold(facts, rules)
    for _, step in sorted(fold.steps(), key=lambda item: item[0]):
        step()
    return fold.outcome()


class _Fold:
    """The running state of a case and the step each fact takes."""

    def __init__(self, facts: CaseFacts, rules: MoneyRules) -> None:
        self.facts = facts
        self.rules = rules
        self.claims = {claim.claim_id: ClaimState(claim, rules) for claim in facts.claims}
        self.groups: list[Group] = []
        self.fees: list[PlacedFee] = []
        self.void: set[str] = set()
        self.sent: list[SentDemand] = []
        self.carriers: dict[str, str] = {}
        self.waived_later: dict[str, int] = {}
        self.undone: set[str] = set()
        self.paid_as_demanded: set[str] = set()
        self.written_off = WrittenOff()
        self.pool_ore = 0

    def steps(self) -> list[Step]:
        """Return every fact's step with its place: day, rank within the day, identity."""
        steps: list[Step] = []
        for (day, claim_id, account), charges in self._charges_by_day().items():
            steps.append(((day, _CHARGE, f"{claim_id}:{account}"), partial(self._charge, charges)))
        for refund in self.facts.refunds:
            steps.append(((refund.on, _REFUND, refund.refund_id), partial(self._refund, refund)))
        for claim in self.facts.claims:
            steps.append(((claim.registered_on, _JOIN, claim.claim_id), partial(self._join, claim)))
        for demand in self.facts.demands:
            steps.append(((demand.sent_on, _DEMAND, demand.demand_id), partial(self._demand, demand)))
            for number, later in enumerate(demand.later, start=1):
                about = f"{demand.demand_id}:{number}"
                fee = partial(self._later_cost, demand, about, later)
                steps.append(((later.day, _CHARGE, about), fee))
        for one in self.facts.cancellations:
            steps.append(((one.on, _CANCELLATION, one.cancellation_id), partial(self._cancel, one)))
        for payment in self.facts.payments:
            steps.append(((payment.paid_on, _PAYMENT, payment.payment_id), partial(self._pay, payment)))
            for back in payment.reversals:
                # Money cannot be taken back before it came, whatever the bank's dates say.
                late = back.on > payment.paid_on
                place = (back.on, _TAKEN_BACK) if late else (payment.paid_on, _TAKEN_BACK_AT_ONCE)
                steps.append(((*place, back.reversal_id), partial(self._reverse, payment, back)))
        return steps

    def outcome(self) -> Outcome:
        """Return what the facts came to."""
        return Outcome(
            groups=tuple(self.groups),
            fees=tuple(self.fees),
            void_demands=frozenset(self.void),
            ended={name: state.ended for name, state in self.claims.items() if state.ended},
            interest_days={name: tuple(sorted(state.interest_days)) for name, state in self.claims.items()},
            ran={name: state.ran for name, state in self.claims.items()},
            overpaid_ore=self.pool_ore,
        )

    # -- one step per kind of fact

    def _charges_by_day(self) -> dict[tuple[date, str, Account], list[Charge]]:
        """Put together what changes one kind of one claim on one day, so that only its sum can be too little.

        What was owed from the due date on was owed before anything else happened to the claim.
        """
        by_day: dict[tuple[date, str, Account], list[Charge]] = {}
        for charge in sorted(self.facts.charges, key=lambda one: one.charge_id):
            first = charge.value_date <= self.claims[charge.claim_id].facts.due_date
            day = date.min if first else charge.value_date
            by_day.setdefault((day, charge.claim_id, charge.account), []).append(charge)
        return by_day

    def _charge(self, charges: Sequence[Charge]) -> None:
        state, account = self.claims[charges[0].claim_id], charges[0].account
        for charge in charges:
            state.add(account, charge.amount_ore, charge.value_date)
        last = max(charge.value_date for charge in charges)
        if sum(charge.amount_ore for charge in charges) > 0:
            state.ended = None
            return
        over = -state.charged[account]
        if over > 0:
            part = Part(claim_id=state.facts.claim_id, account=account, amount_ore=over)
            self._owe_again(EntryKind.RELEASED, charges[0].charge_id, last, [part])
            self._set_off(last, charges[0].charge_id, list(self.claims.values()))
        self._mark_ended(last, EndReason.SETTLED)

    def _join(self, claim: ClaimFacts) -> None:
        self._set_off(claim.registered_on, claim.claim_id, [self.claims[claim.claim_id]])

    def _demand(self, demand: SentDemand) -> None:
        """Place the fee on the oldest claim that stands; a letter with none standing is void."""
        carrier = next((name for name in demand.claim_ids if self._stands(name, demand.sent_on)), None)
        if demand.void or carrier is None:
            self.void.add(demand.demand_id)
            return
        self.sent.append(demand)
        bears = (name for name in demand.claim_ids if not self.claims[name].facts.fees_dropped)
        carrier = next((name for name in bears if self._stands(name, demand.sent_on)), None)
        if carrier is None or demand.fee_dropped:
            return
        self.carriers[demand.demand_id] = carrier
        if demand.fee_ore:
            self._place_fee(demand.demand_id, carrier, demand.sent_on, demand.fee_ore, demand.why)

    def _later_cost(self, demand: SentDemand, about: str, later: FeeStep) -> None:
        carrier = self.carriers.get(demand.demand_id)
        unpaid = any(self.claims[name].charged[Account.PRINCIPAL] > 0 for name in demand.claim_ids)
        if carrier and unpaid and self._stands(carrier, later.day):
            self._place_fee(about, carrier, later.day, later.amount_ore, later.why)

    def _cancel(self, one: Cancellation) -> None:
        """Give up what is left of a claim on a day; what was paid before stays where it is."""
        owed = self.claims[one.claim_id].owed(one.on)
        if owed.balance.total_ore > 0:
            parts = give_up(owed.balance.total_ore, [owed])
            kind = EntryKind.WRITTEN_OFF if one.written_off else EntryKind.CANCELLED
            self._cover(kind, one.cancellation_id, one.on, parts, decided=one.written_off)
            if one.written_off and not self.claims[one.claim_id].barred(one.on):
                self.written_off.add(parts)
            self._mark_ended(one.on, EndReason.SETTLED)

    def _refund(self, refund: Refund) -> None:
        self.pool_ore -= refund.amount_ore

    def _pay(self, payment: Payment) -> None:
        day = payment.paid_on
        named = payment.named or (() if payment.first else self._demanded(payment, day))
        order = payment.choice or (DEDUCTION if payment.deduction else VOLUNTARY)
        parts = self._divide(payment, named, order)
        for demand in reversed(self.sent):
            if self._waive_later_interest(demand, payment, parts):
                parts = self._divide(payment, named, order)
                break
        over = sum(part.amount_ore for part in parts if part.claim_id is None)
        if over and (recovered := self.written_off.recover(payment.payment_id, over)):
            self._owe_again(EntryKind.WRITTEN_OFF, payment.payment_id, day, recovered, decided=True)
            parts = self._divide(payment, named, order)
        inputs: Inputs = {"paid_on": day.isoformat(), "order": ", ".join(order)}
        self._cover(EntryKind.PAYMENT, payment.payment_id, day, parts, payment=payment, inputs=inputs)
        self._mark_ended(day, EndReason.SETTLED)
        self._write_off_rest(payment, day)

    def _divide(self, payment: Payment, named: Sequence[str], order: Sequence[Account]) -> list[Part]:
        pointed_out = (*payment.named, *payment.first)
        owed = [state.owed(payment.paid_on) for state in self._present(payment, pointed_out)]
        return allocate(payment.amount_ore, owed, named=named, first=payment.first, order=order)

    def _reverse(self, payment: Payment, back: Reversal) -> None:
        """Undo what the payment covered, and what was waived or written off because of it."""
        day = max(back.on, payment.paid_on)
        mine = [group for group in self.groups if group.about == payment.payment_id and not group.owing]
        covered = [part for group in mine if group.kind is EntryKind.PAYMENT for part in group.parts]
        for other in payment.reversals:
            if (other.on, other.reversal_id) < (back.on, back.reversal_id):
                covered = parts_without(covered, take_back(other.amount_ore, covered))
        undone = take_back(back.amount_ore, covered)
        if not undone:
            return
        self._owe_again(EntryKind.PAYMENT_REVERSED, back.reversal_id, day, undone, payment=payment)
        if lost := self.written_off.lose(payment.payment_id, undone):
            self._cover(EntryKind.WRITTEN_OFF, back.reversal_id, day, lost, decided=True)
        if payment.payment_id not in self.undone:
            self.undone.add(payment.payment_id)
            self._undo_given_up([group for group in mine if group.kind is not EntryKind.PAYMENT], back, day)
        self._refill_pool(back.reversal_id, day)

    def _undo_given_up(self, groups: Sequence[Group], back: Reversal, day: date) -> None:
        for group in groups:
            self._owe_again(group.kind, back.reversal_id, day, group.parts)
            demand = group.inputs.get("demand")
            if isinstance(demand, str):
                self.waived_later[demand] -= sum(part.amount_ore for part in group.parts)

    # -- what steps have in common

    def _present(self, payment: Payment, named: Sequence[str]) -> list[ClaimState]:
        """Return the claims a payment can cover: those in the case on its day, and those it names.

        A time-barred claim is covered only when a person said so: the money is the debtor's until then.
        """
        day, wanted = payment.paid_on, payment.named if payment.decided else ()
        states = [s for s in self.claims.values() if s.facts.claim_id in wanted or not s.barred(day)]
        present = [s for s in states if s.facts.registered_on <= day or s.facts.claim_id in named]
        if present or not states:
            return present
        earliest = min(s.facts.registered_on for s in states)
        return [s for s in states if s.facts.registered_on == earliest]

    def _stands(self, claim_id: str, day: date) -> bool:
        state = self.claims.get(claim_id)
        if state is None or state.ended or state.facts.disputed_when_sent(day):
            return False
        return state.owed_ore(day) > 0

    def _demanded(self, payment: Payment, day: date) -> tuple[str, ...]:
        """An amount that is exactly what a letter asked for is for that letter's claims: the payer's evident choice."""
        for demand in reversed(self.sent):
            owed = self._owed_on(demand, day)
            if owed > 0 and payment.amount_ore in (demand.total_ore, owed, owed - self._later(demand, day)):
                return demand.claim_ids
        return ()

    def _owed_on(self, demand: SentDemand, day: date) -> int:
        return sum(self.claims[name].owed_ore(day) for name in demand.claim_ids)

    def _later(self, demand: SentDemand, day: date) -> int:
        """Return the interest that ran on a demand's claims since it was worked out, less what was waived of it."""
        states = [self.claims[name] for name in demand.claim_ids]
        ran = sum(state.interest_to(day) - state.interest_to(demand.frozen_on) for state in states)
        return max(0, ran - self.waived_later.get(demand.demand_id, 0))

    def _waive_later_interest(self, demand: SentDemand, payment: Payment, parts: Sequence[Part]) -> bool:
        """A demand paid in full by its deadline closes it: interest after it was worked out is waived.

        ``parts`` is how the payment would be divided; True when something was waived, so that it must be divided anew.
        """
        day = payment.paid_on
        covered = sum(part.amount_ore for part in parts if part.claim_id in demand.claim_ids)
        rest = self._owed_on(demand, day) - covered
        if day > demand.deadline or not covered or not 0 < rest <= self._later(demand, day):
            return False
        owed = [self.claims[name].owed(day) for name in demand.claim_ids]
        self.waived_later[demand.demand_id] = self.waived_later.get(demand.demand_id, 0) + rest
        inputs: Inputs = {"demand": demand.demand_id, "deadline": demand.deadline.isoformat(), "waived_ore": rest}
        self._cover(EntryKind.WAIVED, payment.payment_id, day, give_up(rest, owed), inputs=inputs)
        self.paid_as_demanded.update(demand.claim_ids)
        return True

    def _write_off_rest(self, payment: Payment, day: date) -> None:
        """A rest of the case that is too small to pursue is written off after a payment."""
        states = self._present(payment, payment.named)
        rest = sum(state.owed_ore(day) for state in states)
        if rest <= 0 or rest > (limit := self.rules.small_rest_ore(day)):
            return
        owed = [state.owed(day) for state in states]
        inputs: Inputs = {"rest_ore": rest, "limit_ore": limit}
        self._cover(EntryKind.WRITTEN_OFF, payment.payment_id, day, give_up(rest, owed), inputs=inputs)
        self._mark_ended(day, EndReason.SMALL_REST)

    def _set_off(self, day: date, about: str, states: Sequence[ClaimState]) -> None:
        """Let overpaid money cover undisputed claims of the case that are due (motregning within the case)."""
        if self.pool_ore <= 0:
            return
        owed = [s.owed(day) for s in states if s.facts.registered_on <= day and not s.barred(day)]
        parts = [part for part in allocate(self.pool_ore, owed) if part.claim_id is not None]
        if parts:
            self.pool_ore -= sum(part.amount_ore for part in parts)
            self._cover(EntryKind.SET_OFF, about, day, parts)
            self._mark_ended(day, EndReason.SETTLED)

    def _refill_pool(self, about: str, day: date) -> None:
        """Overpaid money that was taken back may already have covered other claims: they owe it again."""
        for group in reversed([g for g in self.groups if g.kind is EntryKind.SET_OFF]):
            if self.pool_ore < 0:
                self._owe_again(EntryKind.RELEASED, about, day, take_back(-self.pool_ore, group.parts))

    def _place_fee(self, about: str, claim_id: str, day: date, amount_ore: int, why: Trace | None) -> None:
        self.claims[claim_id].add(Account.FEES, amount_ore, day)
        self.fees.append(PlacedFee(about=about, claim_id=claim_id, value_date=day, amount_ore=amount_ore, why=why))

    def _cover(
        self,
        kind: EntryKind,
        about: str,
        day: date,
        parts: Sequence[Part],
        *,
        payment: Payment | None = None,
        inputs: Inputs | None = None,
        decided: bool = False,
    ) -> None:
        for part in parts:
            if part.claim_id is None:
                self.pool_ore += part.amount_ore
            else:
                self.claims[part.claim_id].cover(part.account, part.amount_ore, day)
        self.groups.append(
            Group(
                kind=kind,
                about=about,
                value_date=day,
                parts=tuple(parts),
                payment=payment,
                inputs=inputs or {},
                decided=decided,
            )
        )

    def _owe_again(
        self,
        kind: EntryKind,
        about: str,
        day: date,
        parts: Sequence[Part],
        *,
        payment: Payment | None = None,
        decided: bool = False,
    ) -> None:
        for part in parts:
            if part.claim_id is None:
                self.pool_ore -= part.amount_ore
                continue
            self.claims[part.claim_id].cover(part.account, -part.amount_ore, day)
            if kind is EntryKind.RELEASED:
                self.pool_ore += part.amount_ore
        self.groups.append(
            Group(
                kind=kind,
                about=about,
                value_date=day,
                parts=tuple(parts),
                owing=True,
                payment=payment,
                decided=decided,
            )
        )

    def _mark_ended(self, day: date, reason: EndReason) -> None:
        for name, state in self.claims.items():
            as_demanded = reason is EndReason.SETTLED and name in self.paid_as_demanded
            state.end_if_nothing_is_owed(day, EndReason.PAID_AS_DEMANDED if as_demanded else reason)
        self.paid_as_demanded.clear()
