"""Write-offs, the queue of those that wait for a decision, and legal costs that a body awarded."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from claims_api.api.access import After, Clerks, deps_of, wait_for_documents
from claims_api.api.schemas import Body, Day, DocumentId, Ore
from claims_api.store import claims
from claims_api.store import writeoff as store
from claims_api.usecases.documents import unknown_documents
from claims_api.usecases.writeoff import CostsBasis, Reason, ask_write_off, award_costs, decide_write_off
from shared.auth import Role
from shared.errors import Invalid
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow, next_after
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1", tags=["write-offs"])

Watchers = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR)]
State = Annotated[Literal["proposed", "done", "refused", "dropped"] | None, Query(description="None: all.")]
_PROBLEMS = problems(400, 401, 403, 404, 409, 422)


class WriteOffIn(Body):
    """Why a claim is given up in the accounts."""

    reason: Reason


class DecisionIn(Body):
    """Whether a write-off that waits is carried out."""

    approve: bool


class WriteOffOut(BaseModel):
    """A write-off (avskriving). ``dropped``: the claim turned out not to be time-barred."""

    write_off_id: str
    case_id: str
    claim_id: str
    reason: str
    amount_ore: int
    state: Literal["proposed", "done", "refused", "dropped"]
    proposed_by: str
    proposed_at: datetime
    first_approved_by: str | None
    decided_by: str | None
    decided_at: datetime | None


class WriteOffPage(BaseModel):
    """A page of write-offs, oldest first."""

    items: list[WriteOffOut]
    next: str | None


class LegalCostsIn(Body):
    """Costs that a body awarded on a day; ``document`` is the decision in the archive.

    Without ``claim_id`` they lie on the oldest claim of the case that is at a legal step.
    """

    amount_ore: Ore
    awarded_on: Day
    basis: CostsBasis
    document: DocumentId
    claim_id: str | None = None


class LegalCostsOut(BaseModel):
    """What the case owes in legal costs after it."""

    case_id: str
    case_version: int
    legal_costs_ore: int


@router.post(
    "/claims/{claim_id}/write-off",
    status_code=201,
    response_model=WriteOffOut,
    responses=_PROBLEMS,
    summary="Write a claim off",
)
def write_off(claim_id: str, ctx: Clerks, once: Idempotent, body: WriteOffIn) -> Any:
    """Write what is left of a claim off; above the limit of one person it waits for another."""
    return once.run(
        ctx, lambda uow: _out(ask_write_off(uow, deps_of(ctx), claim_id, reason=body.reason, who=ctx.who()))
    )


@router.get("/write-offs", responses=problems(401, 403, 422), summary="Write-offs")
def list_write_offs(
    ctx: Watchers, state: State = None, after: After = None, limit: Limit = LIMIT_DEFAULT
) -> WriteOffPage:
    """List write-offs; those that are proposed wait for a person."""
    with ctx.read() as tx:
        items = [_out(one) for one in store.write_offs_page(tx, state, after=after, limit=limit)]
    return WriteOffPage(items=items, next=next_after(items, "write_off_id", limit))


@router.post(
    "/write-offs/{write_off_id}/approval",
    response_model=WriteOffOut,
    responses=_PROBLEMS,
    summary="Decide about a write-off",
)
def decide(write_off_id: str, ctx: Clerks, once: Idempotent, body: DecisionIn) -> Any:
    """Agree to a write-off or refuse it; whoever proposed it cannot be the second of two."""
    return once.run(
        ctx,
        lambda uow: _out(decide_write_off(uow, deps_of(ctx), write_off_id, approve=body.approve, who=ctx.who())),
        status=200,
    )


@router.post(
    "/cases/{case_id}/legal-costs",
    status_code=201,
    response_model=LegalCostsOut,
    responses=_PROBLEMS,
    summary="Note awarded legal costs",
)
def legal_costs(case_id: str, ctx: Clerks, once: Idempotent, body: LegalCostsIn) -> Any:
    """Note legal costs as awarded: the case owes them from that day, without interest."""
    wait_for_documents(ctx, [body.document])

    def work(uow: Uow) -> LegalCostsOut:
        if errors := unknown_documents(uow.tx, {"document": body.document}, ctx.caller.sight):
            raise Invalid(*errors)
        case = award_costs(
            uow,
            deps_of(ctx),
            case_id,
            amount_ore=body.amount_ore,
            awarded_on=body.awarded_on,
            basis=body.basis,
            document=body.document,
            claim_id=body.claim_id,
            who=ctx.who(),
        )
        owed = sum(one.costs_left_ore for one in claims.claims_of_case(uow.tx, case_id))
        return LegalCostsOut(case_id=case_id, case_version=case.version, legal_costs_ore=owed)

    return once.run(ctx, work)


def _out(found: store.WriteOff) -> WriteOffOut:
    return WriteOffOut.model_validate(asdict(found))
