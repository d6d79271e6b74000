"""The brake: pulled by an operator, by an unusual volume of steps or by a clock that jumped; let go by an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from escalation.domain.pace import Limits, is_unusual
from escalation.store import control
from shared.uow import Uow

NAME = "brake"
TICK = "tick"
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """How the brake stands. ``accepted_on``: the day whose volume an operator has looked at and let go."""

    engaged: bool = False
    reason: str | None = None
    note: str | None = None
    accepted_on: date | None = None


def read(tx: Connection) -> Brake:
    """Return how the brake stands."""
    value = control.read(tx, NAME)
    if value is None:
        return Brake()
    accepted = value["accepted_on"]
    return Brake(
        engaged=value["engaged"],
        reason=value["reason"],
        note=value["note"],
        accepted_on=None if accepted is None else date.fromisoformat(accepted),
    )


def set_by_operator(uow: Uow, *, engaged: bool, note: str, who: str) -> None:
    """Pull the brake, or let go and accept today's volume."""
    brake = Brake(engaged=engaged, reason="operator" if engaged else None, note=note,
                  accepted_on=None if engaged else uow.today)  # fmt: skip
    _write(uow, brake, who)
    row = {"at": uow.now, "who": who, "action": "brake", "target": "on" if engaged else "off", "reason": note}
    uow.tx.execute(uow.tables.operator_action.insert(), [row])


def pull(uow: Uow, reason: str) -> None:
    """Hold every timer back until an operator has looked."""
    _write(uow, Brake(engaged=True, reason=reason), SYSTEM)


def kept_tick(tx: Connection) -> datetime | None:
    """Return the last wall time that was stored."""
    value = control.read(tx, TICK)
    return None if value is None else datetime.fromisoformat(value["at"])


def keep_tick(uow: Uow) -> None:
    """Store the wall's time."""
    control.write(uow.tx, TICK, {"at": uow.now.isoformat()}, set_by=SYSTEM, set_at=uow.now)


def is_too_much(tx: Connection, today: date, waiting: int, limits: Limits) -> bool:
    """Tell whether today's steps and those waiting are so many that an operator has to look first."""
    if read(tx).accepted_on == today:
        return False
    planned = control.steps_on(tx, today) + waiting
    return is_unusual(planned, control.history(tx, today, limits.brake_history_days), limits)


def _write(uow: Uow, brake: Brake, who: str) -> None:
    value = {
        "engaged": brake.engaged,
        "reason": brake.reason,
        "note": brake.note,
        "accepted_on": None if brake.accepted_on is None else brake.accepted_on.isoformat(),
    }
    control.write(uow.tx, NAME, value, set_by=who, set_at=uow.now)
