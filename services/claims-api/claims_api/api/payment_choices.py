"""The debtor's choice of what their money covers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from claims_api.api.access import After, Readers, deps_of, see_case
from claims_api.api.request_bodies import AskIn, Ident
from claims_api.api.requests import Askers, asker_of
from claims_api.api.schemas import DocumentId
from claims_api.domain.choices import Choice
from claims_api.domain.ledger import Account
from claims_api.store import cases, choices
from claims_api.store.choices import PaymentChoice
from claims_api.usecases.choosing import choose
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Limit, next_after
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/cases/{case_id}/payment-choices", tags=["payments"])

Kind = Literal["principal", "interest", "fees", "legal_costs"]


class PaymentChoiceIn(AskIn):
    """What money is for: the claims that come first, and the order within a claim (kinds left out follow as usual).

    ``payment_id`` names a payment that was made (a statement's line names it); null is about every payment from today
    on. Neither claims nor an order: no wish, and an earlier one ends.
    """

    payment_id: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    claim_ids: Annotated[list[Ident], Field(max_length=50)] = Field(default_factory=list)
    order: Annotated[list[Kind], Field(max_length=4)] = Field(default_factory=list)
    documents: list[DocumentId] = Field(default_factory=list, max_length=0)


class PaymentChoiceOut(BaseModel):
    """A choice as it was noted; of several about the same money the last one counts."""

    choice_id: str
    case_id: str
    payment_id: str | None
    claim_ids: list[str]
    order: list[Kind]
    chosen_on: date
    channel: str
    recorded_by: str
    recorded_at: datetime


class ChosenOut(PaymentChoiceOut):
    """A choice that was just noted; the case shows its effect from this version on."""

    case_version: int


class PaymentChoicePage(BaseModel):
    """A page of choices, the latest first."""

    items: list[PaymentChoiceOut]
    next: str | None


@router.post(
    "",
    status_code=201,
    response_model=ChosenOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Say what money is for",
)
def post_choice(case_id: str, ctx: Askers, once: Idempotent, body: PaymentChoiceIn) -> Any:
    """Say what a payment, or every payment from now on, covers: the debtor decides, before or after it was booked."""

    def work(uow: Uow) -> ChosenOut:
        wish = Choice(
            payment_id=body.payment_id,
            claim_ids=tuple(body.claim_ids),
            kinds=tuple(Account(kind) for kind in body.order),
            chosen_on=ctx.today,
        )
        chosen = choose(uow, deps_of(ctx), case_id, wish, asker_of(uow.tx, ctx, case_id, body))
        version = cases.case_version(uow.tx, case_id) or 0
        return ChosenOut(**_out(chosen).model_dump(), case_version=version)

    return once.run(ctx, work)


@router.get("", responses=problems(401, 403, 404, 422), summary="What was chosen")
def list_choices(case_id: str, ctx: Readers, after: After = None, limit: Limit = LIMIT_DEFAULT) -> PaymentChoicePage:
    """List what the case's debtor said their money is for, the latest first."""
    with ctx.read() as tx:
        if not see_case(tx, ctx, case_id).whole:
            raise NotFound("case")
        items = [_out(one) for one in choices.choices_page(tx, case_id, after=after, limit=limit)]
    return PaymentChoicePage(items=items, next=next_after(items, "choice_id", limit))


def _out(chosen: PaymentChoice) -> PaymentChoiceOut:
    said = chosen.said
    return PaymentChoiceOut(
        choice_id=chosen.choice_id,
        case_id=chosen.case_id,
        payment_id=said.payment_id,
        claim_ids=list(said.claim_ids),
        order=[kind.value for kind in said.kinds],
        chosen_on=said.chosen_on,
        channel=chosen.channel,
        recorded_by=chosen.recorded_by,
        recorded_at=chosen.recorded_at,
    )
