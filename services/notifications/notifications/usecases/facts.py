"""The facts of a letter: the frozen event, the recipient as known now, and the words that only this letter opens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from notifications.domain.countries import address_lines
from notifications.domain.letters import (
    ClaimLine,
    Common,
    Creditor,
    DemandFacts,
    Facts,
    FeeReversedFacts,
    Instalment,
    LetterKind,
    Payment,
    Recipient,
    Unprintable,
)
from notifications.domain.notices import NoticeFacts, NoticeLine, PayTo, amount_of, confirmation, deadline_of
from notifications.sealed import Opener
from notifications.store.mailings import Mailing, Renderable
from notifications.store.parties import Party
from notifications.store.texts import Text
from shared.events.claims import DemandIssued, FeeReversed
from shared.events.requests import NoticeIssued
from shared.sealing import NotOpened

NOBODY = Recipient(name="", address_lines=())


def facts_of(item: Renderable, opener: Opener, fee_letter: Mailing | None = None) -> Facts:
    """Return the facts of one letter; ``fee_letter`` is the demand whose fee a notice takes back, if it is here.

    Raises Unprintable: ``erased`` for an erased recipient, ``no_address`` for one without an address,
    ``address_protected`` for one whose address never reaches this service, ``text_erased`` and ``text_not_opened`` for
    words that are gone or were not sealed to us.
    """
    party = item.party
    if party.erased:
        raise Unprintable("erased", "the recipient has been erased")
    common = Common(
        language=party.language,
        dated=item.letter.dated,
        case_number=item.letter.case_number,
        recipient=_recipient(party),
    )
    if item.mailing.is_demand:
        return _demand(common, DemandIssued.model_validate(item.mailing.facts))
    if item.mailing.kind == LetterKind.FEE_REVERSED:
        return _fee_reversed(common, FeeReversed.model_validate(item.mailing.facts), fee_letter)
    event = NoticeIssued.model_validate(item.mailing.facts)
    return confirmation(_notice(common, event, _words(item.texts, opener)))


def fee_letter_of(item: Renderable) -> str | None:
    """Return the demand whose fee this letter takes back; None for any other letter."""
    return str(item.mailing.facts["demand_id"]) if item.mailing.kind == LetterKind.FEE_REVERSED else None


def printed_deadline(event: NoticeIssued) -> date | None:
    """Return the last day to pay that the letter of this notice prints, None when it asks for no money."""
    return deadline_of(_notice(_unaddressed(event), event, ()))


def notice_amount(event: NoticeIssued) -> int:
    """Return the amount in øre that the letter of this notice asks for or tells of."""
    return event.missing_ore or amount_of(_notice(_unaddressed(event), event, ()))


def _unaddressed(event: NoticeIssued) -> Common:
    return Common(language="nb", dated=event.issued_on, case_number=event.case_number, recipient=NOBODY)


def _recipient(party: Party) -> Recipient:
    """Return who the letter is addressed to: whoever acts for the debtor, at their address if it is known."""
    acting = party.representative
    address = (acting or {}).get("address") or party.address
    if address is None:
        protected = party.protection != "none"
        raise Unprintable("address_protected" if protected else "no_address", "no postal address may be printed")
    lines = _address_lines(address)
    if acting is None:
        return Recipient(name=party.name, address_lines=lines)
    return Recipient(name=str(acting["name"]), address_lines=(f"for {party.name}", *lines))


def _address_lines(address: Mapping[str, str]) -> tuple[str, ...]:
    names = ("line1", "line2", "postal_code", "city", "country")
    return address_lines(*(str(address.get(name, "")) for name in names))


def _words(texts: tuple[Text, ...], opener: Opener) -> tuple[str, ...]:
    words = []
    for text in texts:
        if text.erased or text.sealed_text is None:
            raise Unprintable("text_erased", "words that the letter was to print have been erased")
        try:
            words.append(opener.text(text.text_id, text.sealed_text))
        except NotOpened as wrong:
            raise Unprintable("text_not_opened", "words that the letter was to print cannot be opened") from wrong
    return tuple(words)


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


def _notice(common: Common, event: NoticeIssued, words: tuple[str, ...]) -> NoticeFacts:
    payee = event.payee
    pay_to = (
        PayTo(account=payee.account, iban=payee.iban, bic=payee.bic, payee_name=payee.name, kid=event.kid)
        if payee
        else None
    )
    return NoticeFacts(
        language=common.language,
        dated=common.dated,
        case_number=common.case_number,
        recipient=common.recipient,
        kind=event.kind,
        creditor=Creditor(name=event.creditor.name, org_number=event.creditor.org_number),
        claims=tuple(NoticeLine(**line.model_dump(exclude={"claim_id"})) for line in event.claims),
        request_kind=event.request_kind,
        received_on=event.received_on,
        until=event.until,
        pay_by=event.pay_by,
        answer_by=event.answer_by,
        amount_ore=event.amount_ore,
        missing_ore=event.missing_ore,
        fees_reversed_ore=event.fees_reversed_ore or 0,
        withdrawn_ore=event.withdrawn_ore or 0,
        interest_ore=event.interest_ore or 0,
        instalments=tuple(Instalment(**one.model_dump()) for one in event.instalments),
        estimated=event.estimated,
        acknowledges=event.acknowledges,
        outcome=event.outcome,
        reasonable=event.reasonable,
        freezes=bool(event.freezes),
        dispute_body=event.dispute_body,
        complain_by=event.complain_by,
        complained_on=event.complained_on,
        complaint_body=event.complaint_body,
        pay_to=pay_to,
        texts=words,
    )
