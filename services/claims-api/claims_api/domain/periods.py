"""Accounting periods (regnskapsperioder): which month a posting belongs to, and the day a month closes.

A posting belongs to the month it was booked in: the bank's day for money that comes or goes and for what it covers,
otherwise the day it was recorded. A month closes on a working day of the next one (the fifth, unless set otherwise);
what becomes known later keeps its value date and goes in the month that is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.calendar import OSLO, add_months, is_working_day
from shared.errors import FieldError, Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A calendar month: from ``start`` until before ``end``, both UTC."""

    name: str
    start: datetime
    end: datetime


def month_of(day: date) -> str:
    """Return the month of a day, such as ``2026-01``."""
    return day.isoformat()[:7]


def first_day(month: str) -> date:
    """Return the first day of a month; raises ValueError for text that is none."""
    return date.fromisoformat(f"{month}-01")


def month_after(month: str, count: int = 1) -> str:
    """Return the month ``count`` months later."""
    return month_of(add_months(first_day(month), count))


def period_of(name: str) -> Period:
    """Read a month such as ``2026-01``; raises Reject for anything else."""
    try:
        first = first_day(name)
    except ValueError:
        wrong = FieldError("period", "month", "expected a month such as 2026-01")
        raise Reject("period", "period: expected a month such as 2026-01", errors=[wrong]) from None
    return Period(name=name, start=_midnight(first), end=_midnight(add_months(first, 1)))


def closing_day(month: str, *, working_day: int) -> date:
    """Return the day a month closes on: the next one's first working day for 1, its fifth for 5."""
    day = add_months(first_day(month), 1)
    left = working_day - is_working_day(day)
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return day


def posting_month(booked_on: date, recorded_on: date, closed_to: str | None) -> str:
    """Return the month a posting goes in, when months up to and including ``closed_to`` are closed.

    That of ``booked_on`` while it is open, else that of recording; never one that has not begun or is closed.
    """
    month = month_of(min(booked_on, recorded_on))
    if closed_to is not None and month <= closed_to:
        month = max(month_of(recorded_on), month_after(closed_to))
    return month


def months_to_close(first: str | None, closed_to: str | None, today: date, *, working_day: int) -> Sequence[str]:
    """Return the months whose closing day has come, in order; ``first`` is the first month with postings.

    ``working_day`` as for ``closing_day``.
    """
    month = month_after(closed_to) if closed_to is not None else first
    due = []
    while month is not None and closing_day(month, working_day=working_day) <= today:
        due.append(month)
        month = month_after(month)
    return due


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=OSLO).astimezone(UTC)
