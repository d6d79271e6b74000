"""Payments, holds, objections, retries, voids, downtime and clock moves in any order: never an unlawful step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.ladders import BOOK, Walk, claim

from escalation.domain import progress
from escalation.domain.day import Ask, Drop, Propose, advance, objection_contested, objection_given_up
from escalation.domain.ladder import Owner, Trigger
from escalation.domain.outcomes import COVERS, Outcome, consequence, review_day
from escalation.domain.planner import Next, plan
from escalation.domain.state import Case, DemandKind, Hold, Letter
from shared.calendar import add_bank_days, add_months, add_years, deadline_after, is_working_day

START = date(2026, 1, 5)
REASONS = ["objection", "deferral", "plan", "manual", "death", "bank_day", "unheard_of"]


@dataclass
class Expected:
    """What is known of a claim from outside, without the code under test."""

    due: date
    registered: date
    ended: bool = False
    contested: bool = False
    judged: bool = False
    holds: set[str] = field(default_factory=set)
    open_step: str | None = None
    dispatched: bool = False
    notice_deadline: date | None = None
    demand_deadline: date | None = None
    demand_sent_on: date | None = None
    warning_sent_on: date | None = None
    unit_decides: bool = False


class LadderMachine(RuleBasedStateMachine):
    """One case; an outside world that answers steps as it likes, late or never."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk.__new__(Walk)
        self.walk.book, self.walk.case, self.walk.today, self.walk.done = BOOK, Case(case_id="case"), START, []
        self.known: dict[str, Expected] = {}
        self.open: dict[str, Ask] = {}
        self.sent: list[Ask] = []
        self.holds = 0
        self.per_day: Counter[date] = Counter()
        self.numbers: Counter[tuple[str, str, int]] = Counter()
        self.legal: dict[str, Propose] = {}
        self.approved: dict[str, Propose] = {}
        self.at_body: dict[str, Propose] = {}

    # ------------------------------------------------------------------------------------------------------- facts

    @initialize(overdue=st.integers(1, 60))
    def first(self, overdue: int) -> None:
        self.take_in(overdue, noticed=False)

    def take_in(self, overdue: int, *, noticed: bool) -> None:
        claim_id = f"c{len(self.known) + 1}"
        due = self.walk.today - timedelta(days=overdue)
        letter = (
            Letter(step_id=None, sent_on=due + timedelta(days=1), deadline=due + timedelta(days=15))
            if noticed
            else None
        )
        body = {1: "unit", 3: "husleietvistutvalg"}.get(len(self.known), "forliksraad")
        self.walk.register(claim(claim_id, due=due, registered=self.walk.today, notice=letter, dispute_body=body))
        self.known[claim_id] = Expected(
            due=due,
            registered=self.walk.today,
            notice_deadline=letter and letter.deadline,
            unit_decides=body == "unit",
        )

    @precondition(lambda self: len(self.known) < 4)
    @rule(overdue=st.integers(1, 60), noticed=st.booleans())
    def register(self, overdue: int, noticed: bool) -> None:
        self.take_in(overdue, noticed=noticed)

    @rule(days=st.sampled_from([1, 1, 1, 2, 3, 7, 14, 21]))
    def live(self, days: int) -> None:
        for _ in range(days):
            self.walk.today += timedelta(days=1)
            self.fire()

    @rule(days=st.sampled_from([5, 30, 200]))
    def downtime(self, days: int) -> None:
        """The clock moves on and nobody looks until the end of it."""
        self.walk.today += timedelta(days=days)
        self.fire()

    @rule()
    def fire(self) -> None:
        for action in self.walk.fire():
            if isinstance(action, Ask):
                self.check_ask(action)
            elif isinstance(action, Propose):
                self.check_proposal(action)
            else:
                self.drop(action)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), late=st.integers(0, 30))
    def deliver(self, data: st.DataObject, late: int) -> None:
        ask = self.take(data)
        self.walk.dispatch(ask)
        self.per_day[self.walk.today] += ask.due_on != self.walk.today
        assert self.per_day[self.walk.today] <= 1, "two demands on a case in a day"
        letter = Letter(step_id=ask.step_id, sent_on=self.walk.today,
                        deadline=deadline_after(self.walk.today, 14 + late))  # fmt: skip
        self.walk.case = progress.sent(BOOK, self.walk.case, ask.step_id, ask.claim_ids, letter)
        self.sent.append(ask)
        for claim_id in ask.claim_ids:
            known = self.known[claim_id]
            if ask.kind is DemandKind.NOTICE:
                known.notice_deadline = letter.deadline
            elif ask.kind is DemandKind.WARNING:
                known.warning_sent_on = letter.sent_on
            else:
                known.demand_deadline, known.demand_sent_on = letter.deadline, letter.sent_on

    @precondition(lambda self: self.open)
    @rule(data=st.data(), wait=st.integers(1, 12))
    def decline(self, data: st.DataObject, wait: int) -> None:
        ask = self.take(data)
        held = any(self.known[c].holds for c in ask.claim_ids)
        self.walk.decline(ask, "not_now", None if held else self.walk.today + timedelta(days=wait))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), wait=st.integers(1, 5))
    def withdraw(self, data: st.DataObject, wait: int) -> None:
        self.walk.withdraw(self.take(data), "not_now", self.walk.today + timedelta(days=wait))

    @precondition(lambda self: self.sent)
    @rule()
    def void(self) -> None:
        """The last letter turns out to be void; only while nothing was built on it."""
        ask = self.sent.pop()
        still = [c for c in ask.claim_ids if self.stands_on(c, ask)]
        if len(still) != len(ask.claim_ids):
            return
        for drop in self.walk.withdraw(ask, "void", self.walk.today + timedelta(days=1)):
            self.drop(drop)
        for claim_id in ask.claim_ids:
            known = self.known[claim_id]
            if ask.kind is DemandKind.NOTICE:
                known.notice_deadline = None
            elif ask.kind is DemandKind.WARNING:
                known.warning_sent_on = None
            else:
                known.demand_deadline = known.demand_sent_on = None

    @rule(data=st.data(), reason=st.sampled_from(REASONS), until=st.none() | st.integers(1, 60))
    def hold(self, data: st.DataObject, reason: str, until: int | None) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.known)))
        self.holds += 1
        day = None if until is None else self.walk.today + timedelta(days=until)
        hold = Hold(hold_id=f"h{self.holds}", reason=reason, placed_on=self.walk.today, until=day)
        for drop in self.walk.hold([claim_id], hold):
            self.drop(drop)
        self.known[claim_id].holds.add(hold.hold_id)

    @precondition(lambda self: any(known.holds for known in self.known.values()))
    @rule(data=st.data(), wait=st.integers(0, 14), contested=st.booleans())
    def release(self, data: st.DataObject, wait: int, contested: bool) -> None:
        claim_id = data.draw(st.sampled_from(sorted(c for c, known in self.known.items() if known.holds)))
        hold_id = data.draw(st.sampled_from(sorted(self.known[claim_id].holds)))
        self.known[claim_id].holds.discard(hold_id)
        contested = contested and data.draw(st.booleans())
        self.known[claim_id].contested |= contested
        resume = self.walk.today + timedelta(days=wait)
        self.walk.release([claim_id], hold_id, resume_on=resume, contested=contested)

    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.known)))
        for drop in self.walk.end(claim_id, "settled"):
            self.drop(drop)
        self.known[claim_id].ended = True

    @rule(data=st.data())
    def reverse_payment(self, data: st.DataObject) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.known)))
        self.walk.reopen(claim_id)
        self.known[claim_id].ended = False

    @precondition(lambda self: self.legal)
    @rule(data=st.data(), trigger=st.sampled_from([Trigger.APPROVED, Trigger.REFUSED]))
    def decide(self, data: st.DataObject, trigger: Trigger) -> None:
        step = self.legal.pop(data.draw(st.sampled_from(sorted(self.legal))))
        review = self.walk.today + timedelta(days=90) if trigger is Trigger.REFUSED else None
        self.walk.case = progress.legal_moved(BOOK, self.walk.case, step.claim_ids, trigger, review_on=review)
        if trigger is Trigger.APPROVED:
            self.approved[step.legal_step_id] = step

    @precondition(lambda self: self.approved)
    @rule(data=st.data())
    def submit(self, data: st.DataObject) -> None:
        step = self.approved.pop(data.draw(st.sampled_from(sorted(self.approved))))
        self.walk.case = progress.legal_moved(BOOK, self.walk.case, step.claim_ids, Trigger.SUBMITTED)
        self.at_body[step.legal_step_id] = step

    @precondition(lambda self: self.at_body)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def come_out(self, data: st.DataObject, outcome: Outcome) -> None:
        step = self.at_body[data.draw(st.sampled_from(sorted(self.at_body)))]
        inside = [self.walk[c] for c in step.claim_ids if not self.known[c].ended]
        wanted = "enforced" if outcome is Outcome.ENFORCEMENT_ENDED else "at_body"
        if any(claim.stage != wanted for claim in inside):
            return
        review = review_day(outcome, self.walk.today)
        judged_on = self.walk.today if outcome is Outcome.JUDGMENT else None
        self.walk.case = progress.legal_moved(
            BOOK, self.walk.case, step.claim_ids, consequence(outcome).trigger,
            review_on=review and review.value, judged_on=judged_on,
        )  # fmt: skip
        for claim_id in step.claim_ids:
            if outcome is Outcome.JUDGMENT:
                known = self.known[claim_id]
                known.judged, known.contested, known.warning_sent_on = True, False, None
        if outcome not in COVERS:
            del self.at_body[step.legal_step_id]

    @rule(data=st.data(), part=st.booleans())
    def contest(self, data: st.DataObject, part: bool) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.known)))
        self.walk.case, drops = objection_contested(BOOK, self.walk.case, [claim_id], self.walk.today, part=part)
        for drop in drops:
            self.drop(drop)
        self.known[claim_id].contested |= not part

    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.known)))
        self.walk.case, drops = objection_given_up(BOOK, self.walk.case, [claim_id], self.walk.today)
        for drop in drops:
            self.drop(drop)
        self.known[claim_id].contested = False

    # ------------------------------------------------------------------------------------------------------ checks

    def take(self, data: st.DataObject) -> Ask:
        ask = self.open.pop(data.draw(st.sampled_from(sorted(self.open))))
        for claim_id in ask.claim_ids:
            self.known[claim_id].open_step = None
        return ask

    def stands_on(self, claim_id: str, ask: Ask) -> bool:
        one = self.walk[claim_id]
        if one.step is not None:
            return False
        letter = {DemandKind.NOTICE: one.notice, DemandKind.DEMAND: one.demand, DemandKind.WARNING: one.warning}[
            ask.kind
        ]
        later = (one.demand or one.warning) if ask.kind is DemandKind.NOTICE else None
        return letter is not None and letter.step_id == ask.step_id and later is None and one.stage in (
            "noticed", "demanded", "warned", "legal_proposed", "ended",
        )  # fmt: skip

    def drop(self, drop: Drop) -> None:
        self.legal.pop(drop.legal_step_id, None)
        self.approved.pop(drop.legal_step_id, None)

    def check_ask(self, ask: Ask) -> None:
        today = self.walk.today
        assert is_working_day(today)
        self.per_day[today] += 1
        assert self.per_day[today] == 1, "two demands on a case in a day"
        for claim_id, number in zip(ask.claim_ids, ask.sequences, strict=True):
            known = self.known[claim_id]
            assert not known.ended, "a step on a settled claim"
            assert not known.holds, "a step on a held claim"
            assert known.open_step is None, "a second demand while one is in work"
            known.open_step = ask.step_id
            self.numbers[claim_id, ask.kind.value, number] += 1
            assert self.numbers[claim_id, ask.kind.value, number] == 1, "two demands for one claim and step"
            assert today > known.registered
            if ask.kind is DemandKind.WARNING:
                assert known.judged or (known.contested and known.unit_decides), (
                    "a notice of enforcement without ground"
                )
                continue
            assert not known.contested, "a letter of collection about a contested claim"
            assert not known.judged, "a letter of collection about a judged claim"
            if ask.kind is DemandKind.NOTICE:
                assert today >= known.due + timedelta(days=14)
            else:
                assert known.notice_deadline is not None
                assert today > add_bank_days(known.notice_deadline, 3)
        self.open[ask.step_id] = ask

    def check_proposal(self, step: Propose) -> None:
        for claim_id in step.claim_ids:
            known = self.known[claim_id]
            assert not known.ended
            assert not known.holds
            if not known.contested and not known.judged:
                assert known.demand_deadline is not None
                assert known.demand_sent_on is not None
                assert self.walk.today > add_bank_days(known.demand_deadline, 3)
                assert self.walk.today <= add_months(known.demand_sent_on, 6)
            elif step.kind == "utlegg":
                self.check_enforcement_notice(known)
        assert step.legal_step_id not in self.legal
        self.legal[step.legal_step_id] = step

    def check_enforcement_notice(self, known: Expected) -> None:
        """Two weeks and at most a year more lie between a notice of enforcement and what rests on it."""
        given = [known.warning_sent_on, None if known.judged else known.demand_sent_on]
        opened = [sent_on + timedelta(days=14) for sent_on in given if sent_on is not None]
        assert any(day <= self.walk.today <= add_years(day, 1) for day in opened), "no notice of enforcement carries it"

    @invariant()
    def every_open_claim_has_exactly_one_next_thing(self) -> None:
        nexts = plan(BOOK, self.walk.case, self.walk.today)
        assert nexts.keys() == self.known.keys()
        for claim_id, thing in nexts.items():
            known = self.known[claim_id]
            assert (thing.step == "none") == known.ended
            assert thing.then
            if not known.ended:
                assert self.somebody_moves(claim_id, thing), f"{claim_id}: nothing would ever happen"

    def somebody_moves(self, claim_id: str, thing: Next) -> bool:
        if self.known[claim_id].holds:
            return thing.step == "hold_end" and thing.wake is None
        if self.known[claim_id].open_step is not None:
            return thing.step == "dispatch"
        return thing.wake is not None or thing.owner in (Owner.CASEWORKER, Owner.COURT)

    @invariant()
    def once_the_day_is_lived_nothing_is_left_for_it(self) -> None:
        case, _ = advance(BOOK, self.walk.case, self.walk.today)
        if is_working_day(self.walk.today):
            assert advance(BOOK, case, self.walk.today) == (case, [])
        for thing in plan(BOOK, case, self.walk.today).values():
            assert thing.wake is None or thing.wake > self.walk.today
            assert thing.wake is None or is_working_day(thing.wake)


TestLadder = LadderMachine.TestCase
TestLadder.settings = settings(max_examples=250, stateful_step_count=50, deadline=None)
