"""How fast steps may be asked for: hours and days for letters, a throttle, and a brake on unusual volume.

None of it applies while a sandbox moves its date (decisions A4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

from shared.calendar import OSLO, is_working_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The operator's settings. Hours are Oslo time; the brake needs so many days with steps behind it."""

    first_hour: int = 6
    last_hour: int = 22
    steps_per_hour_max: int = 2_000
    brake_factor: int = 3
    brake_steps_min: int = 500
    brake_history_days: int = 20
    downtime_hours_max: int = 72


def is_letter_time(now: datetime, limits: Limits) -> bool:
    """Tell whether letters may go out at this instant: by day, on a working day, by Oslo's clock."""
    local = now.astimezone(OSLO)
    return is_working_day(local.date()) and limits.first_hour <= local.hour < limits.last_hour


def is_unusual(planned: int, history: Sequence[int], limits: Limits) -> bool:
    """Tell whether a day's number of steps is so far above the usual that a person has to look first.

    ``history`` holds the steps of the last days that had any; with too few of them there is no usual.
    """
    if len(history) < limits.brake_history_days or planned < limits.brake_steps_min:
        return False
    return planned > limits.brake_factor * median_low(history)


def jumped(wall_passed: timedelta, steady_passed: timedelta, *, limit: timedelta = timedelta(hours=1)) -> bool:
    """Tell whether the clock on the wall went somewhere that the steady one did not: back, or far ahead."""
    return wall_passed < timedelta(seconds=-5) or wall_passed - steady_passed > limit
