"""Remittance (remittering): what each unit is owed for a closed month, paid out from its share and from nothing else.

A statement is made once, from the vouchers of its month. What is due is reserved in the ledger and handed to
payments-ingest at once; the unit's sign-off is its word that the statement is right, and is not waited for. Money the
bank took back lowers a later month; below zero it is carried until it is made up for. A payout the bank rejects is
free again and comes with the next month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.ledger import Account, Draft, EntryKind, record, reversal
from claims_api.domain.periods import period_of
from claims_api.domain.remittance import Figures, added_up, figures, payout_ore
from claims_api.store import creditors, ledger, periods
from claims_api.store import remittance as store
from claims_api.store.remittance import Remittance
from shared.errors import Conflict, FieldError, Invalid, NotFound, Park
from shared.events import Event
from shared.events.claims import PayoutReserved, PayoutTo
from shared.events.payments import PayoutRejected, PayoutSettled
from shared.law import Trace
from shared.uow import Uow

REFERENCE = "oppdragsavtalen; inkassoloven §§ 15, 16"


def remit(uow: Uow) -> int:
    """Make the next unit's statement of the oldest closed month that lacks some; returns how much was done.

    A unit that never had a claim gets none. When no unit is left the month is marked, which counts as done too.
    """
    period = periods.first_unremitted(uow.tx)
    if period is None:
        return 0
    done = store.units_with(uow.tx, period)
    for creditor in creditors.all_creditors(uow.tx):
        if creditor.unit not in done and _remit_unit(uow, creditor.unit, creditor.name, period):
            return 1
    periods.mark_remitted(uow.tx, period, uow.today)
    return 1


def sign_off(uow: Uow, remittance_id: str, unit: str, *, accepted: bool, comment: str | None, who: str) -> Remittance:
    """Let a unit say that a statement is right, or what it does not agree with (then a person looks).

    Raises NotFound for one that is not the unit's, Conflict for one that was accepted before, Reject for a dispute
    without words.
    """
    found = store.find_remittance(uow.tx, remittance_id, lock=True)
    if found is None or found.unit != unit:
        raise NotFound("remittance")
    if found.sign_off == store.ACCEPTED:
        raise Conflict("signed-off", "remittance: expected one that is not signed off, got one that is accepted")
    if not accepted and comment is None:
        raise Invalid(FieldError("comment", "missing", "expected what the unit does not agree with"))
    said = store.ACCEPTED if accepted else store.DISPUTED
    store.change_remittance(
        uow.tx, remittance_id, sign_off=said, signed_by=who, signed_at=uow.now, comment=comment or found.comment
    )
    return replace(found, sign_off=said, signed_by=who, signed_at=uow.now, comment=comment or found.comment)


def on_payout_settled(uow: Uow, _deps: Deps, events: Sequence[Event]) -> None:
    """Book that a unit's money has left the bank (payout.settled)."""
    for event in events:
        payload = cast(PayoutSettled, event.payload)
        found = _expected(uow, payload.refund_id, store.SETTLED)
        if found is None:
            continue
        store.change_remittance(uow.tx, found.remittance_id, payout=store.SETTLED, settled_on=payload.day)
        draft = Draft(
            kind=EntryKind.PAYOUT_SETTLED,
            debit=Account.IN_TRANSIT,
            debit_owner=found.remittance_id,
            credit=Account.BANK,
            credit_owner=payload.account,
            amount_ore=payload.amount_ore,
            value_date=payload.day,
            unit=found.unit,
            case_id=None,
            claim_id=None,
            about=found.remittance_id,
            trace=Trace(rule="remittance.settled", reference=REFERENCE, inputs={"period": found.period}),
        )
        _post(uow, f"remittance-settled:{found.remittance_id}", draft)


def on_payout_rejected(uow: Uow, _deps: Deps, events: Sequence[Event]) -> None:
    """Give a unit's share back what the bank would not pay out (payout.rejected); it comes with the next month."""
    for event in events:
        payload = cast(PayoutRejected, event.payload)
        found = _expected(uow, payload.refund_id, store.REJECTED)
        if found is None:
            continue
        store.change_remittance(uow.tx, found.remittance_id, payout=store.REJECTED, payout_reason=payload.reason)
        why = Trace(rule="remittance.rejected", reference=REFERENCE, inputs={"period": found.period})
        for row in ledger.about(uow.tx, found.remittance_id):
            if row.kind is EntryKind.PAYOUT_RESERVED and row.reverses is None:
                _post(uow, f"remittance-rejected:{found.remittance_id}", reversal(row, why))


def _remit_unit(uow: Uow, unit: str, name: str, period: str) -> bool:
    """Make a unit's statement and reserve its payout; False when the unit never had anything here."""
    earlier = store.latest_before(uow.tx, unit, period)
    opening = store.closings(uow.tx, earlier.remittance_id) if earlier else {}
    moved = store.movements_of(uow.tx, unit, period)
    if earlier is None and not moved:
        return False
    lines = {
        claim_id: figures(opening.get(claim_id, 0), moved.get(claim_id, ())) for claim_id in sorted({*opening, *moved})
    }
    lines = {claim_id: line for claim_id, line in lines.items() if not line.empty}
    whole = added_up(lines.values())
    made = _with_payout(uow, unit, period, whole)
    store.add_remittance(uow.tx, made, lines)
    if made.payout == store.RESERVED and made.account is not None:
        _post(uow, f"remittance:{made.remittance_id}", _reserved(made))
        to = PayoutTo(account=made.account, name=name, reference=f"{period} {unit}")
        payload = PayoutReserved(refund_id=made.remittance_id, amount_ore=made.payable_ore, to=to)
        uow.emit(payload, key=made.remittance_id)
    return True


def _with_payout(uow: Uow, unit: str, period: str, whole: Figures) -> Remittance:
    since = figures(0, store.movements_since(uow.tx, unit, period, period_of(period).end))
    carried = store.carried(uow.tx, unit, period)
    payable = payout_ore(to_unit_ore=whole.to_unit_ore, carried_ore=carried, since_ore=since.to_unit_ore)
    terms = creditors.agreements_of(uow.tx, [unit]).get(unit, [])
    begun = [one for one in terms if one.valid_from <= uow.today] or terms
    account = begun[-1].account if begun else None
    payout = store.NONE if not payable else store.RESERVED if account else store.NO_ACCOUNT
    return Remittance(
        remittance_id=uow.new_id("remittance"),
        unit=unit,
        period=period,
        made_on=uow.today,
        made_at=uow.now,
        figures=whole,
        carried_ore=carried,
        payable_ore=payable,
        account=account,
        payout=payout,
    )


def _reserved(made: Remittance) -> Draft:
    return Draft(
        kind=EntryKind.PAYOUT_RESERVED,
        debit=Account.CREDITOR_SHARE,
        debit_owner=made.unit,
        credit=Account.IN_TRANSIT,
        credit_owner=made.remittance_id,
        amount_ore=made.payable_ore,
        value_date=made.made_on,
        unit=made.unit,
        case_id=None,
        claim_id=None,
        about=made.remittance_id,
        trace=Trace(
            rule="remittance.reserved",
            reference=REFERENCE,
            inputs={
                "period": made.period,
                "to_unit_ore": made.figures.to_unit_ore,
                "carried_ore": made.carried_ore,
                "payable_ore": made.payable_ore,
            },
        ),
    )


def _post(uow: Uow, source: str, draft: Draft) -> None:
    ledger.add_transfers(uow.tx, record([draft], source_event=source, recorded_at=uow.now))


def _expected(uow: Uow, remittance_id: str, target: str) -> Remittance | None:
    """Return the locked statement whose payout this is about; None when that is known already."""
    found = store.find_remittance(uow.tx, remittance_id, lock=True)
    if found is not None and found.payout == target:
        return None
    if found is None or found.payout != store.RESERVED:
        raise Park("payout_not_reserved", "refund_id: expected a statement whose payout is reserved")
    return found
