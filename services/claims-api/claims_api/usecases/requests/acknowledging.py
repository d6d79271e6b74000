"""Erkjennelse: a plan that says so and that the debtor accepts in writing starts limitation anew (foreldelse).

Three new years run from the day of the acknowledgement (foreldelsesloven § 14). Reckoning from a later day, when the
creditor can first demand payment again (§ 20), would favour the creditor; it is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from claims_api.deps import Deps
from claims_api.domain.limitation import Interrupted, Interruption, last_day, last_day_after
from claims_api.domain.requests import Channel, RequestState
from claims_api.store import requests
from claims_api.store import requests_limitation as store
from claims_api.store.claims import Claim
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Held
from shared.errors import Conflict
from shared.uow import Uow

NOT_RUNNING = date.max
"""The last day of a claim whose limitation does not run while a filed step stands."""


def in_writing(channel: Channel) -> bool:
    """Tell whether what comes this way is in writing from the debtor."""
    return channel in (Channel.PORTAL, Channel.POST, Channel.EMAIL)


def acknowledge(uow: Uow, deps: Deps, about: Sequence[Claim], source_id: str, at: datetime) -> None:
    """Note that the debtor acknowledged these claims of locked cases today; their last day moves."""
    interrupt(uow, deps, about, Interrupted(kind=Interruption.ACKNOWLEDGED, on=uow.today), source_id, at)


def interrupt(uow: Uow, deps: Deps, about: Sequence[Claim], step: Interrupted, source_id: str, at: datetime) -> None:
    """Note what stopped limitation of claims of locked cases, or what became of it, and move their last day."""
    ids = [claim.claim_id for claim in about]
    store.put_interruption(uow.tx, ids, step, source_id=source_id, recorded_at=at)
    steps = store.interruptions_of(uow.tx, ids)
    days = []
    for claim in about:
        registered = last_day(claim.due_date, claim.limitation_date, rates=deps.rules.rates).value
        found = last_day_after(registered, steps[claim.claim_id], rates=deps.rules.rates)
        days.append((claim.claim_id, found or NOT_RUNNING))
    store.set_last_days(uow.tx, days)


def accept_plan(uow: Uow, deps: Deps, held: Held, *, who: str) -> None:
    """Note that the debtor accepted a running plan that says it is an acknowledgement; once. Raises Conflict else."""
    request = held.request
    if request.state != RequestState.GRANTED or request.acknowledges:
        raise Conflict("request-decided", "plan: expected one that runs and was not accepted before")
    requests.change_request(uow.tx, request.request_id, acknowledges=True)
    acknowledge(uow, deps, held.claims, request.request_id, held.case.last_recorded_at)
    for case_id in held.case_ids:
        case = held.locked[case_id]
        summary = "Nedbetalingsavtalen er akseptert, og kravene er erkjent"
        asking.tell(uow, case, "plan.accepted", summary, actor=who, plan_id=request.request_id)


def judged(uow: Uow, claim_ids: Sequence[str]) -> set[str]:
    """Return which of these claims a court has judged: they can no longer be objected to here."""
    found = store.interruptions_of(uow.tx, claim_ids)
    return {name for name, steps in found.items() if any(one.kind is Interruption.JUDGED for one in steps)}
