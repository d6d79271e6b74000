"""One claim while the settlement runs over its case's facts."""

from __future__ import annotations

from datetime import date

from claims_api.domain.accrual import accrued, steps_of
from claims_api.domain.allocation import Owed
from claims_api.domain.facts import ClaimFacts, EndReason
from claims_api.domain.interest import Interest
from claims_api.domain.ledger import RECEIVABLES, Account, Balance
from claims_api.domain.rules import MoneyRules
from shared.values import value


@value
class Ended:
    """A claim that is owed no more: since when, and why."""

    on: date
    reason: EndReason


class ClaimState:
    """What was charged and covered so far, how the principal moved, and whether the claim has ended.

    ``charged`` is what is left of each kind but interest, which always follows from the principal's moves less what
    was settled of it.
    """

    def __init__(self, facts: ClaimFacts, rules: MoneyRules) -> None:
        self.facts = facts
        self.charged: dict[Account, int] = dict.fromkeys(RECEIVABLES, 0)
        self.ended: Ended | None = None
        self.interest_days: set[date] = set()
        self._rules = rules
        self._moves: dict[date, int] = {}
        self._settled_interest = 0
        self._known_interest: dict[date, Interest] = {}
        self._was_owed = False

    def add(self, account: Account, amount_ore: int, day: date) -> None:
        """Owe more (or less) of one kind from ``day``."""
        self._was_owed = True
        self.charged[account] += amount_ore
        if account is Account.PRINCIPAL:
            self._moves[day] = self._moves.get(day, 0) + amount_ore
            # Interest up to a day follows from the principal before it.
            self._known_interest = {until: ran for until, ran in self._known_interest.items() if until <= day}

    def cover(self, account: Account, amount_ore: int, day: date) -> None:
        """Let money cover one kind on ``day``; below zero: it is owed again."""
        self.interest_days.add(day)
        if account is Account.INTEREST:
            self._settled_interest += amount_ore
        else:
            self.add(account, -amount_ore, day)
        if amount_ore < 0:
            self.ended = None

    def ran(self, day: date) -> Interest:
        """Return all interest that has run to ``day``; each day is worked out once for as long as it holds."""
        known = self._known_interest.get(day)
        if known is None:
            steps = steps_of(self._moves.items())
            known = self._known_interest[day] = accrued(steps, self.facts.interest, day, rules=self._rules)
        return known

    def interest_to(self, day: date) -> int:
        """Return all interest that has run to ``day``, in øre."""
        return self.ran(day).amount_ore

    def owed_ore(self, day: date) -> int:
        """Return all that is owed on ``day``, in øre."""
        return sum(self.charged.values()) + self.interest_to(day) - self._settled_interest

    def owed(self, day: date) -> Owed:
        """Return what is owed on ``day``."""
        balance = Balance(
            principal_ore=self.charged[Account.PRINCIPAL],
            interest_ore=self.interest_to(day) - self._settled_interest,
            fees_ore=self.charged[Account.FEES],
            legal_costs_ore=self.charged[Account.LEGAL_COSTS],
        )
        return Owed(
            claim_id=self.facts.claim_id,
            due_date=self.facts.due_date,
            balance=balance,
            disputed_ore=self.facts.disputed_ore(day, max(0, balance.total_ore)),
        )

    def barred(self, day: date) -> bool:
        """Tell whether the claim is time-barred (foreldet) on ``day``."""
        return self.facts.barred_from is not None and day >= self.facts.barred_from

    def end_if_nothing_is_owed(self, day: date, reason: EndReason) -> None:
        """Mark the claim as ended on ``day`` when it was owed and no longer is."""
        if self.ended is None and self._was_owed and self.owed_ore(day) == 0:
            self.ended = Ended(on=day, reason=reason)
