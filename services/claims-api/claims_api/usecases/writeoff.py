"""Manual write-off (avskriving) and legal costs that a body awarded, both by a caseworker and through the ledger.

A write-off gives a claim up in the accounts; it deletes nothing. The claim lives: nobody asks for it any more, but
money that comes later counts on it and takes the write-off back as far as it goes (not on a time-barred claim: see
``limitation``). Above an amount two persons decide.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

from claims_api.deps import Deps
from claims_api.domain.ledger import Account, EntryKind, changed_charge, record
from claims_api.store import cases, claims, decisions, ledger
from claims_api.store import writeoff as store
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.writeoff import TIME_BARRED, WriteOff
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.consequences import CLOSED_BY_HAND, SYSTEM
from claims_api.usecases.on_record import decide, tell
from claims_api.usecases.payments import settle_case
from claims_api.usecases.requests.freezing import withdraw_pending
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.events.claims import ClaimEnded
from shared.law import Trace
from shared.money import MAX_AMOUNT_ORE, kroner
from shared.uow import Uow

Reason = Literal["uncollectible", "estate_empty", "debt_settlement", "not_worth_it", "time_barred"]
CostsBasis = Literal["forliksraad", "husleietvistutvalg", "court", "enforcement"]

COSTS_REFERENCES = {
    "forliksraad": "tvisteloven §§ 6-13, 20-2",
    "husleietvistutvalg": "husleieloven § 12-5",
    "court": "tvisteloven § 20-2",
    "enforcement": "tvangsfullbyrdelsesloven § 3-1",
}


def ask_write_off(uow: Uow, deps: Deps, claim_id: str, *, reason: Reason, who: str) -> WriteOff:
    """Write what is left of a claim off, or propose it when the amount takes two persons.

    Raises NotFound, Conflict for a claim that is withdrawn, written off, paid, at a legal step or proposed already.
    """
    claim = claims.find_claim(uow.tx, claim_id)
    case = cases.lock_case(uow, claim.case_id) if claim else None
    fresh = claims.find_claim(uow.tx, claim_id)
    if case is None or fresh is None:
        raise NotFound("claim")
    _check_open(fresh)
    if store.proposed_of(uow.tx, [claim_id]):
        raise Conflict("write-off-proposed", "claim: expected one without a write-off that waits for a decision")
    asked = WriteOff(
        write_off_id=uow.new_id("write-off"),
        case_id=case.case_id,
        claim_id=claim_id,
        reason=reason,
        amount_ore=_owed(uow, deps, claim_id),
        state=store.PROPOSED,
        proposed_by=who,
        proposed_at=uow.now,
    )
    store.add_write_offs(uow.tx, [asked])
    if asked.amount_ore > deps.settings.write_off_alone_max_ore:
        _tell_amount(uow, case, fresh, "write_off.proposed", "Avskriving er foreslått", who, asked.amount_ore)
        return asked
    return _carry_out(uow, deps, case, fresh, asked, who)


def decide_write_off(uow: Uow, deps: Deps, write_off_id: str, *, approve: bool, who: str) -> WriteOff:
    """Decide about a write-off that waits: one person up to the limit, two different ones above it (fire øyne).

    Whoever proposed it counts as one of the two. Raises NotFound, Conflict for one that is decided, Forbidden for the
    person who has agreed already.
    """
    known = store.find_write_off(uow.tx, write_off_id)
    case = cases.lock_case(uow, known.case_id) if known else None
    found = store.find_write_off(uow.tx, write_off_id, lock=True)
    if case is None or found is None:
        raise NotFound("write-off")
    if found.state != store.PROPOSED:
        raise Conflict("write-off-decided", f"write-off: expected one that waits, got one that is {found.state}")
    claim = claims.find_claims(uow.tx, [found.claim_id])[found.claim_id]
    if not approve:
        return _decided(uow, found, store.REFUSED, who)
    agreed = {one for one in (found.proposed_by, found.first_approved_by) if one is not None and one != SYSTEM}
    if who in agreed:
        raise Forbidden("four-eyes", "approval: expected another person than the one who agreed before")
    amount = _owed(uow, deps, found.claim_id)
    needed = 2 if max(amount, found.amount_ore) > deps.settings.write_off_alone_max_ore else 1
    if len(agreed) + 1 < needed:
        store.change_write_off(uow.tx, write_off_id, first_approved_by=who)
        return replace(found, first_approved_by=who)
    _check_open(claim)
    return _carry_out(uow, deps, case, claim, replace(found, amount_ore=amount), who)


def award_costs(
    uow: Uow,
    deps: Deps,
    case_id: str,
    *,
    amount_ore: int,
    awarded_on: date,
    basis: CostsBasis,
    document: str,
    claim_id: str | None,
    who: str,
) -> Case:
    """Note legal costs (sakskostnader) that a body awarded: they are owed from ``awarded_on``, without interest.

    They lie on ``claim_id``, else on the oldest claim of the case that is at a legal step, else the oldest open one.
    Raises NotFound, Conflict when no claim can bear them, Reject for an amount or a day that cannot be.
    """
    case = cases.lock_case(uow, case_id)
    if case is None:
        raise NotFound("case")
    claim = _bearer(uow, case, claim_id)
    _check_award(uow, claim, amount_ore, awarded_on)
    decision = decide(uow, case, claim, decisions.COSTS_AWARDED, reason=basis, effective_on=awarded_on, who=who)
    why = Trace(
        rule="legal_costs.awarded",
        reference=COSTS_REFERENCES[basis],
        inputs={"basis": basis, "awarded_on": awarded_on.isoformat(), "document": document, "amount_ore": amount_ore},
    )
    draft = changed_charge(
        kind=EntryKind.COSTS_AWARDED,
        account=Account.LEGAL_COSTS,
        amount_ore=amount_ore,
        unit=claim.unit,
        case_id=case_id,
        claim_id=claim.claim_id,
        value_date=awarded_on,
        about=decision.decision_id,
        trace=why,
    )
    source = f"decision:{decision.decision_id}"
    ledger.add_transfers(uow.tx, record([draft], source_event=source, recorded_at=case.last_recorded_at))
    _tell_amount(uow, case, claim, "legal_costs.awarded", "Sakskostnader er idømt", who, amount_ore)
    settle_case(uow, deps, case)
    return case


def _carry_out(uow: Uow, deps: Deps, case: Case, claim: Claim, write_off: WriteOff, who: str) -> WriteOff:
    barred = claim.status == TIME_BARRED
    withdraw_pending(uow, case, [claim.claim_id], decisions.WRITTEN_OFF)
    decide(uow, case, claim, decisions.WRITTEN_OFF, reason=write_off.reason, effective_on=uow.today, who=who)
    if not barred:
        status = decisions.WRITTEN_OFF
        ledger.end_by_decision(uow.tx, claim.claim_id, status=status, ended_on=uow.today, end_reason=status)
    _tell_amount(uow, case, claim, "claim.written_off", "Kravet er avskrevet", who, write_off.amount_ore)
    settle_case(uow, deps, case)
    if not barred:
        ended = ClaimEnded(
            case_id=case.case_id, claim_id=claim.claim_id, ended_on=uow.today, reason=decisions.WRITTEN_OFF
        )
        uow.emit(ended, key=case.case_id)
    return _decided(uow, write_off, store.DONE, who)


def _decided(uow: Uow, write_off: WriteOff, state: str, who: str) -> WriteOff:
    done = replace(write_off, state=state, decided_by=who, decided_at=uow.now)
    store.change_write_off(
        uow.tx, done.write_off_id, state=state, amount_ore=done.amount_ore, decided_by=who, decided_at=uow.now
    )
    return done


def _check_open(claim: Claim) -> None:
    closed = claim.status in CLOSED_BY_HAND - {TIME_BARRED} or claim.status in ("settled", "legal")
    if closed or (claim.status == TIME_BARRED and claim.left_ore <= 0):
        raise Conflict("claim-closed", f"claim: expected one that is owed and at no legal step, got {claim.status}")


def _owed(uow: Uow, deps: Deps, claim_id: str) -> int:
    return claim_balances(uow.tx, deps, [claim_id], as_of=uow.today, known_at=None)[claim_id].total_ore


def _bearer(uow: Uow, case: Case, claim_id: str | None) -> Claim:
    inside = claims.claims_of_case(uow.tx, case.case_id)
    if claim_id is not None:
        inside = [one for one in inside if one.claim_id == claim_id]
        if not inside:
            raise NotFound("claim")
    can = [one for one in inside if one.status not in CLOSED_BY_HAND]
    if not can:
        raise Conflict("claim-closed", "case: expected a claim that is not withdrawn, written off or time-barred")
    return min(can, key=lambda one: (one.status != "legal", one.ended_on is not None, one.due_date, one.claim_id))


def _check_award(uow: Uow, claim: Claim, amount_ore: int, awarded_on: date) -> None:
    errors = []
    if not 0 < amount_ore <= MAX_AMOUNT_ORE:
        errors.append(FieldError("amount_ore", "amount", "expected above zero and at most ten million kroner"))
    if not claim.due_date < awarded_on <= uow.today:
        detail = f"expected after the claim's due date and at most {uow.today.isoformat()}"
        errors.append(FieldError("awarded_on", "day", detail))
    if errors:
        raise Invalid(*errors)


def _tell_amount(uow: Uow, case: Case, claim: Claim, kind: str, text: str, who: str, amount_ore: int) -> None:
    tell(uow, case, claim, kind, f"{text}: {kroner(amount_ore)} kroner", who=who, facts={"amount_ore": amount_ore})
