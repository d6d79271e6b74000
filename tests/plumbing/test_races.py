"""Several processes that do the same work at once: relays, consumers that wrongly believe, callers with one key."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from support.databases import Databases
from support.records import a_log, ended, new
from support.toy import MIGRATIONS, NOTE, TABLES, TODAY, NoteOut, count, emit, take_notes, token, toy

from shared import parking
from shared.bus import NewRecord, Record, TopicPartition
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock, SystemMachine
from shared.db import Database, insert_ignore
from shared.events.claims import ClaimEnded
from shared.group import GroupCommit
from shared.idempotency import Call, Once, run_together
from shared.inbox import Gap, Inbox
from shared.metrics import Metrics
from shared.migrate import upgrade
from shared.outbox import Relay
from shared.uow import open_uow

RELAYS = 4
WRITERS = 6
EACH = 40


def opened(url: str | None, folder: Path) -> Database:
    return Database(url or f"sqlite:///{folder / 'one.db'}", "claims-api")


def in_threads(works: Sequence[Callable[[], None]]) -> None:
    """Run these at once and raise what any of them raised."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


class Listening:
    """A bus that only writes down what it was given, and lets others run in between."""

    def __init__(self) -> None:
        self.seen: dict[str, list[int]] = defaultdict(list)

    async def publish(self, records: Sequence[NewRecord]) -> None:
        for record in records:
            await asyncio.sleep(0)
            self.seen[record.key].append(int(record.headers["ce_aggregateversion"]))
        await asyncio.sleep(random.random() / 200)


def test_four_relays_lose_nothing_and_turn_nothing_around(postgres_database: str, tmp_path: Path) -> None:
    """Writers and relays at once; a relay per process, as here per database object."""
    databases = [opened(postgres_database, tmp_path) for _ in range(RELAYS)]
    upgrade(databases[0], MIGRATIONS)
    bus = Listening()
    metrics = Metrics("claims-api")
    relays = [Relay(db, TABLES, bus, metrics, None) for db in databases]  # type: ignore[arg-type]
    clock, machine = ManualClock(TODAY), SystemMachine()

    def write(seed: int) -> None:
        choose = random.Random(seed)
        db = databases[seed % RELAYS]
        for n in range(EACH):
            with db.begin() as tx:
                uow = open_uow(tx, db=db, tables=TABLES, source="claims-api", clock=clock, machine=machine)
                for key in choose.sample(range(30), 4):
                    emit(uow, f"case-{key}", f"{seed}-{n}")
                uow.flush()

    async def relay() -> None:
        writing = asyncio.create_task(
            asyncio.to_thread(in_threads, [lambda seed=seed: write(seed) for seed in range(WRITERS)])  # type: ignore[misc]
        )

        async def work(relay: Relay) -> None:
            while not writing.done() or await relay.relay_once():
                await relay.relay_once()

        await asyncio.gather(*(work(relay) for relay in relays))
        await writing

    asyncio.run(relay())
    with databases[0].read() as tx:
        left = tx.execute(TABLES.outbox.select()).all()
        written = Counter(row.key for row in tx.execute(TABLES.events.select()))
    for db in databases:
        db.close()
    assert left == []
    assert bus.seen == {key: list(range(1, many + 1)) for key, many in written.items()}
    assert sum(written.values()) == WRITERS * EACH * 4
    assert all(relay.moved for relay in relays), "every relay had a part in it"


class Reader:
    """A consumer that believes it owns every partition, and stands where it pleases."""

    def __init__(self, inbox: Inbox, log: dict[TopicPartition, list[Record]], seed: int) -> None:
        self.inbox = inbox
        self.log = log
        self.choose = random.Random(seed)
        self.gaps = self.duplicates = self.applied = 0

    def read(self) -> None:
        # Everyone begins too far ahead, so that at least one gap is refused however the threads are scheduled.
        at = {tp: offset + 3 for tp, offset in self.inbox.positions(dict.fromkeys(self.log, 0), "log").items()}
        while any(at[tp] < len(records) for tp, records in self.log.items()):
            if self.choose.random() < 0.3:  # a stale position, or one far ahead
                tp = self.choose.choice(sorted(self.log))
                at[tp] = max(0, at[tp] + self.choose.randint(-15, 15))
            batch = [record for tp, records in self.log.items() for record in records[at[tp] : at[tp] + 5]]
            try:
                outcome = self.inbox.take(batch, "log") if batch else None
            except Gap:
                self.gaps += 1
                at = self.inbox.positions(dict.fromkeys(self.log, 0), "log")
                continue
            if outcome is not None:
                self.duplicates += outcome.duplicate
                self.applied += sum(outcome.applied.values())
                at.update(outcome.next_offsets)


def test_three_consumers_that_each_believe_they_own_everything(postgres_database: str, tmp_path: Path) -> None:
    log = a_log(keys=25, each=24)
    dbs = [opened(postgres_database, tmp_path) for _ in range(3)]
    upgrade(dbs[0], MIGRATIONS)
    clock, machine = ManualClock(TODAY), SystemMachine()

    def inbox(db: Database) -> Inbox:
        handlers = {ClaimEnded: take_notes}
        return Inbox(db=db, tables=TABLES, service="t", clock=clock, machine=machine, handlers=handlers, states={})

    readers = [Reader(inbox(db), log, seed) for seed, db in enumerate(dbs)]
    in_threads([reader.read for reader in readers])
    with dbs[0].read() as tx:
        rows = tx.execute(NOTE.select().order_by(NOTE.c.row)).all()
        parked = tx.execute(TABLES.parked_key.select()).all()
    for db in dbs:
        db.close()
    taken: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        taken[row.case_id].append(row.claim_id)
    assert taken == {f"case-{n}": [f"c{v}" for v in range(1, 25)] for n in range(25)}
    assert parked == []
    assert sum(reader.applied for reader in readers) == 600
    assert sum(reader.applied > 0 for reader in readers) >= 2, "it was a race"
    assert sum(reader.duplicates for reader in readers) > 0
    assert sum(reader.gaps for reader in readers) > 0


def test_an_event_is_not_parked_behind_a_key_that_is_being_let_go(postgres_database: str, tmp_path: Path) -> None:
    """A replay and an arrival at the same moment: the arrival waits, and finds the key free."""
    db = opened(postgres_database, tmp_path)
    upgrade(db, MIGRATIONS)
    clock, machine = ManualClock(TODAY), SystemMachine()
    inbox = Inbox(
        db=db, tables=TABLES, service="t", clock=clock, machine=machine, handlers={ClaimEnded: take_notes}, states={}
    )
    tp = TopicPartition("claims", 0)
    inbox.positions({tp: 0}, "log")

    def at(offset: int, claim_id: str) -> Record:
        made = new(ended("a", claim_id), version=offset + 1)
        return Record(*tp, offset, "a", made.value, dict(made.headers), 0)

    assert inbox.take([at(0, "poison"), at(1, "c2")], "log").parked == 2
    arrived: list[int] = []
    arriving = threading.Thread(target=lambda: arrived.append(inbox.take([at(2, "c3")], "log").applied["claims"]))
    with db.begin() as tx:
        uow = open_uow(tx, db=db, tables=TABLES, source="t", clock=clock, machine=machine)
        events = parking.events_to_replay(uow, "claims", "a")
        arriving.start()
        until_one_waits(db)
        parking.finish_replay(uow, "claims", "a", events, "kari", "settled by hand")
    arriving.join()
    with db.read() as tx:
        assert tx.execute(TABLES.parked_event.select()).all() == []
    db.close()
    assert arrived == [1]


def until_one_waits(db: Database) -> None:
    """Return once a transaction waits for a lock: the race is on."""
    for _ in range(2_000):
        with db.read() as tx:
            asked = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if tx.exec_driver_sql(asked).scalar():
                return
    raise AssertionError("nobody waits")


def test_insert_ignore_counts_what_was_new(databases: Databases, tmp_path: Path) -> None:
    db = opened(databases.url("one"), tmp_path)
    upgrade(db, MIGRATIONS)

    def rows(*numbers: int) -> list[dict[str, Any]]:
        return [{"case_id": "a", "claim_id": "c", "event_id": f"e{n}"} for n in numbers]

    with db.begin() as tx:
        assert insert_ignore(tx, NOTE, rows(1)) == 1
        assert insert_ignore(tx, NOTE, rows(1)) == 0
        assert insert_ignore(tx, NOTE, rows(1, 2, 3)) == 2
        assert insert_ignore(tx, NOTE, rows(*range(600))) == 597
        assert insert_ignore(tx, NOTE, []) == 0
    db.close()


def test_one_process_at_a_time(databases: Databases, tmp_path: Path) -> None:
    one, other = (opened(databases.url("one"), tmp_path) for _ in range(2))
    with one.only_one("job") as mine, other.only_one("another job") as also:
        assert mine
        assert also
        with other.only_one("job") as theirs:
            assert theirs is (databases.dialect == "sqlite")  # there is only one process on SQLite
    with other.only_one("job") as theirs:
        assert theirs
    one.close()
    other.close()


def test_many_calls_with_one_key_at_once_have_one_effect(databases: Databases, tmp_path: Path) -> None:
    bus = EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine())
    service = toy("claims-api", tmp_path, bus, url=databases.url("one"))
    answers: list[Any] = []
    with TestClient(service.app, raise_server_exceptions=False) as client:
        headers = {"Authorization": f"Bearer {token(tmp_path)}", "Idempotency-Key": "k"}
        body = {"case_id": "a", "claim_id": "c"}
        in_threads([lambda: answers.append(client.post("/v1/notes", json=body, headers=headers))] * 12)
        assert count(service, TABLES.events) == 1
    assert {answer.status_code for answer in answers} == {201}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len({answer.text for answer in answers}) == 1


def test_two_groups_that_share_keys_in_another_order_both_get_answers(postgres_database: str, tmp_path: Path) -> None:
    """Two processes commit the same calls together, each in its own order: one does them, the other replays."""
    bus = EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine())

    async def scenario() -> None:
        await bus.start()
        services = [toy("claims-api", tmp_path, bus, url=postgres_database) for _ in range(2)]
        for service in services:
            await asyncio.to_thread(service._prepare_database)

        def apply(uow: Any, calls: Sequence[Call[str]]) -> Any:
            return run_together(uow, calls, lambda u, asked: [NoteOut(event_id=emit(u, a, a)) for a in asked])

        groups = [GroupCommit(service.uow, apply) for service in services]
        calls = [Call("client", Once(f"k{n}", "POST /v1/notes", "same"), f"n{n}") for n in range(40)]
        sent = [group.submit(call) for group, way in zip(groups, (1, -1), strict=True) for call in calls[::way]]
        answers = await asyncio.gather(*sent)
        assert len({bytes(answer.body) for answer in answers}) == 40
        assert count(services[0], TABLES.events) == 40
        for service in services:
            service.db.close()
        await bus.stop()

    asyncio.run(scenario())
