"""Working days, bank days and deadlines in Norway.

Legal days are dates in Europe/Oslo. A deadline that falls on a Saturday, a Sunday or a public holiday moves to the next
working day, which is always in the debtor's favour. Bank days are Monday to Friday except public holidays, 24 and
31 December.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

OSLO = ZoneInfo("Europe/Oslo")
CALENDAR_VERSION = "no-2"
"""Names these rules: stored beside each computed deadline, and raised whenever one of them changes."""

_DAY = timedelta(days=1)


@lru_cache(maxsize=512)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NO", years=[year], expand=False))


def is_holiday(day: date) -> bool:
    """Tell whether ``day`` is a public holiday (offentlig fridag) in Norway; ordinary Sundays are not."""
    return day in _holidays(day.year)


def is_working_day(day: date) -> bool:
    """Tell whether ``day`` is a working day (virkedag): Monday to Friday and no public holiday."""
    return day.weekday() < 5 and not is_holiday(day)


def next_working_day(day: date) -> date:
    """Return ``day`` when it is a working day, else the first one after it."""
    while not is_working_day(day):
        day += _DAY
    return day


def working_day_after(day: date) -> date:
    """Return the first working day later than ``day``."""
    return next_working_day(day + _DAY)


def is_bank_day(day: date) -> bool:
    """Tell whether banks settle on ``day`` (bankdag): a working day that is not 24 or 31 December."""
    return is_working_day(day) and not (day.month == 12 and day.day in (24, 31))


def add_bank_days(day: date, count: int) -> date:
    """Return the ``count``-th bank day after ``day``, before it when negative, and ``day`` itself for 0."""
    step = _DAY if count > 0 else -_DAY
    for _ in range(abs(count)):
        day += step
        while not is_bank_day(day):
            day += step
    return day


def bank_day_after(day: date) -> date:
    """Return the first bank day later than ``day``."""
    return add_bank_days(day, 1)


def previous_bank_day(day: date) -> date:
    """Return the last bank day earlier than ``day``."""
    return add_bank_days(day, -1)


def deadline_after(sent_on: date, days: int) -> date:
    """Return the deadline (betalingsfrist) ``days`` after the letter was sent, moved to a working day."""
    return next_working_day(sent_on + timedelta(days=days))


def add_months(day: date, count: int) -> date:
    """Return the same-numbered day ``count`` months later (earlier when negative), else that month's last day."""
    months = day.year * 12 + day.month - 1 + count
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def add_years(day: date, count: int) -> date:
    """Return the same-numbered day ``count`` years later; 29 February becomes 28 February in a common year."""
    return add_months(day, 12 * count)
