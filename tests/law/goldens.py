"""The golden set: what the rules must answer to the day and the øre, asked through their public functions.

Each golden asks with some rates; a changed rate, or a rule that rounds or counts otherwise, changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from law import announced

from claims_api.domain.fees import ChargedClaim, EarlierLetter, LetterKind, letter_fee
from claims_api.domain.interest import BaseStep, InterestConvention, compute_interest
from claims_api.domain.rates import Rates, load_rates
from claims_api.domain.rules import MoneyRules
from shared.law import RatesMissing, RateTable

MISSING = "rates missing"
TEN_MILLION = 1_000_000_000
ACTUAL, FLAT = InterestConvention.SKATTEETATEN, InterestConvention.INKASSO
_DAY = timedelta(days=1)
ASSUMED = load_rates(assume_months=36)
OVER_2028 = (date(2027, 12, 30), date(2028, 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One question about the law: its name, how it is asked, and the one right answer."""

    name: str
    ask: Callable[[Rates], Any]
    answer: Any

    def asked(self, rates: Rates) -> Any:
        """Return the answer with these rates; that none is known is an answer too."""
        try:
            return self.ask(rates)
        except RatesMissing:
            return MISSING


def day(text: str) -> date:
    return date.fromisoformat(text)


def interest(base: int, start: date, to: date, rates: Rates, convention: InterestConvention) -> list[Any]:
    steps = [BaseStep(day=start, base_ore=base)]
    found = compute_interest(steps, start, to, table=rates.table("late_interest"), convention=convention)
    return [(one.start, one.end, one.days, one.year_days, one.amount_ore) for one in found.segments]


def amounts(base: int, start: str, to: str, rates: Rates, convention: InterestConvention) -> tuple[int, ...]:
    return tuple(segment[4] for segment in interest(base, day(start), day(to), rates, convention))


def two_days(rate: str, first: date) -> int:
    """Return two days' interest on ten million kroner, actual/actual, half-up: worked out here, not by the rules."""
    exact = Fraction(rate) * TEN_MILLION * 2 / (100 * year_days(first))
    return int(exact + Fraction(1, 2))


def year_days(on: date) -> int:
    return 366 if on.year % 4 == 0 else 365


def interest_goldens() -> Iterator[Golden]:
    before = None
    for first, rate in announced.LATE_INTEREST.items():
        lower, upper = first - 2 * _DAY, first + 2 * _DAY
        after = (first, upper, 2, year_days(first), two_days(rate, first))
        yield Golden(
            name=f"interest around {first}: cut that day, {rate} % from it",
            ask=lambda rates, a=lower, b=upper: interest(TEN_MILLION, a, b, rates, ACTUAL),
            answer=[(lower, first, 2, year_days(lower), two_days(before, lower)), after] if before else MISSING,
        )
        yield Golden(
            name=f"interest from {first}",
            ask=lambda rates, a=first, b=upper: interest(TEN_MILLION, a, b, rates, ACTUAL),
            answer=[after],
        )
        before = rate
    for base, start, to, answer in announced.SKATTEETATEN:
        yield Golden(
            name=f"skatteetaten: {base} øre from {start} to {to}",
            ask=lambda rates, b=base, s=start, t=to: sum(amounts(b, s, t, rates, ACTUAL)),
            answer=answer,
        )
    for base, start, to, parts in announced.INKASSO:
        yield Golden(
            name=f"inkasso: {base} øre from {start} to {to}",
            ask=lambda rates, b=base, s=start, t=to: amounts(b, s, t, rates, FLAT),
            answer=parts,
        )
    yield from _ends_of_interest()


def _ends_of_interest() -> Iterator[Golden]:
    for convention, last in ((ACTUAL, date(2027, 1, 1)), (FLAT, date(2026, 12, 31))):
        yield Golden(
            name=f"{convention}: complete to {last}",
            ask=lambda rates, c=convention: (
                compute_interest(
                    [BaseStep(day=date(2026, 12, 1), base_ore=100)],
                    date(2026, 12, 1),
                    date(2027, 6, 30),
                    table=rates.table("late_interest"),
                    convention=c,
                ).complete_to
            ),
            answer=last,
        )
    leap = (date(2024, 2, 15), date(2024, 3, 15))
    yield Golden(
        name="a leap year has 366 days by skatteetaten",
        ask=lambda rates: interest(100_000, *leap, rates, ACTUAL),
        answer=[(*leap, 29, 366, 990)],
    )
    new_year = (date(2024, 12, 30), date(2025, 1, 2))
    yield Golden(
        name="the year's length changes with the year, and the day it ends is not counted",
        ask=lambda rates: [line[2:4] for line in interest(100_000, *new_year, rates, ACTUAL)],
        answer=[(2, 366), (1, 365)],
    )
    steps = [BaseStep(day=date(2026, 2, 1), base_ore=100_000), BaseStep(day=date(2026, 2, 11), base_ore=40_000)]
    yield Golden(
        name="a payment lowers the base from its day",
        ask=lambda rates: [
            (one.base_ore, one.days, one.amount_ore)
            for one in compute_interest(
                steps, date(2026, 2, 1), date(2026, 2, 21), table=rates.table("late_interest"), convention=ACTUAL
            ).segments
        ],
        answer=[(100_000, 10, 329), (40_000, 10, 132)],
    )
    yield Golden(
        name="no interest before there is a base, without a first day, on nothing, or before its first day",
        ask=lambda rates: [
            (found.amount_ore, len(found.segments))
            for found in (
                compute_interest(steps, start, to, table=rates.table("late_interest"), convention=ACTUAL)
                for start, to in (
                    (date(2026, 1, 20), date(2026, 2, 11)),
                    (None, date(2026, 2, 11)),
                    (date(2026, 2, 11), date(2026, 2, 1)),
                )
            )
        ],
        answer=[(329, 1), (0, 0), (0, 0)],
    )
    bases = [BaseStep(day=date(2026, 2, 1), base_ore=1), BaseStep(day=date(2026, 2, 2), base_ore=0)]
    yield Golden(
        name="the smallest base is shown, none is not",
        ask=lambda rates: [
            (one.base_ore, one.days)
            for one in compute_interest(
                bases, date(2026, 2, 1), date(2026, 2, 9), table=rates.table("late_interest"), convention=ACTUAL
            ).segments
        ],
        answer=[(1, 1)],
    )
    yield Golden(
        name="a rate that is assumed onwards is cut at every new year too",
        ask=lambda rates: [line[:4] for line in interest(TEN_MILLION, *OVER_2028, ASSUMED, ACTUAL)],
        answer=[(OVER_2028[0], date(2028, 1, 1), 2, 365), (date(2028, 1, 1), OVER_2028[1], 1, 366)],
    )
    yield Golden(
        name="half an øre goes up",  # 36 500 øre at 12 % for one day is 12.0 øre; 1 525 øre is 0.5013…; 7 300 is 2.4
        ask=lambda rates: [amounts(b, "2026-03-01", "2026-03-02", rates, ACTUAL)[0] for b in (36_500, 1_521, 7_300)],
        answer=[12, 1, 2],
    )


def _letters(*letters: tuple[LetterKind, str, int | None]) -> tuple[EarlierLetter, ...]:
    return tuple(
        EarlierLetter(
            kind=kind,
            sent_on=day(sent),
            deadline=None if days is None else day(sent) + days * _DAY,
            fee_ore=11_300 if kind is LetterKind.DEMAND else 3_800,
        )
        for kind, sent, days in letters
    )


REMINDER, NOTICE, DEMAND = LetterKind.REMINDER, LetterKind.NOTICE, LetterKind.DEMAND


def fee(kind: LetterKind, sent: str, due: str, rates: Rates, *letters: tuple[LetterKind, str, int | None]) -> int:
    charged = ChargedClaim(due_date=day(due), letters=_letters(*letters))
    return letter_fee(kind, day(sent), charged, rules=MoneyRules(rates=rates)).value


def _fee(
    name: str, answer: Any, kind: LetterKind, sent: str, due: str, *letters: tuple[LetterKind, str, int | None]
) -> Golden:
    return Golden(name=name, ask=lambda rates: fee(kind, sent, due, rates, *letters), answer=answer)


def fee_goldens() -> Iterator[Golden]:
    for due, sent, small, large in announced.OWN_LETTERS:
        first = (day(sent) - 40 * _DAY).isoformat()
        yield _fee(f"small fee: due {due}, sent {sent}", small, NOTICE, sent, due)
        yield _fee(f"demand fee: due {due}, sent {sent}", large, DEMAND, sent, due, (NOTICE, first, 14))
    yield Golden(
        name="what a letter's fee says of its sats and rounding",
        ask=lambda rates: [
            letter_fee(NOTICE, day(sent), ChargedClaim(due_date=day(due)), rules=MoneyRules(rates=rates)).trace.inputs[
                name
            ]
            for due, sent, name in (
                ("2018-10-01", "2018-12-31", "source"),
                ("2018-10-01", "2019-01-01", "source"),
                ("2025-10-01", "2025-12-31", "rounding"),
                ("2025-10-01", "2026-01-01", "rounding"),
                ("2025-10-01", "2026-01-01", "ground"),
            )
        ],
        answer=["FOR-2002-12-13-1641", "FOR-2018-12-20-2050", "ore_half_up", "krone_half_up", "charged"],
    )
    yield _fee("thirteen days after due: free", 0, NOTICE, "2026-01-28", "2026-01-15")
    yield _fee("fourteen days after due: charged", 3_800, NOTICE, "2026-01-29", "2026-01-15")
    due, first = "2026-01-02", (REMINDER, "2026-01-16", 14)
    yield _fee("second small fee after the deadline", 3_800, NOTICE, "2026-01-31", due, first)
    yield _fee("second small fee on the deadline", 0, NOTICE, "2026-01-30", due, first)
    yield _fee("second small fee after thirteen days", 0, NOTICE, "2026-02-20", due, (REMINDER, "2026-01-16", 13))
    yield _fee("second small fee with no deadline", 0, NOTICE, "2026-02-20", due, (REMINDER, "2026-01-16", None))
    yield _fee("second small fee after a varsel", 0, REMINDER, "2026-02-20", due, (NOTICE, "2026-01-16", 14))
    yield _fee("third small fee", 0, NOTICE, "2026-03-02", due, first, (REMINDER, "2026-02-02", 14))
    yield _fee("a demand without a varsel", 0, DEMAND, "2026-02-20", due)
    yield _fee("a demand on the varsel's deadline", 0, DEMAND, "2026-01-30", due, (NOTICE, "2026-01-16", 14))
    yield _fee("a demand after thirteen days", 0, DEMAND, "2026-02-20", due, (NOTICE, "2026-01-16", 13))
    sent = ((NOTICE, "2026-01-16", 14), (DEMAND, "2026-02-02", 14))
    yield _fee("a second demand", 0, DEMAND, "2026-03-02", due, *sent)
    yield _fee("six months after", 0, DEMAND, "2026-08-02", due, *sent)
    yield _fee("more than six months after", 11_300, DEMAND, "2026-08-03", due, *sent)
    gap = ((REMINDER, "2025-01-16", 14), (REMINDER, "2025-07-16", 14))
    yield _fee("two letters six months apart count together", 0, NOTICE, "2025-08-16", "2025-01-02", *gap)
    apart = ((REMINDER, "2025-01-16", 14), (REMINDER, "2025-07-17", 14))
    yield _fee("two more than six months apart do not", 3_500, NOTICE, "2025-08-16", "2025-01-02", *apart)
    chain = ((REMINDER, "2025-01-16", 14), (REMINDER, "2025-06-16", 14), (DEMAND, "2025-11-17", 14))
    yield _fee("six months count from the latest fee letter", 0, NOTICE, "2026-01-16", "2025-01-02", *chain)
    yield Golden(
        name="only a letter that carried a fee counts, however small",
        ask=lambda rates: [
            letter_fee(
                NOTICE,
                date(2026, 2, 20),
                ChargedClaim(
                    due_date=date(2026, 1, 2), letters=(replace(_letters(first)[0], fee_ore=ore, deadline=None),)
                ),
                rules=MoneyRules(rates=rates),
            ).value
            for ore in (0, 1)
        ],
        answer=[3_800, 0],
    )
    yield Golden(
        name="most for one claim: 175 kroner from October 2020, 189 in 2026",
        ask=lambda rates: [_most(year, rates) for year in (2021, 2025, 2026)],
        answer=[17_500, 17_500, 18_900],
    )
    yield from _act_of_2026()


def _most(year: int, rates: Rates) -> int:
    due, reminder, notice, demand = (f"{year}-{text}" for text in ("01-15", "01-29", "02-13", "03-02"))
    small = fee(REMINDER, reminder, due, rates)
    second = fee(NOTICE, notice, due, rates, (REMINDER, reminder, 14))
    return small + second + fee(DEMAND, demand, due, rates, (REMINDER, reminder, 14), (NOTICE, notice, 14))


def _act_of_2026() -> Iterator[Golden]:
    charged = ChargedClaim(due_date=date(2026, 1, 15))
    yield Golden(
        name="act of 2026: an amount that a regulation sets is charged to the øre",
        ask=lambda rates: (
            letter_fee(
                NOTICE,
                date(2026, 7, 1),
                charged,
                rules=MoneyRules(
                    rates=Rates(tables={**rates.tables, "own_letter_small_2026_act": _set(rates, "12.50")}),
                    act_2026_from=date(2026, 6, 1),
                ),
            ).value
        ),
        answer=1_250,
    )
    for kind in (NOTICE, DEMAND):
        for taken, sent, answer in (
            ("2026-05-22", "2026-05-22", 0),
            ("2026-05-21", "2026-05-21", MISSING),
            ("2026-06-01", "2026-05-31", 3_800 if kind is NOTICE else 11_300),
            ("2026-06-01", "2026-06-01", 0),
        ):
            yield Golden(
                name=f"act of 2026 from {taken}, {kind} sent {sent}",
                ask=lambda rates, k=kind, t=taken, s=sent: (
                    letter_fee(
                        k,
                        day(s),
                        ChargedClaim(
                            due_date=date(2026, 1, 15),
                            letters=_letters((NOTICE, "2026-02-02", 14)) if k is DEMAND else (),
                        ),
                        rules=MoneyRules(rates=rates, act_2026_from=day(t)),
                    ).value
                ),
                answer=answer,
            )


def _set(rates: Rates, value: str) -> RateTable:
    table = rates.table("own_letter_small_2026_act")
    return replace(table, rows=(replace(table.rows[0], value=Decimal(value)),))
