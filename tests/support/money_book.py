"""A case's money kept in memory: facts arrive one by one and are booked as the service books them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from claims_api.domain.accrual import InterestTerms, claim_balance
from claims_api.domain.facts import (
    Cancellation,
    CaseFacts,
    Charge,
    ClaimFacts,
    Payment,
    Refund,
    SentDemand,
    charges_of,
)
from claims_api.domain.ledger import (
    Account,
    Balance,
    EntryKind,
    Transfer,
    account_sum,
    changed_charge,
    known,
    record,
    registration,
)
from claims_api.domain.posting import Booked, CaseFrame, bring_up_to_date, payment_in, payment_taken_back
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from shared.law import Trace

RULES = MoneyRules(rates=load_rates())
UNIT, CASE, BANK = "bydel-frogner", "case-1", "13150101837"
START = datetime(2026, 1, 2, 8, tzinfo=UTC)

Fact = ClaimFacts | Charge | SentDemand | Payment | Refund | Cancellation


def claim(name: str, due: date, *, registered: date | None = None, interest: bool = True, **more: object) -> ClaimFacts:
    terms = InterestTerms(start=due if interest else None)
    return replace(ClaimFacts(claim_id=name, due_date=due, registered_on=registered or due, interest=terms), **more)


@dataclass
class MoneyBook:
    """Facts and ledger of one case, with the bank's rows; every arrival is recorded a second after the last."""

    rules: MoneyRules = RULES
    claims: list[ClaimFacts] = field(default_factory=list)
    demands: dict[str, SentDemand] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    cancellations: list[Cancellation] = field(default_factory=list)
    entries: list[Transfer] = field(default_factory=list)
    arrivals: int = 0
    last: Booked | None = None

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.arrivals)

    def register(self, facts: ClaimFacts, principal_ore: int) -> None:
        self.arrivals += 1
        self.claims.append(facts)
        draft = registration(
            unit=UNIT, case_id=CASE, claim_id=facts.claim_id, principal_ore=principal_ore, due_date=facts.due_date
        )
        self._record([draft])
        self._book()

    def demand(self, demand: SentDemand) -> None:
        self.arrivals += 1
        self.demands[demand.demand_id] = demand
        self._book()

    def pay(self, payment: Payment) -> None:
        """A payment arrives, or what is known of it changes (taken back)."""
        self.arrivals += 1
        if payment.payment_id not in self.payments and not payment.direct:
            self._record(
                [
                    payment_in(
                        payment_id=payment.payment_id,
                        account=BANK,
                        amount_ore=payment.amount_ore,
                        day=payment.paid_on,
                    )
                ]
            )
        before = self.payments.get(payment.payment_id)
        for back in payment.reversals:
            if before is None or back not in before.reversals:
                row = payment_taken_back(
                    reversal_id=back.reversal_id,
                    payment_id=payment.payment_id,
                    account=BANK,
                    amount_ore=back.amount_ore,
                    day=back.on,
                )
                self._record([row])
        self.payments[payment.payment_id] = payment
        self._book()

    def correct(self, charge: Charge) -> None:
        """The unit corrects a claim: it owes more, or less, from the charge's day."""
        self.arrivals += 1
        draft = changed_charge(
            kind=EntryKind.CORRECTED,
            account=charge.account,
            amount_ore=charge.amount_ore,
            unit=UNIT,
            case_id=CASE,
            claim_id=charge.claim_id,
            value_date=charge.value_date,
            about=charge.charge_id,
            trace=Trace(rule="test", reference="test"),
        )
        self.entries.extend(record([draft], source_event=charge.charge_id, recorded_at=self.now))
        self._book()

    def cancel(self, cancellation: Cancellation) -> None:
        self.arrivals += 1
        self.cancellations.append(cancellation)
        self._book()

    def refund(self, refund: Refund) -> None:
        self.arrivals += 1
        self.refunds.append(refund)
        self._book()

    def facts(self) -> CaseFacts:
        return CaseFacts(
            claims=self.claims,
            charges=charges_of(self.entries),
            demands=list(self.demands.values()),
            payments=list(self.payments.values()),
            refunds=self.refunds,
            cancellations=self.cancellations,
        )

    def balance(self, as_of: date, known_at: datetime | None = None) -> Balance:
        rows = known(self.entries, as_of=as_of, known_at=known_at)
        total = Balance(overpaid_ore=account_sum(rows, Account.OVERPAID, CASE))
        for one in self.claims:
            total += claim_balance(rows, one.claim_id, one.interest, as_of, rules=self.rules).balance
        return total

    def claim_balance(self, name: str, as_of: date) -> Balance:
        facts = next(one for one in self.claims if one.claim_id == name)
        rows = known(self.entries, as_of=as_of, known_at=None)
        return claim_balance(rows, name, facts.interest, as_of, rules=self.rules).balance

    def of(self, account: Account) -> int:
        return account_sum(self.entries, account)

    def arrive(self, facts: Iterable[tuple[str, Fact, int]]) -> None:
        for kind, fact, amount in facts:
            if kind == "claim":
                self.register(fact, amount)  # type: ignore[arg-type]
            else:
                getattr(self, kind)(fact)

    def _record(self, drafts: Sequence[object]) -> None:
        source = f"fact-{self.arrivals}-{len(self.entries)}"
        self.entries.extend(record(drafts, source_event=source, recorded_at=self.now))  # type: ignore[arg-type]

    def _book(self) -> None:
        self.last = bring_up_to_date(
            CaseFrame(case_id=CASE, unit=UNIT),
            self.entries,
            self.facts(),
            rules=self.rules,
            source_event=f"booking-{self.arrivals}",
            recorded_at=self.now,
        )
        self.entries.extend(self.last.transfers)
