"""What would happen is what does happen when nobody pays, objects or decides; and looking changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ladders import BOOK, Walk, claim
from support.timekeeper import Timekeeper, ended, held, registered

from escalation.domain.day import Ask, Propose
from escalation.domain.simulation import foresee
from escalation.domain.state import Hold, Letter
from shared.auth import Role
from shared.calendar import is_working_day


@settings(max_examples=60, deadline=None)
@given(
    overdue=st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=4),
    lived=st.integers(0, 60),
    held=st.none() | st.integers(1, 40),
)
def test_what_is_foreseen_is_what_happens(overdue: list[tuple[int, bool]], lived: int, held: int | None) -> None:
    start = date(2026, 1, 5)
    walk = Walk(claim("c0", due=start - timedelta(days=3), registered=start), today=start)
    for n, (days, noticed) in enumerate(overdue, 1):
        due = start - timedelta(days=days)
        letter = Letter(step_id=None, sent_on=due, deadline=due + timedelta(days=14)) if noticed else None
        walk.register(claim(f"c{n}", due=due, registered=start, notice=letter))
    walk.until(start + timedelta(days=lived))
    if held is not None:
        walk.hold(["c0"], Hold(hold_id="h", reason="manual", placed_on=walk.today,
                               until=walk.today + timedelta(days=held)))  # fmt: skip
    before, until = walk.case, walk.today + timedelta(days=120)
    foreseen = foresee(BOOK, walk.case, walk.today, until)
    assert walk.case == before
    if held is not None:
        release = walk.today + timedelta(days=held)
        lived_out = walk.until(min(release, until))
        while not is_working_day(walk.today) or walk.today <= release:
            walk.today += timedelta(days=1)
        walk.release(["c0"], "h", resume_on=walk.today)
    else:
        lived_out = []
    lived_out = lived_out + walk.until(until)
    happened = [
        (day, action.kind.value if isinstance(action, Ask) else "legal_step", action.claim_ids)
        for day, action in lived_out
        if isinstance(action, Ask | Propose)
    ]
    assert [(one.on, one.step, one.claim_ids) for one in foreseen] == happened


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def test_a_cases_way_ahead_over_http(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", debtor_refs=["kari", "ola"]))
    items = time.client().get("/v1/cases/case-1/simulation").json()["items"]
    assert items == [
        {"on": "2026-01-29", "step": "inkassovarsel", "claim_ids": ["c1", "c2"]},
        {"on": "2026-02-18", "step": "betalingsoppfordring", "claim_ids": ["c1", "c2"]},
        {"on": "2026-03-10", "step": "legal_step", "claim_ids": ["c1", "c2"]},
    ]
    theirs = time.client(Role.DEBTOR, debtor_ref="ola").get("/v1/cases/case-1/simulation").json()["items"]
    assert {tuple(item["claim_ids"]) for item in theirs} == {("c2",)}
    assert time.client(Role.DEBTOR, debtor_ref="per").get("/v1/cases/case-1/simulation").status_code == 404
    assert time.published() == []


def simulate(time: Timekeeper, role: Role = Role.CASEWORKER, **body: Any) -> Any:
    return time.client(role).post("/v1/simulations", json=body)


def test_the_portfolio_by_todays_numbers_and_by_others(time: Timekeeper) -> None:
    time.feed(*[registered(f"c{n}", case=f"case-{n}") for n in range(4)])
    time.feed(registered("c9", case="case-9", creditor_unit="deichman"), ended("c3", case="case-3"))
    time.feed(held("manual", "c2", case="case-2"))
    answer = simulate(time, days=60, policy={"notice_after_due_days": 21}).json()
    assert (answer["cases"], answer["truncated"], answer["affected_cases"]) == (4, False, 3)
    assert (answer["now"]["letters"], answer["now"]["legal_steps"]) == (6, 3)
    assert answer["now"]["by_day"][0] == {"on": "2026-01-29", "step": "inkassovarsel", "count": 3}
    assert answer["changed"]["by_day"][0] == {"on": "2026-02-05", "step": "inkassovarsel", "count": 3}
    assert simulate(time, days=60, creditor_unit="deichman").json()["cases"] == 1
    assert simulate(time, days=60, cases_max=2).json()["truncated"] is True
    assert time.published() == []


def test_fees_are_foreseen_by_the_latest_of_their_kind(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 1, 29))
    time.feed(registered("c2", case="case-2", due=date(2026, 1, 20), registered_on=date(2026, 1, 29)))
    answer = simulate(time, days=20).json()
    assert (answer["now"]["letters"], answer["now"]["fees_ore"]) == (2, 3_800)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"policy": {"grace_bank_days": 0}}, "policy.grace_bank_days"),
        ({"policy": {"answer_days": 13}}, "policy.answer_days"),
        ({"policy": {"speed": 1}}, "policy.speed"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"cases_max": 5_001}, "cases_max"),
    ],
)
def test_numbers_below_the_law_are_not_even_simulated(time: Timekeeper, body: dict[str, Any], field: str) -> None:
    answer = simulate(time, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_who_may_simulate(time: Timekeeper) -> None:
    assert simulate(time, Role.AUDITOR).status_code == 200
    assert simulate(time, Role.OPERATOR).status_code == 200
    assert time.client(Role.AGENCY, unit="bydel-frogner").post("/v1/simulations", json={}).status_code == 403
