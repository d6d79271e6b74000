"""Taking claims in: their debtors, cases, KIDs, principal in the ledger, and the news of them.

Everything happens under the debtors' locks and in one transaction, set by set, for one claim or for hundreds. The same
claim sent again is told the same; another claim under a used reference is a conflict (decisions B1, B3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.claim_types import claim_type
from claims_api.domain.intake import ClaimDraft, IntakeRules, Terms, check_claim, is_minor
from claims_api.domain.new_claim import Agreement, Creditor, NewClaim
from claims_api.store import cases, claims, creditors, holds, ledger
from claims_api.store.cases import Case, CaseKey, KidUse, TimelineEntry
from claims_api.store.claims import Claim, Told
from claims_api.usecases.case_places import place_claims
from claims_api.usecases.claim_rows import Intake, NewRow, judged, new_row
from claims_api.usecases.debtors import ensure_debtors
from claims_api.usecases.holds import SYSTEM, extend_to_claim, place_hold
from claims_api.usecases.opening import cover_from_overpaid
from shared.errors import Conflict, Crash, FieldError
from shared.events.claims import ClaimRegistered
from shared.kid import KidKind
from shared.money import kroner
from shared.uow import Uow
from shared.values import value

DIGEST_DOMAIN = "claim-body"


@value
class Handed:
    """A claim that passed ``check``; ``canonical`` is its body in the one form, ``actor`` who hands it over."""

    new: NewClaim
    canonical: str
    actor: str

    @property
    def reference(self) -> tuple[str, str]:
        """What a unit knows the claim by."""
        return (self.new.unit, self.new.external_ref)


@value
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


@dataclass(slots=True)
class UnitTerms:
    """The units' terms on a day, read once for a group of claims."""

    tx: Connection
    day: date
    _known: dict[str, tuple[Creditor | None, Agreement | None]] = field(default_factory=dict)

    def of(self, unit: str) -> tuple[Creditor | None, Agreement | None]:
        """Return the unit and its agreement in force."""
        if unit not in self._known:
            self._known[unit] = creditors.terms_on(self.tx, unit, self.day) or (None, None)
        return self._known[unit]


def check(draft: ClaimDraft, unit: str | None, terms: UnitTerms, rules: IntakeRules) -> list[FieldError]:
    """Return what is wrong with a draft, its creditor's agreement included; ``unit`` None: none could be read."""
    if unit is None:
        return check_claim(draft, None, rules)
    creditor, agreement = terms.of(unit)
    agreed = Terms(known_unit=creditor is not None, claim_types=agreement.claim_types if agreement else None)
    return check_claim(draft, agreed, rules)


def check_reference(tx: Connection, deps: Deps, handed: Handed) -> None:
    """Raise Conflict when the unit has handed over another claim under this reference."""
    known = claims.find_by_references(tx, [handed.reference]).get(handed.reference)
    if known is not None and known.body_digest != deps.vault.index_of(handed.canonical, domain=DIGEST_DOMAIN):
        raise _used()


def register_claim(uow: Uow, deps: Deps, new: NewClaim, *, canonical: str, actor: str) -> Registered:
    """Store one claim that passed ``check`` and publish it; raises Conflict for a used reference."""
    terms = UnitTerms(uow.tx, uow.today)
    (told,) = register_claims(uow, deps, [Handed(new=new, canonical=canonical, actor=actor)], terms)
    if isinstance(told, Conflict):
        raise told
    return told


def register_claims(uow: Uow, deps: Deps, handed: Sequence[Handed], terms: UnitTerms) -> list[Registered | Conflict]:
    """Store claims that passed ``check`` and publish them; returns what each unit is told, in the order given.

    A claim that is there already, or twice in ``handed``, is stored once and told the same each time; another claim
    under a used reference is a Conflict.
    """
    digests = [deps.vault.index_of(one.canonical, domain=DIGEST_DOMAIN) for one in handed]
    known = claims.find_by_references(uow.tx, [one.reference for one in handed])
    first: dict[tuple[str, str], int] = {}
    for at, one in enumerate(handed):
        if one.reference not in known:
            first.setdefault(one.reference, at)
    rows = _new_rows(uow, deps, [(handed[at], digests[at]) for at in first.values()], terms)
    _write(uow, rows)
    _publish(uow, deps, rows)
    stored: dict[tuple[str, str], Claim | Told] = {(row.claim.unit, row.claim.external_ref): row.claim for row in rows}
    stored |= known
    where = {row.claim.case_id: row.intake.place.case for row in rows}
    where |= cases.find_cases(uow.tx, {claim.case_id for claim in known.values()} - where.keys())
    joined = {row.claim.case_id: row.intake.place.case for row in rows if not row.intake.place.opened}
    if joined:
        cover_from_overpaid(uow, deps, joined)
    return [
        _told(stored[one.reference], where) if stored[one.reference].body_digest == digest else _used()
        for one, digest in zip(handed, digests, strict=True)
    ]


def _new_rows(uow: Uow, deps: Deps, fresh: Sequence[tuple[Handed, str]], terms: UnitTerms) -> list[NewRow]:
    """Look up what claims need, debtors and cases made where there are none, and decide what each becomes."""
    if not fresh:
        return []
    found = ensure_debtors(uow, deps, [who for one, _ in fresh for who in (one.new.debtor, *one.new.co_debtors)])
    debtors = iter(found.debtors)
    parties = [list(islice(debtors, 1 + len(one.new.co_debtors))) for one, _ in fresh]
    agreed = [_agreed(terms, one.new.unit) for one, _ in fresh]
    kinds = [claim_type(one.new.claim_type) for one, _ in fresh]
    keys = [
        CaseKey(liable[0].debtor_ref, one.new.unit, kind.merge_group.value)
        for (one, _), liable, kind in zip(fresh, parties, kinds, strict=True)
    ]
    wanted = [(key, creditor) for key, (creditor, _) in zip(keys, agreed, strict=True)]
    places = place_claims(uow, wanted, new_debtors=found.created)
    return [
        new_row(
            uow,
            deps,
            Intake(
                new=judged(one.new, deps),
                kind=kind,
                creditor=creditor,
                agreement=agreement,
                parties=liable,
                acting=found.acting.get(liable[0].debtor_ref),
                place=place,
                digest=digest,
                actor=one.actor,
            ),
        )
        for (one, digest), kind, (creditor, agreement), liable, place in zip(
            fresh, kinds, agreed, parties, places, strict=True
        )
    ]


def _agreed(terms: UnitTerms, unit: str) -> tuple[Creditor, Agreement]:
    creditor, agreement = terms.of(unit)
    if creditor is None or agreement is None:
        raise Crash("register: expected a claim that was checked against its creditor's agreement")
    return creditor, agreement


def _write(uow: Uow, rows: Sequence[NewRow]) -> None:
    """Write claims, the KIDs given out, their opening postings and what the timeline says."""
    claims.insert_claims(uow.tx, [(row.claim, [who.debtor_ref for who in row.intake.parties]) for row in rows])
    cases.keep_kids(uow, [given for row in rows for given in _kids(row)])
    ledger.add_transfers(uow.tx, [transfer for row in rows for transfer in row.postings], fresh=True)
    cases.add_timeline(uow.tx, [entry for row in rows for entry in timeline_of(uow, row)], fresh=True)


def _kids(row: NewRow) -> Iterator[KidUse]:
    claim, case = row.claim, row.intake.place.case
    if row.intake.place.opened:
        yield KidUse(kid=case.kid, kind=KidKind.CASE, case_id=case.case_id)
    yield KidUse(kid=claim.kid, kind=KidKind.CLAIM, case_id=case.case_id, claim_id=claim.claim_id)


def timeline_of(uow: Uow, row: NewRow) -> list[TimelineEntry]:
    """Return what the timeline of its case says of a new claim."""
    claim, case, unit = row.claim, row.intake.place.case, row.intake.creditor.name
    entries = []
    if row.intake.place.opened:
        facts: Mapping[str, Any] = {"case_number": case.case_number}
        entries.append(
            _entry(uow, case, "case.opened", f"Sak {case.case_number} er opprettet for {unit}", SYSTEM, facts)
        )
    summary = f"Krav på {kroner(claim.principal_ore)} kroner er mottatt fra {unit}"
    facts = {"claim_id": claim.claim_id, "principal_ore": claim.principal_ore, "due_date": claim.due_date.isoformat()}
    entries.append(_entry(uow, case, "claim.registered", summary, row.intake.actor, facts, claim.claim_id))
    return entries


def _entry(
    uow: Uow, case: Case, kind: str, summary: str, actor: str, facts: Mapping[str, Any], claim_id: str | None = None
) -> TimelineEntry:
    return TimelineEntry(
        entry_id=uow.new_id("timeline"),
        case_id=case.case_id,
        claim_id=claim_id,
        at=case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=actor,
        facts=facts,
    )


def _publish(uow: Uow, deps: Deps, rows: Sequence[NewRow]) -> None:
    """Publish the claims; one that must wait for a person is held in the same breath."""
    stopped_cases = holds.whole_cases_held(uow.tx, {row.claim.case_id for row in rows if not row.intake.place.opened})
    for row in rows:
        claim, case = row.claim, row.intake.place.case
        reasons = _hold_reasons(uow, row)
        stopped = bool(reasons) or case.case_id in stopped_cases
        uow.emit(registered_event(deps, row, ladder="hold" if stopped else "collect"), key=claim.case_id)
        if case.case_id in stopped_cases:
            extend_to_claim(uow, case, claim.claim_id)
        for reason in reasons:
            place_hold(uow, case, [claim.claim_id], reason=reason, until=None, placed_by=SYSTEM)


def _hold_reasons(uow: Uow, row: NewRow) -> list[str]:
    """Return why a person must look before anything is sent: little time left, a minor alone, a bankrupt estate."""
    acting = row.intake.acting.kind if row.intake.acting else None
    reasons = ["limitation_hearing"] if row.claim.status == "hearing" else []
    if is_minor(row.intake.parties[0].birth_date, uow.today) and acting != "guardian":
        reasons.append("guardian_missing")
    if acting == "bankruptcy_estate":
        reasons.append("bankruptcy")
    return reasons


def registered_event(deps: Deps, row: NewRow, *, ladder: Literal["collect", "hold"]) -> ClaimRegistered:
    """Return the news of a claim; ``hold``: nothing is sent until whatever stops it has ended."""
    claim, case = row.claim, row.intake.place.case
    counts = claim.notice_sent_on is not None and claim.notice_void is None
    notice = {
        "sent_on": claim.notice_sent_on,
        "deadline": claim.notice_deadline,
        "document_id": claim.notice_document_id,
    }
    return ClaimRegistered.model_validate(
        {
            "case_id": claim.case_id,
            "case_number": case.case_number,
            "case_kid": case.kid,
            "claim_id": claim.claim_id,
            "claim_kid": claim.kid,
            "creditor_unit": claim.unit,
            "legal_person": case.legal_person,
            "account": deps.settings.payee_account,
            "claim_type": claim.claim_type,
            "principal_ore": claim.principal_ore,
            "invoice_number": claim.invoice_number,
            "due_date": claim.due_date,
            "registered_on": claim.registered_on,
            "prior_notice": notice if counts else None,
            "debtor_refs": [who.debtor_ref for who in row.intake.parties],
            "dispute_body": claim.dispute_body,
            "ladder": ladder,
        }
    )


def _told(claim: Claim | Told, where: Mapping[str, Case]) -> Registered:
    told = claim.first_answer
    return Registered(
        claim_id=claim.claim_id,
        case_id=claim.case_id,
        case_number=where[claim.case_id].case_number,
        kid=claim.kid,
        status=told["status"],
        balance_ore=told["balance_ore"],
        case_version=told["case_version"],
        prior_notice="none" if claim.notice_sent_on is None else claim.notice_void or "accepted",
    )


def _used() -> Conflict:
    return Conflict(
        "external-ref-used",
        "external_ref: expected one that was not used before, got that of another claim",
        errors=[FieldError("external_ref", "used", "the unit has handed over another claim under it")],
    )
