"""A machine clock that a test holds in its hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandMachine:
    """Stands still until told otherwise; ``step`` is how far every reading of ``now`` moves it."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC), step: timedelta = timedelta()) -> None:
        self.at = start
        self.step = step

    def now(self) -> datetime:
        self.at += self.step
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)

    @property
    def now_ms(self) -> int:
        return int(self.at.timestamp() * 1000)
