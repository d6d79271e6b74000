"""The queue: payments as they stand, and what a person can say of one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from payments_ingest.api.access import After, BodyIn, Clerks, Readers, day_cursor
from payments_ingest.api.shapes import PaymentDetail, PaymentOut, payment_out, payments_out
from payments_ingest.deps import deps_of
from payments_ingest.domain.lines import PaymentState
from payments_ingest.store import payments
from payments_ingest.usecases.queue import assign, call_repeated, link_reversal
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Ctx, Limit
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["payments"])


class PaymentPage(BaseModel):
    """A page of payments."""

    items: list[PaymentOut]
    next: str | None


class RepeatedIn(BodyIn):
    """What a line held as a possible duplicate is."""

    outcome: Literal["separate", "duplicate"] = Field(description="A payment of its own, or the same told again.")


class LinkIn(BodyIn):
    """Which credit a reversal took back."""

    payment_id: str = Field(max_length=80)


class AssignmentIn(BodyIn):
    """Who looks at a payment, and by when."""

    assigned_to: str | None = Field(max_length=120)
    due_on: date | None = None


@router.get("/payments", responses=problems(401, 403, 422))
def list_payments(
    ctx: Readers,
    state: Annotated[list[PaymentState] | None, Query(description="Only these states; may be repeated.")] = None,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    file_id: Annotated[str | None, Query(max_length=80)] = None,
    account: Annotated[str | None, Query(max_length=34)] = None,
    assigned_to: Annotated[str | None, Query(max_length=120, description="Only those given to this person.")] = None,
    due_by: Annotated[date | None, Query(description="Only those to be looked at by this day.")] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> PaymentPage:
    """List payments, oldest bank day first."""
    with ctx.read() as tx:
        found = payments.list_payments(
            tx,
            states=[str(one) for one in state or []],
            case_id=case_id,
            file_id=file_id,
            account=account,
            assigned_to=assigned_to,
            due_by=due_by,
            after=day_cursor(after),
            limit=limit,
        )
        items = payments_out(tx, found)
    end = found[-1] if len(found) == limit else None
    return PaymentPage(items=items, next=f"{end.day.isoformat()}/{end.payment_id}" if end else None)


@router.get("/payments/{payment_id}", responses=problems(401, 403, 404))
def read_payment(payment_id: str, ctx: Readers) -> PaymentDetail:
    """Show a payment with its suggestions and everything that was done with it."""
    return shown(ctx, payment_id)


@router.post("/payments/{payment_id}/decision", responses=problems(400, 401, 403, 404, 409, 422))
def decide_payment(payment_id: str, body: RepeatedIn, ctx: Clerks) -> PaymentDetail:
    """Say whether a possible duplicate is a payment of its own, which is then booked, or the same told again."""
    with ctx.uow() as uow:
        call_repeated(uow, deps_of(ctx.service), payment_id, body.outcome)
    return shown(ctx, payment_id)


@router.post("/payments/{payment_id}/link", responses=problems(400, 401, 403, 404, 409, 422))
def link_payment(payment_id: str, body: LinkIn, ctx: Clerks) -> PaymentDetail:
    """Say which credit a reversal took back; it comes off its cases."""
    with ctx.uow() as uow:
        link_reversal(uow, payment_id, body.payment_id)
    return shown(ctx, payment_id)


@router.post("/payments/{payment_id}/assignment", responses=problems(400, 401, 403, 404, 409, 422))
def assign_payment(payment_id: str, body: AssignmentIn, ctx: Clerks) -> PaymentDetail:
    """Give a waiting payment to a person, or to nobody."""
    with ctx.uow() as uow:
        assign(uow, payment_id, body.assigned_to, body.due_on)
    return shown(ctx, payment_id)


def shown(ctx: Ctx, payment_id: str) -> PaymentDetail:
    """Return a payment as it is now; raises NotFound."""
    with ctx.read() as tx:
        payment = payments.find_payment(tx, payment_id)
        if payment is None:
            raise NotFound("payment")
        return payment_out(tx, payment)
