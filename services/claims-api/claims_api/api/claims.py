"""Claims: handing over one or many, checking, reading."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from sqlalchemy import Connection

from claims_api.api.access import (
    After,
    Limit,
    MinVersion,
    Readers,
    Senders,
    deps_of,
    page,
    scope_of,
    see_claim,
    wait_for,
)
from claims_api.api.reading import canonical, new_claim, read_draft
from claims_api.api.schemas import ClaimIn, Submission
from claims_api.api.showing import show_balance, show_claim
from claims_api.api.views import Checked, ClaimDetail, ClaimOut, ClaimPage
from claims_api.domain.intake import IntakeRules, notice_fault
from claims_api.store import cases, claims
from claims_api.usecases.register import Registered, check, check_reference, register_claim
from shared.auth import Role
from shared.errors import Forbidden, Reject
from shared.http import LIMIT_DEFAULT, Ctx
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/claims", tags=["claims"])

Sent = Annotated[Submission, Body()]


def accepted(tx: Connection, ctx: Ctx, sent: Submission) -> ClaimIn:
    """Return a body in which nothing is wrong; raises Reject with every error, Forbidden for another's unit."""
    deps = deps_of(ctx)
    draft, errors, unit = read_draft(sent)
    if ctx.caller.role is Role.AGENCY and unit is not None and unit != ctx.caller.unit:
        raise Forbidden("foreign-unit", "creditor_unit: expected your own unit, got another")
    rules = IntakeRules(today=ctx.today, allow_synthetic_ids=deps.settings.synthetic_ids, money=deps.rules)
    errors = [*errors, *check(tx, draft, unit, rules)]
    if errors or sent.claim is None:
        ctx.service.metrics.count("claims_rejected_total", reason=errors[0]["code"] if len(errors) == 1 else "several")
        raise Reject("validation", f"{len(errors)} field(s) were not accepted", errors=errors)
    return sent.claim


def take_in(uow: Uow, ctx: Ctx, sent: Submission) -> ClaimOut:
    """Check a body and store the claim; returns what the unit is told."""
    body = accepted(uow.tx, ctx, sent)
    told = register_claim(uow, deps_of(ctx), new_claim(body), canonical=canonical(body), actor=ctx.who())
    return claim_out(told)


def claim_out(told: Registered) -> ClaimOut:
    """Return what a unit is told as the answer it gets."""
    return ClaimOut.model_validate(asdict(told))


@router.post(
    "",
    status_code=201,
    response_model=ClaimOut,
    responses=problems(400, 401, 403, 409, 413, 422),
    summary="Hand over a claim",
)
def register(ctx: Senders, once: Idempotent, sent: Sent) -> Any:
    """Register one claim (krav).

    Everything wrong with it is answered at once. The same claim again under the same ``external_ref`` is answered as
    the first time; another claim under it is a conflict.
    """
    answer = once.run(ctx, lambda uow: take_in(uow, ctx, sent))
    if sent.claim is not None and "Idempotency-Replayed" not in answer.headers:
        ctx.service.metrics.count("claims_registered_total", claim_type=sent.claim.claim_type)
    return answer


@router.post("/validate", responses=problems(400, 401, 403, 409, 413, 422), summary="Check a claim, store nothing")
def validate(ctx: Senders, sent: Sent) -> Checked:
    """Make the same checks as handing a claim over, and store nothing."""
    deps = deps_of(ctx)
    with ctx.read() as tx:
        body = accepted(tx, ctx, sent)
        check_reference(tx, deps, body.creditor_unit, body.external_ref, canonical(body))
    notice = body.prior_notice
    fault = notice_fault(body.due_date, notice.sent_on, notice.deadline, rates=deps.rules.rates) if notice else None
    return Checked.model_validate({"valid": True, "prior_notice": (fault or "accepted") if notice else "none"})


@router.get("", responses=problems(401, 403, 422), summary="List claims")
def list_claims(
    ctx: Readers,
    external_ref: Annotated[str | None, Query(max_length=80)] = None,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    claim_type: Annotated[str | None, Query(max_length=40)] = None,
    kid: Annotated[str | None, Query(max_length=25)] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ClaimPage:
    """List the claims that are yours to see, in the order they were handed over."""
    wanted = {
        "external_ref": external_ref,
        "case_id": case_id,
        "status": status,
        "claim_type": claim_type,
        "kid": kid,
    }
    filters = {name: value for name, value in wanted.items() if value is not None}
    with ctx.read() as tx:
        found = claims.claims_page(tx, scope_of(ctx), filters=filters, after=after, limit=limit)
    return ClaimPage(items=[show_claim(ctx, claim) for claim in found], next=page(found, "claim_id", limit))


@router.get("/{claim_id}", responses=problems(401, 403, 404, 422), summary="Read a claim")
def read_claim(claim_id: str, ctx: Readers, min_version: MinVersion = None) -> ClaimDetail:
    """Return one claim and its balance today."""
    with ctx.read() as tx:
        claim = see_claim(tx, ctx, claim_id)
    wait_for(ctx, claim.case_id, min_version)
    with ctx.read() as tx:
        claim = see_claim(tx, ctx, claim_id)
        version = cases.case_version(tx, claim.case_id) or 0
        balance = show_balance(tx, ctx, claim.case_id, [claim_id], as_of=ctx.today, known_at=None, version=version)
    shown = show_claim(ctx, claim).model_dump(by_alias=True)
    return ClaimDetail.model_validate(shown | {"balance": balance, "case_version": version})
