"""Law as data: dated rate tables, and the trace that explains a number.

Rates live in TOML beside the service that uses them and are loaded strictly. Beyond the last known period nothing is
guessed: asking raises RatesMissing, unless the installation is told to let the last row hold on (and then says so).

    [late_interest]
    unit = "percent_pa"
    known_to = 2026-12-31
    half_yearly = true
    [[late_interest.rows]]
    valid_from = 2026-07-01
    value = "12.25"
    source = "FOR-2026-06-25-1372"
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.calendar import add_months
from shared.errors import InkassoError
from shared.values import value

T = TypeVar("T")

UNITS = frozenset({"percent_pa", "percent", "nok", "fraction", "factor", "days", "months", "years", "count"})
"""What a rate may be measured in; ``fraction`` and ``factor`` are numbers something else is multiplied by."""

_beginning = attrgetter("valid_from")
_TABLE_KEYS = frozenset({"unit", "known_to", "half_yearly", "rows"})
_ROW_KEYS = frozenset({"valid_from", "value", "source"})


@value
class Trace:
    """Why a number is what it is (begrunnelse): the rule's name, its legal reference, and what went in."""

    rule: str
    reference: str
    inputs: Mapping[str, str | int | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the trace as stored with a posting and shown as its explanation."""
        return {"rule": self.rule, "reference": self.reference, "inputs": dict(self.inputs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced(Generic[T]):
    """A value together with the trace that explains it."""

    value: T
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One rate (sats), in force from ``valid_from`` until the next row. ``assumed``: not announced, carried forward."""

    valid_from: date
    value: Decimal
    unit: str
    source: str
    assumed: bool = False


class RateTableError(InkassoError):
    """A rate table that may not be used; says which table, which row (counted from 1) and what is wrong."""


class RatesMissing(InkassoError):
    """No rate is known for the day: what needs it waits (decisions of this kind are never guessed)."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"{name}: no rate is known for {day.isoformat()}")
        self.name = name
        self.day = day


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """One dated table: ``rows`` ascending, known up to and including ``known_to``.

    ``assumed_to`` (never before ``known_to``) is how far the last row is assumed to hold.
    """

    name: str
    unit: str
    rows: tuple[RateRow, ...]
    known_to: date
    assumed_to: date | None = None

    def on(self, day: date) -> RateRow:
        """Return the row in force on ``day``; raises RatesMissing before the first row and after the last known day."""
        if not self.covers(day):
            raise RatesMissing(self.name, day)
        row = self.rows[bisect_right(self.rows, day, key=_beginning) - 1]
        return row if day <= self.known_to else replace(row, assumed=True)

    def covers(self, day: date) -> bool:
        """Tell whether a rate can be given for ``day``."""
        return self.rows[0].valid_from <= day <= self.last_day

    @property
    def last_day(self) -> date:
        """The last day a rate can be given for."""
        return self.assumed_to or self.known_to

    def changes(self, start: date, end: date) -> list[date]:
        """Return the days strictly between ``start`` and ``end`` on which another row takes over, ascending.

        The first assumed day counts as one, so that a period never mixes announced and assumed rates.
        """
        first, last = bisect_right(self.rows, start, key=_beginning), bisect_left(self.rows, end, key=_beginning)
        days = [row.valid_from for row in self.rows[first:last]]
        if self.last_day > self.known_to and start < (assumed_from := self.known_to + timedelta(days=1)) < end:
            days.append(assumed_from)  # later than every row: a table is known from its last row's first day on
        return days


def load_rate_tables(path: Path, *, assume_months: int = 0) -> dict[str, RateTable]:
    """Read every table of the TOML file at ``path``, strictly, by name.

    ``assume_months`` lets each last row hold that many months past its ``known_to``; rows handed out for such days are
    marked ``assumed``. Raises RateTableError that names the table and the row.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise RateTableError(f"{path.name}: not valid TOML: {wrong}") from wrong
    return {name: _table(name, body, assume_months) for name, body in raw.items()}


def _table(name: str, body: object, assume_months: int) -> RateTable:
    if not isinstance(body, dict):
        raise RateTableError(f"{name}: expected a table with unit, known_to and rows")
    _no_others(name, body, _TABLE_KEYS)
    unit = body.get("unit")
    if unit not in UNITS:
        raise RateTableError(f"{name}: unit: expected one of {', '.join(sorted(UNITS))}, got {unit!r}")
    known_to = _day(name, "known_to", body.get("known_to"))
    raw_rows = body.get("rows")
    if not isinstance(raw_rows, list) or not raw_rows:
        raise RateTableError(f"{name}: rows: expected at least one")
    rows = tuple(_row(f"{name} row {at}", raw, unit) for at, raw in enumerate(raw_rows, start=1))
    _check_order(name, rows, known_to)
    if body.get("half_yearly", False):
        _check_half_years(name, rows, known_to)
    assumed_to = add_months(known_to, assume_months) if assume_months > 0 else None
    return RateTable(name=name, unit=unit, rows=rows, known_to=known_to, assumed_to=assumed_to)


def _row(where: str, raw: object, unit: str) -> RateRow:
    if not isinstance(raw, dict):
        raise RateTableError(f"{where}: expected valid_from, value and source")
    _no_others(where, raw, _ROW_KEYS)
    source = raw.get("source")
    if not isinstance(source, str) or not source.strip():
        raise RateTableError(f"{where}: source: expected where the rate is announced, got nothing")
    valid_from = _day(where, "valid_from", raw.get("valid_from"))
    return RateRow(valid_from=valid_from, value=_value(where, raw.get("value")), unit=unit, source=source)


def _value(where: str, raw: object) -> Decimal:
    if not isinstance(raw, str):
        raise RateTableError(f'{where}: value: expected a number in quotes, such as "12.25", got {raw!r}')
    try:
        value = Decimal(raw)
    except InvalidOperation as wrong:
        raise RateTableError(f"{where}: value: expected a number, got {raw!r}") from wrong
    if not value.is_finite() or value < 0:
        raise RateTableError(f"{where}: value: expected zero or more, got {raw!r}")
    return value


def _day(where: str, key: str, raw: object) -> date:
    if isinstance(raw, datetime) or not isinstance(raw, date):
        raise RateTableError(f"{where}: {key}: expected a date such as 2026-07-01, got {raw!r}")
    return raw


def _no_others(where: str, body: Mapping[str, object], known: frozenset[str]) -> None:
    others = sorted(set(body) - known)
    if others:
        raise RateTableError(f"{where}: {others[0]}: no such key; known are {', '.join(sorted(known))}")


def _check_order(name: str, rows: tuple[RateRow, ...], known_to: date) -> None:
    for at, (before, row) in enumerate(pairwise(rows), start=2):
        if row.valid_from == before.valid_from:
            raise RateTableError(f"{name} row {at}: overlap: {row.valid_from} has a row already")
        if row.valid_from < before.valid_from:
            raise RateTableError(f"{name} row {at}: descending: {row.valid_from} comes after {before.valid_from}")
    if known_to < rows[-1].valid_from:
        raise RateTableError(f"{name} row {len(rows)}: valid_from {rows[-1].valid_from} is after known_to {known_to}")


def _check_half_years(name: str, rows: tuple[RateRow, ...], known_to: date) -> None:
    expected = rows[0].valid_from
    for at, row in enumerate(rows, start=1):
        if (row.valid_from.month, row.valid_from.day) not in ((1, 1), (7, 1)):
            raise RateTableError(f"{name} row {at}: valid_from: expected 1 January or 1 July, got {row.valid_from}")
        if row.valid_from != expected:
            raise RateTableError(f"{name} row {at}: gap: no row from {expected}")
        expected = add_months(expected, 6)
    if known_to >= expected:
        raise RateTableError(f"{name} row {len(rows)}: gap: no row from {expected}, but known_to is {known_to}")
