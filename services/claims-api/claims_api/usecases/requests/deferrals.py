"""Betalingsutsettelse: asked for, given at once within the rule or by a caseworker, and over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from claims_api.deps import Deps
from claims_api.domain.deferrals import DeferralClaim, check_until, deadline_of, grounds_against
from claims_api.domain.requests import Move, RequestKind, RequestState, listed
from claims_api.store import requests
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.freezing import let_go, stop
from claims_api.usecases.requests.notices import SYSTEM, issue_notice
from claims_api.usecases.requests.refusing import refuse, write_reasons
from claims_api.usecases.requests.rules import deferral_rule
from shared.errors import Conflict, Invalid
from shared.events.requests import DeferralEnded, DeferralGranted
from shared.uow import Uow

KIND = RequestKind.DEFERRAL
_DAY = timedelta(days=1)


def ask_deferral(uow: Uow, deps: Deps, case_id: str, until: date, asker: Asker) -> Request:
    """Ask for time until a day for the claims of a case; given at once within the rule, else for a caseworker.

    Raises NotFound, Conflict for a case that is settled or has a request waiting, Reject for a day that can never be.
    """
    case = asking.lock(uow, case_id)
    about = asking.claims_for_time(asking.visible_claims(uow, case, asker), uow.today)
    debtor_ref = asking.debtor_of(uow, case, asker, about)
    keys = asking.demand_keys(uow, about)
    earlier = requests.requests_about(uow.tx, keys, [KIND.value])
    if any(one.state == RequestState.PENDING for told in earlier.values() for one, _ in told):
        raise Conflict("request-pending", "deferral: one that was asked for is not decided yet")
    asked = [
        DeferralClaim(
            claim_id=claim.claim_id,
            last_day=claim.last_day,
            used=any(
                one.state == RequestState.GRANTED and line.demand_key == keys[claim.claim_id]
                for one, line in earlier.get(claim.claim_id, [])
            ),
        )
        for claim in about
    ]
    wrong = check_until(until, uow.today, asked)
    if wrong is not None:
        raise Invalid(wrong)
    grounds = grounds_against(
        until, uow.today, asked, at_legal_step=case.state == "legal", rule=deferral_rule(deps.settings)
    )
    request = asking.store_request(
        uow,
        case,
        KIND,
        asker,
        debtor_ref=debtor_ref,
        about=about,
        keys=keys,
        until=deadline_of(until),
        grounds=listed(grounds),
    )
    if not grounds:
        request = asking.move(uow, request, Move.GRANT, decided_on=uow.today, decided_at=case.last_recorded_at)
        return _give(uow, deps, case, request, about, by="rule", actor=asker.who)
    refused_before = any(
        one.state == RequestState.REFUSED and line.demand_key == keys[claim_id]
        for claim_id, told in earlier.items()
        for one, line in told
    )
    wait_for_decision(uow, deps, case, request, about, stands_still=not refused_before, actor=asker.who)
    return request


def wait_for_decision(
    uow: Uow, deps: Deps, case: Case, request: Request, about: Sequence[Claim], *, stands_still: bool, actor: str
) -> None:
    """Put a request into the queue: collection stands still meanwhile, unless the same was refused before."""
    if stands_still:
        stop(uow, case, about, reason="request", request=request, actor=actor)
    asking.tell(
        uow,
        case,
        "request.received",
        _RECEIVED[RequestKind(request.kind)],
        actor=actor,
        request_id=request.request_id,
        answer_by=request.due_on,
    )
    issue_notice(
        uow,
        deps,
        case,
        "request_received",
        request=request,
        claims=about,
        answer_by=request.due_on,
        freezes=stands_still,
    )


_RECEIVED = {
    RequestKind.DEFERRAL: "Søknad om betalingsutsettelse er mottatt",
    RequestKind.PLAN: "Søknad om nedbetalingsavtale er mottatt",
    RequestKind.PLAN_CHANGE: "Søknad om endring av nedbetalingsavtalen er mottatt",
}


def decide_deferral(
    uow: Uow, deps: Deps, held: Held, *, outcome: str, until: date | None, reasons: str | None, who: str
) -> Request:
    """Grant a waiting request, for another day (partly), or refuse it; raises Conflict when it was decided before."""
    case, request = held.case, held.request
    if outcome == "refused":
        return refuse(uow, deps, held, reasons=reasons, who=who)
    about = [claim for claim in held.claims if asking.time_can_be_given(claim, uow.today)]
    if not about:
        raise Conflict("case-settled", "request: expected a claim that is still to be paid, got none")
    day = until if outcome == "partly" and until is not None else request.until
    if day is None:
        raise Conflict("request-decided", "request: expected a day it was asked for")
    limits = [DeferralClaim(claim_id=claim.claim_id, last_day=claim.last_day) for claim in about]
    wrong = check_until(day, uow.today, limits)
    if wrong is not None:
        raise Invalid(wrong)
    request = asking.move(
        uow,
        request,
        Move.GRANT,
        until=deadline_of(day),
        outcome=outcome,
        decided_on=uow.today,
        decided_at=case.last_recorded_at,
        decided_by=who,
    )
    let_go(uow, case, request, actor=who)
    text_ids = write_reasons(uow, deps, request, reasons)
    return _give(uow, deps, case, request, about, by="caseworker", actor=who, text_ids=text_ids)


def _give(
    uow: Uow,
    deps: Deps,
    case: Case,
    request: Request,
    about: Sequence[Claim],
    *,
    by: Literal["rule", "caseworker"],
    actor: str,
    text_ids: Sequence[str] = (),
) -> Request:
    until = request.until
    if until is None:
        raise Conflict("request-decided", "request: expected a day it was asked for")
    ids = [claim.claim_id for claim in about]
    stop(uow, case, about, reason="deferral", request=request, until=until, actor=actor)
    requests.put_pay_by(uow.tx, request.request_id, ids, until)
    requests.change_request(uow.tx, request.request_id, look_on=until + _DAY)
    granted = DeferralGranted(
        request_id=request.request_id,
        case_id=case.case_id,
        claim_ids=ids,
        until=until,
        granted_on=uow.today,
        granted_by=by,
    )
    uow.emit(granted, key=case.case_id)
    summary = f"Betalingsutsettelse er gitt til {until:%d.%m.%Y}"
    asking.tell(uow, case, "deferral.granted", summary, actor=actor, request_id=request.request_id, until=until)
    issue_notice(
        uow,
        deps,
        case,
        "deferral_granted",
        request=request,
        claims=about,
        until=until,
        ask_for_money=True,
        text_ids=list(text_ids),
    )
    return request


def close_deferrals(uow: Uow, *, limit: int) -> int:
    """End the deferrals whose last day has passed; returns how many were looked at."""
    over = requests.to_look_at(uow.tx, [KIND.value], [RequestState.GRANTED.value], uow.today, limit)
    for request in over:
        held = asking.hold_request(uow, request)
        let_go(uow, held.case, request, actor=SYSTEM)
        requests.change_request(uow.tx, request.request_id, look_on=None, ended_on=uow.today)
        payload = DeferralEnded(
            request_id=request.request_id,
            case_id=request.case_id,
            claim_ids=[claim.claim_id for claim in held.claims],
            until=request.until or uow.today,
            ended_on=uow.today,
        )
        uow.emit(payload, key=request.case_id)
        asking.tell(
            uow,
            held.case,
            "deferral.ended",
            "Betalingsutsettelsen er over",
            actor=SYSTEM,
            request_id=request.request_id,
        )
    return len(over)
