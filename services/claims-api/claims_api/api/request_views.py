"""Requests as their readers see them: the debtor who made one, the desk, and the unit that hears it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from claims_api.api.access import deps_of
from claims_api.domain.requests import RequestKind, RequestState, turn_of
from claims_api.store import cases, requests
from claims_api.store.requests import QueueScope, Request
from claims_api.store.requests_texts import notices_of_request
from claims_api.usecases.requests.plan_reading import proposed, read_plan
from claims_api.usecases.requests.texts import read_texts
from shared.auth import Role
from shared.errors import NotFound
from shared.http import Ctx


class TurnView(BaseModel):
    """Whose move is next, until when, and what happens then."""

    owner: str = Field(description="caseworker, debtor, unit, statsforvalter, complaint_body or nobody.")
    until: date | None
    then: str


class InstalmentView(BaseModel):
    """One instalment; ``state``: paid, partly, coming or missed (proposed while nobody has agreed)."""

    number: int
    due_on: date
    amount_ore: int
    state: str


class LetterView(BaseModel):
    """A letter that a request brought about; notifications has it under this id."""

    notice_id: str
    kind: str
    state: str
    issued_on: date
    sent_on: date | None
    failure: str | None


class RequestBrief(BaseModel):
    """A request as it stands in a queue."""

    request_id: str
    kind: str
    state: str
    case_id: str
    case_number: str
    creditor_unit: str
    claim_ids: list[str]
    channel: str
    received_on: date
    due_on: date
    overdue: bool
    turn: TurnView
    grounds: list[str] = Field(description="Why it was not granted at once.")
    case_version: int


class RequestView(RequestBrief):
    """A request, what was asked for, what was decided and what follows."""

    case_ids: list[str]
    debtor_ref: str
    registered_at: datetime
    documents: list[str]
    text: str | None = Field(description="What was written; null in the answer to a POST, which is kept.")
    until: date | None
    plan_id: str | None
    kid: str | None = Field(description="A plan's own KID; null until it is agreed.")
    instalments: list[InstalmentView]
    total_ore: int | None
    paid_ore: int | None
    owed_ore: int | None
    acknowledges: bool
    disputed_ore: int | None
    ground: str | None
    about: str | None
    freezes: bool
    heard_by: str | None = Field(description="collector or unit; after a complaint statsforvalter or complaint_body.")
    complain_by: date | None = Field(description="The last day to complain of the unit's decision.")
    complained_on: date | None
    complaint: str | None = Field(description="What was written; null in the answer to a POST, which is kept.")
    in_time: bool | None
    outcome: str | None
    reasonable: bool | None
    upheld_ore: int | None
    reasons: str | None = Field(description="What the letter tells; null in the answer to a POST, which is kept.")
    decided_on: date | None
    decided_by: str | None
    pay_by: date | None
    contested_on: date | None
    ended_on: date | None
    letters: list[LetterView]


class RequestPage(BaseModel):
    """A page of requests in the order they are to be answered."""

    items: list[RequestBrief]
    next: str | None


def queue_scope(ctx: Ctx) -> QueueScope:
    """Return which requests the caller may see."""
    caller = ctx.caller
    if caller.role is Role.DEBTOR:
        return QueueScope(debtor_ref=caller.debtor_ref)
    return QueueScope(unit=caller.unit if caller.role is Role.AGENCY else None)


def may_see(ctx: Ctx, request: Request) -> bool:
    """Tell whether the caller may see a request: a debtor their own, a unit what it hears, the desk everything."""
    scope = queue_scope(ctx)
    if scope.debtor_ref is not None:
        return request.debtor_ref == scope.debtor_ref
    return scope.unit is None or (request.unit == scope.unit and request.heard_by == "unit")


def see_request(tx: Connection, ctx: Ctx, request_id: str, kind: RequestKind | None, case_id: str | None) -> Request:
    """Return a request the caller may see; raises NotFound otherwise, also when it is about another case."""
    request = requests.find_request(tx, request_id)
    if request is None or not may_see(ctx, request) or (kind is not None and request.kind != kind.value):
        raise NotFound("request")
    about = {request.case_id} | {line.case_id for line in requests.claims_of_request(tx, request_id)}
    if case_id is not None and case_id not in about:
        raise NotFound("request")
    return request


def show_request(tx: Connection, ctx: Ctx, request: Request) -> RequestView:
    """Return a request as the caller may see it."""
    deps, today = deps_of(ctx), ctx.today
    lines = requests.claims_of_request(tx, request.request_id)
    case = cases.find_cases(tx, [request.case_id])[request.case_id]
    texts = read_texts(
        tx, deps, [one for one in (request.text_id, request.reasons_text_id, request.complaint_text_id) if one]
    )
    plan = read_plan(tx, deps, request.request_id, today) if request.kind == "plan" and request.plan_id else None
    if plan is not None:
        shown = zip(plan.instalments, plan.states(today), strict=True)
        instalments = [_instalment(one.number, one.due_on, one.amount_ore, state.value) for one, state in shown]
    else:
        asked = proposed(tx, deps, request, today)
        instalments = [_instalment(one.number, one.due_on, one.amount_ore, "proposed") for one in asked]
    coming = next((one.due_on for one in instalments if plan is not None and one.state != "paid"), request.until)
    brief = show_brief_request(
        request, case.case_number, [line.claim_id for line in lines], case.version, today, until=coming
    )
    seen_by_desk = ctx.caller.role in (Role.CASEWORKER, Role.AUDITOR)
    return RequestView(
        **brief.model_dump(),
        case_ids=list(dict.fromkeys([request.case_id, *(line.case_id for line in lines)])),
        debtor_ref=request.debtor_ref,
        registered_at=request.registered_at,
        documents=request.documents,
        text=texts.get(request.text_id or ""),
        until=request.until,
        plan_id=request.plan_id,
        kid=plan.plan.kid if plan else None,
        instalments=instalments,
        total_ore=sum(one.amount_ore for one in instalments) if instalments else None,
        paid_ore=plan.money.paid_ore if plan else None,
        owed_ore=plan.money.owed_ore if plan else None,
        acknowledges=request.acknowledges,
        disputed_ore=request.disputed_ore,
        ground=request.ground,
        about=request.concerns,
        freezes=request.freezes,
        heard_by=request.complaint_body or request.heard_by,
        complain_by=request.complain_by,
        complained_on=request.complained_on,
        complaint=texts.get(request.complaint_text_id or ""),
        in_time=request.in_time,
        outcome=request.outcome,
        reasonable=request.reasonable,
        upheld_ore=request.upheld_ore,
        reasons=texts.get(request.reasons_text_id or ""),
        decided_on=request.decided_on,
        decided_by=request.decided_by if seen_by_desk else None,
        pay_by=request.pay_by,
        contested_on=request.contested_on,
        ended_on=request.ended_on,
        letters=_letters(tx, request.request_id),
    )


def show_brief_request(
    request: Request,
    case_number: str,
    claim_ids: list[str],
    case_version: int,
    today: date,
    *,
    until: date | None = None,
) -> RequestBrief:
    """Return a request as it stands in a queue; ``until``: the day of the next instalment, when it is known."""
    state = RequestState(request.state)
    turn = turn_of(
        RequestKind(request.kind),
        state,
        due_on=request.due_on,
        pay_by=None if request.contested_on else request.pay_by,
        until=until or request.until,
        hearer=request.complaint_body or request.heard_by,
        complain_by=None if request.complained_on else request.complain_by,
    )
    return RequestBrief(
        request_id=request.request_id,
        kind=request.kind,
        state=request.state,
        case_id=request.case_id,
        case_number=case_number,
        creditor_unit=request.unit,
        claim_ids=claim_ids,
        channel=request.channel,
        received_on=request.received_on,
        due_on=request.due_on,
        overdue=state is RequestState.PENDING and request.due_on < today,
        turn=TurnView(owner=turn.owner, until=turn.until, then=turn.then),
        grounds=request.grounds,
        case_version=case_version,
    )


def _letters(tx: Connection, request_id: str) -> list[LetterView]:
    return [
        LetterView(
            notice_id=one.notice_id,
            kind=one.kind,
            state=one.state,
            issued_on=one.issued_on,
            sent_on=one.sent_on,
            failure=one.failure,
        )
        for one in notices_of_request(tx, request_id)
    ]


def _instalment(number: int, due_on: date, amount_ore: int, state: str) -> InstalmentView:
    return InstalmentView(number=number, due_on=due_on, amount_ore=amount_ore, state=state)
