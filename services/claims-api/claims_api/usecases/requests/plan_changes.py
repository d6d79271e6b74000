"""Changing a plan that runs: other instalments, or a pause; at once within the rule, else by a caseworker.

The plan keeps its KID and its claims. What is left is agreed anew from what is owed now, and every payment counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from claims_api.deps import Deps
from claims_api.domain.instalments import InstalmentState, paid_count
from claims_api.domain.plans import Instalment, PlanAsk, Terms, check_terms, grounds_against, schedule
from claims_api.domain.requests import Ground, Move, RequestKind, RequestState, listed
from claims_api.store import requests
from claims_api.store import requests_plans as store
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.usecases.casebook import load_books
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.deferrals import wait_for_decision
from claims_api.usecases.requests.instalments import tell_changed
from claims_api.usecases.requests.notices import issue_notice
from claims_api.usecases.requests.outlook import is_estimate, outlook_of
from claims_api.usecases.requests.plan_reading import Seen, read_plan
from claims_api.usecases.requests.plans import shown
from claims_api.usecases.requests.refusing import refuse, write_reasons
from claims_api.usecases.requests.rules import plan_rule
from shared.calendar import add_months
from shared.errors import Conflict, FieldError, Invalid
from shared.uow import Uow

KIND = RequestKind.PLAN_CHANGE
PAUSE_MONTHS_MAX = 6
PAUSE_AT_ONCE = 1
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is asked for: other instalments from ``first_due`` (None: the next one's day), or months of pause."""

    instalment_ore: int | None = None
    instalments: int | None = None
    first_due: date | None = None
    pause_months: int | None = None


def ask_change(uow: Uow, deps: Deps, held: Held, change: Change, asker: Asker) -> Request:
    """Ask to change a running plan; done at once within the rule, else for a caseworker.

    ``held`` is the plan's own request, locked. Raises Conflict for a plan that is over or has a change waiting, Reject
    for terms that can never be.
    """
    seen = _running(uow, deps, held)
    if requests.requests_about(uow.tx, [c.claim_id for c in held.claims], [KIND.value], [RequestState.PENDING.value]):
        raise Conflict("request-pending", "plan: a change that was asked for is not decided yet")
    terms = _terms(uow, seen, change)
    plan = _schedule(uow, deps, held, terms)
    grounds = _grounds(uow, deps, held, seen, change, plan)
    request = asking.store_request(
        uow,
        held.case,
        KIND,
        asker,
        debtor_ref=held.request.debtor_ref,
        about=held.claims,
        plan_id=held.request.request_id,
        instalment_ore=terms.instalment_ore,
        instalments=terms.instalments,
        first_due=terms.first_due,
        pause_months=change.pause_months,
        grounds=listed(grounds),
    )
    if grounds:
        wait_for_decision(uow, deps, held.case, request, _open(held), stands_still=False, actor=asker.who)
        return request
    request = asking.move(uow, request, Move.GRANT, decided_on=uow.today, decided_at=held.case.last_recorded_at)
    _apply(uow, deps, held, seen, request, terms, plan, text_ids=[])
    return request


def decide_change(
    uow: Uow, deps: Deps, change: Held, *, outcome: str, terms: Terms | None, reasons: str | None, who: str
) -> Request:
    """Agree to a change as asked or on other terms (partly), or refuse it: then the plan runs as before."""
    request = change.request
    if outcome == "refused":
        return refuse(uow, deps, change, reasons=reasons, who=who)
    own = requests.find_request(uow.tx, request.plan_id or "")
    if own is None:
        raise Conflict("plan-over", "plan: expected one that runs")
    held = asking.hold_request(uow, own)
    seen = _running(uow, deps, held)
    if terms is None or outcome != "partly":
        terms = Terms(
            first_due=max(request.first_due or uow.today + _DAY, uow.today + _DAY),
            instalment_ore=request.instalment_ore,
            instalments=request.instalments,
        )
    plan = _schedule(uow, deps, held, terms)
    request = asking.move(
        uow,
        request,
        Move.GRANT,
        outcome=outcome,
        instalment_ore=terms.instalment_ore,
        instalments=terms.instalments,
        first_due=terms.first_due,
        decided_on=uow.today,
        decided_at=held.case.last_recorded_at,
        decided_by=who,
    )
    text_ids = write_reasons(uow, deps, request, reasons)
    _apply(uow, deps, held, seen, request, terms, plan, text_ids=text_ids)
    return request


def _running(uow: Uow, deps: Deps, held: Held) -> Seen:
    if held.request.state != RequestState.GRANTED:
        raise Conflict("plan-over", f"plan: expected one that runs, got one {held.request.state}")
    return read_plan(uow.tx, deps, held.request.request_id, uow.today)


def _terms(uow: Uow, seen: Seen, change: Change) -> Terms:
    """Return the terms of what is left; a pause keeps the instalment and moves its days."""
    paid = min(paid_count(seen.instalments, seen.money), len(seen.instalments) - 1)
    coming = seen.instalments[paid]
    if change.pause_months is not None:
        _check_pause(change)
        base = add_months(seen.plan.first_due, coming.number - 1 + change.pause_months)
        return Terms(first_due=max(base, uow.today + _DAY), instalment_ore=seen.instalments[0].amount_ore)
    first_due = change.first_due or max(coming.due_on, uow.today + _DAY)
    terms = Terms(first_due=first_due, instalment_ore=change.instalment_ore, instalments=change.instalments)
    errors = check_terms(terms, uow.today)
    if errors:
        raise Invalid(*errors)
    return terms


def _check_pause(change: Change) -> None:
    errors = []
    if not 1 <= (change.pause_months or 0) <= PAUSE_MONTHS_MAX:
        errors.append(FieldError("pause_months", "range", f"expected 1 to {PAUSE_MONTHS_MAX}"))
    if change.instalment_ore is not None or change.instalments is not None or change.first_due is not None:
        errors.append(FieldError("pause_months", "one-of", "expected a pause or new instalments, not both"))
    if errors:
        raise Invalid(*errors)


def _schedule(uow: Uow, deps: Deps, held: Held, terms: Terms) -> list[Instalment]:
    books = load_books(uow.tx, held.locked)
    outlook = outlook_of(books, _open(held), uow.today, rules=deps.rules)
    return schedule(terms, outlook, rule=plan_rule(deps.settings))


def _open(held: Held) -> list[Claim]:
    return [claim for claim in held.claims if asking.is_open(claim)]


def _grounds(uow: Uow, deps: Deps, held: Held, seen: Seen, change: Change, plan: Sequence[Instalment]) -> list[Ground]:
    rule = plan_rule(deps.settings)
    ask = PlanAsk(
        instalments=plan,
        asked_on=uow.today,
        broke_plan_on=None,
        at_legal_step=any(case.state == "legal" for case in held.locked.values()),
        last_days=[claim.last_day for claim in _open(held)],
        acknowledges=held.request.acknowledges,
    )
    grounds = grounds_against(ask, rule=rule)
    if change.pause_months is not None:
        # A pause moves the next day by its own length: only its length and how often it is asked for count.
        grounds = [ground for ground in grounds if ground is not Ground.FIRST_DUE_TOO_LATE]
        if change.pause_months > PAUSE_AT_ONCE:
            grounds.append(Ground.LONGER_THAN_ALLOWED)
        paused_on = seen.plan.paused_on
        if paused_on is not None and paused_on > add_months(uow.today, -rule.broken_months):
            grounds.append(Ground.CHANGED_BEFORE)
    if InstalmentState.MISSED in seen.states(uow.today):
        grounds.append(Ground.INSTALMENT_MISSED)
    return grounds


def _apply(
    uow: Uow,
    deps: Deps,
    held: Held,
    seen: Seen,
    request: Request,
    terms: Terms,
    plan: Sequence[Instalment],
    *,
    text_ids: Sequence[str],
) -> None:
    revision = seen.plan.revision + 1
    store.add_instalments(uow.tx, seen.plan.plan_id, revision, plan)
    paused = {"paused_on": uow.today} if request.pause_months is not None else {}
    store.change_plan(
        uow.tx,
        seen.plan.plan_id,
        revision=revision,
        first_due=terms.first_due,
        revised_on=uow.today,
        revised_at=held.case.last_recorded_at,
        reminded_number=None,
        remind_pay_by=None,
        look_on=plan[0].due_on,
        **paused,
    )
    tell_changed(uow, held, seen.plan, revision, plan)
    issue_notice(
        uow,
        deps,
        held.case,
        "plan_changed",
        request=request,
        claims=_open(held),
        ask_for_money=True,
        kid=seen.plan.kid,
        amount_ore=sum(one.amount_ore for one in plan),
        instalments=shown(plan),
        estimated=is_estimate(_open(held)),
        text_ids=list(text_ids),
    )
