"""The events about bank transactions, each with the transaction's id, account, day and signed amount as headers.

claims-api counts a bank day by them even when it cannot read the event itself (decisions A3).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, Protocol

from shared.events import Event
from shared.events.payments import PaymentMatched, PaymentReversed, PaymentUnallocated, PaymentUnmatched
from shared.uow import Uow

MatchedBy = Literal["kid", "case_number", "message", "manual", "late_kid"]
CANDIDATES_MAX = 5


class Money(Protocol):
    """A bank transaction: a staged line or a recorded payment."""

    @property
    def payment_id(self) -> str:
        """Its identity."""
        ...

    @property
    def account(self) -> str:
        """Our account."""
        ...

    @property
    def day(self) -> date:
        """The bank day."""
        ...

    @property
    def paid_on(self) -> date:
        """The payer's order date."""
        ...

    @property
    def amount_ore(self) -> int:
        """Its amount in øre, above zero."""
        ...

    @property
    def kid(self) -> str | None:
        """The KID it came with."""
        ...


def _headers(money: Money, signed_ore: int) -> dict[str, str]:
    return {
        "payment_id": money.payment_id,
        "account": money.account,
        "day": money.day.isoformat(),
        "amount_ore": str(signed_ore),
    }


def tell_matched(
    uow: Uow,
    money: Money,
    *,
    case_id: str,
    claim_id: str | None,
    amount_ore: int,
    by: MatchedBy,
    taken_off_ore: int = 0,
    cause: Event | None = None,
) -> None:
    """Say that a credit, or ``amount_ore`` of it, belongs to a case; ``taken_off_ore`` was on cases before."""
    payload = PaymentMatched(
        payment_id=money.payment_id,
        account=money.account,
        day=money.day,
        amount_ore=amount_ore,
        paid_on=money.paid_on,
        kid=money.kid or "",
        case_id=case_id,
        claim_id=claim_id,
        matched_by=by,
        bank_amount_ore=money.amount_ore if money.amount_ore != amount_ore else None,
        taken_off_ore=taken_off_ore,
    )
    uow.emit(payload, key=case_id, cause=cause, headers=_headers(money, money.amount_ore))


def tell_unmatched(
    uow: Uow, money: Money, *, reason: str, candidates: Iterable[str], cause: Event | None = None
) -> None:
    """Say that a credit lies on suspense, and which cases it may be meant for."""
    payload = PaymentUnmatched(
        payment_id=money.payment_id,
        account=money.account,
        day=money.day,
        amount_ore=money.amount_ore,
        paid_on=money.paid_on,
        reason=reason,
        candidate_case_ids=tuple(candidates)[:CANDIDATES_MAX],
    )
    uow.emit(payload, key=money.payment_id, cause=cause, headers=_headers(money, money.amount_ore))


def tell_reversed(uow: Uow, reversal: Money, *, payment_id: str | None, case_id: str | None, amount_ore: int) -> None:
    """Say that the bank took a credit back, from a case or (``case_id`` None) from suspense."""
    payload = PaymentReversed(
        reversal_id=reversal.payment_id,
        payment_id=payment_id,
        account=reversal.account,
        day=reversal.day,
        amount_ore=amount_ore,
        reversed_on=reversal.day,
        case_id=case_id,
        bank_amount_ore=reversal.amount_ore if reversal.amount_ore != amount_ore else None,
    )
    key = case_id or payment_id or reversal.payment_id
    uow.emit(payload, key=key, headers=_headers(reversal, -reversal.amount_ore))


def tell_unallocated(
    uow: Uow,
    money: Money,
    *,
    case_id: str,
    amount_ore: int,
    reason: Literal["undone", "moved", "returned", "reversed"],
) -> None:
    """Say that money which was on a case goes back to suspense."""
    payload = PaymentUnallocated(
        payment_id=money.payment_id,
        account=money.account,
        day=money.day,
        amount_ore=amount_ore,
        bank_amount_ore=money.amount_ore if money.amount_ore != amount_ore else None,
        paid_on=money.paid_on,
        case_id=case_id,
        unallocated_on=uow.today,
        reason=reason,
    )
    uow.emit(payload, key=case_id, headers=_headers(money, money.amount_ore))
