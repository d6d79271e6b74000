"""The bank takes a credit back: find which, take it from where it lies, and say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from payments_ingest.domain.lines import Line, Payment, PaymentState
from payments_ingest.domain.refunds import RefundState
from payments_ingest.domain.reversal import find_original
from payments_ingest.store import payments, queue
from payments_ingest.store.refunds import returning, update_refund
from payments_ingest.usecases.matching import Match
from payments_ingest.usecases.posting import SYSTEM, columns_of
from payments_ingest.usecases.telling import Money, tell_reversed
from shared.uow import Uow

RowOf = Callable[..., dict[str, Any]]


def reverse(uow: Uow, lines: Sequence[Line], row_of: RowOf) -> Mapping[str, PaymentState]:
    """Record reversals, each linked to the credit it takes back when that is found; returns their states.

    One whose credit is not found comes off suspense and waits for a person to say whose it was.
    """
    if not lines:
        return {}
    open_credits = payments.reversible(uow.tx, lines)
    states: dict[str, PaymentState] = {}
    rows, taken = [], []
    for line in lines:
        original = find_original(line, open_credits)
        if original is None:
            states[line.payment_id] = PaymentState.UNMATCHED
            rows.append(row_of(line, **columns_of(Match(reason="unknown_payment"))))
            tell_reversed(uow, line, payment_id=None, case_id=None, amount_ore=line.amount_ore)
            continue
        open_credits = [credit for credit in open_credits if credit.payment_id != original.payment_id]
        states[line.payment_id] = PaymentState.REVERSAL
        columns = {**columns_of(Match(case_id=original.case_id)), "state": PaymentState.REVERSAL}
        rows.append(row_of(line, linked_to=original.payment_id, **columns))
        taken.append((line, original))
    payments.insert_payments(uow.tx, rows)
    for line, original in taken:
        take_back(uow, line, original)
    return states


def take_back(uow: Uow, reversal: Money, original: Payment) -> None:
    """Take a reversed credit from the cases it lies on, or from suspense; one event per case.

    A proposal to send it back to its sender has lost its ground (one that is further on is stopped before it leaves).
    """
    found = queue.allocations_of(uow.tx, [original.payment_id]).get(original.payment_id, [])
    active = [allocation for allocation in found if allocation.active]
    for allocation in active:
        tell_reversed(
            uow,
            reversal,
            payment_id=original.payment_id,
            case_id=allocation.case_id,
            amount_ore=allocation.amount_ore,
        )
    if not active:
        tell_reversed(uow, reversal, payment_id=original.payment_id, case_id=None, amount_ore=reversal.amount_ore)
    queue.undo_allocations(uow.tx, [a.allocation_id for a in active], who=SYSTEM, at=uow.now)
    queue.drop_suggestions(uow.tx, [original.payment_id])
    queue.withdraw_approvals(uow.tx, original.payment_id, who=SYSTEM, at=uow.now)
    payments.stop_waiting(uow.tx, [original.payment_id])
    for refund in returning(uow.tx, original.payment_id):
        update_refund(uow.tx, refund.refund_id, state=RefundState.WITHDRAWN, reason="reversed")
    payments.update_payment(uow.tx, original.payment_id, state=PaymentState.REVERSED, version=original.version + 1)
