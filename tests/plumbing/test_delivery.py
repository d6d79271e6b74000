"""What a service commits reaches the others once, in order, whatever is in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from support.databases import Databases
from support.records import ended, new
from support.toy import NOTE, TABLES, Rig, count, emit, notes, quiet, run, toy

from shared import upkeep
from shared.bus import Bus, NewRecord, Record, TopicPartition
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine
from shared.errors import Conflict, Crash
from shared.inbox import Gap
from shared.service import Service


def record(key: str, version: int, event_id: str, claim_id: str = "c") -> NewRecord:
    return new(ended(key, claim_id), key=key, version=version, event_id=event_id)


def test_events_of_one_key_arrive_once_and_in_order(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        for n in range(40):
            with sender.uow() as uow:
                for case in ("a", "b", "c"):
                    emit(uow, case, f"{case}{n}")
        await quiet(sender, receiver)
        for case in ("a", "b", "c"):
            assert [claim for key, claim in notes(receiver) if key == case] == [f"{case}{n}" for n in range(40)]
        assert count(sender, TABLES.events) == 120
        assert count(sender, TABLES.outbox) == 0

    run(rig, scenario)


def test_what_little_there_is_for_each_partition_is_sent_at_once(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    class Counting(EmbeddedBus):
        async def publish(self, records: Sequence[NewRecord]) -> None:
            sent.append(len(records))
            await super().publish(records)

    async def scenario() -> None:
        bus = Counting(tmp_path / "bus.db", machine=SystemMachine())
        await bus.start()
        service = toy("claims-api", tmp_path, bus, url=databases.url("claims-api"))
        await asyncio.to_thread(service._prepare_database)
        for most in (1_000, 10):
            monkeypatch.setattr("shared.outbox.BATCH_MAX", most)
            with service.uow() as uow:
                for n in range(40):
                    emit(uow, f"case-{n}", f"{most}-{n}")
            while await service.relay.relay_once():
                pass
        service.db.close()
        await bus.stop()

    asyncio.run(scenario())
    assert sent[0] == 40
    assert sum(sent[1:]) == 40
    assert max(sent[1:]) <= 10


def test_a_transaction_that_fails_leaves_no_event(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        with pytest.raises(ZeroDivisionError), sender.uow() as uow:
            int(emit(uow, "a", "lost") == "") // 0
        await quiet(sender, receiver)
        assert notes(receiver) == []
        assert count(sender, TABLES.events) == 0

    run(rig, scenario)


def test_a_record_published_twice_is_applied_once(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        one, two = record("a", 1, "id-1", "c1"), record("a", 2, "id-2", "c2")
        await bus.publish([one, two, one, two])
        await bus.publish([two])
        await quiet(sender, receiver)
        assert notes(receiver) == [("a", "c1"), ("a", "c2")]

    run(rig, scenario)


def test_a_version_that_comes_early_waits_for_the_missing_one(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        await bus.publish([record("a", 1, "id-1", "c1"), record("a", 3, "id-3", "c3"), record("b", 1, "id-b", "b1")])
        await quiet(sender, receiver)
        assert sorted(notes(receiver)) == [("a", "c1"), ("b", "b1")]
        assert count(receiver, TABLES.parked_key) == 1
        await bus.publish([record("a", 2, "id-2", "c2")])
        await quiet(sender, receiver)
        assert [claim for key, claim in notes(receiver) if key == "a"] == ["c1", "c2", "c3"]
        assert count(receiver, TABLES.parked_key) == count(receiver, TABLES.parked_event) == 0

    run(rig, scenario)


@pytest.mark.parametrize(("claim", "reason"), [("poison", "poison"), ("bug", "handler_error")])
def test_what_cannot_be_applied_parks_its_key_and_others_flow(rig: Rig, claim: str, reason: str) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        with sender.uow() as uow:
            emit(uow, "a", "before")
            emit(uow, "a", claim)
            emit(uow, "a", "behind")
            emit(uow, "b", "other")
        await quiet(sender, receiver)
        assert sorted(notes(receiver)) == [("a", "before"), ("b", "other")]
        with receiver.db.read() as tx:
            parked = tx.execute(TABLES.parked_key.select()).one()
        assert (parked.key, parked.reason) == ("a", reason)
        with sender.uow() as uow:
            emit(uow, "a", "later")
        await quiet(sender, receiver)
        assert count(receiver, TABLES.parked_event) == 3

    run(rig, scenario)


def test_discarding_money_takes_two_persons(rig: Rig) -> None:
    from shared import parking

    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        with sender.uow() as uow:
            emit(uow, "a", "poison")
        await quiet(sender, receiver)
        with receiver.uow() as uow:
            assert parking.discard(uow, "claims", "a", "kari", "wrong", two_persons=True) == "requested"
        with pytest.raises(Conflict), receiver.uow() as uow:
            parking.discard(uow, "claims", "a", "kari", "wrong", two_persons=True)
        with receiver.uow() as uow:
            assert parking.discard(uow, "claims", "a", "ola", "agreed", two_persons=True) == "discarded"
        assert count(receiver, TABLES.parked_event) == 0
        assert count(receiver, TABLES.operator_action) == 2

    run(rig, scenario)


def test_an_undecodable_record_becomes_a_dead_letter_with_a_copy_on_the_bus(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        good = record("a", 1, "id-1", "c1")
        await bus.publish([NewRecord("claims", "x", b"{", {"ce_type": "nonsense"}), good])
        await bus.publish([NewRecord("claims", "x", b"not json", {**good.headers, "ce_subject": "x", "ce_id": "z"})])
        await quiet(sender, receiver)
        assert notes(receiver) == [("a", "c1")]
        assert count(receiver, TABLES.dead_letter) == 2
        assert sum((await bus.end_offsets("claims.dlq")).values()) == 2

    run(rig, scenario)


def test_rewinding_to_the_start_has_no_effect(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        with sender.uow() as uow:
            for n in range(30):
                emit(uow, f"case-{n % 7}", f"c{n}")
        await quiet(sender, receiver)
        before = notes(receiver)
        with receiver.db.begin() as tx:
            tx.execute(TABLES.inbox_offset.update().values(next_offset=0))
        receiver.worker.stand_anew()
        await bus.publish([record("fresh", 1, "id-fresh", "new")])
        await quiet(sender, receiver)
        assert notes(receiver) == [*before, ("fresh", "new")]

    run(rig, scenario)


def taken(receiver: Service, records: list[Record]) -> Mapping[TopicPartition, int]:
    return receiver.inbox.take(records, "epoch-1").next_offsets


def test_the_inbox_refuses_a_gap_and_a_fork(rig: Rig) -> None:
    async def scenario(_sender: Service, receiver: Service, _bus: Bus) -> None:
        tp = TopicPartition("claims", 0)
        receiver.inbox.positions({tp: 0}, "epoch-1")

        def at(offset: int, version: int, event_id: str) -> Record:
            new = record("a", version, event_id)
            return Record("claims", 0, offset, "a", new.value, dict(new.headers), 0)

        assert taken(receiver, [at(0, 1, "id-1")]) == {tp: 1}
        with pytest.raises(Gap) as gap:
            receiver.inbox.take([at(5, 2, "id-2")], "epoch-1")
        assert gap.value.expected == 1
        with pytest.raises(Crash):
            receiver.inbox.take([at(1, 1, "another-id")], "epoch-1")
        assert count(receiver, NOTE) == 1

    run(rig, scenario)


def test_what_need_not_be_kept_is_forgotten_in_time(databases: Databases, rig_of: Callable[[Databases], Rig]) -> None:
    """Keys of calls after 90 days, records of the embedded log by their topic's own rule."""

    async def scenario(sender: Service, _receiver: Service, bus: Bus) -> None:
        now = sender.machine.now()
        keys = [{"key": f"k{n}", "created_at": now - timedelta(days=days)} for n, days in enumerate((0, 89, 91, 400))]
        same = {"client": "c", "route": "r", "fingerprint": "f", "status": 201, "body": "{}"}
        with sender.db.begin() as tx:
            tx.execute(TABLES.idempotency.insert(), [{**same, **key} for key in keys])
        await bus.publish([NewRecord("parties", "p", b"old", {}), NewRecord("parties", "p", b"new", {})])
        await upkeep.once(sender)
        assert count(sender, TABLES.idempotency) == 2
        left = await (await bus.consumer("reader", ["parties"])).poll(10, 1.0)
        assert [record.value for record in left] == [b"new"]

    run(rig_of(databases), scenario)
