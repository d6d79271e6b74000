"""Saying no to more time or a plan: the reasons by letter, and days to pay before anything follows (decisions B7)."""

from __future__ import annotations

from typing import Literal, cast

from claims_api.deps import Deps
from claims_api.domain.requests import Move, RequestState
from claims_api.domain.rules import TimeGiven
from claims_api.store import holds, requests
from claims_api.store.requests import Request
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Held
from claims_api.usecases.requests.freezing import let_go, set_status_again
from claims_api.usecases.requests.notices import issue_notice
from claims_api.usecases.requests.texts import write_text
from shared.calendar import deadline_after
from shared.errors import Conflict, FieldError, Invalid
from shared.events.requests import NoticeKind, RequestRefused
from shared.uow import Uow

_SUMMARY = {
    "deferral": "Søknaden om betalingsutsettelse er avslått",
    "plan": "Søknaden om nedbetalingsavtale er avslått",
    "plan_change": "Søknaden om endring av nedbetalingsavtalen er avslått",
}


def refuse(uow: Uow, deps: Deps, held: Held, *, reasons: str | None, who: str) -> Request:
    """Refuse a waiting request with its reasons; what stood still goes on after the letter's days to pay.

    Raises Conflict when it was decided before, Reject without reasons.
    """
    request = held.request
    if not reasons:
        raise Invalid(FieldError("reasons", "missing", "expected why it is refused"))
    stood_still = bool(holds.holds_of_request(uow.tx, request.request_id))
    pay_by = deadline_after(uow.today, deps.settings.refusal_days) if stood_still else None
    text_ids = write_reasons(uow, deps, request, reasons)
    request = asking.move(
        uow,
        request,
        Move.REFUSE,
        outcome="refused",
        decided_on=uow.today,
        decided_at=held.case.last_recorded_at,
        decided_by=who,
        pay_by=pay_by,
    )
    given = deps.rules.time_given(pay_by) if pay_by else None
    for case_id in held.case_ids:
        _tell(uow, held, case_id, request, given, who)
    open_claims = [claim for claim in held.claims if asking.is_open(claim)]
    if open_claims:
        issue_notice(
            uow,
            deps,
            held.case,
            cast(NoticeKind, f"{request.kind}_refused"),
            request=request,
            claims=open_claims,
            ask_for_money=pay_by is not None,
            pay_by=pay_by,
            text_ids=text_ids,
        )
    return request


def withdraw(uow: Uow, held: Held, *, who: str) -> Request:
    """Take a waiting request for time or a plan back: what stood still because of it goes on.

    Raises Conflict when it was decided before.
    """
    if held.request.state != RequestState.PENDING:
        raise Conflict("request-decided", f"request: expected one that waits, got one {held.request.state}")
    request = asking.move(uow, held.request, Move.WITHDRAW, ended_on=uow.today)
    for case_id in held.case_ids:
        let_go(uow, held.locked[case_id], request, actor=who)
        summary = "Søknaden er trukket"
        asking.tell(uow, held.locked[case_id], "request.withdrawn", summary, actor=who, request_id=request.request_id)
    set_status_again(uow, held.claims)
    return request


def write_reasons(uow: Uow, deps: Deps, request: Request, reasons: str | None) -> list[str]:
    """Keep the reasons of a decision for its letter to print; returns their text ids, none when none were given."""
    if not reasons:
        return []
    text_id = write_text(uow, deps, reasons, case_id=request.case_id, request_id=request.request_id, printed=True)
    requests.change_request(uow.tx, request.request_id, reasons_text_id=text_id)
    return [text_id]


def _tell(uow: Uow, held: Held, case_id: str, request: Request, given: TimeGiven | None, who: str) -> None:
    case = held.locked[case_id]
    ids = [claim.claim_id for claim in held.of_case(case_id)]
    let_go(uow, case, request, actor=who, given=given)
    pay_by = given.pay_by if given else None
    if pay_by is not None:
        requests.put_pay_by(uow.tx, request.request_id, ids, pay_by)
    payload = RequestRefused(
        request_id=request.request_id,
        case_id=case_id,
        kind=cast(Literal["deferral", "plan", "plan_change"], request.kind),
        claim_ids=ids,
        refused_on=uow.today,
        pay_by=pay_by,
    )
    uow.emit(payload, key=case_id)
    asking.tell(
        uow, case, "request.refused", _SUMMARY[request.kind], actor=who, request_id=request.request_id, pay_by=pay_by
    )
