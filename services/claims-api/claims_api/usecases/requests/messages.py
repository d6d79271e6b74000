"""Messages by any channel, their answers by letter, and «Jeg har betalt», which lets the next step wait."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.requests import Move, RequestKind, RequestState
from claims_api.store import requests
from claims_api.store.requests import Request
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.freezing import let_go, stop
from claims_api.usecases.requests.notices import SYSTEM, issue_notice
from claims_api.usecases.requests.texts import write_text
from shared.calendar import add_bank_days
from shared.errors import Conflict
from shared.events.requests import Channel as EventChannel
from shared.events.requests import MessageReceived
from shared.uow import Uow

_DAY = timedelta(days=1)


def post_message(uow: Uow, deps: Deps, case_id: str, text: str, asker: Asker) -> Request:
    """Keep what someone wrote or said about a case, for a caseworker to answer. Raises NotFound and Reject."""
    case = asking.lock(uow, case_id)
    seen = asking.visible_claims(uow, case, asker)
    debtor_ref = asking.debtor_of(uow, case, asker, seen)
    request = asking.store_request(uow, case, RequestKind.MESSAGE, asker, debtor_ref=debtor_ref, about=[])
    text_id = write_text(uow, deps, text, case_id=case_id, request_id=request.request_id)
    requests.change_request(uow.tx, request.request_id, text_id=text_id)
    payload = MessageReceived(
        request_id=request.request_id,
        case_id=case_id,
        channel=cast(EventChannel, request.channel),
        received_on=request.received_on,
        answer_by=request.due_on,
        documents=len(request.documents),
    )
    uow.emit(payload, key=case_id)
    asking.tell(
        uow,
        case,
        "message.received",
        _RECEIVED[request.channel],
        actor=asker.who,
        request_id=request.request_id,
        received_on=request.received_on,
    )
    return request


_RECEIVED = {
    "portal": "Melding fra Min side er mottatt",
    "post": "Brev er mottatt",
    "phone": "Telefonsamtale er notert",
    "visit": "Besøk er notert",
    "email": "E-post er mottatt",
}


def answer_message(uow: Uow, deps: Deps, held: Held, text: str, *, who: str) -> Request:
    """Answer a message by letter; raises Conflict when it was answered before."""
    request = held.request
    text_id = write_text(uow, deps, text, case_id=request.case_id, request_id=request.request_id, printed=True)
    request = asking.move(
        uow,
        request,
        Move.ANSWER,
        reasons_text_id=text_id,
        decided_on=uow.today,
        decided_at=held.case.last_recorded_at,
        decided_by=who,
    )
    summary = "Henvendelsen er besvart"
    asking.tell(uow, held.case, "message.answered", summary, actor=who, request_id=request.request_id)
    issue_notice(uow, deps, held.case, "message_answered", request=request, claims=[], text_ids=[text_id])
    return request


def say_paid(uow: Uow, deps: Deps, case_id: str, asker: Asker) -> Request:
    """«Jeg har betalt»: the next step waits some bank days for the money, once per letter (decisions B7).

    Raises Conflict when the case is settled, or this was said since each claim's latest letter already.
    """
    case = asking.lock(uow, case_id)
    about = asking.claims_for_time(asking.visible_claims(uow, case, asker), uow.today)
    debtor_ref = asking.debtor_of(uow, case, asker, about)
    keys = asking.demand_keys(uow, about)
    kind = RequestKind.PAID_CLAIM
    earlier = requests.requests_about(uow.tx, keys, [kind.value])
    fresh = [
        claim
        for claim in about
        if all(line.demand_key != keys[claim.claim_id] for _, line in earlier.get(claim.claim_id, []))
    ]
    if not fresh:
        raise Conflict("paid-said-before", "paid: expected a claim with a letter since this was last said, got none")
    until = add_bank_days(uow.today, deps.settings.paid_wait_bank_days)
    request = asking.store_request(
        uow,
        case,
        kind,
        asker,
        debtor_ref=debtor_ref,
        about=fresh,
        keys=keys,
        state=RequestState.GRANTED.value,
        until=until,
        due_on=until,
        decided_on=uow.today,
        look_on=until + _DAY,
    )
    stop(uow, case, fresh, reason="paid_claim", request=request, until=until, actor=asker.who)
    asking.tell(
        uow,
        case,
        "paid.said",
        f"Skyldneren opplyser å ha betalt; neste skritt venter til {until:%d.%m.%Y}",
        actor=asker.who,
        request_id=request.request_id,
        until=until,
    )
    return request


def close_paid_claims(uow: Uow, *, limit: int) -> int:
    """Let go on what waited for money that was said to be on its way; returns how many were looked at."""
    kinds, states = [RequestKind.PAID_CLAIM.value], [RequestState.GRANTED.value]
    due = requests.to_look_at(uow.tx, kinds, states, uow.today, limit)
    for request in due:
        held = asking.hold_request(uow, request)
        let_go(uow, held.case, request, actor=SYSTEM)
        requests.change_request(uow.tx, request.request_id, look_on=None, ended_on=uow.today)
    return len(due)
