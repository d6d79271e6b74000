"""Limitation of claims (foreldelse): the last day a claim can be pursued, and when someone must be warned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from claims_api.domain.rates import Rates
from shared.calendar import add_years, next_working_day
from shared.law import Trace, Traced

REFERENCE = "foreldelsesloven §§ 2, 3, 29"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitationRule:
    """The municipality's rule (configuration), in days before the last day.

    ``hearing_days``: a claim taken in with less than this left goes to a person first. ``warning_days``: when the desk
    is warned, the earliest warning first.
    """

    hearing_days: int
    warning_days: tuple[int, ...]


class Interruption(StrEnum):
    """What stops limitation from running (fristavbrudd, foreldelsesloven §§ 14-18)."""

    ACKNOWLEDGED = "acknowledged"
    FILED = "filed"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """One interruption: ``on`` is the day of the acknowledgement, the filing or the judgment.

    ``payable_from`` is the later day from which the creditor can again demand payment (after an acknowledgement that
    gives time). ``ended_on`` is the day a filed step ended without a decision; None while it runs.
    """

    kind: Interruption
    on: date
    payable_from: date | None = None
    ended_on: date | None = None


def last_day(due_date: date, limitation_date: date | None, *, rates: Rates) -> Traced[date]:
    """Return the last day of the claim as registered (foreldelsesdag), before any interruption.

    The earlier of the unit's own ``limitation_date`` and three years after the due date: the same-numbered day, moved
    to a working day.
    """
    years = rates.whole("limitation", due_date)
    computed = _years_later(due_date, years)
    value = computed if limitation_date is None else min(computed, limitation_date)
    inputs: dict[str, str | int | None] = {
        "due_date": due_date.isoformat(),
        "years": years,
        "limitation_date": limitation_date.isoformat() if limitation_date else None,
    }
    return Traced(value=value, trace=Trace(rule="limitation.last_day", reference=REFERENCE, inputs=inputs))


@lru_cache(maxsize=4096)
def _years_later(day: date, years: int) -> date:
    return next_working_day(add_years(day, years))


def last_day_after(registered: date, interruptions: Sequence[Interrupted], *, rates: Rates) -> date | None:
    """Return the last day once ``interruptions`` are counted; None while a filed step stands (it does not run).

    An interruption after the last day revives nothing and is passed over. Acknowledgement: three new years. Judgment:
    ten. A step that ended without a decision leaves at least one year (§ 22).
    """
    last = registered
    for step in sorted(interruptions, key=lambda one: one.on):
        if step.on > last:
            continue
        if step.kind is Interruption.FILED:
            if step.ended_on is None:
                return None
            last = max(last, next_working_day(add_years(step.ended_on, 1)))
        else:
            table = "limitation" if step.kind is Interruption.ACKNOWLEDGED else "limitation_after_judgment"
            start = max(step.on, step.payable_from or step.on)
            last = max(last, next_working_day(add_years(start, rates.whole(table, step.on))))
    return last


def is_barred(last: date | None, today: date) -> bool:
    """Tell whether the claim is time-barred (foreldet) on ``today``; the last day itself is in time."""
    return last is not None and today > last


def warning_due(last: date | None, today: date, *, rule: LimitationRule) -> int | None:
    """Return the tightest warning that is due, in days, None when none is or the claim is barred."""
    if last is None or today > last:
        return None
    left = (last - today).days
    due = [days for days in rule.warning_days if left <= days]
    return min(due) if due else None
