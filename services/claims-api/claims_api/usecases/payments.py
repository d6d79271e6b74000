"""What the bank's money does to cases: matched, unmatched, taken back, moved, and bank days that are complete.

Each bank transaction is one row bank → suspense, whichever event names it first; what belongs to a case goes on from
suspense, back-dated to the day it was paid. Nothing depends on the order between keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.ledger import Draft, Transfer, record
from claims_api.domain.posting import payment_in, payment_taken_back
from claims_api.store import cases, ledger, payments
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.payments import BankEntry, PaymentPart
from claims_api.usecases.casebook import book_cases, load_books
from claims_api.usecases.consequences import SYSTEM, tell_what_changed
from claims_api.usecases.requests import plan_money
from claims_api.usecases.requests.instalments import after_money
from shared.errors import Park
from shared.events import Event
from shared.events.payments import (
    BankDayCompleted,
    PaymentMatched,
    PaymentReversed,
    PaymentUnallocated,
    PaymentUnmatched,
)
from shared.money import kroner
from shared.uow import Uow

UNKNOWN_CASE = "unknown_case"
AMOUNT_DIFFERS = "bank_amount_differs"
ABOVE_PAYMENT = "allocation_above_payment"

_OFF = {
    "undone": "En innbetaling hørte ikke til saken og er tatt av",
    "moved": "En innbetaling hørte til en annen sak og er flyttet",
    "returned": "En innbetaling er sendt tilbake til den som betalte",
    "reversed": "Banken har tilbakeført en innbetaling",
}


def on_matched(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book money that belongs to cases (payment.matched): bank → suspense if new, suspense → case.

    Raises Park for an unknown case, for another amount than the bank's row has, and for more than was paid.
    """
    told = [(event, cast(PaymentMatched, event.payload)) for event in events]
    others = plan_money.cases_for(uow, [p.kid for _, p in told])
    locked = _lock(uow, {*others, *(p.case_id for _, p in told)})
    bank = _note(uow, [_credit(p.payment_id, p.account, p.day, p.bank_amount_ore or p.amount_ore) for _, p in told])
    moves = [_Move(event, p, locked[to], ore) for event, p in told for to, ore in _shares(uow, deps, locked, p).items()]
    payments.add_parts(uow.tx, [_matched(uow, move) for move in moves])
    # What was taken off other cases is on other keys: it may come after this.
    paid = {p.payment_id: (p.bank_amount_ore or p.amount_ore) + p.taken_off_ore for _, p in told}
    if bank.first_named:
        _check_allocated(paid, _by_payment(moves))
    else:
        _check_allocated(paid, payments.allocated(uow.tx, paid))
        payments.drop_candidates(uow.tx, paid)
    lines = [_line(uow, one, "payment.received", f"Innbetaling på {kroner(one.amount_ore)} kroner") for one in moves]
    _settle(uow, deps, locked, _causes(moves), bank=bank, lines=lines)
    payments.check_bank_days(uow.tx, {(p.account, p.day) for _, p in told})


def on_unmatched(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book money nobody's claim was found for (payment.unmatched); the cases it may belong to take no step."""
    told = [cast(PaymentUnmatched, event.payload) for event in events]
    _book_bank(uow, [_credit(p.payment_id, p.account, p.day, p.amount_ore) for p in told])
    placed = payments.allocated(uow.tx, [p.payment_id for p in told])
    for payload in told:
        if placed.get(payload.payment_id, 0) <= 0:
            payments.add_candidates(uow.tx, payload.payment_id, payload.candidate_case_ids, uow.today)
    payments.check_bank_days(uow.tx, {(p.account, p.day) for p in told})


def on_reversed(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book what the bank took back (payment.reversed): suspense → bank, and case → suspense when a case had it."""
    told = [(event, cast(PaymentReversed, event.payload)) for event in events]
    with_case = [(event, p) for event, p in told if p.case_id is not None and p.payment_id is not None]
    lying = payments.cases_of_payments(uow.tx, [cast(str, p.payment_id) for _, p in with_case])
    locked = _lock(uow, {*_others(lying), *(cast(str, p.case_id) for _, p in with_case)})
    bank = _note(
        uow,
        [
            BankEntry(
                entry_id=p.reversal_id,
                account=p.account,
                day=p.day,
                amount_ore=-(p.bank_amount_ore or p.amount_ore),
                payment_id=p.payment_id,
            )
            for _, p in told
        ],
    )
    payments.drop_candidates(uow.tx, [p.payment_id for _, p in told if p.payment_id])
    moves = [
        _Move(event, p, locked[to], ore)
        for event, p in with_case
        for to, ore in _where_it_lies(lying, cast(str, p.payment_id), cast(str, p.case_id), p.amount_ore).items()
    ]
    payments.add_parts(uow.tx, [_taken_back(uow, move) for move in moves])
    text = "Banken har tilbakeført en innbetaling på {} kroner"
    lines = [_line(uow, one, "payment.reversed", text.format(kroner(one.amount_ore))) for one in moves]
    _settle(uow, deps, locked, _causes(moves), bank=bank, lines=lines)
    payments.check_bank_days(uow.tx, {(p.account, p.day) for _, p in told})


def on_unallocated(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Take money off cases again (payment.unallocated): it was never theirs, so it counts as never paid.

    Money that the bank took back and that was found out about late (``reversed``) was theirs until then.
    """
    told = [(event, cast(PaymentUnallocated, event.payload)) for event in events]
    lying = payments.cases_of_payments(uow.tx, [p.payment_id for _, p in told])
    locked = _lock(uow, {*_others(lying), *(p.case_id for _, p in told)})
    bank = _note(uow, [_credit(p.payment_id, p.account, p.day, p.bank_amount_ore or p.amount_ore) for _, p in told])
    moves = [
        _Move(event, p, locked[to], ore)
        for event, p in told
        for to, ore in _where_it_lies(lying, p.payment_id, p.case_id, p.amount_ore).items()
    ]
    payments.add_parts(uow.tx, [_taken_off(uow, move) for move in moves])
    lines = [_line(uow, one, "payment.moved", f"{_off(one.payload)}: {kroner(one.amount_ore)} kroner") for one in moves]
    _settle(uow, deps, locked, _causes(moves), bank=bank, lines=lines)
    payments.check_bank_days(uow.tx, {(p.account, p.day) for _, p in told})


@dataclass(frozen=True, slots=True)
class _Move:
    """What an event means for one of the cases it touches: most touch one, money on a plan's KID may touch several."""

    event: Event
    payload: PaymentMatched | PaymentReversed | PaymentUnallocated
    case: Case
    amount_ore: int

    def id_of(self, uow: Uow, kind: str) -> str:
        """Return the identity of what this makes in its case; in the event's own case that of the event."""
        if kind == "part" and self.event.envelope.aggregate == self.case.case_id:
            return self.event.envelope.event_id
        suffix = "" if self.event.envelope.aggregate == self.case.case_id else f":{self.case.case_id}"
        return uow.new_id(f"{kind}{suffix}", cause=self.event)


def _shares(uow: Uow, deps: Deps, locked: Mapping[str, Case], payload: PaymentMatched) -> dict[str, int]:
    """Say which case gets how much: money that came on a plan's own KID goes to the plan's claims."""
    if payload.claim_id is not None or payload.matched_by not in ("kid", "late_kid"):
        return {payload.case_id: payload.amount_ore}
    return plan_money.spread(
        uow,
        deps,
        locked,
        kid=payload.kid,
        case_id=payload.case_id,
        amount_ore=payload.amount_ore,
        paid_on=payload.paid_on,
    )


def _others(lying: Mapping[str, Mapping[str, int]]) -> set[str]:
    return {case_id for places in lying.values() for case_id in places}


def _where_it_lies(
    lying: Mapping[str, Mapping[str, int]], payment_id: str, case_id: str, amount_ore: int
) -> dict[str, int]:
    return plan_money.spread_back(lying.get(payment_id, {}), case_id=case_id, amount_ore=amount_ore)


def _causes(moves: Iterable[_Move]) -> dict[str, Event | None]:
    return {move.case.case_id: move.event for move in moves}


def _matched(uow: Uow, move: _Move) -> PaymentPart:
    p = cast(PaymentMatched, move.payload)
    return PaymentPart(
        part_id=move.id_of(uow, "part"),
        kind="matched",
        payment_id=p.payment_id,
        case_id=move.case.case_id,
        claim_id=p.claim_id,
        amount_ore=move.amount_ore,
        on_day=p.paid_on,
        kid=p.kid or None,
        matched_by=p.matched_by,
        recorded_at=move.case.last_recorded_at,
    )


def _taken_back(uow: Uow, move: _Move) -> PaymentPart:
    p = cast(PaymentReversed, move.payload)
    return PaymentPart(
        part_id=move.id_of(uow, "part"),
        kind="taken_back",
        payment_id=cast(str, p.payment_id),
        reversal_id=p.reversal_id,
        case_id=move.case.case_id,
        amount_ore=move.amount_ore,
        on_day=p.reversed_on,
        recorded_at=move.case.last_recorded_at,
    )


def _taken_off(uow: Uow, move: _Move) -> PaymentPart:
    p = cast(PaymentUnallocated, move.payload)
    by_bank = p.reason == "reversed"
    return PaymentPart(
        part_id=move.id_of(uow, "part"),
        kind="taken_back" if by_bank else "unallocated",
        payment_id=p.payment_id,
        reversal_id=move.event.envelope.event_id if by_bank else None,
        case_id=move.case.case_id,
        amount_ore=move.amount_ore,
        on_day=p.unallocated_on,
        recorded_at=move.case.last_recorded_at,
    )


def _off(payload: PaymentMatched | PaymentReversed | PaymentUnallocated) -> str:
    return _OFF[payload.reason] if isinstance(payload, PaymentUnallocated) else ""


def on_bank_day(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Note that the bank's day is complete (bank_day.completed); it is booked once our rows are its count and sum."""
    told = [cast(BankDayCompleted, event.payload) for event in events]
    rows = [
        {
            "account": p.account,
            "day": p.day,
            "count": p.count,
            "sum_ore": p.sum_ore,
            "completed_by": p.completed_by,
            "completed_at": uow.now,
        }
        for p in told
    ]
    payments.put_bank_days(uow.tx, rows)
    payments.check_bank_days(uow.tx, {(p.account, p.day) for p in told})


def book_discarded(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book the bank's part of payment events that were discarded: their money rests on suspense, the day adds up."""
    book_entries(uow, bank_entries(events))


def bank_entries(events: Iterable[Event]) -> list[BankEntry]:
    """Return what payment events say of the bank's own transactions; other events say nothing of them."""
    entries = []
    for event in events:
        payload = event.payload
        if isinstance(payload, PaymentMatched | PaymentUnmatched | PaymentUnallocated):
            whole = getattr(payload, "bank_amount_ore", None) or payload.amount_ore
            entries.append(_credit(payload.payment_id, payload.account, payload.day, whole))
        elif isinstance(payload, PaymentReversed):
            entries.append(
                BankEntry(
                    entry_id=payload.reversal_id,
                    account=payload.account,
                    day=payload.day,
                    amount_ore=-(payload.bank_amount_ore or payload.amount_ore),
                    payment_id=payload.payment_id,
                )
            )
    return entries


def book_entries(uow: Uow, entries: Sequence[BankEntry]) -> None:
    """Book bank transactions to suspense and look whether their days add up."""
    _book_bank(uow, entries)
    payments.check_bank_days(uow.tx, {(entry.account, entry.day) for entry in entries})


def settle_case(uow: Uow, deps: Deps, case: Case, cause: Event | None = None) -> None:
    """Bring one locked case up to date after a fact about it changed, and tell what follows."""
    locked, causes = {case.case_id: case}, {case.case_id: cause}
    books = load_books(uow.tx, locked)
    tell_what_changed(uow, deps, books, book_cases(uow, deps, books, causes), causes)
    after_money(uow, deps, locked)


def _settle(
    uow: Uow,
    deps: Deps,
    held: Mapping[str, Case],
    causes: Mapping[str, Event | None],
    *,
    bank: _Noted,
    lines: Sequence[TimelineEntry],
) -> None:
    """Bring held cases up to date and tell what follows; what is written, the bank's rows too, goes kind by kind."""
    books = load_books(uow.tx, held)
    booked = book_cases(uow, deps, books, causes, beside=bank.transfers)
    tell_what_changed(uow, deps, books, booked, causes, held=held, lines=lines)
    after_money(uow, deps, held)


def _lock(uow: Uow, case_ids: Iterable[str]) -> dict[str, Case]:
    wanted = set(case_ids)
    locked = cases.hold_cases(uow, wanted)
    if wanted - locked.keys():
        raise Park(UNKNOWN_CASE, "case_id: expected a case of this service")
    return locked


@dataclass(frozen=True, slots=True)
class _Noted:
    """The bank's own transfers, to be recorded; ``first_named``: no event before named any of these entries."""

    transfers: Sequence[Transfer]
    first_named: bool


def _book_bank(uow: Uow, entries: Sequence[BankEntry]) -> None:
    """Book bank entries that no event named before; raises Park when one was named with other facts."""
    ledger.add_transfers(uow.tx, _note(uow, entries).transfers)


def _note(uow: Uow, entries: Sequence[BankEntry]) -> _Noted:
    """Store bank entries that no event named before; the caller records their transfers.

    Raises Park when one was named with other facts.
    """
    told: dict[str, BankEntry] = {}
    for entry in entries:
        _check_same(told.setdefault(entry.entry_id, entry), entry)
    first_named = payments.add_entries(uow.tx, list(told.values())) == len(told)
    if not first_named:
        for known in payments.find_entries(uow.tx, told).values():
            _check_same(known, told[known.entry_id])
    # One that is recorded already stays as it is.
    return _Noted([row for entry in told.values() for row in _bank_rows(uow, entry)], first_named)


def _check_same(known: BankEntry, told: BankEntry) -> None:
    if (known.account, known.day, known.amount_ore) != (told.account, told.day, told.amount_ore):
        raise Park(AMOUNT_DIFFERS, "amount_ore: expected what the bank's row has, got another amount, account or day")


def _bank_rows(uow: Uow, entry: BankEntry) -> list[Transfer]:
    draft: Draft
    if entry.amount_ore > 0:
        draft = payment_in(payment_id=entry.entry_id, account=entry.account, amount_ore=entry.amount_ore, day=entry.day)
    else:
        draft = payment_taken_back(
            reversal_id=entry.entry_id,
            payment_id=entry.payment_id,
            account=entry.account,
            amount_ore=-entry.amount_ore,
            day=entry.day,
        )
    return record([draft], source_event=f"bank:{entry.entry_id}", recorded_at=uow.now)


def _credit(payment_id: str, account: str, day: date, amount_ore: int) -> BankEntry:
    return BankEntry(entry_id=payment_id, account=account, day=day, amount_ore=amount_ore, payment_id=payment_id)


def _by_payment(moves: Iterable[_Move]) -> dict[str, int]:
    placed: dict[str, int] = {}
    for move in moves:
        payment_id = cast(PaymentMatched, move.payload).payment_id
        placed[payment_id] = placed.get(payment_id, 0) + move.amount_ore
    return placed


def _check_allocated(paid: Mapping[str, int], placed: Mapping[str, int]) -> None:
    if any(placed[payment_id] > amount for payment_id, amount in paid.items()):
        raise Park(ABOVE_PAYMENT, "amount_ore: expected parts of at most the payment, got more in all")


def _line(uow: Uow, move: _Move, kind: str, summary: str) -> TimelineEntry:
    payload = move.payload
    return TimelineEntry(
        entry_id=move.id_of(uow, f"timeline:{kind}"),
        case_id=move.case.case_id,
        claim_id=payload.claim_id if isinstance(payload, PaymentMatched) else None,
        at=move.case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=SYSTEM,
        facts={"payment_id": payload.payment_id, "amount_ore": move.amount_ore, "day": payload.day.isoformat()},
    )
