"""A new claim as it is stored: what was handed over, and what the rules make of it on its first day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from claims_api.crypto import SealedField
from claims_api.deps import Deps
from claims_api.domain.accrual import InterestTerms, claim_balance
from claims_api.domain.claim_types import ClaimType, DisputeBody, InterestBasis, dispute_body_for, interest_from
from claims_api.domain.intake import is_minor, needs_hearing, notice_fault
from claims_api.domain.ledger import Transfer
from claims_api.domain.limitation import last_day
from claims_api.domain.new_claim import Agreement, Creditor, NewClaim, NewNotice, NewRepresentative
from claims_api.store.claims import Claim
from claims_api.store.debtors import Debtor
from claims_api.store.sealed import CLAIM_TEXT
from claims_api.usecases.case_places import Place
from claims_api.usecases.opening import opening_transfers
from shared.uow import Uow
from shared.values import value


@value
class Intake:
    """One claim on its way in, with what was found for it."""

    new: NewClaim
    kind: ClaimType
    creditor: Creditor
    agreement: Agreement
    parties: Sequence[Debtor]
    acting: NewRepresentative | None
    place: Place
    digest: str
    actor: str


@value
class NewRow:
    """A claim ready to be stored, its opening postings, and what it came from."""

    claim: Claim
    postings: Sequence[Transfer]
    intake: Intake


def judged(new: NewClaim, deps: Deps) -> NewClaim:
    """Say of the unit's own inkassovarsel whether it counts; one that is void carries no fee either."""
    notice = new.prior_notice
    if notice is None:
        return new
    fault = notice_fault(new.due_date, notice.sent_on, notice.deadline, rates=deps.rules.rates)
    return replace(new, prior_notice=replace(notice, fault=fault, fee_ore=0 if fault else notice.fee_ore))


def new_row(uow: Uow, deps: Deps, intake: Intake) -> NewRow:
    """Return the row of a claim and its opening postings, and in it what the unit is told."""
    claim_id, new, case = uow.new_id("claim"), intake.new, intake.place.case
    letters, starts = _charged(new), _interest_from(deps, intake)
    postings = opening_transfers(case, claim_id, new.principal_ore, new.due_date, letters)
    counting = [row for row in postings if row.value_date <= uow.today]
    owed = claim_balance(counting, claim_id, InterestTerms(start=starts), uow.today, rules=deps.rules).balance
    barred = last_day(new.due_date, new.limitation_date, rates=deps.rules.rates).value
    status = "hearing" if needs_hearing(barred, uow.today, rule=deps.limitation) else "accepted"
    claim = _claim(
        uow,
        deps,
        intake,
        claim_id,
        status=status,
        fees_ore=sum(letter.fee_ore for letter in letters),
        interest_from=starts,
        last_day=barred,
        first_answer={"status": status, "balance_ore": owed.total_ore, "case_version": case.version},
    )
    return NewRow(claim=claim, postings=postings, intake=intake)


def _charged(new: NewClaim) -> list[NewNotice]:
    """Return the letters of the unit whose fees come on top of the principal, oldest first."""
    letters = [*new.earlier_reminders, *([new.prior_notice] if new.prior_notice else [])]
    return sorted((letter for letter in letters if letter.fee_ore), key=lambda letter: letter.sent_on)


def _prior_notice(notice: NewNotice | None) -> dict[str, Any]:
    return {
        "notice_sent_on": notice.sent_on if notice else None,
        "notice_deadline": notice.deadline if notice else None,
        "notice_fee_ore": notice.fee_ore if notice else 0,
        "notice_void": notice.fault if notice else None,
        "notice_document_id": notice.document_id if notice else None,
    }


def _dispute_body(intake: Intake) -> str:
    agreed = intake.agreement.overrides.get(intake.new.claim_type, {}).get("dispute_body")
    override = DisputeBody(agreed) if agreed else None
    return dispute_body_for(intake.kind, premises=intake.new.premises, override=override).value


def _claim(
    uow: Uow,
    deps: Deps,
    intake: Intake,
    claim_id: str,
    *,
    status: str,
    fees_ore: int,
    interest_from: date | None,
    last_day: date,
    first_answer: dict[str, Any],
) -> Claim:
    new, notice = intake.new, intake.new.prior_notice
    sealed = _sealed_text(deps, intake, claim_id)
    return Claim(
        claim_id=claim_id,
        case_id=intake.place.case.case_id,
        unit=new.unit,
        debtor_ref=intake.parties[0].debtor_ref,
        external_ref=new.external_ref,
        body_digest=intake.digest,
        claim_type=new.claim_type,
        kid=intake.place.kid,
        status=status,
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
        **_prior_notice(notice),
        earlier_reminders=[_as_json(letter) for letter in new.earlier_reminders],
        legal_basis=dict(new.legal_basis) if new.legal_basis else None,
        premises=new.premises,
        limitation_date=new.limitation_date,
        documents=[*new.attachments, *([notice.document_id] if notice and notice.document_id else [])],
        interest_from=interest_from,
        dispute_body=_dispute_body(intake),
        fee_regime=intake.agreement.fee_regime,
        unit_gets=sorted(intake.agreement.unit_gets),
        minor=is_minor(intake.parties[0].birth_date, new.service_from or new.invoice_date),
        last_day=last_day,
        principal_left_ore=new.principal_ore,
        interest_left_ore=0,
        fees_left_ore=fees_ore,
        costs_left_ore=0,
        registered_on=uow.today,
        registered_at=intake.place.case.last_recorded_at,
        registered_by=intake.actor,
        first_answer=first_answer,
        ended_on=None,
        end_reason=None,
    )


def _interest_from(deps: Deps, intake: Intake) -> date | None:
    new = intake.new
    override = intake.agreement.overrides.get(new.claim_type, {})
    agreed = InterestBasis(override["interest_from"]) if "interest_from" in override else None
    return interest_from(
        intake.kind, due_date=new.due_date, invoice_date=new.invoice_date, rates=deps.rules.rates, basis=agreed
    )


def _sealed_text(deps: Deps, intake: Intake, claim_id: str) -> SealedField | None:
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
