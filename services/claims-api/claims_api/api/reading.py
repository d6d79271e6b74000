"""From a claim body to the domain: the draft that rules check, and the claim once nothing is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims_api.api.schemas import AddressIn, ClaimIn, DebtorIn, NoticeIn, PriorNoticeIn, RepresentativeIn, Submission
from claims_api.domain.intake import AddressDraft, ClaimDraft, DebtorDraft, NoticeDraft, RepresentativeDraft
from claims_api.domain.new_claim import NewClaim, NewDebtor, NewNotice, NewRepresentative, PostalAddress
from shared.errors import FieldError
from shared.field_errors import field_errors, field_path

_IDENTIFYING = ("national_id", "org_number", "birth_date")
_in_one_form = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values of a JSON object, passing over those that were found to have the wrong shape."""

    values: Mapping[str, Any]
    broken: frozenset[str]
    path: str = ""

    def value(self, name: str) -> Any:
        return None if f"{self.path}{name}" in self.broken else self.values.get(name)

    def day(self, name: str) -> date | None:
        text = self.value(name)
        return None if text is None else date.fromisoformat(text)

    def part(self, name: str) -> _Reader | None:
        found = self.value(name)
        return _Reader(found, self.broken, f"{self.path}{name}.") if isinstance(found, dict) else None

    def parts(self, name: str) -> list[_Reader | None]:
        found = self.value(name)
        return [
            _Reader(item, self.broken, f"{self.path}{name}.{at}.") if isinstance(item, dict) else None
            for at, item in enumerate(found if isinstance(found, list) else [])
        ]

    def absent(self) -> frozenset[str]:
        return frozenset(name for name in _IDENTIFYING if self.values.get(name) is None)

    def has(self, name: str) -> bool:
        """Tell whether something was sent under ``name``, whatever its shape."""
        return self.values.get(name) is not None


def read_draft(sent: Submission) -> tuple[ClaimDraft, list[FieldError], str | None]:
    """Return the draft of a body, the errors of its shape, and the unit it names."""
    if sent.claim is not None:
        return _whole_draft(sent.claim), [], sent.claim.creditor_unit
    if not isinstance(sent.raw, dict):
        return ClaimDraft(), field_errors(sent.errors), None
    broken = frozenset(field_path(error["loc"]) for error in sent.errors)
    body = _Reader(sent.raw, broken)
    period, basis = body.part("service_period"), body.part("legal_basis")
    draft = ClaimDraft(
        claim_type=body.value("claim_type"),
        principal_ore=body.value("principal_ore"),
        original_principal_ore=body.value("original_principal_ore"),
        invoice_date=body.day("invoice_date"),
        due_date=body.day("due_date"),
        service_from=period.day("from") if period else None,
        service_to=period.day("to") if period else None,
        debtor=_debtor_draft(body.part("debtor")),
        co_debtors=[_debtor_draft(part) for part in body.parts("co_debtors")],
        prior_notice=_notice_draft(body.part("prior_notice")),
        earlier_reminders=[_notice_draft(part) for part in body.parts("earlier_reminders")],
        limitation_date=body.day("limitation_date"),
        legal_basis_sent=body.has("legal_basis"),
        legal_basis_date=basis.day("date") if basis else None,
        premises_sent=body.has("premises"),
        representative=_representative_draft(body.part("representative")),
    )
    return draft, field_errors(sent.errors), body.value("creditor_unit")


def _whole_draft(body: ClaimIn) -> ClaimDraft:
    """Return the draft of a body whose shape is right."""
    period, basis = body.service_period, body.legal_basis
    return ClaimDraft(
        claim_type=body.claim_type,
        principal_ore=body.principal_ore,
        original_principal_ore=body.original_principal_ore,
        invoice_date=body.invoice_date,
        due_date=body.due_date,
        service_from=period.from_ if period else None,
        service_to=period.to if period else None,
        debtor=_whole_debtor(body.debtor),
        co_debtors=[_whole_debtor(who) for who in body.co_debtors],
        prior_notice=_whole_notice(body.prior_notice) if body.prior_notice else None,
        earlier_reminders=[_whole_notice(notice) for notice in body.earlier_reminders],
        limitation_date=body.limitation_date,
        legal_basis_sent=basis is not None,
        legal_basis_date=basis.date if basis else None,
        premises_sent=body.premises is not None,
        representative=_whole_representative(body.representative) if body.representative else None,
    )


def _whole_debtor(who: DebtorIn) -> DebtorDraft:
    return DebtorDraft(
        absent=frozenset(name for name in _IDENTIFYING if getattr(who, name) is None),
        kind=who.kind,
        national_id=who.national_id,
        org_number=who.org_number,
        birth_date=who.birth_date,
        address=_whole_address(who.address) if who.address else None,
        representative=_whole_representative(who.representative) if who.representative else None,
    )


def _whole_representative(who: RepresentativeIn) -> RepresentativeDraft:
    return RepresentativeDraft(kind=who.kind, id=who.id, address=_whole_address(who.address) if who.address else None)


def _whole_address(address: AddressIn) -> AddressDraft:
    return AddressDraft(postal_code=address.postal_code or "", city=address.city, country=address.country)


def _whole_notice(notice: NoticeIn) -> NoticeDraft:
    return NoticeDraft(sent_on=notice.sent_on, deadline=notice.deadline, fee_ore=notice.fee_ore)


def _debtor_draft(part: _Reader | None) -> DebtorDraft | None:
    if part is None:
        return None
    return DebtorDraft(
        absent=part.absent(),
        kind=part.value("kind"),
        national_id=part.value("national_id"),
        org_number=part.value("org_number"),
        birth_date=part.day("birth_date"),
        address=_address_draft(part.part("address")),
        representative=_representative_draft(part.part("representative")),
    )


def _representative_draft(part: _Reader | None) -> RepresentativeDraft | None:
    if part is None:
        return None
    return RepresentativeDraft(
        kind=part.value("kind"), id=part.value("id"), address=_address_draft(part.part("address"))
    )


def _address_draft(part: _Reader | None) -> AddressDraft | None:
    if part is None:
        return None
    country = "NO" if "country" not in part.values else part.value("country")
    broken = any(f"{part.path}{name}" in part.broken for name in ("postal_code", "city"))
    return AddressDraft(
        postal_code=part.value("postal_code") or "",
        city=part.value("city") or "",
        country=None if broken else country,
    )


def _notice_draft(part: _Reader | None) -> NoticeDraft | None:
    if part is None:
        return None
    fee = 0 if "fee_ore" not in part.values else part.value("fee_ore")
    return NoticeDraft(sent_on=part.day("sent_on"), deadline=part.day("deadline"), fee_ore=fee)


def new_claim(body: ClaimIn) -> NewClaim:
    """Return an accepted body as the domain sees it."""
    basis = body.legal_basis
    period = body.service_period
    return NewClaim(
        external_ref=body.external_ref,
        claim_type=body.claim_type,
        unit=body.creditor_unit,
        debtor=_debtor(body.debtor, body.representative),
        co_debtors=tuple(_debtor(who, None) for who in body.co_debtors),
        principal_ore=body.principal_ore,
        original_principal_ore=body.original_principal_ore or body.principal_ore,
        invoice_number=body.invoice_number,
        invoice_date=body.invoice_date,
        due_date=body.due_date,
        description=body.description,
        service_from=period.from_ if period else None,
        service_to=period.to if period else None,
        prior_notice=_notice(body.prior_notice) if body.prior_notice else None,
        earlier_reminders=tuple(_notice(notice) for notice in body.earlier_reminders),
        limitation_date=body.limitation_date,
        legal_basis=(
            {"kind": basis.kind, "date": basis.date.isoformat(), "reference": basis.reference} if basis else None
        ),
        premises=body.premises,
        attachments=tuple(body.attachments),
    )


def canonical(body: ClaimIn) -> str:
    """Return a body in the one form in which equal claims are equal texts."""
    return _in_one_form(body.model_dump(mode="json", by_alias=True))


def _debtor(who: DebtorIn, representative: RepresentativeIn | None) -> NewDebtor:
    acting = who.representative or representative
    return NewDebtor(
        kind=who.kind,
        name=who.name,
        national_id=who.national_id,
        org_number=_compact(who.org_number),
        birth_date=who.birth_date,
        address=_address(who.address),
        language=who.language if "language" in who.model_fields_set else None,
        protection=who.protection,
        representative=_representative(acting) if acting else None,
    )


def _representative(who: RepresentativeIn) -> NewRepresentative:
    number = _compact(who.id)
    is_org = number is not None and len(number) == 9
    return NewRepresentative(
        kind=who.kind,
        name=who.name,
        national_id=None if is_org else number,
        org_number=number if is_org else None,
        address=_address(who.address),
    )


def _address(address: AddressIn | None) -> PostalAddress | None:
    if address is None:
        return None
    return PostalAddress(
        line1=address.line1,
        line2=address.line2 or "",
        postal_code=address.postal_code,
        city=address.city,
        country=address.country,
    )


def _notice(notice: NoticeIn) -> NewNotice:
    document = notice.document_id if isinstance(notice, PriorNoticeIn) else None
    return NewNotice(sent_on=notice.sent_on, deadline=notice.deadline, fee_ore=notice.fee_ore, document_id=document)


def _compact(number: str | None) -> str | None:
    return number.replace(" ", "") if number is not None else None
