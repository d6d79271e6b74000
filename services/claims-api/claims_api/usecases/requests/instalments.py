"""How running plans are kept: judged when their day comes and when money comes, always under their cases' locks.

Judging the same day twice does nothing twice: what a judgement did is on the plan, and the next one sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from claims_api.deps import Deps
from claims_api.domain.instalments import Judged, Reminder, Verdict, bank_days_needed, judge, with_rest
from claims_api.domain.plans import Instalment
from claims_api.domain.requests import Move
from claims_api.store import payments, requests
from claims_api.store import requests_plans as store
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.store.requests_plans import Plan
from claims_api.usecases.consequences import CLOSED_BY_HAND
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Held
from claims_api.usecases.requests.freezing import let_go, set_status_again
from claims_api.usecases.requests.notices import SYSTEM, issue_notice
from claims_api.usecases.requests.plan_reading import Seen, read_plan
from claims_api.usecases.requests.plans import shown
from shared import parking
from shared.calendar import deadline_after
from shared.events import requests as events
from shared.money import kroner
from shared.uow import Uow

EndReason = Literal["paid", "withdrawn", "written_off", "time_barred"]
_BY_HAND: tuple[EndReason, ...] = ("time_barred", "written_off", "withdrawn")
_OVER: Mapping[EndReason, str] = {
    "paid": "Nedbetalingsavtalen er fullført",
    "withdrawn": "Nedbetalingsavtalen er avsluttet: kravene er trukket",
    "written_off": "Nedbetalingsavtalen er avsluttet: kravene er avskrevet",
    "time_barred": "Nedbetalingsavtalen er avsluttet: kravene er foreldet",
}


def judge_plans(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Judge the running plans whose day has come; returns how many were looked at."""
    due = store.plans_to_judge(uow.tx, uow.today, limit)
    for plan_id in due:
        look_at(uow, deps, plan_id)
    return len(due)


def look_at(uow: Uow, deps: Deps, plan_id: str) -> None:
    """Judge one running plan and do what follows; a look that changes nothing leaves its cases alone."""
    first = _judge(uow, deps, plan_id)
    if first.verdict in (Verdict.NOTHING, Verdict.WAIT):
        store.change_plan(uow.tx, plan_id, look_on=first.look_on)
        return
    request = requests.find_request(uow.tx, plan_id)
    if request is None or request.state != "granted":
        return
    held = asking.hold_request(uow, request)
    # Read anew under the locks: money may have come between the two looks.
    follow(uow, deps, held, read_plan(uow.tx, deps, plan_id, uow.today), _judge(uow, deps, plan_id))


def follow(uow: Uow, deps: Deps, held: Held, seen: Seen, judged: Judged) -> None:
    """Do what a judgement says, on a plan whose cases are locked."""
    if judged.verdict is Verdict.KEEP:
        _keep(uow, deps, held, seen)
    elif judged.verdict is Verdict.REST:
        _ask_for_rest(uow, deps, held, seen, judged)
    elif judged.verdict is Verdict.REMIND:
        _remind(uow, deps, held, seen, judged)
    elif judged.verdict is Verdict.BREAK:
        _break(uow, deps, held, seen)
    else:
        store.change_plan(uow.tx, seen.plan.plan_id, look_on=judged.look_on)


def after_money(uow: Uow, deps: Deps, case_ids: Collection[str]) -> None:
    """Close the plans that money on these locked cases has paid; one with other cases is looked at by the job."""
    for plan_id in store.running_plans_of(uow.tx, case_ids):
        lines = requests.claims_of_request(uow.tx, plan_id)
        if not {line.case_id for line in lines} <= set(case_ids):
            store.change_plan(uow.tx, plan_id, look_on=uow.today)
            continue
        judged = _judge(uow, deps, plan_id)
        if judged.verdict in (Verdict.KEEP, Verdict.REST):
            look_at(uow, deps, plan_id)


def _judge(uow: Uow, deps: Deps, plan_id: str) -> Judged:
    seen = read_plan(uow.tx, deps, plan_id, uow.today)
    plan = seen.plan
    reminder = None
    if plan.reminded_number is not None and plan.remind_pay_by is not None:
        reminder = Reminder(number=plan.reminded_number, pay_by=plan.remind_pay_by)
    case_ids = sorted({claim.case_id for claim in seen.claims} | {plan.lead_case_id})
    last = max([one.due_on for one in seen.instalments] + ([reminder.pay_by] if reminder else []))
    days = bank_days_needed(plan.agreed_on, min(last, uow.today), rules=deps.rules)
    booked = payments.booked_days(uow.tx, deps.settings.payee_account, days[0], days[-1]) if days else frozenset()
    parked = parking.parked_keys(uow.tx, uow.tables, case_ids)
    return judge(
        seen.instalments,
        seen.money,
        uow.today,
        agreed_on=plan.agreed_on,
        reminder=reminder,
        booked=booked,
        uncertain=bool(parked) or bool(payments.candidates_of(uow.tx, case_ids)),
        reminder_days=deps.settings.plan_reminder_days,
        rules=deps.rules,
    )


def _keep(uow: Uow, deps: Deps, held: Held, seen: Seen) -> None:
    """Nothing is left to pay: kept, or over for another reason, and then there is nothing to confirm."""
    reason = _end_reason(held.claims)
    paid = reason == "paid"
    request = asking.move(uow, held.request, Move.KEEP if paid else Move.WITHDRAW, ended_on=uow.today)
    store.change_plan(uow.tx, seen.plan.plan_id, look_on=None)
    for case_id in held.case_ids:
        case, mine = held.locked[case_id], held.of_case(case_id)
        let_go(uow, case, request, actor=SYSTEM)
        payload = events.PlanKept(
            plan_id=seen.plan.plan_id,
            case_id=case_id,
            lead_case_id=seen.plan.lead_case_id,
            claim_ids=[claim.claim_id for claim in mine],
            kept_on=uow.today,
            reason=reason,
        )
        uow.emit(payload, key=case_id)
        kind = "plan.kept" if paid else "plan.ended"
        asking.tell(uow, case, kind, _OVER[reason], actor=SYSTEM, plan_id=seen.plan.plan_id)
    set_status_again(uow, held.claims)
    if paid:
        issue_notice(uow, deps, held.case, "plan_kept", request=request, claims=held.claims)


def _end_reason(about: Sequence[Claim]) -> EndReason:
    """Return why nothing is left of a plan's claims: paid when any of them was, else what ended them."""
    closed = {claim.status for claim in about}
    if not closed <= CLOSED_BY_HAND:
        return "paid"
    return next(reason for reason in _BY_HAND if reason in closed)


def _ask_for_rest(uow: Uow, deps: Deps, held: Held, seen: Seen, judged: Judged) -> None:
    """Every instalment is paid and something is left (interest, a correction): it gets a day of its own."""
    plan = with_rest(seen.instalments, judged.missing_ore, uow.today, reminder_days=deps.settings.plan_reminder_days)
    revision = seen.plan.revision + 1
    store.add_instalments(uow.tx, seen.plan.plan_id, revision, plan)
    store.change_plan(
        uow.tx,
        seen.plan.plan_id,
        revision=revision,
        revised_on=uow.today,
        reminded_number=None,
        remind_pay_by=None,
        look_on=plan[-1].due_on,
    )
    tell_changed(uow, held, seen.plan, revision, plan[-1:])
    issue_notice(
        uow,
        deps,
        held.case,
        "plan_changed",
        request=held.request,
        claims=[claim for claim in held.claims if asking.is_open(claim)],
        ask_for_money=True,
        kid=seen.plan.kid,
        amount_ore=judged.missing_ore,
        instalments=shown(plan[-1:]),
    )


def _remind(uow: Uow, deps: Deps, held: Held, seen: Seen, judged: Judged) -> None:
    pay_by, number = judged.pay_by, judged.number
    if pay_by is None or number is None:
        raise ValueError("a reminder needs its instalment and its deadline")
    store.change_plan(uow.tx, seen.plan.plan_id, reminded_number=number, remind_pay_by=pay_by, look_on=pay_by)
    one = next(line for line in seen.instalments if line.number == number)
    payload = events.PlanInstalmentMissed(
        plan_id=seen.plan.plan_id,
        case_id=seen.plan.lead_case_id,
        number=number,
        due_on=one.due_on,
        missing_ore=judged.missing_ore,
        pay_by=pay_by,
    )
    uow.emit(payload, key=seen.plan.lead_case_id)
    summary = f"Avdrag {number} er ikke betalt ({kroner(judged.missing_ore)} kroner mangler); påminnelse er sendt"
    asking.tell(
        uow, held.case, "plan.instalment_missed", summary, actor=SYSTEM, plan_id=seen.plan.plan_id, pay_by=pay_by
    )
    issue_notice(
        uow,
        deps,
        held.case,
        "plan_reminder",
        request=held.request,
        claims=[claim for claim in held.claims if asking.is_open(claim)],
        ask_for_money=True,
        kid=seen.plan.kid,
        amount_ore=judged.missing_ore,
        missing_ore=judged.missing_ore,
        pay_by=pay_by,
        instalments=shown([one]),
    )


def _break(uow: Uow, deps: Deps, held: Held, seen: Seen) -> None:
    """The reminder ran out: the plan is over, and the letter about it gives days to pay before the ladder goes on."""
    pay_by = deadline_after(uow.today, deps.settings.refusal_days)
    request: Request = asking.move(uow, held.request, Move.BREAK, ended_on=uow.today, pay_by=pay_by)
    store.change_plan(uow.tx, seen.plan.plan_id, look_on=None)
    for case_id in held.case_ids:
        case = held.locked[case_id]
        ids = [claim.claim_id for claim in held.of_case(case_id)]
        let_go(uow, case, request, actor=SYSTEM, given=deps.rules.time_given(pay_by))
        requests.put_pay_by(uow.tx, request.request_id, ids, pay_by)
        payload = events.PlanBroken(
            plan_id=seen.plan.plan_id,
            case_id=case_id,
            lead_case_id=seen.plan.lead_case_id,
            claim_ids=ids,
            broken_on=uow.today,
            pay_by=pay_by,
        )
        uow.emit(payload, key=case_id)
        summary = "Nedbetalingsavtalen er brutt: påminnelsen ble ikke betalt"
        asking.tell(uow, case, "plan.broken", summary, actor=SYSTEM, plan_id=seen.plan.plan_id, pay_by=pay_by)
    set_status_again(uow, held.claims)
    issue_notice(
        uow,
        deps,
        held.case,
        "plan_broken",
        request=request,
        claims=[claim for claim in held.claims if asking.is_open(claim)],
        ask_for_money=True,
        kid=seen.plan.kid,
        amount_ore=seen.money.owed_ore,
        pay_by=pay_by,
    )


def tell_changed(uow: Uow, held: Held, plan: Plan, revision: int, lines: Sequence[Instalment]) -> None:
    """Tell every case of a plan that its instalments were agreed anew."""
    total_ore = sum(one.amount_ore for one in lines)
    for case_id in held.case_ids:
        mine = held.of_case(case_id)
        payload = events.PlanChanged(
            plan_id=plan.plan_id,
            case_id=case_id,
            lead_case_id=plan.lead_case_id,
            claim_ids=[claim.claim_id for claim in mine],
            revision=revision,
            total_ore=total_ore,
            instalments=shown(lines),
            changed_on=uow.today,
        )
        uow.emit(payload, key=case_id)
        summary = f"Nedbetalingsavtalen er endret: {len(lines)} avdrag, i alt {kroner(total_ore)} kroner"
        asking.tell(uow, held.locked[case_id], "plan.changed", summary, actor=SYSTEM, plan_id=plan.plan_id)
