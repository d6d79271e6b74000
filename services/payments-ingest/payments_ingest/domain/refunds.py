"""A refund's way out (tilbakebetaling): proposed, agreed by two persons, reserved, sent, settled."""

from __future__ import annotations

from enum import StrEnum

from shared.party import PartyIdError, check_account, iban


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


def approves(proposed_by: str, first: str | None, who: str) -> bool | None:
    """Say what an approval by ``who`` does (fire øyne): True approves, False is the first of two, None is not allowed.

    A person's proposal needs one other person. What the system proposed needs two persons.
    """
    persons = {person for person in (first, proposed_by) if person is not None and not person.startswith("system:")}
    if who in persons:
        return None
    return bool(persons)


def can_be_paid(account: str) -> bool:
    """Tell whether a payment file of ours can pay to ``account``: a Norwegian one, as eleven digits or as its IBAN.

    An account abroad needs the receiver's bank (BIC) and its currency, which no payment tells us.
    """
    number = account[4:] if account.startswith("NO") else account
    try:
        return account in (checked := check_account(number), iban(checked))
    except PartyIdError:
        return False
