"""Stopping at once what a request stops: the claims stand still and letters that have not left stay here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from claims_api.domain.rules import TimeGiven
from claims_api.store import claims, demands, holds, requests
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.demands import Demand
from claims_api.store.requests import Request
from claims_api.usecases.consequences import CLOSED_BY_HAND
from claims_api.usecases.holds import end_hold, place_hold
from shared.calendar import working_day_after
from shared.events.claims import DemandWithdrawn
from shared.uow import Uow

DISPUTED, ON_HOLD, AMOUNT_CHANGED = "disputed", "on_hold", "amount_changed"


def stop(
    uow: Uow,
    case: Case,
    about: Sequence[Claim],
    *,
    reason: str,
    request: Request,
    until: date | None = None,
    actor: str,
) -> None:
    """Stop collection of claims of a locked case because of a request: letters on their way first, then the hold."""
    ids = [claim.claim_id for claim in about]
    withdraw_pending(uow, case, ids, DISPUTED if reason == "objection" else ON_HOLD)
    place_hold(uow, case, ids, reason=reason, until=until, placed_by=actor, request_id=request.request_id)


def freeze(uow: Uow, case: Case, request: Request, about: Sequence[Claim], *, actor: str) -> None:
    """Stop what an objection disputes, unless it stands still because of it already.

    The whole claims are held; of a part only the letters that ask for it are taken back.
    """
    ids = [claim.claim_id for claim in about]
    if request.disputed_ore is not None:
        withdraw_pending(uow, case, ids, AMOUNT_CHANGED)
    elif ids and not holds.holds_of_request(uow.tx, request.request_id):
        stop(uow, case, about, reason="objection", request=request, actor=actor)
        claims.set_status(uow.tx, ids, "disputed")


def let_go(
    uow: Uow, case: Case, request: Request, *, actor: str, given: TimeGiven | None = None, contested: bool = False
) -> None:
    """End what a request stopped in one of its locked cases; nothing when it stops nothing there."""
    for hold in holds.holds_of_request(uow.tx, request.request_id):
        if hold.case_id == case.case_id:
            end_hold(uow, case, hold, ended_by=actor, given=given, contested=contested)


def withdraw_pending(uow: Uow, case: Case, claim_ids: Collection[str], reason: str) -> None:
    """Take back the demands of a locked case that name these claims and have not been sent.

    What else is in such a letter comes again the next working day (decisions A2).
    """
    for demand in demands.demands_of_cases(uow.tx, [case.case_id]).get(case.case_id, []):
        touched = [name for name in demand.claim_ids if name in claim_ids]
        if demand.state not in demands.PENDING or not touched:
            continue
        others = len(touched) < len(demand.claim_ids) or reason == AMOUNT_CHANGED
        retry_on = working_day_after(uow.today) if others else None
        _withdraw(uow, demand, reason, retry_on)


def _withdraw(uow: Uow, demand: Demand, reason: str, retry_on: date | None) -> None:
    demands.change_demand(uow.tx, demand.demand_id, state=demands.WITHDRAWN, ended_on=uow.today, reason=reason)
    payload = DemandWithdrawn(
        demand_id=demand.demand_id,
        step_id=demand.step_id,
        case_id=demand.case_id,
        claim_ids=list(demand.claim_ids),
        reason=reason,
        retry_on=retry_on,
    )
    uow.emit(payload, key=demand.case_id)


def set_status_again(uow: Uow, about: Sequence[Claim]) -> None:
    """Give claims the status that follows from the requests that still stand: disputed, plan, else accepted."""
    ids = [claim.claim_id for claim in claims.find_claims(uow.tx, [one.claim_id for one in about]).values()]
    fresh = claims.find_claims(uow.tx, ids)
    running = requests.requests_about(uow.tx, ids, ["plan"], ["granted"])
    stopped = holds.stopping_holds(uow.tx, ids)
    for claim in fresh.values():
        if claim.ended_on is not None or claim.status in CLOSED_BY_HAND or claim.status in ("hearing", "legal"):
            continue
        reasons = {hold.reason for hold in stopped.get(claim.claim_id, [])}
        status = "accepted"
        if claim.claim_id in running:
            status = "plan"
        if "objection" in reasons:
            status = "disputed"
        if status != claim.status:
            claims.set_status(uow.tx, [claim.claim_id], status)
