"""The operator's routes that every service has: parked events and dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from shared import parking
from shared.auth import Role
from shared.http import LIMIT_DEFAULT, LIMIT_MAX, Ctx, allow
from shared.problems import problems

router = APIRouter(prefix="/v1/operator", tags=["operator"])

OperatorCtx = Annotated[Ctx, allow(Role.OPERATOR)]
ReaderCtx = Annotated[Ctx, allow(Role.OPERATOR, Role.AUDITOR)]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]

MONEY_TOPICS = frozenset({"payments"})


class ParkedKey(BaseModel):
    """A key whose events wait for a person."""

    topic: str
    key: str
    reason: str
    detail: str
    since: datetime
    events: int
    discard_requested_by: str | None


class ParkedKeys(BaseModel):
    """A page of parked keys."""

    items: list[ParkedKey]
    next: str | None


class ParkedEvent(BaseModel):
    """One waiting event, its data included: operators may see what events hold."""

    event_id: str
    type: str
    version: int
    data: dict[str, Any]


class ParkedEvents(BaseModel):
    """A parked key's events in order."""

    items: list[ParkedEvent]
    next: None


class Reason(BaseModel):
    """Why an operator does this."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500)


class Done(BaseModel):
    """What came of it."""

    result: Literal["replayed", "requested", "discarded"]
    events: int


class DeadLetter(BaseModel):
    """Where an undecodable record came from and what was wrong with it."""

    row: int
    topic: str
    partition: int
    offset: int
    reason: str
    at: datetime


class DeadLetters(BaseModel):
    """A page of dead letters."""

    items: list[DeadLetter]
    next: str | None


@router.get("/parked", responses=problems(401, 403, 422))
def list_parked(ctx: ReaderCtx, after: str | None = None, limit: Limit = LIMIT_DEFAULT) -> ParkedKeys:
    """List the keys whose events could not be applied."""
    with ctx.read() as tx:
        rows = parking.listing(tx, ctx.service.tables, after, limit)
    items = [ParkedKey(**row) for row in rows]
    return ParkedKeys(items=items, next=f"{items[-1].topic}/{items[-1].key}" if len(items) == limit else None)


@router.get("/parked/{topic}/{key}", responses=problems(401, 403, 404, 422))
def show_parked(topic: str, key: str, ctx: ReaderCtx) -> ParkedEvents:
    """Show a parked key's events in the order they will be applied."""
    with ctx.read() as tx:
        events = parking.waiting_events(tx, ctx.service.tables, topic, key)
    items = [
        ParkedEvent(
            event_id=e.envelope.event_id,
            type=e.envelope.type,
            version=e.envelope.version,
            data=e.payload.model_dump(mode="json"),
        )
        for e in events
    ]
    return ParkedEvents(items=items, next=None)


@router.post("/parked/{topic}/{key}/replay", responses=problems(400, 401, 403, 404, 409, 422))
def replay_parked(topic: str, key: str, body: Reason, ctx: OperatorCtx) -> Done:
    """Apply a parked key's events now, in order; all of them or none."""
    count = ctx.service.replay(topic, key, ctx.who(), body.reason)
    return Done(result="replayed", events=count)


@router.post("/parked/{topic}/{key}/discard", responses=problems(400, 401, 403, 404, 409, 422))
def discard_parked(topic: str, key: str, body: Reason, ctx: OperatorCtx) -> Done:
    """Drop a parked key's events. For money the first call asks and a second person's call does it."""
    with ctx.uow() as uow:
        events = parking.waiting_events(uow.tx, uow.tables, topic, key)
        result = parking.discard(uow, topic, key, ctx.who(), body.reason, two_persons=topic in MONEY_TOPICS)
        if result == "discarded" and ctx.service.on_discard is not None:
            ctx.service.on_discard(uow, events)
    return Done(result="requested" if result == "requested" else "discarded", events=len(events))


@router.get("/dead-letters", responses=problems(401, 403, 422))
def list_dead_letters(ctx: ReaderCtx, after: int = 0, limit: Limit = LIMIT_DEFAULT) -> DeadLetters:
    """List records that could not be decoded."""
    with ctx.read() as tx:
        rows = parking.dead_letter_listing(tx, ctx.service.tables, after, limit)
    items = [
        DeadLetter(
            row=r["row"], topic=r["topic"], partition=r["part"], offset=r["offset"], reason=r["reason"], at=r["at"]
        )
        for r in rows
    ]
    return DeadLetters(items=items, next=str(items[-1].row) if len(items) == limit else None)
