"""Run until quiet: it waits for everything, and names what does not come to rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import toy

from embedded.quiet import NotQuiet, run_until_quiet
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine
from shared.service import Job, Service


class Hurried:
    """A machine on which every look at the watch is ten seconds later."""

    def __init__(self) -> None:
        self._s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        self._s += 10
        return self._s


def test_everything_sent_has_been_taken(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        with sender.uow() as uow:
            for n in range(40):
                toy.emit(uow, f"case-{n % 5}", f"claim-{n}")
        await run_until_quiet([sender, receiver], SystemMachine())
        assert len(toy.notes(receiver)) == 40

    toy.run(tmp_path, scenario)


def test_work_that_brings_work_is_followed_to_its_end(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        left = [3]

        def one_more(service: Service) -> int:
            if not left[0]:
                return 0
            left[0] -= 1
            with service.uow() as uow:
                toy.emit(uow, "case", f"claim-{left[0]}")
            return 1

        sender.jobs = [Job("one-more", one_more)]
        await run_until_quiet([sender, receiver], SystemMachine())
        assert [claim for _case, claim in toy.notes(receiver)] == ["claim-2", "claim-1", "claim-0"]

    toy.run(tmp_path, scenario)


def test_parked_work_does_not_stand_in_the_way(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        with sender.uow() as uow:
            toy.emit(uow, "case", "poison")
        await run_until_quiet([sender, receiver], SystemMachine())
        assert toy.count(receiver, toy.TABLES.parked_key) == 1

    toy.run(tmp_path, scenario)


def test_what_is_stuck_is_named(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        receiver.service_backlog = lambda _tx: {"letters": 2, "timers": 0}
        with pytest.raises(NotQuiet, match=r"escalation: letters 2$") as stuck:
            await run_until_quiet([sender, receiver], Hurried())
        assert stuck.value.left == ["escalation: letters 2"]

    toy.run(tmp_path, scenario)


def test_a_job_that_goes_round_in_circles_is_named(tmp_path: Path) -> None:
    class Busy(SystemMachine):
        def monotonic(self) -> float:
            return super().monotonic() * 100_000

    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        turns = iter([1, 0] * 1_000)
        receiver.jobs = [Job("round", lambda _service: next(turns))]
        with pytest.raises(NotQuiet, match=r"escalation: round$"):
            await run_until_quiet([sender, receiver], Busy())

    toy.run(tmp_path, scenario)


def test_a_job_that_fails_is_tried_again_and_named_if_it_goes_on(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        turns = iter([0, 1])

        def fail_twice(_service: Service) -> int:
            for _ in turns:
                raise OSError("the folder is gone")
            return 0

        receiver.jobs = [Job("shaky", fail_twice)]
        await run_until_quiet([sender, receiver], SystemMachine())
        turns = iter(range(1_000))
        with pytest.raises(NotQuiet, match=r"escalation: job shaky fails$"):
            await run_until_quiet([sender, receiver], Hurried())

    toy.run(tmp_path, scenario)


def test_a_job_that_only_looks_is_at_rest(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: EmbeddedBus) -> None:
        def look(service: Service) -> int:
            with service.uow():
                return 0

        receiver.jobs = [Job("look", look)]
        await run_until_quiet([sender, receiver], SystemMachine())

    toy.run(tmp_path, scenario)


def test_a_consumer_that_stopped_is_named(tmp_path: Path) -> None:
    async def scenario(sender: Service, receiver: Service, bus: EmbeddedBus) -> None:
        receiver.worker.stop()
        receiver.worker.crashed = "case-7: a fork"
        # Published past the receiver, which no longer reads: the lag stays.
        with sender.uow() as uow:
            toy.emit(uow, "case", "claim")
        while sum((await bus.end_offsets("claims")).values()) == 0:
            await asyncio.sleep(0)
        with pytest.raises(NotQuiet, match="a fork"):
            await run_until_quiet([sender, receiver], SystemMachine())

    toy.run(tmp_path, scenario)
