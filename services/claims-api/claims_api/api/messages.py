"""Messages and their answers, «Jeg har betalt», and the queue of everything that waits for somebody."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from claims_api.api.access import After, Clerks, Readers, wait_for_documents
from claims_api.api.request_bodies import AnswerIn, AskIn, MessageIn
from claims_api.api.request_views import (
    RequestPage,
    RequestView,
    queue_scope,
    see_request,
    show_brief_request,
    show_request,
)
from claims_api.api.requests import Askers, answered, asker_of, documents_of, held_for
from claims_api.deps import Deps
from claims_api.domain.requests import RequestKind
from claims_api.store import cases, requests
from claims_api.store.requests import Request
from claims_api.usecases.requests.messages import answer_message, post_message, say_paid
from shared.errors import Reject
from shared.http import LIMIT_DEFAULT, Limit
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1", tags=["requests"])

_ASK = problems(400, 401, 403, 404, 409, 422)
_READ = problems(401, 403, 404)
State = Literal["pending", "granted", "refused", "withdrawn", "kept", "broken", "answered"]
Kind = Literal["deferral", "plan", "plan_change", "objection", "message", "paid_claim"]


@router.post(
    "/cases/{case_id}/messages", status_code=201, response_model=RequestView, responses=_ASK, summary="Leave a message"
)
def post_a_message(case_id: str, ctx: Askers, once: Idempotent, body: MessageIn) -> Any:
    """Write about a case, or register what came by post, phone, visit or e-mail; a caseworker answers by letter."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        return post_message(uow, deps, case_id, body.text, asker_of(uow.tx, ctx, case_id, body))

    return once.run(ctx, answered(ctx, work))


@router.get("/cases/{case_id}/messages/{request_id}", responses=_READ, summary="Read a message")
def read_message(case_id: str, request_id: str, ctx: Readers) -> RequestView:
    """Return a message that is yours to see, with its answer."""
    with ctx.read() as tx:
        return show_request(tx, ctx, see_request(tx, ctx, request_id, RequestKind.MESSAGE, case_id))


@router.post(
    "/cases/{case_id}/messages/{request_id}/answer", response_model=RequestView, responses=_ASK, summary="Answer"
)
def post_answer(case_id: str, request_id: str, ctx: Clerks, once: Idempotent, body: AnswerIn) -> Any:
    """Answer a message; whoever left it gets the answer by letter."""

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.MESSAGE)
        return answer_message(uow, deps, held, body.text, who=ctx.who())

    return once.run(ctx, answered(ctx, work), status=200)


@router.post(
    "/cases/{case_id}/paid-claims", status_code=201, response_model=RequestView, responses=_ASK, summary="Say: paid"
)
def post_paid(case_id: str, ctx: Askers, once: Idempotent, body: AskIn) -> Any:
    """«Jeg har betalt»: the next step waits five bank days for the money, once per letter."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        return say_paid(uow, deps, case_id, asker_of(uow.tx, ctx, case_id, body))

    return once.run(ctx, answered(ctx, work))


@router.get("/requests", responses=problems(401, 403, 422), summary="What waits for somebody")
def list_requests(
    ctx: Readers,
    state: State | None = None,
    kind: Kind | None = None,
    case_id: Annotated[str | None, Query(max_length=36)] = None,
    creditor_unit: Annotated[str | None, Query(max_length=60)] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> RequestPage:
    """List requests, those to be answered first at the top: with whose turn it is, until when, and what then.

    A debtor sees their own, a unit the objections it hears.
    """
    wanted = {"state": state, "kind": kind, "case_id": case_id, "unit": creditor_unit}
    filters = {name: value for name, value in wanted.items() if value is not None}
    with ctx.read() as tx:
        found = requests.queue(tx, queue_scope(ctx), filters=filters, after=_place(after), limit=limit)
        lines = requests.claims_of_requests(tx, [request.request_id for request, _ in found])
        held = cases.find_cases(tx, {request.case_id for request, _ in found})
    items = [
        show_brief_request(
            request,
            number,
            [line.claim_id for line in lines.get(request.request_id, [])],
            held[request.case_id].version,
            ctx.today,
        )
        for request, number in found
    ]
    last = items[-1] if len(items) == limit else None
    return RequestPage(items=items, next=f"{last.due_on.isoformat()}~{last.request_id}" if last else None)


@router.get("/requests/{request_id}", responses=_READ, summary="Read a request")
def read_request(request_id: str, ctx: Readers) -> RequestView:
    """Return any request that is yours to see."""
    with ctx.read() as tx:
        return show_request(tx, ctx, see_request(tx, ctx, request_id, None, None))


def _place(after: str | None) -> tuple[date, str] | None:
    if after is None:
        return None
    day, _, request_id = after.partition("~")
    try:
        return date.fromisoformat(day), request_id
    except ValueError:
        raise Reject("cursor", "after: expected the `next` of the page before") from None
