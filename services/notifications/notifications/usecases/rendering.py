"""From planned to rendered: the facts of a letter, and what becomes of a mailing when its letters are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.domain.countries import address_lines
from notifications.domain.letters import (
    ClaimLine,
    Common,
    Creditor,
    DemandFacts,
    Facts,
    FeeReversedFacts,
    LetterKind,
    Payment,
    Recipient,
    Unprintable,
)
from notifications.domain.states import LetterState, MailingState
from notifications.store import documents, mailings, parties
from notifications.store.mailings import Letter, Mailing, Renderable
from notifications.store.parties import Party
from notifications.usecases.ending import fail
from shared.events.claims import DemandIssued, FeeReversed
from shared.events.notifications import LetterReady, RenderedLetter
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What rendering one letter gave: the PDF, or the stable reason why there is none."""

    letter: Letter
    party_version: int
    language: str
    pdf: bytes = b""
    sha256: str = ""
    pages: int = 0
    failure: str | None = None


def facts_of(item: Renderable, fee_letter: Mailing | None = None) -> Facts:
    """Return the facts of one letter; ``fee_letter`` is the demand whose fee a notice takes back, if it is here.

    Raises Unprintable with ``erased`` for an erased recipient and ``no_address`` for one without an address (also a
    protected one: it never reaches this service).
    """
    party = item.party
    if party.erased:
        raise Unprintable("erased", "the recipient has been erased")
    if party.address is None:
        raise Unprintable("no_address", "the recipient has no postal address")
    common = Common(
        language=party.language,
        dated=item.letter.dated,
        case_number=item.letter.case_number,
        recipient=_recipient(party, party.address),
    )
    if item.mailing.is_demand:
        return _demand(common, DemandIssued.model_validate(item.mailing.facts))
    return _fee_reversed(common, FeeReversed.model_validate(item.mailing.facts), fee_letter)


def _recipient(party: Party, address: Mapping[str, str]) -> Recipient:
    names = ("line1", "line2", "postal_code", "city", "country")
    return Recipient(name=party.name, address_lines=address_lines(*(str(address.get(name, "")) for name in names)))


def _demand(common: Common, event: DemandIssued) -> DemandFacts:
    return DemandFacts(
        language=common.language,
        dated=common.dated,
        case_number=common.case_number,
        recipient=common.recipient,
        kind=LetterKind(event.kind),
        creditor=Creditor(name=event.creditor.name, org_number=event.creditor.org_number),
        lines=tuple(ClaimLine(**line.model_dump(exclude={"claim_id", "claim_type"})) for line in event.lines),
        fee_ore=event.fee_ore,
        fee_label=event.fee_label,
        total_ore=event.total_ore,
        payment=Payment(
            account=event.payee.account,
            iban=event.payee.iban,
            bic=event.payee.bic,
            payee_name=event.payee.name,
            kid=event.kid,
            amount_ore=event.total_ore,
            deadline=event.deadline,
        ),
        provisional_rates=event.provisional_rates,
        expected_further_costs_ore=event.expected_further_costs_ore,
        dispute_body=event.dispute_body,
        enforcement_basis=event.enforcement_basis,
    )


def _fee_reversed(common: Common, event: FeeReversed, fee_letter: Mailing | None) -> FeeReversedFacts:
    return FeeReversedFacts(
        language=common.language,
        dated=common.dated,
        case_number=common.case_number,
        recipient=common.recipient,
        creditor=Creditor(name=event.creditor.name, org_number=event.creditor.org_number),
        amount_ore=event.amount_ore,
        reversed_on=event.reversed_on,
        reason=event.reason,
        letter_kind=LetterKind(fee_letter.kind) if fee_letter else None,
        letter_dated=fee_letter.dated if fee_letter else None,
    )


def fee_letter_of(item: Renderable) -> str | None:
    """Return the demand whose fee this letter takes back; None for a demand."""
    return None if item.mailing.is_demand else str(item.mailing.facts["demand_id"])


def record_made(uow: Uow, made: Sequence[Made]) -> list[Made]:
    """Archive rendered letters, and publish what is ready; returns those that were still wanted.

    A demand all of whose letters are rendered asks for the last look; a notice goes on its own. A letter that cannot be
    made fails its whole mailing. One whose recipient changed meanwhile is left for the next round.
    """
    locked = mailings.lock(uow.tx, (one.letter.mailing_id for one in made))
    current = mailings.find_letters(uow.tx, (one.letter.letter_id for one in made))
    known = parties.versions(uow.tx, (one.letter.debtor_ref for one in made))
    wanted = [
        one
        for one in made
        if locked[one.letter.mailing_id].state is MailingState.PLANNED
        and current[one.letter.letter_id].state is LetterState.PLANNED
        and known.get(one.letter.debtor_ref) == one.party_version
    ]
    good = [one for one in wanted if one.failure is None]
    documents.add(uow.tx, [_document(uow, one) for one in good], {one.sha256: one.pdf for one in good})
    changes = {o.letter.letter_id: {"sha256": o.sha256, "pages": o.pages, "language": o.language} for o in good}
    mailings.move(uow.tx, LetterState.RENDERED, changes)
    fail(uow, {one.letter.letter_id: one.failure for one in wanted if one.failure is not None})
    complete(uow, {one.letter.mailing_id for one in wanted})
    return wanted


def complete(uow: Uow, mailing_ids: set[str]) -> None:
    """Pass on every one of these mailings that has all its letters rendered."""
    locked = mailings.find(uow.tx, mailing_ids)
    for mailing_id, letters in sorted(mailings.letters_of(uow.tx, mailing_ids).items()):
        mailing = locked[mailing_id]
        if mailing.state is not MailingState.PLANNED or any(one.state is not LetterState.RENDERED for one in letters):
            continue
        if mailing.is_demand:
            ask(uow, mailing, letters)
        else:
            mailings.set_mailings(uow.tx, [mailing_id], state=MailingState.RELEASED.value)
            mailings.move_held_back(uow.tx, [mailing_id], LetterState.RELEASED)


def ask(uow: Uow, mailing: Mailing, letters: Sequence[Letter]) -> None:
    """Ask claims-api for its last look at a demand whose letters are rendered."""
    mailings.set_mailings(uow.tx, [mailing.mailing_id], state=MailingState.READY.value, asked_on=uow.today)
    uow.emit(
        LetterReady(
            demand_id=mailing.mailing_id,
            case_id=mailing.case_id,
            letters=[
                RenderedLetter(
                    letter_id=one.letter_id, debtor_ref=one.debtor_ref, sha256=one.sha256 or "", pages=one.pages or 0
                )
                for one in letters
            ],
        ),
        key=mailing.case_id,
    )


def _document(uow: Uow, one: Made) -> dict[str, Any]:
    letter = one.letter
    return {
        "document_id": letter.letter_id,
        "direction": "out",
        "media_type": "application/pdf",
        "sha256": one.sha256,
        "size_bytes": len(one.pdf),
        "letter_id": letter.letter_id,
        "unit": letter.unit,
        "debtor_ref": letter.debtor_ref,
        "created_at": uow.now,
    }
