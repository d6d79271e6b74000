"""Refunds: what should go out, who agreed, and how far it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from payments_ingest.api.access import After, BodyIn, Clerks, Readers, person
from payments_ingest.api.wording import blocked_text
from payments_ingest.domain.refunds import Receiver, RefundState
from payments_ingest.formats import unpayable
from payments_ingest.store.refunds import Refund, find_refund, list_refunds
from payments_ingest.usecases.refunds import approve, name_receiver, try_again, withdraw
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Limit, next_after
from shared.idempotency import Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["refunds"])


class RefundOut(BaseModel):
    """A refund. ``approvals`` of the ``approvals_needed`` persons have agreed, the one who proposed it, or else named
    its receiver, included. ``blocked_by`` says why a proposal cannot be paid before a person names its receiver.
    """

    refund_id: str
    source: str
    case_id: str | None
    payment_id: str | None
    amount_ore: int
    state: str
    reason: str | None
    to_account: str | None
    to_bic: str | None
    to_name: str | None
    blocked_by: str | None
    blocked_text: str | None
    again_of: str | None
    receiver_by: str | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approvals: int
    approvals_needed: int
    settled_on: date | None


class RefundPage(BaseModel):
    """A page of refunds."""

    items: list[RefundOut]
    next: str | None


class ReceiverIn(BodyIn):
    """Who a refund goes to, as a person found out: eleven digits or an IBAN, and abroad the bank's BIC."""

    account: str = Field(min_length=11, max_length=42, description="Eleven digits or an IBAN; spaces do not matter.")
    bic: str | None = Field(default=None, max_length=11, description="The receiver's bank, for an account abroad.")
    name: str = Field(min_length=1, max_length=140)

    def named(self) -> Receiver:
        """The receiver, written as payment files write it."""
        account = "".join(self.account.replace(".", "").split()).upper()
        return Receiver(account=account, bic=self.bic.strip().upper() if self.bic else None, name=self.name.strip())


class PayToIn(BodyIn):
    """The receiver, when it is not who the bank said; an empty object, or no body, when it is."""

    receiver: ReceiverIn | None = None

    def named(self) -> Receiver | None:
        """The receiver a person named, if one did."""
        return self.receiver.named() if self.receiver else None


class ApprovalIn(BodyIn):
    """Nothing needs to be said; an empty object, or no body."""


def refund_out(refund: Refund) -> RefundOut:
    """Return a refund as people see it."""
    names = ("refund_id", "source", "case_id", "payment_id", "amount_ore", "state", "reason", "to_account", "to_bic")
    more = ("to_name", "again_of", "receiver_by", "proposed_by", "proposed_at", "approved_by", "settled_on")
    persons = {refund.receiver_by or refund.proposed_by, refund.first_approved_by, refund.approved_by} - {None}
    agreed = sum(not str(name).startswith("system:") for name in persons)
    waits = refund.state == RefundState.PROPOSED
    blocked = unpayable(refund.to_account, refund.to_bic) if waits else None
    return RefundOut.model_validate(
        {
            **{name: getattr(refund, name) for name in (*names, *more)},
            "approvals": agreed,
            "approvals_needed": 2,
            "blocked_by": blocked,
            "blocked_text": blocked_text(blocked),
        }
    )


@router.get("/refunds", responses=problems(401, 403, 422))
def refunds(
    ctx: Readers,
    state: Annotated[list[RefundState] | None, Query(description="Only these states; may be repeated.")] = None,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> RefundPage:
    """List refunds."""
    with ctx.read() as tx:
        found = list_refunds(tx, states=[str(one) for one in state or []], case_id=case_id, after=after, limit=limit)
    return RefundPage(items=[refund_out(one) for one in found], next=next_after(found, "refund_id", limit))


@router.get("/refunds/{refund_id}", responses=problems(401, 403, 404))
def read_refund(refund_id: str, ctx: Readers) -> RefundOut:
    """Show a refund."""
    with ctx.read() as tx:
        refund = find_refund(tx, refund_id)
    if refund is None:
        raise NotFound("refund")
    return refund_out(refund)


@router.post("/refunds/{refund_id}/approval", responses=problems(400, 401, 403, 404, 409, 422))
def approve_refund(refund_id: str, ctx: Clerks, _body: ApprovalIn | None = None) -> RefundOut:
    """Agree to a refund (fire øyne): one other than the proposer, or two persons where the system proposed it."""
    with ctx.uow() as uow:
        return refund_out(approve(uow, refund_id, who=person(ctx)))


@router.post("/refunds/{refund_id}/receiver", responses=problems(400, 401, 403, 404, 409, 422))
def name_refund_receiver(refund_id: str, body: ReceiverIn, ctx: Clerks) -> RefundOut:
    """Say who a proposed refund goes to; another person than the one who says so must then approve it."""
    with ctx.uow() as uow:
        return refund_out(name_receiver(uow, refund_id, body.named(), who=person(ctx)))


@router.post(
    "/refunds/{refund_id}/again",
    status_code=201,
    responses=problems(400, 401, 403, 404, 409, 422),
    response_model=RefundOut,
)
def try_refund_again(refund_id: str, ctx: Clerks, once: Idempotent, body: PayToIn | None = None) -> Response:
    """Propose anew a case's refund that was withdrawn, refused or rejected by the bank; another person approves it."""
    receiver = body.named() if body else None
    return once.run(ctx, lambda uow: refund_out(try_again(uow, refund_id, receiver, who=person(ctx))))


@router.post("/refunds/{refund_id}/withdrawal", responses=problems(401, 403, 404, 409))
def withdraw_refund(refund_id: str, ctx: Clerks) -> RefundOut:
    """Take a proposal back; a payment on its way to its sender waits in the queue again."""
    with ctx.uow() as uow:
        return refund_out(withdraw(uow, refund_id, who=person(ctx)))
