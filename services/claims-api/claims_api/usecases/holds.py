"""Placing and ending holds: collection of the held claims stands still, and escalation is told.

Whether a claim may be demanded is read from the stored holds by whoever judges a demand; the events tell escalation
when to wait and when to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from claims_api.domain.rules import TimeGiven
from claims_api.store import cases, claims, holds
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.holds import Hold
from shared.calendar import next_working_day, working_day_after
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.events import Event
from shared.events.claims import HoldEnded, HoldPlaced
from shared.uow import Uow

REASONS = {
    "objection": "Innsigelse",
    "deferral": "Betalingsutsettelse",
    "plan": "Nedbetalingsavtale",
    "request": "Søknad under behandling",
    "death": "Dødsfall",
    "bankruptcy": "Konkurs",
    "debt_settlement": "Gjeldsordning",
    "guardian_missing": "Mindreårig uten kjent verge",
    "unknown_address": "Ukjent adresse",
    "letter_failed": "Brevet kunne ikke sendes",
    "limitation_hearing": "Kort tid til foreldelse",
    "paid_claim": "Skyldneren opplyser å ha betalt",
    "manual": "Stanset av saksbehandler",
}
"""Why collection may stand still, and what people read."""

SYSTEM = "system"


def place_hold(
    uow: Uow,
    case: Case,
    claim_ids: Sequence[str],
    *,
    reason: str,
    until: date | None,
    placed_by: str,
    whole_case: bool = False,
    debtor_ref: str | None = None,
    request_id: str | None = None,
    cause: Event | None = None,
) -> Hold:
    """Stop collection of ``claim_ids`` of a locked case; publishes hold.placed for the claims that stand still.

    With ``debtor_ref`` the hold is about one of those liable: a claim that others are liable for too is not stopped,
    the one gets no letters.
    """
    hold = Hold(
        hold_id=uow.new_id("hold", cause=cause),
        case_id=case.case_id,
        reason=reason,
        from_on=uow.today,
        until=until,
        whole_case=whole_case,
        debtor_ref=debtor_ref,
        request_id=request_id,
        placed_by=placed_by,
        placed_at=case.last_recorded_at,
    )
    stops = _stops(uow, claim_ids, debtor_ref)
    holds.insert_hold(uow.tx, hold, stops)
    _publish_placed(uow, hold, [claim_id for claim_id, stopped in stops.items() if stopped], cause)
    entry = TimelineEntry(
        entry_id=uow.new_id("timeline:hold", cause=cause),
        case_id=case.case_id,
        at=case.last_recorded_at,
        type="hold.placed",
        summary=f"Innkrevingen er stanset: {REASONS[reason].lower()}",
        actor=placed_by,
        facts={"hold_id": hold.hold_id, "claim_ids": list(claim_ids), "until": until.isoformat() if until else None},
    )
    cases.add_timeline(uow.tx, [entry])
    return hold


def extend_to_claim(uow: Uow, case: Case, claim_id: str) -> None:
    """Put a claim that joins a case under the holds that stop the whole case."""
    standing = [hold for hold in holds.holds_of_case(uow.tx, case.case_id) if hold.whole_case]
    for hold in standing:
        stops = _stops(uow, [claim_id], hold.debtor_ref)
        holds.add_claims(uow.tx, hold.hold_id, stops)
        _publish_placed(uow, hold, [one for one, stopped in stops.items() if stopped], None)


def end_hold(
    uow: Uow,
    case: Case,
    hold: Hold,
    *,
    ended_by: str,
    cause: Event | None = None,
    given: TimeGiven | None = None,
    contested: bool = False,
) -> date:
    """End a hold on a locked case; returns the first day the ladder may go on. Raises Conflict when it has ended.

    ``given`` is the time to pay that a letter about the end gives. ``contested``: a rejected objection is stood by, so
    the claims go to their dispute body.
    """
    resume_on = next_working_day(uow.today) if given is None else working_day_after(given.grace_to)
    if not holds.end_hold(uow.tx, hold.hold_id, ended_on=uow.today, ended_by=ended_by, resume_on=resume_on):
        raise Conflict("hold-ended", "the hold has ended already")
    stopped = [claim_id for claim_id, stops in holds.claims_of_hold(uow.tx, hold.hold_id).items() if stops]
    if stopped:
        payload = HoldEnded(
            case_id=case.case_id,
            hold_id=hold.hold_id,
            claim_ids=stopped,
            reason=hold.reason,
            resume_on=resume_on,
            contested=contested,
            pay_by=given.pay_by if given else None,
        )
        uow.emit(payload, key=case.case_id, cause=cause)
    entry = TimelineEntry(
        entry_id=uow.new_id("timeline:hold-ended", cause=cause),
        case_id=case.case_id,
        at=case.last_recorded_at,
        type="hold.ended",
        summary=f"Stansen er opphevet: {REASONS[hold.reason].lower()}",
        actor=ended_by,
        facts={"hold_id": hold.hold_id, "resume_on": resume_on.isoformat()},
    )
    cases.add_timeline(uow.tx, [entry])
    return resume_on


def end_run_out(uow: Uow, *, limit: int) -> int:
    """End the holds whose last day has passed; returns how many."""
    due = holds.run_out(uow.tx, uow.today, limit)
    locked = cases.lock_cases(uow, {hold.case_id for hold in due})
    for hold in due:
        end_hold(uow, locked[hold.case_id], hold, ended_by=SYSTEM)
    return len(due)


def _stops(uow: Uow, claim_ids: Sequence[str], debtor_ref: str | None) -> dict[str, bool]:
    if debtor_ref is None:
        return dict.fromkeys(claim_ids, True)
    liable = claims.parties_of(uow.tx, claim_ids)
    already = holds.held_debtors(uow.tx, claim_ids)
    return {
        claim_id: set(liable.get(claim_id, [])) <= {debtor_ref} | already.get(claim_id, set())
        for claim_id in claim_ids
        if debtor_ref in liable.get(claim_id, [])
    }


def _publish_placed(uow: Uow, hold: Hold, claim_ids: Sequence[str], cause: Event | None) -> None:
    if claim_ids:
        payload = HoldPlaced(
            case_id=hold.case_id, hold_id=hold.hold_id, claim_ids=list(claim_ids), reason=hold.reason, until=hold.until
        )
        uow.emit(payload, key=hold.case_id, cause=cause)


def hold_by_hand(
    uow: Uow,
    case_id: str,
    *,
    reason: str,
    until: date | None,
    claim_ids: Sequence[str] | None,
    debtor_ref: str | None,
    who: str,
) -> tuple[str, int]:
    """Place a hold for a caseworker; returns its id and the case's version.

    Raises NotFound for an unknown case, Reject for claims that are not of the case or have ended, for a day that has
    passed and for someone who is not liable; Conflict when nothing is open.
    """
    case = cases.lock_case(uow, case_id)
    if case is None:
        raise NotFound("case")
    inside = claims.claims_of_case(uow.tx, case_id)
    errors = _wrong_claims(inside, claim_ids)
    if until is not None and until < uow.today:
        errors.append(FieldError("until", "in-past", "expected today or later, or null"))
    wanted = [claim.claim_id for claim in inside if claim.ended_on is None]
    if claim_ids is not None:
        wanted = [claim_id for claim_id in wanted if claim_id in claim_ids]
    if debtor_ref is not None:
        liable = claims.parties_of(uow.tx, wanted)
        if not any(debtor_ref in parties for parties in liable.values()):
            errors.append(
                FieldError("debtor_ref", "not-liable", "expected someone who is liable for one of the claims")
            )
    if errors:
        raise Invalid(*errors)
    if not wanted:
        raise Conflict("nothing-open", "case: expected a claim that is still collected, got none")
    hold = place_hold(
        uow,
        case,
        wanted,
        reason=reason,
        until=until,
        placed_by=who,
        whole_case=claim_ids is None,
        debtor_ref=debtor_ref,
    )
    return hold.hold_id, case.version


def release_by_hand(uow: Uow, case_id: str, hold_id: str, *, who: str) -> tuple[date, int]:
    """End a hold for a caseworker; returns the first day collection may go on and the case's version.

    A hold that a request placed ends with its decision, not here: Conflict.
    """
    case = cases.lock_case(uow, case_id)
    hold = holds.find_hold(uow.tx, hold_id)
    if case is None or hold is None or hold.case_id != case_id:
        raise NotFound("hold")
    if hold.request_id is not None:
        raise Conflict("held-by-request", "hold: expected one placed by hand, got one that ends with its request")
    resume_on = end_hold(uow, case, hold, ended_by=who)
    if hold.reason == "limitation_hearing":
        claims.set_status(uow.tx, holds.claims_of_hold(uow.tx, hold_id), "accepted")
    return resume_on, case.version


def _wrong_claims(inside: Sequence[Claim], claim_ids: Sequence[str] | None) -> list[FieldError]:
    known = {claim.claim_id: claim for claim in inside}
    errors = []
    for at, claim_id in enumerate(claim_ids or ()):
        claim = known.get(claim_id)
        if claim is None:
            errors.append(FieldError(f"claim_ids.{at}", "unknown", "expected a claim of this case"))
        elif claim.ended_on is not None:
            errors.append(FieldError(f"claim_ids.{at}", "ended", "expected a claim that is still collected"))
    return errors
