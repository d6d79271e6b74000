"""What would happen: a case walked into the future as if nothing but the clock moved. Nothing is changed by looking.

Letters are taken to go out the day they are asked for and to give the usual time; holds to end on the day they name;
nobody pays, objects or decides. So a walk ends at a proposed legal step, at a hold without a day, or at the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from escalation.domain import deadlines, progress
from escalation.domain.day import Ask, Propose, advance
from escalation.domain.planner import plan
from escalation.domain.policy import Book
from escalation.domain.state import Case, Letter
from shared.calendar import working_day_after

STEPS_MAX = 60
"""How many days of one case are looked at: more than any ladder has in the longest horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A step that would come: a letter of the ladder, or legal_step, on these claims."""

    on: date
    step: str
    claim_ids: tuple[str, ...]


def foresee(book: Book, case: Case, today: date, until: date) -> list[Foreseen]:
    """Return what would happen to the case from ``today`` up to and including ``until``."""
    found: list[Foreseen] = []
    case = _letters_in_work_are_sent(book, case, today)
    day = today
    for _ in range(STEPS_MAX):
        case = _end_holds(book, case, day)
        case, actions = advance(book, case, day)
        for action in actions:
            if isinstance(action, Ask):
                found.append(Foreseen(on=day, step=action.kind.value, claim_ids=action.claim_ids))
                case = _send(book, case, action.step_id, action.claim_ids, day)
            elif isinstance(action, Propose):
                found.append(Foreseen(on=day, step="legal_step", claim_ids=action.claim_ids))
        coming = _next_day(book, case, day)
        if coming is None or coming > until:
            break
        day = coming
    return found


def _next_day(book: Book, case: Case, day: date) -> date | None:
    wakes = [thing.wake for thing in plan(book, case, day).values() if thing.wake is not None]
    ends = [working_day_after(hold.until) for claim in case.claims for hold in claim.holds if hold.until is not None]
    return min((coming for coming in (*wakes, *ends) if coming > day), default=None)


def _end_holds(book: Book, case: Case, day: date) -> Case:
    for claim in case.claims:
        for hold in claim.holds:
            if hold.until is not None and hold.until < day:
                case = progress.hold_ended(
                    book, case, [claim.claim_id], hold.hold_id, ended_on=day, resume_on=day, contested=False
                )
    return case


def _letters_in_work_are_sent(book: Book, case: Case, today: date) -> Case:
    for claim in case.claims:
        if claim.step is not None and progress.is_open(book, claim):
            case = _send(book, case, claim.step.step_id, [claim.claim_id], today)
    return case


def _send(book: Book, case: Case, step_id: str, claim_ids: Sequence[str], day: date) -> Case:
    case = progress.dispatched(book, case, step_id, claim_ids, day)
    first = case.claim(claim_ids[0])
    deadline = deadlines.expected_deadline(day, book.policy(first.claim_type, first.creditor_unit))
    return progress.sent(book, case, step_id, claim_ids, Letter(step_id=step_id, sent_on=day, deadline=deadline))
