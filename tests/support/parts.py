"""Real parts for the tests: a Kafka broker and a PostgreSQL server, started once a session and only if a test asks.

A test asks by fixture: ``kafka_bootstrap``, ``own_kafka``, ``postgres_url`` or ``postgres_database``. A part that
cannot be had on this machine does not turn into a pass: its tests are deselected before anything runs, and the last
lines of the run say which part, why, and how many tests that was. ``INKASSO_REQUIRE_PARTS=1`` makes it an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from local import Kafka, PartMissing, Postgres
from local import kafka as kafka_parts
from local import postgres as postgres_parts
from local.maven import cache as cache_folder
from local.maven import java
from local.process import require_reachable

_MISSING = pytest.StashKey[dict[str, int]]()


def _kafka_here() -> None:
    java()
    kafka_parts.class_path()


def _kafka() -> None:
    if "KAFKA_BOOTSTRAP_SERVERS" not in os.environ:
        _kafka_here()


def _postgres() -> None:
    if "DATABASE_URL" not in os.environ:
        require_reachable(postgres_parts.programs())


def _jdk() -> None:
    modules = subprocess.run([java(), "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler" not in modules:
        raise PartMissing("jdk", "Java is there without its compiler: install a JDK 17 or later")


NEEDS: dict[str, Callable[[], None]] = {
    "kafka_bootstrap": _kafka,
    "own_kafka": _kafka_here,
    "own_kafka_possible": _kafka_here,
    "postgres_url": _postgres,
    "jdk": _jdk,
}
"""What obtains the part behind a fixture, or raises ``PartMissing``."""


@cache
def reason(fixture: str) -> str | None:
    """Why the part behind ``fixture`` cannot be had; None if it can. The first call may fetch it."""
    try:
        NEEDS[fixture]()
    except PartMissing as missing:
        return str(missing)
    return None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_part(fixture): uses the part behind a fixture without naming it")
    config.stash[_MISSING] = {}


def _asked(item: pytest.Item) -> list[str]:
    """The fixtures of parts that a test uses, by name or by a mark of its parameters."""
    named = set(getattr(item, "fixturenames", ())) | {mark.args[0] for mark in item.iter_markers("needs_part")}
    return [fixture for fixture in NEEDS if fixture in named]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, gone = [], []
    for item in items:
        asked = _asked(item)
        reasons = [why for why in map(reason, asked) if why is not None]
        for why in reasons[:1]:
            config.stash[_MISSING][why] = config.stash[_MISSING].get(why, 0) + 1
        if asked:  # one worker of a parallel run has the broker: not one each
            item.add_marker(pytest.mark.xdist_group("kafka" if any("kafka" in a for a in asked) else "postgres"))
        (gone if reasons else kept).append(item)
    if gone:
        if os.environ.get("INKASSO_REQUIRE_PARTS") == "1":
            raise pytest.UsageError("; ".join(config.stash[_MISSING]))
        config.hook.pytest_deselected(items=gone)
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["missing_parts"] = session.config.stash[_MISSING]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    config.stash[_MISSING].update(getattr(node, "workeroutput", {}).get("missing_parts", {}))


def pytest_unconfigure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    missing = config.stash.get(_MISSING, {})
    if reporter is None or not missing:
        return
    reporter.write_line("")
    for why, count in missing.items():
        reporter.write_line(f"NOT TESTED: {count} tests were left out, for want of {why}", red=True, bold=True)


@pytest.fixture(scope="session")
def parts_folder() -> Iterator[Path]:
    """A folder an unprivileged server may live in (a test's own temporary folder is closed to others)."""
    folder = cache_folder() / f"run-{os.getpid()}"
    for earlier in folder.parent.glob("run-*"):
        if not Path(f"/proc/{earlier.name.removeprefix('run-')}").exists():
            shutil.rmtree(earlier, ignore_errors=True)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka_bootstrap(parts_folder: Path) -> Iterator[str]:
    """The address of a real Kafka 4 broker that the whole session shares: take topic and group names of your own."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    with Kafka(parts_folder / "kafka") as broker:
        yield broker.bootstrap


@pytest.fixture
def own_kafka_possible() -> None:
    """For a test that starts a broker in its own way."""


@pytest.fixture
def own_kafka(parts_folder: Path) -> Iterator[Kafka]:
    """A running broker of the test's own, to kill and start again."""
    folder = parts_folder / f"kafka-{uuid.uuid4().hex[:8]}"
    with Kafka(folder) as broker:
        yield broker
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(parts_folder: Path) -> Iterator[str]:
    """The SQLAlchemy address of a real PostgreSQL server that the whole session shares."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with Postgres(parts_folder / "postgres", durable=False) as server:
        yield server.url


OWNER = ("inkasso_test", "inkasso_test")
"""An ordinary role: what policies forbid in production they forbid in a test."""
_emptied: list[str] = []


def fresh_database(server: str) -> str:
    """The address of an empty database on the server: one that a test gave back, else a new one (a second's work)."""
    host = server.rpartition("/")[0].rpartition("@")[2]
    ours = [url for url in _emptied if f"@{host}/" in url]
    if ours:
        _emptied.remove(ours[-1])
        return ours[-1]
    return postgres_parts.new_database(server, f"test_{uuid.uuid4().hex[:12]}", owner=OWNER)


def give_back(url: str) -> None:
    """Cut off whoever is still connected, empty the database and keep it for the next test."""
    with psycopg.connect(postgres_parts.plain(url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    _emptied.append(url)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a fresh, empty database."""
    url = fresh_database(postgres_url)
    yield url
    give_back(url)
