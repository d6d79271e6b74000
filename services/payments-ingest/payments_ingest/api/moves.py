"""Moving money by hand: to cases, back to suspense, back to its sender; between debtors with four eyes."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from payments_ingest.api.access import BodyIn, Clerks, person
from payments_ingest.api.payments import shown
from payments_ingest.api.refunds import PayToIn, RefundOut, refund_out
from payments_ingest.api.shapes import PaymentDetail, payment_out
from payments_ingest.deps import deps_of
from payments_ingest.domain.moves import PARTS_MAX, Part
from payments_ingest.usecases.queue import allocate, decide_move, undo
from payments_ingest.usecases.refunds import return_to_sender
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1", tags=["payments"])


class PartIn(BodyIn):
    """How much of a payment, in øre, goes to a case."""

    case_id: str = Field(min_length=1, max_length=80)
    amount_ore: int = Field(strict=True)


class AllocationIn(BodyIn):
    """The cases a payment is for; the parts sum to its whole amount."""

    parts: list[PartIn] = Field(min_length=1, max_length=PARTS_MAX)


class MoveOut(BaseModel):
    """What the allocation did: done, or waiting for a second person under ``approval_id``."""

    result: Literal["allocated", "awaiting_approval"]
    approval_id: str | None
    payment: PaymentDetail


class MoveDecisionIn(BodyIn):
    """What the second person decides."""

    outcome: Literal["approved", "refused"]


@router.post(
    "/payments/{payment_id}/allocation",
    responses=problems(400, 401, 403, 404, 409, 422),
    response_model=MoveOut,
)
def allocate_payment(payment_id: str, body: AllocationIn, ctx: Clerks, once: Idempotent) -> Response:
    """Put a payment on the cases it is for, from the queue or from where it lies.

    Money that lies, or lay last, on one debtor's case and would go to another's waits for a second person's approval.
    """
    parts = [Part(case_id=part.case_id, amount_ore=part.amount_ore) for part in body.parts]
    deps = deps_of(ctx.service)

    def work(uow: Uow) -> MoveOut:
        done = allocate(uow, deps, payment_id, parts, who=person(ctx))
        result: Literal["allocated", "awaiting_approval"] = "awaiting_approval" if done.approval_id else "allocated"
        return MoveOut(result=result, approval_id=done.approval_id, payment=payment_out(uow.tx, done.payment))

    return once.run(ctx, work, status=200)


@router.post("/payments/{payment_id}/approvals/{approval_id}", responses=problems(400, 401, 403, 404, 409, 422))
def approve_move(payment_id: str, approval_id: str, body: MoveDecisionIn, ctx: Clerks) -> PaymentDetail:
    """Decide, as the second person, a move of money between debtors."""
    with ctx.uow() as uow:
        decide_move(uow, deps_of(ctx.service), payment_id, approval_id, body.outcome, who=person(ctx))
    return shown(ctx, payment_id)


@router.post("/payments/{payment_id}/undo", responses=problems(401, 403, 404, 409))
def undo_payment(payment_id: str, ctx: Clerks) -> PaymentDetail:
    """Take a payment off its cases: it lies on suspense and waits for a person."""
    with ctx.uow() as uow:
        undo(uow, deps_of(ctx.service), payment_id, who=person(ctx))
    return shown(ctx, payment_id)


@router.post(
    "/payments/{payment_id}/return",
    status_code=201,
    responses=problems(400, 401, 403, 404, 409, 422),
    response_model=RefundOut,
)
def return_payment(payment_id: str, ctx: Clerks, once: Idempotent, body: PayToIn | None = None) -> Response:
    """Propose that a payment on suspense goes back to the account it came from, or to the receiver a person found out;
    another person approves it.
    """
    receiver = body.named() if body else None
    return once.run(ctx, lambda uow: refund_out(return_to_sender(uow, payment_id, receiver, who=person(ctx))))
