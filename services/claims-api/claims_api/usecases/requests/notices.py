"""Letters that confirm or answer: published frozen for notifications to write, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from claims_api.deps import Deps
from claims_api.domain.claim_types import claim_type
from claims_api.store import cases
from claims_api.store import requests_texts as store
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.store.requests_texts import FAILED, ISSUED, SENT, Notice
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.letter_facts import creditor_facts, payee, recipients_of
from claims_api.usecases.requests.texts import erase_printed
from shared.events import Event
from shared.events.notifications import LetterFailed, LetterSent
from shared.events.requests import NoticeIssued, NoticeKind
from shared.uow import Uow

SYSTEM = "system"
TITLES: Mapping[NoticeKind, str] = {
    "request_received": "Bekreftelse på at søknaden er mottatt",
    "deferral_granted": "Bekreftelse på betalingsutsettelse",
    "deferral_refused": "Avslag på betalingsutsettelse",
    "plan_agreed": "Bekreftelse på nedbetalingsavtale",
    "plan_changed": "Bekreftelse på endret nedbetalingsavtale",
    "plan_change_refused": "Avslag på endring av nedbetalingsavtale",
    "plan_refused": "Avslag på nedbetalingsavtale",
    "plan_reminder": "Påminnelse om avdrag",
    "plan_broken": "Melding om at nedbetalingsavtalen er brutt",
    "plan_kept": "Bekreftelse på at nedbetalingsavtalen er fullført",
    "objection_received": "Bekreftelse på mottatt innsigelse",
    "objection_preliminary": "Foreløpig svar på innsigelse",
    "objection_decided": "Svar på innsigelse",
    "objection_withdrawn": "Bekreftelse på at innsigelsen er trukket",
    "message_answered": "Svar på henvendelse",
}


def issue_notice(
    uow: Uow,
    deps: Deps,
    case: Case,
    kind: NoticeKind,
    *,
    request: Request,
    claims: Sequence[Claim],
    ask_for_money: bool = False,
    kid: str | None = None,
    **facts: Any,
) -> str | None:
    """Publish a letter to whoever made the request; returns its id, None when there is nobody left to write to.

    ``claims`` are shown with what is owed on each today. ``ask_for_money`` prints where to pay: on ``kid``, else on the
    claim's or the case's own. ``facts`` are the other fields of the event.
    """
    notice_id = uow.new_id("notice")
    recipients = recipients_of(uow.tx, notice_id, [request.debtor_ref])
    if not recipients:
        return None
    payload = NoticeIssued.model_validate(
        {
            "notice_id": notice_id,
            "request_id": request.request_id,
            "case_id": case.case_id,
            "case_number": case.case_number,
            "kind": kind,
            "issued_on": uow.today,
            "creditor": creditor_facts(uow.tx, case.unit),
            "recipients": recipients,
            "claims": _lines(uow, deps, claims),
            "request_kind": request.kind,
            "received_on": request.received_on,
            "payee": payee(deps.settings) if ask_for_money else None,
            "kid": (kid or _own_kid(case, claims, request)) if ask_for_money else None,
            **facts,
        }
    )
    notice = Notice(
        notice_id=notice_id,
        case_id=case.case_id,
        request_id=request.request_id,
        kind=kind,
        state=ISSUED,
        issued_on=uow.today,
        text_ids=list(payload.text_ids),
        facts=payload.model_dump(mode="json", exclude={"recipients"}),
    )
    store.insert_notice(uow.tx, notice)
    uow.emit(payload, key=case.case_id)
    return notice_id


def on_letter_sent(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Note that a confirming letter counts as sent (letter.sent), and erase the words it carried from ``parties``."""
    told = {cast(LetterSent, event.payload).demand_id: event for event in events}
    for notice_id, notice in store.find_notices(uow.tx, told).items():
        sent = cast(LetterSent, told[notice_id].payload)
        if notice.state == ISSUED and sent.last:
            store.change_notice(uow.tx, notice_id, state=SENT, sent_on=sent.sent_on)
            erase_printed(uow, notice.text_ids)
            _note(uow, notice, told[notice_id], "letter.sent", "er sendt", on=sent.sent_on)


def on_letter_failed(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Note that a confirming letter could not be made or sent (letter.failed): the queue shows it."""
    told = {cast(LetterFailed, event.payload).demand_id: event for event in events}
    for notice_id, notice in store.find_notices(uow.tx, told).items():
        if notice.state == ISSUED:
            reason = cast(LetterFailed, told[notice_id].payload).reason
            store.change_notice(uow.tx, notice_id, state=FAILED, failure=reason)
            erase_printed(uow, notice.text_ids)
            _note(uow, notice, told[notice_id], "letter.failed", "kunne ikke sendes", on=None)


def _lines(uow: Uow, deps: Deps, claims: Sequence[Claim]) -> list[dict[str, Any]]:
    owed = claim_balances(uow.tx, deps, [one.claim_id for one in claims], as_of=uow.today, known_at=None)
    numbers = cases.find_cases(uow.tx, {one.case_id for one in claims})
    return [
        {
            "claim_id": one.claim_id,
            "case_number": numbers[one.case_id].case_number,
            "service_name": claim_type(one.claim_type).service_name,
            "invoice_number": one.invoice_number,
            "amount_ore": owed[one.claim_id].total_ore,
        }
        for one in claims
    ]


def _own_kid(case: Case, claims: Sequence[Claim], request: Request) -> str:
    """Whoever owes one claim of another's case pays on that claim's KID; the case's own debtor on the case's."""
    return claims[0].kid if len(claims) == 1 or request.debtor_ref != case.debtor_ref else case.kid


def _note(uow: Uow, notice: Notice, event: Event, kind: str, what: str, *, on: date | None) -> None:
    case = cases.find_cases(uow.tx, [notice.case_id])[notice.case_id]
    entry = TimelineEntry(
        entry_id=uow.new_id(f"timeline:{kind}:{notice.notice_id}", cause=event),
        case_id=notice.case_id,
        # What happened before it in the same minute stands before it in the timeline.
        at=max(uow.now, case.last_recorded_at),
        type=kind,
        summary=f"{TITLES[cast(NoticeKind, notice.kind)]} {what}",
        actor=SYSTEM,
        facts={"notice_id": notice.notice_id, "kind": notice.kind, "sent_on": on.isoformat() if on else None},
    )
    cases.add_timeline(uow.tx, [entry])
