"""Rate tables are loaded strictly, nothing is guessed past the last known day, and traces explain."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.law import RateRow, RatesMissing, RateTable, RateTableError, Trace, Traced, load_rate_tables

GOOD = """
[late_interest]
unit = "percent_pa"
known_to = 2026-12-31
half_yearly = true
[[late_interest.rows]]
valid_from = 2025-07-01
value = "12.25"
source = "FOR1321"
[[late_interest.rows]]
valid_from = 2026-01-01
value = "12.00"
source = "FOR-2025-12-18-2658"
[[late_interest.rows]]
valid_from = 2026-07-01
value = "12.25"
source = "FOR-2026-06-25-1372"

[inkassosats]
unit = "nok"
known_to = 2026-12-31
[[inkassosats.rows]]
valid_from = 2019-01-01
value = "700"
source = "FOR-2018-12-20-2050"
"""


def load(tmp_path: Path, text: str, *, assume_months: int = 0) -> dict[str, RateTable]:
    path = tmp_path / "rates.toml"
    path.write_text(text, "utf-8")
    return load_rate_tables(path, assume_months=assume_months)


def test_the_rate_of_a_day(tmp_path: Path) -> None:
    tables = load(tmp_path, GOOD)
    assert set(tables) == {"late_interest", "inkassosats"}
    interest = tables["late_interest"]
    for day, value in [
        (date(2025, 7, 1), "12.25"),
        (date(2025, 12, 31), "12.25"),
        (date(2026, 1, 1), "12.00"),
        (date(2026, 12, 31), "12.25"),
    ]:
        row = interest.on(day)
        assert (row.value, row.unit, row.assumed) == (Decimal(value), "percent_pa", False)
    assert tables["inkassosats"].on(date(2025, 5, 5)).source == "FOR-2018-12-20-2050"


@pytest.mark.parametrize("day", [date(2025, 6, 30), date(2027, 1, 1), date(2031, 1, 1)])
def test_outside_the_known_days_nothing_is_guessed(tmp_path: Path, day: date) -> None:
    table = load(tmp_path, GOOD)["late_interest"]
    assert not table.covers(day)
    with pytest.raises(RatesMissing, match=f"late_interest: .*{day}") as missing:
        table.on(day)
    assert (missing.value.name, missing.value.day) == ("late_interest", day)


def test_a_sandbox_may_let_the_last_row_hold_and_says_so(tmp_path: Path) -> None:
    table = load(tmp_path, GOOD, assume_months=36)["late_interest"]
    assert not table.on(date(2026, 12, 31)).assumed
    assert table.on(date(2027, 1, 1)) == RateRow(
        valid_from=date(2026, 7, 1),
        value=Decimal("12.25"),
        unit="percent_pa",
        source="FOR-2026-06-25-1372",
        assumed=True,
    )
    assert table.last_day == date(2029, 12, 31)
    assert not table.covers(date(2030, 1, 1))


def test_changes_are_the_days_another_row_takes_over(tmp_path: Path) -> None:
    table = load(tmp_path, GOOD)["late_interest"]
    assert table.changes(date(2025, 7, 1), date(2026, 12, 31)) == [date(2026, 1, 1), date(2026, 7, 1)]
    assert table.changes(date(2026, 1, 1), date(2026, 7, 1)) == []
    assumed = load(tmp_path, GOOD, assume_months=12)["late_interest"]
    assert assumed.changes(date(2026, 8, 1), date(2027, 8, 1)) == [date(2027, 1, 1)]


@given(st.dates(date(2025, 7, 1), date(2026, 12, 31)), st.integers(0, 500))
def test_between_changes_the_row_is_one(tmp_path_factory: pytest.TempPathFactory, start: date, length: int) -> None:
    table = load(tmp_path_factory.mktemp("rates"), GOOD, assume_months=24)["late_interest"]
    end = start + timedelta(days=length)
    bounds = [start, *table.changes(start, end), end]
    for first, after in pairwise(bounds):
        rows = {table.on(first + timedelta(days=n)) for n in range((after - first).days)}
        assert len(rows) == (1 if after > first else 0)


def swap(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (swap("valid_from = 2026-01-01", "valid_from = 2026-07-01"), r"late_interest row 3: overlap"),
        (swap("valid_from = 2026-01-01", "valid_from = 2024-07-01"), r"late_interest row 2: descending"),
        (swap("valid_from = 2026-07-01", "valid_from = 2027-01-01"), r"late_interest row 3: .*known_to"),
        (swap("known_to = 2026-12-31", "known_to = 2027-06-30"), r"late_interest row 3: gap: .*2027-01-01"),
        (swap('source = "FOR1321"', ""), r"late_interest row 1: source"),
        (swap('source = "FOR1321"', 'source = " "'), r"late_interest row 1: source"),
        (swap('unit = "nok"', 'unit = "usd"'), r"inkassosats: unit: .*usd"),
        (swap('unit = "nok"', ""), r"inkassosats: unit"),
        (swap('value = "12.00"', "value = 12.00"), r"late_interest row 2: value: .*quotes"),
        (swap('value = "12.00"', 'value = "twelve"'), r"late_interest row 2: value"),
        (swap('value = "12.00"', 'value = "-1"'), r"late_interest row 2: value"),
        (swap('value = "12.00"', 'value = "NaN"'), r"late_interest row 2: value"),
        (swap("valid_from = 2026-01-01", 'valid_from = "2026-01-01"'), r"late_interest row 2: valid_from"),
        (swap("valid_from = 2026-01-01", "valid_from = 2026-01-01T00:00:00"), r"late_interest row 2: valid_from"),
        (swap("valid_from = 2025-07-01", "valid_from = 2025-06-15"), r"late_interest row 1: valid_from: .*1 July"),
        (swap('value = "12.00"', 'value = "12.00"\nvalid_to = 2026-06-30'), r"late_interest row 2: valid_to"),
        (swap("known_to = 2026-12-31\nhalf", "half"), r"late_interest: known_to"),
        (swap("half_yearly", "half_yaerly"), r"late_interest: half_yaerly"),
        ('[t]\nunit = "nok"\nknown_to = 2026-12-31\n', r"t: rows"),
        ('[t]\nunit = "nok"\nknown_to = 2026-12-31\nrows = [1]\n', r"t row 1"),
        ("t = 5\n", r"t: expected a table"),
        ("t = \n", r"rates\.toml: not valid TOML"),
    ],
)
def test_a_table_that_may_not_be_used_says_where_it_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RateTableError, match=message):
        load(tmp_path, text)


def test_a_missing_half_year_is_a_gap(tmp_path: Path) -> None:
    middle = '[[late_interest.rows]]\nvalid_from = 2026-01-01\nvalue = "12.00"\nsource = "FOR-2025-12-18-2658"\n'
    with pytest.raises(RateTableError, match=r"late_interest row 2: gap: no row from 2026-01-01"):
        load(tmp_path, swap(middle, ""))


def test_a_trace_is_stored_as_json() -> None:
    trace = Trace(rule="late_interest", reference="forsinkelsesrenteloven § 3", inputs={"days": 15, "rate": "12.25"})
    traced = Traced(value=5137, trace=trace)
    assert traced.trace.as_json() == {
        "rule": "late_interest",
        "reference": "forsinkelsesrenteloven § 3",
        "inputs": {"days": 15, "rate": "12.25"},
    }
