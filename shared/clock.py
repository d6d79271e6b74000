"""The only place that reads a real clock.

Two clocks: the *business clock* tells today's legal day (Europe/Oslo) and what is written as recorded; the *machine*
tells leases, tokens, timeouts and ids. In a sandbox the business clock moves only when it is told to; the machine
never stops.
"""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Protocol

from shared.calendar import OSLO
from shared.errors import Conflict, Crash

BUSINESS_HOUR = time_of_day(9, 0)
"""Time of day in Oslo while a sandbox or a test drives the date."""


class Clock(Protocol):
    """The business clock."""

    def now(self) -> datetime:
        """Return the business instant, aware, in UTC."""
        ...

    def today(self) -> date:
        """Return the legal day in Europe/Oslo."""
        ...


class Machine(Protocol):
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the real instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        ...


def business_instant(day: date) -> datetime:
    """Return 09:00 in Oslo on ``day``, in UTC."""
    return datetime.combine(day, BUSINESS_HOUR, tzinfo=OSLO).astimezone(UTC)


class ManualClock:
    """A business clock that stands where it is put; for tests and calculations."""

    def __init__(self, day: date) -> None:
        self._day = day

    def now(self) -> datetime:
        """Return 09:00 in Oslo on the date it stands at, in UTC."""
        return business_instant(self._day)

    def today(self) -> date:
        """Return the date it stands at."""
        return self._day

    def set(self, day: date) -> None:
        """Move to ``day``, in either direction."""
        self._day = day


class SystemClock:
    """The business clock of an installation in earnest: real time, Oslo's date."""

    def now(self) -> datetime:
        """Return the real instant in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Return the date in Oslo."""
        return self.now().astimezone(OSLO).date()


class SandboxClock:
    """A business clock that a sandbox moves day by day; the date survives a restart and goes forward only.

    ``path`` is its JSON file. A new clock starts at ``start``, or at today in Oslo when that is None; an existing file
    wins over ``start``. Raises Crash when the file cannot be read as a date.
    """

    def __init__(self, path: Path, start: date | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        if path.exists():
            self._day = self._read()
        else:
            self._day = start or SystemClock().today()
            self._write(self._day)

    def now(self) -> datetime:
        """Return 09:00 in Oslo on the business date, in UTC."""
        return business_instant(self._day)

    def today(self) -> date:
        """Return the business date."""
        return self._day

    def set(self, day: date, *, allow_back: bool = False) -> None:
        """Move to ``day``, durably, before returning.

        Raises Conflict when ``day`` is earlier than today, unless ``allow_back`` (nothing is registered yet).
        """
        with self._lock:
            if day < self._day and not allow_back:
                raise Conflict(
                    "clock-backwards", f"date: expected {self._day.isoformat()} or later, got {day.isoformat()}"
                )
            self._write(day)
            self._day = day

    def _read(self) -> date:
        try:
            return date.fromisoformat(json.loads(self._path.read_text("utf-8"))["date"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise Crash(f'{self._path.name}: expected {{"date": "YYYY-MM-DD"}}') from wrong

    def _write(self, day: date) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({"date": day.isoformat()}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class SystemMachine:
    """The machine as it is."""

    def now(self) -> datetime:
        """Return the real instant in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the system's monotonic seconds."""
        return time.monotonic()


class ManualMachine:
    """A machine clock that stands where it is put; for tests of leases, tokens and time limits."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was moved since it was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
