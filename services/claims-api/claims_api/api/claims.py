"""Claims: handing over one or many, checking, reading."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.concurrency import run_in_threadpool

from claims_api.api.access import (
    After,
    MinVersion,
    Readers,
    Senders,
    deps_of,
    see_claim,
    wait_for,
    wait_for_documents,
)
from claims_api.api.intake import IntakeGroup, accepted, documents_of, rules_of, sent_by
from claims_api.api.schemas import ClaimType, Submission
from claims_api.api.showing import show_balance, show_claim
from claims_api.api.views import Checked, ClaimDetail, ClaimOut, ClaimPage, ClaimStatus
from claims_api.domain.intake import notice_fault
from claims_api.store import cases, claims
from claims_api.usecases.register import UnitTerms, check_reference
from shared.http import LIMIT_DEFAULT, Limit, next_after
from shared.idempotency import Call, Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1/claims", tags=["claims"])

ClaimBody = Annotated[Submission, Body()]


@router.post(
    "",
    status_code=201,
    response_model=ClaimOut,
    responses=problems(400, 401, 403, 409, 413, 422, 503),
    summary="Hand over a claim",
)
async def register(ctx: Senders, once: Idempotent, sent: ClaimBody) -> Any:
    """Register one claim (krav).

    Everything wrong with it is answered at once. The same claim again under the same ``external_ref`` is answered as
    the first time; another claim under it is a conflict.
    """
    group: IntakeGroup = ctx.service.app.state.intake
    body = sent_by(ctx, sent)
    if body.handed is not None and (named := documents_of(body.handed.new)):
        await run_in_threadpool(wait_for_documents, ctx, named.values())
    return await group.submit(Call(f"{ctx.caller.role}:{ctx.caller.subject}", once, body))


@router.post("/validate", responses=problems(400, 401, 403, 409, 413, 422), summary="Check a claim, store nothing")
def validate(ctx: Senders, sent: ClaimBody) -> Checked:
    """Make the same checks as handing a claim over, and store nothing."""
    deps = deps_of(ctx)
    with ctx.read() as tx:
        handed = accepted(sent_by(ctx, sent), UnitTerms(tx, ctx.today), rules_of(ctx))
        check_reference(tx, deps, handed)
    new = handed.new
    notice = new.prior_notice
    fault = notice_fault(new.due_date, notice.sent_on, notice.deadline, rates=deps.rules.rates) if notice else None
    return Checked.model_validate({"valid": True, "prior_notice": (fault or "accepted") if notice else "none"})


@router.get("", responses=problems(401, 403, 422), summary="List claims")
def list_claims(
    ctx: Readers,
    external_ref: Annotated[str | None, Query(max_length=80)] = None,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    status: ClaimStatus | None = None,
    claim_type: ClaimType | None = None,
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
        if kid is not None:
            given = cases.find_kid(tx, kid)
            filters["claim_id"] = (given["claim_id"] if given is not None else None) or ""
        found = claims.claims_page(tx, ctx.caller.sight, filters=filters, after=after, limit=limit)
    return ClaimPage(items=[show_claim(ctx, claim) for claim in found], next=next_after(found, "claim_id", limit))


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
