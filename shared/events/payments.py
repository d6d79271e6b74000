"""Events that payments-ingest publishes on ``payments``.

Key: the case when matched, else the payment; bank days: account and day.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.base import PREFIX, Day, Ident, Ore, Payload, PositiveOre


class PaymentMatched(Payload):
    """A bank credit that belongs to a case. ``claim_id`` is set when the KID was a claim's own."""

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
    """The bank took a credit back (OCR transaction types 18 and 20, camt reversal)."""

    TYPE: ClassVar[str] = f"{PREFIX}.payment.reversed.v1"
    TOPIC: ClassVar[str] = "payments"

    reversal_id: Ident
    payment_id: Ident | None
    account: Ident
    day: Day
    amount_ore: PositiveOre
    reversed_on: Day
    case_id: Ident | None = None


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


EVENTS: tuple[type[Payload], ...] = (PaymentMatched, PaymentUnmatched, PaymentReversed, BankDayCompleted)
