"""A caseworker decides about a proposed legal step, hands it in, and records what came of it."""

from __future__ import annotations

from datetime import date

from escalation.domain import progress
from escalation.domain.ladder import Trigger
from escalation.domain.outcomes import DEDUCTIONS, Outcome, consequence, review_day
from escalation.domain.policy import Book
from escalation.domain.preflight import Check, checks
from escalation.domain.state import Case
from escalation.store import legal
from escalation.store.legal import LegalStep
from escalation.usecases.desk import Desk
from shared.calendar import add_months
from shared.errors import Conflict, FieldError, NotFound, Reject
from shared.events.escalation import LegalStepApproved, LegalStepEnded, LegalStepRefused, LegalStepSubmitted
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
    _expect_in_order(book, desk, step, uow.today)
    _move(book, desk, step, Trigger.APPROVED)
    legal.move(uow.tx, legal_step_id, ["proposed"], "approved", decided_by=who, decided_on=uow.today)
    payload = LegalStepApproved.model_validate(
        {**_told(step), "approved_on": uow.today, "demand_usable_to": step.usable_to}
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
    _move(book, desk, step, Trigger.REFUSED, review_on=day)
    facts = {"decided_by": who, "decided_on": uow.today, "reason": reason}
    legal.move(uow.tx, legal_step_id, ["proposed"], "refused", **facts)
    payload = LegalStepRefused(
        legal_step_id=legal_step_id, case_id=step.case_id, claim_ids=list(step.claim_ids), reason=reason, review_on=day
    )
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def submit(uow: Uow, book: Book, legal_step_id: str, *, submitted_on: date, reference: str | None) -> LegalStep:
    """Record that an approved step was handed in to its body; from then on it is the body's turn.

    Raises NotFound; Reject for a day that cannot be; Conflict when it is not approved.
    """
    step, desk = _locked(uow, book, legal_step_id)
    _expect(step, "approved")
    earliest = step.decided_on or step.proposed_on
    _expect_day("submitted_on", submitted_on, earliest, min(uow.today, step.usable_to))
    _move(book, desk, step, Trigger.SUBMITTED)
    legal.move(uow.tx, legal_step_id, ["approved"], "submitted", submitted_on=submitted_on, reference=reference)
    payload = LegalStepSubmitted.model_validate({**_told(step), "submitted_on": submitted_on})
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def record_outcome(
    uow: Uow,
    book: Book,
    legal_step_id: str,
    *,
    outcome: Outcome,
    on: date,
    monthly_ore: int | None,
    review_on: date | None,
) -> LegalStep:
    """Record how a submitted step came out; what follows is in ``domain.outcomes``.

    Raises NotFound; Reject for a day or an amount that cannot be; Conflict for an outcome that does not fit its state.
    """
    step, desk = _locked(uow, book, legal_step_id)
    follows = consequence(outcome)
    if step.state not in follows.sources:
        wanted = " or ".join(follows.sources)
        raise Conflict("legal-step-state", f"legal step: expected {wanted} for {outcome.value}, got {step.state}")
    _expect_day("on", on, step.submitted_on or step.proposed_on, uow.today)
    if (monthly_ore is not None) != (outcome in DEDUCTIONS):
        raise _wrong("monthly_ore", "deduction-only", "expected an amount for a deduction, and only for one")
    first = desk.case(step.case_id).claim(step.claim_ids[0])
    usual = review_day(outcome, on, book.policy(first.claim_type, first.creditor_unit))
    day = review_on or (None if usual is None else usual.value)
    judged_on = on if outcome is Outcome.JUDGMENT else None
    _move(book, desk, step, follows.trigger, review_on=day, judged_on=judged_on)
    facts = {} if monthly_ore is None else {"monthly_ore": monthly_ore}
    legal.move(
        uow.tx, legal_step_id, follows.sources, follows.state, outcome=outcome.value, outcome_on=on, outcome_facts=facts
    )
    payload = LegalStepEnded.model_validate(
        {**_told(step), "outcome": outcome.value, "on": on, "monthly_ore": monthly_ore, "review_on": day}
    )
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def checks_of(book: Book, case: Case, step: LegalStep, today: date) -> list[Check]:
    """Return what must be in order before the step goes to its body."""
    inside = [case.claim(claim_id) for claim_id in step.claim_ids]
    return checks(book, [claim for claim in inside if progress.is_open(book, claim)], step.kind, today)


def _expect_in_order(book: Book, desk: Desk, step: LegalStep, today: date) -> None:
    failed = [check for check in checks_of(book, desk.case(step.case_id), step, today) if not check.holds]
    if failed:
        errors = [FieldError(f"claims.{check.claim_id}", check.rule, check.detail) for check in failed]
        raise Conflict("not-in-order", f"legal step: {len(failed)} check(s) failed", errors=errors)


def _told(step: LegalStep) -> dict[str, object]:
    return {
        "legal_step_id": step.legal_step_id,
        "case_id": step.case_id,
        "claim_ids": list(step.claim_ids),
        "kind": step.kind,
        "body": step.body,
    }


def _expect_day(field: str, day: date, earliest: date, latest: date) -> None:
    if not earliest <= day <= latest:
        raise _wrong(field, "day", f"expected a day from {earliest.isoformat()} to {latest.isoformat()}")


def _wrong(field: str, code: str, detail: str) -> Reject:
    return Reject("validation", "1 field(s) were not accepted", errors=[FieldError(field, code, detail)])


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


def _move(
    book: Book,
    desk: Desk,
    step: LegalStep,
    trigger: Trigger,
    *,
    review_on: date | None = None,
    judged_on: date | None = None,
) -> None:
    case = desk.case(step.case_id)
    desk.put(progress.legal_moved(book, case, step.claim_ids, trigger, review_on=review_on, judged_on=judged_on))
    desk.close()
