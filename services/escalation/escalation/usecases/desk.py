"""The cases that one transaction works on: loaded and locked at once, saved at once, their timers armed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from escalation.domain.day import Drop
from escalation.domain.planner import plan
from escalation.domain.policy import Book
from escalation.domain.state import Case
from escalation.store import cases, cover, legal, timers
from escalation.store.cases import Stored
from shared.errors import Crash, Park
from shared.events import Event
from shared.events.escalation import LegalStepDropped
from shared.uow import Uow

BEFORE_SUBMISSION = ("proposed", "approved")


class Desk:
    """Some cases, locked. ``case`` reads, ``put`` replaces, ``close`` writes everything back.

    ``heard``: how far of each case's record in claims-api the events at hand tell.
    """

    def __init__(
        self, uow: Uow, book: Book, case_ids: Iterable[str], *, heard: Mapping[str, int] | None = None
    ) -> None:
        self._uow = uow
        self._heard = heard or {}
        self._ends: dict[str, tuple[date, str]] = {}
        self._book = book
        self._stored = cases.load(uow.tx, case_ids, lock=True)
        self._now = {case_id: stored.case for case_id, stored in self._stored.items()}

    def case(self, case_id: str) -> Case:
        """Return the case as it is now; parks the event that speaks of a case nobody registered."""
        if case_id not in self._now:
            raise Park("unknown_case", f"case {case_id}: no claim of it was registered")
        return self._now[case_id]

    def put(self, case: Case) -> None:
        """Replace a case by what it has become."""
        self._now[case.case_id] = case

    def end(self, claim_id: str, ended_on: date, reason: str) -> None:
        """Note that a claim has ended, when and why."""
        self._ends[claim_id] = (ended_on, reason)

    def owe_again(self, claim_id: str) -> None:
        """Forget that a claim has ended."""
        self._ends.pop(claim_id, None)
        cover.forget_end(self._uow.tx, claim_id)

    def drop(self, drops: Sequence[Drop], case_id: str, cause: Event | None) -> None:
        """Write down and tell that legal steps fell away."""
        for drop in drops:
            if not legal.move(self._uow.tx, drop.legal_step_id, BEFORE_SUBMISSION, "dropped", reason=drop.reason):
                raise Crash(f"legal step {drop.legal_step_id}: expected proposed or approved, got neither")
            payload = LegalStepDropped(
                legal_step_id=drop.legal_step_id, case_id=case_id, claim_ids=list(drop.claim_ids), reason=drop.reason
            )
            self._uow.emit(payload, key=case_id, cause=cause)

    def close(self) -> None:
        """Save what changed, give each changed case its next version, and arm its timers with it."""
        self._write([case_id for case_id, case in self._now.items() if case != self._stored[case_id].case])

    def close_all(self) -> None:
        """Save and arm anew also the cases that did not change: a fired timer needs a successor."""
        self._write(list(self._now))

    def _write(self, case_ids: Sequence[str]) -> None:
        changes: list[tuple[Stored, Case]] = [(self._stored[case_id], self._now[case_id]) for case_id in case_ids]
        cases.save(self._uow.tx, changes, self._uow.today, self._heard)
        cover.note_ends(self._uow.tx, self._ends)
        rows = []
        for stored, case in changes:
            nexts = plan(self._book, case, self._uow.today)
            rows += timers.armed(case.case_id, stored.version + 1, nexts)
        timers.write(self._uow.tx, rows)
