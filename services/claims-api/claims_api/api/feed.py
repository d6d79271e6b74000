"""A unit's own event feed: everything that happened to its claims, in one order, from wherever it left off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from claims_api.store import creditors, feed
from claims_api.store.feed import FeedEntry
from shared.auth import Role
from shared.errors import FieldError, Invalid, NotFound
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow
from shared.problems import problems

router = APIRouter(prefix="/v1/events", tags=["events"])

FeedReaders = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR)]


class FeedItem(BaseModel):
    """One event. ``data`` is the event's own, with ``external_refs``: your references of the claims it is about."""

    position: int = Field(description="Counts your events without gaps; ask on with after=<position>.")
    event_id: str
    type: str = Field(description="Such as no.kommune.innkreving.claim.registered.v1.")
    at: datetime
    case_id: str
    claim_id: str | None
    data: dict[str, Any]


class FeedPage(BaseModel):
    """A page of a feed; ``next`` is null when you have read everything there is now."""

    items: list[FeedItem]
    next: str | None


@router.get("", responses=problems(401, 403, 404, 422), summary="Read the event feed")
def read_feed(
    ctx: FeedReaders,
    after: Annotated[int, Query(ge=0, description="The last position you have; 0 reads from the beginning.")] = 0,
    limit: Limit = LIMIT_DEFAULT,
    creditor_unit: Annotated[str | None, Query(max_length=60, description="Whose feed; a unit reads its own.")] = None,
) -> FeedPage:
    """Return a unit's events in the order of their positions. The order never changes and nothing is left out."""
    unit = feed_unit(ctx, creditor_unit)
    with ctx.read() as tx:
        if creditors.find_creditor(tx, unit) is None:
            raise NotFound("creditor")
        found = feed.read(tx, unit, after=after, limit=limit)
    items = [feed_item(entry) for entry in found]
    return FeedPage(items=items, next=str(items[-1].position) if len(items) == limit else None)


def feed_unit(ctx: Ctx, creditor_unit: str | None) -> str:
    """Return whose feed the caller may read; raises NotFound for another's, Reject when none is named."""
    if ctx.caller.role is Role.AGENCY:
        if creditor_unit not in (None, ctx.caller.unit):
            raise NotFound("creditor")
        return ctx.caller.unit
    if creditor_unit is None:
        raise Invalid(FieldError("creditor_unit", "missing", "expected the unit whose feed you read"))
    return creditor_unit


def feed_item(entry: FeedEntry) -> FeedItem:
    """Return an entry as it is answered and sent."""
    return FeedItem(
        position=entry.position,
        event_id=entry.event_id,
        type=entry.type,
        at=entry.at,
        case_id=entry.case_id,
        claim_id=entry.claim_id,
        data=dict(entry.data),
    )
