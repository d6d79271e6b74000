"""An operator reads a topic again, or publishes it again: everything is there, nothing has a second effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.toy import NOTE, TABLES, Rig, count, emit, notes, quiet, run, token

from shared.auth import Role
from shared.bus import Bus
from shared.service import Service


async def ask(service: Service, what: str, body: dict[str, Any], role: Role = Role.OPERATOR) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token(service.settings.data_dir, role, name='Olav', unit='u')}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=service.app), base_url="http://s") as client:
        return await client.post(f"/v1/operator/{what}", json={"reason": "a drill", **body}, headers=bearer)


def some_events(service: Service, first: int, many: int) -> None:
    with service.uow() as uow:
        for n in range(first, first + many):
            emit(uow, f"case-{n % 5}", f"c{n}")


def taken(service: Service) -> int:
    """Records taken, duplicates included."""
    return service.worker.taken


@pytest.mark.parametrize("to", [{"offset": 0}, {"time": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}])
def test_reading_again_from_the_start_changes_nothing(rig: Rig, to: dict[str, Any]) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        some_events(sender, 0, 30)
        await quiet(sender, receiver)
        before = notes(receiver)
        answer = await ask(receiver, "rewind", {"topic": "claims", **to})
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["offsets"].values()) == {0}
        some_events(sender, 30, 5)
        await quiet(sender, receiver)
        assert notes(receiver)[:30] == before
        assert count(receiver, NOTE) == 35
        assert taken(receiver) >= 65, "everything was read twice"
        assert count(receiver, TABLES.operator_action) >= 5

    run(rig, scenario)


def test_one_partition_goes_back_and_none_goes_ahead(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        some_events(sender, 0, 30)
        await quiet(sender, receiver)
        ends = await bus.end_offsets("claims")
        full = max(ends, key=lambda n: ends[n])
        ahead = await ask(receiver, "rewind", {"topic": "claims", "offset": 10_000})
        assert ahead.json()["offsets"] == {str(n): end for n, end in ends.items()}
        assert count(receiver, TABLES.operator_action) == 0
        back = await ask(receiver, "rewind", {"topic": "claims", "offset": 1, "partition": full})
        assert back.json()["offsets"] == {str(n): 1 if n == full else end for n, end in ends.items()}
        some_events(sender, 30, 5)
        await quiet(sender, receiver)
        assert count(receiver, NOTE) == 35

    run(rig, scenario)


def test_publishing_again_heals_a_consumer_that_lost_everything_and_tells_others_nothing_new(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        some_events(sender, 0, 20)
        await quiet(sender, receiver)
        before = notes(receiver)
        again = await ask(sender, "republish", {"topic": "claims"})
        assert again.json() == {"records": 20, "next": None}
        await quiet(sender, receiver)
        assert notes(receiver) == before
        with receiver.db.begin() as tx:  # a database that was restored from before the first event
            tx.execute(NOTE.delete())
            tx.execute(TABLES.inbox_version.delete())
        one = await ask(sender, "republish", {"topic": "claims", "key": "case-1"})
        assert one.json()["records"] == 4
        await quiet(sender, receiver)
        assert notes(receiver) == [pair for pair in before if pair[0] == "case-1"]
        assert sum((await bus.end_offsets("claims")).values()) == 44

    run(rig, scenario)


def test_events_of_a_span_of_time_are_published_again(rig_of: Any, databases: Any) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        some_events(sender, 0, 3)
        noon = sender.clock.now()
        none = await ask(sender, "republish", {"topic": "claims", "until": noon.isoformat()})
        every = await ask(sender, "republish", {"topic": "claims", "since": noon.isoformat()})
        assert (none.json()["records"], every.json()["records"]) == (0, 3)
        await quiet(sender, receiver)
        assert count(receiver, NOTE) == 3

    run(rig_of(databases), scenario)


def test_what_cannot_be_done_is_refused(rig_of: Any, databases: Any) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        assert (await ask(receiver, "rewind", {"topic": "payments", "offset": 0})).status_code == 404
        assert (await ask(receiver, "rewind", {"topic": "claims"})).status_code == 422
        assert (await ask(receiver, "rewind", {"topic": "claims", "offset": -1})).status_code == 422
        assert (await ask(receiver, "rewind", {"topic": "claims", "offset": 0}, Role.AGENCY)).status_code == 403
        assert (await ask(receiver, "republish", {"topic": "claims"})).status_code == 404
        assert (await ask(sender, "republish", {"topic": "parties"})).status_code == 404
        assert (await ask(sender, "republish", {"topic": "claims", "after": "x"})).status_code == 422
        assert count(sender, TABLES.operator_action) == count(receiver, TABLES.operator_action) == 0

    run(rig_of(databases), scenario)
