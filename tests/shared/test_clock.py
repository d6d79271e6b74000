"""The clocks: the sandbox date is durable and goes forward only, and business time is nine o'clock in Oslo."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.calendar import OSLO
from shared.clock import ManualClock, ManualMachine, SandboxClock, SystemClock, SystemMachine
from shared.errors import Conflict, Crash

DAY = date(2026, 1, 14)


def test_a_sandbox_date_survives_a_restart_and_wins_over_the_start(tmp_path: Path) -> None:
    path = tmp_path / "var" / "clock.json"
    SandboxClock(path, DAY).set(date(2026, 2, 1))
    again = SandboxClock(path, DAY)
    assert again.today() == date(2026, 2, 1)
    assert json.loads(path.read_text()) == {"date": "2026-02-01"}


def test_a_sandbox_date_goes_forward_only(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path / "clock.json", DAY)
    clock.set(DAY)
    with pytest.raises(Conflict) as refused:
        clock.set(DAY - timedelta(days=1))
    assert refused.value.code == "clock-backwards"
    assert clock.today() == DAY
    clock.set(DAY - timedelta(days=1), allow_back=True)
    assert SandboxClock(tmp_path / "clock.json", None).today() == DAY - timedelta(days=1)


def test_without_a_start_the_sandbox_begins_today_in_oslo(tmp_path: Path) -> None:
    before = SystemClock().today()
    assert before <= SandboxClock(tmp_path / "clock.json", None).today() <= SystemClock().today()


@pytest.mark.parametrize("text", ["", "{}", '{"date": "yesterday"}', '{"date": 5}', "[1]"])
def test_a_spoilt_file_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(text)
    with pytest.raises(Crash, match=r"clock\.json"):
        SandboxClock(path, DAY)


@pytest.mark.parametrize(("day", "hour"), [(DAY, 8), (date(2026, 3, 29), 7), (date(2026, 10, 25), 8)])
def test_business_time_is_nine_in_oslo_in_summer_and_winter(tmp_path: Path, day: date, hour: int) -> None:
    for clock in (ManualClock(day), SandboxClock(tmp_path / "clock.json", day)):
        assert clock.now() == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        assert clock.now().astimezone(OSLO).date() == clock.today() == day


def test_a_manual_clock_goes_where_it_is_put() -> None:
    clock = ManualClock(DAY)
    clock.set(date(2020, 1, 1))
    assert clock.today() == date(2020, 1, 1)


def test_real_clocks_are_aware() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert SystemMachine().now().tzinfo is UTC
    assert SystemMachine().monotonic() <= SystemMachine().monotonic()


def test_a_manual_machine_moves_by_hand() -> None:
    machine = ManualMachine(datetime(2026, 1, 1, tzinfo=UTC))
    machine.advance(1.5)
    assert machine.now() == datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert machine.monotonic() == 1.5
