"""The database or the bus is away, at the start or in the middle: said in /ready, nothing lost, gone on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import make_url
from support.databases import Databases
from support.proxy import Proxy
from support.toy import NOTE, TABLES, Rig, count, emit, notes, pair, quiet, token, toy

from shared.bus import BusUnavailable, Consumer, NewRecord, partition_for
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine
from shared.db import Database, passing
from shared.events.catalogue import PARTITIONS
from shared.outbox import Relay
from shared.service import Service

PATIENCE_ROUNDS = 600


@pytest.fixture
def database(postgres_url: str) -> Iterator[tuple[Proxy, Databases]]:
    """Databases behind a proxy."""
    databases = Databases(postgres_url)
    port = make_url(postgres_url).port
    assert port is not None
    proxy = Proxy(port)
    yield proxy, databases
    proxy.close()
    databases.drop()


def through(proxy: Proxy, url: str | None) -> str:
    assert url is not None
    return make_url(url).set(port=proxy.port).render_as_string(hide_password=False)


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(PATIENCE_ROUNDS):
        if await happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


async def ready(service: Service) -> tuple[int, list[str]]:
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/ready")
    return answer.status_code, answer.json()["faults"]


def becomes(service: Service, *faults: str) -> Callable[[], Awaitable[bool]]:
    """Whether /ready names exactly these parts."""

    async def looked() -> bool:
        status, found = await ready(service)
        return [fault.partition(":")[0] for fault in found] == list(faults) and status == (503 if faults else 200)

    return looked


class AwayBus(EmbeddedBus):
    """A log that can be unreachable, or say nothing at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, machine=SystemMachine())
        self.away = False
        self.silent = False
        self.refusals = 0

    async def _reach(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.away:
            self.refusals += 1
            raise BusUnavailable("away")

    async def start(self) -> None:
        await self._reach()
        await super().start()

    async def publish(self, records: Sequence[NewRecord]) -> None:
        await self._reach()
        await super().publish(records)

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:  # type: ignore[override]
        await self._reach()
        return await super().consumer(group, topics)

    async def end_offsets(self, topic: str) -> dict[int, int]:
        await self._reach()
        return await super().end_offsets(topic)


def test_a_database_that_goes_away_is_said_and_found_again(database: tuple[Proxy, Databases], tmp_path: Path) -> None:
    proxy, databases = database
    rig = Rig(
        data_dir=tmp_path,
        url=lambda name: through(proxy, databases.url(name)) if name == "escalation" else databases.url(name),
        make_bus=lambda: EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine()),
    )

    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, _bus):
            await until(becomes(receiver))
            proxy.set("refuse")
            with sender.uow() as uow:
                for n in range(20):
                    emit(uow, f"case-{n % 3}", f"c{n}")
            await until(becomes(receiver, "database"))
            assert (await ready(sender))[0] == 200
            proxy.set("pass")
            await quiet(sender, receiver)
            await until(becomes(receiver))
            assert len(notes(receiver)) == 20

    asyncio.run(scenario())
    assert proxy.refused > 0


def test_a_service_starts_before_its_database_and_its_bus(database: tuple[Proxy, Databases], tmp_path: Path) -> None:
    proxy, databases = database
    proxy.set("refuse")
    bus = AwayBus(tmp_path / "bus.db")
    bus.away = True

    async def scenario() -> None:
        service = toy("escalation", tmp_path, bus, url=through(proxy, databases.url("one")))
        starting = asyncio.create_task(service.start_when_possible())
        await until(becomes(service, "database"))
        proxy.set("pass")
        await until(becomes(service, "bus"))
        bus.away = False
        await starting
        await until(becomes(service))
        await service.stop()
        await bus.stop()

    asyncio.run(scenario())
    assert proxy.refused > 0
    assert bus.refusals > 0


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_part("postgres_url"))])
def test_a_bus_that_goes_away_is_said_and_nothing_waiting_is_lost(
    url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    databases = Databases(None if url == "sqlite" else request.getfixturevalue("postgres_url"))
    bus = AwayBus(tmp_path / "bus.db")
    rig = Rig(data_dir=tmp_path, url=databases.url, make_bus=lambda: bus)

    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, _bus):
            bus.away = True
            with sender.uow() as uow:
                emit(uow, "a", "kept")
            await until(becomes(sender, "bus"))
            requests = await _requests_only(sender)
            assert count(sender, TABLES.outbox) == 1
            bus.away = False
            await quiet(sender, receiver)
            await until(becomes(sender))
            assert requests == 200
            assert notes(receiver) == [("a", "kept")]

    asyncio.run(scenario())
    databases.drop()
    assert bus.refusals > 0


async def _requests_only(service: Service) -> int:
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return (await client.get("/ready", params={"for": "requests"})).status_code


def test_a_bus_that_says_nothing_does_not_hold_a_shard_for_ever(
    monkeypatch: pytest.MonkeyPatch, postgres_database: str, tmp_path: Path
) -> None:
    monkeypatch.setattr("shared.outbox.SEND_S_MAX", 0.2)
    bus = AwayBus(tmp_path / "bus.db")

    async def scenario() -> None:
        await bus.start()
        service = toy("claims-api", tmp_path, bus, url=postgres_database)
        await asyncio.to_thread(service._prepare_database)
        with service.uow() as uow:
            emit(uow, "a", "kept")
        bus.silent = True
        assert await service.relay.relay_once() == 0
        bus.silent = False
        other = Relay(service.db, TABLES, bus, service.metrics, None)  # another process finds the shard free at once
        assert await other.relay_once() == 1
        assert count(service, TABLES.outbox) == 0
        service.db.close()
        await bus.stop()

    asyncio.run(scenario())


def test_a_shard_that_cannot_be_sent_keeps_no_other_from_being_sent(tmp_path: Path) -> None:
    class Choosy(EmbeddedBus):
        async def publish(self, records: Sequence[NewRecord]) -> None:
            if any(record.key == "bad" for record in records):
                raise BusUnavailable("not this one")
            await super().publish(records)

    bad = partition_for("bad", PARTITIONS)
    elsewhere = [key for n in range(40) if partition_for(key := f"good-{n}", PARTITIONS) != bad]
    bus = Choosy(tmp_path / "bus.db", machine=SystemMachine())
    rig = Rig(data_dir=tmp_path, url=lambda name: None, make_bus=lambda: bus)

    async def scenario() -> None:
        async with pair(rig) as (sender, receiver, _bus):
            with sender.uow() as uow:
                emit(uow, "bad", "stays")
                for n in range(12):
                    emit(uow, elsewhere[n], f"c{n}")
            await until(lambda: _has(receiver, 12))
            assert count(sender, TABLES.outbox) == 1
            assert all(key != "bad" for key, _ in notes(receiver))

    asyncio.run(scenario())


async def _has(service: Service, rows: int) -> bool:
    return count(service, NOTE) >= rows


@contextmanager
def impatient(url: str) -> Iterator[Database]:
    db = Database(url, "impatient", patience_s=1.0)
    try:
        yield db
    finally:
        db.close()


def test_a_database_that_says_nothing_is_given_up(database: tuple[Proxy, Databases]) -> None:
    """A cut cable is no error to a client: it waits. Ours waits no longer than a transaction may take."""
    proxy, databases = database
    with impatient(through(proxy, databases.url("one"))) as db:
        with db.begin() as tx:
            tx.exec_driver_sql("CREATE TABLE t (n int)")
        proxy.set("stall")
        with pytest.raises(Exception) as lost, db.begin() as tx:
            tx.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert passing(lost.value)
        proxy.set("pass")
        with db.read() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM t").scalar() in {0, 1}
    assert proxy.stalled > 0


def test_a_commit_whose_reply_is_lost_is_made_once(database: tuple[Proxy, Databases], tmp_path: Path) -> None:
    """Whether it was stored is unknown to the caller; the same Idempotency-Key tells, and does it no second time."""
    proxy, databases = database
    direct = databases.url("one")
    assert direct is not None
    outcomes: list[int] = []

    async def scenario() -> None:
        bus = EmbeddedBus(tmp_path / "bus.db", machine=SystemMachine())
        await bus.start()
        service = toy("claims-api", tmp_path, bus, url=through(proxy, direct))
        await service.start()
        service.db._patience_s = 1.5
        headers = {"Authorization": f"Bearer {token(tmp_path)}"}
        transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://s", headers=headers) as client:
            for n in range(4):
                body = {"case_id": "a", "claim_id": f"c{n}"}
                proxy.lose_reply(marker=f"key-{n}".encode(), request=b"COMMIT", reset=n != 0)
                first = await client.post("/v1/notes", json=body, headers={"Idempotency-Key": f"key-{n}"})
                again = await client.post("/v1/notes", json=body, headers={"Idempotency-Key": f"key-{n}"})
                outcomes.append(first.status_code)
                assert again.status_code == 201
                assert again.headers["Idempotency-Replayed"] == "true"
        assert count(service, TABLES.events) == 4
        await service.stop()
        await bus.stop()

    asyncio.run(scenario())
    assert outcomes == [503] * 4
    assert proxy.dropped_replies == 4
