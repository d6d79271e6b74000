"""National ids by both rules, test persons by setting, organisation numbers, accounts and masking."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban as international_iban
from stdnum.no import fodselsnummer, kontonr

from shared.party import PartyIdError, check_account, check_national_id, check_org_number, iban, mask


def numbers_of(prefix: str, remainders: tuple[int, ...], *, individual: range = range(1000)) -> list[str]:
    """Every id of the six first digits whose first control sum leaves one of the remainders."""
    found = []
    for number in individual:
        nine = f"{prefix}{number:03d}"
        sum1 = sum(int(d) * w for d, w in zip(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2), strict=True))
        for first in range(10):
            if (sum1 + first) % 11 not in remainders:
                continue
            sum2 = sum(int(d) * w for d, w in zip(f"{nine}{first}", (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True))
            second = -sum2 % 11
            if second < 10:
                found.append(f"{nine}{first}{second}")
    return found


def accepted(number: str, *, synthetic: bool = False) -> bool:
    try:
        check_national_id(number, allow_synthetic=synthetic)
    except PartyIdError:
        return False
    return True


def birth(number: str) -> date | None:
    return check_national_id(number, allow_synthetic=False).birth_date


def test_ordinary_numbers_agree_with_an_independent_checker() -> None:
    for number in numbers_of("150385", (0,)):
        known = fodselsnummer.is_valid(number)
        assert accepted(number)
        assert birth(number) in ({fodselsnummer.get_birth_date(number), None} if known else {None}), number


@pytest.mark.parametrize(
    ("six", "individual", "born"),
    [
        ("150385", 123, date(1985, 3, 15)),
        ("150385", 950, date(1985, 3, 15)),
        ("150385", 600, None),
        ("150385", 800, None),
        ("150305", 600, date(2005, 3, 15)),
        ("150305", 123, date(1905, 3, 15)),
        ("290200", 600, date(2000, 2, 29)),
        ("550385", 800, date(1985, 3, 15)),
        ("550305", 300, date(2005, 3, 15)),
        ("550305", 150, date(1905, 3, 15)),
        ("550385", 550, None),
    ],
)
def test_the_individual_number_tells_the_century(six: str, individual: int, born: date | None) -> None:
    number = numbers_of(six, (0,), individual=range(individual, individual + 20))[0]
    assert birth(number) == born


def test_numbers_of_2032_are_accepted_beside_the_old_and_tell_no_birth_date() -> None:
    old, new = numbers_of("150340", (0,)), numbers_of("150340", (1, 2, 3))
    assert len(new) > 2 * len(old)
    assert all(accepted(number) and birth(number) is None for number in new)
    assert not any(accepted(number) for number in numbers_of("150340", (4, 5, 6, 7, 8, 9, 10)))


@pytest.mark.parametrize(
    ("number", "born"),
    [("02013299997", date(2032, 1, 2)), ("30108299920", date(1982, 10, 30)), ("30108299939", None)],
)
def test_the_examples_skatteetaten_gives_for_2032(number: str, born: date | None) -> None:
    assert birth(number) == born


def test_new_numbers_of_a_d_number_are_d_numbers() -> None:
    number = numbers_of("550340", (2,))[0]
    assert check_national_id(number, allow_synthetic=False).kind == "dnr"


@pytest.mark.parametrize("month", [81, 92, 41, 52, 66, 77])
def test_test_persons_are_accepted_only_by_setting(month: int) -> None:
    number = numbers_of(f"15{month}90", (0,), individual=range(100, 200))[0]
    found = check_national_id(number, allow_synthetic=True)
    assert found.synthetic
    assert found.birth_date is not None
    assert found.birth_date.month in (1, 12)
    with pytest.raises(PartyIdError) as refused:
        check_national_id(number, allow_synthetic=False)
    assert refused.value.code == "synthetic"


NO_DATES = ["320185", "001285", "310485", "290285", "159385", "154085", "157885", "150085", "720185"]


@pytest.mark.parametrize("six", NO_DATES)
def test_six_digits_that_are_no_date(six: str) -> None:
    for number in numbers_of(six, (0, 1), individual=range(100, 120)):
        with pytest.raises(PartyIdError) as refused:
            check_national_id(number, allow_synthetic=True)
        assert refused.value.code == "date"


@pytest.mark.parametrize("text", ["", "1503851234", "150385123456", "15038512a45", "150385 12345", "١٥٠٣٨٥١٢٣٤٥"])
def test_not_eleven_digits(text: str) -> None:
    with pytest.raises(PartyIdError) as refused:
        check_national_id(text, allow_synthetic=True)
    assert refused.value.code == "format"


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_no_error_and_no_repr_shows_the_number(number: str) -> None:
    try:
        shown = repr(check_national_id(number, allow_synthetic=True))
    except PartyIdError as refused:
        shown = str(refused)
    assert number not in shown


def test_organisation_numbers() -> None:
    assert check_org_number("976819934") == "976819934"
    assert check_org_number("976 819 934") == "976819934"
    for text, code in [("976819935", "check-digit"), ("97681993", "format"), ("NO976819934", "format"), ("", "format")]:
        with pytest.raises(PartyIdError) as refused:
            check_org_number(text)
        assert refused.value.code == code


def test_the_municipality_s_account_and_iban() -> None:
    assert check_account("1315 01 01837") == check_account("1315.01.01837") == "13150101837"
    assert iban("13150101837") == "NO3913150101837"


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_every_valid_account_has_a_valid_iban(account: str) -> None:
    try:
        number = iban(account)
    except PartyIdError:
        assert account.startswith("0000") or not kontonr.is_valid(account)
        return
    assert international_iban.is_valid(number)


@given(st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_in_an_account_is_noticed(place: int, add: int) -> None:
    account = "13150101837"
    wrong = account[:place] + str((int(account[place]) + add) % 10) + account[place + 1 :]
    with pytest.raises(PartyIdError):
        check_account(wrong)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("fnr 15038512345 og", "fnr *********** og"),
        ("150385 12345", "***********"),
        ("1315.01.01837", "***********"),
        ("KID 123456789012345", "KID 123456789012345"),
        ("2600000017", "2600000017"),
        ("a15038512345b", "a***********b"),
    ],
)
def test_runs_of_eleven_digits_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text("0123456789 .-x", max_size=40))
def test_nothing_of_eleven_digits_is_left(text: str) -> None:
    left = "".join(c if c.isdigit() else " " for c in mask(text)).split()
    assert all(len(run) != 11 for run in left)
