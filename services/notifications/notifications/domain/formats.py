"""How amounts, days, rates and numbers are written in a letter, per language (nb, nn, en)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal, get_args

from shared.money import kroner

Language = Literal["nb", "nn", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_NORWEGIAN_MONTHS = (
    "januar", "februar", "mars", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "desember",
)  # fmt: skip
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NBSP = "\u00a0"
_INVISIBLE = {"Cc", "Cs", "Co", "Cn"}
_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
_UNSEEN = frozenset(_BIDI_CONTROLS + "\u00ad\u200b\u2060\ufeff")


def amount(ore: int, language: Language) -> str:
    """Return an amount in øre as kroner, "1 234,50" (English: "1 234.50"); thousands apart by a no-break space."""
    text = kroner(ore)
    return text.replace(",", ".") if language == "en" else text


def day(value: date, language: Language) -> str:
    """Return a day in words, "4. mars 2026" or "4 March 2026", unbreakable between day and month."""
    if language == "en":
        return f"{value.day}{_NBSP}{_ENGLISH_MONTHS[value.month - 1]} {value.year}"
    return f"{value.day}.{_NBSP}{_NORWEGIAN_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date) -> str:
    """Return a day in digits, "04.03.2026", for tables."""
    return f"{value:%d.%m.%Y}"


def percent(rate: str, language: Language) -> str:
    """Return a rate ("12.25" or "12,25") with the decimal mark of the language."""
    return rate.replace(",", ".") if language == "en" else rate.replace(".", ",")


def account(number: str) -> str:
    """Return an 11-digit account number as it is written on bills: "1315 01 01837"."""
    return f"{number[:4]} {number[4:6]} {number[6:]}" if re.fullmatch(r"\d{11}", number) else number


def iban(number: str) -> str:
    """Return an IBAN in groups of four."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


_JUDGMENT = re.compile(r"dom, forlik eller vedtak av (.+)")


def enforcement_basis(basis: str, language: Language) -> str:
    """Return the basis for enforcement (tvangsgrunnlag) in words of the language.

    tvangsfullbyrdelsesloven § 7-2 has lettered items; § 4-1 is a judgment, a settlement or a decision.
    """
    item = re.search(r"7-2\s*(?:bokstav\s*)?([a-g])\b", basis)
    if item is None:
        judged = _JUDGMENT.fullmatch(basis)
        return f"the judgment, settlement or decision of {judged[1]}" if judged and language == "en" else basis
    word = {"nb": "bokstav", "nn": "bokstav", "en": "letter"}[language]
    return f"tvangsfullbyrdelsesloven §{_NBSP}7-2 {word}{_NBSP}{item[1]}"


def printable(text: str) -> str:
    """Return text as one line that prints as itself.

    Composed (NFC), runs of white space as one space, and without control characters, unassigned code points, soft
    hyphens and direction overrides, which could make a name print as something else.
    """
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if c.isspace() else c for c in composed)
    kept = (c for c in spaced if c not in _UNSEEN and unicodedata.category(c) not in _INVISIBLE)
    return " ".join("".join(kept).split())
