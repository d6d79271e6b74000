"""The rate file is read strictly, says what ends when, and may be assumed onwards only when told so."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from claims_api.domain.rates import RATES_FILE, load_rates
from shared.law import RatesMissing, RateTableError


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = RATES_FILE.read_text("utf-8")
    assert old in text
    copy = tmp_path / "rates.toml"
    copy.write_text(text.replace(old, new, 1), "utf-8")
    return copy


def test_every_table_is_there_and_says_where_it_is_from() -> None:
    rates = load_rates()
    assert all(row.source for table in rates.tables.values() for row in table.rows)
    assert rates.value("late_interest", date(2026, 6, 30)) == Decimal("12.00")
    assert rates.value("late_interest", date(2026, 7, 1)) == Decimal("12.25")
    assert rates.value("inkassosats", date(2025, 12, 31)) == 700
    assert rates.value("inkassosats", date(2026, 1, 1)) == 750


def test_it_says_which_tables_end_and_when() -> None:
    last = date(2026, 12, 31)
    assert load_rates().missing_from() == {"late_interest": last, "standard_compensation": last, "rettsgebyr": last}


def test_nothing_is_guessed_past_the_last_known_day() -> None:
    rates = load_rates()
    with pytest.raises(RatesMissing) as missing:
        rates.value("late_interest", date(2027, 1, 1))
    assert (missing.value.name, missing.value.day) == ("late_interest", date(2027, 1, 1))
    assert not rates.complete_on(date(2027, 1, 1), "late_interest")
    assert rates.complete_on(date(2027, 1, 1), "inkassosats")


def test_assumed_rates_hold_on_and_are_marked() -> None:
    rates = load_rates(assume_months=36)
    row = rates.row("late_interest", date(2029, 6, 30))
    assert (row.value, row.assumed) == (Decimal("12.25"), True)
    with pytest.raises(RatesMissing):
        rates.row("late_interest", date(2030, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('    { valid_from = 2018-07-01, value = "8.50", source = "forsinkelsesrenteloven § 3', "    #", "gap"),
        ("valid_from = 2018-07-01", "valid_from = 2018-01-01", "overlap"),
        ('source = "FOR-2018-12-20-2050"', 'source = " "', "source"),
        ('value = "750"', "value = 750", "value"),
        ("[rettsgebyr]", "[rettsgebyrr]", "rettsgebyr"),
        ("[inkassosats]", '[unheard_of]\nunit = "nok"\nknown_to = 2026-12-31\nrows = []\n[inkassosats]', "unheard_of"),
    ],
)
def test_a_wrong_file_is_refused_and_the_place_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(RateTableError, match=says):
        load_rates(changed(tmp_path, old, new))
