"""What would happen to one case or to many, by today's numbers and by others. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from escalation.domain.policy import Book
from escalation.domain.simulation import Foreseen, foresee
from escalation.domain.state import Case
from escalation.store import cases, timers

PIECE = 200
"""Cases loaded at a time."""


@dataclass(slots=True)
class Outlook:
    """What one set of numbers brings: steps by day and kind."""

    by_day: Counter[tuple[date, str]] = field(default_factory=Counter)

    def add(self, foreseen: Sequence[Foreseen]) -> None:
        """Count what is foreseen for one case."""
        self.by_day.update((one.on, one.step) for one in foreseen)

    def of(self, step: str) -> int:
        """Return how many steps of a kind there are."""
        return sum(count for (_, kind), count in self.by_day.items() if kind == step)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The outlook by today's numbers and by others. ``affected``: cases for which they differ."""

    now: Outlook
    changed: Outlook | None
    cases: int = 0
    affected: int = 0
    truncated: bool = False


def compare(
    tx: Connection, book: Book, other: Book | None, *, unit: str | None, today: date, until: date, cases_max: int
) -> Comparison:
    """Foresee every open case (of ``unit``), at most ``cases_max`` of them, by ``book`` and by ``other``."""
    found = Comparison(now=Outlook(), changed=None if other is None else Outlook())
    after: str | None = None
    while found.cases < cases_max:
        ids = timers.open_cases(tx, unit=unit, after=after, rows_max=min(PIECE, cases_max - found.cases))
        if not ids:
            return found
        for stored in cases.load(tx, ids).values():
            _add(found, book, other, stored.case, today, until)
        after = ids[-1]
    found.truncated = bool(timers.open_cases(tx, unit=unit, after=after, rows_max=1))
    return found


def compare_case(book: Book, other: Book | None, case: Case, *, today: date, until: date) -> Comparison:
    """Foresee one case by ``book`` and by ``other``."""
    found = Comparison(now=Outlook(), changed=None if other is None else Outlook())
    _add(found, book, other, case, today, until)
    return found


def _add(found: Comparison, book: Book, other: Book | None, case: Case, today: date, until: date) -> None:
    now = foresee(book, case, today, until)
    found.cases += 1
    found.now.add(now)
    if other is not None and found.changed is not None:
        then = foresee(other, case, today, until)
        found.changed.add(then)
        found.affected += then != now
