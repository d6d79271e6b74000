"""KID (kundeidentifikasjon) and saksnummer: the numbers that tell whose debt a payment is for.

Check digits follow the OCR giro specification, section 5 (MOD10 and MOD11). The numbers we give out have a fixed
length and MOD10, because a MOD11 check character may be ``-`` and payers stumble over it.
"""

from __future__ import annotations

import re
from enum import IntEnum

KID_LENGTH = 15
CASE_NUMBER_LENGTH = 10
MAX_SEQUENCE = 9_999
MAX_SERIAL = 9_999_999

_ONCE = bytes((code - 48) % 256 for code in range(256))
_TWICE = bytes(sum(divmod(2 * (code - 48) % 256, 10)) % 256 for code in range(256))
"""What a digit, by its character's code, adds to the sum of MOD10 with the weights 1 and 2."""
_ANY_KID = re.compile(r"[0-9]{1,24}[0-9-]")


class KidKind(IntEnum):
    """What a KID of ours points at (its first digit): krav, sak, betalingsavtale or sak til tvangsinndriving."""

    CLAIM = 1
    CASE = 2
    PLAN = 3
    ENFORCEMENT = 4


def mod10(digits: str) -> int:
    """Return the MOD10 (Luhn) check digit of ``digits``: weights 2,1,2,1… from the right, digit sums."""
    if not (digits.isascii() and digits.isdigit()):
        raise _no_digits()
    codes = digits.encode()
    return -(sum(codes[::-2].translate(_TWICE)) + sum(codes[-2::-2].translate(_ONCE))) % 10


def mod11(digits: str) -> str:
    """Return the MOD11 check character of ``digits``: weights 2…7 repeating from the right; ``-`` for remainder 1."""
    if not (digits.isascii() and digits.isdigit()):
        raise _no_digits()
    remainder = sum((ord(char) - 48) * (2 + place % 6) for place, char in enumerate(reversed(digits))) % 11
    if remainder == 0:
        return "0"
    return "-" if remainder == 1 else str(11 - remainder)


def has_valid_check_digit(text: str) -> bool:
    """Tell whether ``text`` could be anyone's KID: 2–25 characters whose last is right by MOD10 or by MOD11."""
    if not _ANY_KID.fullmatch(text):
        return False
    body, check = text[:-1], text[-1]
    return check == str(mod10(body)) or check == mod11(body)


def make_case_number(year: int, serial: int) -> str:
    """Return a saksnummer: two digits of ``year``, ``serial`` in seven, and a MOD10 check digit.

    Raises ValueError when ``serial`` is outside 1–9 999 999.
    """
    if not 1 <= serial <= MAX_SERIAL:
        raise ValueError(f"serial: expected 1 to {MAX_SERIAL}, got {serial}")
    body = f"{year % 100:02d}{serial:07d}"
    return f"{body}{mod10(body)}"


def is_valid_case_number(text: str) -> bool:
    """Tell whether ``text`` has the form of a saksnummer: ten digits and the right check digit."""
    return _is_own_number(text, CASE_NUMBER_LENGTH)


def make_kid(kind: KidKind, case_number: str, sequence: int) -> str:
    """Return a KID of 15 digits: kind, the saksnummer without its check digit, ``sequence`` in four, MOD10.

    Raises ValueError for a case number that is not valid and for a sequence outside 0–9 999.
    """
    if not is_valid_case_number(case_number):
        raise ValueError("case_number: expected ten digits with a valid check digit")
    if not 0 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"sequence: expected 0 to {MAX_SEQUENCE}, got {sequence}")
    body = f"{kind:d}{case_number[:9]}{sequence:04d}"
    return f"{body}{mod10(body)}"


def is_valid_kid(text: str) -> bool:
    """Tell whether ``text`` has the form of a KID of ours: 15 digits, a known kind and the right check digit."""
    return _is_own_number(text, KID_LENGTH) and text[0] in "1234"


def _is_own_number(text: str, length: int) -> bool:
    if len(text) != length or not (text.isascii() and text.isdigit()):
        return False
    return text[-1] == str(mod10(text[:-1]))


def _no_digits() -> ValueError:
    return ValueError("digits: expected one or more of 0-9")
