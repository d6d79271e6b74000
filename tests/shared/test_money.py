"""Money: reading, writing, rounding by name, and splitting without losing an øre."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import MAX_AMOUNT_ORE, Rounding, kroner, parse_kroner, round_ore, split_by_weight

amounts = st.integers(-MAX_AMOUNT_ORE, MAX_AMOUNT_ORE)


@pytest.mark.parametrize(
    ("ore", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (123_450, "1 234,50"),
        (-123_450, "-1 234,50"),
        (100_000_000_00, "100 000 000,00"),
    ],
)
def test_kroner_are_written_as_a_person_reads_them(ore: int, text: str) -> None:
    assert kroner(ore).replace("\N{NO-BREAK SPACE}", " ") == text


@given(amounts)
def test_what_is_written_is_read_back(ore: int) -> None:
    assert parse_kroner(kroner(ore)) == ore


@pytest.mark.parametrize("text", ["1234,50", "1234.50", "1 234,50", " 1234,50 ", "1\N{NARROW NO-BREAK SPACE}234,50"])
def test_a_person_may_write_an_amount_in_several_ways(text: str) -> None:
    assert parse_kroner(text) == 123_450


@pytest.mark.parametrize("text", ["", "kr 5", "1,5", "1,505", "1.234,50", "12 34", "1 2345", "٣", "1e5", "--1", "NaN"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount: expected"):
        parse_kroner(text)


def test_an_amount_above_the_limit_is_refused() -> None:
    assert parse_kroner("10 000 000,00") == MAX_AMOUNT_ORE
    with pytest.raises(ValueError, match="at most"):
        parse_kroner("10 000 000,01")


@pytest.mark.parametrize(
    ("value", "rule", "ore"),
    [
        (Fraction(1, 2), Rounding.ORE_HALF_UP, 1),
        (Decimal("1.49999"), Rounding.ORE_HALF_UP, 1),
        (Fraction(-1, 2), Rounding.ORE_HALF_UP, -1),
        (3750, Rounding.KRONE_HALF_UP, 3800),
        (3749, Rounding.KRONE_HALF_UP, 3700),
        (11250, Rounding.KRONE_HALF_UP, 11300),
        (207199, Rounding.KRONE_DOWN, 207100),
        (-207199, Rounding.KRONE_DOWN, -207100),
        (Decimal("42.0"), Rounding.NONE_EXACT, 42),
    ],
)
def test_each_rounding_has_a_name(value: Fraction | Decimal | int, rule: Rounding, ore: int) -> None:
    assert round_ore(value, rule) == ore


def test_exact_refuses_a_fraction_of_an_ore() -> None:
    with pytest.raises(ValueError, match="whole øre"):
        round_ore(Fraction(1, 3), Rounding.NONE_EXACT)


@given(st.fractions(-(10**9), 10**9), st.sampled_from([r for r in Rounding if r is not Rounding.NONE_EXACT]))
def test_rounding_is_near_and_mirrored(value: Fraction, rule: Rounding) -> None:
    rounded = round_ore(value, rule)
    assert abs(rounded - value) < (1 if rule is Rounding.ORE_HALF_UP else 100)
    assert round_ore(-value, rule) == -rounded


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_a_split_conserves_the_total_and_is_fair(total: int, weights: list[int]) -> None:
    parts = split_by_weight(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or part == 0


def test_left_over_ore_go_to_the_earliest_of_equal_parts() -> None:
    assert split_by_weight(100, [1, 1, 1]) == [34, 33, 33]
    assert split_by_weight(-100, [1, 1, 1]) == [-34, -33, -33]


def test_a_split_without_weights() -> None:
    assert split_by_weight(0, [0, 0]) == [0, 0]
    assert split_by_weight(0, []) == []
    with pytest.raises(ValueError, match="above zero"):
        split_by_weight(1, [0, 0])
    with pytest.raises(ValueError, match="zero or more"):
        split_by_weight(1, [2, -1])
