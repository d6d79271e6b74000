"""Records that are not what they should be: each is put where a person finds it, and the others flow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from support.databases import Databases
from support.records import ended, envelope, new
from support.toy import NOTE, TABLES, TODAY, Rig, count, emit, notes, quiet, run, toy

from shared import parking
from shared.bus import MAX_RECORD_BYTES, Bus, NewRecord, Record, RecordRefused, TopicPartition
from shared.errors import Conflict
from shared.events import Payload, encode
from shared.events.base import PREFIX
from shared.events.claims import ClaimEnded, PartyState
from shared.events.payments import BankDayCompleted
from shared.service import Service
from shared.uow import Uow

GOOD = new(ended("z", "good"), key="z")


def with_header(record: NewRecord, name: str, text: str) -> NewRecord:
    return record._replace(headers={**record.headers, name: text})


DEAD = {
    "not JSON": new(value=b"{"),
    "nested too deep to read": new(value=b"[" * 100_000),
    "not its model": new(value=b'{"case_id": 7}'),
    "no envelope": NewRecord("claims", "a", b"{}", {}),
    "no value": NewRecord("claims", "a", None, envelope().headers()),
    "another's type": new(type="com.example.thing.v1"),
    "another topic's type": new(
        BankDayCompleted(account="13150101837", day=TODAY, count=0, sum_ore=0, completed_by="statement"),
        type=BankDayCompleted.TYPE,
    ),
    "another sender": new(source="payments-ingest"),
    "another installation": new(extra={"installation": "elsewhere"}),
    "another key": new()._replace(key="b"),
    "version zero": with_header(new(), "ce_aggregateversion", "0"),
    "version in other digits": with_header(new(), "ce_aggregateversion", "१"),
    "version beyond a number": with_header(new(), "ce_aggregateversion", "9" * 30),
    "an id too long": new(event_id="x" * 37),
    "a key too long": new(key="k" * 81),
    "a NUL in a header": with_header(new(), "ce_note", "a\0b"),
    "a NUL in the key": new()._replace(key="a\0"),
    "as large as the bus takes": new(value=b"x" * (MAX_RECORD_BYTES - 2_000)),
}


def test_what_is_no_event_for_us_is_a_dead_letter_and_a_copy_is_on_the_bus(rig: Rig) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        for record in DEAD.values():
            await bus.publish([record])
        await bus.publish([GOOD])
        await quiet(sender, receiver)
        assert notes(receiver) == [("z", "good")]
        assert count(receiver, TABLES.dead_letter) == len(DEAD)
        assert count(receiver, TABLES.parked_key) == 0
        assert sum((await bus.end_offsets("claims.dlq")).values()) == len(DEAD)

    run(rig, scenario)


def test_a_foreign_record_beyond_our_limits_is_kept_and_its_copy_is_cut(databases: Databases, rig_of: Any) -> None:
    """Another client may write what our own bus refuses: the copy must not stop the relay for ever."""

    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        headers = {f"h{n}": "x" * 5_000 for n in range(80)}
        records = [
            Record("claims", 0, 0, "a" * 900, b"x" * 1_040_000, headers, 0),
            Record("claims", 0, 1, "\0" * 300, b"\0", {"\0": "\0"}, 0),
        ]
        receiver.worker.stop()
        await quiet(sender, receiver)
        receiver.inbox.positions({TopicPartition("claims", 0): 0}, "foreign")
        assert receiver.inbox.take(records, "foreign").dead == 2
        await quiet(sender, receiver)
        copies = await (await bus.consumer("reader", ["claims.dlq"])).poll(10, 1.0)
        assert sorted(len(copy.value or b"") for copy in copies) == [0, 1]
        assert {copy.headers.get("dlq_cut") for copy in copies} == {"value", None}
        assert all(copy.headers["dlq_reason"] for copy in copies)

    run(rig_of(databases), scenario)


def test_an_event_of_newer_code_waits_in_its_place_until_this_code_is_renewed(rig: Rig) -> None:
    newer = f"{PREFIX}.claim.ended.v2"

    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        await bus.publish([new(), new(version=2, type=newer), new(version=3), GOOD])
        await bus.publish([new(key="b", version=2, type=newer), new(key="b", version=3), new(key="b")])
        await quiet(sender, receiver)
        assert sorted(notes(receiver)) == [("a", "c"), ("b", "c"), ("z", "good")]
        with receiver.db.read() as tx:
            parked = {row.key: row.reason for row in tx.execute(TABLES.parked_key.select())}
        assert parked == {"a": parking.UNKNOWN_TYPE, "b": parking.UNKNOWN_TYPE}
        assert count(receiver, TABLES.parked_event) == 4
        with pytest.raises(Conflict, match="not in the registry"):
            receiver.replay("claims", "a", "kari", "try")
        with receiver.db.begin() as tx:  # stands for newer code: what it could not read is an event it knows now
            for row in tx.execute(TABLES.parked_event.select()).all():
                headers = {**row.headers, "ce_type": ClaimEnded.TYPE}
                table = TABLES.parked_event
                tx.execute(table.update().where(table.c.event_id == row.event_id).values(headers=headers))
        assert [receiver.replay("claims", key, "kari", "deployed") for key in ("a", "b")] == [2, 2]
        assert count(receiver, NOTE) == 7
        await bus.publish([new(version=4)])
        await quiet(sender, receiver)
        assert count(receiver, NOTE) == 8

    run(rig, scenario)


def test_parked_events_with_one_missing_are_not_replayed(databases: Databases, rig_of: Any) -> None:
    async def scenario(sender: Service, receiver: Service, bus: Bus) -> None:
        await bus.publish([new(ended("a", "poison")), new(version=3)])
        await quiet(sender, receiver)
        with pytest.raises(Conflict, match="expected version 2, got 3"):
            receiver.replay("claims", "a", "kari", "try")

    run(rig_of(databases), scenario)


def both(uow: Uow, large: Payload) -> None:
    emit(uow, "a", "c")
    uow.emit(large, key="a")


def test_an_event_no_bus_would_take_is_refused_with_its_transaction(databases: Databases, rig_of: Any) -> None:
    async def scenario(sender: Service, receiver: Service, _bus: Bus) -> None:
        with pytest.raises(RecordRefused), sender.uow() as uow:
            both(uow, PartyState(debtor_ref="d", kind="person", name="x" * MAX_RECORD_BYTES))
        with pytest.raises(RecordRefused), sender.uow() as uow:
            uow.emit(ended(), key="k" * 81)
        await quiet(sender, receiver)
        assert count(sender, TABLES.events) == count(sender, TABLES.outbox) == 0

    run(rig_of(databases), scenario)


def person(name: str, key: str, offset: int, value: bytes | None = None) -> Record:
    payload = PartyState(debtor_ref=key, kind="person", name=name)
    wrapped = envelope(version=offset + 1, key=key, type=PartyState.TYPE)
    return Record("parties", 0, offset, key, encode(payload) if value is None else value, wrapped.headers(), 0)


def test_a_state_that_cannot_be_taken_keeps_no_other_back_and_leaves_nothing_of_the_person(
    databases: Databases, rig_of: Any
) -> None:
    async def scenario(sender: Service, _receiver: Service, bus: Bus) -> None:
        taker = toy("notifications", sender.settings.data_dir, bus, url=databases.url("taker"))
        await taker.start()
        taker.worker.stop()
        taker.inbox.positions({TopicPartition("parties", 0): 0}, "log")
        torn = json.dumps({"name": "Kari Nordmann"}).encode()
        records: Sequence[Record] = [
            person("Ola", "p1", 0),
            person("bug", "p2", 1),
            person("Kari", "p3", 2, value=torn),
            person("", "p4", 3)._replace(value=None, headers={"ce_aggregateversion": "many"}),
            person("Per", "p5", 4),
        ]
        outcome = taker.inbox.take(records, "log")
        assert (outcome.applied["parties"], outcome.dead) == (2, 3)
        assert [name for _, name in notes(taker)] == ["Ola", "Per"]
        with taker.db.read() as tx:
            letters = tx.execute(TABLES.dead_letter.select()).all()
        assert [(letter.key, letter.value, letter.headers) for letter in letters] == [
            ("p3", None, {}),
            ("p4", None, {}),
            ("p2", None, {}),
        ]
        assert count(taker, TABLES.outbox) == 0
        await taker.stop()

    run(rig_of(databases), scenario)


def test_an_installation_marks_its_events_and_takes_no_others(databases: Databases, rig_of: Any) -> None:
    rig = rig_of(databases)

    async def scenario(_sender: Service, receiver: Service, bus: Bus) -> None:
        oslo = toy("claims-api", rig.data_dir / "oslo", bus, url=databases.url("oslo"), installation="oslo")
        await oslo.start()
        with oslo.uow() as uow:
            emit(uow, "a", "ours")
        await quiet(oslo, receiver)
        assert notes(receiver) == []
        with receiver.db.read() as tx:
            (letter,) = tx.execute(TABLES.dead_letter.select()).all()
        assert letter.reason.startswith("ce_installation: expected our own")
        assert letter.headers["ce_installation"] == "oslo"
        await oslo.stop()

    run(rig, scenario)
