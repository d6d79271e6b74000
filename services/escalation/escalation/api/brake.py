"""The operator's brake on steps: see it, pull it, let go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from escalation.api.access import Desk, Operators
from escalation.store import control, timers
from escalation.usecases import braking
from shared.problems import problems

router = APIRouter(prefix="/v1/brake", tags=["operations"])


class BrakeView(BaseModel):
    """Whether steps are held back, why, and how many timers wait."""

    engaged: bool
    reason: str | None = Field(description="operator, unusual_volume or clock_jump.")
    note: str | None
    steps_today: int
    timers_due: int
    applies: bool = Field(description="False in a sandbox, whose date moves by hand.")


class BrakeIn(BaseModel):
    """Pull the brake or let go. ``note`` says why, for the log of operators' actions."""

    model_config = ConfigDict(extra="forbid")

    engaged: bool
    note: Annotated[str, Field(min_length=3, max_length=200)]


@router.get("", responses=problems(401, 403), summary="Read the brake")
def read_brake(ctx: Desk) -> BrakeView:
    """Say whether steps are held back, and how many wait."""
    with ctx.read() as tx:
        brake = braking.read(tx)
        return BrakeView(
            engaged=brake.engaged,
            reason=brake.reason,
            note=brake.note,
            steps_today=control.steps_on(tx, ctx.today),
            timers_due=timers.count_due(tx, ctx.today),
            applies=not ctx.service.settings.sandbox,
        )


@router.post("", responses=problems(400, 401, 403, 422), summary="Pull the brake or let go")
def set_brake(ctx: Operators, body: BrakeIn) -> BrakeView:
    """Hold every timer back, or let them fire; letting go also accepts today's volume and the clock as it stands."""
    with ctx.uow() as uow:
        braking.set_by_operator(uow, engaged=body.engaged, note=body.note, who=ctx.who())
    return read_brake(ctx)
