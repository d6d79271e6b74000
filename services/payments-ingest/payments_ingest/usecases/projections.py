"""What claims-api tells of cases, claims and debtors, kept for matching; waiting payments are tried again at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from payments_ingest.deps import Deps
from payments_ingest.domain.lines import WAITING, LineKind, Payment
from payments_ingest.domain.numbers import fold_reference
from payments_ingest.store import days, known, parties, payments, queue
from payments_ingest.usecases.matching import Match, manual_reason, match
from payments_ingest.usecases.posting import columns_of, post, queue_up
from payments_ingest.usecases.telling import tell_unmatched
from shared.events import Event, Payload
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    DemandIssued,
    PartyState,
)
from shared.events.legal import PetitionFrozen
from shared.events.requests import PlanAgreed, PlanChanged
from shared.inbox import StateRecord
from shared.uow import Uow

P = TypeVar("P", bound=Payload)


def _payloads(events: Sequence[Event], kind: type[P]) -> list[tuple[Event, P]]:
    return [(event, event.payload) for event in events if isinstance(event.payload, kind)]


def register(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Learn new claims with their numbers, and match the payments that waited for one of them (decisions A7)."""
    claims = _payloads(events, ClaimRegistered)
    known.put_cases(
        uow.tx,
        [
            {
                "case_id": c.case_id,
                "case_number": c.case_number,
                "creditor_unit": c.creditor_unit,
                "account": c.account,
                "opened_on": c.registered_on,
            }
            for _, c in claims
        ],
    )
    known.put_claims(
        uow.tx,
        [
            {
                "claim_id": c.claim_id,
                "case_id": c.case_id,
                "invoice_key": fold_reference(c.invoice_number),
                "principal_ore": c.principal_ore,
                "principal_left_ore": c.principal_ore,
                "total_left_ore": c.principal_ore,
                "is_open": True,
            }
            for _, c in claims
        ],
    )
    kids = [{"kid": c.case_kid, "case_id": c.case_id, "claim_id": None} for _, c in claims]
    kids += [{"kid": c.claim_kid, "case_id": c.case_id, "claim_id": c.claim_id} for _, c in claims]
    known.put_kids(uow.tx, kids)
    known.put_debtors(uow.tx, [{"case_id": c.case_id, "debtor_ref": ref} for _, c in claims for ref in c.debtor_refs])
    for account in sorted({c.account for _, c in claims}):
        days.put_account(uow.tx, account, uow.today)
    sources = {n: event for event, c in claims for n in (c.case_number, c.case_kid, c.claim_kid)}
    try_again(uow, deps, sources)


def note_demands(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Learn what demands ask for, and the KID they print."""
    demands = [(event, d) for event, d in _payloads(events, DemandIssued)]
    exist = known.cases_exist(uow.tx, {d.case_id for _, d in demands})
    demands = [(event, d) for event, d in demands if d.case_id in exist]
    known.put_amounts(
        uow.tx, [{"case_id": d.case_id, "source_id": d.demand_id, "amount_ore": d.total_ore} for _, d in demands]
    )
    known.put_kids(uow.tx, [{"kid": d.kid, "case_id": d.case_id, "claim_id": None} for _, d in demands])
    try_again(uow, deps, {d.kid: event for event, d in demands})


def note_plans(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Learn a payment plan's KID, which stands for its lead case, and what each instalment is."""
    plans = [
        (event, event.payload)
        for event in events
        if isinstance(event.payload, PlanAgreed | PlanChanged) and event.payload.case_id == event.payload.lead_case_id
    ]
    exist = known.cases_exist(uow.tx, {plan.case_id for _, plan in plans})
    plans = [(event, plan) for event, plan in plans if plan.case_id in exist]
    known.put_amounts(
        uow.tx,
        [
            {"case_id": p.case_id, "source_id": f"{p.plan_id}:{one.number}", "amount_ore": one.amount_ore}
            for _, p in plans
            for one in p.instalments
        ],
    )
    agreed = [(event, plan) for event, plan in plans if isinstance(plan, PlanAgreed)]
    known.put_kids(uow.tx, [{"kid": p.kid, "case_id": p.case_id, "claim_id": None} for _, p in agreed])
    try_again(uow, deps, {plan.kid: event for event, plan in agreed})


def note_petitions(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Learn the KID that a court or the enforcement authority pays on; it stands for the petition's lead case."""
    frozen = [(event, p) for event, p in _payloads(events, PetitionFrozen)]
    exist = known.cases_exist(uow.tx, {p.case_id for _, p in frozen})
    frozen = [(event, p) for event, p in frozen if p.case_id in exist]
    known.put_kids(uow.tx, [{"kid": p.kid, "case_id": p.case_id, "claim_id": None} for _, p in frozen])
    try_again(uow, deps, {p.kid: event for event, p in frozen})


def note_claims(uow: Uow, events: Sequence[Event]) -> None:
    """Learn what is left of claims, and which are owed: money for an ended one needs its KID, or goes to a person."""
    learned: dict[str, dict[str, Any]] = {}
    for event in events:
        told = event.payload
        if isinstance(told, ClaimBalanceChanged):
            left = {"principal_left_ore": told.principal_left_ore, "total_left_ore": told.total_left_ore}
            learned.setdefault(told.claim_id, {}).update(left)
        elif isinstance(told, ClaimEnded | ClaimReopened):
            learned.setdefault(told.claim_id, {})["is_open"] = isinstance(told, ClaimReopened)
    known.change_claims(uow.tx, learned)


def try_again(uow: Uow, deps: Deps, sources: Mapping[str, Event]) -> int:
    """Match the payments that waited for one of these numbers; returns how many found their case.

    ``sources`` maps each number that appeared to the event that brought it.
    """
    waiting = payments.waiting_for(uow.tx, set(sources))
    found = [
        payment
        for payment in payments.find_payments(uow.tx, waiting, lock=True)
        if payment.state in WAITING and payment.booked and payment.kind == LineKind.CREDIT
    ]
    if not found:
        return 0
    matches = match(uow.tx, deps, found)
    causes = {p.payment_id: sources[min(waiting[p.payment_id])] for p in found}
    payments.update_payments(uow.tx, [_columns(p, matches[p.payment_id]) for p in found])
    queue.drop_suggestions(uow.tx, [p.payment_id for p in found])
    payments.stop_waiting(uow.tx, [p.payment_id for p in found])
    matched = [p for p in found if matches[p.payment_id].case_id is not None]
    on_kid = [p for p in matched if matches[p.payment_id].by == "kid"]
    post(uow, deps, on_kid, matches, by="late_kid", cause=causes)
    post(uow, deps, [p for p in matched if matches[p.payment_id].by != "kid"], matches, cause=causes)
    still = [p for p in found if matches[p.payment_id].case_id is None]
    queue_up(uow, still, matches)
    for payment in still:
        new = matches[payment.payment_id]
        reason = manual_reason(payment) or new.reason or ""
        tell_unmatched(uow, payment, reason=reason, candidates=new.candidates, cause=causes[payment.payment_id])
    return len(matched)


def _columns(payment: Payment, new: Match) -> dict[str, object]:
    columns = {f"new_{name}": value for name, value in columns_of(new).items()}
    return {"of_payment": payment.payment_id, "new_version": payment.version + 1, **columns}


def take_parties(uow: Uow, deps: Deps, records: Sequence[StateRecord]) -> None:
    """Keep the hashed name of each debtor's newest state; a tombstone erases, and blanks payer data (decisions A5)."""
    seen = parties.versions(uow.tx, {record.key for record in records})
    for record in records:
        if record.version <= seen.get(record.key, 0) and record.payload is not None:
            continue
        if record.payload is None:
            cases = known.cases_of_debtor(uow.tx, record.key)
            if record.key in seen or cases:  # else the tombstone of a letter's text, which was never ours
                parties.put_party(uow.tx, record.key, max(record.version, seen.get(record.key, 0)), (), erased=True)
                parties.blank_payer_data(uow.tx, cases)
        elif isinstance(record.payload, PartyState):
            names = deps.hasher.names(record.payload.name)
            parties.put_party(uow.tx, record.key, record.version, names, erased=False)
