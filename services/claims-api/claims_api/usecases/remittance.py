"""Remittance (remittering): what each unit is owed for a closed month, paid out from its share and from nothing else.

A statement is made once, from the vouchers of its month; each claim in it is divided by the agreement it came under.
What is due is reserved in the ledger and handed to payments-ingest at once or, where the setting says so, when the
unit has signed the statement off. Money the bank took back lowers a later month; below zero it is carried until it is
made up for. A payout the bank rejects is free again and comes with the next month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

from claims_api.deps import Deps
from claims_api.domain.ledger import Account, Draft, EntryKind, record, reversal
from claims_api.domain.periods import period_of
from claims_api.domain.remittance import Share, added_up, divided, figures, moved_to_unit, payout_ore
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


def remit(uow: Uow, deps: Deps) -> int:
    """Make the next unit's statement of the oldest closed month that lacks some; returns how much was done.

    A unit that never had a claim gets none. When no unit is left the month is marked, which counts as done too.
    """
    period = periods.first_unremitted(uow.tx)
    if period is None:
        return 0
    done = store.units_with(uow.tx, period)
    for creditor in creditors.all_creditors(uow.tx):
        if creditor.unit not in done and _remit_unit(uow, deps, creditor.unit, period):
            return 1
    periods.mark_remitted(uow.tx, period, uow.today)
    return 1


def sign_off(uow: Uow, remittance_id: str, unit: str, *, accepted: bool, comment: str | None, who: str) -> Remittance:
    """Let a unit say that a statement is right, or what it does not agree with (then a person looks).

    A payout that waits for it goes out. Raises NotFound for one that is not the unit's, Conflict for one that was
    accepted before, Reject for a dispute without words.
    """
    found = _found(uow, remittance_id, unit)
    if found.sign_off == store.ACCEPTED:
        raise Conflict("signed-off", "remittance: expected one that is not signed off, got one that is accepted")
    if not accepted and comment is None:
        raise Invalid(FieldError("comment", "missing", "expected what the unit does not agree with"))
    said = store.ACCEPTED if accepted else store.DISPUTED
    signed = _changed(uow, found, sign_off=said, signed_by=who, signed_at=uow.now, comment=comment or found.comment)
    return _release(uow, signed) if accepted and signed.payout == store.UNSIGNED else signed


def answer(uow: Uow, remittance_id: str, unit: str, *, text: str, pay: bool, who: str) -> Remittance:
    """Answer a unit about its statement; ``pay`` lets a payout that waits for the unit go out.

    Figures never change: what was wrong with a claim is corrected on it, and is in a later statement. Raises NotFound,
    Conflict when it is to be paid and nothing waits.
    """
    found = _found(uow, remittance_id, unit)
    if pay and found.payout != store.UNSIGNED:
        raise Conflict("not-waiting", f"remittance: expected a payout that waits for sign-off, got one {found.payout}")
    answered = _changed(uow, found, answer=text, answered_by=who, answered_at=uow.now)
    return _release(uow, answered) if pay else answered


def _found(uow: Uow, remittance_id: str, unit: str) -> Remittance:
    found = store.find_remittance(uow.tx, remittance_id, lock=True)
    if found is None or found.unit != unit:
        raise NotFound("remittance")
    return found


def _changed(uow: Uow, found: Remittance, **changes: Any) -> Remittance:
    store.change_remittance(uow.tx, found.remittance_id, **changes)
    return replace(found, **changes)


def _release(uow: Uow, made: Remittance) -> Remittance:
    paid = _changed(uow, made, payout=store.RESERVED)
    _reserve(uow, paid)
    return paid


def _reserve(uow: Uow, made: Remittance) -> None:
    """Reserve a statement's payout in the ledger and hand it to the bank side."""
    creditor = creditors.find_creditor(uow.tx, made.unit)
    if made.account is None or creditor is None:
        raise ValueError(f"remittance {made.remittance_id}: expected an account and a creditor")
    _post(uow, f"remittance:{made.remittance_id}", _reserved(made, uow.today))
    to = PayoutTo(account=made.account, name=creditor.name, reference=f"{made.period} {made.unit}")
    uow.emit(PayoutReserved(refund_id=made.remittance_id, amount_ore=made.payable_ore, to=to), key=made.remittance_id)


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
        for row in ledger.reserved_for(uow.tx, found.remittance_id):
            if row.kind is EntryKind.PAYOUT_RESERVED and row.reverses is None:
                _post(uow, f"remittance-rejected:{found.remittance_id}", reversal(row, why))


def _remit_unit(uow: Uow, deps: Deps, unit: str, period: str) -> bool:
    """Make a unit's statement and reserve its payout; False when the unit never had anything here."""
    earlier = store.latest_before(uow.tx, unit, period)
    opening = store.closings(uow.tx, earlier.remittance_id) if earlier else {}
    moved = store.movements_of(uow.tx, unit, period)
    if earlier is None and not moved:
        return False
    share = store.shares_of(uow.tx, {*opening, *moved})
    lines = {
        claim_id: figures(opening.get(claim_id, 0), moved.get(claim_id, ()), units_share=share[claim_id])
        for claim_id in sorted({*opening, *moved})
    }
    lines = {claim_id: line for claim_id, line in lines.items() if not line.empty}
    made = _with_payout(uow, deps, unit, period, divided(lines, share))
    store.add_remittance(uow.tx, made, lines)
    agreed = sum(moved_to_unit(rows, units_share=share[claim_id]) for claim_id, rows in moved.items())
    if agreed:
        _post(uow, f"remittance-shared:{made.remittance_id}", _shared(made, agreed))
    if made.payout == store.RESERVED:
        _reserve(uow, made)
    return True


def _with_payout(uow: Uow, deps: Deps, unit: str, period: str, shares: Sequence[Share]) -> Remittance:
    whole = added_up(share.figures for share in shares)
    since = _taken_since(uow, unit, period)
    carried = store.carried(uow.tx, unit, period)
    payable = payout_ore(to_unit_ore=whole.to_unit_ore, carried_ore=carried, since_ore=since)
    terms = creditors.agreements_of(uow.tx, [unit]).get(unit, [])
    begun = [one for one in terms if one.valid_from <= uow.today] or terms
    account = begun[-1].account if begun else None
    waits = deps.settings.remittance_payout == "after_sign_off"
    due = store.UNSIGNED if waits else store.RESERVED
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
        payout=store.NONE if not payable else due if account else store.NO_ACCOUNT,
        shares=[share.as_json() for share in shares],
    )


def _taken_since(uow: Uow, unit: str, period: str) -> int:
    """Return what was collected for a unit after a month; below zero when more was taken back."""
    moved = store.movements_since(uow.tx, unit, period, period_of(period).end)
    share = store.shares_of(uow.tx, moved)
    return sum(figures(0, rows, units_share=share[claim_id]).to_unit_ore for claim_id, rows in moved.items())


def _shared(made: Remittance, amount_ore: int) -> Draft:
    """Return the transfer between the collector's share and the unit's that the agreements make of the month."""
    sides = [(Account.COLLECTOR_SHARE, made.unit), (Account.CREDITOR_SHARE, made.unit)]
    if amount_ore < 0:
        sides.reverse()
    return Draft(
        kind=EntryKind.SHARED,
        debit=sides[0][0],
        debit_owner=sides[0][1],
        credit=sides[1][0],
        credit_owner=sides[1][1],
        amount_ore=abs(amount_ore),
        value_date=made.made_on,
        unit=made.unit,
        case_id=None,
        claim_id=None,
        about=made.remittance_id,
        trace=Trace(
            rule="remittance.shared",
            reference=REFERENCE,
            inputs={"period": made.period, "to_unit_ore": made.figures.to_unit_ore, "kept_ore": made.figures.kept_ore},
        ),
    )


def _reserved(made: Remittance, on: date) -> Draft:
    return Draft(
        kind=EntryKind.PAYOUT_RESERVED,
        debit=Account.CREDITOR_SHARE,
        debit_owner=made.unit,
        credit=Account.IN_TRANSIT,
        credit_owner=made.remittance_id,
        amount_ore=made.payable_ore,
        value_date=on,
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
