"""Confirmations and answers (bekreftelser og svar): what each kind says, from the facts that claims-api froze.

A notice (melding) says what was decided or received, why (in the words that a caseworker wrote), what is to be paid and
when, and what happens next. The phrases are in ``domain/wording``; which of them a letter has is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from notifications.domain import formats
from notifications.domain.letters import (
    Common,
    ConfirmationFacts,
    Creditor,
    Instalment,
    Payment,
    Section,
    Unprintable,
)
from notifications.domain.wording import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A claim that a notice is about (krav); ``amount_ore`` is what is owed on it."""

    case_number: str
    service_name: str
    invoice_number: str
    amount_ore: int
    disputed_ore: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayTo:
    """Where the money goes (betalingsmottaker) when a notice asks for some."""

    account: str
    iban: str
    bic: str
    payee_name: str
    kid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts(Common):
    """The facts of a confirmation or an answer, as claims-api froze them. Amounts in øre.

    ``texts`` are the words a caseworker wrote, opened for this letter only.
    """

    kind: str
    creditor: Creditor
    claims: tuple[NoticeLine, ...] = ()
    request_kind: str | None = None
    received_on: date | None = None
    until: date | None = None
    pay_by: date | None = None
    answer_by: date | None = None
    amount_ore: int | None = None
    missing_ore: int | None = None
    fees_reversed_ore: int = 0
    withdrawn_ore: int = 0
    interest_ore: int = 0
    instalments: tuple[Instalment, ...] = ()
    estimated: bool = False
    acknowledges: bool = False
    outcome: str | None = None
    reasonable: bool | None = None
    freezes: bool = False
    dispute_body: str | None = None
    complain_by: date | None = None
    complained_on: date | None = None
    complaint_body: str | None = None
    pay_to: PayTo | None = None
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A letter under way; ``say`` adds a sentence, filled with the notice's facts."""

    notice: NoticeFacts
    heading: str = ""
    paragraphs: list[str] = field(default_factory=list)
    closing: list[Section] = field(default_factory=list)
    shows_claims: bool = True

    def say(self, *keys: str) -> None:
        """Add sentences as paragraphs of their own."""
        self.paragraphs += [self.sentence(key) for key in keys]

    def close(self, title: str, *keys: str) -> None:
        """Add a section at the end."""
        texts = wording(self.notice.language)
        self.closing.append(Section(title=texts["section"][title], paragraphs=tuple(map(self.sentence, keys))))

    def sentence(self, key: str) -> str:
        """Return a sentence with its facts; raises Unprintable when the notice lacks one that it names."""
        try:
            return wording(self.notice.language)["say"][key].format_map(_values(self.notice))
        except KeyError as missing:
            raise Unprintable("facts_missing", f"{self.notice.kind}: the notice does not say {missing}") from None


def amount_of(notice: NoticeFacts) -> int:
    """Return what the notice asks for or tells of, in øre: the amount it names, else what is owed on its claims."""
    return notice.amount_ore if notice.amount_ore is not None else sum(line.amount_ore for line in notice.claims)


def deadline_of(notice: NoticeFacts) -> date | None:
    """Return the last day to pay that the notice prints, None when it asks for no money."""
    if notice.pay_to is None:
        return None
    return notice.pay_by or notice.until or (notice.instalments[0].due_on if notice.instalments else None)


def confirmation(notice: NoticeFacts) -> ConfirmationFacts:
    """Return the letter of a notice; raises Unprintable for a kind nobody wrote or facts that are missing."""
    write = _WRITERS.get(notice.kind)
    if write is None:
        raise Unprintable("notice_kind_unknown", "no wording says what this notice is about")
    draft = _Draft(notice)
    write(draft)
    texts = wording(notice.language)
    words = _paragraphs(notice.texts)
    is_answer = notice.kind == "message_answered"
    reasons = () if is_answer or not words else (Section(title=texts["section"]["reasons"], paragraphs=words),)
    return ConfirmationFacts(
        language=notice.language,
        dated=notice.dated,
        case_number=notice.case_number,
        recipient=notice.recipient,
        creditor=notice.creditor,
        heading=texts["heading"][draft.heading or notice.kind],
        paragraphs=(*draft.paragraphs, *(words if is_answer else ())),
        reasons=reasons,
        details=_details(notice) if draft.shows_claims else (),
        instalments=notice.instalments,
        payment=_payment(notice),
        closing=tuple(draft.closing),
    )


def _paragraphs(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return written words as paragraphs: a line break is one, empty lines are none."""
    return tuple(line for text in texts for line in text.splitlines() if line.strip())


def _values(notice: NoticeFacts) -> Mapping[str, str]:
    language = notice.language
    first = notice.instalments[0] if notice.instalments else None
    days = {
        "received_on": notice.received_on,
        "until": notice.until,
        "pay_by": notice.pay_by,
        "answer_by": notice.answer_by,
        "complain_by": notice.complain_by,
        "complained_on": notice.complained_on,
        "first_due": first.due_on if first else None,
    }
    amounts = {
        "amount": amount_of(notice),
        "first_amount": first.amount_ore if first else None,
        "missing": notice.missing_ore,
        "fees": notice.fees_reversed_ore,
        "withdrawn": notice.withdrawn_ore,
        "interest": notice.interest_ore,
    }
    return {
        "creditor": notice.creditor.name,
        **({"body": wording(language)["label"][notice.complaint_body]} if notice.complaint_body else {}),
        **{name: formats.day(value, language) for name, value in days.items() if value is not None},
        **{name: _money(notice, value) for name, value in amounts.items() if value is not None},
    }


def _money(notice: NoticeFacts, ore: int) -> str:
    pattern = wording(notice.language)["label"]["money"].replace(" ", "\u00a0")
    return pattern.format(amount=formats.amount(ore, notice.language))


def _details(notice: NoticeFacts) -> tuple[tuple[str, str], ...]:
    labels = wording(notice.language)["label"]
    other_case = any(line.case_number != notice.case_number for line in notice.claims)
    pattern = labels["claim_of_case" if other_case else "claim"]
    rows = []
    for line in notice.claims:
        what = pattern.format(service=line.service_name, invoice=line.invoice_number, case=line.case_number)
        rows.append((what, _money(notice, line.amount_ore)))
        if line.disputed_ore is not None:
            rows.append((labels["disputed"], _money(notice, line.disputed_ore)))
    return tuple(rows)


def _payment(notice: NoticeFacts) -> Payment | None:
    pay_to, deadline = notice.pay_to, deadline_of(notice)
    if pay_to is None:
        return None
    if deadline is None:
        raise Unprintable("facts_missing", f"{notice.kind}: money is asked for without a last day to pay")
    first = notice.instalments[0].amount_ore if notice.instalments else None
    amount = notice.missing_ore or first or amount_of(notice)
    return Payment(
        account=pay_to.account,
        iban=pay_to.iban,
        bic=pay_to.bic,
        payee_name=pay_to.payee_name,
        kid=pay_to.kid,
        amount_ore=amount,
        deadline=deadline,
    )


def _request_received(draft: _Draft) -> None:
    notice = draft.notice
    draft.heading = f"request_received_{notice.request_kind}"
    if notice.request_kind not in {"deferral", "plan", "plan_change"}:
        raise Unprintable("facts_missing", "request_received: the notice does not say what was asked for")
    draft.say("application_received")
    if notice.request_kind == "plan_change":
        draft.say("plan_stands")
    else:
        draft.say("application_freezes" if notice.freezes else "application_runs")


def _deferral_granted(draft: _Draft) -> None:
    draft.say("deferral_granted", "owed_today")
    draft.close("unpaid", "deferral_unpaid", "deferral_help")


def _refused(draft: _Draft) -> None:
    asks = draft.notice.pay_by is not None
    draft.say(draft.notice.kind, "pay_instead" if asks else "last_letter_stands")
    if asks:
        draft.close("unpaid", "unpaid", f"{draft.notice.kind}_help")
    else:
        draft.close("next", f"{draft.notice.kind}_help")


def _plan_agreed(draft: _Draft) -> None:
    _needs_instalments(draft)
    draft.say("plan_agreed", "plan_kid")
    if draft.notice.estimated:
        draft.say("plan_estimated")
    if draft.notice.acknowledges:
        draft.say("plan_acknowledges")
    draft.close("missed", "plan_missed", "plan_help")


def _plan_changed(draft: _Draft) -> None:
    _needs_instalments(draft)
    draft.shows_claims = False
    draft.say("plan_changed", "plan_same_kid")
    if draft.notice.estimated:
        draft.say("plan_estimated")
    draft.close("missed", "plan_missed", "plan_help")


def _needs_instalments(draft: _Draft) -> None:
    if not draft.notice.instalments or draft.notice.pay_to is None:
        raise Unprintable("facts_missing", f"{draft.notice.kind}: a plan has instalments and a KID of its own")


def _plan_change_refused(draft: _Draft) -> None:
    draft.shows_claims = False
    draft.say("plan_change_refused")


def _plan_reminder(draft: _Draft) -> None:
    draft.shows_claims = False
    draft.say("plan_reminder", "plan_reminder_free")
    draft.close("unpaid", "plan_reminder_unpaid", "plan_help")


def _plan_broken(draft: _Draft) -> None:
    draft.say("plan_broken", "owed_today")
    draft.close("unpaid", "unpaid", "plan_broken_help")


def _plan_kept(draft: _Draft) -> None:
    draft.say("plan_kept")


def _objection_received(draft: _Draft) -> None:
    notice = draft.notice
    if notice.complaint_body:
        draft.heading = "complaint_received"
        draft.say("complaint_received", *(("objection_still_frozen",) if notice.freezes else ()))
        draft.close("next", "complaint_next")
        return
    draft.say("objection_received")
    if not notice.freezes:
        draft.say("objection_runs")
    else:
        draft.say("objection_freezes" if notice.amount_ore is None else "objection_freezes_part", "objection_interest")
    draft.close("next", "objection_next", *(("objection_unit",) if notice.dispute_body == "unit" else ()))


def _objection_preliminary(draft: _Draft) -> None:
    draft.say("objection_preliminary")
    if draft.notice.freezes:
        draft.say("objection_still_frozen")


def _objection_decided(draft: _Draft) -> None:
    notice = draft.notice
    if notice.outcome not in {"granted", "partly", "refused"}:
        raise Unprintable("facts_missing", "objection_decided: the notice does not say how it was decided")
    draft.heading = f"objection_{notice.outcome}"
    by_body = notice.complaint_body is not None and notice.complain_by is None
    draft.say(f"complaint_{notice.outcome}" if by_body else f"objection_{notice.outcome}")
    if notice.withdrawn_ore:
        draft.say("objection_withdrawn_amount")
    if notice.fees_reversed_ore:
        draft.say("objection_fees")
    if notice.reasonable is False:
        draft.say("objection_fees_stand")
    if notice.interest_ore:
        draft.say("objection_interest_added")
    may_complain = ("objection_complaint",) if notice.complain_by else ()
    if notice.pay_by is None:
        draft.close("next", "objection_done", *may_complain)
        return
    draft.say("objection_pay")
    if may_complain:
        draft.close("next", "objection_choices", *may_complain, "objection_no_complaint")
    elif by_body and notice.dispute_body == "unit":
        draft.close("next", "objection_choices", "complaint_to_enforcement")
    else:
        draft.close("next", "objection_choices", f"objection_to_{notice.dispute_body}")


def _objection_withdrawn(draft: _Draft) -> None:
    draft.say("objection_withdrawn", "objection_withdrawn_help")


def _message_answered(draft: _Draft) -> None:
    if not draft.notice.texts:
        raise Unprintable("facts_missing", "message_answered: there is no answer to print")
    draft.shows_claims = False
    draft.say("message_answered")


_WRITERS: Mapping[str, Callable[[_Draft], None]] = {
    "request_received": _request_received,
    "deferral_granted": _deferral_granted,
    "deferral_refused": _refused,
    "plan_agreed": _plan_agreed,
    "plan_changed": _plan_changed,
    "plan_change_refused": _plan_change_refused,
    "plan_refused": _refused,
    "plan_reminder": _plan_reminder,
    "plan_broken": _plan_broken,
    "plan_kept": _plan_kept,
    "objection_received": _objection_received,
    "objection_preliminary": _objection_preliminary,
    "objection_decided": _objection_decided,
    "objection_withdrawn": _objection_withdrawn,
    "message_answered": _message_answered,
}

NOTICE_KINDS: frozenset[str] = frozenset(_WRITERS)
"""The kinds of notice that have a wording."""
