"""Late-payment interest (forsinkelsesrente): simple, on the principal as it stood day by day.

A period is cut into segments at 1 January, 1 July and every change of the principal; each segment is rounded half-up
to the øre, so the segments a person is shown add up to what they owe. Two conventions, each whole:

=============  ============  ==========================  =======================================
convention     year          days counted                first day of a claim due on the 15th
=============  ============  ==========================  =======================================
skatteetaten   365 or 366    from the start, not the end the 15th; the day of payment is free
inkasso        always 365    after the start, to the end the 16th; the day of payment counts
=============  ============  ==========================  =======================================
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from shared.law import RatesMissing, RateTable, Trace
from shared.money import half_up, kroner
from shared.values import value

REFERENCE = "forsinkelsesrenteloven §§ 2, 3"
RULE = "interest.simple"
_DAY = timedelta(days=1)


class InterestConvention(StrEnum):
    """Day count and counted end of the period, which go together (renteberegningsmåte)."""

    SKATTEETATEN = "skatteetaten"
    INKASSO = "inkasso"


@value
class BaseStep:
    """What bears interest (rentegrunnlag) from ``day`` until the next step: unpaid principal in øre."""

    day: date
    base_ore: int


@value
class Segment:
    """One stretch with one base, one rate and one year length: ``days`` / ``year_days`` of ``rate`` percent."""

    start: date
    end: date
    days: int
    year_days: int
    base_ore: int
    rate: Decimal
    amount_ore: int
    assumed: bool
    source: str

    def as_text(self) -> str:
        """Return the segment as one line a person can check: period, days, rate, base and amount."""
        rate = f"{self.rate:f}".replace(".", ",")
        note = " (foreløpig sats)" if self.assumed else ""
        return (
            f"{_spelled(self.start)}–{_spelled(self.end)}: {self.days} av {self.year_days} dager, {rate} %{note} "
            f"av {kroner(self.base_ore)} = {kroner(self.amount_ore)}"
        )


@value
class Interest:
    """Interest of a period in øre, its segments, and the day up to which it could be computed."""

    amount_ore: int
    segments: tuple[Segment, ...]
    complete_to: date

    @property
    def provisional(self) -> bool:
        """True when any segment uses a rate that is assumed, not announced."""
        return any(segment.assumed for segment in self.segments)

    def trace(self, convention: InterestConvention) -> Trace:
        """Return the explanation stored with a posting: convention, span and every segment."""
        inputs: dict[str, str | int | None] = {"convention": convention.value, "amount_ore": self.amount_ore}
        if self.segments:
            inputs |= {"from": self.segments[0].start.isoformat(), "to": self.segments[-1].end.isoformat()}
        for number, segment in enumerate(self.segments, start=1):
            inputs[f"segment_{number:02d}"] = segment.as_text()
        return Trace(rule=RULE, reference=REFERENCE, inputs=inputs)


def compute_interest(
    steps: Sequence[BaseStep], start: date | None, to: date, *, table: RateTable, convention: InterestConvention
) -> Interest:
    """Return the interest that has run from ``start`` to ``to`` on a base that changes at ``steps``.

    ``steps`` ascend by day; before the first the base is zero, and so it is where a step says so. ``start`` None or
    after ``to`` gives nothing. Beyond the last known rate nothing is guessed: the sum stops there and ``complete_to``
    says so. Raises RatesMissing when the period begins before the first known rate.
    """
    if start is None or to <= start:
        return Interest(amount_ore=0, segments=(), complete_to=to)
    stop = min(to, _last_computable(table, convention))
    segments: list[Segment] = []
    for lower, upper in _pieces(start, stop, steps, table, convention):
        base = _base_on(steps, lower)
        if base > 0:
            segments.append(_segment(lower, upper, base, table, convention))
    return Interest(
        amount_ore=sum(segment.amount_ore for segment in segments), segments=tuple(segments), complete_to=stop
    )


def complete_to(to: date, *, table: RateTable, convention: InterestConvention) -> date:
    """Return the day up to which interest asked for to ``to`` can be computed."""
    return min(to, _last_computable(table, convention))


def rate_on(day: date, *, table: RateTable) -> Decimal | None:
    """Return the percentage in force on ``day``, None where no rate is known."""
    try:
        return table.on(day).value
    except RatesMissing:
        return None


def _last_computable(table: RateTable, convention: InterestConvention) -> date:
    """The last counted day is the last known day; ``skatteetaten`` does not count the day a period ends."""
    return table.last_day + _DAY if convention is InterestConvention.SKATTEETATEN else table.last_day


def _pieces(
    start: date, stop: date, steps: Sequence[BaseStep], table: RateTable, convention: InterestConvention
) -> list[tuple[date, date]]:
    shift = timedelta(0) if convention is InterestConvention.SKATTEETATEN else _DAY
    cuts = {step.day for step in steps}
    cuts |= {date(year, month, 1) - shift for year in range(start.year, stop.year + 2) for month in (1, 7)}
    cuts |= {day - shift for day in table.changes(start, stop + _DAY)}
    marks = [start, *sorted(day for day in cuts if start < day < stop), stop]
    return [(lower, upper) for lower, upper in pairwise(marks) if lower < upper]


def _segment(lower: date, upper: date, base_ore: int, table: RateTable, convention: InterestConvention) -> Segment:
    first_counted = lower if convention is InterestConvention.SKATTEETATEN else lower + _DAY
    row = table.on(first_counted)
    days = (upper - lower).days
    leap = convention is InterestConvention.SKATTEETATEN and isleap(lower.year)
    year_days = 366 if leap else 365
    part, whole = row.value.as_integer_ratio()
    return Segment(
        start=lower,
        end=upper,
        days=days,
        year_days=year_days,
        base_ore=base_ore,
        rate=row.value,
        amount_ore=half_up(base_ore * part * days, 100 * whole * year_days),
        assumed=row.assumed,
        source=row.source,
    )


def _spelled(day: date) -> str:
    """Return a day as it is written in Norway; a quarter of what ``strftime`` takes, and every posting is explained."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def _base_on(steps: Sequence[BaseStep], day: date) -> int:
    base = 0
    for step in steps:
        if step.day > day:
            break
        base = step.base_ore
    return base
