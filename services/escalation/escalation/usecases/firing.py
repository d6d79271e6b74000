"""Firing timers: what the day brings to some cases becomes steps asked for and legal steps proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from escalation.domain.day import Action, Ask, Drop, Propose, advance
from escalation.domain.policy import Book
from escalation.domain.state import Case
from escalation.store import control, legal, steps, timers
from escalation.usecases.cover import assess
from escalation.usecases.desk import Desk
from shared.events.escalation import LegalStepProposed, StepDue
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What came of some due timers. ``superseded``: cases whose timers no longer applied."""

    cases: int
    steps: tuple[str, ...]
    superseded: int


def fire(uow: Uow, book: Book, case_ids: Sequence[str]) -> Fired:
    """Fire the due timers of these cases, each at most once, and arm their successors.

    Three things keep a step from being born twice: the timer is taken with the case's version, the case's row is
    locked, and a claim's step has a number of its own.
    """
    desk = Desk(uow, book, case_ids)
    taken = timers.take(uow.tx, case_ids, uow.today)
    asked: list[tuple[str, Ask]] = []
    for case_id in sorted(taken):
        case, actions = advance(book, desk.case(case_id), uow.today)
        desk.put(case)
        for action in actions:
            _carry_out(uow, book, desk, case_id, action)
            if isinstance(action, Ask):
                asked.append((case_id, action))
    steps.insert(uow.tx, [row for case_id, ask in asked for row in _step_rows(uow, book, case_id, ask)])
    if asked:
        control.count_steps(uow.tx, uow.today, len(asked))
    desk.close_all()
    kinds = tuple(ask.kind.value for _, ask in asked)
    return Fired(cases=len(taken), steps=kinds, superseded=len(set(case_ids) - taken))


def _carry_out(uow: Uow, book: Book, desk: Desk, case_id: str, action: Action) -> None:
    if isinstance(action, Drop):
        desk.drop([action], case_id, None)
        return
    payload: StepDue | LegalStepProposed
    if isinstance(action, Ask):
        payload = StepDue(
            step_id=action.step_id,
            case_id=case_id,
            kind=action.kind.value,
            claim_ids=list(action.claim_ids),
            due_on=action.due_on,
        )
    else:
        payload = _proposed(uow, book, desk.case(case_id), action)
    uow.emit(payload, key=case_id)


def _proposed(uow: Uow, book: Book, case: Case, action: Propose) -> LegalStepProposed:
    row = {
        "legal_step_id": action.legal_step_id,
        "case_id": case.case_id,
        "claim_ids": list(action.claim_ids),
        "kind": action.kind,
        "body": action.body,
        "law": action.law,
        "proposed_on": action.proposed_on,
        "usable_to": action.usable_to,
    }
    seen = assess(uow.tx, book, case, uow.today).as_json() if action.kind == "utlegg" else None
    legal.insert(uow.tx, [{**row, "cover": seen}])
    return LegalStepProposed.model_validate({**row, "demand_usable_to": action.usable_to})


def _step_rows(uow: Uow, book: Book, case_id: str, ask: Ask) -> list[dict[str, Any]]:
    return [
        {
            "step_id": ask.step_id,
            "claim_id": claim_id,
            "case_id": case_id,
            "kind": ask.kind.value,
            "seq": sequence,
            "due_on": ask.due_on,
            "asked_at": uow.now,
            "policy_version": book.version,
        }
        for claim_id, sequence in zip(ask.claim_ids, ask.sequences, strict=True)
    ]
