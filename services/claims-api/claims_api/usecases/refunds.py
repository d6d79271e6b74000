"""Money that leaves: reserved first, then paid out, then settled or rejected by the bank.

Nothing leaves that is not reserved: an approved refund moves overpaid money, or a payment on suspense, to in-transit,
or is refused. The bank's debit line settles it; a rejection frees it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.ledger import Account, Draft, EntryKind, account_sum, record
from claims_api.store import cases, ledger, payments
from claims_api.store.cases import Case
from claims_api.store.payments import Refund
from claims_api.usecases.payments import settle_case
from shared.errors import Park
from shared.events import Event
from shared.events.claims import PayoutRefused, PayoutReserved
from shared.events.payments import PayoutRejected, PayoutSettled, RefundApproved
from shared.law import Trace
from shared.uow import Uow

REFERENCE = "tilbakebetaling av for mye innbetalt, inkassoloven § 8"


def on_refund_approved(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Reserve the money of approved refunds (refund.approved), or refuse when it is not there."""
    locked = cases.lock_cases(uow, [p.case_id for p in map(_approved, events) if p.case_id])
    for event in events:
        payload = _approved(event)
        case = locked.get(payload.case_id) if payload.case_id else None
        known = payments.find_refund(uow.tx, payload.refund_id, lock=True)
        if known is not None and known.state in ("reserved", "settled"):
            continue
        _replace(uow, payload.replaces)
        free = _free(uow, payload, case)
        enough = payload.amount_ore <= free
        refund = Refund(
            refund_id=payload.refund_id,
            case_id=payload.case_id,
            payment_id=payload.payment_id,
            source=payload.source,
            amount_ore=payload.amount_ore,
            state="reserved" if enough else "refused",
            proposed_on=known.proposed_on if known else None,
            reserved_on=uow.today if enough else None,
            reason=None if enough else "not_enough",
        )
        payments.put_refund(uow.tx, refund)
        key = payload.case_id or payload.refund_id
        if not enough:
            refused = PayoutRefused(refund_id=refund.refund_id, case_id=refund.case_id, reason="not_enough")
            uow.emit(refused, key=key, cause=event)
            continue
        _move(uow, event, _reserved(refund, case, uow.today), case)
        if refund.source == "suspense" and refund.payment_id:
            payments.drop_candidates(uow.tx, [refund.payment_id])
        if case is not None:
            settle_case(uow, deps, case, event)
        reserved = PayoutReserved(refund_id=refund.refund_id, case_id=refund.case_id, amount_ore=refund.amount_ore)
        uow.emit(reserved, key=key, cause=event)


def on_payout_settled(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book that reserved money has left the bank (payout.settled)."""
    for event in events:
        payload = cast(PayoutSettled, event.payload)
        refund = _expected(uow, payload.refund_id)
        if refund.state == "settled":
            continue
        payments.put_refund(uow.tx, replace(refund, state="settled", settled_on=payload.day))
        _move(uow, event, _settled(refund, payload), None)


def on_payout_rejected(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Free money that the bank would not pay out, or that came back (payout.rejected)."""
    locked = cases.lock_cases(
        uow, [p.case_id for p in (cast(PayoutRejected, event.payload) for event in events) if p.case_id]
    )
    for event in events:
        payload = cast(PayoutRejected, event.payload)
        refund = _expected(uow, payload.refund_id)
        if refund.state == "rejected":
            continue
        case = locked.get(refund.case_id) if refund.case_id else None
        payments.put_refund(uow.tx, replace(refund, state="rejected", reason=payload.reason))
        reserved = [r for r in ledger.reserved_for(uow.tx, refund.refund_id) if r.kind is EntryKind.REFUND_RESERVED]
        why = Trace(rule="refund.rejected", reference=REFERENCE, inputs={"refund": refund.refund_id})
        freed = replace(
            _reserved(refund, case, payload.rejected_on),
            debit=Account.IN_TRANSIT,
            debit_owner=refund.refund_id,
            credit=reserved[0].debit,
            credit_owner=reserved[0].debit_owner,
            trace=why,
            value_date=reserved[0].value_date,
            reverses=reserved[0].transfer_id,
        )
        _move(uow, event, freed, case)
        if case is not None:
            settle_case(uow, deps, case, event)


def _replace(uow: Uow, refund_id: str | None) -> None:
    """Note that a refund which came to nothing is tried again under another id: it asks for nothing any more."""
    old = payments.find_refund(uow.tx, refund_id, lock=True) if refund_id else None
    if old is not None and old.state in ("proposed", "refused", "rejected"):
        payments.put_refund(uow.tx, replace(old, state="replaced"))


def _approved(event: Event) -> RefundApproved:
    return cast(RefundApproved, event.payload)


def _expected(uow: Uow, refund_id: str) -> Refund:
    refund = payments.find_refund(uow.tx, refund_id, lock=True)
    if refund is None or refund.state not in ("reserved", "settled", "rejected"):
        raise Park("payout_not_reserved", "refund_id: expected a refund whose money is reserved")
    return refund


def _free(uow: Uow, payload: RefundApproved, case: Case | None) -> int:
    """Return how much there is to give: what the case has too much, or what rests of the payment on suspense."""
    if payload.source == "overpaid":
        if case is None:
            return 0
        return account_sum(ledger.of_cases(uow.tx, [case.case_id])[case.case_id], Account.OVERPAID, case.case_id)
    if payload.payment_id is None:
        return 0
    entry = payments.find_entries(uow.tx, [payload.payment_id]).get(payload.payment_id)
    if entry is None:
        return 0
    on_cases = payments.allocated(uow.tx, [payload.payment_id]).get(payload.payment_id, 0)
    back = payments.taken_back(uow.tx, payload.payment_id) - payments.returned_from_cases(uow.tx, payload.payment_id)
    return entry.amount_ore - on_cases - back - payments.reserved_from_suspense(uow.tx, payload.payment_id)


def _reserved(refund: Refund, case: Case | None, on: date) -> Draft:
    from_case = refund.source == "overpaid"
    return Draft(
        kind=EntryKind.REFUND_RESERVED,
        debit=Account.OVERPAID if from_case else Account.SUSPENSE,
        debit_owner=(refund.case_id if from_case else refund.payment_id) or refund.refund_id,
        credit=Account.IN_TRANSIT,
        credit_owner=refund.refund_id,
        amount_ore=refund.amount_ore,
        value_date=on,
        unit=case.unit if case and from_case else None,
        case_id=case.case_id if case and from_case else None,
        claim_id=None,
        about=refund.refund_id,
        trace=Trace(
            rule="refund.reserved",
            reference=REFERENCE,
            inputs={"refund": refund.refund_id, "payment": refund.payment_id, "source": refund.source},
        ),
    )


def _settled(refund: Refund, payload: PayoutSettled) -> Draft:
    return Draft(
        kind=EntryKind.REFUND_SETTLED,
        debit=Account.IN_TRANSIT,
        debit_owner=refund.refund_id,
        credit=Account.BANK,
        credit_owner=payload.account,
        amount_ore=payload.amount_ore,
        value_date=payload.day,
        unit=None,
        case_id=None,
        claim_id=None,
        about=refund.refund_id,
        trace=Trace(rule="refund.settled", reference=REFERENCE, inputs={"refund": refund.refund_id}),
    )


def _move(uow: Uow, event: Event, draft: Draft, case: Case | None) -> None:
    recorded_at = case.last_recorded_at if case else uow.now
    source = f"refund:{event.envelope.event_id}"
    ledger.add_transfers(uow.tx, record([draft], source_event=source, recorded_at=recorded_at))
