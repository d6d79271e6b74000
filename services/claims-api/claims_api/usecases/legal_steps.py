"""What a legal step means for the case record: limitation is interrupted, the case is at a body, and how it ended.

A case at a legal step takes no new claims (decisions B1). Filing stops limitation from running while the step stands; a
step that ends without a decision leaves at least a year, a judgment ten (foreldelsesloven §§ 15-17, 21, 22). A judged
claim can no longer be objected to here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.limitation import Interrupted, Interruption
from claims_api.store import cases, claims, petitions, requests_limitation
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.usecases.casebook import load_books
from claims_api.usecases.consequences import CLOSED_BY_HAND, SYSTEM
from claims_api.usecases.payments import settle_case
from claims_api.usecases.petitions import BODIES, LEGAL, fall_with, post_interest
from claims_api.usecases.requests.acknowledging import interrupt
from claims_api.usecases.requests.freezing import set_status_again
from shared.errors import Park
from shared.events import Event
from shared.events.escalation import LegalStepDropped, LegalStepEnded, LegalStepRefused, LegalStepSubmitted
from shared.uow import Uow

OVER = frozenset({"nothing_found", "withdrawn", "paid", "enforcement_ended"})
"""Outcomes after which no body has the claims any more; the others still bring, or may bring, money."""

DEDUCTIONS = frozenset({"pay_deduction", "benefit_deduction"})

_OUTCOMES = {
    "pay_deduction": "Trekk i lønn er besluttet",
    "benefit_deduction": "Trekk i ytelse er besluttet",
    "car_pledge": "Pant i kjøretøy er tatt",
    "home_pledge": "Pant i bolig er tatt",
    "other_pledge": "Pant er tatt",
    "bank_deposit": "Utlegg i bankinnskudd er tatt",
    "nothing_found": "Intet til utlegg",
    "withdrawn": "Saken er trukket fra rettsorganet",
    "paid": "Kravet er betalt mens saken sto hos rettsorganet",
    "judgment": "Dom, forlik eller vedtak foreligger",
    "enforcement_ended": "Trekket eller pantet er slutt",
}


def on_refused(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """A caseworker did not approve a legal step (legal_step.refused): written down; the claims rest meanwhile."""
    told = [(event, cast(LegalStepRefused, event.payload)) for event in events]
    locked = _lock(uow, [step.case_id for _, step in told])
    for event, step in told:
        summary = f"Rettslig skritt er ikke godkjent; kravet hviler til {step.review_on:%d.%m.%Y}"
        _tell(uow, locked[step.case_id], event, "legal_step.refused", summary, step.review_on)


def on_dropped(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """A legal step fell away before it was handed in (legal_step.dropped): an approved one lets its claims go.

    What it shared a petition with falls away too: the frozen statement is not theirs alone.
    """
    told = [(event, cast(LegalStepDropped, event.payload)) for event in events]
    known = petitions.find_petitions(uow.tx, [step.legal_step_id for _, step in told])
    for event, step in told:
        gone = known.get(step.legal_step_id)
        if gone is None or gone.state != petitions.APPROVED:
            continue
        petitions.change_petition(uow.tx, step.legal_step_id, state=petitions.DROPPED, reason=step.reason)
        case = _lock(uow, [step.case_id])[step.case_id]
        _let_go(uow, case, _about(uow, step.claim_ids))
        _tell(uow, case, event, "legal_step.dropped", "Saken går ikke til rettsorganet likevel", uow.today)
        for other in fall_with(uow, event, gone):
            _let_go(uow, _known_case(uow, other.case_id), _about(uow, other.claim_ids))


def on_submitted(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """A legal step was handed in (legal_step.submitted): limitation stands still, the case is at its body."""
    told = [(event, cast(LegalStepSubmitted, event.payload)) for event in events]
    locked = _lock(uow, [step.case_id for _, step in told])
    for event, step in told:
        case, about = locked[step.case_id], _about(uow, step.claim_ids)
        filed = Interrupted(kind=Interruption.FILED, on=step.submitted_on)
        interrupt(uow, deps, about, filed, step.legal_step_id, case.last_recorded_at)
        petitions.change_petition(uow.tx, step.legal_step_id, state=petitions.SUBMITTED)
        post_interest(uow, deps, load_books(uow.tx, {case.case_id: case}), event, step.claim_ids)
        claims.set_status(uow.tx, [one.claim_id for one in about if _open(one)], LEGAL)
        if case.state == "open":
            cases.set_state(uow.tx, case.case_id, LEGAL)
        _tell(uow, case, event, "legal_step.submitted", f"Saken er sendt til {BODIES[step.body]}", step.submitted_on)


def on_ended(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """What came of a legal step (legal_step.ended): limitation runs anew; the case is open again when it is over."""
    told = [(event, cast(LegalStepEnded, event.payload)) for event in events]
    locked = _lock(uow, [step.case_id for _, step in told])
    for event, step in told:
        case, about = locked[step.case_id], _about(uow, step.claim_ids)
        for change in _interruptions(uow, step):
            interrupt(uow, deps, about, change, step.legal_step_id, case.last_recorded_at)
        _note_outcome(uow, step)
        if step.outcome in OVER:
            _let_go(uow, case, about)
        if step.outcome in DEDUCTIONS:
            # Money may have come before the decision was recorded: it is divided anew.
            settle_case(uow, deps, case, event)
        _tell(uow, case, event, "legal_step.ended", _OUTCOMES[step.outcome], step.on)


def _note_outcome(uow: Uow, step: LegalStepEnded) -> None:
    changes: dict[str, object] = {"outcome": step.outcome}
    if step.outcome in DEDUCTIONS:
        changes["deducted_from"] = step.on
    if step.outcome in OVER:
        changes |= {"state": petitions.ENDED, "ended_on": step.on}
    petitions.change_petition(uow.tx, step.legal_step_id, **changes)


def _interruptions(uow: Uow, step: LegalStepEnded) -> list[Interrupted]:
    """Return what the outcome does to limitation; while a deduction or a pledge stands it does not run."""
    filed_on = requests_limitation.filed_on(uow.tx, step.legal_step_id) or step.on
    ended = Interrupted(kind=Interruption.FILED, on=filed_on, ended_on=step.on)
    if step.outcome == "judgment":
        return [ended, Interrupted(kind=Interruption.JUDGED, on=step.on)]
    return [ended] if step.outcome in OVER else []


def _let_go(uow: Uow, case: Case, about: Sequence[Claim]) -> None:
    """No body has these claims any more; the case is open when none of its claims is at one."""
    claims.set_status(uow.tx, [one.claim_id for one in about if _open(one)], "accepted")
    set_status_again(uow, about)
    inside = claims.claims_of_case(uow.tx, case.case_id)
    if any(one.status == LEGAL for one in inside):
        return
    if any(_open(one) for one in inside):
        cases.set_state(uow.tx, case.case_id, "open")
    else:
        cases.set_state(uow.tx, case.case_id, "closed", uow.today)


def _lock(uow: Uow, case_ids: Sequence[str]) -> dict[str, Case]:
    locked = cases.lock_cases(uow, set(case_ids))
    if set(case_ids) - locked.keys():
        raise Park("unknown_case", "case_id: expected a case of this service")
    return locked


def _known_case(uow: Uow, case_id: str) -> Case:
    found = cases.find_case(uow.tx, case_id)
    if found is None:
        raise Park("unknown_case", "case_id: expected a case of this service")
    return found


def _about(uow: Uow, claim_ids: Sequence[str]) -> list[Claim]:
    return list(claims.find_claims(uow.tx, claim_ids).values())


def _open(claim: Claim) -> bool:
    return claim.ended_on is None and claim.status not in CLOSED_BY_HAND


def _tell(uow: Uow, case: Case, event: Event, kind: str, summary: str, on: date) -> None:
    entry = TimelineEntry(
        entry_id=uow.new_id(f"timeline:{kind}", cause=event),
        case_id=case.case_id,
        at=case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=SYSTEM,
        facts={"on": on.isoformat()},
    )
    cases.add_timeline(uow.tx, [entry])
