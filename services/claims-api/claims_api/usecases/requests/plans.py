"""Nedbetalingsavtale: asked for over one or several of a debtor's cases, and agreed by the rule or a caseworker.

The lead case is the oldest: its saksnummer is in the plan's KID and its key carries the plan's letters and instalments.
Each case keeps its own claims and its creditor's share; the others are told that the plan runs, is kept or broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from claims_api.deps import Deps
from claims_api.domain.plans import Instalment, PlanAsk, Terms, check_terms, grounds_against, schedule
from claims_api.domain.requests import Move, RequestKind, RequestState, listed
from claims_api.store import cases, claims, requests
from claims_api.store import requests_plans as store
from claims_api.store.cases import Case, KidUse
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.store.requests_plans import Plan
from claims_api.usecases.casebook import load_books
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.acknowledging import acknowledge, in_writing
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.deferrals import wait_for_decision
from claims_api.usecases.requests.freezing import let_go, stop
from claims_api.usecases.requests.notices import issue_notice
from claims_api.usecases.requests.outlook import is_estimate, outlook_of
from claims_api.usecases.requests.refusing import refuse, write_reasons
from claims_api.usecases.requests.rules import plan_rule
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.events import requests as events
from shared.kid import KidKind
from shared.money import kroner
from shared.uow import Uow

KIND = RequestKind.PLAN
CASES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A plan as asked for. ``acknowledges``: whoever asks accepts that the plan is an acknowledgement of the debt."""

    case_id: str
    case_ids: Sequence[str]
    terms: Terms
    acknowledges: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The locked cases of a plan, oldest first, and the claims in them that it can cover."""

    locked: Mapping[str, Case]
    order: Sequence[Case]
    about: Sequence[Claim]

    @property
    def lead(self) -> Case:
        return self.order[0]


def ask_plan(uow: Uow, deps: Deps, asked: Asked, askers: Mapping[str, Asker]) -> Request:
    """Ask for a plan; agreed at once within the rule, else for a caseworker.

    ``askers`` says by case who asks and which claims they may see; a case that is not theirs is left out. Raises
    NotFound, Conflict for what is settled or has a plan or request already, Reject for terms that can never be.
    """
    errors = check_terms(asked.terms, uow.today)
    wanted = list(dict.fromkeys([asked.case_id, *asked.case_ids]))
    errors += _unknown(asked, askers)
    if errors:
        raise Invalid(*errors)
    asker = askers[asked.case_id]
    group = _group(uow, asked.case_id, {case_id: askers[case_id] for case_id in wanted})
    debtor_ref = asking.debtor_of(uow, group.locked[asked.case_id], asker, group.about)
    _refuse_second(uow, group.about)
    books = load_books(uow.tx, group.locked)
    rule = plan_rule(deps.settings)
    plan = schedule(asked.terms, outlook_of(books, group.about, uow.today, rules=deps.rules), rule=rule)
    acknowledges = asked.acknowledges and in_writing(asker.channel)
    ask = PlanAsk(
        instalments=plan,
        asked_on=uow.today,
        broke_plan_on=requests.last_broken_plan(uow.tx, debtor_ref),
        at_legal_step=any(case.state == "legal" for case in group.order),
        last_days=[claim.last_day for claim in group.about],
        acknowledges=acknowledges,
    )
    grounds = grounds_against(ask, rule=rule)
    request = asking.store_request(
        uow,
        group.lead,
        KIND,
        asker,
        debtor_ref=debtor_ref,
        about=group.about,
        instalment_ore=asked.terms.instalment_ore,
        instalments=asked.terms.instalments,
        first_due=asked.terms.first_due,
        acknowledges=acknowledges,
        grounds=listed(grounds),
    )
    if not grounds:
        return agree(uow, deps, _held(group, request), asked.terms, plan, by="rule", who=asker.who)
    for case in group.order[1:]:
        mine = [claim for claim in group.about if claim.case_id == case.case_id]
        stop(uow, case, mine, reason="request", request=request, actor=asker.who)
    mine = [claim for claim in group.about if claim.case_id == group.lead.case_id]
    wait_for_decision(uow, deps, group.lead, request, mine, stands_still=True, actor=asker.who)
    return request


def decide_plan(
    uow: Uow, deps: Deps, held: Held, *, outcome: str, terms: Terms | None, reasons: str | None, who: str
) -> Request:
    """Agree to a waiting plan as asked or on other terms (partly), or refuse it; Conflict when decided before."""
    request = held.request
    if outcome == "refused":
        return refuse(uow, deps, held, reasons=reasons, who=who)
    about = [claim for claim in held.claims if asking.time_can_be_given(claim, uow.today)]
    if not about:
        raise Conflict("case-settled", "request: expected a claim that is still to be paid, got none")
    terms = terms if outcome == "partly" and terms is not None else terms_of(request)
    errors = check_terms(terms, uow.today)
    if errors:
        raise Invalid(*errors)
    books = load_books(uow.tx, held.locked)
    plan = schedule(terms, outlook_of(books, about, uow.today, rules=deps.rules), rule=plan_rule(deps.settings))
    for case_id in held.case_ids:
        let_go(uow, held.locked[case_id], request, actor=who)
    changed: dict[str, object] = {"outcome": outcome, "decided_by": who}
    if outcome == "partly":
        changed |= {
            "instalment_ore": terms.instalment_ore,
            "instalments": terms.instalments,
            "first_due": terms.first_due,
            "acknowledges": False,
        }
    requests.change_request(uow.tx, request.request_id, **changed)
    requests.keep_claims(uow.tx, request.request_id, [claim.claim_id for claim in about])
    fresh = requests.find_request(uow.tx, request.request_id) or request
    covered = Held(request=fresh, lines=held.lines, locked=held.locked, claims=about)
    text_ids = write_reasons(uow, deps, request, reasons)
    return agree(uow, deps, covered, terms, plan, by="caseworker", who=who, text_ids=text_ids)


def agree(
    uow: Uow,
    deps: Deps,
    held: Held,
    terms: Terms,
    plan: Sequence[Instalment],
    *,
    by: Literal["rule", "caseworker"],
    who: str,
    text_ids: Sequence[str] = (),
) -> Request:
    """Let a plan run over the claims of a request: its KID, the standstill of its cases, and the confirmation."""
    lead = held.case
    request = asking.move(
        uow,
        held.request,
        Move.GRANT,
        plan_id=held.request.request_id,
        decided_on=uow.today,
        decided_at=lead.last_recorded_at,
    )
    kid = cases.next_kid(uow, lead, KidKind.PLAN)
    use = KidUse(kid=kid, kind=KidKind.PLAN, case_id=lead.case_id, plan_id=request.request_id)
    cases.keep_kids(uow, [use])
    row = Plan(
        plan_id=request.request_id,
        kid=kid,
        lead_case_id=lead.case_id,
        agreed_on=uow.today,
        first_due=terms.first_due,
        revision=1,
        revised_on=uow.today,
        revised_at=lead.last_recorded_at,
        look_on=plan[0].due_on,
    )
    store.insert_plan(uow.tx, row, plan)
    if request.acknowledges:
        acknowledge(uow, deps, held.claims, request.request_id, lead.last_recorded_at)
    total_ore = sum(one.amount_ore for one in plan)
    for case_id in held.case_ids:
        _tell_agreed(uow, held, request, row, plan, total_ore, case_id, by=by, who=who)
    issue_notice(
        uow,
        deps,
        lead,
        "plan_agreed",
        request=request,
        claims=held.claims,
        ask_for_money=True,
        kid=kid,
        amount_ore=total_ore,
        instalments=shown(plan),
        estimated=is_estimate(held.claims),
        acknowledges=request.acknowledges,
        text_ids=list(text_ids),
    )
    return request


def _tell_agreed(
    uow: Uow,
    held: Held,
    request: Request,
    row: Plan,
    plan: Sequence[Instalment],
    total_ore: int,
    case_id: str,
    *,
    by: Literal["rule", "caseworker"],
    who: str,
) -> None:
    case, mine = held.locked[case_id], held.of_case(case_id)
    if not mine:
        return
    stop(uow, case, mine, reason="plan", request=request, actor=who)
    claims.set_status(uow.tx, [claim.claim_id for claim in mine], "plan")
    payload = events.PlanAgreed(
        plan_id=row.plan_id,
        case_id=case_id,
        lead_case_id=row.lead_case_id,
        case_ids=[name for name in held.case_ids if held.of_case(name)],
        claim_ids=[claim.claim_id for claim in mine],
        kid=row.kid,
        total_ore=total_ore,
        instalments=shown(plan),
        agreed_on=uow.today,
        granted_by=by,
        acknowledges=request.acknowledges,
    )
    uow.emit(payload, key=case_id)
    summary = f"Nedbetalingsavtale er inngått: {len(plan)} avdrag, i alt {kroner(total_ore)} kroner"
    asking.tell(uow, case, "plan.agreed", summary, actor=who, plan_id=row.plan_id, total_ore=total_ore, kid=row.kid)


def shown(plan: Sequence[Instalment]) -> list[events.Instalment]:
    """Return instalments as events and letters carry them."""
    return [events.Instalment(number=one.number, due_on=one.due_on, amount_ore=one.amount_ore) for one in plan]


def terms_of(request: Request) -> Terms:
    """Return the terms a request asked for."""
    if request.first_due is None:
        raise Conflict("request-decided", "request: expected the terms it was asked on")
    return Terms(first_due=request.first_due, instalment_ore=request.instalment_ore, instalments=request.instalments)


def _unknown(asked: Asked, askers: Mapping[str, Asker]) -> list[FieldError]:
    errors = []
    if len(asked.case_ids) > CASES_MAX:
        errors.append(FieldError("case_ids", "too-many", f"expected at most {CASES_MAX} cases"))
    for at, case_id in enumerate(asked.case_ids):
        if case_id not in askers:
            errors.append(FieldError(f"case_ids.{at}", "unknown", "expected a case of the same debtor"))
    return errors


def _group(uow: Uow, first: str, askers: Mapping[str, Asker]) -> _Group:
    locked = cases.lock_cases(uow, askers)
    if first not in locked:
        raise NotFound("case")
    about: list[Claim] = []
    order = sorted(locked.values(), key=lambda case: (case.opened_on, case.case_number))
    for case in order:
        about += asking.claims_for_time(asking.visible_claims(uow, case, askers[case.case_id]), uow.today)
    return _Group(locked=locked, order=order, about=about)


def _refuse_second(uow: Uow, about: Sequence[Claim]) -> None:
    waiting = requests.requests_about(uow.tx, [c.claim_id for c in about], [KIND.value], [RequestState.PENDING.value])
    if waiting:
        raise Conflict("request-pending", "plan: one that was asked for is not decided yet")


def _held(group: _Group, request: Request) -> Held:
    lines = [
        requests.RequestClaim(
            request_id=request.request_id, claim_id=claim.claim_id, case_id=claim.case_id, position=at
        )
        for at, claim in enumerate(group.about)
    ]
    return Held(request=request, lines=lines, locked=group.locked, claims=group.about)
