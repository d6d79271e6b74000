"""What the facts of a case come to, as values: see ``settlement``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date

from claims_api.domain.allocation import Part, parts_without, take_back
from claims_api.domain.facts import Payment
from claims_api.domain.interest import Interest
from claims_api.domain.ledger import EntryKind
from claims_api.domain.running import Ended
from shared.law import Trace
from shared.values import value

Inputs = Mapping[str, str | int | None]


@value
class Group:
    """Parts that were decided together: a payment's allocation, a waiver … ``about`` names the fact behind it.

    ``decided``: a person wrote it off, not a rule. ``owing``: the parts are owed again instead of covered; ``payment``
    is set where money moves in or out of suspense; ``inputs`` explain the decision.
    """

    kind: EntryKind
    about: str
    value_date: date
    parts: tuple[Part, ...]
    owing: bool = False
    decided: bool = False
    payment: Payment | None = None
    inputs: Inputs = field(default_factory=dict)


@value
class PlacedFee:
    """A demand's fee, or a later change of it (``about`` then says which), on the claim that carries it, and why."""

    about: str
    claim_id: str
    value_date: date
    amount_ore: int
    why: Trace | None = None


@value
class Outcome:
    """What the facts come to.

    ``void_demands`` are letters of which no claim stood when they were sent; ``interest_days`` are the days on which
    interest must be posted, per claim, and ``ran`` says how much had run on a claim by a day; ``overpaid_ore`` is below
    zero when more was paid back than was over.
    """

    groups: tuple[Group, ...]
    fees: tuple[PlacedFee, ...]
    void_demands: frozenset[str]
    ended: Mapping[str, Ended]
    interest_days: Mapping[str, tuple[date, ...]]
    ran: Mapping[str, Callable[[date], Interest]]
    overpaid_ore: int


class WrittenOff:
    """What decisions wrote off (avskrevet) and has not come in since: the claim lives, and late money counts on it."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._recovered: dict[str, list[Part]] = {}

    def add(self, parts: list[Part]) -> None:
        """Note what was written off, for good or again."""
        self._parts.extend(parts)

    def recover(self, payment_id: str, amount_ore: int) -> list[Part]:
        """Return what a payment of ``amount_ore`` more than is owed brings back; those parts are owed again."""
        found = take_back(amount_ore, self._parts)
        self._parts = parts_without(self._parts, found)
        self._recovered.setdefault(payment_id, []).extend(found)
        return found

    def lose(self, payment_id: str, undone: list[Part]) -> list[Part]:
        """Return what is written off again because a payment that had recovered it was taken back."""
        had = self._recovered.get(payment_id, [])
        lost = []
        for part in undone:
            mine = [one for one in had if (one.claim_id, one.account) == (part.claim_id, part.account)]
            amount = min(part.amount_ore, sum(one.amount_ore for one in mine))
            if amount > 0:
                lost.append(Part(claim_id=part.claim_id, account=part.account, amount_ore=amount))
        self._recovered[payment_id] = parts_without(had, lost)
        self.add(lost)
        return lost
