"""Taking a claim in: its debtors, its case, its KID, its principal in the ledger, and the news of it.

Everything happens under the debtor's lock and in one transaction, or not at all. The same claim sent again is told the
same; another claim under a used reference is a conflict (decisions B1, B3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection

from claims_api.crypto import SealedField
from claims_api.deps import Deps
from claims_api.domain.claim_types import (
    ClaimType,
    DisputeBody,
    InterestBasis,
    claim_type,
    dispute_body_for,
    interest_from,
)
from claims_api.domain.intake import ClaimDraft, IntakeRules, Terms, check_claim, is_minor, needs_hearing, notice_fault
from claims_api.domain.limitation import last_day
from claims_api.domain.new_claim import Agreement, Creditor, NewClaim, NewNotice
from claims_api.store import cases, claims, creditors, debtors, holds
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.debtors import Debtor
from claims_api.store.sealed import CLAIM_TEXT
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.debtors import ensure_debtors
from claims_api.usecases.holds import SYSTEM, extend_to_claim, place_hold
from claims_api.usecases.opening import cover_from_overpaid, post_opening
from shared.errors import Conflict, Crash, FieldError, RetryLater
from shared.events.claims import ClaimRegistered
from shared.kid import KidKind
from shared.money import kroner
from shared.uow import Uow

DIGEST_DOMAIN = "claim-body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a unit is told about a claim it handed over; told again, to the letter, when it sends the same claim."""

    claim_id: str
    case_id: str
    case_number: str
    kid: str
    status: str
    balance_ore: int
    case_version: int
    prior_notice: str
    """``none``, ``accepted``, or why it is void: ``sent-before-due``, ``deadline-too-short``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intake:
    """One claim on its way in, with what was found for it."""

    new: NewClaim
    kind: ClaimType
    creditor: Creditor
    agreement: Agreement
    case: Case
    parties: Sequence[Debtor]
    actor: str


def check(tx: Connection, draft: ClaimDraft, unit: str | None, rules: IntakeRules) -> list[FieldError]:
    """Return what is wrong with a draft, its creditor's agreement included; ``unit`` None: none could be read."""
    if unit is None:
        return check_claim(draft, None, rules)
    agreement = creditors.agreement_on(tx, unit, rules.today)
    terms = Terms(
        known_unit=creditors.find_creditor(tx, unit) is not None,
        claim_types=agreement.claim_types if agreement else None,
    )
    return check_claim(draft, terms, rules)


def register_claim(uow: Uow, deps: Deps, new: NewClaim, *, canonical: str, actor: str) -> Registered:
    """Store a claim that passed ``check`` and publish it; ``canonical`` is its body in the one form.

    Raises Conflict when the unit has used the reference for another claim.
    """
    digest = deps.vault.index_of(canonical, domain=DIGEST_DOMAIN)
    known = claims.find_by_external_ref(uow.tx, new.unit, new.external_ref)
    if known is not None:
        return _told_before(uow.tx, known, digest)
    creditor = creditors.find_creditor(uow.tx, new.unit)
    agreement = creditors.agreement_on(uow.tx, new.unit, uow.today)
    if creditor is None or agreement is None:
        raise Crash("register: expected a claim that was checked against its creditor's agreement")
    parties = ensure_debtors(uow, deps, [new.debtor, *new.co_debtors])
    kind = claim_type(new.claim_type)
    intake = _Intake(
        new=_judged(new, deps),
        kind=kind,
        creditor=creditor,
        agreement=agreement,
        case=_join_or_open(uow, creditor, parties[0].debtor_ref, kind),
        parties=parties,
        actor=actor,
    )
    claim = _store(uow, deps, intake, digest)
    reasons = _hold_reasons(uow, claim, parties[0])
    stopped = reasons or any(hold.whole_case for hold in holds.holds_of_case(uow.tx, claim.case_id))
    _publish(uow, deps, intake, claim, ladder="hold" if stopped else "collect")
    extend_to_claim(uow, intake.case, claim.claim_id)
    for reason in reasons:
        place_hold(uow, intake.case, [claim.claim_id], reason=reason, until=None, placed_by=SYSTEM)
    told = _answer(uow, deps, claim, intake.case)
    cover_from_overpaid(uow, deps, intake.case)
    return told


def check_reference(tx: Connection, deps: Deps, unit: str, external_ref: str, canonical: str) -> None:
    """Raise Conflict when the unit has handed over another claim under this reference."""
    known = claims.find_by_external_ref(tx, unit, external_ref)
    if known is not None:
        _same_body(known, deps.vault.index_of(canonical, domain=DIGEST_DOMAIN))


def _same_body(known: Claim, digest: str) -> None:
    if known.body_digest != digest:
        raise Conflict(
            "external-ref-used",
            "external_ref: expected one that was not used before, got that of another claim",
            errors=[FieldError("external_ref", "used", "the unit has handed over another claim under it")],
        )


def _told_before(tx: Connection, known: Claim, digest: str) -> Registered:
    _same_body(known, digest)
    case = cases.find_case(tx, known.case_id)
    if case is None:
        raise Crash("register: a claim without its case")
    return _registered(known, case, known.first_answer)


def _judged(new: NewClaim, deps: Deps) -> NewClaim:
    """Say of the unit's own inkassovarsel whether it counts; one that is void carries no fee either."""
    notice = new.prior_notice
    if notice is None:
        return new
    fault = notice_fault(new.due_date, notice.sent_on, notice.deadline, rates=deps.rules.rates)
    return replace(new, prior_notice=replace(notice, fault=fault, fee_ore=0 if fault else notice.fee_ore))


def _join_or_open(uow: Uow, creditor: Creditor, debtor_ref: str, kind: ClaimType) -> Case:
    joined = cases.joinable_case(uow.tx, debtor_ref, creditor.unit, kind.merge_group.value)
    locked = cases.lock_case(uow, joined) if joined else None
    if locked is not None and locked.state == "open":
        return locked
    case = cases.open_case(
        uow,
        unit=creditor.unit,
        legal_person=creditor.legal_person,
        debtor_ref=debtor_ref,
        merge_group=kind.merge_group.value,
    )
    summary = f"Sak {case.case_number} er opprettet for {creditor.name}"
    _tell(uow, case, "case.opened", summary, SYSTEM, {"case_number": case.case_number})
    return case


def _store(uow: Uow, deps: Deps, intake: _Intake, digest: str) -> Claim:
    """Write the claim, its KID and its opening postings."""
    claim = _claim(uow, deps, intake, digest)
    if not claims.insert_claim(uow.tx, claim, [who.debtor_ref for who in intake.parties]):
        raise RetryLater("external_ref: another call with it was stored first; this one again is answered as that")
    cases.keep_kid(uow, claim.kid, KidKind.CLAIM, claim.case_id, claim_id=claim.claim_id)
    post_opening(uow, deps, intake.case, claim, _charged(intake.new))
    summary = f"Krav på {kroner(claim.principal_ore)} kroner er mottatt fra {intake.creditor.name}"
    facts = {"claim_id": claim.claim_id, "principal_ore": claim.principal_ore, "due_date": claim.due_date.isoformat()}
    _tell(uow, intake.case, "claim.registered", summary, intake.actor, facts, claim_id=claim.claim_id)
    return claim


def _charged(new: NewClaim) -> list[NewNotice]:
    """Return the letters of the unit whose fees come on top of the principal, oldest first."""
    letters = [*new.earlier_reminders, *([new.prior_notice] if new.prior_notice else [])]
    return sorted((letter for letter in letters if letter.fee_ore), key=lambda letter: letter.sent_on)


def _claim(uow: Uow, deps: Deps, intake: _Intake, digest: str) -> Claim:
    new, notice, claim_id = intake.new, intake.new.prior_notice, uow.new_id("claim")
    barred = last_day(new.due_date, new.limitation_date, rates=deps.rules.rates).value
    override = intake.agreement.overrides.get(new.claim_type, {})
    sealed = _sealed_text(deps, intake, claim_id)
    return Claim(
        claim_id=claim_id,
        case_id=intake.case.case_id,
        unit=new.unit,
        debtor_ref=intake.parties[0].debtor_ref,
        external_ref=new.external_ref,
        body_digest=digest,
        claim_type=new.claim_type,
        kid=cases.next_kid(uow, intake.case, KidKind.CLAIM),
        status="hearing" if needs_hearing(barred, uow.today) else "accepted",
        principal_ore=new.principal_ore,
        original_principal_ore=new.original_principal_ore,
        invoice_number=new.invoice_number,
        invoice_date=new.invoice_date,
        due_date=new.due_date,
        description=None if sealed else new.description,
        service_from=None if sealed else new.service_from,
        service_to=None if sealed else new.service_to,
        sealed=sealed.data if sealed else None,
        sealed_key=sealed.key_id if sealed else None,
        notice_sent_on=notice.sent_on if notice else None,
        notice_deadline=notice.deadline if notice else None,
        notice_fee_ore=notice.fee_ore if notice else 0,
        notice_void=notice.fault if notice else None,
        earlier_reminders=[_as_json(letter) for letter in new.earlier_reminders],
        legal_basis=dict(new.legal_basis) if new.legal_basis else None,
        premises=new.premises,
        limitation_date=new.limitation_date,
        documents=[*new.attachments, *([notice.document_id] if notice and notice.document_id else [])],
        interest_from=_interest_from(deps, intake, override),
        dispute_body=dispute_body_for(
            intake.kind,
            premises=new.premises,
            override=DisputeBody(override["dispute_body"]) if "dispute_body" in override else None,
        ).value,
        fee_regime=intake.agreement.fee_regime,
        minor=is_minor(intake.parties[0].birth_date, new.service_from or new.invoice_date),
        last_day=barred,
        principal_left_ore=new.principal_ore,
        interest_left_ore=0,
        fees_left_ore=sum(letter.fee_ore for letter in _charged(new)),
        costs_left_ore=0,
        registered_on=uow.today,
        registered_at=intake.case.last_recorded_at,
        registered_by=intake.actor,
        first_answer={},
        ended_on=None,
        end_reason=None,
    )


def _interest_from(deps: Deps, intake: _Intake, override: Mapping[str, Any]) -> date | None:
    agreed = InterestBasis(override["interest_from"]) if "interest_from" in override else None
    new = intake.new
    return interest_from(
        intake.kind, due_date=new.due_date, invoice_date=new.invoice_date, rates=deps.rules.rates, basis=agreed
    )


def _sealed_text(deps: Deps, intake: _Intake, claim_id: str) -> SealedField | None:
    """Seal what must not be read in the database: what was delivered and when, for health and social services."""
    new = intake.new
    if not intake.kind.sensitive or (new.description, new.service_from, new.service_to) == (None, None, None):
        return None
    days = [day.isoformat() if day else None for day in (new.service_from, new.service_to)]
    text = json.dumps({"description": new.description, "service_from": days[0], "service_to": days[1]})
    return deps.vault.seal_field(text, place=CLAIM_TEXT.place(claim_id))


def _as_json(letter: NewNotice) -> dict[str, Any]:
    return {
        "sent_on": letter.sent_on.isoformat(),
        "deadline": letter.deadline.isoformat(),
        "fee_ore": letter.fee_ore,
    }


def _hold_reasons(uow: Uow, claim: Claim, debtor: Debtor) -> list[str]:
    """Return why a person must look before anything is sent: little time left, a minor alone, a bankrupt estate."""
    reasons = ["limitation_hearing"] if claim.status == "hearing" else []
    acting = debtors.representative_of(uow.tx, debtor.debtor_ref)
    kind = acting["kind"] if acting is not None else None
    if is_minor(debtor.birth_date, uow.today) and kind != "guardian":
        reasons.append("guardian_missing")
    if kind == "bankruptcy_estate":
        reasons.append("bankruptcy")
    return reasons


def _publish(uow: Uow, deps: Deps, intake: _Intake, claim: Claim, *, ladder: Literal["collect", "hold"]) -> None:
    counts = claim.notice_sent_on is not None and claim.notice_deadline is not None and claim.notice_void is None
    notice = {"sent_on": claim.notice_sent_on, "deadline": claim.notice_deadline}
    payload = ClaimRegistered.model_validate(
        {
            "case_id": claim.case_id,
            "case_number": intake.case.case_number,
            "case_kid": intake.case.kid,
            "claim_id": claim.claim_id,
            "claim_kid": claim.kid,
            "creditor_unit": claim.unit,
            "legal_person": intake.creditor.legal_person,
            "account": deps.settings.payee_account,
            "claim_type": claim.claim_type,
            "principal_ore": claim.principal_ore,
            "invoice_number": claim.invoice_number,
            "due_date": claim.due_date,
            "registered_on": claim.registered_on,
            "prior_notice": notice if counts else None,
            "debtor_refs": [who.debtor_ref for who in intake.parties],
            "dispute_body": claim.dispute_body,
            "ladder": ladder,
        }
    )
    uow.emit(payload, key=claim.case_id)


def _answer(uow: Uow, deps: Deps, claim: Claim, case: Case) -> Registered:
    owed = claim_balances(uow.tx, deps, [claim.claim_id], as_of=uow.today, known_at=None)[claim.claim_id]
    told = {"status": claim.status, "balance_ore": owed.total_ore, "case_version": case.version}
    claims.set_first_answer(uow.tx, claim.claim_id, told)
    return _registered(claim, case, told)


def _registered(claim: Claim, case: Case, told: Mapping[str, Any]) -> Registered:
    return Registered(
        claim_id=claim.claim_id,
        case_id=claim.case_id,
        case_number=case.case_number,
        kid=claim.kid,
        status=told["status"],
        balance_ore=told["balance_ore"],
        case_version=told["case_version"],
        prior_notice="none" if claim.notice_sent_on is None else claim.notice_void or "accepted",
    )


def _tell(
    uow: Uow, case: Case, kind: str, summary: str, actor: str, facts: Mapping[str, Any], claim_id: str | None = None
) -> None:
    entry = TimelineEntry(
        entry_id=uow.new_id("timeline"),
        case_id=case.case_id,
        claim_id=claim_id,
        at=case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=actor,
        facts=facts,
    )
    cases.add_timeline(uow.tx, [entry])
