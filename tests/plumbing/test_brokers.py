"""On a real broker and a real database: several processes of a service, and one that answers into the void."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy.engine import make_url
from support.databases import Databases
from support.proxy import Proxy
from support.rebased import RebasedBus
from support.records import ended, new
from support.toy import NOTE, TABLES, Rig, count, emit, notes, pair, quiet, take_notes

from local import Kafka
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.clock import ManualClock, SystemMachine
from shared.db import Database
from shared.events.claims import ClaimEnded
from shared.inbox import Inbox
from shared.metrics import Metrics
from shared.service import Service
from shared.worker import Worker

LOOKS = 1_200
CASES, EACH = 25, 24


async def until(happened: Callable[[], Awaitable[bool] | bool]) -> None:
    for _ in range(LOOKS):
        found = happened()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


def settings(bootstrap: str) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=bootstrap,
        client_id="test",
        replication_factor=1,
        min_insync_replicas=1,
        publish_timeout_s=3,
        session_timeout_s=6,
    )


@pytest.fixture
def databases(postgres_url: str) -> Iterator[Databases]:
    found = Databases(postgres_url)
    yield found
    found.drop()


@pytest.fixture
def rig(kafka_bootstrap: str, databases: Databases, tmp_path: Path) -> Rig:
    def bus() -> RebasedBus:
        return RebasedBus(KafkaBus(settings(kafka_bootstrap), machine=SystemMachine()))

    return Rig(data_dir=tmp_path, url=databases.url, make_bus=bus)


def in_order(service: Service) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for case_id, claim_id in notes(service):
        found[case_id].append(claim_id)
    return found


def write(service: Service, first: int, last: int) -> None:
    """Tell of every case once in each transaction."""
    for n in range(first, last):
        with service.uow() as uow:
            for case in range(CASES):
                emit(uow, f"case-{case}", f"c{n}")


def test_three_consumers_that_each_believe_they_own_every_partition(rig: Rig) -> None:
    """Three loops, each alone in a group of its own and so given every partition; one database, one effect."""

    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, bus):
            receiver.worker.stop()
            await asyncio.to_thread(write, sender, 0, EACH)
            await until(lambda: count(sender, TABLES.outbox) == 0)
            url = rig.url("escalation")
            assert url is not None
            dbs = [Database(url, "escalation") for _ in range(3)]
            workers = []
            for n, db in enumerate(dbs):
                inbox = Inbox(
                    db=db,
                    tables=TABLES,
                    service=f"believer-{n}",
                    clock=ManualClock(sender.clock.today()),
                    machine=SystemMachine(),
                    handlers={ClaimEnded: take_notes},
                    states={},
                )
                workers.append(Worker(inbox, bus, ["claims"], Metrics(f"believer-{n}"), lambda: None))
            running = [asyncio.create_task(worker.run()) for worker in workers]
            await asyncio.to_thread(write, sender, EACH, 2 * EACH)
            await until(lambda: count(receiver, NOTE) == 2 * EACH * CASES)
            await until(lambda: all(worker.taken >= EACH * CASES for worker in workers))
            for worker in workers:
                worker.stop()
            await asyncio.gather(*running)
            for db in dbs:
                db.close()
            assert [worker.crashed for worker in workers] == [None] * 3
            assert in_order(receiver) == {f"case-{n}": [f"c{v}" for v in range(2 * EACH)] for n in range(CASES)}
            assert sum(worker.taken for worker in workers) > 2 * EACH * CASES, "what one took the others read as well"

    asyncio.run(scenario())


def test_two_processes_of_each_service_share_the_work_and_one_may_leave(rig: Rig) -> None:
    """Two relays of one outbox, two members of one group; in the middle one of each goes."""

    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, bus):
            senders, receivers = [sender, rig.service("claims-api", bus)], [receiver, rig.service("escalation", bus)]
            for more in (senders[1], receivers[1]):
                await more.start()
            await until(lambda: all(one.worker._assigned for one in receivers))
            writing = (asyncio.to_thread(write, one, n * EACH, (n + 1) * EACH) for n, one in enumerate(senders))
            await asyncio.gather(*writing)
            await until(lambda: all(one.worker.taken for one in receivers))
            await until(lambda: all(one.relay.moved for one in senders))
            await senders[1].stop()
            await receivers[1].stop()
            await asyncio.to_thread(write, sender, 2 * EACH, 3 * EACH)
            await quiet(sender, receiver)
            found = in_order(receiver)
            assert set(found) == {f"case-{n}" for n in range(CASES)}
            for claims in found.values():
                assert (len(claims), len(set(claims))) == (3 * EACH, 3 * EACH)
                for n in range(3):  # each writer's own order
                    own = [f"c{v}" for v in range(n * EACH, (n + 1) * EACH)]
                    assert [claim for claim in claims if claim in own] == own
            assert count(receiver, TABLES.parked_key) == 0

    asyncio.run(scenario())


def test_a_record_larger_than_ours_of_another_client_is_a_dead_letter(rig: Rig, kafka_bootstrap: str) -> None:
    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, bus):
            foreign = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, max_request_size=1_048_000)
            await foreign.start()
            told = new(event_id=str(uuid.uuid4())).headers
            headers = [(name, text.encode()) for name, text in told.items()]
            try:
                await foreign.send_and_wait("claims", b"x" * 1_040_000, key=b"a", headers=headers)
            finally:
                await foreign.stop()
            await bus.publish([new(key="b", payload=ended("b", "good"))])
            await quiet(sender, receiver)
            assert notes(receiver) == [("b", "good")]
            assert count(receiver, TABLES.dead_letter) == 1
            reader, cut = await bus.consumer(f"reader-{uuid.uuid4()}", ["claims.dlq"]), set()

            async def copied() -> bool:
                # The broker has other tests' dead letters too, and may have got this one twice: each copy is cut.
                copies = await reader.poll(100, 1.0)
                cut.update(copy.headers.get("dlq_cut") for copy in copies if copy.headers.get("ce_id") == told["ce_id"])
                return bool(cut)

            await until(copied)
            assert cut == {"value"}

    asyncio.run(scenario())


def test_an_acknowledgement_that_is_lost_is_sent_again_and_taken_once(
    parts_folder: Path, own_kafka_possible: None, databases: Databases, tmp_path: Path
) -> None:
    """The broker has the event and the relay does not know; then so it goes with the database's two commits."""
    to_broker, to_database = Proxy(0), Proxy(make_url(databases.url("claims-api") or "").port or 0)
    folder = parts_folder / f"kafka-{uuid.uuid4().hex[:8]}"
    advertised = {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{to_broker.port}"}

    def through(name: str) -> str:
        return make_url(databases.url(name) or "").set(port=to_database.port).render_as_string(hide_password=False)

    async def scenario(bootstrap: str) -> None:
        rig = Rig(
            data_dir=tmp_path,
            url=through,
            make_bus=lambda: KafkaBus(settings(bootstrap), machine=SystemMachine()),
        )
        async with pair(rig) as (sender, receiver, bus):
            assert isinstance(bus, KafkaBus)
            for service in (sender, receiver):
                service.db._patience_s = 1.5
            emit_one(sender, "first")
            await until(lambda: count(receiver, NOTE) == 1)

            to_broker.lose_reply(marker=b"case-lost", request=b"case-lost", reset=False)
            emit_one(sender, "lost")
            await until(lambda: count(receiver, NOTE) == 2)
            await until(lambda: count(sender, TABLES.outbox) == 0)
            assert (to_broker.dropped_replies > 0, bus.producers_rebuilt) == (True, 1)
            assert sum((await bus.end_offsets("claims")).values()) == 3, "the broker had it, and has it twice"

            for request in (b"DELETE FROM outbox", b"INSERT INTO note"):
                dropped = to_database.dropped_replies
                to_database.lose_reply(marker=request, request=b"COMMIT", reset=True)
                emit_one(sender, f"then-{request.split()[0].decode().lower()}")
                await until(lambda dropped=dropped: to_database.dropped_replies > dropped)  # type: ignore[misc]
                await quiet(sender, receiver)
            assert [claim for _, claim in notes(receiver)] == ["first", "lost", "then-delete", "then-insert"]
            assert count(receiver, TABLES.parked_key) == 0

    with Kafka(folder, extra=advertised) as broker:
        to_broker.aim(int(broker.bootstrap.rpartition(":")[2]))
        asyncio.run(scenario(f"127.0.0.1:{to_broker.port}"))
    to_broker.close()
    to_database.close()
    shutil.rmtree(folder)


def emit_one(service: Service, name: str) -> None:
    with service.uow() as uow:
        emit(uow, f"case-{name}", name)
