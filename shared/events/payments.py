"""Events that payments-ingest publishes on ``payments``.

Key: the case when matched, else the payment; bank days: account and day; a payout without a case: the payout. Every
event about a bank transaction carries its ``payment_id``, ``account``, ``day`` and signed ``amount_ore`` as headers
too (a reversal its own id and an amount below zero), so that one that cannot be read still counts in its bank day.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.base import PREFIX, Day, Ident, Ore, Payload, PositiveOre


class PaymentMatched(Payload):
    """A bank credit, or part of one, that belongs to a case. ``claim_id`` is set when the KID was a claim's own.

    ``amount_ore`` goes to this case. ``bank_amount_ore`` is the whole bank transaction when it is split over several
    cases (None: the same). The credit may have been on suspense before (an unmatched payment that found its case).
    ``taken_off_ore`` is how much of it was ever taken off cases up to now: the events that say so are on other keys and
    may come later, so until then up to that much more than the payment may seem to lie on cases.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.payment.matched.v1"
    TOPIC: ClassVar[str] = "payments"

    payment_id: Ident
    account: Ident
    day: Day
    amount_ore: PositiveOre
    paid_on: Day
    kid: str
    case_id: Ident
    claim_id: Ident | None = None
    matched_by: Literal["kid", "case_number", "message", "manual", "late_kid"] = "kid"
    bank_amount_ore: PositiveOre | None = None
    taken_off_ore: Ore = 0


class PaymentUnmatched(Payload):
    """A bank credit nobody's claim was found for: it rests on suspense until someone or something matches it."""

    TYPE: ClassVar[str] = f"{PREFIX}.payment.unmatched.v1"
    TOPIC: ClassVar[str] = "payments"

    payment_id: Ident
    account: Ident
    day: Day
    amount_ore: PositiveOre
    paid_on: Day
    reason: Ident
    candidate_case_ids: tuple[Ident, ...] = ()


class PaymentReversed(Payload):
    """The bank took a credit back (OCR transaction types 18 and 20, camt reversal).

    ``amount_ore`` is taken from this case (or from suspense when ``case_id`` is None); ``bank_amount_ore`` is the whole
    reversal when the credit was split over several cases: then there is one event per case.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.payment.reversed.v1"
    TOPIC: ClassVar[str] = "payments"

    reversal_id: Ident
    payment_id: Ident | None
    account: Ident
    day: Day
    amount_ore: PositiveOre
    reversed_on: Day
    case_id: Ident | None = None
    bank_amount_ore: PositiveOre | None = None


class PaymentUnallocated(Payload):
    """Money that was on a case goes back to suspense: a match was undone, or is moved to another case.

    The bank transaction stands; only the allocation is taken back. Money that moves comes to its new case as
    ``payment.matched``, and between the two it lies on suspense.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.payment.unallocated.v1"
    TOPIC: ClassVar[str] = "payments"

    payment_id: Ident
    account: Ident
    day: Day
    amount_ore: PositiveOre
    bank_amount_ore: PositiveOre | None = None
    paid_on: Day
    case_id: Ident
    unallocated_on: Day
    reason: Literal["undone", "moved", "returned", "reversed"]


class RefundApproved(Payload):
    """Two persons agreed that money goes out: from what a case has too much, or a payment from suspense to its sender.

    claims-api answers ``payout.reserved`` or ``payout.refused``; nothing leaves before that. ``replaces`` is the refund
    that came to nothing and that this one tries again.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.refund.approved.v1"
    TOPIC: ClassVar[str] = "payments"

    refund_id: Ident
    case_id: Ident | None = None
    payment_id: Ident | None = None
    source: Literal["overpaid", "suspense"]
    amount_ore: PositiveOre
    approved_on: Day
    replaces: Ident | None = None


class PayoutSettled(Payload):
    """The bank's debit line came: the reserved money has left the account."""

    TYPE: ClassVar[str] = f"{PREFIX}.payout.settled.v1"
    TOPIC: ClassVar[str] = "payments"

    refund_id: Ident
    case_id: Ident | None = None
    account: Ident
    day: Day
    amount_ore: PositiveOre


class PayoutRejected(Payload):
    """The bank would not pay out: the reserved money is free again. (A payout that comes back is a new credit.)"""

    TYPE: ClassVar[str] = f"{PREFIX}.payout.rejected.v1"
    TOPIC: ClassVar[str] = "payments"

    refund_id: Ident
    case_id: Ident | None = None
    amount_ore: PositiveOre
    rejected_on: Day
    reason: Ident


class BankDayCompleted(Payload):
    """Everything the bank reports for an account and day has been released.

    ``count`` and ``sum_ore`` are of credits and reversals (reversals subtract). A late file publishes the day again.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.bank_day.completed.v1"
    TOPIC: ClassVar[str] = "payments"

    account: Ident
    day: Day
    count: int
    sum_ore: Ore
    completed_by: Literal["statement", "cut-off", "sandbox", "operator"]


EVENTS: tuple[type[Payload], ...] = (
    PaymentMatched, PaymentUnmatched, PaymentReversed, PaymentUnallocated, BankDayCompleted, RefundApproved,
    PayoutSettled, PayoutRejected,
)  # fmt: skip
