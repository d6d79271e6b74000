"""A caseworker approved a legal step: what is owed is frozen for its petition, or the step falls away again.

Under the locks of all the cases of the petition. What is frozen is what the body gets: interest is posted to the day,
principal and additions apart, what was paid, the letters it rests on, and a KID for what the body brings in. From then
on the claims are at a legal step and their cases take no new ones (decisions A1, A6, B1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.claim_types import enforcement_basis
from claims_api.domain.court_fees import CourtStep, court_fee
from claims_api.domain.ledger import RECEIVABLES, EntryKind
from claims_api.domain.petition import UTLEGG, judge_petition
from claims_api.store import cases, claims, petitions
from claims_api.store.cases import Case, KidUse, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.petitions import Petition
from claims_api.usecases.casebook import CaseBook, book_cases, load_books
from claims_api.usecases.consequences import SYSTEM, tell_what_changed
from claims_api.usecases.demands import statement_line
from claims_api.usecases.judging import Looked, Sight, look, sight
from claims_api.usecases.letter_facts import creditor_facts, legal_person, payee, recipients
from shared.errors import Park
from shared.events import Event
from shared.events.escalation import LegalStepApproved, PetitionPart
from shared.events.legal import PetitionClaim, PetitionDeclined, PetitionFrozen, PetitionLetter, PetitionPayment
from shared.kid import KidKind
from shared.law import RatesMissing
from shared.money import kroner
from shared.uow import Uow

LEGAL = "legal"
CHANGED = "petition_changed"
"""Why a legal step falls away with another of its petition: what was frozen says more than what is left of it."""

BODIES = {
    "namsmann": "namsmannen",
    "forliksraad": "forliksrådet",
    "husleietvistutvalg": "Husleietvistutvalget",
}
_MONEY_IN = (EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED, EntryKind.SET_OFF, EntryKind.RELEASED)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A petition that was asked for: its event, and its legal steps, the lead case's first."""

    event: Event
    step: LegalStepApproved
    parts: Sequence[PetitionPart]


def on_approved(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Freeze the petitions of approved legal steps (legal_step.approved): petition.frozen or petition.declined.

    Raises Park for an unknown case. A step that was frozen or declined already is left alone.
    """
    asked = [_asked(event) for event in events]
    asked = [one for one in asked if one.step.lead_case_id in (None, one.step.case_id)]
    known = petitions.find_petitions(uow.tx, [one.parts[0].legal_step_id for one in asked])
    asked = [one for one in asked if one.parts[0].legal_step_id not in known]
    locked = _lock(uow, {part.case_id for one in asked for part in one.parts})
    if not asked:
        return
    looked = look(uow, deps, load_books(uow.tx, locked))
    for one in asked:
        seen = {p.legal_step_id: sight(uow, deps, looked, p.case_id, p.claim_ids, uow.today) for p in one.parts}
        refused = _refused(deps, one, seen)
        going = [part for part in one.parts if part.legal_step_id not in refused]
        for part in one.parts:
            if part.legal_step_id in refused:
                _decline(uow, one, part, refused[part.legal_step_id], locked[part.case_id])
        if going:
            _freeze(uow, deps, looked, one, {part.legal_step_id: seen[part.legal_step_id] for part in going})


def fall_with(uow: Uow, cause: Event, gone: Petition) -> list[Petition]:
    """Let the other approved steps of a petition fall away with one of them; returns them, their cases locked."""
    others = petitions.approved_with(uow.tx, gone.petition_id, besides=gone.legal_step_id)
    locked = _lock(uow, {one.case_id for one in others})
    for one in others:
        petitions.change_petition(uow.tx, one.legal_step_id, state=petitions.DECLINED, reason=CHANGED)
        _tell_declined(uow, cause, one.legal_step_id, one.claim_ids, CHANGED, locked[one.case_id])
    return others


def _asked(event: Event) -> _Asked:
    step = cast(LegalStepApproved, event.payload)
    alone = PetitionPart(legal_step_id=step.legal_step_id, case_id=step.case_id, claim_ids=step.claim_ids)
    return _Asked(event, step, step.parts or [alone])


def _lock(uow: Uow, case_ids: set[str]) -> dict[str, Case]:
    locked = cases.lock_cases(uow, case_ids)
    if case_ids - locked.keys():
        raise Park("unknown_case", "case_id: expected a case of this service")
    return locked


def _refused(deps: Deps, one: _Asked, seen: Mapping[str, Sight]) -> dict[str, str]:
    """Return why steps may not go; without its lead case there is no petition."""
    found: dict[str, str] = {}
    for part in one.parts:
        sees = seen[part.legal_step_id]
        identified = sees.debtor.id_sealed is not None or sees.debtor.org_number is not None
        checks = list(sees.checks.values()) if set(part.claim_ids) <= sees.checks.keys() else []
        refusal = judge_petition(one.step.kind, checks, sees.case, identified=identified, rules=deps.rules)
        if refusal is not None:
            found[part.legal_step_id] = refusal.value
    if one.parts[0].legal_step_id in found:
        return {part.legal_step_id: found.get(part.legal_step_id, CHANGED) for part in one.parts}
    return found


def _decline(uow: Uow, one: _Asked, part: PetitionPart, reason: str, case: Case) -> None:
    petitions.add_petitions(uow.tx, [_row(uow, one, part, petitions.DECLINED, reason=reason)])
    _tell_declined(uow, one.event, part.legal_step_id, part.claim_ids, reason, case)


def _tell_declined(
    uow: Uow, cause: Event, legal_step_id: str, claim_ids: Sequence[str], reason: str, case: Case
) -> None:
    payload = PetitionDeclined(
        legal_step_id=legal_step_id, case_id=case.case_id, claim_ids=list(claim_ids), reason=reason
    )
    uow.emit(payload, key=case.case_id, cause=cause)
    summary = "Saken kan likevel ikke sendes til rettsorganet nå"
    _tell(uow, cause, case, "petition.declined", summary, {"reason": reason})


def _freeze(uow: Uow, deps: Deps, looked: Looked, one: _Asked, going: Mapping[str, Sight]) -> None:
    """Post interest to the day, store and publish the statement, and put claims and cases at the legal step."""
    lead = going[one.parts[0].legal_step_id].book.case
    kid = cases.next_kid(uow, lead, KidKind.ENFORCEMENT)
    cases.keep_kids(uow, [KidUse(kid=kid, kind=KidKind.ENFORCEMENT, case_id=lead.case_id)])
    payload = _payload(uow, deps, looked, one, going, kid)
    frozen = payload.model_dump(mode="json")
    parts = [part for part in one.parts if part.legal_step_id in going]
    rows = [
        _row(uow, one, part, petitions.APPROVED, kid=kid, frozen=frozen if part is one.parts[0] else None)
        for part in parts
    ]
    petitions.add_petitions(uow.tx, rows)
    books = {sees.book.case.case_id: sees.book for sees in going.values()}
    post_interest(uow, deps, books, one.event, [name for part in parts for name in part.claim_ids])
    uow.emit(payload, key=lead.case_id, cause=one.event)
    for part in parts:
        case = books[part.case_id].case
        claims.set_status(uow.tx, part.claim_ids, LEGAL)
        cases.set_state(uow.tx, case.case_id, LEGAL)
        owed = sum(claim.total_ore for claim in payload.claims if claim.case_id == case.case_id)
        summary = f"Godkjent for {BODIES[one.step.body]}; {kroner(owed)} kroner er fastlåst i begjæringen"
        _tell(uow, one.event, case, "petition.frozen", summary, {"petition_id": payload.petition_id})


def post_interest(uow: Uow, deps: Deps, books: Mapping[str, CaseBook], cause: Event, claim_ids: Sequence[str]) -> None:
    """Post the interest of these claims of locked cases up to today (decisions A6: when a legal step is filed)."""
    causes: dict[str, Event | None] = dict.fromkeys(books, cause)
    booked = book_cases(uow, deps, books, causes, interest_to={name: [uow.today] for name in claim_ids})
    tell_what_changed(uow, deps, books, booked, causes)


def _row(uow: Uow, one: _Asked, part: PetitionPart, state: str, **more: object) -> Petition:
    values: dict[str, object] = {
        "legal_step_id": part.legal_step_id,
        "petition_id": one.parts[0].legal_step_id,
        "case_id": part.case_id,
        "claim_ids": list(part.claim_ids),
        "kind": one.step.kind,
        "body": one.step.body,
        "state": state,
        "approved_on": one.step.approved_on,
    }
    blank = dict.fromkeys(Petition.__slots__)
    return Petition(**{**blank, **values, **more})  # type: ignore[arg-type]  # every column by its name


def _payload(uow: Uow, deps: Deps, looked: Looked, one: _Asked, going: Mapping[str, Sight], kid: str) -> PetitionFrozen:
    lead = going[one.parts[0].legal_step_id].book.case
    shown = [
        _claim(uow, deps, sees, name, part.legal_step_id, looked.judged.get(name))
        for part in one.parts
        if (sees := going.get(part.legal_step_id)) is not None
        for name in sorted(sees.checks, key=lambda name: (sees.checks[name].due_date, name))
    ]
    owed = [sees.owed[name] for sees in going.values() for name in sees.owed]
    liable = dict.fromkeys(ref for sees in going.values() for refs in sees.liable.values() for ref in refs)
    petition_id = one.parts[0].legal_step_id
    return PetitionFrozen(
        petition_id=petition_id,
        case_id=lead.case_id,
        case_number=lead.case_number,
        case_ids=[sees.book.case.case_id for sees in going.values()],
        legal_step_ids=list(going),
        kind=one.step.kind,
        body=one.step.body,
        legal_person=legal_person(uow.tx, lead.unit),
        frozen_on=uow.today,
        kid=kid,
        claims=shown,
        total_ore=sum(claim.total_ore for claim in shown),
        provisional_rates=any(balance.interest.provisional for balance in owed),
        expected_court_fee_ore=_court_fee(uow, deps, one.step),
        payee=payee(deps.settings),
        parties=recipients(petition_id, liable, looked.debtors),
    )


def _claim(uow: Uow, deps: Deps, seen: Sight, claim_id: str, legal_step_id: str, judged: date | None) -> PetitionClaim:
    book, claim = seen.book, seen.book.claim(claim_id)
    line = statement_line(deps, claim, seen.owed[claim_id], uow.today)
    return PetitionClaim(
        **line.model_dump(),
        legal_step_id=legal_step_id,
        case_id=book.case.case_id,
        case_number=book.case.case_number,
        kid=claim.kid,
        unit=creditor_facts(uow.tx, book.case.unit),
        original_principal_ore=claim.original_principal_ore,
        enforcement_basis=enforcement_basis(claim.claim_type, judged),
        enforcement_basis_on=judged or _decided_on(claim),
        limitation_day=claim.last_day,
        payments=_payments(book, claim),
        letters=_letters(book, claim),
    )


def _decided_on(claim: Claim) -> date | None:
    """Return the day of the decision a claim rests on, None for one that rests on an invoice."""
    return date.fromisoformat(claim.legal_basis["date"]) if claim.legal_basis else None


def _payments(book: CaseBook, claim: Claim) -> list[PetitionPayment]:
    by_day: dict[object, int] = {}
    for row in book.entries:
        if row.claim_id == claim.claim_id and row.kind in _MONEY_IN:
            less = -sum(row.effect(account) for account in RECEIVABLES)
            by_day[row.value_date] = by_day.get(row.value_date, 0) + less
    found = [{"paid_on": day, "amount_ore": amount} for day, amount in by_day.items() if amount > 0]
    return [PetitionPayment.model_validate(one) for one in sorted(found, key=lambda one: str(one["paid_on"]))]


def _letters(book: CaseBook, claim: Claim) -> list[PetitionLetter]:
    found = [
        PetitionLetter(demand_id=one.demand_id, kind=one.kind, sent_on=one.sent_on, deadline=one.deadline)
        for one in book.demands
        if one.stands and one.sent_on is not None and claim.claim_id in one.owed
    ]
    if claim.notice_sent_on is not None and claim.notice_deadline is not None and claim.notice_void is None:
        by_unit = PetitionLetter(
            kind="inkassovarsel",
            sent_on=claim.notice_sent_on,
            deadline=claim.notice_deadline,
            document_id=claim.notice_document_id,
        )
        found.insert(0, by_unit)
    return found


def _court_fee(uow: Uow, deps: Deps, step: LegalStepApproved) -> int | None:
    """Return what the body will ask of the creditor in advance, None when no rate says."""
    if step.kind != UTLEGG and step.body != "forliksraad":
        return None
    try:
        which = CourtStep.ATTACHMENT if step.kind == UTLEGG else CourtStep.COMPLAINT
        return court_fee(which, uow.today, rates=deps.rules.rates).value
    except RatesMissing:
        return None


def _tell(uow: Uow, cause: Event, case: Case, kind: str, summary: str, facts: Mapping[str, str]) -> None:
    entry = TimelineEntry(
        entry_id=uow.new_id(f"timeline:{kind}:{case.case_id}", cause=cause),
        case_id=case.case_id,
        at=case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=SYSTEM,
        facts=facts,
    )
    cases.add_timeline(uow.tx, [entry])
