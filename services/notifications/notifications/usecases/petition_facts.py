"""The facts of a petition: the frozen event, the parties with their numbers opened in memory, the letters as proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from notifications.domain.letters import Payment
from notifications.domain.petition import (
    Address,
    Claim,
    Origin,
    PaidIn,
    Party,
    Petition,
    Petitioner,
    Proof,
    Unfit,
    shown_service,
)
from notifications.domain.states import LetterState
from notifications.sealed import Opener
from notifications.store import documents, mailings, parties
from notifications.store.documents import Document
from notifications.store.mailings import Letter
from notifications.store.packages import Package
from notifications.store.parties import Party as Known
from shared.events.legal import PetitionClaim, PetitionFrozen, PetitionLetter
from shared.sealing import NotOpened


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a package is made of, as read in one transaction: the event, the parties, the letters and their PDFs.

    ``copies`` are documents that were handed in: letters that a unit sent itself. Their bytes are in ``pdfs`` too.
    """

    package: Package
    event: PetitionFrozen
    parties: Mapping[str, Known]
    letters: Mapping[str, tuple[Letter, ...]]
    pdfs: Mapping[str, bytes]
    copies: Mapping[str, Document]


def sources_of(tx: Connection, package: Package) -> Sources:
    """Read what this package is made of."""
    event = PetitionFrozen.model_validate(package.facts)
    refs = {who.debtor_ref for who in event.parties}
    demands = {proof.demand_id for claim in event.claims for proof in claim.letters if proof.demand_id}
    letters = {
        demand: tuple(one for one in found if one.debtor_ref in refs and one.state is LetterState.SENT)
        for demand, found in mailings.letters_of(tx, demands).items()
    }
    wanted = [one.letter_id for group in letters.values() for one in group]
    named = {proof.document_id for claim in event.claims for proof in claim.letters if proof.document_id}
    copies = documents.handed_in(tx, named)
    return Sources(
        package=package,
        event=event,
        parties=parties.find(tx, refs),
        letters=letters,
        pdfs=documents.contents_of_letters(tx, wanted) | documents.contents_of(tx, copies.values()),
        copies=copies,
    )


def petition_of(sources: Sources, origin: Origin, opener: Opener) -> Petition:
    """Return the petition; national ids are opened here, each opening logged without the id.

    Raises Unfit: ``erased``, ``no_national_id``, ``no_org_number``, ``national_id_not_opened``, ``no_address``,
    ``address_protected``, ``letter_missing``, ``copy_missing``.
    """
    event = sources.event
    names = _file_names(sources)
    people = [sources.parties[who.debtor_ref] for who in event.parties]
    claims = tuple(_claim(claim, sources, names) for claim in event.claims)
    return Petition(
        petition_id=event.petition_id,
        case_number=event.case_number,
        kind=event.kind,
        body=event.body,
        body_address=origin.addresses.get(event.body, ()),
        frozen_on=event.frozen_on,
        petitioner=_petitioner(event, origin),
        claims=claims,
        parties=tuple(_party(person, sources, opener) for person in people),
        total_ore=event.total_ore,
        provisional_rates=event.provisional_rates,
        expected_court_fee_ore=event.expected_court_fee_ore,
        payment=Payment(
            account=event.payee.account,
            iban=event.payee.iban,
            bic=event.payee.bic,
            payee_name=event.payee.name,
            kid=event.kid,
            amount_ore=event.total_ore,
            deadline=event.frozen_on,
        ),
    )


def _petitioner(event: PetitionFrozen, origin: Origin) -> Petitioner:
    """The legal person petitions, as claims-api knows it: a unit of the municipality as that, a company as itself."""
    person = event.legal_person
    return Petitioner(
        name=person.name if person else origin.name,
        org_number=person.org_number if person else origin.org_number,
        office=origin.office,
        office_org_number=origin.office_org_number,
        postal=origin.postal,
    )


def _party(person: Known, sources: Sources, opener: Opener) -> Party:
    if person.erased:
        raise Unfit("erased", "a party has been erased")
    acting = person.representative
    address = person.address or (acting or {}).get("address")
    if address is None:
        protected = person.protection != "none"
        raise Unfit("address_protected" if protected else "no_address", "a party has no address that may be used")
    return Party(
        kind=person.kind,
        name=person.name,
        number=_number(person, sources.event.petition_id, opener),
        address=Address(**{name: str(address.get(name, "")) for name in Address.__dataclass_fields__}),
        representative=str(acting["name"]) if acting else None,
    )


def _number(person: Known, petition_id: str, opener: Opener) -> str:
    if person.kind == "business":
        if not person.org_number:
            raise Unfit("no_org_number", "a business has no organisation number")
        return person.org_number
    if not person.sealed_national_id:
        raise Unfit("no_national_id", "a party has no national id: no petition can be made")
    try:
        box = person.sealed_national_id
        return opener.national_id(person.debtor_ref, box, purpose="petition", reference=petition_id)
    except NotOpened as wrong:
        raise Unfit("national_id_not_opened", "a national id was not sealed to this service") from wrong


def _claim(claim: PetitionClaim, sources: Sources, names: Mapping[str, str]) -> Claim:
    same = set(Claim.__dataclass_fields__) & set(type(claim).model_fields) - {"payments", "service_name"}
    return Claim(
        **{name: getattr(claim, name) for name in same},
        unit_name=claim.unit.name,
        unit_org_number=claim.unit.org_number,
        service_name=shown_service(claim.claim_type, claim.service_name),
        payments=tuple(PaidIn(paid_on=paid.paid_on, amount_ore=paid.amount_ore) for paid in claim.payments),
        proofs=tuple(proof for told in claim.letters for proof in _proofs(told, sources, names)),
    )


def _proofs(told: PetitionLetter, sources: Sources, names: Mapping[str, str]) -> list[Proof]:
    if told.demand_id is None:
        return [_by_unit(told, sources)]
    letters = [one for one in sources.letters.get(told.demand_id, ()) if one.letter_id in sources.pdfs]
    if not letters:
        raise Unfit("letter_missing", "a letter that the petition rests on is not in the archive")
    return [
        Proof(
            kind=told.kind,
            sent_on=one.sent_on or told.sent_on,
            deadline=one.deadline or told.deadline,
            letter_id=one.letter_id,
            file=names[one.letter_id],
            sha256=one.sha256,
        )
        for one in letters
    ]


def _by_unit(told: PetitionLetter, sources: Sources) -> Proof:
    """Return a letter that the unit sent itself, with its copy when there is one."""
    if told.document_id is None:
        return Proof(kind=told.kind, sent_on=told.sent_on, deadline=told.deadline)
    copy = sources.copies.get(told.document_id)
    if copy is None:
        raise Unfit("copy_missing", "the copy of a letter that the unit sent itself is not in the archive")
    return Proof(
        kind=told.kind,
        sent_on=told.sent_on,
        deadline=told.deadline,
        letter_id=copy.document_id,
        file=f"kopi-{told.kind}-{told.sent_on}-{copy.sha256[:8]}.pdf",
        sha256=copy.sha256,
    )


def _file_names(sources: Sources) -> dict[str, str]:
    """Return a file name for each letter: numbered by day, so that they lie in the order they were sent."""
    letters = [one for group in sources.letters.values() for one in group]
    ordered = sorted(letters, key=lambda one: (str(one.sent_on), one.kind, one.ordinal, one.letter_id))
    return {one.letter_id: f"vedlegg-{n:02d}-{one.kind}-{one.sent_on}.pdf" for n, one in enumerate(ordered, 1)}
