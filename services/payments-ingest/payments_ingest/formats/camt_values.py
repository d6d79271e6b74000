"""The values in a camt message: strict where money, days and directions are read, forgiving where people write."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from payments_ingest.formats.bank_text import is_bic
from shared.calendar import OSLO

MAX_ID = 140
MAX_AMOUNT_ORE = 10**12

_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}", re.ASCII)
_NORWEGIAN_IBAN = re.compile(r"NO[0-9]{13}", re.ASCII)
_NOT_IN_ACCOUNT = re.compile(r"[ .]")


class Odd(Exception):
    """A value that cannot be read: ``code``, what was expected, and what came when that may be told."""

    def __init__(self, code: str, expected: str, got: str = "something else") -> None:
        super().__init__(f"{code}: expected {expected}, got {got}")
        self.code = code
        self.expected = expected
        self.got = got


def parse_amount(text: str | None) -> int:
    """Øre of a decimal amount with at most two decimals; no sign, exponent, space or foreign digit."""
    found = _AMOUNT.fullmatch(text or "")
    if not found:
        raise Odd("amount", "digits with at most two decimals")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


@lru_cache(maxsize=1024)
def parse_day(text: str) -> date:
    """The day of an ISO date; a time zone behind it is dropped, since the date is the bank's own."""
    day, zone = text[:10], text[10:]
    if not _DAY.fullmatch(day) or (zone and not _ZONE.fullmatch(zone)):
        raise Odd("date", "a date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise Odd("date", "a day that exists") from None


def parse_instant(text: str) -> date:
    """The day in Oslo of an ISO date and time; without a zone it is Oslo's own time."""
    if not _TIME.fullmatch(text):
        raise Odd("date", "a date and time (YYYY-MM-DDThh:mm:ss)")
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo is None else instant.astimezone(OSLO)).date()
    except (ValueError, OverflowError):
        raise Odd("date", "a time that exists") from None


def parse_either(day: str | None, instant: str | None) -> date | None:
    """The day of an element that holds a date or a date and time; None when it holds neither."""
    if day:
        return parse_day(day)
    return parse_instant(instant) if instant else None


def parse_truth(text: str | None) -> bool:
    """An XML boolean; absent is false."""
    if text in ("true", "1"):
        return True
    if text in (None, "false", "0"):
        return False
    raise Odd("reversal", "true or false")


def parse_count(text: str) -> int:
    """A number of entries or transactions."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Odd("count", "a number")
    return int(text)


def is_credit(text: str | None) -> bool:
    """Whether a CdtDbtInd says credit."""
    if text not in ("CRDT", "DBIT"):
        raise Odd("direction", "CRDT or DBIT")
    return text == "CRDT"


def identifier(text: str | None) -> str | None:
    """A reference without surrounding blanks; None when empty. One too long to be one is refused, never cut."""
    if not text:
        return None
    text = text.strip()
    if len(text) > MAX_ID:
        raise Odd("reference", f"at most {MAX_ID} characters", str(len(text)))
    return text or None


def account_number(iban: str | None, other: str | None) -> str | None:
    """An account as we write it: 11 digits for a Norwegian one, whatever form it came in; others as they came."""
    text = identifier(iban) or identifier(other)
    if text is None or text.isdecimal():
        return text
    bare = _NOT_IN_ACCOUNT.sub("", text)
    return bare[4:] if _NORWEGIAN_IBAN.fullmatch(bare) else bare


def bank_code(text: str | None) -> str | None:
    """A bank's BIC; None for what is none: a payer's bank is good to know and never a reason to refuse a payment."""
    bare = text.strip().upper() if text else ""
    return bare if is_bic(bare) else None


def plain(text: str | None) -> str:
    """Text on one line, single-spaced."""
    return " ".join(text.split()) if text else ""
