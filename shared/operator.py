"""The operator's routes that every service has: parked events, dead letters, reading and publishing again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared import parking, rewinding
from shared.auth import Role
from shared.errors import NotFound, Reject
from shared.events.catalogue import TOPICS
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow
from shared.problems import problems

router = APIRouter(prefix="/v1/operator", tags=["operator"])

OperatorCtx = Annotated[Ctx, allow(Role.OPERATOR)]
ReaderCtx = Annotated[Ctx, allow(Role.OPERATOR, Role.AUDITOR)]
Row = Annotated[int, Query(ge=0, lt=2**63)]

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
def list_dead_letters(ctx: ReaderCtx, after: Row = 0, limit: Limit = LIMIT_DEFAULT) -> DeadLetters:
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


class RewindIn(Reason):
    """From where to read a topic again: an offset (of one partition or of all) or an instant; one of the two."""

    topic: str = Field(max_length=40)
    offset: int | None = Field(default=None, ge=0)
    partition: int | None = Field(default=None, ge=0, description="Null: every partition.")
    time: AwareDatetime | None = Field(default=None, description="By the log's own clock.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.offset is None) == (self.time is None):
            raise ValueError("expected either offset or time")
        return self


class Rewound(BaseModel):
    """Where this service now stands in each partition."""

    topic: str
    offsets: dict[int, int]


class RepublishIn(Reason):
    """What to publish again; times are the events' own (business) times. ``after`` goes on where a call ended."""

    topic: str = Field(max_length=40)
    key: str | None = Field(default=None, max_length=80, description="Null: every key.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    after: str | None = Field(default=None, max_length=80, description="`next` of the call before.")


class Republished(BaseModel):
    """How many records wait for the bus again; ``next``: there are more, call again with it as ``after``."""

    records: int
    next: str | None


@router.post("/rewind", responses=problems(400, 401, 403, 404, 422))
async def rewind(body: RewindIn, ctx: OperatorCtx) -> Rewound:
    """Read a topic again from an earlier place. What was applied is known by its version and not applied again."""
    service = ctx.service
    if body.topic not in service.worker.topics:
        raise NotFound("a topic that this service reads")
    time = 0 if body.time is None else int(body.time.timestamp() * 1000)
    to = await service.bus.offsets_at(body.topic, time)
    if body.offset is not None:  # no earlier than the log begins: what lies before is gone
        to = {partition: max(start, body.offset) for partition, start in to.items()}
    if body.partition is not None:
        to = {body.partition: to[body.partition]} if body.partition in to else {}

    def store() -> dict[int, int]:
        with ctx.uow() as uow:
            return rewinding.rewind(uow, body.topic, to, ctx.who(), body.reason)

    offsets = await asyncio.to_thread(store)
    service.worker.stand_anew()
    return Rewound(topic=body.topic, offsets=offsets)


@router.post("/republish", responses=problems(400, 401, 403, 404, 422))
def republish(body: RepublishIn, ctx: OperatorCtx) -> Republished:
    """Publish again what this service once published, in its order: for a topic that lost records."""
    topic = TOPICS.get(body.topic)
    if topic is None or topic.producer != ctx.service.name:
        raise NotFound("a topic that this service writes")
    with ctx.uow() as uow:
        if topic.kind == "state":
            state_keys = ctx.service.state_keys
            if state_keys is None:
                raise NotFound("a list of this topic's keys")
            done = rewinding.republish_states(uow, topic.name, state_keys, body.after or "", ctx.who(), body.reason)
            return Republished(records=done[0], next=done[1])
        wanted = rewinding.Wanted(topic=topic.name, key=body.key, since=body.since, until=body.until)
        count, after = rewinding.republish(uow, wanted, _row(body.after), ctx.who(), body.reason)
    return Republished(records=count, next=None if after is None else str(after))


def _row(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise Reject("validation", "after: expected the next of a call before, got something else")
    return int(after)
