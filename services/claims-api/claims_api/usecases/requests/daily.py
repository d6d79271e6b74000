"""What time brings about in requests: deferrals end, plans are judged, objections are answered and sent on.

Each piece looks at what is due by the business date, does it under the cases' locks and moves the day it is looked at
next, so that doing it again does nothing twice. Letters are written on working days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.requests import Move, RequestKind, RequestState
from claims_api.store import requests
from claims_api.store import requests_plans as plans
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.deciding_objections import answer_for_the_time_being, contest_run_out
from claims_api.usecases.requests.deferrals import close_deferrals
from claims_api.usecases.requests.freezing import let_go, set_status_again
from claims_api.usecases.requests.instalments import judge_plans
from claims_api.usecases.requests.messages import close_paid_claims
from claims_api.usecases.requests.notices import SYSTEM
from shared.calendar import is_working_day
from shared.uow import Uow

_TIME = (RequestKind.DEFERRAL, RequestKind.PAID_CLAIM)
_ANY_STATE = tuple(state.value for state in RequestState)
_SETTLED = (RequestKind.DEFERRAL.value, RequestKind.PLAN.value, RequestKind.PLAN_CHANGE.value)


def anything_due(tx: Connection, today: date) -> bool:
    """Tell whether ``follow_up`` has something to do."""
    if requests.to_look_at(tx, _names(_TIME), _ANY_STATE, today, 1) or requests.pending_settled(tx, _SETTLED, 1):
        return True
    if not is_working_day(today):
        return False
    objections = requests.to_look_at(tx, [RequestKind.OBJECTION.value], _ANY_STATE, today, 1)
    return bool(objections or plans.plans_to_judge(tx, today, 1))


def follow_up(uow: Uow, deps: Deps) -> int:
    """Do the next thing that has come due; returns how many requests were looked at, 0 when nothing is left.

    One request a transaction: each locks all of its cases at once, and two such locks could wait for each other.
    """
    pieces: list[Callable[[], int]] = [
        lambda: close_deferrals(uow, limit=1),
        lambda: close_paid_claims(uow, limit=1),
        lambda: _close_settled(uow, limit=1),
    ]
    if is_working_day(uow.today):
        pieces += [
            lambda: answer_for_the_time_being(uow, deps, limit=1),
            lambda: contest_run_out(uow, deps, limit=1),
            lambda: judge_plans(uow, deps, limit=1),
        ]
    return next((done for piece in pieces if (done := piece())), 0)


def _close_settled(uow: Uow, *, limit: int) -> int:
    """End requests for time that wait although nothing is left to pay: nobody has to decide them any more."""
    settled = requests.pending_settled(uow.tx, _SETTLED, limit)
    for request in settled:
        held = asking.hold_request(uow, request)
        asking.move(uow, held.request, Move.WITHDRAW, ended_on=uow.today)
        for case_id in held.case_ids:
            let_go(uow, held.locked[case_id], request, actor=SYSTEM)
            summary = "Søknaden faller bort: kravene er gjort opp"
            asking.tell(
                uow, held.locked[case_id], "request.withdrawn", summary, actor=SYSTEM, request_id=request.request_id
            )
        set_status_again(uow, held.claims)
    return len(settled)


def _names(kinds: Sequence[RequestKind]) -> list[str]:
    return [kind.value for kind in kinds]


def overdue(tx: Connection, today: date) -> dict[str, int]:
    """Return how many requests of each kind wait although their day to be answered has passed; every kind is there."""
    found = requests.overdue(tx, today)
    return {kind.value: found.get(kind.value, 0) for kind in RequestKind}
