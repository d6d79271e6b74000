"""A caseworker decides about a proposed legal step, hands it in, and records what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from escalation.domain import progress
from escalation.domain.day import drop_legal_step
from escalation.domain.ladder import Trigger
from escalation.domain.outcomes import DEDUCTIONS, Outcome, consequence, review_day
from escalation.domain.policy import Book
from escalation.domain.preflight import Check, basis, checks
from escalation.domain.state import Case
from escalation.store import cases, cover, legal
from escalation.store.legal import LegalStep
from escalation.usecases.desk import Desk
from shared.calendar import add_months, working_day_after
from shared.errors import Conflict, FieldError, Invalid, NotFound, Reject
from shared.events.escalation import (
    LegalStepApproved,
    LegalStepEnded,
    LegalStepRefused,
    LegalStepSubmitted,
    PetitionPart,
)
from shared.uow import Uow

REVIEW_MONTHS = 12
"""When a refused legal step is looked at again, unless the caseworker names a day."""
JOINED_MAX = 20
"""How many other cases are offered for one petition."""
OF_ONE_CASE = frozenset({Outcome.WITHDRAWN, Outcome.PAID})


def approve(uow: Uow, book: Book, legal_step_id: str, *, who: str, case_ids: Sequence[str] = ()) -> LegalStep:
    """Approve a proposed step; claims-api freezes the statement next. The same approval twice is one.

    ``case_ids``: other cases of the debtor whose proposals go into the same petition (decisions B1), led by this one's.
    Raises NotFound; Reject for a case that cannot be in it; Conflict when a step is no longer proposed, is not in
    order, or rests on a betalingsoppfordring that is too old.
    """
    step = _known(uow, legal_step_id)
    if step.state == "approved":
        return step
    _expect(step, "proposed")
    others = _chosen(uow, book, step, case_ids)
    desk = Desk(uow, book, [step.case_id, *(other.case_id for other in others)])
    parts = [_read_again(uow, one.legal_step_id) for one in (step, *others)]
    for part in parts:
        _expect(part, "proposed")
        _expect_usable(part, uow.today)
        _expect_in_order(book, desk, part, uow.today)
        _put(book, desk, part, Trigger.APPROVED)
    desk.close()
    told = [PetitionPart(legal_step_id=p.legal_step_id, case_id=p.case_id, claim_ids=list(p.claim_ids)) for p in parts]
    joint = {"petition_id": legal_step_id} if others else {}
    for part in parts:
        facts = {"decided_by": who, "decided_on": uow.today, **joint}
        legal.move(uow.tx, part.legal_step_id, ["proposed"], "approved", **facts)
        payload = LegalStepApproved(
            **_told(part),
            approved_on=uow.today,
            demand_usable_to=part.usable_to,
            lead_case_id=step.case_id if others else None,
            parts=told if others else [],
        )
        uow.emit(payload, key=part.case_id)
    return _read_again(uow, legal_step_id)


def joinable(tx: Connection, book: Book, step: LegalStep) -> list[LegalStep]:
    """Return the proposals that can go into a proposed step's petition: the debtor's, of one kind of tvangsgrunnlag."""
    if step.state != "proposed":
        return []
    found = legal.proposed_beside(tx, step, cover.primary_debtors(tx, step.case_id), JOINED_MAX)
    stored = cases.load(tx, {step.case_id, *(one.case_id for one in found)})

    def rests_on(one: LegalStep) -> str:
        return basis([stored[one.case_id].case.claim(claim_id) for claim_id in one.claim_ids])

    return [one for one in found if one.case_id != step.case_id and rests_on(one) == rests_on(step)]


def _chosen(uow: Uow, book: Book, step: LegalStep, case_ids: Sequence[str]) -> list[LegalStep]:
    if not case_ids:
        return []
    offered = {one.case_id: one for one in joinable(uow.tx, book, step)}
    wrong = [
        FieldError(f"case_ids.{at}", "not-joinable", "expected a ripe case of this debtor, legal person and ground")
        for at, case_id in enumerate(case_ids)
        if case_id not in offered
    ]
    if wrong:
        raise Invalid(*wrong)
    return [offered[case_id] for case_id in dict.fromkeys(case_ids)]


def refuse(uow: Uow, book: Book, legal_step_id: str, *, reason: str, review_on: date | None, who: str) -> LegalStep:
    """Refuse a proposed step, with a reason code: its claims rest until ``review_on`` (None: 12 months on).

    Raises NotFound; Conflict when it is no longer proposed.
    """
    desk = Desk(uow, book, [_known(uow, legal_step_id).case_id])
    step = _read_again(uow, legal_step_id)
    _expect(step, "proposed")
    day = review_on or add_months(uow.today, REVIEW_MONTHS)
    _put(book, desk, step, Trigger.REFUSED, review_on=day)
    desk.close()
    facts = {"decided_by": who, "decided_on": uow.today, "reason": reason}
    legal.move(uow.tx, legal_step_id, ["proposed"], "refused", **facts)
    payload = LegalStepRefused(
        legal_step_id=legal_step_id, case_id=step.case_id, claim_ids=list(step.claim_ids), reason=reason, review_on=day
    )
    uow.emit(payload, key=step.case_id)
    return _read_again(uow, legal_step_id)


def take_back(uow: Uow, book: Book, legal_step_id: str, *, reason: str) -> LegalStep:
    """Take an approved step back before it is handed in: it falls away, and its claims are proposed anew.

    Raises NotFound; Conflict when it is not approved.
    """
    desk = Desk(uow, book, [_known(uow, legal_step_id).case_id])
    step = _read_again(uow, legal_step_id)
    _expect(step, "approved")
    case, drop = drop_legal_step(book, desk.case(step.case_id), legal_step_id, reason)
    desk.put(progress.set_aside(case, step.claim_ids, working_day_after(uow.today)))
    desk.drop([drop], step.case_id, None)
    desk.close()
    return _read_again(uow, legal_step_id)


def submit(
    uow: Uow, book: Book, legal_step_id: str, *, submitted_on: date, reference: str | None, own_papers: bool = False
) -> LegalStep:
    """Record that an approved step was handed in to its body, with all of its petition; then it is the body's turn.

    ``own_papers``: it was handed in with other papers than the platform's package. Raises NotFound; Reject for a day
    that cannot be; Conflict when it is not approved, or its package is not ready.
    """
    parts, desk = _petition(uow, book, legal_step_id)
    _expect(parts[0], "approved")
    if not own_papers and parts[0].package_ready_on is None:
        why = parts[0].package_failure or "it is being made"
        raise Conflict("papers-missing", f"legal step: expected its package to be ready, got none: {why}")
    parts = [part for part in parts if part.state == "approved"]
    earliest = max(part.decided_on or part.proposed_on for part in parts)
    latest = min(uow.today, *(part.usable_to for part in parts))
    _expect_day("submitted_on", submitted_on, earliest, latest)
    for part in parts:
        _put(book, desk, part, Trigger.SUBMITTED)
    desk.close()
    for part in parts:
        facts = {"submitted_on": submitted_on, "reference": reference}
        legal.move(uow.tx, part.legal_step_id, ["approved"], "submitted", **facts)
        uow.emit(LegalStepSubmitted(**_told(part), submitted_on=submitted_on), key=part.case_id)
    return _read_again(uow, legal_step_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a legal step: ``monthly_ore`` goes with a deduction; ``review_on`` None is the usual day."""

    outcome: Outcome
    on: date
    monthly_ore: int | None = None
    review_on: date | None = None


def record_outcome(uow: Uow, book: Book, legal_step_id: str, result: Result) -> LegalStep:
    """Record how a submitted step came out; what follows is in ``domain.outcomes``.

    What the body decides, it decides about the whole petition; taking back and payment are of this case alone.
    Raises NotFound; Reject for a day or an amount that cannot be; Conflict for an outcome that does not fit its state.
    """
    parts, desk = _petition(uow, book, legal_step_id)
    follows = consequence(result.outcome)
    if parts[0].state not in follows.sources:
        wanted = " or ".join(follows.sources)
        raise Conflict("legal-step-state", f"legal step: expected {wanted} for {result.outcome}, got {parts[0].state}")
    if result.outcome in OF_ONE_CASE:
        parts = parts[:1]
    _expect_day("on", result.on, parts[0].submitted_on or parts[0].proposed_on, uow.today)
    if (result.monthly_ore is not None) != (result.outcome in DEDUCTIONS):
        raise _wrong("monthly_ore", "deduction-only", "expected an amount for a deduction, and only for one")
    parts = [part for part in parts if part.state in follows.sources]
    for part in parts:
        _settle(uow, book, desk, part, result)
    desk.close()
    return _read_again(uow, legal_step_id)


def _settle(uow: Uow, book: Book, desk: Desk, part: LegalStep, result: Result) -> None:
    follows = consequence(result.outcome)
    usual = review_day(result.outcome, result.on)
    day = result.review_on or (None if usual is None else usual.value)
    judged_on = result.on if result.outcome is Outcome.JUDGMENT else None
    _put(book, desk, part, follows.trigger, review_on=day, judged_on=judged_on)
    facts = {} if result.monthly_ore is None else {"monthly_ore": result.monthly_ore}
    changes = {"outcome": result.outcome.value, "outcome_on": result.on, "outcome_facts": facts}
    legal.move(uow.tx, part.legal_step_id, follows.sources, follows.state, **changes)
    payload = LegalStepEnded(
        **_told(part), outcome=result.outcome.value, on=result.on, monthly_ore=result.monthly_ore, review_on=day
    )
    uow.emit(payload, key=part.case_id)


def checks_of(book: Book, case: Case, step: LegalStep, today: date) -> list[Check]:
    """Return what must be in order before the step goes to its body."""
    inside = [case.claim(claim_id) for claim_id in step.claim_ids]
    return checks(book, [claim for claim in inside if progress.is_open(book, claim)], step.kind, today)


def _expect_in_order(book: Book, desk: Desk, step: LegalStep, today: date) -> None:
    failed = [check for check in checks_of(book, desk.case(step.case_id), step, today) if not check.holds]
    if failed:
        errors = [FieldError(f"claims.{check.claim_id}", check.rule, check.detail) for check in failed]
        raise Conflict("not-in-order", f"legal step: {len(failed)} check(s) failed", errors=errors)


def _expect_usable(step: LegalStep, today: date) -> None:
    if today > step.usable_to:
        raise Conflict(
            "demand-too-old",
            f"legal step: the betalingsoppfordring could be used to {step.usable_to.isoformat()}; a new one is sent",
        )


def _told(step: LegalStep) -> dict[str, Any]:
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
    return Invalid(FieldError(field, code, detail))


def _known(uow: Uow, legal_step_id: str) -> LegalStep:
    known = legal.find(uow.tx, legal_step_id)
    if known is None:
        raise NotFound("legal step")
    return known


def _petition(uow: Uow, book: Book, legal_step_id: str) -> tuple[list[LegalStep], Desk]:
    """Lock the cases of a step's petition and read its steps as they are then, this one first."""
    sharing = legal.of_petition(uow.tx, _known(uow, legal_step_id))
    desk = Desk(uow, book, [part.case_id for part in sharing])
    parts = [_read_again(uow, part.legal_step_id) for part in sharing]
    return sorted(parts, key=lambda part: part.legal_step_id != legal_step_id), desk


def _read_again(uow: Uow, legal_step_id: str) -> LegalStep:
    step = legal.find(uow.tx, legal_step_id)
    if step is None:
        raise NotFound("legal step")
    return step


def _expect(step: LegalStep, state: str) -> None:
    if step.state != state:
        raise Conflict("legal-step-state", f"legal step: expected {state}, got {step.state}")


def _put(
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
