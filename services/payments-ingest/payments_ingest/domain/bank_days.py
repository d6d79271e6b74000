"""When a bank day (bankdag) of an account is complete, and whether the bank's transmissions came without a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise

from shared.calendar import OSLO, bank_day_after, is_bank_day, next_working_day

CUT_OFF = time(12, 0)
"""A bank day completes at noon in Oslo on the next bank day (decisions A3)."""

GAP_WINDOW = 1_000
DAYS_AT_ONCE_MAX = 31


class Completer(StrEnum):
    """What said that a bank day is complete."""

    STATEMENT = "statement"
    CUT_OFF = "cut-off"
    SANDBOX = "sandbox"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """Credits and reversals booked on an account and day: how many, and their sum in øre (reversals subtract)."""

    count: int
    sum_ore: int


NOTHING = DaySum(count=0, sum_ore=0)


def first_bank_day(day: date) -> date:
    """Return ``day`` when it is a bank day, else the first one after it."""
    day = next_working_day(day)
    return day if is_bank_day(day) else bank_day_after(day)


def cut_off(day: date) -> datetime:
    """Return the instant at which ``day`` completes by cut-off."""
    return datetime.combine(bank_day_after(day), CUT_OFF, tzinfo=OSLO)


def days_to_cut_off(next_open: date, now: datetime) -> list[date]:
    """Return the bank days from ``next_open`` on whose cut-off has passed, oldest first, at most a month at once."""
    days: list[date] = []
    day = first_bank_day(next_open)
    while cut_off(day) <= now and len(days) < DAYS_AT_ONCE_MAX:
        days.append(day)
        day = bank_day_after(day)
    return days


def missing_numbers(received: Iterable[int]) -> list[int]:
    """Return the transmission numbers that are missing between those received, looking back ``GAP_WINDOW`` numbers."""
    numbers = sorted(set(received))[-GAP_WINDOW:]
    return [
        missing
        for before, after in pairwise(numbers)
        if after - before <= GAP_WINDOW
        for missing in range(before + 1, after)
    ]


def match_lines(ours: Sequence[int], theirs: Sequence[int]) -> tuple[list[int], list[int]]:
    """Compare the sums of bank lines by amount; return what only we have and what only the statement has."""
    rest = list(theirs)
    only_ours = []
    for amount in ours:
        if amount in rest:
            rest.remove(amount)
        else:
            only_ours.append(amount)
    return only_ours, rest
