"""A refund's way out (tilbakebetaling): proposed, agreed by two persons, reserved, sent, settled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefundState(StrEnum):
    """Where a refund stands. Nothing leaves before claims-api has reserved the money."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RESERVED = "reserved"
    REFUSED = "refused"
    SENT = "sent"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


EDGES: frozenset[tuple[RefundState, RefundState]] = frozenset({
    (RefundState.PROPOSED, RefundState.APPROVED),
    (RefundState.PROPOSED, RefundState.WITHDRAWN),
    (RefundState.APPROVED, RefundState.RESERVED),
    (RefundState.APPROVED, RefundState.REFUSED),
    (RefundState.RESERVED, RefundState.SENT),
    (RefundState.RESERVED, RefundState.REJECTED),
    (RefundState.SENT, RefundState.SETTLED),
    (RefundState.SENT, RefundState.REJECTED),
    (RefundState.SENT, RefundState.RETURNED),
    (RefundState.SETTLED, RefundState.RETURNED),
})  # fmt: skip
"""Every step a refund may take."""


def may_become(state: str, target: RefundState) -> bool:
    """Tell whether a refund in ``state`` may become ``target``."""
    return (RefundState(state), target) in EDGES


GAVE_UP = frozenset({RefundState.REFUSED, RefundState.REJECTED, RefundState.WITHDRAWN})
"""Ends that leave the money where it was: a person may propose it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who a refund goes to: account (eleven digits or IBAN), the bank's BIC for an account abroad, name."""

    account: str | None
    bic: str | None
    name: str | None


def approves(proposed_by: str, first: str | None, who: str) -> bool | None:
    """Say what an approval by ``who`` does (fire øyne): True approves, False is the first of two, None is not allowed.

    A person's proposal needs one other person. What the system proposed needs two persons. ``proposed_by`` is who
    named the receiver, where a person did: the account is what the second pair of eyes is for.
    """
    persons = {person for person in (first, proposed_by) if person is not None and not person.startswith("system:")}
    if who in persons:
        return None
    return bool(persons)
