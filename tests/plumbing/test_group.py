"""Requests that come together commit together, and one that fails does not take the others down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from fastapi import Response
from pydantic import BaseModel
from support.databases import Databases
from support.toy import TABLES, NoteOut, Rig, count, emit, run

from shared.bus import Bus
from shared.errors import Conflict, Reject
from shared.group import GroupCommit
from shared.idempotency import Call, Once, run_together
from shared.service import Service
from shared.uow import Uow

RigOf = Callable[[Databases], Rig]


def grouped(service: Service, sizes: list[int], at_once: int = 1) -> GroupCommit[Call[str], Response]:
    def work(uow: Uow, asked: Sequence[str]) -> list[BaseModel | Exception]:
        sizes.append(len(asked))
        if "explode" in asked:
            raise ZeroDivisionError
        return [
            Conflict("taken", "taken") if name == "taken" else NoteOut(event_id=emit(uow, name, name)) for name in asked
        ]

    return GroupCommit(service.uow, lambda uow, calls: run_together(uow, calls, work), at_once=at_once)


def call(name: str, key: str, body: str = "same", client: str = "a") -> Call[str]:
    return Call(client, Once(key, "POST /v1/notes", body), name)


def test_concurrent_calls_share_a_transaction_and_each_gets_its_own_answer(databases: Databases, rig_of: RigOf) -> None:
    async def scenario(sender: Service, _receiver: Service, _bus: Bus) -> None:
        sizes: list[int] = []
        group = grouped(sender, sizes)
        names = [f"n{i}" for i in range(100)] + ["taken"]
        answers = await asyncio.gather(*(group.submit(call(n, n)) for n in names), return_exceptions=True)
        assert isinstance(answers[-1], Conflict)
        bodies = {bytes(a.body) for a in answers[:-1] if isinstance(a, Response)}
        assert len(bodies) == 100
        assert len(sizes) < 20
        assert count(sender, TABLES.events) == 100

    run(rig_of(databases), scenario)


def test_a_fault_in_a_group_is_its_own(databases: Databases, rig_of: RigOf) -> None:
    async def scenario(sender: Service, _receiver: Service, _bus: Bus) -> None:
        group = grouped(sender, [])
        names = ["first", *[f"n{i}" for i in range(20)], "explode", "last"]
        answers = await asyncio.gather(*(group.submit(call(n, n)) for n in names), return_exceptions=True)
        assert [type(a) for a in answers if not isinstance(a, Response)] == [ZeroDivisionError]
        assert count(sender, TABLES.events) == 22

    run(rig_of(databases), scenario)


def test_groups_commit_at_the_same_time_and_nobody_is_left_waiting(databases: Databases, rig_of: RigOf) -> None:
    async def scenario(sender: Service, _receiver: Service, _bus: Bus) -> None:
        sizes: list[int] = []
        group = grouped(sender, sizes, at_once=3)

        async def client(name: str) -> None:
            for n in range(10):
                await group.submit(call(f"{name}{n}", f"{name}{n}"))

        await asyncio.gather(*(client(name) for name in "abcdefgh"))
        assert sum(sizes) == count(sender, TABLES.events) == 80

    run(rig_of(databases), scenario)


def test_a_key_is_used_once_by_groups_that_commit_at_the_same_time(databases: Databases, rig_of: RigOf) -> None:
    async def scenario(sender: Service, _receiver: Service, _bus: Bus) -> None:
        group = grouped(sender, [], at_once=4)

        async def client(name: str) -> bytes:
            await group.submit(call(name, name))
            return bytes((await group.submit(call("x", "k"))).body)

        bodies = await asyncio.gather(*(client(f"n{n}") for n in range(24)))
        assert len(set(bodies)) == 1
        assert count(sender, TABLES.events) == 25

    run(rig_of(databases), scenario)


def test_a_key_is_used_once_within_a_group_and_after_it(databases: Databases, rig_of: RigOf) -> None:
    async def scenario(sender: Service, _receiver: Service, _bus: Bus) -> None:
        group = grouped(sender, [])
        answers = await asyncio.gather(*(group.submit(call("x", "k")) for _ in range(10)))
        assert len({bytes(a.body) for a in answers}) == 1
        assert sum("Idempotency-Replayed" not in a.headers for a in answers) == 1
        again = await group.submit(call("x", "k"))
        assert again.headers["Idempotency-Replayed"] == "true"
        with pytest.raises(Reject) as refused:
            await group.submit(call("x", "k", body="other"))
        assert refused.value.code == "idempotency-key-reused"
        await group.submit(call("x", "k", client="b"))
        assert count(sender, TABLES.events) == 2

    run(rig_of(databases), scenario)
