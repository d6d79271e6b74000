"""KID and saksnummer: the published values, round trips, and one wrong digit is always noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from shared.kid import (
    KidKind,
    has_valid_check_digit,
    is_valid_case_number,
    is_valid_kid,
    make_case_number,
    make_kid,
    mod10,
    mod11,
)

digit_strings = st.text("0123456789", min_size=1, max_size=24)
case_numbers = st.builds(make_case_number, st.integers(2020, 2099), st.integers(1, 9_999_999))
kids = st.builds(make_kid, st.sampled_from(KidKind), case_numbers, st.integers(0, 9_999))


def test_published_check_digits() -> None:
    assert mod10("12345678") == 2
    assert mod11("12345678") == "5"
    assert mod11("10000013") == "-"


@given(digit_strings)
def test_mod10_agrees_with_luhn(digits: str) -> None:
    assert str(mod10(digits)) == luhn.calc_check_digit(digits)


@given(digit_strings)
def test_both_schemes_are_accepted_on_input(digits: str) -> None:
    assert has_valid_check_digit(f"{digits}{mod10(digits)}")
    assert has_valid_check_digit(f"{digits}{mod11(digits)}")


@pytest.mark.parametrize("text", ["", "1", "-", "1-2", "12345678 2", "1" * 26, "١٢", "1234567a"])
def test_what_has_no_form_of_a_kid(text: str) -> None:
    assert not has_valid_check_digit(text)


@given(kids)
def test_a_kid_of_ours_has_fifteen_digits_and_is_valid(kid: str) -> None:
    assert len(kid) == 15
    assert is_valid_kid(kid)
    assert has_valid_check_digit(kid)


@given(kids, st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(kid: str, place: int, add: int) -> None:
    wrong = kid[:place] + str((int(kid[place]) + add) % 10) + kid[place + 1 :]
    assert not is_valid_kid(wrong)


@given(case_numbers, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_in_a_case_number_is_noticed(number: str, place: int, add: int) -> None:
    wrong = number[:place] + str((int(number[place]) + add) % 10) + number[place + 1 :]
    assert is_valid_case_number(number)
    assert not is_valid_case_number(wrong)


@given(st.sampled_from(KidKind), st.integers(1, 9_999_999), st.integers(0, 9_999))
def test_kind_case_and_sequence_can_be_read_back(kind: KidKind, serial: int, sequence: int) -> None:
    case_number = make_case_number(2026, serial)
    kid = make_kid(kind, case_number, sequence)
    assert (kid[0], kid[1:10], kid[10:14]) == (str(kind.value), case_number[:9], f"{sequence:04d}")


def test_a_case_number_starts_with_the_year() -> None:
    assert make_case_number(2026, 1) == f"260000001{mod10('260000001')}"


@pytest.mark.parametrize("serial", [0, -1, 10_000_000])
def test_a_serial_outside_seven_digits_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        make_case_number(2026, serial)


def test_a_kid_is_not_made_of_wrong_parts() -> None:
    number = make_case_number(2026, 7)
    with pytest.raises(ValueError, match="sequence"):
        make_kid(KidKind.CLAIM, number, 10_000)
    with pytest.raises(ValueError, match="case_number"):
        make_kid(KidKind.CLAIM, "2600000010", 1)
    with pytest.raises(ValueError, match="digits"):
        mod10("12a")
    with pytest.raises(ValueError, match="digits"):
        mod11("")


def test_a_kid_of_another_kind_is_not_ours() -> None:
    body = "5" + make_case_number(2026, 1)[:9] + "0001"
    assert not is_valid_kid(f"{body}{mod10(body)}")
    assert not is_valid_kid("٣" * 15)
