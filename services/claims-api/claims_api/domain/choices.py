"""What a debtor says their money is for (dekningsvalg): which claims come first, and in which order within a claim.

The choice is the debtor's (decisions B6). It is about one payment, or about every payment from a day on until they say
otherwise. A KID of one claim is a choice too: it comes before a standing one, and after one about that very payment. An
attachment of earnings is no payment of the debtor's: there the law sets the order (innkrevingsloven § 29).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from claims_api.domain.allocation import VOLUNTARY
from claims_api.domain.facts import Payment
from claims_api.domain.ledger import Account

CHOICE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen; of several the last one said counts.

    ``payment_id`` None: every payment made from ``chosen_on`` on. ``claim_ids`` come first, in this order; ``kinds`` is
    the order within a claim. Neither: no wish, and a standing choice ends.
    """

    payment_id: str | None
    claim_ids: tuple[str, ...]
    kinds: tuple[Account, ...]
    chosen_on: date


def in_full(kinds: Sequence[Account]) -> tuple[Account, ...]:
    """Return an order of every kind: those that were chosen, then the others as usual; empty when none was chosen."""
    return (*kinds, *(kind for kind in VOLUNTARY if kind not in kinds)) if kinds else ()


def as_chosen(payment: Payment, said: Sequence[Choice]) -> Payment:
    """Return the payment as the debtor wants it used; ``said`` are the choices of its case, the latest last."""
    if payment.deduction or not said:
        return payment
    own = next((one for one in reversed(said) if one.payment_id == payment.payment_id), None)
    if own is not None:
        return replace(payment, named=own.claim_ids or payment.named, choice=in_full(own.kinds))
    standing = next(
        (one for one in reversed(said) if one.payment_id is None and one.chosen_on <= payment.paid_on), None
    )
    if standing is None:
        return payment
    return replace(payment, named=payment.named or standing.claim_ids, choice=in_full(standing.kinds))


def still_open(paid_on: date, today: date, *, days: int) -> bool:
    """Tell whether a debtor may still say today what a payment of ``paid_on`` was for."""
    return today <= paid_on + timedelta(days=days)
