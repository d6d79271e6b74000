"""A step is due: may the demand go, and what does it say? Answered once, issued or declined, for every claim.

Under the locks of the debtor (one fee in 14 days) and of the case. What is issued is frozen: the balance on the planned
day, its own fee, the deadline, and the version of each recipient's record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from claims_api.deps import Deps
from claims_api.domain.accrual import ClaimBalance
from claims_api.domain.claim_types import claim_type, enforcement_basis
from claims_api.domain.court_fees import CourtStep, court_fee
from claims_api.domain.demand import Declined, Refusal, planned_dispatch, printed_deadline
from claims_api.domain.fees import FEE_LABELS, ChargedClaim, EarlierLetter, FeeRegime, LetterKind, letter_fee
from claims_api.domain.interest import rate_on
from claims_api.domain.salaer import change_days
from claims_api.store import cases, debtors, demands
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.demands import Demand, FeeDay
from claims_api.usecases.casebook import book_cases, load_books
from claims_api.usecases.consequences import SYSTEM, tell_what_changed
from claims_api.usecases.judging import Looked, Sight, fee_of, look, sight, verdict_of
from claims_api.usecases.letter_facts import creditor_facts, payee, recipients
from shared.calendar import working_day_after
from shared.errors import Park
from shared.events import Event
from shared.events.claims import CreditorFacts, DemandDeclined, DemandIssued, StatementLine
from shared.events.escalation import StepDue
from shared.law import RatesMissing, Traced
from shared.money import kroner
from shared.uow import Uow

TITLES = {
    LetterKind.NOTICE: "Inkassovarsel",
    LetterKind.DEMAND: "Betalingsoppfordring",
    LetterKind.WARNING: "Varsel om tvangsfullbyrdelse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Going:
    """A demand about to be issued."""

    event: Event
    step: StepDue
    kind: LetterKind
    seen: Sight
    claims: Sequence[Claim]
    fee: Traced[int]
    deadline: date

    @property
    def planned(self) -> date:
        return self.seen.planned

    @property
    def total_ore(self) -> int:
        return sum(self.seen.owed[claim.claim_id].balance.total_ore for claim in self.claims) + self.fee.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A frozen demand, as stored and as published."""

    going: _Going
    demand: Demand
    payload: DemandIssued


def on_step_due(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Judge the steps that are due (step.due): demand.issued or demand.declined for every claim of each.

    Raises Park for a step of an unknown case. A step that has its demand already is left alone.
    """
    locked = _lock(uow, [cast(StepDue, event.payload).case_id for event in events])
    answered = demands.steps_answered(uow.tx, [cast(StepDue, event.payload).step_id for event in events])
    looked = look(uow, deps, load_books(uow.tx, locked))
    creditors = {unit: creditor_facts(uow.tx, unit) for unit in {case.unit for case in locked.values()}}
    ready: list[_Ready] = []
    for event in events:
        if cast(StepDue, event.payload).step_id in answered:
            continue
        going = _judge(uow, deps, looked, event)
        if going is not None:
            ready.append(_freeze(uow, deps, looked, going, creditors[going.seen.book.case.unit]))
    _issue(uow, deps, ready)


def _judge(uow: Uow, deps: Deps, looked: Looked, event: Event) -> _Going | None:
    """Decline what may not go; return what may, None when nothing may."""
    step = cast(StepDue, event.payload)
    kind = LetterKind(step.kind)
    seen = sight(uow, deps, looked, step.case_id, step.claim_ids, planned_dispatch(uow.today))
    verdict = verdict_of(deps, seen, kind)
    together, later = _who_goes_together(looked, seen, verdict.go, working_day_after(uow.today))
    missing = tuple(name for name in step.claim_ids if name not in seen.checks)
    strangers = [Declined(claim_ids=missing, reason=Refusal.NOT_IN_CASE, retry_on=None)] if missing else []
    for declined in (*strangers, *verdict.declined, *later):
        _decline(uow, event, step, declined)
    if not together:
        return None
    deadline = printed_deadline(seen.planned, days=deps.settings.deadline_days)
    fee = fee_of(deps, looked, seen, kind, together, deadline)
    held = [seen.book.claim(name) for name in together]
    return _Going(event=event, step=step, kind=kind, seen=seen, claims=held, fee=fee, deadline=deadline)


def _lock(uow: Uow, case_ids: Sequence[str]) -> dict[str, Case]:
    """Lock debtors, then cases: the order in which a claim is taken in."""
    found = cases.find_cases(uow.tx, case_ids)
    if set(case_ids) - found.keys():
        raise Park("unknown_case", "case_id: expected a case of this service")
    debtors.lock_debtors(uow.tx, [case.debtor_ref for case in found.values()])
    return cases.lock_cases(uow, found)


def _who_goes_together(looked: Looked, seen: Sight, go: Sequence[str], again: date) -> tuple[list[str], list[Declined]]:
    """Split what may go by who gets the letter: a co-debtor sees their own claim alone, so it goes by itself.

    Returns the claims of the letter that goes now, oldest first, and those that come again the next working day.
    """
    able = [name for name in go if recipients("", seen.liable[name], looked.debtors)]
    nobody = tuple(name for name in go if name not in able)
    declined = [Declined(claim_ids=nobody, reason=Refusal.NO_RECIPIENT, retry_on=None)] if nobody else []
    if not able:
        return [], declined
    alone = len(seen.liable[able[0]]) > 1
    mine = [able[0]] if alone else [name for name in able if seen.liable[name] == seen.liable[able[0]]]
    rest = tuple(name for name in able if name not in mine)
    if rest:
        declined.append(Declined(claim_ids=rest, reason=Refusal.DEMAND_TODAY, retry_on=again))
    return mine, declined


def _freeze(uow: Uow, deps: Deps, looked: Looked, going: _Going, creditor: CreditorFacts) -> _Ready:
    """Freeze a demand: what is owed on the planned day, its fee, deadline and recipients."""
    case = going.seen.book.case
    demand_id = uow.new_id("demand", cause=going.event)
    payload = _payload(deps, looked, going, demand_id, creditor)
    demand = Demand(
        demand_id=demand_id,
        step_id=going.step.step_id,
        case_id=case.case_id,
        debtor_ref=case.debtor_ref,
        legal_person=case.legal_person,
        kind=going.kind.value,
        state=demands.ISSUED,
        planned_dispatch=going.planned,
        deadline=going.deadline,
        kid=payload.kid,
        fee_ore=going.fee.value,
        fee_trace=going.fee.trace.as_json(),
        fee_regime=going.claims[0].fee_regime,
        total_ore=payload.total_ore,
        frozen=payload.model_dump(mode="json"),
        issued_on=uow.today,
        issued_at=case.last_recorded_at,
        released_until=None,
        sent_on=None,
        next_cost_on=None,
        ended_on=None,
        reason=None,
        void=False,
        fee_dropped=False,
        owed={claim.claim_id: going.seen.owed[claim.claim_id].balance.total_ore for claim in going.claims},
    )
    if going.kind is LetterKind.DEMAND and going.fee.value > 0:
        # The next demand of this debtor in the same batch must see that a fee is taken.
        fee_day = FeeDay(
            demand_id=demand_id,
            debtor_ref=case.debtor_ref,
            legal_person=case.legal_person,
            planned_dispatch=going.planned,
        )
        looked.fee_days.append(fee_day)
    return _Ready(going=going, demand=demand, payload=payload)


def _issue(uow: Uow, deps: Deps, ready: Sequence[_Ready]) -> None:
    """Store what was frozen, post the interest it asks for, and publish it."""
    demands.insert_demands(uow.tx, [one.demand for one in ready])
    books = {one.demand.case_id: one.going.seen.book for one in ready}
    causes: dict[str, Event | None] = {one.demand.case_id: one.going.event for one in ready}
    interest_to = {name: [one.going.planned] for one in ready for name in one.demand.owed}
    booked = book_cases(uow, deps, books, causes, interest_to=interest_to)
    tell_what_changed(uow, deps, books, booked, causes)
    for one in ready:
        uow.emit(one.payload, key=one.demand.case_id, cause=one.going.event)
    cases.add_timeline(uow.tx, [_timeline(uow, one) for one in ready])


def _payload(deps: Deps, looked: Looked, going: _Going, demand_id: str, creditor: CreditorFacts) -> DemandIssued:
    case, oldest = going.seen.book.case, going.claims[0]
    shared_claim = len(going.seen.liable[oldest.claim_id]) > 1
    own_kid = len(going.claims) == 1 and (going.kind is LetterKind.NOTICE or shared_claim)
    return DemandIssued(
        demand_id=demand_id,
        step_id=going.step.step_id,
        case_id=case.case_id,
        case_number=case.case_number,
        kind=going.step.kind,
        claim_ids=[claim.claim_id for claim in going.claims],
        planned_dispatch=going.planned,
        deadline=going.deadline,
        kid=oldest.kid if own_kid else case.kid,
        lines=[statement_line(deps, claim, going.seen.owed[claim.claim_id], going.planned) for claim in going.claims],
        fee_ore=going.fee.value,
        fee_label=FEE_LABELS[FeeRegime(oldest.fee_regime)],
        total_ore=going.total_ore,
        provisional_rates=any(going.seen.owed[claim.claim_id].interest.provisional for claim in going.claims),
        expected_further_costs_ore=_further_costs(deps, going),
        dispute_body=cast(Literal["forliksraad", "husleietvistutvalg", "unit"], oldest.dispute_body),
        enforcement_basis=enforcement_basis(oldest.claim_type, looked.judged.get(oldest.claim_id)),
        creditor=creditor,
        payee=payee(deps.settings),
        recipients=recipients(demand_id, going.seen.liable[oldest.claim_id], looked.debtors),
    )


def statement_line(deps: Deps, claim: Claim, owed: ClaimBalance, planned: date) -> StatementLine:
    """Show a claim with principal and additions apart (inkassoloven § 10 c, d)."""
    bears = claim.interest_from is not None
    rate = rate_on(planned, table=deps.rules.rates.table("late_interest")) if bears else None
    balance = owed.balance
    return StatementLine.model_validate(
        {
            "claim_id": claim.claim_id,
            "claim_type": claim.claim_type,
            "service_name": claim_type(claim.claim_type).service_name,
            "invoice_number": claim.invoice_number,
            "invoice_date": claim.invoice_date,
            "due_date": claim.due_date,
            "principal_ore": balance.principal_ore,
            "interest_ore": balance.interest_ore,
            "interest_from": claim.interest_from,
            "interest_rate_percent": f"{rate:f}" if rate is not None else None,
            "fees_ore": balance.fees_ore,
            "legal_costs_ore": balance.legal_costs_ore,
            "total_ore": balance.total_ore,
        }
    )


def _further_costs(deps: Deps, going: _Going) -> int:
    """Estimate what comes on top if nothing is paid: the next letter's fee, or the court fee of an attachment."""
    oldest = going.claims[0]
    try:
        if going.kind is not LetterKind.NOTICE:
            return court_fee(CourtStep.ATTACHMENT, going.deadline, rates=deps.rules.rates).value
        sent = EarlierLetter(kind=going.kind, sent_on=going.planned, deadline=going.deadline, fee_ore=going.fee.value)
        charged = ChargedClaim(due_date=oldest.due_date, minor=oldest.minor, letters=[sent])
        return letter_fee(LetterKind.DEMAND, working_day_after(going.deadline), charged, rules=deps.rules).value
    except RatesMissing:
        return 0


def _decline(uow: Uow, event: Event, step: StepDue, declined: Declined) -> None:
    payload = DemandDeclined(
        step_id=step.step_id,
        case_id=step.case_id,
        claim_ids=list(declined.claim_ids),
        reason=declined.reason.value,
        retry_on=declined.retry_on,
    )
    uow.emit(payload, key=step.case_id, cause=event)


def _timeline(uow: Uow, one: _Ready) -> TimelineEntry:
    going, case = one.going, one.going.seen.book.case
    return TimelineEntry(
        entry_id=uow.new_id("timeline:demand", cause=going.event),
        case_id=case.case_id,
        claim_id=going.claims[0].claim_id if len(going.claims) == 1 else None,
        at=case.last_recorded_at,
        type="demand.issued",
        summary=f"{TITLES[going.kind]} på {kroner(going.total_ore)} kroner er laget, frist {going.deadline:%d.%m.%Y}",
        actor=SYSTEM,
        facts={"demand_id": one.demand.demand_id, "total_ore": going.total_ore, "fee_ore": going.fee.value},
    )


def next_cost_day(deps: Deps, demand: Demand, after: date, sent_on: date, deadline: date) -> date | None:
    """Return the next day a sent demand's cost may change by itself, None under fixed letter fees."""
    if FeeRegime(demand.fee_regime) is FeeRegime.OWN_FEES or demand.kind != LetterKind.DEMAND.value:
        return None
    horizon = date(deadline.year + 3, 12, 31)
    days = change_days(deadline, sent_on, horizon, rates=deps.rules.rates)
    return next((day for day in days if day > after), None)
