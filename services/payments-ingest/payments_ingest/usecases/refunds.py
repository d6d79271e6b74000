"""Refunds: proposed by claims-api or a caseworker, agreed by two persons, reserved by claims-api, sent, settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from payments_ingest.domain.lines import WAITING, Payment, PaymentState
from payments_ingest.domain.refunds import GAVE_UP, Receiver, RefundState, approves, may_become
from payments_ingest.formats import Unpayable, unpayable
from payments_ingest.store import payments, queue
from payments_ingest.store.refunds import Refund, insert_refund, lock_refund, tried_again, update_refund
from shared.errors import Conflict, Forbidden, NotFound, Park, Reject
from shared.events import Event
from shared.events.claims import PayoutRefused, PayoutReserved, PayoutTo, RefundProposed
from shared.events.payments import PayoutRejected, PayoutSettled, RefundApproved
from shared.uow import Uow

SYSTEM_PROPOSER = "system:claims-api"
REMITTANCE = "remittance"
"""Source of a payout that is a unit's own money; its ``reason`` is the reference that the unit sees."""
REASON_MAX = 40
_UNPAYABLE = {
    Unpayable.NO_ACCOUNT: "refund: expected an account to pay to, the bank named none",
    Unpayable.ACCOUNT: "refund: expected a Norwegian account or an IBAN, which is what a payment file pays to",
    Unpayable.NO_BIC: "refund: expected the BIC of the receiver's bank, which an account abroad is paid through",
}


def propose_overpaid(uow: Uow, events: Sequence[Event]) -> None:
    """Record the refunds that claims-api proposes; the money goes to the account the payment came from."""
    for event in events:
        proposal = event.payload
        if not isinstance(proposal, RefundProposed):
            raise TypeError(f"event: expected a proposal, got {type(proposal).__name__}")
        payment = payments.find_payment(uow.tx, proposal.payment_id) if proposal.payment_id else None
        insert_refund(
            uow.tx,
            {
                **_blank(uow, proposal.refund_id, SYSTEM_PROPOSER),
                "source": "overpaid",
                "case_id": proposal.case_id,
                "payment_id": proposal.payment_id,
                "amount_ore": proposal.amount_ore,
                **_to(_sender(payment)),
            },
        )


def return_to_sender(uow: Uow, payment_id: str, receiver: Receiver | None, *, who: str) -> Refund:
    """Propose that a payment on suspense goes back to the account it came from, or to the ``receiver`` that a person
    found out; it leaves the queue meanwhile.

    Raises Conflict when it is not waiting, Reject when no payment file can pay to the receiver.
    """
    payment = payments.lock_payment(uow.tx, payment_id)
    if payment is None:
        raise NotFound("payment")
    if payment.state not in WAITING or not payment.booked or payment.kind != "credit":
        raise Conflict("not-waiting", f"payment: expected one that waits on suspense, got {payment.state}")
    to = receiver or _sender(payment)
    _check_payable(to.account, to.bic)
    refund_id = uow.new_id("refund")
    insert_refund(
        uow.tx,
        {
            **_blank(uow, refund_id, who),
            "source": "suspense",
            "case_id": None,
            "payment_id": payment_id,
            "amount_ore": payment.amount_ore,
            **_to(to, who if receiver else None),
        },
    )
    payments.update_payment(
        uow.tx, payment_id, state=PaymentState.RETURNING, version=payment.version + 1, assigned_to=None
    )
    payments.stop_waiting(uow.tx, [payment_id])
    return _found(uow, refund_id)


def name_receiver(uow: Uow, refund_id: str, receiver: Receiver, *, who: str) -> Refund:
    """Say who a proposed refund goes to, when the bank did not say or not well enough.

    Whoever agreed before agreed to something else: from here it needs another person than the one who named the
    receiver. Raises Conflict when it is not a proposal any more, Reject when no payment file can pay to the receiver.
    """
    refund = _found(uow, refund_id)
    _step(refund, RefundState.APPROVED)
    _check_payable(receiver.account, receiver.bic)
    update_refund(uow.tx, refund_id, **_to(receiver, who), first_approved_by=None)
    return _found(uow, refund_id)


def try_again(uow: Uow, refund_id: str, receiver: Receiver | None, *, who: str) -> Refund:
    """Propose anew a refund of a case that came to nothing (withdrawn, refused, rejected by the bank).

    It gets an id of its own, since the bank knows the old one, and needs another person's approval. Raises Conflict
    when the refund is not at such an end, is a payment's on suspense (which is back in the queue) or was tried again.
    """
    refund = _found(uow, refund_id)
    if refund.source != "overpaid" or refund.state not in GAVE_UP:
        raise Conflict("refund-state", f"refund: expected one of a case that came to nothing, got {refund.state}")
    if tried_again(uow.tx, refund_id) is not None:
        raise Conflict("tried-again", "refund: expected one that was not tried again, got one that was")
    to = receiver or Receiver(account=refund.to_account, bic=refund.to_bic, name=refund.to_name)
    _check_payable(to.account, to.bic)
    again = uow.new_id("refund")
    insert_refund(
        uow.tx,
        {
            **_blank(uow, again, who),
            "source": refund.source,
            "case_id": refund.case_id,
            "payment_id": refund.payment_id,
            "amount_ore": refund.amount_ore,
            "again_of": refund_id,
            **_to(to, who if receiver else None),
        },
    )
    return _found(uow, again)


def approve(uow: Uow, refund_id: str, *, who: str) -> Refund:
    """Agree to a refund: two different persons in all (fire øyne); then claims-api is asked to reserve the money."""
    refund = _found(uow, refund_id)
    _step(refund, RefundState.APPROVED)
    _check_payable(refund.to_account, refund.to_bic)
    answer = approves(refund.receiver_by or refund.proposed_by, refund.first_approved_by, who)
    if answer is None:
        raise Forbidden("four-eyes", "approval: expected another person than the one who proposed or approved first")
    if not answer:
        update_refund(uow.tx, refund_id, first_approved_by=who)
        return _found(uow, refund_id)
    update_refund(uow.tx, refund_id, state=RefundState.APPROVED, approved_by=who, approved_at=uow.now)
    payload = RefundApproved(
        refund_id=refund_id,
        case_id=refund.case_id,
        payment_id=refund.payment_id,
        source="overpaid" if refund.source == "overpaid" else "suspense",
        amount_ore=refund.amount_ore,
        approved_on=uow.today,
        replaces=refund.again_of,
    )
    uow.emit(payload, key=refund.case_id or refund_id)
    return _found(uow, refund_id)


def _check_payable(account: str | None, bic: str | None) -> None:
    """Refuse, before any money is reserved, what cannot leave by a payment file."""
    reason = unpayable(account, bic)
    if reason is not None:
        raise Reject(str(reason).replace("_", "-"), _UNPAYABLE[reason])


def _sender(payment: Payment | None) -> Receiver:
    """Who a payment came from, as far as the bank said."""
    if payment is None:
        return Receiver(account=None, bic=None, name=None)
    return Receiver(account=payment.payer_account, bic=payment.payer_bic, name=payment.payer_name)


def _to(receiver: Receiver, who: str | None = None) -> dict[str, object]:
    """The columns of a refund's receiver; ``who`` named it, None: the bank."""
    return {
        "to_account": receiver.account,
        "to_bic": receiver.bic,
        "to_name": receiver.name,
        "receiver_by": who,
    }


def withdraw(uow: Uow, refund_id: str, *, who: str) -> Refund:
    """Take a proposal back: the money stays where it is, and a payment on its way back waits in the queue again."""
    refund = _found(uow, refund_id)
    _step(refund, RefundState.WITHDRAWN)
    update_refund(uow.tx, refund_id, state=RefundState.WITHDRAWN, approved_by=who, approved_at=uow.now)
    _back_to_queue(uow, refund, "refund_withdrawn")
    return _found(uow, refund_id)


def reserved(uow: Uow, events: Sequence[Event]) -> None:
    """Note that claims-api has set the money aside: it may enter a payment file.

    What is remitted to a unit comes with its receiver, and is recorded here first.
    """
    for event in events:
        payload = event.payload
        if not isinstance(payload, PayoutReserved):
            raise TypeError(f"event: expected a reservation, got {type(payload).__name__}")
        if payload.to is not None:
            _remit(uow, payload, payload.to)
        else:
            _answered(uow, payload.refund_id, RefundState.RESERVED, None)


def refused(uow: Uow, events: Sequence[Event]) -> None:
    """Note that claims-api refused: the money is not there any more."""
    for event in events:
        payload = event.payload
        if isinstance(payload, PayoutRefused):
            refund = _answered(uow, payload.refund_id, RefundState.REFUSED, payload.reason)
            if refund is not None:
                _back_to_queue(uow, refund, "payout_refused")


def settle(uow: Uow, refund: Refund, *, account: str, day: date) -> None:
    """The bank's debit line came: the money has left, on ``day``."""
    update_refund(uow.tx, refund.refund_id, state=RefundState.SETTLED, settled_on=day)
    if refund.payment_id is not None and refund.source == "suspense":
        payments.update_payment(uow.tx, refund.payment_id, state=PaymentState.RETURNED)
    payload = PayoutSettled(
        refund_id=refund.refund_id, case_id=refund.case_id, account=account, day=day, amount_ore=refund.amount_ore
    )
    uow.emit(payload, key=refund.case_id or refund.refund_id)


def reject(uow: Uow, refund: Refund, reason: str) -> None:
    """The bank would not pay out: the reserved money is free again."""
    update_refund(uow.tx, refund.refund_id, state=RefundState.REJECTED, reason=reason)
    _back_to_queue(uow, refund, "payout_rejected")
    payload = PayoutRejected(
        refund_id=refund.refund_id,
        case_id=refund.case_id,
        amount_ore=refund.amount_ore,
        rejected_on=uow.today,
        reason=reason,
    )
    uow.emit(payload, key=refund.case_id or refund.refund_id)


def _remit(uow: Uow, payload: PayoutReserved, to: PayoutTo) -> None:
    insert_refund(
        uow.tx,
        {
            **_blank(uow, payload.refund_id, SYSTEM_PROPOSER),
            "source": REMITTANCE,
            "state": RefundState.RESERVED,
            "case_id": None,
            "payment_id": None,
            "amount_ore": payload.amount_ore,
            **_to(Receiver(account=to.account, bic=None, name=to.name)),
            "reason": to.reference[:REASON_MAX],
        },
    )


def _answered(uow: Uow, refund_id: str, target: RefundState, reason: str | None) -> Refund | None:
    refund = lock_refund(uow.tx, refund_id)
    if refund is None:
        raise Park("unknown-refund", "an answer about a refund that is not recorded")
    if refund.state == target:
        return None
    if not may_become(refund.state, target):
        raise Park("refund-state", f"refund: expected one that may become {target}, got {refund.state}")
    update_refund(uow.tx, refund_id, state=target, reason=reason)
    return refund


def _back_to_queue(uow: Uow, refund: Refund, reason: str) -> None:
    payment = payments.lock_payment(uow.tx, refund.payment_id) if refund.payment_id else None
    if refund.source != "suspense" or payment is None or payment.state != PaymentState.RETURNING:
        return
    waiting = queue.suggestions_of(uow.tx, [payment.payment_id]).get(payment.payment_id)
    state = PaymentState.SUGGESTED if waiting else PaymentState.UNMATCHED
    payments.update_payment(uow.tx, payment.payment_id, state=state, reason=reason)


def _step(refund: Refund, target: RefundState) -> None:
    if not may_become(refund.state, target):
        raise Conflict("refund-state", f"refund: expected one that may become {target}, got {refund.state}")


def _found(uow: Uow, refund_id: str) -> Refund:
    refund = lock_refund(uow.tx, refund_id)
    if refund is None:
        raise NotFound("refund")
    return refund


def _blank(uow: Uow, refund_id: str, proposer: str) -> dict[str, object]:
    return {
        "refund_id": refund_id,
        "state": RefundState.PROPOSED,
        "reason": None,
        "proposed_by": proposer,
        "proposed_at": uow.now,
        "first_approved_by": None,
        "approved_by": None,
        "approved_at": None,
        "payout_file_id": None,
        "settled_on": None,
        "again_of": None,
    }
