"""Which part of what is owed a payment covers (dekningsrekkefølge).

The debtor's choice first. Otherwise the claim whose KID was used, then the oldest due claim, and within a claim legal
costs, fees, interest, principal. An attachment of earnings (utleggstrekk) has the order the law sets: principal, costs,
fees, interest. What nobody owes is overpaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from claims_api.domain.ledger import Account, Balance
from shared.values import value

VOLUNTARY = (Account.LEGAL_COSTS, Account.FEES, Account.INTEREST, Account.PRINCIPAL)
DEDUCTION = (Account.PRINCIPAL, Account.LEGAL_COSTS, Account.FEES, Account.INTEREST)
"""Order in an utleggstrekk (innkrevingsloven § 29)."""

REFERENCES = {VOLUNTARY: "god inkassoskikk, inkassoloven § 8", DEDUCTION: "innkrevingsloven § 29"}


@value
class Owed:
    """What a claim owes on the day of the payment; ``disputed_ore`` of it is left alone unless the claim is named."""

    claim_id: str
    due_date: date
    balance: Balance
    disputed_ore: int = 0

    def of(self, account: Account) -> int:
        """Return what is owed of one kind, in øre."""
        return self.balance.of(account)


@value
class Part:
    """Money that covers one kind of one claim; ``claim_id`` None is money nobody owes (overbetalt)."""

    claim_id: str | None
    account: Account
    amount_ore: int


def allocate(
    amount_ore: int,
    claims: Sequence[Owed],
    *,
    named: Sequence[str] = (),
    first: Sequence[str] = (),
    order: Sequence[Account] = VOLUNTARY,
) -> list[Part]:
    """Divide a payment over what is owed; the parts always sum to it, the last being overpaid when money is left.

    ``named`` are claims the payer pointed out, in order: they are paid in full, disputed or not. ``first`` come next,
    the oldest due first and then the others; what is disputed of them is left alone. ``order`` is the order within a
    claim.
    """
    if amount_ore <= 0:
        raise ValueError(f"amount_ore: expected above zero, got {amount_ore}")
    parts: list[Part] = []
    left = amount_ore
    for owed in _in_order(claims, named, first):
        limit = owed.balance.total_ore - (0 if owed.claim_id in named else owed.disputed_ore)
        for account in order:
            take = min(left, limit, owed.of(account))
            if take > 0:
                parts.append(Part(claim_id=owed.claim_id, account=account, amount_ore=take))
                left -= take
                limit -= take
    if left:
        parts.append(Part(claim_id=None, account=Account.OVERPAID, amount_ore=left))
    return parts


def take_back(amount_ore: int, parts: Sequence[Part]) -> list[Part]:
    """Return which parts a reversal of ``amount_ore`` undoes: the last covered first, so overpaid money goes first."""
    undone: list[Part] = []
    left = amount_ore
    for part in reversed(parts):
        take = min(left, part.amount_ore)
        if take > 0:
            undone.append(Part(claim_id=part.claim_id, account=part.account, amount_ore=take))
            left -= take
    return undone


def parts_without(parts: Sequence[Part], undone: Sequence[Part]) -> list[Part]:
    """Return ``parts`` less what was undone of each."""
    less: dict[tuple[str | None, Account], int] = {}
    for part in undone:
        less[(part.claim_id, part.account)] = less.get((part.claim_id, part.account), 0) + part.amount_ore
    left = [replace(part, amount_ore=part.amount_ore - less.get((part.claim_id, part.account), 0)) for part in parts]
    return [part for part in left if part.amount_ore > 0]


def give_up(amount_ore: int, claims: Sequence[Owed]) -> list[Part]:
    """Return the parts that giving up ``amount_ore`` removes: interest first, then principal, fees and costs."""
    order = (Account.INTEREST, Account.PRINCIPAL, Account.FEES, Account.LEGAL_COSTS)
    parts: list[Part] = []
    left = amount_ore
    for account in order:
        for owed in claims:
            take = min(left, owed.of(account))
            if take > 0:
                parts.append(Part(claim_id=owed.claim_id, account=account, amount_ore=take))
                left -= take
    return parts


def _in_order(claims: Sequence[Owed], named: Sequence[str], first: Sequence[str]) -> list[Owed]:
    place = {claim_id: len(named) for claim_id in first} | {claim_id: at for at, claim_id in enumerate(named)}
    return sorted(claims, key=lambda owed: (place.get(owed.claim_id, len(place)), owed.due_date, owed.claim_id))
