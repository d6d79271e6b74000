"""Holidays against an Easter of the test's own, bank days, deadlines, and months of different lengths."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import calendar

days = st.dates(date(2024, 1, 1), date(2040, 12, 31))


def easter(year: int) -> date:
    """Easter Sunday by Butcher's rule (the Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * rest) // 451
    month, day = divmod(h + rest - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", range(2024, 2041))
def test_the_holidays_of_a_year(year: int) -> None:
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 5, 17), date(year, 12, 25), date(year, 12, 26)}
    expected = fixed | {easter(year) + timedelta(days=n) for n in (-3, -2, 0, 1, 39, 49, 50)}
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    assert {day for day in every if day.year == year and calendar.is_holiday(day)} == expected


def test_known_easters() -> None:
    assert (easter(2024), easter(2026), easter(2038)) == (date(2024, 3, 31), date(2026, 4, 5), date(2038, 4, 25))


def test_the_golden_ladder_of_2026() -> None:
    assert calendar.next_working_day(date(2026, 1, 15) + timedelta(days=14)) == date(2026, 1, 29)
    assert calendar.deadline_after(date(2026, 1, 29), 14) == date(2026, 2, 12)
    assert calendar.working_day_after(calendar.add_bank_days(date(2026, 2, 12), 3)) == date(2026, 2, 18)
    assert calendar.deadline_after(date(2026, 2, 18), 14) == date(2026, 3, 4)
    assert calendar.working_day_after(calendar.add_bank_days(date(2026, 3, 4), 3)) == date(2026, 3, 10)
    assert calendar.add_months(date(2026, 2, 18), 6) == date(2026, 8, 18)


def test_a_deadline_in_easter_moves_past_it() -> None:
    assert calendar.deadline_after(date(2026, 3, 19), 14) == date(2026, 4, 7)


def test_banks_rest_on_christmas_eve_and_new_year_s_eve_but_the_law_does_not() -> None:
    for day in (date(2026, 12, 24), date(2026, 12, 31)):
        assert calendar.is_working_day(day)
        assert not calendar.is_bank_day(day)
    assert calendar.bank_day_after(date(2026, 12, 23)) == date(2026, 12, 28)
    assert calendar.previous_bank_day(date(2027, 1, 4)) == date(2026, 12, 30)


@given(days)
def test_working_days_and_bank_days(day: date) -> None:
    moved = calendar.next_working_day(day)
    assert moved >= day
    assert calendar.is_working_day(moved)
    assert (moved == day) == calendar.is_working_day(day)
    assert calendar.working_day_after(day) > day
    assert not calendar.is_bank_day(day) or calendar.is_working_day(day)


@given(days, st.integers(1, 30))
def test_bank_days_are_counted_one_by_one(day: date, count: int) -> None:
    end = calendar.add_bank_days(day, count)
    between = (day + timedelta(days=n) for n in range(1, (end - day).days + 1))
    assert sum(map(calendar.is_bank_day, between)) == count
    assert calendar.is_bank_day(end)
    back = calendar.add_bank_days(end, -count)
    assert back <= day
    assert calendar.add_bank_days(day, 0) == day


@given(days, st.integers(0, 60))
def test_a_deadline_is_never_shorter_than_promised(sent_on: date, length: int) -> None:
    deadline = calendar.deadline_after(sent_on, length)
    assert (deadline - sent_on).days >= length
    assert calendar.is_working_day(deadline)


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_end_where_they_must(day: date, count: int, then: date) -> None:
    assert calendar.add_months(day, count) == then


def test_years_from_a_leap_day() -> None:
    assert calendar.add_years(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert calendar.add_years(date(2028, 2, 29), 4) == date(2032, 2, 29)
    assert calendar.add_years(date(2023, 3, 15), 3) == date(2026, 3, 15)


@given(days, st.integers(-240, 240))
def test_months_keep_the_day_or_take_the_last(day: date, count: int) -> None:
    then = calendar.add_months(day, count)
    assert (then.year - day.year) * 12 + then.month - day.month == count
    assert then.day == day.day or (then + timedelta(days=1)).day == 1
