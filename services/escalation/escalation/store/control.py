"""The brake, the last tick of the clock, and how many steps each day asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from escalation.tables import ControlRow, PaceRow
from shared.db import insert_ignore, table_of, upsert

CONTROL = table_of(ControlRow)
PACE = table_of(PaceRow)


def read(tx: Connection, name: str) -> dict[str, Any] | None:
    """Return a control's value, or None when it was never set."""
    value = tx.execute(select(CONTROL.c.value).where(CONTROL.c.name == name)).scalar()
    return None if value is None else dict(value)


def write(tx: Connection, name: str, value: dict[str, Any], *, set_by: str, set_at: datetime) -> None:
    """Set a control."""
    row = {"name": name, "value": value, "set_by": set_by, "set_at": set_at}
    upsert(tx, CONTROL, [row], key=["name"], update=["value", "set_by", "set_at"])


def count_steps(tx: Connection, day: date, steps: int) -> None:
    """Add to the number of steps asked for on ``day``."""
    insert_ignore(tx, PACE, [{"day": day, "steps": 0}])
    tx.execute(PACE.update().where(PACE.c.day == day).values(steps=PACE.c.steps + steps))


def steps_on(tx: Connection, day: date) -> int:
    """Return how many steps were asked for on ``day``."""
    return int(tx.execute(select(PACE.c.steps).where(PACE.c.day == day)).scalar() or 0)


def history(tx: Connection, before: date, days: int) -> list[int]:
    """Return the numbers of the last ``days`` days before ``before`` that asked for any, newest first."""
    query = select(PACE.c.steps).where(PACE.c.day < before, PACE.c.steps > 0).order_by(PACE.c.day.desc()).limit(days)
    return [int(steps) for steps in tx.execute(query).scalars()]
