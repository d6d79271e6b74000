"""What is shown of cases, claims and legal steps. Texts are Norwegian; codes are stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from escalation.domain import deadlines
from escalation.domain.cover import Cover
from escalation.domain.planner import Next
from escalation.domain.policy import Book
from escalation.domain.preflight import Check
from escalation.domain.state import Claim, Letter
from escalation.store.legal import LegalStep
from escalation.store.steps import Step

HELD = "held"
"""The reason shown to whoever may know that a claim is held, but not why."""


class NextView(BaseModel):
    """The next thing, whose turn it is until when, and what happens then."""

    step: str = Field(
        description="inkassovarsel, betalingsoppfordring, tvangsvarsel, legal_step, dispatch, "
        "hold_end, instalment, answer, approval, submission, outcome, payment, review or none."
    )
    on: date | None = Field(description="The day it happens, or the last day for whoever must act.")
    owner: str = Field(description="debtor, platform, caseworker, agency, court, operator or nobody.")
    until: date | None = Field(description="How long it is their turn.")
    then: str = Field(description="What happens then, in words.")
    reason: str | None = Field(description="What holds the claim, as a stable code.")
    explanation: dict[str, Any] | None = Field(description="Rule, law and days that the date follows from.")


class LetterView(BaseModel):
    """A letter that counts as sent."""

    sent_on: date
    deadline: date
    usable_to: date | None = Field(description="Last day a legal step may rest on it; null for an inkassovarsel.")
    by_unit: bool = Field(description="True when the unit sent it before handing the claim over.")


class HoldView(BaseModel):
    """What stops the claim."""

    hold_id: str
    reason: str
    title: str
    placed_on: date
    until: date | None


class StepView(BaseModel):
    """A step that came due, and how it ended."""

    step_id: str
    kind: str
    due_on: date
    state: str = Field(description="asked, issued, released, dispatched, declined or withdrawn.")
    reason: str | None
    retry_on: date | None
    failure: str | None = Field(description="Why its letter could not be made or sent.")
    void: bool = Field(description="True when a letter that went out is without effect.")


class ClaimView(BaseModel):
    """A claim on its ladder."""

    claim_id: str
    stage: str
    stage_title: str
    contested: bool
    next: NextView
    notice: LetterView | None = Field(description="The inkassovarsel that stands.")
    demand: LetterView | None = Field(description="The betalingsoppfordring that stands.")
    warning: LetterView | None = Field(description="The notice of enforcement alone that stands.")
    holds: list[HoldView]
    steps: list[StepView]


class CheckView(BaseModel):
    """One rule that must hold before a legal step goes to its body."""

    rule: str
    claim_id: str | None
    holds: bool
    detail: str
    law: str


class JoinableView(BaseModel):
    """A proposal for another case of the debtor that can go into the same petition: one court fee for both."""

    legal_step_id: str
    case_id: str
    claim_ids: list[str]
    proposed_on: date
    usable_to: date


class LegalStepView(BaseModel):
    """A legal step (rettslig skritt)."""

    legal_step_id: str
    case_id: str
    claim_ids: list[str]
    kind: str = Field(description="utlegg or complaint.")
    body: str = Field(description="namsmann, forliksraad or husleietvistutvalg.")
    law: str
    state: str = Field(description="proposed, approved, refused, dropped, submitted …")
    proposed_on: date
    usable_to: date = Field(description="Last day it may be taken on the betalingsoppfordring.")
    decided_by: str | None
    decided_on: date | None
    reason: str | None
    reference: str | None = Field(description="The body's own reference.")
    submitted_on: date | None
    outcome: str | None
    outcome_on: date | None
    monthly_ore: int | None = Field(description="What a deduction brings each month, in øre.")
    cover: dict[str, Any] | None = Field(
        description="Whether cover is likely: score and facts; in lists as of the proposal, alone as of today. "
        "Null for a complaint, and for whoever does not handle the case."
    )
    package_ready_on: date | None = Field(description="Since when its package lies ready to be handed in.")
    package_failure: str | None = Field(description="Why no package could be made, as a stable code.")
    checks: list[CheckView] | None = Field(description="What must be in order; null in lists.")
    petition_id: str | None = Field(description="The lead case's legal step when several cases share a petition.")
    joinable: list[JoinableView] | None = Field(description="What could join its petition; null in lists.")


class CaseView(BaseModel):
    """What happens next in a case: its earliest thing, and each claim's own."""

    case_id: str
    case_number: str
    case_version: int = Field(description="How far of the case's record in claims-api this answer has come.")
    next: NextView | None = Field(description="Null when every claim has ended.")
    claims: list[ClaimView]
    legal_steps: list[LegalStepView]


def next_view(thing: Next) -> NextView:
    """Show a next thing."""
    return NextView(
        step=thing.step,
        on=thing.on,
        owner=thing.owner.value,
        until=thing.until,
        then=thing.then,
        reason=thing.reason,
        explanation=None if thing.trace is None else thing.trace.as_json(),
    )


def claim_view(book: Book, claim: Claim, thing: Next, steps: list[Step], *, inside: bool, why: bool) -> ClaimView:
    """Show a claim; ``inside`` shows its steps, which are for those who handle the case, ``why`` what holds it."""
    stage = book.ladder(claim.claim_type, claim.creditor_unit).stage(claim.stage)
    return ClaimView(
        claim_id=claim.claim_id,
        stage=claim.stage,
        stage_title=stage.title,
        contested=claim.contested,
        next=next_view(thing),
        notice=_letter_view(claim.notice, None),
        demand=_letter_view(claim.demand, _usable_to(book, claim)),
        warning=_letter_view(claim.warning, _enforceable_to(book, claim)),
        holds=[
            HoldView(
                hold_id=hold.hold_id,
                reason=hold.reason if why else HELD,
                title=book.hold(hold.reason).title if why else "Innkrevingen står i bero",
                placed_on=hold.placed_on,
                until=hold.until,
            )
            for hold in claim.holds
        ],
        steps=[_step_view(step) for step in steps] if inside else [],
    )


def _usable_to(book: Book, claim: Claim) -> date | None:
    if claim.demand is None:
        return None
    return deadlines.usable_to(claim.demand.sent_on, book.policy(claim.claim_type, claim.creditor_unit)).value


def _enforceable_to(book: Book, claim: Claim) -> date | None:
    if claim.warning is None:
        return None
    return deadlines.enforceable_to(claim.warning.sent_on, book.policy(claim.claim_type, claim.creditor_unit)).value


def _letter_view(letter: Letter | None, usable_to: date | None) -> LetterView | None:
    if letter is None:
        return None
    return LetterView(
        sent_on=letter.sent_on, deadline=letter.deadline, usable_to=usable_to, by_unit=letter.step_id is None
    )


def _step_view(step: Step) -> StepView:
    return StepView(**{name: getattr(step, name) for name in StepView.model_fields})


def legal_step_view(
    step: LegalStep,
    seen: frozenset[str] | None = None,
    *,
    inside: bool = True,
    cover: Cover | None = None,
    checks: Sequence[Check] | None = None,
    joinable: Sequence[LegalStep] | None = None,
) -> LegalStepView:
    """Show a legal step; ``seen`` leaves out claims that are not the reader's to see, ``inside`` shows the score."""
    left_out = ("monthly_ore", "cover", "checks", "joinable")
    values = {name: getattr(step, name) for name in LegalStepView.model_fields if name not in left_out}
    known = step.cover if cover is None else cover.as_json()
    monthly_ore = (step.outcome_facts or {}).get("monthly_ore")
    claim_ids = [claim_id for claim_id in step.claim_ids if seen is None or claim_id in seen]
    return LegalStepView(
        **{
            **values,
            "claim_ids": claim_ids,
            "monthly_ore": monthly_ore,
            "cover": known if inside and step.kind == "utlegg" else None,
            "checks": None if checks is None else [CheckView(**asdict(check)) for check in checks],
            "joinable": None if joinable is None else [_joinable_view(one) for one in joinable],
        }
    )


def _joinable_view(step: LegalStep) -> JoinableView:
    return JoinableView(**{name: getattr(step, name) for name in JoinableView.model_fields})
