"""Alarms: what does not add up at the bank, until a person has looked at it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from payments_ingest.api.access import After, DayReaders, Settlers, person
from payments_ingest.store import days
from payments_ingest.store.days import Alarm
from shared.errors import Conflict, NotFound
from shared.http import LIMIT_DEFAULT, Limit, next_after
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["bank days"])

TEXTS = {
    "unknown_debit": "Penger gikk ut av kontoen uten at vi har bedt om det",
    "statement_differs": "Kontoutskriften og bokførte betalinger er ikke like",
    "transmission_gap": "En forsendelse fra banken mangler",
    "page_missing": "En side av en melding eller kontoutskrift fra banken mangler",
    "pages_differ": "Sidene av en kontoutskrift går ikke opp i saldoene",
}


class AlarmOut(BaseModel):
    """Something at the bank that a person must look at; ``facts`` are amounts and numbers only."""

    alarm_id: str
    kind: str
    text: str
    account: str
    day: date | None
    facts: dict[str, Any]
    raised_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class AlarmPage(BaseModel):
    """A page of alarms."""

    items: list[AlarmOut]
    next: str | None


@router.get("/alarms", responses=problems(401, 403, 422))
def list_alarms(
    ctx: DayReaders,
    state: Annotated[Literal["open", "settled"], Query(description="Open, or settled.")] = "open",
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> AlarmPage:
    """List alarms."""
    with ctx.read() as tx:
        found = days.list_alarms(tx, is_open=state == "open", after=after, limit=limit)
    return AlarmPage(items=[_out(one) for one in found], next=next_after(found, "alarm_id", limit))


@router.post("/alarms/{alarm_id}/settlement", responses=problems(401, 403, 404, 409))
def settle_alarm(alarm_id: str, ctx: Settlers) -> AlarmOut:
    """Say that a person has looked at an alarm and it may rest."""
    with ctx.uow() as uow:
        if days.find_alarm(uow.tx, alarm_id) is None:
            raise NotFound("alarm")
        if not days.settle_alarm(uow.tx, alarm_id, who=person(ctx), at=uow.now):
            raise Conflict("settled", "alarm: expected an open one, got a settled one")
        found = days.find_alarm(uow.tx, alarm_id)
    if found is None:
        raise NotFound("alarm")
    return _out(found)


def _out(alarm: Alarm) -> AlarmOut:
    names = ("alarm_id", "kind", "account", "day", "facts", "raised_at", "settled_at", "settled_by")
    return AlarmOut.model_validate(
        {**{name: getattr(alarm, name) for name in names}, "text": TEXTS.get(alarm.kind, alarm.kind)}
    )
