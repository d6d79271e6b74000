"""Taking in what claims-api and notifications tell: each fact moves its claims along the ladder, or is parked.

The two topics keep no order between them. What belongs to a demand is kept in its own row until both have told their
part, so that the result is the same whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from escalation.domain import day as days
from escalation.domain import progress
from escalation.domain.ladder import UnlistedTransition
from escalation.domain.policy import Book
from escalation.domain.state import Claim, Hold, Letter, UnknownClaim
from escalation.store import cases, legal, steps
from escalation.store.steps import Demand
from escalation.usecases.desk import Desk
from shared.calendar import OSLO
from shared.errors import Park
from shared.events import Event, Payload
from shared.events.claims import (
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    DemandDeclined,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    HoldEnded,
    HoldPlaced,
    PriorNoticeCopied,
)
from shared.events.legal import PetitionDeclined
from shared.events.notifications import LetterDispatched, LetterFailed, LetterSent
from shared.events.requests import (
    ObjectionContested,
    ObjectionWithdrawn,
    PlanAgreed,
    PlanBroken,
    PlanChanged,
    PlanKept,
)
from shared.inbox import Folding, Handler
from shared.uow import Uow

VERSION_HEADER = "caseversion"
"""Which of the case's versions in claims-api an event is from."""

AT_A_BODY = ("submitted", "to_withdraw", "enforced")
"""States of a legal step whose claims stay with a court when they are owed again."""

Apply = Callable[[Uow, Book, Desk, Event, Any], None]


def follower(book: Book, moves: Mapping[type[Payload], Apply]) -> Folding:
    """Make the handler of all events that tell of known cases: those are loaded and locked at once, and saved at once.

    ``moves`` says what the kinds do that move claims; the others tell how far the case's record has come, and no more.
    A move the ladder does not list, or a claim that is not of the case, parks the key.
    """

    def follow(uow: Uow, events: Sequence[Event]) -> None:
        moving = [(event, moves[type(event.payload)]) for event in events if type(event.payload) in moves]
        desk = Desk(uow, book, [event.envelope.aggregate for event, _ in moving], heard=heard(events))
        for event, apply in moving:
            _apply_one(uow, book, desk, event, apply)
        desk.close()

    return Folding(follow)


def _apply_one(uow: Uow, book: Book, desk: Desk, event: Event, apply: Apply) -> None:
    try:
        apply(uow, book, desk, event, event.payload)
    except UnlistedTransition as refused:
        raise Park("unlisted_transition", str(refused)) from refused
    except UnknownClaim as unknown:
        raise Park("unknown_claim", str(unknown)) from unknown


def heard(events: Sequence[Event]) -> dict[str, int]:
    """Return how far of each case's record in claims-api these events tell; those of other services tell nothing."""
    told = ((event.envelope.aggregate, event.envelope.extra.get(VERSION_HEADER, "")) for event in events)
    return {case_id: int(text) for case_id, text in told if text.isdecimal()}


def day_of(event: Event) -> date:
    """Return the legal day on which an event's fact was recorded."""
    return event.envelope.time.astimezone(OSLO).date()


# -------------------------------------------------------------------------------------------------------- claims


def registration(book: Book) -> Handler:
    """Take in claims, each on its case, which may be new with it."""

    def handle(uow: Uow, events: Sequence[Event]) -> None:
        payloads = [event.payload for event in events if isinstance(event.payload, ClaimRegistered)]
        rows = [
            {
                "case_id": one.case_id,
                "case_number": one.case_number,
                "creditor_unit": one.creditor_unit,
                "legal_person": one.legal_person,
            }
            for one in payloads
        ]
        cases.ensure_cases(uow.tx, rows)
        desk = Desk(uow, book, [one.case_id for one in payloads], heard=heard(events))
        for one in payloads:
            desk.put(progress.registered(book, desk.case(one.case_id), _claim(one)))
        desk.close()
        cases.ensure_debtors(uow.tx, {one.claim_id: one.debtor_refs for one in payloads})

    return handle


def _claim(told: ClaimRegistered) -> Claim:
    prior = told.prior_notice
    return Claim(
        claim_id=told.claim_id,
        claim_type=told.claim_type,
        creditor_unit=told.creditor_unit,
        dispute_body=told.dispute_body,
        due_date=told.due_date,
        registered_on=told.registered_on,
        stage="",
        notice=None if prior is None else Letter(step_id=None, sent_on=prior.sent_on, deadline=prior.deadline),
        notice_document_id=None if prior is None else prior.document_id,
        # A claim that begins on hold waits, whatever happens to the event that says why, until a hold ends.
        waiting_for=None if told.ladder == "collect" else "hold",
    )


def prior_notice_copied(uow: Uow, book: Book, desk: Desk, event: Event, told: PriorNoticeCopied) -> None:
    """The copy of the unit's own varsel has come."""
    desk.put(progress.notice_copied(desk.case(told.case_id), told.claim_id, told.document_id))


def claim_ended(uow: Uow, book: Book, desk: Desk, event: Event, told: ClaimEnded) -> None:
    """A claim needs no further collection."""
    case, drops = days.claim_ended(book, desk.case(told.case_id), told.claim_id, told.reason)
    desk.put(case)
    desk.drop(drops, told.case_id, event)
    desk.end(told.claim_id, told.ended_on, told.reason)
    _withdraw_if_all_ended(uow, book, desk, told)


def _withdraw_if_all_ended(uow: Uow, book: Book, desk: Desk, told: ClaimEnded) -> None:
    """A case whose claims have all ended has to be taken back from the body that still has it: a caseworker's turn."""
    case = desk.case(told.case_id)
    legal_step_id = case.claim(told.claim_id).legal_step_id
    if legal_step_id is None:
        return
    inside = [claim for claim in case.claims if claim.legal_step_id == legal_step_id]
    if not any(progress.is_open(book, claim) for claim in inside):
        legal.move(uow.tx, legal_step_id, ["submitted"], "to_withdraw", reason=told.reason)


def claim_reopened(uow: Uow, book: Book, desk: Desk, event: Event, told: ClaimReopened) -> None:
    """A claim is owed again."""
    case = desk.case(told.case_id)
    legal_step_id = case.claim(told.claim_id).legal_step_id
    step = None if legal_step_id is None else legal.find(uow.tx, legal_step_id)
    at_body = step is not None and step.state in AT_A_BODY
    if legal_step_id is not None:
        legal.move(uow.tx, legal_step_id, ["to_withdraw"], "submitted", reason=None)
    desk.put(progress.reopened(book, case, told.claim_id, told.reopened_on, at_body=at_body))
    desk.owe_again(told.claim_id)


def hold_placed(uow: Uow, book: Book, desk: Desk, event: Event, told: HoldPlaced) -> None:
    """Collection of some claims stands still."""
    hold = Hold(hold_id=told.hold_id, reason=told.reason, placed_on=day_of(event), until=told.until)
    case, drops = days.hold_placed(book, desk.case(told.case_id), told.claim_ids, hold)
    desk.put(case)
    desk.drop(drops, told.case_id, event)


def hold_ended(uow: Uow, book: Book, desk: Desk, event: Event, told: HoldEnded) -> None:
    """Collection of some claims may go on."""
    case = progress.hold_ended(
        book,
        desk.case(told.case_id),
        told.claim_ids,
        told.hold_id,
        ended_on=day_of(event),
        resume_on=told.resume_on,
        contested=told.contested,
    )
    desk.put(case)


def objection_contested(uow: Uow, book: Book, desk: Desk, event: Event, told: ObjectionContested) -> None:
    """A rejected objection is stood by; of one to a part of a claim only this event tells."""
    case, drops = days.objection_contested(
        book, desk.case(told.case_id), told.claim_ids, told.contested_on, part=told.disputed_ore is not None
    )
    desk.put(case)
    desk.drop(drops, told.case_id, event)


def objection_withdrawn(uow: Uow, book: Book, desk: Desk, event: Event, told: ObjectionWithdrawn) -> None:
    """An objection was given up in writing."""
    case, drops = days.objection_given_up(book, desk.case(told.case_id), told.claim_ids, told.withdrawn_on)
    desk.put(case)
    desk.drop(drops, told.case_id, event)


def petition_declined(uow: Uow, book: Book, desk: Desk, event: Event, told: PetitionDeclined) -> None:
    """claims-api found that an approved legal step may not go: it falls away, and its claims are proposed anew."""
    step = legal.find(uow.tx, told.legal_step_id)
    if step is None or step.state != "approved":
        return  # it has fallen away by itself meanwhile
    case, drop = days.drop_legal_step(book, desk.case(told.case_id), told.legal_step_id, told.reason)
    desk.put(case)
    desk.drop([drop], told.case_id, event)


def plan_agreed(uow: Uow, book: Book, desk: Desk, event: Event, told: PlanAgreed | PlanChanged) -> None:
    """A payment plan runs, or its instalments were agreed anew."""
    due = sorted(instalment.due_on for instalment in told.instalments)
    desk.put(progress.planned(desk.case(told.case_id), told.claim_ids, due))


def plan_over(uow: Uow, book: Book, desk: Desk, event: Event, told: PlanKept | PlanBroken) -> None:
    """A payment plan is kept or broken."""
    desk.put(progress.planned(desk.case(told.case_id), told.claim_ids, []))


# ------------------------------------------------------------------------------------------- the answers to a step


def demand_issued(uow: Uow, book: Book, desk: Desk, event: Event, told: DemandIssued) -> None:
    """claims-api froze a demand for a step; its letter may have gone out already, as far as we have heard."""
    known = _demand(uow, event, told.demand_id, told.case_id)
    known = replace(
        known,
        step_id=told.step_id,
        claim_ids=tuple(told.claim_ids),
        total_ore=told.total_ore,
        kind=told.kind,
        fee_ore=told.fee_ore,
    )
    if not steps.exist(uow.tx, told.step_id, told.claim_ids):
        raise Park("unknown_step", f"step {told.step_id}: not asked for, or not for these claims")
    steps.move(uow.tx, "issued", [(told.step_id, claim_id, told.demand_id) for claim_id in told.claim_ids])
    _catch_up(uow, book, desk, known)


def demand_declined(uow: Uow, book: Book, desk: Desk, event: Event, told: DemandDeclined) -> None:
    """claims-api refused a step for some claims."""
    case = progress.declined(book, desk.case(told.case_id), told.step_id, told.claim_ids, told.reason, told.retry_on)
    desk.put(case)
    parts = [(told.step_id, claim_id) for claim_id in told.claim_ids]
    steps.end(uow.tx, "declined", parts, at=uow.now, reason=told.reason, retry_on=told.retry_on)


def demand_released(uow: Uow, book: Book, desk: Desk, event: Event, told: DemandReleased) -> None:
    """claims-api let the letters go."""
    steps.release(uow.tx, told.step_id, told.demand_id)


def demand_withdrawn(uow: Uow, book: Book, desk: Desk, event: Event, told: DemandWithdrawn) -> None:
    """claims-api took a demand back, before or after its letter went out."""
    case, drops = days.letter_withdrawn(
        book, desk.case(told.case_id), told.step_id, told.claim_ids, told.reason, told.retry_on
    )
    desk.put(case)
    desk.drop(drops, told.case_id, event)
    parts = [(told.step_id, claim_id) for claim_id in told.claim_ids]
    steps.make_void(uow.tx, told.step_id, told.claim_ids, told.reason)
    steps.end(uow.tx, "withdrawn", parts, at=uow.now, reason=told.reason, retry_on=told.retry_on)


def letter_dispatched(uow: Uow, book: Book, desk: Desk, event: Event, told: LetterDispatched) -> None:
    """The channel took every letter of a demand."""
    known = _demand(uow, event, told.demand_id, told.case_id)
    _catch_up(uow, book, desk, replace(known, dispatched_on=told.dispatched_on))


def letter_sent(uow: Uow, book: Book, desk: Desk, event: Event, told: LetterSent) -> None:
    """One recipient's letter counts as sent; the last one starts the deadline."""
    if told.deadline is None:
        return  # a confirmation or another letter that sets no deadline
    known = _demand(uow, event, told.demand_id, told.case_id)
    known = replace(
        known,
        sent_on=min(told.sent_on, known.sent_on or told.sent_on),
        deadline=max(told.deadline, known.deadline or told.deadline),
        all_sent=known.all_sent or told.last,
    )
    _catch_up(uow, book, desk, known)


def letter_failed(uow: Uow, book: Book, desk: Desk, event: Event, told: LetterFailed) -> None:
    """A letter could not be made or sent: noted with its step, which claims-api ends."""
    steps.fail(uow.tx, told.demand_id, told.reason)


def _demand(uow: Uow, event: Event, demand_id: str, case_id: str) -> Demand:
    known = steps.demands(uow.tx, [demand_id]).get(demand_id)
    return known or Demand(demand_id=demand_id, case_id=case_id, first_heard_on=day_of(event))


def _catch_up(uow: Uow, book: Book, desk: Desk, known: Demand) -> None:
    """Move the demand's claims as far as both topics have told."""
    steps.keep_demand(uow.tx, known)
    if known.step_id is None or known.dispatched_on is None:
        return
    case = desk.case(known.case_id)
    case = progress.dispatched(book, case, known.step_id, known.claim_ids, known.dispatched_on)
    steps.end(uow.tx, "dispatched", [(known.step_id, claim_id) for claim_id in known.claim_ids], at=uow.now)
    if known.all_sent and known.sent_on is not None and known.deadline is not None:
        letter = Letter(step_id=known.step_id, sent_on=known.sent_on, deadline=known.deadline)
        case = progress.sent(book, case, known.step_id, known.claim_ids, letter)
    desk.put(case)
