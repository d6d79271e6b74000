"""The dated parameters the money rules read, by name, from ``rates.toml`` beside this module (satser)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from shared.law import RateRow, RateTable, RateTableError, load_rate_tables

RATES_FILE = Path(__file__).with_name("rates.toml")

FOR_EVER = 2099
"""A table known to this year says what the law says until it is changed."""

EXPECTED = frozenset(
    {
        "late_interest", "standard_compensation", "inkassosats",
        "own_letter_small", "own_letter_demand", "own_letter_rounding",
        "own_letter_small_2026_act", "own_letter_demand_2026_act",
        "own_letter_days_after_due", "own_letter_missed_deadline_days", "own_letter_small_max",
        "own_letter_demand_max", "own_letter_reset_months",
        "salaer_500", "salaer_1000", "salaer_2500", "salaer_10000", "salaer_50000", "salaer_250000", "salaer_above",
        "salaer_heavy", "salaer_business", "salaer_vat", "salaer_heavy_after_days", "salaer_lawyer_after_days",
        "salaer_plan", "salaer_plan_instalments",
        "rettsgebyr", "court_complaint", "court_attachment", "drafting_attachment_max", "drafting_complaint_max",
        "notice_deadline", "demand_deadline", "enforcement_notice", "limitation", "limitation_after_judgment",
        "interest_after_demand", "small_rest", "demand_fee_gap", "grace_bank_days",
    }
)  # fmt: skip
"""Every table the rules read; a file with one missing or one too many is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """All dated tables. Every reading is for a day and raises RatesMissing where nothing is known."""

    tables: Mapping[str, RateTable]

    def table(self, name: str) -> RateTable:
        """Return the table ``name``."""
        return self.tables[name]

    def row(self, name: str, day: date) -> RateRow:
        """Return the row of table ``name`` in force on ``day``."""
        return self.tables[name].on(day)

    def value(self, name: str, day: date) -> Decimal:
        """Return the value of table ``name`` on ``day``, in the table's unit."""
        return self.tables[name].on(day).value

    def whole(self, name: str, day: date) -> int:
        """Return a count or number of days, months or years; raises ValueError when it is no whole number."""
        value = self.value(name, day)
        if value != value.to_integral_value():
            raise ValueError(f"{name}: expected a whole number on {day}, got {value}")
        return int(value)

    def ore(self, name: str, day: date) -> Fraction:
        """Return an amount in kroner as exact øre."""
        return Fraction(self.value(name, day)) * 100

    def complete_on(self, day: date, *names: str) -> bool:
        """Tell whether every named table covers ``day``."""
        return all(self.tables[name].covers(day) for name in names)

    def missing_from(self) -> dict[str, date]:
        """Return, for the tables that end, the last day they cover."""
        return {name: table.last_day for name, table in self.tables.items() if table.known_to.year < FOR_EVER}

    def days_left(self, today: date) -> dict[str, int]:
        """Return, for the tables that end, how many days from ``today`` are known; below zero: it is missing."""
        return {name: (last - today).days for name, last in self.missing_from().items()}


def load_rates(path: Path = RATES_FILE, *, assume_months: int = 0) -> Rates:
    """Read the tables strictly; ``assume_months`` lets every last row hold on that long (foreløpig sats).

    Raises RateTableError for a malformed file and for a table that is missing or unknown.
    """
    tables = load_rate_tables(path, assume_months=assume_months)
    missing, unknown = sorted(EXPECTED - tables.keys()), sorted(tables.keys() - EXPECTED)
    if missing:
        raise RateTableError(f"{missing[0]}: table missing from {path.name}")
    if unknown:
        raise RateTableError(f"{unknown[0]}: no such table; {path.name} may hold only those the rules read")
    return Rates(tables=tables)
