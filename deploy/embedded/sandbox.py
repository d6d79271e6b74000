"""The sandbox's clock: move the business date, and everything due happens, day by day, before it answers.

A day is left in a fixed order: the bank's inbox is read and all work comes to rest; the bank day being left is closed
and all work comes to rest; the next date is set, its timers fire and all work comes to rest. Before the first claim any
date may be set; after it only a later one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import func, select

from embedded.quiet import NotQuiet, run_until_quiet
from shared.auth import Role
from shared.calendar import is_bank_day
from shared.clock import Machine, SandboxClock
from shared.errors import Conflict, Reject
from shared.events import Payload
from shared.events.claims import ClaimRegistered
from shared.events.escalation import StepDue
from shared.events.notifications import LetterSent
from shared.events.payments import PaymentMatched, PaymentUnmatched
from shared.http import Ctx, allow
from shared.problems import problems
from shared.service import Service

Day = date
"""The type under a name that a field called ``date`` does not hide."""

DAYS_MAX = 400
"""How many days one call may move."""

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""Where the date may be set: outside, neither rates nor holidays are known, and deadlines would leave the calendar."""

CloseBankDay = Callable[[date], object]
"""Close a bank day of every account: everything the bank reports for it has come."""

AnyRole = Annotated[Ctx, allow(*Role)]

COUNTED: dict[str, tuple[type[Payload], ...]] = {
    "steps": (StepDue,),
    "letters": (LetterSent,),
    "payments": (PaymentMatched, PaymentUnmatched),
}


class ClockOut(BaseModel):
    """Where the business date stands."""

    date: Day


class MoveIn(BaseModel):
    """How far to move: a number of days (0: only finish what is due today) or a date; one of the two."""

    model_config = ConfigDict(extra="forbid")

    advance_days: int | None = Field(default=None, ge=0, le=DAYS_MAX, strict=True)
    date: Day | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.advance_days is None) == (self.date is None):
            raise ValueError("expected either advance_days or date")
        return self


class MoveOut(BaseModel):
    """What a move brought about."""

    date: Day
    days: int = Field(description="How many days were lived through; 0 after a jump before the first claim.")
    steps: int = Field(description="Steps that came due.")
    letters: int = Field(description="Letters sent.")
    payments: int = Field(description="Payments matched, or put in the queue.")


@dataclass(slots=True, kw_only=True)
class Mover:
    """Moves the business date of an installation; one move at a time."""

    services: Sequence[Service]
    claims: Service
    clock: SandboxClock
    machine: Machine
    close_bank_day: CloseBankDay
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def move(self, wish: MoveIn) -> MoveOut:
        """Live through every day to the wished date.

        Raises Conflict for a date that may not be set, and Reject (500, ``not-quiet``) naming what does not come to
        rest; the date then stands where it came to and the same call goes on from there.
        """
        async with self._one_at_a_time:
            start = self.clock.today()
            target = wish.date or start + timedelta(days=wish.advance_days or 0)
            days = (target - start).days
            marks = await asyncio.to_thread(self._marks)
            try:
                if not 0 <= days <= DAYS_MAX:
                    await self._jump(target, days)
                    days = 0
                for _ in range(days):
                    await self._live_a_day()
                await self._rest()
            except NotQuiet as stuck:
                raise Reject("not-quiet", f"{self.clock.today().isoformat()}: {stuck}", status=500) from stuck
            counts = await asyncio.to_thread(self._counts_since, marks)
            return MoveOut(date=self.clock.today(), days=days, **counts)

    async def _live_a_day(self) -> None:
        leaving = self.clock.today()
        await self._rest()
        if is_bank_day(leaving):
            await asyncio.to_thread(self.close_bank_day, leaving)
            await self._rest()
        self.clock.set(leaving + timedelta(days=1))
        await self._rest()

    async def _jump(self, target: date, days: int) -> None:
        if await asyncio.to_thread(self._has_claims):
            today = self.clock.today().isoformat()
            if days < 0:
                raise Conflict(
                    "clock-backwards", f"date: expected {today} or later once there are claims, got {target}"
                )
            raise Conflict("clock-too-far", f"date: expected at most {DAYS_MAX} days after {today}, got {target}")
        self.clock.set(target, allow_back=True)

    async def _rest(self) -> None:
        await run_until_quiet(self.services, self.machine)

    def _has_claims(self) -> bool:
        events = self.claims.tables.events
        with self.claims.db.read() as tx:
            query = select(events.c.row).where(events.c.type == ClaimRegistered.TYPE).limit(1)
            return tx.execute(query).first() is not None

    def _marks(self) -> list[int]:
        marks = []
        for service in self.services:
            with service.db.read() as tx:
                marks.append(tx.execute(select(func.max(service.tables.events.c.row))).scalar() or 0)
        return marks

    def _counts_since(self, marks: Sequence[int]) -> dict[str, int]:
        found: dict[str, int] = {}
        for service, mark in zip(self.services, marks, strict=True):
            events = service.tables.events
            query = select(events.c.type, func.count()).where(events.c.row > mark).group_by(events.c.type)
            with service.db.read() as tx:
                for kind, count in tx.execute(query):
                    found[kind] = found.get(kind, 0) + count
        return {name: sum(found.get(kind.TYPE, 0) for kind in kinds) for name, kinds in COUNTED.items()}


def clock_router(mover: Mover) -> APIRouter:
    """Make the two routes of the sandbox's clock; every role of the sandbox may use them."""
    router = APIRouter(prefix="/sandbox/v1", tags=["sandbox"])

    @router.get("/clock", responses=problems(401))
    def show(_ctx: AnyRole) -> ClockOut:
        """Show the business date."""
        return ClockOut(date=mover.clock.today())

    @router.post("/clock", responses=problems(400, 401, 409, 422, 500))
    async def move(body: MoveIn, _ctx: AnyRole) -> MoveOut:
        """Move the business date; everything due on the way has happened when this answers."""
        return await mover.move(body)

    return router
