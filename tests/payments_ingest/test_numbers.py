"""Which numbers of ours stand in a message, however people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_ingest.domain.numbers import (
    CANDIDATES_MAX,
    Candidate,
    Kind,
    find_numbers,
    fold_reference,
    neighbours,
    twins,
)
from payments_ingest.domain.text import normalise
from shared.kid import KidKind, is_valid_case_number, is_valid_kid, make_case_number, make_kid

CASE = make_case_number(2026, 1)  # 2600000018
KID = make_kid(KidKind.CLAIM, CASE, 1)  # 126000000100015
serials = st.integers(1, 9_999_999)


def own(text: str, amount_ore: int = 123_450) -> dict[str, Candidate]:
    return {c.number: c for c in find_numbers(text, amount_ore) if c.kind in (Kind.CASE, Kind.KID)}


@pytest.mark.parametrize(
    "text",
    [
        f"saksnr {CASE}",
        f"SAKSNUMMER: {CASE}",
        f"saksnumer {CASE}",
        f"saknr.{CASE}",
        f"inkassosak #{CASE}",
        f"krav nr. {CASE}",
        f"vår ref {CASE}",
        f"saksnummer er {CASE}",
        "saksnr 260 000 001 8",
        "saksnr 26 0000001 8",
        "sak 2.600.000.018",
        "sak 2600-0000-18",
        "sak 26/00000018",
        "sak 2 6 0 0 0 0 0 0 1 8",
        f"saks\N{SOFT HYPHEN}nummer\N{NO-BREAK SPACE}{CASE}",
        f"sak \x96 {CASE}",
        f"ＳＡＫ {CASE}",
        f"VÃ¥r ref {CASE}",
        f"sak {CASE}, avdrag 2",
    ],
)
def test_a_case_number_after_its_word_is_found_in_every_spelling(text: str) -> None:
    assert own(text)[CASE].anchored


@pytest.mark.parametrize(
    "text",
    [
        f"betalt 01.02.2026 {CASE}",
        f"{CASE} 2026-02-01",
        f"fnr 010190 12345 {CASE}",
        f"01819012345 {CASE}",
        f"tlf +47 912 34 567 {CASE}",
        f"kr 1 234,50 {CASE}",
        f"{CASE} 1234",
        f"avdrag 1 {CASE}",
        f"saksbehandler 12 {CASE}",
    ],
)
def test_dates_phones_ids_and_amounts_around_it_do_not_hide_a_bare_number(text: str) -> None:
    found = own(text)
    assert list(found) == [CASE]
    assert found[CASE].whole
    assert not found[CASE].anchored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "husleie april",
        "010190 12345",
        "01819012345",
        "1315.01.01837",
        "NO39 1315 0101 837",
        "+47 912 34 567",
        "0047 91234567",
        "kr 2 600 000,18",
        "01.02.2026",
        f"{CASE}0",
        f"9{CASE}",
    ],
)
def test_other_numbers_name_no_case(text: str) -> None:
    assert own(text) == {}


def test_letters_read_as_digits_are_marked() -> None:
    found = own("sak 26OOOOOO18")
    assert found[CASE].mended
    assert own(f"sak {CASE}")[CASE].mended is False


def test_a_kid_in_the_text_is_found_whole_and_in_groups() -> None:
    assert own(f"KID {KID}")[KID].kind is Kind.KID
    assert own(f"kid: {KID[:3]} {KID[3:7]} {KID[7:11]} {KID[11:]}")[KID].anchored
    assert own(f"{KID[:5]} {KID[5:10]} {KID[10:]}")[KID].whole


def test_several_numbers_share_the_word_before_the_first() -> None:
    other = make_case_number(2026, 2)
    for text in (f"saksnr {CASE} og {other}", f"sak {CASE} / {other}", f"sak {CASE}, {other}", f"sak {CASE};{other}"):
        found = own(text)
        assert set(found) == {CASE, other}
        assert all(candidate.anchored for candidate in found.values())


def test_a_wrong_check_digit_after_the_word_is_kept_for_suggesting_its_neighbours() -> None:
    wrong = CASE[:-1] + "9"
    (near,) = [c for c in find_numbers(f"saksnr {wrong}", 100) if c.kind is Kind.NEAR]
    assert near.number == wrong
    assert CASE in neighbours(wrong)


def test_invoice_numbers_are_compared_without_signs_and_leading_zeros() -> None:
    assert fold_reference("F-001234") == "f001234"
    assert fold_reference("0001234") == "1234"
    (found,) = find_numbers("Faktura nr. F-1234 mars", 100)
    assert (found.kind, found.number, found.anchored) == (Kind.INVOICE, "f1234", True)


def test_a_message_with_too_many_numbers_names_nothing() -> None:
    text = " og ".join(make_case_number(2026, serial) for serial in range(1, CANDIDATES_MAX + 3))
    assert find_numbers(text, 100) == ()


@given(serials, st.integers(0, 9))
def test_every_single_wrong_digit_is_one_of_the_neighbours(serial: int, at: int) -> None:
    number = make_case_number(2026, serial)
    wrong = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert not is_valid_case_number(wrong)
    assert number in neighbours(wrong)
    assert all(is_valid_case_number(near) for near in neighbours(wrong))


@given(serials, st.integers(0, 9))
def test_a_missing_digit_is_one_of_the_neighbours(serial: int, at: int) -> None:
    number = make_case_number(2026, serial)
    assert number in neighbours(number[:at] + number[at + 1 :])


@given(serials, st.integers(0, 9_999))
def test_twins_are_the_valid_numbers_that_the_check_digit_cannot_tell_apart(serial: int, sequence: int) -> None:
    kid = make_kid(KidKind.CASE, make_case_number(2026, serial), sequence)
    for twin in twins(kid):
        assert sum(a != b for a, b in zip(kid, twin, strict=True)) == 2
        assert is_valid_kid(twin) or twin[0] not in "1234"


@given(st.text(max_size=400), st.integers(1, 10**9))
def test_any_text_is_read_without_an_error(text: str, amount_ore: int) -> None:
    for candidate in find_numbers(text, amount_ore):
        if candidate.kind is Kind.CASE:
            assert is_valid_case_number(candidate.number)
        if candidate.kind is Kind.KID:
            assert is_valid_kid(candidate.number)


@given(st.text(max_size=400))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
