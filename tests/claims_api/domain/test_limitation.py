"""Limitation: the last day, what stops it from running, and the warnings before it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from claims_api.domain.limitation import (
    Interrupted,
    Interruption,
    LimitationRule,
    is_barred,
    last_day,
    last_day_after,
    warning_due,
)
from claims_api.domain.rates import load_rates

RATES = load_rates()


def last(due: date, stated: date | None = None) -> date:
    return last_day(due, stated, rates=RATES).value


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (date(2023, 3, 15), date(2026, 3, 16)),  # a Sunday moves to Monday
        (date(2024, 2, 29), date(2027, 3, 1)),  # no such day: the month's last, a Sunday
        (date(2023, 5, 17), date(2026, 5, 18)),  # a Sunday that is also a public holiday
        (date(2023, 6, 1), date(2026, 6, 1)),
    ],
)
def test_three_years_to_the_same_numbered_day_moved_to_a_working_day(due: date, expected: date) -> None:
    assert last(due) == expected


def test_an_earlier_day_stated_by_the_unit_wins_and_a_later_one_does_not() -> None:
    assert last(date(2023, 6, 1), date(2026, 1, 5)) == date(2026, 1, 5)
    assert last(date(2023, 6, 1), date(2030, 1, 5)) == date(2026, 6, 1)


def test_the_last_day_itself_is_in_time() -> None:
    assert not is_barred(date(2026, 6, 1), date(2026, 6, 1))
    assert is_barred(date(2026, 6, 1), date(2026, 6, 2))
    assert not is_barred(None, date(2026, 6, 2))


def after(*steps: Interrupted) -> date | None:
    return last_day_after(date(2026, 6, 1), steps, rates=RATES)


def test_an_acknowledgement_gives_three_years_from_it_or_from_when_payment_can_be_asked_again() -> None:
    said = Interrupted(kind=Interruption.ACKNOWLEDGED, on=date(2026, 5, 4))
    assert after(said) == date(2029, 5, 4)
    deferred = Interrupted(kind=Interruption.ACKNOWLEDGED, on=date(2026, 5, 4), payable_from=date(2026, 8, 4))
    assert after(deferred) == date(2029, 8, 6)


def test_filing_stops_it_a_judgment_gives_ten_years_and_a_dropped_step_one() -> None:
    filed = Interrupted(kind=Interruption.FILED, on=date(2026, 5, 4))
    assert after(filed) is None
    dropped = Interrupted(kind=Interruption.FILED, on=date(2026, 5, 4), ended_on=date(2026, 9, 1))
    assert after(dropped) == date(2027, 9, 1)
    judged = Interrupted(kind=Interruption.JUDGED, on=date(2026, 9, 1))
    assert after(dropped, judged) == date(2036, 9, 1)


def test_what_comes_after_the_last_day_revives_nothing() -> None:
    assert after(Interrupted(kind=Interruption.ACKNOWLEDGED, on=date(2026, 6, 2))) == date(2026, 6, 1)


def test_warnings_at_120_60_and_30_days() -> None:
    end = date(2026, 6, 1)
    rule = LimitationRule(hearing_days=90, warning_days=(120, 60, 30))
    due = [warning_due(end, end - timedelta(days=days), rule=rule) for days in (121, 120, 61, 60, 31, 30, 0, -1)]
    assert due == [None, 120, 120, 60, 60, 30, 30, None]
