"""Who may do what here, and how lists are paged."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from shared.auth import Role
from shared.errors import Reject
from shared.http import Ctx, allow

After = Annotated[str | None, Query(max_length=120, description="The `next` of the page before.")]

Senders = Annotated[Ctx, allow(Role.BANK, Role.OPERATOR, Role.CASEWORKER)]
FileReaders = Annotated[Ctx, allow(Role.BANK, Role.OPERATOR, Role.CASEWORKER, Role.AUDITOR)]
Readers = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR)]
Clerks = Annotated[Ctx, allow(Role.CASEWORKER)]
DayReaders = Annotated[Ctx, allow(Role.OPERATOR, Role.CASEWORKER, Role.AUDITOR)]
Operators = Annotated[Ctx, allow(Role.OPERATOR)]
Settlers = Annotated[Ctx, allow(Role.OPERATOR, Role.CASEWORKER)]


class BodyIn(BaseModel):
    """A body that is sent in: a field we do not know is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


def person(ctx: Ctx) -> str:
    """Return the person who acts, as four eyes compares them: the name of the token."""
    return ctx.who()


def day_cursor(after: str | None) -> tuple[date, str] | None:
    """Read the cursor of a list that is paged by day and something; raises Reject for one we did not give."""
    if after is None:
        return None
    day, _, rest = after.partition("/")
    try:
        return date.fromisoformat(day), rest
    except ValueError:
        raise Reject("cursor", "after: expected the next of an earlier page") from None
