"""What becomes of a demand's letters: the last look, the sending that books the fee, and the failure a person sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from claims_api.deps import Deps
from claims_api.domain.demand import Frozen, LastLook, Refusal, gives_too_little_time, last_look
from claims_api.domain.fees import LetterKind
from claims_api.store import cases, debtors, demands
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.demands import Demand
from claims_api.usecases.casebook import CaseBook, book_cases, load_books
from claims_api.usecases.consequences import SYSTEM, reverse_fee, tell_what_changed
from claims_api.usecases.demands import TITLES, next_cost_day
from claims_api.usecases.holds import place_hold
from claims_api.usecases.judging import fee_of, look, sight, verdict_of
from shared.calendar import working_day_after
from shared.errors import Park
from shared.events import Event
from shared.events.claims import DemandReleased, DemandWithdrawn
from shared.events.notifications import LetterFailed, LetterReady, LetterSent
from shared.uow import Uow

LETTER_FAILED = "letter_failed"


@dataclass(frozen=True, slots=True)
class _Told:
    """An event about a letter of one of our demands."""

    event: Event
    demand: Demand


def on_letter_ready(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Take the last look (letter.ready): demand.released until a day, or demand.withdrawn with the reason.

    A demand that was released and not sent in time is looked at again; one that is withdrawn stays so.
    """
    told, locked = _ours(uow, events, lock_debtors=True)
    looked = look(uow, deps, load_books(uow.tx, locked))
    for one in told:
        demand = one.demand
        if demand.state not in demands.PENDING:
            continue
        kind = LetterKind(demand.kind)
        seen = sight(
            uow, deps, looked, demand.case_id, demand.claim_ids, demand.planned_dispatch, besides=demand.demand_id
        )
        fee = fee_of(deps, looked, seen, kind, demand.claim_ids, demand.deadline)
        answer = last_look(
            Frozen(kind=kind, owed=demand.owed, fee_ore=demand.fee_ore, deadline=demand.deadline),
            verdict_of(deps, seen, kind),
            {name: balance.balance.total_ore for name, balance in seen.owed.items()},
            fee.value,
            uow.today,
            rules=deps.rules,
        )
        _answer(uow, one, answer, locked[demand.case_id])


def on_letter_sent(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Book a letter that counts as sent (letter.sent): its fee, valued on that day; the last letter sets the deadline.

    A letter whose claims had all ended by then, or that leaves too little time, is void: fee booked and reversed, the
    demand taken back, whoever got it told.
    """
    told, locked = _ours(uow, events, lock_debtors=False)
    causes: dict[str, Event | None] = {}
    for one in told:
        _note_sent(uow, deps, one, locked[one.demand.case_id])
        causes[one.demand.case_id] = one.event
    books = load_books(uow.tx, {case_id: locked[case_id] for case_id in causes})
    booked = book_cases(uow, deps, books, causes)
    tell_what_changed(uow, deps, books, booked, causes)
    for one in told:
        _take_back_too_late(uow, one, books[one.demand.case_id], locked[one.demand.case_id])


def on_letter_failed(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """A letter could not be made or sent (letter.failed): the demand is withdrawn and a caseworker must look."""
    told, locked = _ours(uow, events, lock_debtors=False)
    for one in told:
        demand, case = one.demand, locked[one.demand.case_id]
        if demand.state not in demands.PENDING:
            continue
        _withdraw(uow, one, case, Refusal.LETTER_FAILED.value, None)
        place_hold(uow, case, demand.claim_ids, reason=LETTER_FAILED, until=None, placed_by=SYSTEM, cause=one.event)


def post_later_costs(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Post what demands cost more from today (tungt salær, a new sats); returns how many were looked at."""
    due = demands.with_cost_due(uow.tx, uow.today, limit)
    locked = cases.lock_cases(uow, {demand.case_id for demand in due})
    books = load_books(uow.tx, locked)
    booked = book_cases(uow, deps, books, {})
    tell_what_changed(uow, deps, books, booked, {})
    for demand in due:
        if demand.sent_on is not None:
            next_on = next_cost_day(deps, demand, uow.today, demand.sent_on, demand.deadline)
            demands.change_demand(uow.tx, demand.demand_id, next_cost_on=next_on)
    return len(due)


def _ours(uow: Uow, events: Iterable[Event], *, lock_debtors: bool) -> tuple[list[_Told], Mapping[str, Case]]:
    """Find the demands the events are about and lock their cases; letters about anything else are not ours to judge."""
    found = demands.find_demands(uow.tx, [_letter(event).demand_id for event in events])
    told = [_Told(event, found[_letter(event).demand_id]) for event in events if _letter(event).demand_id in found]
    case_ids = [one.demand.case_id for one in told]
    if lock_debtors:
        debtors.lock_debtors(uow.tx, [one.demand.debtor_ref for one in told])
    locked = cases.lock_cases(uow, case_ids)
    if set(case_ids) - locked.keys():
        raise Park("unknown_case", "case_id: expected a case of this service")
    fresh = demands.find_demands(uow.tx, found)
    return [_Told(one.event, fresh[one.demand.demand_id]) for one in told], locked


def _letter(event: Event) -> LetterReady | LetterSent | LetterFailed:
    return cast(LetterReady | LetterSent | LetterFailed, event.payload)


def _answer(uow: Uow, one: _Told, answer: LastLook, case: Case) -> None:
    demand = one.demand
    if answer.until is None:
        reason = answer.reason.value if answer.reason else Refusal.AMOUNT_CHANGED.value
        _withdraw(uow, one, case, reason, answer.retry_on)
        return
    demands.change_demand(uow.tx, demand.demand_id, state=demands.RELEASED, released_until=answer.until)
    released = DemandReleased(
        demand_id=demand.demand_id, step_id=demand.step_id, case_id=demand.case_id, until=answer.until
    )
    uow.emit(released, key=demand.case_id, cause=one.event)


def _withdraw(
    uow: Uow, one: _Told, case: Case, reason: str, retry_on: date | None, *, after_dispatch: bool = False
) -> None:
    demand = one.demand
    changes = {"void": True} if after_dispatch else {"state": demands.WITHDRAWN}
    demands.change_demand(uow.tx, demand.demand_id, ended_on=uow.today, reason=reason, **changes)
    uow.emit(
        DemandWithdrawn(
            demand_id=demand.demand_id,
            step_id=demand.step_id,
            case_id=demand.case_id,
            claim_ids=list(demand.claim_ids),
            reason=reason,
            retry_on=retry_on,
            after_dispatch=after_dispatch,
        ),
        key=demand.case_id,
        cause=one.event,
    )
    _tell(uow, one, case, "demand.withdrawn", "er trukket tilbake")


def _note_sent(uow: Uow, deps: Deps, one: _Told, case: Case) -> None:
    """Write down the sending: the first letter of a demand dates it, the last one sets its deadline."""
    demand, sent = one.demand, cast(LetterSent, one.event.payload)
    first = demand.sent_on is None
    sent_on = sent.sent_on if demand.sent_on is None else demand.sent_on
    deadline = max(demand.deadline, sent.deadline or demand.deadline)
    late = gives_too_little_time(sent.sent_on, deadline, LetterKind(demand.kind), rules=deps.rules)
    # A demand that was withdrawn and whose letter left all the same never had ground: fee booked and taken back.
    stray = demand.state == demands.WITHDRAWN
    demands.change_demand(
        uow.tx,
        demand.demand_id,
        state=demands.SENT,
        sent_on=sent_on,
        deadline=deadline,
        void=demand.void or late or stray,
        next_cost_on=None if late or stray else next_cost_day(deps, demand, sent_on, sent_on, deadline),
    )
    if first:
        _tell(uow, one, case, "letter.sent", f"er sendt, frist {deadline:%d.%m.%Y}")


def _take_back_too_late(uow: Uow, one: _Told, book: CaseBook, case: Case) -> None:
    """Tell of a letter that was void for a reason of its own, not because its claims had ended."""
    now = next(demand for demand in book.demands if demand.demand_id == one.demand.demand_id)
    if not now.void or one.demand.void:
        return
    stray = one.demand.state == demands.WITHDRAWN
    reason = one.demand.reason if stray and one.demand.reason else Refusal.TOO_LATE.value
    retry_on = None if stray else working_day_after(uow.today)
    _withdraw(uow, one, case, reason, retry_on, after_dispatch=True)
    reverse_fee(uow, book, one.demand, reason, one.event)


def _tell(uow: Uow, one: _Told, case: Case, kind: str, what: str) -> None:
    demand = one.demand
    entry = TimelineEntry(
        entry_id=uow.new_id(f"timeline:{kind}:{demand.demand_id}", cause=one.event),
        case_id=case.case_id,
        claim_id=demand.claim_ids[0] if len(demand.claim_ids) == 1 else None,
        at=case.last_recorded_at,
        type=kind,
        summary=f"{TITLES[LetterKind(demand.kind)]} {what}",
        actor=SYSTEM,
        facts={"demand_id": demand.demand_id, "claim_ids": list(demand.claim_ids)},
    )
    cases.add_timeline(uow.tx, [entry])
