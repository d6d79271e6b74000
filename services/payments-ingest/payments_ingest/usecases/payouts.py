"""Payment files for the bank (pain.001) and its answers (pain.002): only reserved refunds leave, and each once.

A file is decided in one transaction (which refunds, which message id, which day), written after it, and its refunds
are sent when it lies in the outbox. Written again after a crash it is the same file with the same message id, which a
bank takes once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from payments_ingest.deps import Deps
from payments_ingest.domain.lines import PaymentState
from payments_ingest.domain.refunds import RefundState, may_become
from payments_ingest.formats import Payout, PayoutOrder, StatusScope, execution_day, own_identity, write_pain001
from payments_ingest.store import known, payments
from payments_ingest.store.refunds import (
    PayoutFile,
    Refund,
    find_payout_file,
    insert_payout_file,
    lock_refund,
    refunds_in_file,
    refunds_to_send,
    unsent_payout_file,
    update_refund,
)
from payments_ingest.usecases.refunds import REMITTANCE, reject
from shared.uow import Uow

PAYOUTS_MAX = 500
UNNAMED = "Innbetaler"
CANNOT_BE_PAID = "cannot_be_paid"
REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A payment file as it goes to the bank."""

    message_id: str
    content: bytes
    refund_ids: tuple[str, ...]


def plan_file(uow: Uow, deps: Deps) -> int:
    """Decide the next payment file from what is reserved, one account's refunds; returns how many refunds it moved.

    A refund that no payment file can hold (its receiver was erased meanwhile) is rejected at once, and so is the return
    of a payment that the bank took back meanwhile: its money is free.
    """
    by_account: dict[str, list[Refund]] = {}
    for refund in refunds_to_send(uow.tx, PAYOUTS_MAX):
        by_account.setdefault(_account_of(uow.tx, deps, refund), []).append(refund)
    if not by_account:
        return 0
    account, reserved = next(iter(sorted(by_account.items())))
    draft = PayoutFile(
        payout_file_id=uow.new_id("payout-file"),
        message_id="",
        account=account,
        execute_on=execution_day(uow.today),
        payment_count=0,
        sum_ore=0,
        sha256="",
        made_at=uow.now,
    )
    payable = [refund for refund in reserved if _payable(uow, deps, refund, draft)]
    if payable:
        order = _order(uow.tx, deps, payable, draft)
        file = replace(
            draft,
            message_id=order.message_id,
            payment_count=len(payable),
            sum_ore=sum(refund.amount_ore for refund in payable),
            sha256=sha256(_write(deps, order)).hexdigest(),
        )
        insert_payout_file(uow.tx, file)
        for refund in payable:
            update_refund(uow.tx, refund.refund_id, payout_file_id=file.payout_file_id)
    return len(reserved)


def _payable(uow: Uow, deps: Deps, refund: Refund, draft: PayoutFile) -> bool:
    of_sender = refund.payment_id if refund.source == "suspense" else None
    payment = payments.find_payment(uow.tx, of_sender) if of_sender else None
    if payment is not None and payment.state != PaymentState.RETURNING:
        reject(uow, refund, REVERSED)
        return False
    try:
        _write(deps, _order(uow.tx, deps, [refund], draft))
    except ValueError:
        reject(uow, refund, CANNOT_BE_PAID)
        return False
    return True


def next_outgoing(tx: Connection, deps: Deps) -> Outgoing | None:
    """Return the oldest payment file that is decided and whose refunds are not sent yet, as it must be written."""
    file = unsent_payout_file(tx)
    if file is None:
        return None
    refunds = refunds_in_file(tx, file.payout_file_id)
    order = _order(tx, deps, refunds, file)
    return Outgoing(
        message_id=file.message_id,
        content=_write(deps, order),
        refund_ids=tuple(refund.refund_id for refund in refunds),
    )


def mark_sent(uow: Uow, outgoing: Outgoing) -> None:
    """Note that a payment file lies in the outbox."""
    for refund_id in outgoing.refund_ids:
        refund = lock_refund(uow.tx, refund_id)
        if refund is not None and may_become(refund.state, RefundState.SENT):
            update_refund(uow.tx, refund_id, state=RefundState.SENT)


def take_statuses(uow: Uow, statuses: Sequence[Mapping[str, Any]]) -> None:
    """Take the bank's answers: what it rejects is free again; what it calls settled, the debit line will prove."""
    for status in statuses:
        if not status["rejected"]:
            continue
        for refund_id in _meant(uow.tx, status):
            refund = lock_refund(uow.tx, refund_id)
            if refund is not None and may_become(refund.state, RefundState.REJECTED):
                reject(uow, refund, status["reason"])


def _meant(tx: Connection, status: Mapping[str, Any]) -> list[str]:
    if status["scope"] == StatusScope.PAYMENT:
        return [own_identity(reference) for reference in (status["end_to_end_id"],) if reference]
    file_id = find_payout_file(tx, status["message_id"])
    return [refund.refund_id for refund in refunds_in_file(tx, file_id)] if file_id else []


def _write(deps: Deps, order: PayoutOrder) -> bytes:
    settings = deps.settings
    return write_pain001(
        order, version=settings.payout_version, scheme=settings.payout_scheme, iban=settings.payout_iban
    )


def _account_of(tx: Connection, deps: Deps, refund: Refund) -> str:
    """The account the money came in on, else our first."""
    payment = payments.find_payment(tx, refund.payment_id) if refund.payment_id else None
    return payment.account if payment else deps.settings.accounts[0]


def _order(tx: Connection, deps: Deps, refunds: Sequence[Refund], file: PayoutFile) -> PayoutOrder:
    settings = deps.settings
    return PayoutOrder(
        account=file.account,
        name=settings.payout_name,
        customer=settings.payout_customer,
        bic=settings.payout_bic,
        execute_on=file.execute_on,
        created=file.made_at,
        payouts=_payouts(tx, refunds),
    )


def _payouts(tx: Connection, refunds: Sequence[Refund]) -> tuple[Payout, ...]:
    numbers = known.case_numbers(tx, {refund.case_id for refund in refunds if refund.case_id})
    return tuple(
        Payout(
            identity=refund.refund_id,
            amount_ore=refund.amount_ore,
            name=refund.to_name or UNNAMED,
            account=refund.to_account or "",
            bic=refund.to_bic,
            message=_message(refund, numbers),
        )
        for refund in sorted(refunds, key=lambda one: one.refund_id)
    )


def _message(refund: Refund, numbers: Mapping[str, str]) -> str:
    if refund.source == REMITTANCE:
        return f"Avregning {refund.reason}"
    number = numbers.get(refund.case_id or "")
    return f"Tilbakebetaling sak {number}" if number else "Retur av innbetaling"
