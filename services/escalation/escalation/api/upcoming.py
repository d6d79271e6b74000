"""What the platform will do in the next days, over all cases the caller may see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from escalation.api.access import After, Readers
from escalation.store import timers
from shared.errors import FieldError, Invalid
from shared.http import LIMIT_DEFAULT, Limit
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["upcoming"])

STEPS = ("inkassovarsel", "betalingsoppfordring", "tvangsvarsel", "legal_step")
DAYS_MAX = 366


class UpcomingItem(BaseModel):
    """One step of one case."""

    case_id: str
    claim_ids: list[str]
    step: str = Field(description="inkassovarsel, betalingsoppfordring, tvangsvarsel or legal_step (its proposal).")
    on: date = Field(description="The day it comes due; a past day waits for a brake or a working day.")


class UpcomingPage(BaseModel):
    """A page of steps, the earliest first."""

    items: list[UpcomingItem]
    next: str | None


@router.get("/upcoming", responses=problems(401, 403, 422), summary="What comes due in the next days")
def upcoming(
    ctx: Readers,
    days: Annotated[int, Query(ge=0, le=DAYS_MAX, description="How many days ahead, today included.")] = 14,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> UpcomingPage:
    """List each case's next step that comes due within ``days``, as things stand today."""
    with ctx.read() as tx:
        found = timers.upcoming(
            tx,
            ctx.caller.sight,
            until=ctx.today + timedelta(days=days),
            steps=STEPS,
            after=None if after is None else _read_cursor(after),
            items_max=limit,
        )
    items = [UpcomingItem(case_id=f.case_id, claim_ids=list(f.claim_ids), step=f.step, on=f.on) for f in found]
    last = found[-1] if len(found) == limit else None
    return UpcomingPage(items=items, next=None if last is None else f"{last.on.isoformat()}|{last.case_id}|{last.step}")


def _read_cursor(text: str) -> tuple[date, str, str]:
    day, _, rest = text.partition("|")
    case_id, _, step = rest.rpartition("|")
    try:
        return date.fromisoformat(day), case_id, step
    except ValueError:
        raise Invalid(FieldError("after", "cursor", "expected the next of an earlier page")) from None
