"""Whose money: KID first, then what the message says, looked up for a whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from payments_ingest.deps import Deps
from payments_ingest.domain.lines import Line, Payment
from payments_ingest.domain.lookup import Wanted, known, wanted
from payments_ingest.domain.matching import Decision, Incoming, Reason, Suggestion, decide
from payments_ingest.domain.numbers import Candidate, Kind, find_numbers
from payments_ingest.formats import MANUAL
from payments_ingest.store import known as store
from payments_ingest.usecases.telling import MatchedBy

KID_SCORE = 90


class Match(NamedTuple):
    """What matching says of one payment. ``case_id`` None: it waits, for ``reason``, with these suggestions.

    ``candidates`` are the cases that must not be dunned meanwhile, ``wanted`` the numbers it names that nobody knows.
    """

    case_id: str | None = None
    claim_id: str | None = None
    by: MatchedBy = "kid"
    reason: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    candidates: tuple[str, ...] = ()
    split: tuple[tuple[str, int], ...] = ()
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Read:
    """A payment without a known KID, and the numbers its text holds."""

    payment: Line | Payment
    numbers: tuple[Candidate, ...]
    asked: Wanted
    names: frozenset[str]
    account: str | None


def match(tx: Connection, deps: Deps, payments: Sequence[Line | Payment]) -> dict[str, Match]:
    """Return what each payment (by its id) is: matched to a case, or waiting with suggestions."""
    kids = store.by_kid(tx, {p.kid for p in payments if p.kid})
    found: dict[str, Match] = {}
    unread: list[Line | Payment] = []
    for payment in payments:
        hit = kids.get(payment.kid or "")
        if hit is None:
            unread.append(payment)
        elif manual_reason(payment) is not None:
            suggestion = Suggestion(case_id=hit[0], score=KID_SCORE, reasons=(Reason.KID_IN_TEXT,))
            found[payment.payment_id] = Match(
                reason=manual_reason(payment), suggestions=(suggestion,), candidates=(hit[0],)
            )
        else:
            found[payment.payment_id] = Match(case_id=hit[0], claim_id=hit[1], by="kid")
    if unread:
        found.update(_by_text(tx, deps, unread))
    return found


def manual_reason(payment: Line | Payment) -> str | None:
    """Return the flag for which a person must look at a payment, whatever matching finds."""
    return next((flag for flag in payment.flags if flag in MANUAL), None)


def _by_text(tx: Connection, deps: Deps, payments: Sequence[Line | Payment]) -> dict[str, Match]:
    reads = [_read(deps, payment) for payment in payments]
    numbers = store.by_number(tx, set().union(*(read.asked.own_numbers for read in reads)))
    invoices = store.by_invoice(tx, set().union(*(read.asked.invoices for read in reads)))
    accounts = store.by_account(tx, {read.account for read in reads if read.account})
    incoming = {read.payment.payment_id: _incoming(tx, read, numbers, accounts) for read in reads}
    case_ids = {case_id for case_id, _ in numbers.values()}.union(
        *invoices.values(), *accounts.values(), *(one.by_name for one in incoming.values())
    )
    facts = store.case_facts(tx, case_ids)
    of_number = {number: case_id for number, (case_id, _) in numbers.items() if case_id in facts}
    of_invoice = {key: frozenset(c for c in cases if c in facts) for key, cases in invoices.items()}
    found = {}
    for read in reads:
        asked = known(read.asked, of_number, of_invoice, facts)
        decision = decide(incoming[read.payment.payment_id], read.numbers, asked)
        found[read.payment.payment_id] = _outcome(read, decision, numbers)
    return found


def _read(deps: Deps, payment: Line | Payment) -> _Read:
    parts = ([f"kid {payment.kid}"] if payment.kid else []) + [payment.message, *payment.references]
    numbers = find_numbers(" | ".join(part for part in parts if part), payment.amount_ore)
    return _Read(
        payment=payment,
        numbers=numbers,
        asked=wanted(numbers),
        names=deps.hasher.names(payment.payer_name),
        account=deps.hasher.account(payment.payer_account),
    )


def _incoming(
    tx: Connection,
    read: _Read,
    numbers: Mapping[str, tuple[str, str | None]],
    accounts: Mapping[str, frozenset[str]],
) -> Incoming:
    """A name is looked up only where no number names a case: it can add suggestions there, and decides nothing."""
    named = any(number in numbers for number in read.asked.numbers)
    return Incoming(
        amount_ore=read.payment.amount_ore,
        payer_names=read.names,
        by_account=accounts.get(read.account or "", frozenset()),
        by_name=frozenset() if named else store.by_name(tx, read.names),
        message=read.payment.message,
    )


def _outcome(read: _Read, decision: Decision, numbers: Mapping[str, tuple[str, str | None]]) -> Match:
    manual = manual_reason(read.payment)
    if decision.case_id is not None and manual is None:
        of_kid = len(decision.number) > 10 and decision.number in numbers
        return Match(
            case_id=decision.case_id,
            claim_id=numbers[decision.number][1] if of_kid else None,
            by="message" if of_kid or decision.number not in numbers else "case_number",
        )
    unknown = {c.number for c in read.numbers if c.kind in (Kind.CASE, Kind.KID) and c.number not in numbers}
    return Match(
        reason=manual or _why(read, decision),
        suggestions=decision.suggestions,
        candidates=decision.candidates,
        split=decision.split,
        wanted=frozenset(unknown | ({read.payment.kid} if read.payment.kid else set())),
    )


def _why(read: _Read, decision: Decision) -> str:
    if read.payment.kid:
        return "unknown_kid"
    return "doubtful" if decision.suggestions else "no_reference"
