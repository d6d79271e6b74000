"""What a unit changes about a claim it handed over: the amount, the claim itself, money it was paid, its papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from claims_api.api.access import Senders, deps_of, see_claim, wait_for_documents
from claims_api.api.schemas import Body, Day, DocumentId, Ore, Text80, Text200
from claims_api.deps import Deps
from claims_api.store import cases
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.corrections import correct_claim, direct_payment, withdraw_claim
from claims_api.usecases.documents import unknown_documents
from claims_api.usecases.notice_copies import keep_copy
from shared.errors import Invalid
from shared.http import Ctx
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/claims/{claim_id}", tags=["claims"])

_PROBLEMS = problems(400, 401, 403, 404, 409, 422)


class CorrectionIn(Body):
    """The principal as it should have been handed over, from a day on; ``reason`` is for people and stays here."""

    new_principal_ore: Ore
    effective_date: Day
    reason: Text200


class WithdrawalIn(Body):
    """Why the claim falls away.

    ``wrong_claim``, ``duplicate`` and ``decision_reversed``: it never was, everything is reversed and what was paid is
    owed back. ``relief``: the rest is given up. ``taken_back``: the unit goes on itself, our fees fall away.
    """

    reason: Literal["wrong_claim", "duplicate", "decision_reversed", "relief", "taken_back"]
    effective_date: Day


class DirectPaymentIn(Body):
    """Money the debtor paid to the unit itself; ``reference`` is the unit's own."""

    amount_ore: Ore
    paid_on: Day
    reference: Text80


class NoticeCopyIn(Body):
    """Which document, handed in before, is the copy of the inkassovarsel that the unit sent itself."""

    document_id: DocumentId


class ChangedOut(BaseModel):
    """The claim after the change: what is owed on it today, interest included."""

    claim_id: str
    case_id: str
    status: str
    balance_ore: int
    principal_left_ore: int
    case_version: int


class DirectPaymentOut(ChangedOut):
    """A payment to the unit, as it was noted."""

    payment_id: str = Field(description="Names the payment in statements.")


Change = Callable[[Uow, Deps], dict[str, Any]]


def _changed(ctx: Ctx, claim_id: str, change: Change) -> Callable[[Uow], dict[str, Any]]:
    """Return the work of one change: whose claim it is, the change, and what the claim comes to after it."""

    def work(uow: Uow) -> dict[str, Any]:
        deps = deps_of(ctx)
        see_claim(uow.tx, ctx, claim_id)
        extra = change(uow, deps)
        claim = see_claim(uow.tx, ctx, claim_id)
        owed = claim_balances(uow.tx, deps, [claim_id], as_of=uow.today, known_at=None)[claim_id]
        return {
            "claim_id": claim_id,
            "case_id": claim.case_id,
            "status": claim.status,
            "balance_ore": owed.total_ore,
            "principal_left_ore": claim.principal_left_ore,
            "case_version": cases.case_version(uow.tx, claim.case_id),
            **extra,
        }

    return work


@router.post(
    "/corrections", status_code=201, response_model=ChangedOut, responses=_PROBLEMS, summary="Correct the amount"
)
def correct(claim_id: str, ctx: Senders, once: Idempotent, body: CorrectionIn) -> Any:
    """Correct what a claim was for; money that then is too much covers the case's other claims or goes back."""

    def change(uow: Uow, deps: Deps) -> dict[str, Any]:
        correct_claim(
            uow,
            deps,
            claim_id,
            new_principal_ore=body.new_principal_ore,
            effective_date=body.effective_date,
            reason=body.reason,
            actor=ctx.who(),
        )
        return {}

    work = _changed(ctx, claim_id, change)
    return once.run(ctx, lambda uow: ChangedOut.model_validate(work(uow)))


@router.post("/withdrawal", status_code=201, response_model=ChangedOut, responses=_PROBLEMS, summary="Withdraw a claim")
def withdraw(claim_id: str, ctx: Senders, once: Idempotent, body: WithdrawalIn) -> Any:
    """Withdraw a claim for one of five reasons, each with its own effect on the money."""

    def change(uow: Uow, deps: Deps) -> dict[str, Any]:
        withdraw_claim(uow, deps, claim_id, reason=body.reason, effective_date=body.effective_date, actor=ctx.who())
        return {}

    work = _changed(ctx, claim_id, change)
    return once.run(ctx, lambda uow: ChangedOut.model_validate(work(uow)))


@router.post(
    "/direct-payments",
    status_code=201,
    response_model=DirectPaymentOut,
    responses=_PROBLEMS,
    summary="Report a payment to the unit",
)
def report_direct_payment(claim_id: str, ctx: Senders, once: Idempotent, body: DirectPaymentIn) -> Any:
    """Report that the debtor paid the unit itself; it counts from the day it was paid."""

    def change(uow: Uow, deps: Deps) -> dict[str, Any]:
        payment_id = direct_payment(
            uow,
            deps,
            claim_id,
            amount_ore=body.amount_ore,
            paid_on=body.paid_on,
            reference=body.reference,
            actor=ctx.who(),
        )
        return {"payment_id": payment_id}

    work = _changed(ctx, claim_id, change)
    return once.run(ctx, lambda uow: DirectPaymentOut.model_validate(work(uow)))


@router.post(
    "/prior-notice-copy",
    status_code=201,
    response_model=ChangedOut,
    responses=_PROBLEMS,
    summary="Add the copy of the unit's own inkassovarsel",
)
def add_notice_copy(claim_id: str, ctx: Senders, once: Idempotent, body: NoticeCopyIn) -> Any:
    """Say which document is the copy of the inkassovarsel that the unit sent; no petition is made without it."""
    wait_for_documents(ctx, [body.document_id])

    def change(uow: Uow, deps: Deps) -> dict[str, Any]:
        if errors := unknown_documents(uow.tx, {"document_id": body.document_id}, ctx.caller.sight):
            raise Invalid(*errors)
        keep_copy(uow, claim_id, document_id=body.document_id, actor=ctx.who())
        return {}

    work = _changed(ctx, claim_id, change)
    return once.run(ctx, lambda uow: ChangedOut.model_validate(work(uow)))
