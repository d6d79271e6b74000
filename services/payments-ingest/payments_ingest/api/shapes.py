"""Payments as people see them: masked text, suggestions with reasons, what was done and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel
from sqlalchemy import Connection

from payments_ingest.api.wording import reason_text, waiting_text
from payments_ingest.domain.lines import Payment
from payments_ingest.store import known, payments, queue
from shared.party import mask


class ReasonOut(BaseModel):
    """Why a case is thought of."""

    code: str
    text: str


class SuggestionOut(BaseModel):
    """A case the payment may be meant for, best first; ``score`` 1 to 100."""

    case_id: str
    case_number: str
    score: int
    reasons: list[ReasonOut]


class PartOut(BaseModel):
    """How much of a payment goes to a case."""

    case_id: str
    amount_ore: int


class AllocationOut(BaseModel):
    """How much of the payment lies, or lay, on a case."""

    case_id: str
    amount_ore: int
    matched_by: str
    active: bool
    made_by: str
    approved_by: str | None
    made_at: datetime


class ApprovalOut(BaseModel):
    """A move between debtors that waits for a second person, or was decided."""

    approval_id: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    parts: list[PartOut]


class PaymentOut(BaseModel):
    """A payment. National ids and accounts in its text are starred out."""

    payment_id: str
    state: str
    kind: str
    channel: str
    account: str
    amount_ore: int
    kid: str | None
    message: str
    payer_name: str | None
    payer_account: str | None
    payer_bic: str | None
    paid_on: date
    booked_on: date
    case_id: str | None
    reason: str | None
    reason_text: str | None
    flags: list[str]
    linked_to: str | None
    file_id: str
    assigned_to: str | None
    due_on: date | None
    suggestions: list[SuggestionOut]


class PaymentDetail(PaymentOut):
    """A payment with everything that happened to it."""

    proposed_split: list[PartOut]
    allocations: list[AllocationOut]
    approvals: list[ApprovalOut]


def payments_out(tx: Connection, found: Sequence[Payment]) -> list[PaymentOut]:
    """Return payments as a list shows them."""
    suggested = queue.suggestions_of(tx, [payment.payment_id for payment in found])
    numbers = known.case_numbers(tx, {case_id for rows in suggested.values() for case_id, _, _ in rows})
    return [PaymentOut.model_validate(_fields(p, suggested.get(p.payment_id, []), numbers)) for p in found]


def payment_out(tx: Connection, payment: Payment) -> PaymentDetail:
    """Return a payment as its own page shows it."""
    suggested = queue.suggestions_of(tx, [payment.payment_id]).get(payment.payment_id, [])
    numbers = known.case_numbers(tx, {case_id for case_id, _, _ in suggested})
    allocations = queue.allocations_of(tx, [payment.payment_id]).get(payment.payment_id, [])
    names = ("case_id", "amount_ore", "matched_by", "active", "made_by", "approved_by", "made_at")
    asked = ("approval_id", "state", "asked_by", "asked_at", "decided_by", "parts")
    return PaymentDetail.model_validate(
        {
            **_fields(payment, suggested, numbers),
            "proposed_split": payments.split_of(tx, payment.payment_id),
            "allocations": [{name: getattr(one, name) for name in names} for one in allocations],
            "approvals": [
                {name: getattr(one, name) for name in asked} for one in queue.approvals_of(tx, payment.payment_id)
            ],
        }
    )


def _fields(
    payment: Payment, suggested: Sequence[tuple[str, int, list[str]]], numbers: dict[str, str]
) -> dict[str, object]:
    return {
        "payment_id": payment.payment_id,
        "state": payment.state,
        "kind": payment.kind,
        "channel": payment.channel,
        "account": payment.account,
        "amount_ore": payment.amount_ore,
        "kid": payment.kid,
        "message": mask(payment.message),
        "payer_name": payment.payer_name,
        "payer_account": payment.payer_account,
        "payer_bic": payment.payer_bic,
        "paid_on": payment.paid_on,
        "booked_on": payment.day,
        "case_id": payment.case_id,
        "reason": payment.reason,
        "reason_text": waiting_text(payment.reason),
        "flags": list(payment.flags),
        "linked_to": payment.linked_to,
        "file_id": payment.file_id,
        "assigned_to": payment.assigned_to,
        "due_on": payment.due_on,
        "suggestions": [
            {
                "case_id": case_id,
                "case_number": numbers.get(case_id, ""),
                "score": score,
                "reasons": [{"code": code, "text": reason_text(code)} for code in reasons],
            }
            for case_id, score, reasons in suggested
        ],
    }
