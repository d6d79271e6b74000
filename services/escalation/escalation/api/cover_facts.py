"""What a caseworker knows of a debtor that speaks for or against cover."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from escalation.api.access import Clerks
from escalation.domain.cover import Fact
from escalation.usecases.cover import add_fact
from shared.idempotency import Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1/cases/{case_id}/cover-facts", tags=["legal steps"])


class FactIn(BaseModel):
    """A fact and the day it was so."""

    model_config = ConfigDict(extra="forbid")

    fact: Literal[
        "nothing_found", "bankruptcy", "debt_settlement", "no_national_id", "running_deduction", "paid_recently",
        "has_income", "has_assets",
    ]  # fmt: skip
    on: date


class FactOut(BaseModel):
    """A fact that was added."""

    fact_id: str


@router.post(
    "",
    status_code=201,
    response_model=FactOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Add a fact about cover",
)
def add(case_id: str, ctx: Clerks, once: Idempotent, body: FactIn) -> Any:
    """Add what is known of the case's debtor; it counts in the score of every case of theirs."""
    return once.run(
        ctx,
        lambda uow: FactOut(fact_id=add_fact(uow, case_id, fact=Fact(body.fact), on=body.on, who=ctx.who())),
    )
