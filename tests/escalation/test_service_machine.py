"""The running ladder on a real file: topics out of step, crashes and replays never make it ask wrongly."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.timekeeper import (
    Timekeeper,
    declined,
    dispatched,
    ended,
    held,
    issued,
    let_go,
    registered,
    reopened,
    sent,
    withdrawn,
)

from shared.calendar import is_working_day
from shared.events import Payload
from shared.events.escalation import StepDue

CASES = ("case-1", "case-2")


class ServiceMachine(RuleBasedStateMachine):
    """Two cases; facts reach the service late, by either topic first, after crashes, and twice."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ladder-"))
        self.time = Timekeeper(self.folder)
        self.case_of: dict[str, str] = {}
        self.ended: set[str] = set()
        self.holds: dict[str, str] = {}
        self.open: dict[str, StepDue] = {}
        self.to_tell: list[Payload] = []
        self.seen = 0
        self.asked: Counter[tuple[str, date]] = Counter()

    def teardown(self) -> None:
        self.time.service.db.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        self.register("case-1", 4)

    @precondition(lambda self: len(self.case_of) < 5)
    @rule(case=st.sampled_from(CASES), overdue=st.integers(1, 40))
    def register(self, case: str, overdue: int) -> None:
        claim, today = f"c{len(self.case_of) + 1}", self.time.clock.today()
        self.case_of[claim] = case
        self.time.feed(registered(claim, case=case, due=today - timedelta(days=overdue), registered_on=today))

    @rule(days=st.sampled_from([1, 1, 2, 5, 14, 60]))
    def live(self, days: int) -> None:
        self.time.clock.set(self.time.clock.today() + timedelta(days=days))
        self.fire()

    @rule()
    def fire(self) -> None:
        today = self.time.clock.today()
        for payload in self.time.fire():
            if isinstance(payload, StepDue):
                assert is_working_day(today)
                self.asked[payload.case_id, today] += 1
                assert self.asked[payload.case_id, today] == 1
                for claim in payload.claim_ids:
                    assert claim not in self.ended
                    assert claim not in self.holds.values()
                self.open[payload.step_id] = payload

    @precondition(lambda self: self.open)
    @rule(data=st.data(), letters_first=st.booleans())
    def deliver(self, data: st.DataObject, letters_first: bool) -> None:
        """The letter goes out; one of the two topics may be told only later."""
        step = self.take(data)
        today = self.time.clock.today()
        letters: list[Payload] = [dispatched(step, today), sent(step, today)]
        demand: list[Payload] = [issued(step)]
        now, later = (letters, demand) if letters_first else (demand, letters)
        self.time.feed(*now)
        self.to_tell += later

    @precondition(lambda self: self.open)
    @rule(data=st.data(), wait=st.integers(1, 9), issue_first=st.booleans())
    def turn_down(self, data: st.DataObject, wait: int, issue_first: bool) -> None:
        step = self.take(data)
        again = self.time.clock.today() + timedelta(days=wait)
        if issue_first:
            self.time.feed(issued(step), withdrawn(step, "amount_changed", again))
        else:
            self.time.feed(declined(step, "bank_day_open", again))

    @precondition(lambda self: self.to_tell)
    @rule()
    def tell(self) -> None:
        self.time.feed(*self.to_tell)
        self.to_tell = []

    @precondition(lambda self: self.free())
    @rule(data=st.data(), reason=st.sampled_from(["objection", "deferral", "manual", "death"]))
    def hold(self, data: st.DataObject, reason: str) -> None:
        claim = data.draw(st.sampled_from(self.free()))
        name = f"h{self.seen}"
        self.seen += 1
        self.holds[name] = claim
        self.time.feed(held(reason, claim, case=self.case_of[claim], hold=name))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), wait=st.integers(0, 10))
    def release(self, data: st.DataObject, wait: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.holds)))
        claim = self.holds.pop(name)
        day = self.time.clock.today() + timedelta(days=wait)
        self.time.feed(let_go("manual", day, claim, case=self.case_of[claim], hold=name))

    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(sorted(self.case_of)))
        self.ended.add(claim)
        self.time.feed(ended(claim, case=self.case_of[claim], on=self.time.clock.today()))

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(sorted(self.ended)))
        self.ended.discard(claim)
        self.time.feed(reopened(claim, case=self.case_of[claim], on=self.time.clock.today()))

    @rule()
    def crash_and_replay(self) -> None:
        before = len(self.time.published())
        self.time.crash()
        self.time.take(list(self.time.log))
        assert len(self.time.published()) == before

    def take(self, data: st.DataObject) -> StepDue:
        return self.open.pop(data.draw(st.sampled_from(sorted(self.open))))

    def free(self) -> list[str]:
        return sorted(claim for claim in self.case_of if claim not in self.holds.values())

    @invariant()
    def what_must_hold_holds(self) -> None:
        self.time.check()
        assert self.time.parked() == []


TestService = ServiceMachine.TestCase
TestService.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
