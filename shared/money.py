"""Amounts of money: whole øre (NOK/100) as ``int``, and the named ways a fraction becomes one.

No float ever carries money. ``Decimal`` and ``Fraction`` appear only inside rate arithmetic and leave it through
``round_ore`` with a rule that has a name, so that every rounding can be found and explained.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

MAX_AMOUNT_ORE = 10_000_000_00
"""The largest single amount accepted at an edge: ten million kroner."""

_NBSP = "\N{NO-BREAK SPACE}"
_SPACES = dict.fromkeys(map(ord, f" {_NBSP}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"))
_PLAIN = re.compile(r"(?P<sign>[-−]?)(?P<kroner>[0-9]{1,12})(?:[,.](?P<ore>[0-9]{2}))?")
_GROUPED = re.compile(
    "[-−]?[0-9]{1,3}(?:[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}][0-9]{3})*(?:,[0-9]{2})?"
)


class Rounding(StrEnum):
    """How an exact amount becomes whole øre (avrundingsregel). Halves go away from zero, so a reversal mirrors it."""

    ORE_HALF_UP = "ore_half_up"
    KRONE_HALF_UP = "krone_half_up"
    KRONE_DOWN = "krone_down"
    NONE_EXACT = "none_exact"


def kroner(ore: int) -> str:
    """Return ``ore`` as a person reads it: ``1 234,50`` with no-break spaces between thousands."""
    whole, rest = divmod(abs(ore), 100)
    return f"{'-' if ore < 0 else ''}{whole:,}".replace(",", _NBSP) + f",{rest:02d}"


def parse_kroner(text: str) -> int:
    """Return the øre of an amount a person wrote: ``1234``, ``1 234,50`` or ``1234.50``.

    Raises ValueError for anything else, for one or three decimals, and above ``MAX_AMOUNT_ORE``.
    """
    trimmed = text.strip()
    match = _PLAIN.fullmatch(trimmed)
    if match is None and _GROUPED.fullmatch(trimmed):
        match = _PLAIN.fullmatch(trimmed.translate(_SPACES))
    if match is None:
        raise ValueError("amount: expected kroner such as 1234,50")
    ore = int(match["kroner"]) * 100 + int(match["ore"] or 0)
    if ore > MAX_AMOUNT_ORE:
        raise ValueError(f"amount: expected at most {kroner(MAX_AMOUNT_ORE)} kroner")
    return -ore if match["sign"] else ore


def round_ore(value: Fraction | Decimal | int, rule: Rounding) -> int:
    """Round ``value`` (exact øre) to whole øre by ``rule``.

    ``KRONE_DOWN`` cuts towards zero; ``NONE_EXACT`` raises ValueError when there is a fraction of an øre.
    """
    exact = Fraction(value)
    sign = -1 if exact < 0 else 1
    size = abs(exact)
    if rule is Rounding.NONE_EXACT:
        if size.denominator != 1:
            raise ValueError(f"amount: expected whole øre, got {exact}")
        return int(exact)
    if rule is Rounding.ORE_HALF_UP:
        return sign * half_up(size.numerator, size.denominator)
    if rule is Rounding.KRONE_HALF_UP:
        return sign * half_up(size.numerator, size.denominator * 100) * 100
    return sign * (int(size) // 100) * 100


def half_up(part: int, whole: int) -> int:
    """Return ``part`` / ``whole``, neither below zero, rounded to a whole number: a half goes up."""
    return (2 * part + whole) // (2 * whole)


def split_by_weight(total_ore: int, weights: Sequence[int]) -> list[int]:
    """Split ``total_ore`` in proportion to ``weights`` by the largest remainder; the parts always sum to the total.

    Equal remainders go to the earlier part. Raises ValueError for a negative weight, and when there is an amount to
    split but no weight above zero.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights: expected zero or more")
    whole = sum(weights)
    if whole == 0:
        if total_ore:
            raise ValueError("weights: expected one above zero")
        return [0] * len(weights)
    size = abs(total_ore)
    parts = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(size * weights[at] % whole), at))
    for at in by_remainder[: size - sum(parts)]:
        parts[at] += 1
    return [-part for part in parts] if total_ore < 0 else parts
