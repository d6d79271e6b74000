"""Builders for the ladder's tests: claims with defaults, and one case walked through the days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from escalation.domain import day as days
from escalation.domain import progress
from escalation.domain.day import Action, Ask, Drop, Propose
from escalation.domain.ladder import Trigger
from escalation.domain.planner import Next, earliest, plan
from escalation.domain.policy import Book, load_book
from escalation.domain.state import Case, Claim, Hold, Letter
from shared.calendar import deadline_after

BOOK = load_book()


def claim(claim_id: str = "c1", due: date = date(2026, 1, 15), registered: date | None = None, **over: object) -> Claim:
    """Return a claim as it is before it is registered on its case."""
    fresh = Claim(
        claim_id=claim_id,
        claim_type="kindergarten",
        creditor_unit="bydel-frogner",
        dispute_body="forliksraad",
        due_date=due,
        registered_on=registered or due + timedelta(days=4),
        stage="",
    )
    return replace(fresh, **over)  # type: ignore[arg-type]


class Walk:
    """One case and the days it lives through; letters go out on the day they are asked for unless told otherwise."""

    def __init__(self, *claims: Claim, book: Book = BOOK, today: date | None = None) -> None:
        self.book = book
        self.case = Case(case_id="case")
        for one in claims:
            self.register(one)
        self.today = today or min(one.registered_on for one in claims)
        self.done: list[tuple[date, Action]] = []

    def register(self, one: Claim) -> None:
        self.case = progress.registered(self.book, self.case, one)

    def __getitem__(self, claim_id: str) -> Claim:
        return self.case.claim(claim_id)

    def next(self, claim_id: str = "c1") -> Next:
        return plan(self.book, self.case, self.today)[claim_id]

    def case_next(self) -> Next | None:
        return earliest(plan(self.book, self.case, self.today).values())

    def fire(self) -> list[Action]:
        self.case, actions = days.advance(self.book, self.case, self.today)
        self.done += [(self.today, action) for action in actions]
        return actions

    def send(self, ask: Ask, deadline: date | None = None) -> None:
        self.dispatch(ask)
        letter = Letter(step_id=ask.step_id, sent_on=self.today, deadline=deadline or deadline_after(self.today, 14))
        self.case = progress.sent(self.book, self.case, ask.step_id, ask.claim_ids, letter)

    def dispatch(self, ask: Ask) -> None:
        self.case = progress.dispatched(self.book, self.case, ask.step_id, ask.claim_ids, self.today)

    def decline(self, ask: Ask, reason: str, retry_on: date | None) -> None:
        self.case = progress.declined(self.book, self.case, ask.step_id, ask.claim_ids, reason, retry_on)

    def withdraw(self, ask: Ask, reason: str, retry_on: date | None) -> list[Drop]:
        self.case, drops = days.letter_withdrawn(self.book, self.case, ask.step_id, ask.claim_ids, reason, retry_on)
        return drops

    def hold(self, claim_ids: list[str], hold: Hold) -> list[Drop]:
        self.case, drops = days.hold_placed(self.book, self.case, claim_ids, hold)
        return drops

    def release(self, claim_ids: list[str], hold_id: str, *, resume_on: date, contested: bool = False) -> None:
        self.case = progress.hold_ended(
            self.book, self.case, claim_ids, hold_id, ended_on=self.today, resume_on=resume_on, contested=contested
        )

    def end(self, claim_id: str, reason: str) -> list[Drop]:
        self.case, drops = days.claim_ended(self.book, self.case, claim_id, reason)
        return drops

    def reopen(self, claim_id: str) -> None:
        self.case = progress.reopened(self.book, self.case, claim_id, self.today)

    def move(self, claim_id: str, trigger: str) -> None:
        self.case = self.case.with_claims([progress.moved(self.book, self[claim_id], Trigger(trigger))])

    def until(self, last: date, *, send: bool = True) -> list[tuple[date, Action]]:
        """Live through the days up to and including ``last``; returns what was done on the way."""
        before = len(self.done)
        for day in _days(self.today, last):
            self.today = day
            for action in self.fire():
                if send and isinstance(action, Ask):
                    self.send(action)
        return self.done[before:]

    def letters(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return day, kind and claims of every demand asked for."""
        return [(day.isoformat(), a.kind.value, a.claim_ids) for day, a in self.done if isinstance(a, Ask)]

    def proposals(self) -> list[Propose]:
        return [action for _, action in self.done if isinstance(action, Propose)]


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)
