"""A caseworker decides about a proposed legal step."""

from __future__ import annotations

from datetime import date

from escalation.domain import progress
from escalation.domain.ladder import Trigger
from escalation.domain.policy import Book
from escalation.store import legal
from escalation.store.legal import LegalStep
from escalation.usecases.desk import Desk
from shared.calendar import add_months
from shared.errors import Conflict, NotFound
from shared.events.escalation import LegalStepApproved, LegalStepRefused
from shared.uow import Uow

REVIEW_MONTHS = 12
"""When a refused legal step is looked at again, unless the caseworker names a day."""


def approve(uow: Uow, book: Book, legal_step_id: str, *, who: str) -> LegalStep:
    """Approve a proposed step; claims-api freezes the statement next. The same approval twice is one.

    Raises NotFound; Conflict when it is no longer proposed, or rests on a betalingsoppfordring that is too old.
    """
    step, desk = _locked(uow, book, legal_step_id)
    if step.state == "approved":
        return step
    _expect(step, "proposed")
    if uow.today > step.usable_to:
        raise Conflict(
            "demand-too-old",
            f"legal step: the betalingsoppfordring could be used to {step.usable_to.isoformat()}; a new one is sent",
        )
    _move(uow, book, desk, step, Trigger.APPROVED, review_on=None)
    legal.move(uow.tx, legal_step_id, ["proposed"], "approved", decided_by=who, decided_on=uow.today)
    payload = LegalStepApproved.model_validate(
        {
            "legal_step_id": legal_step_id,
            "case_id": step.case_id,
            "claim_ids": list(step.claim_ids),
            "kind": step.kind,
            "body": step.body,
            "approved_on": uow.today,
            "demand_usable_to": step.usable_to,
        }
    )
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def refuse(uow: Uow, book: Book, legal_step_id: str, *, reason: str, review_on: date | None, who: str) -> LegalStep:
    """Refuse a proposed step, with a reason code: its claims rest until ``review_on`` (None: 12 months on).

    Raises NotFound; Conflict when it is no longer proposed.
    """
    step, desk = _locked(uow, book, legal_step_id)
    _expect(step, "proposed")
    day = review_on or add_months(uow.today, REVIEW_MONTHS)
    _move(uow, book, desk, step, Trigger.REFUSED, review_on=day)
    facts = {"decided_by": who, "decided_on": uow.today, "reason": reason}
    legal.move(uow.tx, legal_step_id, ["proposed"], "refused", **facts)
    payload = LegalStepRefused(
        legal_step_id=legal_step_id, case_id=step.case_id, claim_ids=list(step.claim_ids), reason=reason, review_on=day
    )
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def _locked(uow: Uow, book: Book, legal_step_id: str) -> tuple[LegalStep, Desk]:
    """Lock the step's case and read the step as it is then."""
    known = legal.find(uow.tx, legal_step_id)
    if known is None:
        raise NotFound("legal step")
    desk = Desk(uow, book, [known.case_id])
    return _read_again(uow, legal_step_id), desk


def _read_again(uow: Uow, legal_step_id: str) -> LegalStep:
    step = legal.find(uow.tx, legal_step_id)
    if step is None:
        raise NotFound("legal step")
    return step


def _expect(step: LegalStep, state: str) -> None:
    if step.state != state:
        raise Conflict("legal-step-state", f"legal step: expected {state}, got {step.state}")


def _move(uow: Uow, book: Book, desk: Desk, step: LegalStep, trigger: Trigger, *, review_on: date | None) -> None:
    case = desk.case(step.case_id)
    desk.put(progress.legal_moved(book, case, step.claim_ids, trigger, review_on=review_on))
    desk.close()
