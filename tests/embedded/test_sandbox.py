"""The sandbox's clock: order within a day, what may be set, what it counts and what it says when work is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from support import toy

from embedded.sandbox import Mover, clock_router
from shared.auth import Role
from shared.clock import SandboxClock, SystemMachine
from shared.events.claims import ClaimRegistered
from shared.events.escalation import StepDue
from shared.problems import install_problems
from shared.service import Job, Service

START = date(2026, 1, 15)


@dataclass
class Town:
    """Two toy services under a sandbox's clock, and what happened in which order."""

    http: httpx.AsyncClient
    clock: SandboxClock
    claims: Service
    escalation: Service
    diary: list[str] = field(default_factory=list)

    async def move(self, **wish: Any) -> httpx.Response:
        return await self.http.post("/sandbox/v1/clock", json=wish)

    def timer(self, due: date) -> None:
        fired: set[date] = set()

        def fire(service: Service) -> int:
            if self.clock.today() < due or due in fired:
                return 0
            fired.add(due)
            self.diary.append(f"timer {self.clock.today()}")
            with service.uow() as uow:
                step = StepDue(step_id="s", case_id="c", kind="inkassovarsel", claim_ids=["k"], due_on=due)
                uow.emit(step, key="c")
            return 1

        self.escalation.jobs = [Job("timer", fire)]

    def register(self) -> None:
        claim = ClaimRegistered(
            case_id="c",
            case_number="2600000018",
            case_kid="226000000100014",
            claim_id="k",
            claim_kid="126000000100015",
            creditor_unit="bydel-frogner",
            legal_person="958935420",
            account="13150101837",
            claim_type="kindergarten",
            principal_ore=100,
            invoice_number="1",
            due_date=START,
            registered_on=START,
            debtor_refs=["d"],
            dispute_body="forliksraad",
        )
        with self.claims.uow() as uow:
            uow.emit(claim, key="c")


def play(folder: Path, scenario: Callable[[Town], Awaitable[None]], **over: Any) -> None:
    async def whole() -> None:
        async with toy.pair(folder) as (claims, escalation, _bus):
            await _with_town(folder, claims, escalation, scenario, **over)

    asyncio.run(whole())


async def _with_town(
    folder: Path, claims: Service, escalation: Service, scenario: Callable[[Town], Awaitable[None]], **over: Any
) -> None:
    clock = SandboxClock(folder / "clock.json", START)
    app = FastAPI()
    install_problems(app)
    headers = {"Authorization": f"Bearer {toy.token(folder, Role.OPERATOR, name='Olav')}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x", headers=headers) as http:
        town = Town(http, clock, claims, escalation)
        mover = Mover(
            services=[claims, escalation],
            claims=claims,
            clock=clock,
            machine=over.get("machine", SystemMachine()),
            close_bank_day=lambda day: town.diary.append(f"close {day} on {clock.today()}"),
        )
        app.include_router(clock_router(mover))
        app.state.service = claims
        await scenario(town)


def test_a_day_is_left_in_order_and_what_is_due_happens(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        town.timer(date(2026, 1, 19))
        answer = await town.move(advance_days=5)
        assert answer.json() == {"date": "2026-01-20", "days": 5, "steps": 1, "letters": 0, "payments": 0}
        # Thursday and Friday are closed when they are left, the weekend has no bank day.
        assert town.diary == [
            "close 2026-01-15 on 2026-01-15",
            "close 2026-01-16 on 2026-01-16",
            "timer 2026-01-19",
            "close 2026-01-19 on 2026-01-19",
        ]

    play(tmp_path, scenario)


def test_the_date_is_shown_and_is_durable(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        assert (await town.http.get("/sandbox/v1/clock")).json() == {"date": "2026-01-15"}
        await town.move(date="2026-01-17")
        assert (await town.http.get("/sandbox/v1/clock")).json() == {"date": "2026-01-17"}
        assert SandboxClock(tmp_path / "clock.json", None).today() == date(2026, 1, 17)

    play(tmp_path, scenario)


def test_before_the_first_claim_any_date_may_be_set_and_then_only_forward(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        assert (await town.move(date="2024-03-01")).json()["date"] == "2024-03-01"
        assert (await town.move(date="2026-01-14")).json()["days"] == 0
        town.register()
        back = await town.move(date="2026-01-13")
        assert back.status_code == 409
        assert back.json()["type"].endswith(":clock-backwards")
        far = await town.move(date="2028-01-13")
        assert far.status_code == 409
        assert town.clock.today() == date(2026, 1, 14)
        assert (await town.move(date="2026-01-14")).json()["days"] == 0

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"advance_days": 1, "date": "2026-01-20"},
        {"advance_days": -1},
        {"advance_days": 401},
        {"advance_days": "2"},
        {"advance_days": True},
        {"date": "soon"},
        {"date": "9999-12-31"},
        {"date": "0001-01-01"},
        {"days": 3},
    ],
)
def test_a_wish_that_makes_no_sense_moves_nothing(tmp_path: Path, wish: dict[str, Any]) -> None:
    async def scenario(town: Town) -> None:
        answer = await town.move(**wish)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert town.clock.today() == START

    play(tmp_path, scenario)


def test_no_days_means_only_finish_today(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        town.timer(START)
        answer = await town.move(advance_days=0)
        assert (answer.json()["days"], answer.json()["steps"]) == (0, 1)
        assert town.diary == ["timer 2026-01-15"]

    play(tmp_path, scenario)


def test_stuck_work_is_named_and_the_move_can_go_on_later(tmp_path: Path) -> None:
    class Hurried(SystemMachine):
        def monotonic(self) -> float:
            return super().monotonic() * 10_000

    async def scenario(town: Town) -> None:
        town.escalation.service_backlog = lambda _tx: {"letters": int(town.clock.today() >= date(2026, 1, 16))}
        answer = await town.move(advance_days=3)
        assert answer.status_code == 500
        assert answer.json()["detail"] == "2026-01-16: work does not come to rest: escalation: letters 1"
        town.escalation.service_backlog = lambda _tx: {}
        assert (await town.move(date="2026-01-18")).json()["days"] == 2

    play(tmp_path, scenario, machine=Hurried())


def test_moves_wait_for_one_another(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        answers = await asyncio.gather(*(town.move(advance_days=2) for _ in range(3)))
        assert sorted(answer.json()["date"] for answer in answers) == ["2026-01-17", "2026-01-19", "2026-01-21"]

    play(tmp_path, scenario)


def test_a_token_is_needed(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        for method in ("GET", "POST"):
            answer = await town.http.request(method, "/sandbox/v1/clock", headers={"Authorization": ""})
            assert answer.status_code == 401

    play(tmp_path, scenario)


def test_the_bus_is_quiet_between_days(tmp_path: Path) -> None:
    async def scenario(town: Town) -> None:
        with town.claims.uow() as uow:
            toy.emit(uow, "case", "claim")
        await town.move(advance_days=1)
        assert toy.notes(town.escalation) == [("case", "claim")]

    play(tmp_path, scenario)
