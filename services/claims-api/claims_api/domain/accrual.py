"""What a claim comes to on a day: the ledger, and the interest that has run since (påløpt, ikke bokført).

Interest is always worked out from its first day, on the principal as the ledger shows it day by day. A posting books
the difference between that and what is posted already, so it never breaks a segment and a back-dated payment corrects
what was posted before it was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from claims_api.domain.interest import BaseStep, Interest, compute_interest
from claims_api.domain.ledger import Account, Balance, Draft, EntryKind, Transfer, posted_balances
from claims_api.domain.rules import MoneyRules
from shared.values import value


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Days on which (a part of) the principal bears no interest: from ``start`` until ``end`` (None: still).

    ``amount_ore`` None stands for all of it. Made by an objection while it stands and when it is upheld; one that is
    rejected leaves no pause.
    """

    start: date
    end: date | None = None
    amount_ore: int | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the pause holds on ``day``."""
        return self.start <= day and (self.end is None or day < self.end)


@value
class InterestTerms:
    """From when a claim bears interest (None: never) and when it does not."""

    start: date | None
    pauses: tuple[Pause, ...] = ()


def principal_steps(entries: Iterable[Draft], claim_id: str) -> list[BaseStep]:
    """Return the principal of a claim day by day, as its transfers make it."""
    moves: dict[date, int] = {}
    for row in entries:
        if row.claim_id == claim_id:
            moves[row.value_date] = moves.get(row.value_date, 0) + row.effect(Account.PRINCIPAL)
    return steps_of(moves.items())


def steps_of(moves: Iterable[tuple[date, int]]) -> list[BaseStep]:
    """Return the running sums of day-by-day changes; changes that cancel out make no step."""
    steps: list[BaseStep] = []
    base = 0
    for day, amount in sorted(moves):
        base += amount
        if steps and steps[-1].day == day:
            steps.pop()
        if not steps or steps[-1].base_ore != base:
            steps.append(BaseStep(day=day, base_ore=base))
    return steps


def accrued(steps: Sequence[BaseStep], terms: InterestTerms, to: date, *, rules: MoneyRules) -> Interest:
    """Return all interest of a claim from its first day to ``to``."""
    return compute_interest(
        _paused(steps, terms.pauses),
        terms.start,
        to,
        table=rules.rates.table("late_interest"),
        convention=rules.interest,
    )


@value
class ClaimBalance:
    """A claim on a day: what is owed by kind, the interest behind it and how much of that is posted."""

    claim_id: str
    balance: Balance
    interest: Interest
    posted_interest_ore: int

    @property
    def unposted_ore(self) -> int:
        """Interest that has run but is not in the ledger; below zero when too much was posted."""
        return self.interest.amount_ore - self.posted_interest_ore


def claim_balance(
    entries: Sequence[Transfer], claim_id: str, terms: InterestTerms, as_of: date, *, rules: MoneyRules
) -> ClaimBalance:
    """Return what a claim comes to on ``as_of``; ``entries`` are those known then, with value dates up to the day."""
    mine = [row for row in entries if row.claim_id == claim_id]
    interest = accrued(principal_steps(mine, claim_id), terms, as_of, rules=rules)
    return balance_with(posted_balances(mine).get(claim_id, Balance()), mine, claim_id, interest)


def balance_with(posted: Balance, entries: Iterable[Transfer], claim_id: str, interest: Interest) -> ClaimBalance:
    """Return what a claim comes to by what is ``posted`` in ``entries`` and the interest that has run."""
    before = sum(
        row.effect(Account.INTEREST) for row in entries if row.kind is EntryKind.INTEREST and row.claim_id == claim_id
    )
    # What was paid, waived or written off of the interest is why less is left than was posted.
    return ClaimBalance(
        claim_id=claim_id,
        balance=posted.with_interest(posted.interest_ore + interest.amount_ore - before),
        interest=interest,
        posted_interest_ore=before,
    )


def _paused(steps: Sequence[BaseStep], pauses: Sequence[Pause]) -> list[BaseStep]:
    if not pauses:
        return list(steps)
    days = {step.day for step in steps} | {pause.start for pause in pauses}
    days |= {pause.end for pause in pauses if pause.end}
    result = []
    for day in sorted(days):
        base = next((step.base_ore for step in reversed(steps) if step.day <= day), 0)
        for pause in pauses:
            if pause.covers(day):
                base -= base if pause.amount_ore is None else pause.amount_ore
        result.append(BaseStep(day=day, base_ore=max(0, base)))
    return result
