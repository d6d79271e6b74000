"""What the plumbing's tests stand on: each behaviour on SQLite and PostgreSQL, on the embedded log and on Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases import Databases, databases_of
from support.rebased import RebasedBus
from support.toy import Rig

from shared.bus import Bus
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.clock import SystemMachine

POSTGRES = pytest.mark.needs_part("postgres_url")
KAFKA = pytest.mark.needs_part("kafka_bootstrap")

STANDS = [
    pytest.param(("sqlite", "embedded"), id="sqlite-embedded"),
    pytest.param(("postgresql", "embedded"), id="postgresql-embedded", marks=POSTGRES),
    pytest.param(("postgresql", "kafka"), id="postgresql-kafka", marks=[POSTGRES, KAFKA]),
]


@pytest.fixture(params=STANDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A folder, two databases and a bus."""
    database, log = request.param
    for databases in databases_of(database, request):
        make = _embedded(tmp_path) if log == "embedded" else _kafka(request.getfixturevalue("kafka_bootstrap"))
        yield Rig(data_dir=tmp_path, url=databases.url, make_bus=make)


@pytest.fixture
def rig_of(tmp_path: Path) -> Callable[[Databases], Rig]:
    """A rig on the embedded log, on databases that the test has."""
    return lambda databases: Rig(data_dir=tmp_path, url=databases.url, make_bus=_embedded(tmp_path))


def _embedded(folder: Path) -> Callable[[], Bus]:
    return lambda: EmbeddedBus(folder / "bus.db", machine=SystemMachine())


def _kafka(bootstrap: str) -> Callable[[], Bus]:
    settings = KafkaSettings(bootstrap_servers=bootstrap, client_id="test", replication_factor=1, min_insync_replicas=1)

    def make() -> Bus:
        return RebasedBus(KafkaBus(settings, machine=SystemMachine()))

    return make
