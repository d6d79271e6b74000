"""Interest to the øre: the published worked example, the vectors of the fact sheet, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_api.domain.accrual import InterestTerms, Pause, accrued, steps_of
from claims_api.domain.interest import BaseStep, InterestConvention, compute_interest
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from shared.law import RatesMissing

RATES = load_rates()
TABLE = RATES.table("late_interest")
SKATTEETATEN, INKASSO = InterestConvention.SKATTEETATEN, InterestConvention.INKASSO


def interest(base_ore: int, start: date, to: date, convention: InterestConvention) -> int:
    step = BaseStep(day=start, base_ore=base_ore)
    return compute_interest([step], start, to, table=TABLE, convention=convention).amount_ore


@pytest.mark.parametrize(
    ("base_ore", "start", "to", "expected_ore"),
    [
        (1_000_000, date(2024, 6, 15), date(2024, 6, 27), 4_098),
        (800_000, date(2024, 6, 27), date(2025, 3, 10), 69_996),
        (300_000, date(2025, 3, 10), date(2025, 7, 1), 11_610),
        (300_000, date(2025, 7, 1), date(2025, 11, 21), 14_398),
        (300_000, date(2025, 8, 14), date(2025, 11, 21), 9_968),
    ],
)
def test_the_five_figures_of_skatteetatens_worked_example(
    base_ore: int, start: date, to: date, expected_ore: int
) -> None:
    assert interest(base_ore, start, to, SKATTEETATEN) == expected_ore


def test_the_worked_example_as_one_claim_paid_in_parts() -> None:
    steps = steps_of([(date(2024, 6, 15), 1_000_000), (date(2024, 6, 27), -200_000), (date(2025, 3, 10), -500_000)])
    whole = compute_interest(steps, date(2024, 6, 15), date(2025, 11, 21), table=TABLE, convention=SKATTEETATEN)
    assert whole.amount_ore == 4_098 + 69_996 + 11_610 + 14_398
    assert [segment.year_days for segment in whole.segments] == [366, 366, 366, 365, 365, 365]


@pytest.mark.parametrize(
    ("base_ore", "start", "to", "expected"),
    [
        (1_000_000, date(2025, 6, 15), date(2025, 7, 15), [(15, "12.50", 5_137), (15, "12.25", 5_034)]),
        (300_000, date(2026, 5, 20), date(2026, 11, 23), [(41, "12.00", 4_044), (146, "12.25", 14_700)]),
        (
            123_456,
            date(2019, 12, 20),
            date(2020, 7, 20),
            [(11, "9.25", 344), (182, "9.50", 5_848), (20, "8.00", 541)],
        ),
        (100_000, date(2024, 2, 15), date(2024, 3, 15), [(29, "12.50", 993)]),
        (500_000, date(2026, 6, 30), date(2026, 7, 1), [(1, "12.25", 168)]),
    ],
)
def test_the_vectors_of_the_inkasso_convention(
    base_ore: int, start: date, to: date, expected: list[tuple[int, str, int]]
) -> None:
    found = compute_interest(
        [BaseStep(day=start, base_ore=base_ore)], start, to, table=TABLE, convention=INKASSO
    ).segments
    assert [(s.days, s.rate, s.amount_ore) for s in found] == [(d, Decimal(r), a) for d, r, a in expected]


def test_the_due_day_counts_and_the_day_of_payment_does_not() -> None:
    due = date(2026, 1, 15)
    assert interest(1_000_000, due, due, SKATTEETATEN) == 0
    assert interest(1_000_000, due, due + timedelta(days=1), SKATTEETATEN) == 329
    # A rate that changes on the day of payment is not used.
    assert interest(500_000, date(2026, 6, 30), date(2026, 7, 1), SKATTEETATEN) == 164


def test_interest_is_simple() -> None:
    """Ten years on 100 kroner at about 9 % stay below 100 kroner: nothing bears interest but the principal."""
    assert interest(10_000, date(2010, 1, 1), date(2020, 1, 1), INKASSO) < 10_000


DAYS = st.integers(0, 5_000).map(lambda n: date(2011, 1, 1) + timedelta(days=n))
CONVENTIONS = st.sampled_from([SKATTEETATEN, INKASSO])


@given(st.integers(1, 10**9), DAYS, DAYS, DAYS, CONVENTIONS)
def test_a_period_split_where_segments_break_adds_up(
    base: int, a: date, b: date, c: date, convention: InterestConvention
) -> None:
    start, middle, end = sorted((a, b, c))
    half_year = date(middle.year, 1 if middle.month < 7 else 7, 1)
    if convention is INKASSO:
        half_year -= timedelta(days=1)
    if not start < half_year < end:
        return
    whole = interest(base, start, end, convention)
    assert whole == interest(base, start, half_year, convention) + interest(base, half_year, end, convention)


@given(st.integers(1, 10**9), DAYS, DAYS, CONVENTIONS)
def test_segments_cover_every_day_once_and_sum_to_the_whole(
    base: int, a: date, b: date, convention: InterestConvention
) -> None:
    start, end = sorted((a, b))
    found = compute_interest([BaseStep(day=start, base_ore=base)], start, end, table=TABLE, convention=convention)
    assert sum(segment.days for segment in found.segments) == (end - start).days
    assert sum(segment.amount_ore for segment in found.segments) == found.amount_ore
    assert all(one.end == other.start for one, other in zip(found.segments, found.segments[1:], strict=False))


@given(st.integers(1, 10**7), DAYS, st.integers(1, 600), st.integers(1, 600), CONVENTIONS)
def test_more_days_never_cost_less(
    base: int, start: date, days: int, more: int, convention: InterestConvention
) -> None:
    first, later = start + timedelta(days=days), start + timedelta(days=days + more)
    assert interest(base, start, first, convention) <= interest(base, start, later, convention)


def test_past_the_last_known_rate_it_stops_and_says_so() -> None:
    for convention, last in ((SKATTEETATEN, date(2027, 1, 1)), (INKASSO, date(2026, 12, 31))):
        step = BaseStep(day=date(2026, 12, 1), base_ore=100_000)
        found = compute_interest([step], date(2026, 12, 1), date(2027, 3, 1), table=TABLE, convention=convention)
        assert found.complete_to == last
        assert found.amount_ore == interest(100_000, date(2026, 12, 1), last, convention)


def test_before_the_first_known_rate_it_refuses() -> None:
    with pytest.raises(RatesMissing):
        interest(100, date(2009, 12, 1), date(2010, 2, 1), SKATTEETATEN)


def test_an_assumed_rate_is_never_mixed_with_an_announced_one() -> None:
    table = load_rates(assume_months=36).table("late_interest")
    step = BaseStep(day=date(2026, 12, 1), base_ore=100_000)
    found = compute_interest([step], date(2026, 12, 1), date(2027, 2, 1), table=table, convention=SKATTEETATEN)
    assert [segment.assumed for segment in found.segments] == [False, True]
    assert found.provisional
    assert "foreløpig sats" in found.segments[1].as_text()


def test_a_standing_objection_lets_the_disputed_part_rest() -> None:
    rules = MoneyRules(rates=RATES)
    steps = steps_of([(date(2026, 1, 1), 100_000)])

    def to_june(*pauses: Pause) -> int:
        terms = InterestTerms(start=date(2026, 1, 1), pauses=pauses)
        return accrued(steps, terms, date(2026, 6, 1), rules=rules).amount_ore

    whole = to_june()
    start = date(2026, 3, 1)
    assert to_june(Pause(start=start)) == interest(100_000, date(2026, 1, 1), start, SKATTEETATEN)
    assert to_june(Pause(start=start, end=date(2026, 6, 1))) == to_june(Pause(start=start))
    half = to_june(Pause(start=start, amount_ore=50_000))
    assert to_june(Pause(start=start)) < half < whole
    assert to_june(Pause(start=start, amount_ore=500_000)) == to_june(Pause(start=start))
