"""What is asked for is decided once, freezes exactly what it is about, and is paid down to the last øre."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_api.domain import deferrals, instalments, objections, plans
from claims_api.domain.accrual import InterestTerms
from claims_api.domain.facts import ClaimFacts, Dispute
from claims_api.domain.instalments import PlanMoney, Reminder, Verdict
from claims_api.domain.ledger import Account, Balance
from claims_api.domain.plans import Instalment, Outlook, PlanAsk, PlanRule, Terms
from claims_api.domain.rates import load_rates
from claims_api.domain.requests import (
    Channel,
    Ground,
    Move,
    Outcome,
    RequestKind,
    RequestState,
    after,
    move_of,
    turn_of,
)
from claims_api.domain.rules import MoneyRules
from claims_api.domain.running import ClaimState
from shared.calendar import add_bank_days, is_bank_day, is_working_day
from shared.errors import Conflict, Reject

TODAY = date(2026, 2, 2)
RULES = MoneyRules(rates=load_rates(assume_months=120))
RULE = PlanRule()


def claim(name: str, principal_ore: int, due: date = date(2025, 12, 15), disputed_ore: int | None = 0) -> ClaimState:
    disputes = () if disputed_ore == 0 else (Dispute(start=due, amount_ore=disputed_ore),)
    facts = ClaimFacts(
        claim_id=name, due_date=due, registered_on=due, interest=InterestTerms(start=due), disputes=disputes
    )
    state = ClaimState(facts, RULES)
    state.add(Account.PRINCIPAL, principal_ore, due)
    return state


principals = st.lists(st.integers(10_000, 3_000_000), min_size=1, max_size=4)
first_days = st.integers(1, 60).map(lambda n: TODAY + timedelta(days=n))


def outlook(amounts: list[int]) -> Outlook:
    return Outlook([claim(f"c{n}", ore, date(2025, 1, 15) + timedelta(days=40 * n)) for n, ore in enumerate(amounts)])


@given(amounts=principals, count=st.integers(1, 24), first=first_days)
def test_a_number_of_instalments_pays_everything_and_the_last_takes_the_rest(
    amounts: list[int], count: int, first: date
) -> None:
    seen = outlook(amounts)
    before_ore = seen.owed_ore(first)
    plan = plans.schedule(Terms(first_due=first, instalments=count), seen, rule=RULE)
    assert seen.owed_ore(plan[-1].due_on) == 0
    assert len(plan) <= count
    assert sum(one.amount_ore for one in plan) >= before_ore
    assert len({one.amount_ore for one in plan[:-1]}) <= 1
    assert all(is_working_day(one.due_on) for one in plan)
    assert [one.number for one in plan] == list(range(1, len(plan) + 1))


@given(amounts=principals, instalment_ore=st.integers(300_00, 5_000_00), first=first_days)
def test_an_amount_a_month_pays_everything_or_is_refused(amounts: list[int], instalment_ore: int, first: date) -> None:
    seen = outlook(amounts)
    terms = Terms(first_due=first, instalment_ore=instalment_ore)
    if sum(amounts) > instalment_ore * 58:
        with pytest.raises(Reject, match="plan-never-ends"):
            plans.schedule(terms, seen, rule=RULE)
        return
    if sum(amounts) > instalment_ore * 35:
        return  # interest decides
    plan = plans.schedule(terms, seen, rule=RULE)
    assert seen.owed_ore(plan[-1].due_on) == 0
    assert all(one.amount_ore == instalment_ore for one in plan[:-1])
    if len(plan) > 1:
        assert plan[-1].amount_ore >= RULE.instalment_min_ore


def test_what_is_disputed_is_not_paid_by_the_plan() -> None:
    states = [claim("a", 300_000), claim("b", 200_000, disputed_ore=None), claim("c", 100_000, disputed_ore=40_000)]
    plan = plans.schedule(Terms(first_due=date(2026, 2, 16), instalments=1), Outlook(states), rule=RULE)
    interest = sum(state.interest_to(date(2026, 2, 16)) for state in (states[0], states[2]))
    assert plan[0].amount_ore == 300_000 + 60_000 + interest


def test_a_plan_that_never_ends_or_never_pays_says_so() -> None:
    with pytest.raises(Reject) as refused:
        plans.schedule(Terms(first_due=date(2026, 2, 16), instalment_ore=2_000), outlook([3_000_000]), rule=RULE)
    assert refused.value.code == "plan-never-ends"
    for terms, code in (
        (Terms(first_due=TODAY, instalments=3), "in-past"),
        (Terms(first_due=date(2027, 6, 1), instalments=3), "plan-never-pays"),
        (Terms(first_due=date(2026, 3, 2), instalments=0), "plan-never-pays"),
        (Terms(first_due=date(2026, 3, 2), instalment_ore=0), "plan-never-pays"),
        (Terms(first_due=date(2026, 3, 2), instalments=61), "plan-never-ends"),
        (Terms(first_due=date(2026, 3, 2)), "one-of"),
        (Terms(first_due=date(2026, 3, 2), instalments=3, instalment_ore=50_000), "one-of"),
    ):
        assert [error["code"] for error in plans.check_terms(terms, TODAY)] == [code]


def ask(count: int = 12, ore: int = 300_00, first: date = date(2026, 3, 2), **changes: object) -> PlanAsk:
    lines = [Instalment(number=n, due_on=plans.due_day(first, n), amount_ore=ore) for n in range(1, count + 1)]
    values: dict[str, object] = {
        "instalments": lines,
        "asked_on": TODAY,
        "broke_plan_on": None,
        "at_legal_step": False,
        "last_days": [date(2028, 12, 15)],
        "acknowledges": False,
    }
    return PlanAsk(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "grounds"),
    [
        (ask(), []),
        (ask(count=13), [Ground.TOO_MANY_INSTALMENTS]),
        (ask(ore=299_99), [Ground.INSTALMENT_TOO_SMALL]),
        (ask(ore=4_166_66), []),
        (ask(ore=4_166_67), [Ground.TOTAL_TOO_HIGH]),
        (ask(first=date(2026, 3, 5)), []),
        (ask(first=date(2026, 3, 6)), [Ground.FIRST_DUE_TOO_LATE]),
        (ask(broke_plan_on=date(2025, 2, 2)), []),
        (ask(broke_plan_on=date(2025, 2, 3)), [Ground.BROKEN_PLAN_BEFORE]),
        (ask(at_legal_step=True), [Ground.LEGAL_STEP]),
        (ask(last_days=[date(2027, 1, 1)]), [Ground.LIMITATION_NEAR]),
        (ask(last_days=[date(2027, 1, 1)], acknowledges=True), []),
    ],
)
def test_a_plan_is_granted_at_once_exactly_within_the_rule(asked: PlanAsk, grounds: list[Ground]) -> None:
    assert plans.grounds_against(asked, rule=RULE) == grounds


def test_more_time_is_given_once_a_demand_and_thirty_days() -> None:
    one = deferrals.DeferralClaim(claim_id="a", last_day=date(2028, 12, 15))
    again = deferrals.DeferralClaim(claim_id="a", last_day=date(2028, 12, 15), used=True)
    rule = deferrals.DeferralRule()

    def grounds(until: date, claim: deferrals.DeferralClaim, *, legal: bool = False) -> list[Ground]:
        return deferrals.grounds_against(until, TODAY, [claim], at_legal_step=legal, rule=rule)

    assert grounds(date(2026, 3, 4), one) == []
    assert grounds(date(2026, 3, 5), one) == [Ground.LONGER_THAN_ALLOWED]
    assert grounds(date(2026, 2, 10), again) == [Ground.DEFERRED_BEFORE]
    assert grounds(date(2026, 2, 10), one, legal=True) == [Ground.LEGAL_STEP]
    assert deferrals.deadline_of(date(2026, 2, 14)) == date(2026, 2, 16)
    codes = {
        until: (error or {}).get("code")
        for until in (TODAY, date(2026, 2, 3), date(2027, 2, 3))
        for error in [deferrals.check_until(until, TODAY, [one])]
    }
    assert codes == {TODAY: "in-past", date(2026, 2, 3): None, date(2027, 2, 3): "too-late"}
    late = deferrals.DeferralClaim(claim_id="a", last_day=date(2026, 2, 20))
    error = deferrals.check_until(date(2026, 2, 21), TODAY, [late])
    assert error is not None
    assert error["code"] == "time-barred"


@given(kind=st.sampled_from(RequestKind), moves=st.lists(st.sampled_from(Move), max_size=12))
def test_nothing_is_decided_twice_and_what_is_over_stays_over(kind: RequestKind, moves: list[Move]) -> None:
    state, made = RequestState.PENDING, []
    for move in moves:
        try:
            state = after(kind, state, move)
        except Conflict:
            continue
        made.append(move)
    again = made.count(Move.COMPLAIN)  # the body above the unit decides anew
    assert again == 0 or kind is RequestKind.OBJECTION
    assert sum(move in (Move.GRANT, Move.REFUSE, Move.ANSWER) for move in made) <= 1 + again
    assert sum(move in (Move.KEEP, Move.BREAK, Move.WITHDRAW) for move in made) <= 1
    assert len(made) <= 2 + 2 * again
    turn = turn_of(kind, state, due_on=TODAY, pay_by=TODAY, until=TODAY)
    assert turn.then
    assert (turn.owner == "caseworker") == (state is RequestState.PENDING)


def test_partly_is_granted() -> None:
    assert [move_of(outcome) for outcome in Outcome] == [Move.GRANT, Move.GRANT, Move.REFUSE]


balances = st.builds(
    Balance,
    principal_ore=st.integers(0, 10**7),
    interest_ore=st.integers(0, 10**5),
    fees_ore=st.integers(0, 10**5),
    legal_costs_ore=st.integers(0, 10**5),
)


@given(balance=balances, disputed_ore=st.integers(0, 2 * 10**7))
def test_exactly_what_is_disputed_is_set_aside(balance: Balance, disputed_ore: int) -> None:
    rest = objections.undisputed(balance, disputed_ore)
    assert rest.total_ore == balance.total_ore - min(disputed_ore, balance.total_ore)
    for name in ("principal_ore", "interest_ore", "fees_ore", "legal_costs_ore"):
        assert 0 <= getattr(rest, name) <= getattr(balance, name)
    assert objections.freezes_whole(disputed_ore, balance.total_ore) == (rest.total_ore == 0)
    assert objections.freezes_whole(None, balance.total_ore)


@given(
    outcome=st.sampled_from(["granted", "partly", "refused"]),
    disputed_ore=st.none() | st.integers(1, 500_000),
    upheld_ore=st.none() | st.integers(1, 500_000),
    principal_ore=st.integers(1, 500_000),
    reasonable=st.booleans(),
)
def test_a_decision_never_withdraws_more_than_was_disputed(
    outcome: str, disputed_ore: int | None, upheld_ore: int | None, principal_ore: int, reasonable: bool
) -> None:
    found = objections.consequences(
        outcome, disputed_ore=disputed_ore, upheld_ore=upheld_ore, principal_ore=principal_ore, reasonable=reasonable
    )
    assert 0 <= found.withdrawn_ore <= min(principal_ore, disputed_ore or principal_ore)
    assert found.whole == (found.withdrawn_ore == principal_ore)
    assert found.drops_fees or not reasonable
    assert found.stands or outcome != "refused"


def test_the_same_words_or_the_same_ground_are_nothing_new() -> None:
    earlier = [
        objections.Rejected(ground="service", text_digest="d1"),
        objections.Rejected(ground=None, text_digest="d2"),
    ]
    assert objections.same_ground(earlier, None, "d2")
    assert objections.same_ground(earlier, "service", "other")
    assert not objections.same_ground(earlier, "not_mine", "other")
    assert not objections.same_ground(earlier, None, "other")
    assert objections.folded("  Jeg har IKKE bestilt dette!\n") == objections.folded("jeg har ikke bestilt dette.")


def test_by_post_it_is_in_time_three_bank_days_later() -> None:
    deadline = date(2026, 3, 4)  # a Wednesday
    rule = objections.ObjectionRule(preliminary_days=7, decision_days=21, post_bank_days=3)
    assert objections.in_time(deadline, date(2026, 3, 9), Channel.POST, rule=rule)
    assert not objections.in_time(deadline, date(2026, 3, 10), Channel.POST, rule=rule)
    assert not objections.in_time(deadline, date(2026, 3, 5), Channel.PORTAL, rule=rule)
    assert objections.in_time(None, date(2026, 3, 5), Channel.PORTAL, rule=rule)


LINES = [Instalment(number=n, due_on=plans.due_day(date(2026, 3, 2), n), amount_ore=100_000) for n in (1, 2, 3)]
BOOKED = frozenset(d for n in range(400) if is_bank_day(d := TODAY + timedelta(days=n)))


def day(today: date, paid_ore: int, *, reminder: Reminder | None = None, booked: frozenset[date] = BOOKED) -> Verdict:
    return instalments.judge(
        LINES,
        PlanMoney(paid_ore=paid_ore, owed_ore=300_000 - paid_ore),
        today,
        agreed_on=TODAY,
        reminder=reminder,
        booked=booked,
        uncertain=False,
        reminder_days=14,
        rules=RULES,
    ).verdict


def test_a_missed_instalment_is_reminded_after_three_bank_days_and_breaks_the_plan_fourteen_days_later() -> None:
    assert day(date(2026, 3, 5), 0) is Verdict.NOTHING
    assert day(date(2026, 3, 6), 0) is Verdict.REMIND
    assert day(date(2026, 3, 6), 100_000) is Verdict.NOTHING
    reminder = Reminder(number=1, pay_by=date(2026, 3, 20))
    assert day(date(2026, 3, 25), 0, reminder=reminder) is Verdict.NOTHING
    assert day(date(2026, 3, 26), 0, reminder=reminder) is Verdict.BREAK
    assert day(date(2026, 3, 26), 100_000, reminder=reminder) is Verdict.NOTHING
    assert day(date(2026, 4, 10), 100_000, reminder=reminder) is Verdict.NOTHING  # Easter moved the day
    assert day(date(2026, 4, 13), 100_000, reminder=reminder) is Verdict.REMIND
    assert day(date(2026, 3, 26), 300_000, reminder=reminder) is Verdict.KEEP


@given(
    offset=st.integers(0, 120),
    paid_ore=st.integers(0, 299_999),
    reminded=st.booleans(),
    missing=st.sets(st.integers(0, 60), max_size=3),
)
def test_nobody_is_reminded_and_nothing_broken_while_a_bank_day_is_open(
    offset: int, paid_ore: int, reminded: bool, missing: set[int]
) -> None:
    today = TODAY + timedelta(days=offset)
    booked = BOOKED - {TODAY + timedelta(days=n) for n in missing}
    reminder = Reminder(number=1, pay_by=date(2026, 3, 20)) if reminded else None
    verdict = day(today, paid_ore, reminder=reminder, booked=booked)
    if verdict in (Verdict.REMIND, Verdict.BREAK):
        one = LINES[paid_ore // 100_000]
        ended = reminder.pay_by if reminder and one.number == 1 else one.due_on
        assert today > add_bank_days(ended, 3)
        assert set(instalments.bank_days_needed(TODAY, ended, rules=RULES)) <= booked
        assert paid_ore < 100_000 * one.number
    if verdict is Verdict.BREAK:
        assert reminder is not None


def test_whatever_brings_the_debt_down_counts() -> None:
    corrected = PlanMoney(paid_ore=0, owed_ore=200_000)
    assert instalments.paid_count(LINES, corrected) == 1
    assert instalments.missing_ore(LINES, corrected, 2) == 100_000
    assert [s.value for s in instalments.states(LINES, PlanMoney(paid_ore=130_000, owed_ore=170_000), TODAY)] == [
        "paid",
        "partly",
        "coming",
    ]


def test_a_rest_after_the_last_instalment_gets_a_day_of_its_own() -> None:
    paid = PlanMoney(paid_ore=300_000, owed_ore=1_234)
    judged = instalments.judge(
        LINES,
        paid,
        date(2026, 5, 5),
        agreed_on=TODAY,
        reminder=None,
        booked=BOOKED,
        uncertain=False,
        reminder_days=14,
        rules=RULES,
    )
    assert judged.verdict is Verdict.REST
    rest = instalments.with_rest(LINES, judged.missing_ore, date(2026, 5, 5), reminder_days=14)[-1]
    assert (rest.number, rest.due_on, rest.amount_ore) == (4, date(2026, 5, 19), 1_234)
