"""Requests: more time, a payment plan, an objection; what is granted at once, and what a caseworker decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy import Connection

from claims_api.api.access import Clerks, Readers, deps_of, see_case, wait_for_documents
from claims_api.api.request_bodies import (
    AskIn,
    ComplaintIn,
    DecisionIn,
    DeferralIn,
    MessageIn,
    ObjectionIn,
    PlanChangeIn,
    PlanIn,
)
from claims_api.api.request_views import RequestView, see_request, show_request
from claims_api.deps import Deps
from claims_api.domain.objections import About
from claims_api.domain.plans import Terms
from claims_api.domain.requests import Channel, Outcome, RequestKind
from claims_api.store import requests
from claims_api.store.requests import Request
from claims_api.usecases.documents import unknown_documents
from claims_api.usecases.requests import objections, plans
from claims_api.usecases.requests.acknowledging import accept_plan
from claims_api.usecases.requests.asking import Asker, Held, hold_request
from claims_api.usecases.requests.complaints import complain
from claims_api.usecases.requests.deciding_objections import Decision, decide_objection
from claims_api.usecases.requests.deferrals import ask_deferral, decide_deferral
from claims_api.usecases.requests.objections import raise_objection, withdraw_objection
from claims_api.usecases.requests.plan_changes import Change, ask_change, decide_change
from claims_api.usecases.requests.plans import ask_plan, decide_plan
from claims_api.usecases.requests.refusing import withdraw
from shared.auth import Role
from shared.errors import FieldError, Invalid, NotFound
from shared.http import Ctx, allow
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["requests"])

Askers = Annotated[Ctx, allow(Role.DEBTOR, Role.CASEWORKER)]
_ASK = problems(400, 401, 403, 404, 409, 422)
_READ = problems(401, 403, 404)


def asker_of(tx: Connection, ctx: Ctx, case_id: str, body: AskIn | MessageIn) -> Asker:
    """Return who asks, on a case they may see; raises NotFound, and Reject for what a debtor cannot say."""
    seen = see_case(tx, ctx, case_id)
    named = documents_of(body)
    errors = unknown_documents(tx, named, ctx.caller.sight)
    documents = list(named.values())
    if ctx.caller.role is not Role.DEBTOR:
        if errors:
            raise Invalid(*errors)
        return Asker(
            who=ctx.who(),
            debtor_ref=body.debtor_ref,
            channel=Channel(body.channel or "phone"),
            received_on=body.received_on,
            documents=documents,
        )
    if body.channel not in (None, "portal"):
        errors.append(FieldError("channel", "not-yours", "expected portal: the desk registers what comes otherwise"))
    if body.received_on not in (None, ctx.today):
        errors.append(FieldError("received_on", "not-yours", "expected null or today"))
    if body.debtor_ref not in (None, ctx.caller.debtor_ref):
        errors.append(FieldError("debtor_ref", "not-yours", "expected null or yourself"))
    if errors:
        raise Invalid(*errors)
    return Asker(
        who="debtor",
        debtor_ref=ctx.caller.debtor_ref,
        channel=Channel.PORTAL,
        visible=None if seen.whole else [claim.claim_id for claim in seen.claims],
        documents=documents,
    )


def documents_of(body: AskIn | MessageIn) -> dict[str, str]:
    """Return the documents a body names, by the field."""
    if isinstance(body, AskIn):
        return {f"documents.{at}": document_id for at, document_id in enumerate(body.documents)}
    return {"document": body.document} if body.document else {}


def actor_of(ctx: Ctx) -> str:
    """Return whom to write down as having done something; a debtor's name stays out of it."""
    return "debtor" if ctx.caller.role is Role.DEBTOR else ctx.who()


def answered(ctx: Ctx, work: Callable[[Uow, Deps], Request]) -> Callable[[Uow], RequestView]:
    """Return work that does what is asked and answers the request as it is then, without anybody's words.

    An answer is kept in the clear for whoever repeats the call; words are kept sealed, and only a GET opens them.
    """

    def run(uow: Uow) -> RequestView:
        request = work(uow, deps_of(ctx))
        fresh = requests.find_request(uow.tx, request.request_id) or request
        return show_request(uow.tx, ctx, fresh).model_copy(update={"text": None, "reasons": None, "complaint": None})

    return run


def held_for(uow: Uow, ctx: Ctx, case_id: str, request_id: str, kind: RequestKind) -> Held:
    """Return a request the caller may see, under the locks of its cases; raises NotFound."""
    return hold_request(uow, see_request(uow.tx, ctx, request_id, kind, case_id))


@router.post("/deferrals", status_code=201, response_model=RequestView, responses=_ASK, summary="Ask for more time")
def post_deferral(case_id: str, ctx: Askers, once: Idempotent, body: DeferralIn) -> Any:
    """Ask for more time: given at once when it is within the rule, else a caseworker decides."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        return ask_deferral(uow, deps, case_id, body.until, asker_of(uow.tx, ctx, case_id, body))

    return once.run(ctx, answered(ctx, work))


@router.post("/plans", status_code=201, response_model=RequestView, responses=_ASK, summary="Ask for a payment plan")
def post_plan(case_id: str, ctx: Askers, once: Idempotent, body: PlanIn) -> Any:
    """Ask to pay by instalments: agreed at once when it is within the rule, else a caseworker decides."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        others = list(dict.fromkeys(one for one in body.case_ids or [] if one != case_id))
        asked = plans.Asked(
            case_id=case_id,
            case_ids=others,
            terms=Terms(first_due=body.first_due, instalment_ore=body.instalment_ore, instalments=body.instalments),
            acknowledges=body.acknowledges,
        )
        askers = {case_id: asker_of(uow.tx, ctx, case_id, body)}
        owner = see_case(uow.tx, ctx, case_id).case.debtor_ref
        for other in others:
            try:
                seen = see_case(uow.tx, ctx, other)
            except NotFound:
                continue  # answered as a field error, with the others
            if seen.case.debtor_ref == owner or ctx.caller.role is Role.DEBTOR:
                askers[other] = asker_of(uow.tx, ctx, other, body)
        return ask_plan(uow, deps, asked, askers)

    return once.run(ctx, answered(ctx, work))


@router.post("/objections", status_code=201, response_model=RequestView, responses=_ASK, summary="Object")
def post_objection(case_id: str, ctx: Askers, once: Idempotent, body: ObjectionIn) -> Any:
    """Object to claims or a part of one: exactly what is disputed stands still at once."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        asked = objections.Asked(
            claim_ids=body.claim_ids,
            disputed_ore=body.disputed_ore,
            text=body.text,
            ground=body.ground,
            about=About(body.about),
        )
        return raise_objection(uow, deps, case_id, asked, asker_of(uow.tx, ctx, case_id, body))

    return once.run(ctx, answered(ctx, work))


@router.post(
    "/plans/{request_id}/changes", status_code=201, response_model=RequestView, responses=_ASK, summary="Change a plan"
)
def post_change(case_id: str, request_id: str, ctx: Askers, once: Idempotent, body: PlanChangeIn) -> Any:
    """Ask for other instalments, or a pause: done at once within the rule, else a caseworker decides."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        asker = asker_of(uow.tx, ctx, case_id, body)
        change = Change(
            instalment_ore=body.instalment_ore,
            instalments=body.instalments,
            first_due=body.first_due,
            pause_months=body.pause_months,
        )
        return ask_change(uow, deps, held_for(uow, ctx, case_id, request_id, RequestKind.PLAN), change, asker)

    return once.run(ctx, answered(ctx, work))


@router.post("/plans/{request_id}/acceptance", response_model=RequestView, responses=_ASK, summary="Accept a plan")
def post_acceptance(case_id: str, request_id: str, ctx: Askers, once: Idempotent) -> Any:
    """Accept a running plan, which says that it is an acknowledgement of the debt: limitation starts anew."""

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.PLAN)
        accept_plan(uow, deps, held, who=actor_of(ctx))
        return held.request

    return once.run(ctx, answered(ctx, work), status=200)


@router.post(
    "/objections/{request_id}/complaint", response_model=RequestView, responses=_ASK, summary="Complain of a decision"
)
def post_complaint(case_id: str, request_id: str, ctx: Askers, once: Idempotent, body: ComplaintIn) -> Any:
    """Complain of the unit's decision on an objection: what is disputed stands still until the body has decided."""
    wait_for_documents(ctx, documents_of(body).values())

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.OBJECTION)
        return complain(uow, deps, held, body.text, asker_of(uow.tx, ctx, case_id, body))

    return once.run(ctx, answered(ctx, work), status=200)


@router.post(
    "/objections/{request_id}/withdrawal", response_model=RequestView, responses=_ASK, summary="Give an objection up"
)
def post_withdrawal(case_id: str, request_id: str, ctx: Askers, once: Idempotent) -> Any:
    """Give an objection up in writing, before or after it was rejected: collection goes on where it stood."""

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.OBJECTION)
        return withdraw_objection(uow, deps, held, who=actor_of(ctx))

    return once.run(ctx, answered(ctx, work), status=200)


@router.post(
    "/deferrals/{request_id}/withdrawal", response_model=RequestView, responses=_ASK, summary="Take a request back"
)
def withdraw_deferral(case_id: str, request_id: str, ctx: Askers, once: Idempotent) -> Any:
    """Take back a request for more time that nobody has decided yet."""

    def work(uow: Uow, deps: Deps) -> Request:
        return withdraw(uow, held_for(uow, ctx, case_id, request_id, RequestKind.DEFERRAL), who=actor_of(ctx))

    return once.run(ctx, answered(ctx, work), status=200)


@router.post(
    "/plans/{request_id}/withdrawal", response_model=RequestView, responses=_ASK, summary="Take a request back"
)
def withdraw_plan(case_id: str, request_id: str, ctx: Askers, once: Idempotent) -> Any:
    """Take back a plan, or the change of one, that nobody has decided yet."""

    def work(uow: Uow, deps: Deps) -> Request:
        request = see_request(uow.tx, ctx, request_id, None, case_id)
        if request.kind not in (RequestKind.PLAN, RequestKind.PLAN_CHANGE):
            raise NotFound("request")
        return withdraw(uow, hold_request(uow, request), who=actor_of(ctx))

    return once.run(ctx, answered(ctx, work), status=200)


@router.post("/deferrals/{request_id}/decision", response_model=RequestView, responses=_ASK, summary="Decide")
def post_deferral_decision(case_id: str, request_id: str, ctx: Clerks, once: Idempotent, body: DecisionIn) -> Any:
    """Give more time, to another day (partly), or refuse it."""

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.DEFERRAL)
        if body.outcome == "partly" and body.until is None:
            raise Invalid(FieldError("until", "missing", "expected the day that is given instead"))
        return decide_deferral(
            uow, deps, held, outcome=body.outcome, until=body.until, reasons=body.reasons, who=ctx.who()
        )

    return once.run(ctx, answered(ctx, work), status=200)


@router.post("/plans/{request_id}/decision", response_model=RequestView, responses=_ASK, summary="Decide")
def post_plan_decision(case_id: str, request_id: str, ctx: Clerks, once: Idempotent, body: DecisionIn) -> Any:
    """Agree to a plan or the change of one, on other terms (partly), or refuse it."""

    def work(uow: Uow, deps: Deps) -> Request:
        request = see_request(uow.tx, ctx, request_id, None, case_id)
        kinds = (RequestKind.PLAN, RequestKind.PLAN_CHANGE)
        if request.kind not in kinds:
            raise NotFound("request")
        terms = None
        if body.outcome == "partly":
            if body.first_due is None:
                raise Invalid(FieldError("first_due", "missing", "expected the terms that are agreed instead"))
            terms = Terms(first_due=body.first_due, instalment_ore=body.instalment_ore, instalments=body.instalments)
        decide = decide_plan if request.kind == RequestKind.PLAN else decide_change
        held = hold_request(uow, request)
        return decide(uow, deps, held, outcome=body.outcome, terms=terms, reasons=body.reasons, who=ctx.who())

    return once.run(ctx, answered(ctx, work), status=200)


@router.post("/objections/{request_id}/decision", response_model=RequestView, responses=_ASK, summary="Decide")
def post_objection_decision(case_id: str, request_id: str, ctx: Clerks, once: Idempotent, body: DecisionIn) -> Any:
    """Uphold an objection, a part of it, or reject it; what that does to the money is done at once."""

    def work(uow: Uow, deps: Deps) -> Request:
        held = held_for(uow, ctx, case_id, request_id, RequestKind.OBJECTION)
        decision = Decision(
            outcome=Outcome(body.outcome),
            reasons=body.reasons,
            reasonable=body.reasonable,
            upheld_ore=body.upheld_ore,
            heard_by=body.heard_by,
        )
        return decide_objection(uow, deps, held, decision, who=ctx.who())

    return once.run(ctx, answered(ctx, work), status=200)


@router.get("/deferrals/{request_id}", responses=_READ, summary="Read a deferral")
def read_deferral(case_id: str, request_id: str, ctx: Readers) -> RequestView:
    """Return a deferral that is yours to see."""
    with ctx.read() as tx:
        return show_request(tx, ctx, see_request(tx, ctx, request_id, RequestKind.DEFERRAL, case_id))


@router.get("/plans/{request_id}", responses=_READ, summary="Read a plan")
def read_a_plan(case_id: str, request_id: str, ctx: Readers) -> RequestView:
    """Return a plan that is yours to see, with where each instalment stands."""
    with ctx.read() as tx:
        return show_request(tx, ctx, see_request(tx, ctx, request_id, RequestKind.PLAN, case_id))


@router.get("/objections/{request_id}", responses=_READ, summary="Read an objection")
def read_objection(case_id: str, request_id: str, ctx: Readers) -> RequestView:
    """Return an objection that is yours to see; a unit sees those it hears itself."""
    with ctx.read() as tx:
        return show_request(tx, ctx, see_request(tx, ctx, request_id, RequestKind.OBJECTION, case_id))
