"""Debtors: erasing one when nothing has to be kept any longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from claims_api.api.access import Clerks, deps_of
from claims_api.usecases.erasure import erase_debtor
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/debtors", tags=["debtors"])


class ErasedOut(BaseModel):
    """A debtor of whom nothing is known any longer."""

    debtor_ref: str
    erased_at: datetime


@router.post(
    "/{debtor_ref}/erasure",
    response_model=ErasedOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Erase a person",
)
def erase(debtor_ref: str, ctx: Clerks, once: Idempotent) -> Any:
    """Erase who a debtor was, here and in every other service; refused while a case is open or must be kept."""

    def work(uow: Uow) -> ErasedOut:
        return ErasedOut(debtor_ref=debtor_ref, erased_at=erase_debtor(uow, deps_of(ctx), debtor_ref, who=ctx.who()))

    return once.run(ctx, work, status=200)
