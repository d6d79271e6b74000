"""Who somebody is, by number: national ids, organisation numbers and bank accounts.

A national id is never stored, logged or put in a message by anything here; errors carry a code and never the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from operator import mul
from typing import Literal

from stdnum.exceptions import ValidationError
from stdnum.no import orgnr

from shared.kid import mod11
from shared.values import value

_ELEVEN = re.compile(r"[0-9]{11}")
_NINE = re.compile(r"[0-9]{9}")
_MASKED = re.compile(r"(?<!\d)\d{6}[ .-]?\d{5}(?!\d)|(?<!\d)\d{4}[ .]\d{2}[ .]\d{5}(?!\d)")
_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
"""Weights of the digits before each check digit, and of itself: together they come to a multiple of 11."""
_SYNTHETIC_MONTHS = (80, 65, 40)

_FNR_SERIES = (
    (1900, range(500), range(100)),
    (2000, range(500, 1000), range(40)),
    (1900, range(900, 1000), range(40, 100)),
)
_DNR_SERIES = (
    (2000, range(200, 1000), range(40)),
    (1900, range(200), range(40)),
    (1900, range(500), range(40, 100)),
    (1900, range(600, 1000), range(40, 100)),
)


class PartyIdError(ValueError):
    """A number that identifies nobody. ``code`` is stable: ``format``, ``check-digit``, ``date`` or ``synthetic``."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@value
class NationalId:
    """A fødselsnummer (``fnr``) or D-nummer (``dnr``) that is well formed.

    ``birth_date`` is None when the number does not tell it and the register must: numbers by the rule of 2032 carry no
    century, and the series of the 1800s are free for them. ``synthetic`` marks a test person.
    """

    value: str
    birth_date: date | None
    kind: Literal["fnr", "dnr"]
    synthetic: bool

    def __repr__(self) -> str:
        return f"NationalId(kind={self.kind!r}, synthetic={self.synthetic!r})"


def check_national_id(text: str, *, allow_synthetic: bool) -> NationalId:
    """Return what the national id ``text`` (eleven digits) says; raises PartyIdError.

    Both rules for the first check digit hold side by side: remainder 0, and from 1 January 2032 also 1, 2 and 3
    (Skatteetaten, «Nytt fødselsnummer 2032»). D-numbers are read by the series of August 2021. Synthetic persons have
    80 (Tenor), 65 or 40 added to the month and are refused unless ``allow_synthetic``.
    """
    if not _ELEVEN.fullmatch(text):
        raise PartyIdError("format", "national id: expected eleven digits")
    digits = list(map(int, text))
    first = sum(map(mul, _FIRST_WEIGHTS, digits)) % 11
    second = sum(map(mul, _SECOND_WEIGHTS, digits)) % 11
    if first > 3 or second != 0:
        raise PartyIdError("check-digit", "national id: the check digits are wrong")
    day, month, year, number = int(text[:2]), int(text[2:4]), int(text[4:6]), int(text[6:9])
    is_dnr = 40 < day <= 71
    offset = next((add for add in _SYNTHETIC_MONTHS if add < month <= add + 12), 0)
    if offset and not allow_synthetic:
        raise PartyIdError("synthetic", "national id: test persons are not accepted here")
    day, month = day - 40 * is_dnr, month - offset
    dates = list(_dates(day, month, year))
    if not dates:
        raise PartyIdError("date", "national id: the first six digits are no date")
    born = _born(dates, number, year, is_dnr=is_dnr) if first == 0 else None
    return NationalId(value=text, birth_date=born, kind="dnr" if is_dnr else "fnr", synthetic=offset > 0)


def _dates(day: int, month: int, year: int) -> Iterator[date]:
    for century in (1800, 1900, 2000):
        try:
            yield date(century + year, month, day)
        except ValueError:
            continue


def _born(dates: list[date], number: int, year: int, *, is_dnr: bool) -> date | None:
    for century, numbers, years in _DNR_SERIES if is_dnr else _FNR_SERIES:
        if number in numbers and year in years:
            return next((day for day in dates if day.year == century + year), None)
    return None


def check_org_number(text: str) -> str:
    """Return the nine digits of an organisation number (spaces between are accepted); raises PartyIdError."""
    compact = text.replace(" ", "")
    if not _NINE.fullmatch(compact):
        raise PartyIdError("format", "organisation number: expected nine digits")
    try:
        return str(orgnr.validate(compact))
    except ValidationError as wrong:
        raise PartyIdError("check-digit", "organisation number: the check digit is wrong") from wrong


def check_account(text: str) -> str:
    """Return the eleven digits of a Norwegian account (kontonummer, BBAN) written with or without dots and spaces.

    Raises PartyIdError when it is not eleven digits or its MOD11 check digit is wrong.
    """
    compact = text.replace(" ", "").replace(".", "")
    if not _ELEVEN.fullmatch(compact):
        raise PartyIdError("format", "account: expected eleven digits")
    if mod11(compact[:10]) != compact[10]:
        raise PartyIdError("check-digit", "account: the check digit is wrong")
    return compact


def iban(account: str) -> str:
    """Return the IBAN of a Norwegian account: ``NO``, the ISO 7064 check digits and the eleven digits."""
    bban = check_account(account)
    check = 98 - int(f"{bban}232400") % 97
    return f"NO{check:02d}{bban}"


def mask(text: str) -> str:
    """Return ``text`` with every run of eleven digits (a national id or an account, however spaced) starred out."""
    return _MASKED.sub("***********", text)
