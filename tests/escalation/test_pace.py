"""Outside the sandbox: hours for letters, catch-up after downtime, the throttle, the brake, a clock that jumps."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import KeySet
from support.timekeeper import Timekeeper, dispatched, ended, issued, registered, sent

from escalation.domain.pace import Limits, is_letter_time, is_unusual, jumped
from escalation.store import control
from escalation.usecases import braking
from shared.auth import Role, local_key
from shared.calendar import OSLO
from shared.events.escalation import StepDue

LIMITS = Limits()


class WallClock:
    """A business clock in earnest, held in a test's hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def today(self) -> date:
        return self.at.astimezone(OSLO).date()


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


def earnest(folder: Path, **settings: object) -> Timekeeper:
    """A service outside the sandbox, on Monday 19 January 2026 at nine."""
    (folder / "keys").mkdir()
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(KeySet([local_key(folder / "keys")]).as_dict(private=False)), "utf-8")
    values = {"sandbox": False, "issuer": "https://issuer.example", "issuer_jwks": str(jwks), **settings}
    time = Timekeeper(folder, settings=values, clock=WallClock(oslo("2026-01-19T09:00")))
    time.job("fire")
    return time


def release(time: Timekeeper) -> None:
    with time.service.uow() as uow:
        braking.set_by_operator(uow, engaged=False, note="looked at", who="Ola")


def pass_time(time: Timekeeper, until: str) -> None:
    """Let both clocks run to a wall time."""
    passed = (oslo(until) - time.clock.at).total_seconds()
    time.clock.at = oslo(until)
    time.machine.advance(seconds=passed)


@pytest.mark.parametrize(
    ("at", "letters"),
    [
        ("2026-01-19T05:59", False),
        ("2026-01-19T06:00", True),
        ("2026-01-19T21:59", True),
        ("2026-01-19T22:00", False),
        ("2026-01-17T12:00", False),  # Saturday
        ("2026-05-01T12:00", False),  # public holiday
        ("2026-12-24T12:00", True),  # a working day, though no bank day
        ("2026-03-30T06:30", True),  # the Monday after summer time began
        ("2026-10-26T21:30", True),  # the Monday after it ended
    ],
)
def test_letters_go_by_day_on_working_days(at: str, letters: bool) -> None:
    assert is_letter_time(oslo(at), LIMITS) is letters
    assert is_letter_time(oslo(at).astimezone(UTC), LIMITS) is letters


def test_the_brake_needs_a_history_and_a_floor() -> None:
    usual = [200] * 20
    assert is_unusual(601, usual, LIMITS)
    assert not is_unusual(600, usual, LIMITS)
    assert not is_unusual(10_000, usual[:19], LIMITS)
    assert not is_unusual(499, [1] * 20, LIMITS)
    assert is_unusual(500, [1] * 20, LIMITS)


def test_a_clock_that_runs_with_the_steady_one_has_not_jumped() -> None:
    hour, second = timedelta(hours=1), timedelta(seconds=1)
    assert not jumped(500 * hour, 500 * hour)
    assert not jumped(hour, second)
    assert jumped(hour + 2 * second, second)
    assert jumped(-6 * second, second)
    assert not jumped(-5 * second, second)


def test_steps_wait_for_the_morning(tmp_path: Path) -> None:
    time = earnest(tmp_path)
    time.feed(registered())
    pass_time(time, "2026-01-29T05:30")
    assert time.fire() == []
    assert time.backlog() == {"timers": 1}
    pass_time(time, "2026-01-29T06:01")
    assert len(time.fire()) == 1


def test_after_three_weeks_down_each_claim_gets_one_step_and_its_deadline_from_the_sending(tmp_path: Path) -> None:
    time = earnest(tmp_path)
    time.feed(*[registered(f"c{n}", case=f"case-{n}") for n in range(6)])
    pass_time(time, "2026-03-03T10:00")
    time.crash()
    time.feed(ended("c0", case="case-0"))
    assert time.fire() == []  # a gap this long may be a wrong clock: an operator looks
    release(time)
    steps = time.fire()
    assert Counter(step.claim_ids[0] for step in steps) == {f"c{n}": 1 for n in range(1, 6)}
    assert {step.kind for step in steps} == {"inkassovarsel"}
    today = time.clock.today()
    for step in steps:
        time.feed(issued(step), dispatched(step, today), sent(step, today))
    with time.service.db.read() as tx:
        assert control.steps_on(tx, today) == 5
    assert time.fire() == []
    pass_time(time, "2026-03-20T10:00")
    assert time.fire() == []  # the deadline is 17 March, and three bank days follow
    pass_time(time, "2026-03-23T10:00")
    assert {step.kind for step in time.fire()} == {"betalingsoppfordring"}


def test_the_throttle_lets_so_many_steps_go_in_an_hour(tmp_path: Path) -> None:
    time = earnest(tmp_path, steps_per_hour_max=40, downtime_hours_max=9_999)
    time.feed(*[registered(f"c{n}", case=f"case-{n}") for n in range(100)])
    pass_time(time, "2026-01-29T10:00")
    time.crash()
    assert len(time.fire()) == 4  # a tenth of an hour's worth to begin with
    pass_time(time, "2026-01-29T10:30")
    assert len(time.fire()) == 20
    pass_time(time, "2026-01-29T12:30")
    assert len(time.fire()) == 40
    assert time.backlog() == {"timers": 36}


def test_an_unusual_volume_pulls_the_brake_until_an_operator_has_looked(tmp_path: Path) -> None:
    time = earnest(tmp_path, brake_steps_min=10, brake_history_days=3, downtime_hours_max=9_999)
    with time.service.uow() as uow:
        for day in (19, 20, 21):
            control.count_steps(uow.tx, date(2026, 1, day), 4)
    time.feed(*[registered(f"c{n}", case=f"case-{n}") for n in range(13)])
    pass_time(time, "2026-01-29T10:00")
    time.crash()
    assert time.fire() == []
    time.job("watch")
    assert 'timers_held{service="escalation"} 13.0' in time.service.metrics.render().decode()
    with time.service.db.read() as tx:
        assert braking.read(tx).reason == "unusual_volume"
    release(time)
    assert len(time.fire()) == 13
    pass_time(time, "2026-01-29T11:00")
    assert time.fire() == []


@pytest.mark.parametrize("to", ["2026-01-29T12:00", "2026-01-19T08:59"])
def test_a_clock_that_jumps_holds_everything_back(tmp_path: Path, to: str) -> None:
    time = earnest(tmp_path)
    time.feed(registered())
    time.clock.at = oslo(to)  # the steady clock stands still
    assert time.fire() == []
    pass_time(time, "2026-02-02T12:00")
    assert time.fire() == []
    with time.service.db.read() as tx:
        value = control.read(tx, "brake")
    assert value is not None
    assert value["reason"] == "clock_jump"
    assert time.published(StepDue) == []


def test_an_operator_reads_and_sets_the_brake_and_it_is_written_down(tmp_path: Path) -> None:
    time = Timekeeper(tmp_path)
    operator = time.client(Role.OPERATOR, name="Ola")
    assert operator.get("/v1/brake").json()["engaged"] is False
    answer = operator.post("/v1/brake", json={"engaged": True, "note": "printer is down"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["engaged"], answer.json()["reason"], answer.json()["applies"]) == (True, "operator", False)
    assert time.client(Role.CASEWORKER).get("/v1/brake").json()["note"] == "printer is down"
    assert time.client(Role.CASEWORKER).post("/v1/brake", json={"engaged": False, "note": "no"}).status_code == 403
    assert operator.post("/v1/brake", json={"engaged": False}).status_code == 422
    with time.service.db.read() as tx:
        [row] = tx.execute(time.service.tables.operator_action.select()).all()
    assert (row.who, row.action, row.target, row.reason) == ("Ola", "brake", "on", "printer is down")


def test_the_brake_does_not_stop_a_sandbox(tmp_path: Path) -> None:
    time = Timekeeper(tmp_path)
    time.client(Role.OPERATOR).post("/v1/brake", json={"engaged": True, "note": "only in earnest"})
    time.feed(registered())
    time.until(date(2026, 1, 29))
    assert len(time.letters()) == 1
