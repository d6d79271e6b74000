"""What people do with payments: put them on cases, split, move, undo, call a repeated line what it is, assign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from payments_ingest.deps import Deps
from payments_ingest.domain.lines import QUEUED, WAITING, LineKind, Payment, PaymentState
from payments_ingest.domain.moves import Part, needs_second_person, refuse_parts
from payments_ingest.store import known, payments, queue
from payments_ingest.usecases.bank_days import republish
from payments_ingest.usecases.matching import match
from payments_ingest.usecases.posting import columns_of, post
from payments_ingest.usecases.telling import tell_matched, tell_reversed, tell_unallocated, tell_unmatched
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Reject
from shared.ids import derived
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """What an allocation did: done, or waiting for a second person under ``approval_id``."""

    payment: Payment
    approval_id: str | None = None


def allocate(uow: Uow, deps: Deps, payment_id: str, parts: Sequence[Part], *, who: str) -> Allocated:
    """Put a payment on the cases a person names, taking it from where it lies.

    Money that was on one debtor's case and would go to another's waits for a second person. Raises Conflict for a
    payment that lies nowhere (not booked, reversed, on its way back), Reject naming every part that is wrong.
    """
    payment = _found(uow, payment_id)
    _movable(payment)
    _check(uow, payment, parts)
    history = queue.allocations_of(uow.tx, [payment_id]).get(payment_id, [])
    before, after = _last_amounts(history), {part.case_id: part.amount_ore for part in parts}
    if needs_second_person(before, after, known.debtors_of(uow.tx, before.keys() | after.keys())):
        queue.withdraw_approvals(uow.tx, payment_id, who=who, at=uow.now)
        approval_id = uow.new_id("approval")
        queue.insert_approval(
            uow.tx,
            {
                "approval_id": approval_id,
                "payment_id": payment_id,
                "parts": [{"case_id": part.case_id, "amount_ore": part.amount_ore} for part in parts],
                "state": "waiting",
                "asked_by": who,
                "asked_at": uow.now,
                "decided_by": None,
                "decided_at": None,
            },
        )
        return Allocated(payment=payment, approval_id=approval_id)
    _move(uow, deps, payment, parts, who=who, approved_by=None)
    return Allocated(payment=_found(uow, payment_id))


def decide_move(
    uow: Uow, deps: Deps, payment_id: str, approval_id: str, outcome: Literal["approved", "refused"], *, who: str
) -> Payment:
    """Let a second person decide a move between debtors (fire øyne). Raises Forbidden for the one who asked."""
    payment = _found(uow, payment_id)
    approval = queue.lock_approval(uow.tx, approval_id)
    if approval is None or approval.payment_id != payment_id:
        raise NotFound("approval")
    if approval.state != "waiting":
        raise Conflict("decided", f"approval: expected one that waits, got {approval.state}")
    if approval.asked_by == who:
        raise Forbidden("four-eyes", "approval: expected another person than the one who asked")
    queue.decide_approval(uow.tx, approval_id, state=outcome, who=who, at=uow.now)
    if outcome == "approved":
        _movable(payment)
        parts = [Part(case_id=part["case_id"], amount_ore=part["amount_ore"]) for part in approval.parts]
        _move(uow, deps, payment, parts, who=approval.asked_by, approved_by=who)
    return _found(uow, payment_id)


def undo(uow: Uow, deps: Deps, payment_id: str, *, who: str) -> Payment:
    """Take a payment off its cases: it lies on suspense and waits for a person (nothing matches it by itself again)."""
    payment = _found(uow, payment_id)
    if payment.state != PaymentState.MATCHED:
        raise Conflict("not-matched", f"payment: expected a matched one, got {payment.state}")
    _take_off(uow, deps, payment, who=who, reason="undone")
    queue.withdraw_approvals(uow.tx, payment_id, who=who, at=uow.now)
    payments.update_payment(
        uow.tx,
        payment_id,
        state=PaymentState.UNMATCHED,
        reason="undone",
        case_id=None,
        version=payment.version + 1,
    )
    tell_unmatched(uow, payment, reason="undone", candidates=())
    return _found(uow, payment_id)


def call_repeated(uow: Uow, deps: Deps, payment_id: str, outcome: Literal["separate", "duplicate"]) -> Payment:
    """Say what a line held as a possible duplicate is: a payment of its own, which is booked now, or a repetition."""
    payment = _found(uow, payment_id)
    if payment.state != PaymentState.POSSIBLE_DUPLICATE:
        raise Conflict("not-held", f"payment: expected a possible duplicate, got {payment.state}")
    if outcome == "duplicate":
        payments.update_payment(uow.tx, payment_id, state=PaymentState.DUPLICATE, version=payment.version + 1)
        return _found(uow, payment_id)
    _book(uow, deps, payment)
    republish(uow, {(payment.account, payment.day)})
    return _found(uow, payment_id)


def _book(uow: Uow, deps: Deps, payment: Payment) -> None:
    values: dict[str, Any] = {"booked": True, "version": payment.version + 1}
    if payment.kind == LineKind.REVERSAL:
        values.update(state=PaymentState.UNMATCHED, reason="unknown_payment", linked_to=None)
        payments.update_payment(uow.tx, payment.payment_id, **values)
        tell_reversed(uow, payment, payment_id=None, case_id=None, amount_ore=payment.amount_ore)
        return
    matches = match(uow.tx, deps, [payment])
    values.update(columns_of(matches[payment.payment_id]), linked_to=None)
    payments.update_payment(uow.tx, payment.payment_id, **values)
    post(uow, deps, [payment], matches)


def link_reversal(uow: Uow, reversal_id: str, payment_id: str) -> Payment:
    """Say which credit a reversal took back when the rules could not: it comes off its cases.

    The reversal was booked against suspense already, so the credit's allocations go back to suspense to cover it.
    """
    reversal, original = _found(uow, reversal_id), _found(uow, payment_id)
    if reversal.kind != LineKind.REVERSAL or reversal.state != PaymentState.UNMATCHED:
        raise Conflict("not-waiting", "reversal: expected one that waits for its payment")
    fits = (original.account, original.amount_ore) == (reversal.account, reversal.amount_ore)
    if original.kind != LineKind.CREDIT or not original.booked or not fits or original.day > reversal.day:
        raise Reject("does-not-fit", "payment_id: expected a credit of the same account and amount, not booked later")
    _movable(original)
    found = queue.allocations_of(uow.tx, [payment_id]).get(payment_id, [])
    for allocation in (one for one in found if one.active):
        tell_unallocated(uow, original, case_id=allocation.case_id, amount_ore=allocation.amount_ore, reason="reversed")
    queue.undo_allocations(uow.tx, [a.allocation_id for a in found if a.active], who="reversal", at=uow.now)
    queue.drop_suggestions(uow.tx, [payment_id])
    payments.stop_waiting(uow.tx, [payment_id])
    payments.update_payment(uow.tx, payment_id, state=PaymentState.REVERSED, version=original.version + 1)
    payments.update_payment(
        uow.tx, reversal_id, state=PaymentState.REVERSAL, linked_to=payment_id, case_id=original.case_id, reason=None
    )
    return _found(uow, reversal_id)


def assign(uow: Uow, payment_id: str, assigned_to: str | None, due_on: date | None) -> Payment:
    """Give a waiting payment to a person, with a date to have looked at it by.

    Raises Conflict for a payment that waits for nobody, Invalid for a date that has passed.
    """
    payment = _found(uow, payment_id)
    if payment.state not in QUEUED:
        raise Conflict("not-waiting", f"payment: expected one that waits for a person, got {payment.state}")
    if due_on is not None and due_on < uow.today:
        raise Invalid(FieldError("due_on", "past", f"expected {uow.today.isoformat()} or later"))
    payments.update_payment(uow.tx, payment.payment_id, assigned_to=assigned_to, due_on=due_on)
    return _found(uow, payment_id)


def _move(uow: Uow, deps: Deps, payment: Payment, parts: Sequence[Part], *, who: str, approved_by: str | None) -> None:
    taken_off_ore = _take_off(uow, deps, payment, who=who, reason="moved")
    rows = []
    for ordinal, part in enumerate(parts):
        rows.append(
            {
                "allocation_id": derived(payment.payment_id, f"allocation:{payment.version + 1}", ordinal),
                "payment_id": payment.payment_id,
                "case_id": part.case_id,
                "claim_id": None,
                "amount_ore": part.amount_ore,
                "matched_by": "manual",
                "active": True,
                "made_by": who,
                "approved_by": approved_by,
                "made_at": uow.now,
                "undone_by": None,
                "undone_at": None,
            }
        )
        tell_matched(
            uow,
            payment,
            case_id=part.case_id,
            claim_id=None,
            amount_ore=part.amount_ore,
            by="manual",
            taken_off_ore=taken_off_ore,
        )
    queue.insert_allocations(uow.tx, rows)
    queue.drop_suggestions(uow.tx, [payment.payment_id])
    payments.stop_waiting(uow.tx, [payment.payment_id])
    payments.update_payment(
        uow.tx,
        payment.payment_id,
        state=PaymentState.MATCHED,
        reason=None,
        case_id=parts[0].case_id if len(parts) == 1 else None,
        version=payment.version + 1,
    )
    if account := deps.hasher.account(payment.payer_account):
        known.learn_accounts(uow.tx, {(account, part.case_id) for part in parts}, uow.now)


def _take_off(uow: Uow, deps: Deps, payment: Payment, *, who: str, reason: Literal["undone", "moved"]) -> int:
    """Take a payment off the cases it lies on; returns how much of it was ever taken off cases, in øre."""
    found = queue.allocations_of(uow.tx, [payment.payment_id]).get(payment.payment_id, [])
    active = [allocation for allocation in found if allocation.active]
    for allocation in active:
        tell_unallocated(uow, payment, case_id=allocation.case_id, amount_ore=allocation.amount_ore, reason=reason)
    queue.undo_allocations(uow.tx, [a.allocation_id for a in active], who=who, at=uow.now)
    if active and (account := deps.hasher.account(payment.payer_account)):
        known.unlearn_account(uow.tx, account, {allocation.case_id for allocation in active})
    return sum(allocation.amount_ore for allocation in found)


def _last_amounts(history: Sequence[queue.Allocation]) -> dict[str, int]:
    """Return how much of a payment lies on its cases, or lay last: undoing first must not avoid the second person."""
    lying = [allocation for allocation in history if allocation.active]
    if not lying and history:
        last = max(allocation.undone_at or allocation.made_at for allocation in history)
        lying = [one for one in history if (one.undone_at or one.made_at) == last]
    return {allocation.case_id: allocation.amount_ore for allocation in lying}


def _movable(payment: Payment) -> None:
    if payment.kind != LineKind.CREDIT or not payment.booked or payment.state not in (*WAITING, PaymentState.MATCHED):
        raise Conflict("not-movable", f"payment: expected a credit that waits or is matched, got {payment.state}")


def _check(uow: Uow, payment: Payment, parts: Sequence[Part]) -> None:
    errors = refuse_parts(payment.amount_ore, parts, known.cases_exist(uow.tx, {part.case_id for part in parts}))
    if errors:
        raise Invalid(*(FieldError(field, code, detail) for field, code, detail in errors))


def _found(uow: Uow, payment_id: str) -> Payment:
    payment = payments.lock_payment(uow.tx, payment_id)
    if payment is None:
        raise NotFound("payment")
    return payment
