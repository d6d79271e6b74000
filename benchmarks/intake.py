"""Claims handed over: one a call, and many in a call, on a real PostgreSQL that puts every commit on disk.

One a call, 64 clients at once, every claim of another debtor, one uvicorn worker (relay and jobs do not run):

- *ours*: the route as it is, requests that come together sharing a commit;
- *bare*: the same application, route, authentication and rules, and no database;
- *orm*: the same, with a session, an object per row and a commit per request.

Many in a call, through HTTP to the same worker, against COPY of the very rows that it wrote into the same tables of
another database, 1 000 claims a transaction, by a role that no policy binds. *new*: every claim of a debtor nobody knew
(debtor, case, two KIDs, ledger, timeline, event and outbox: a dozen rows); *known*: of a debtor with an open case, to
which COPY adds rows and changes none.

The ways take turns, the medians count, and CPU time is what the server processes used: a busy machine stretches the
clock more than it does that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from serving.bodies import UNIT, claims, persons, take

from claims_api.api.batch import PER_COMMIT

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = 64
POSTS, PLAIN_POSTS, BATCH = 2_000, 500, 10_000
WARM_UP = 300
WAYS = ("bare", "ours", "orm")
COPIES = {"new": "copy of new", "known": "copy of known"}
"""Kinds of batches, and what each is measured beside."""


def run(bench: Any) -> None:
    """Posts and batches in turn, each round with claims that nobody has seen."""
    from local import PartMissing, Postgres
    from local.maven import cache

    folder = cache() / f"run-{os.getpid()}"  # the name by which whoever finds it later knows whether it is in use
    folder.mkdir(parents=True)
    try:
        with Postgres(folder / "postgres") as postgres:
            people = persons()
            _one_by_one(bench, postgres, folder, people)
            _in_batches(bench, postgres, folder, people)
    except PartMissing as missing:
        bench.say(f"  NOT MEASURED, for want of PostgreSQL: {missing}")
        bench.broken.append("intake: not measured")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Server:
    """A worker that runs, and a token it takes."""

    port: int
    token: str
    pid: int


class _Clock:
    """CPU time from now on: of a server (None: of this process) and of PostgreSQL with all its processes."""

    def __init__(self, server: Server | None, postgres: Any) -> None:
        self._pid = os.getpid() if server is None else server.pid
        self._postgres = postgres
        self._before = self._now()

    def used(self) -> tuple[float, float]:
        """Seconds since then."""
        own, database = self._now()
        return own - self._before[0], database - self._before[1]

    def _now(self) -> tuple[float, float]:
        processes = {int(path.name): _cpu_and_parent(path) for path in Path("/proc").glob("[0-9]*")}
        mine = self._postgres.pid
        database = sum(cpu for pid, (cpu, parent) in processes.items() if mine in (pid, parent))
        return processes[self._pid][0], database


@dataclass
class Measured:
    """One way's rounds."""

    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    database_us: list[float] = field(default_factory=list)

    def add(self, rate: float, clock: _Clock, claims: int, *, p99: float | None = None) -> None:
        """Note a round that has just ended."""
        own, database = clock.used()
        self.rates.append(rate)
        self.cpu_us.append(own / claims * 1e6)
        self.database_us.append(database / claims * 1e6)
        if p99 is not None:
            self.p99.append(p99)

    def line(self, name: str) -> str:
        each = ", ".join(f"{rate:.0f}" for rate in self.rates)
        p99 = f"   p99 {median(self.p99):4.0f} ms" if self.p99 else ""
        own, database = median(self.cpu_us), median(self.database_us)
        return f"  {name:6}{median(self.rates):8.0f}/s{p99}   CPU {own:4.0f} + {database:4.0f} µs   ({each})"


def _one_by_one(bench: Any, postgres: Any, folder: Path, people: Iterator[str]) -> None:
    from serving.load import post_all

    posts = min(bench.size, POSTS)
    counts = {"bare": posts, "ours": posts, "orm": min(posts, PLAIN_POSTS)}
    found = {way: Measured() for way in WAYS}
    with ExitStack() as running:
        servers = {way: running.enter_context(_serving(postgres, folder, way)) for way in WAYS}
        for turn in range(bench.rounds + 1):
            for way, server in servers.items():
                count = counts[way] if turn else WARM_UP
                bodies = claims(f"{way}-{turn}", take(people, count))
                clock = _Clock(server, postgres)
                sent = post_all(server.port, server.token, bodies, CLIENTS, f"{way}-{turn}")
                if turn:
                    found[way].add(sent.rate, clock, count, p99=sent.percentile(0.99))
            _analyze(postgres)
    bench.say(
        f"  one a call: {CLIENTS} clients, {posts} claims a round, {bench.rounds} rounds; CPU server + PostgreSQL"
    )
    for way in WAYS:
        bench.say(found[way].line(way))
    rates = {way: median(found[way].rates) for way in WAYS}
    bench.promise("intake: POST beside the same without a database", rates["ours"] / rates["bare"], at_least=0.6)
    bench.promise("intake: POST beside a session and objects", rates["ours"] / rates["orm"], at_least=6)
    bench.promise("intake: POST p99 in ms", median(found["ours"].p99), at_most=100)


def _in_batches(bench: Any, postgres: Any, folder: Path, people: Iterator[str]) -> None:
    from serving.copying import Copier
    from serving.load import post_batch

    size = min(bench.size, BATCH) // PER_COMMIT * PER_COMMIT
    with _serving(postgres, folder, "ours", database="batches") as server:
        copier = Copier(postgres.url, "batches", _database(postgres, folder, "copies"))
        found = {name: Measured() for pair in COPIES.items() for name in pair}
        for turn in range(bench.rounds + 1):
            who = take(people, size if turn else PER_COMMIT * 2)
            for kind in COPIES:
                clock = _Clock(server, postgres)
                seconds = post_batch(server.port, server.token, claims(f"{kind}-{turn}", who))
                if turn:
                    found[kind].add(len(who) / seconds, clock, len(who))
                chunks = copier.written(len(who) // PER_COMMIT)
                clock = _Clock(None, postgres)
                seconds = copier.copy(chunks)
                if turn:
                    found[COPIES[kind]].add(len(who) / seconds, clock, len(who))
            _analyze(postgres)
        copier.close()
    bench.say(f"  many in a call: {size} claims a call, {bench.rounds} rounds")
    for name, one in found.items():
        bench.say(one.line(f"{name:14}"))
    rates = {name: median(one.rates) for name, one in found.items()}
    for kind, copy in COPIES.items():
        share = rates[kind] / rates[copy]
        bench.promise(f"intake: batch of {kind} debtors, claims/s", rates[kind], at_least=10_000)
        bench.promise(f"intake: batch of {kind} debtors beside COPY of its rows", share, at_least=0.3)


def _database(postgres: Any, folder: Path, name: str) -> str:
    """A database with today's schema and the sample's creditors, of an ordinary role."""
    from serving.server import service_of

    from claims_api.app import MIGRATIONS, deps_of_service
    from claims_api.usecases.creditors import apply_creditors
    from local.postgres import new_database
    from shared.migrate import upgrade

    url: str = new_database(postgres.url, name, owner=("inkasso_benchmark", "inkasso_benchmark"))
    (folder / name).mkdir()
    service = service_of(folder / name, url)
    upgrade(service.db, MIGRATIONS)
    content = tomllib.loads((ROOT / "deploy" / "embedded" / "creditors.toml").read_text("utf-8"))
    with service.uow() as uow:
        apply_creditors(uow, deps_of_service(service), content, who="installation", approved_by="installation")
    service.db.close()
    return url


@contextmanager
def _serving(postgres: Any, folder: Path, way: str, database: str = "") -> Iterator[Server]:
    from serving.server import service_of

    from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key

    name = database or way
    url = _database(postgres, folder, name)
    service = service_of(folder / name, url)
    issuer = TokenIssuer(local_key(service.settings.keys_dir), LOCAL_ISSUER, service.settings.audience, service.machine)
    token = issuer.issue(Role.AGENCY, UNIT, timedelta(hours=8), unit=UNIT)
    service.db.close()
    command = [sys.executable, str(ROOT / "benchmarks" / "serving" / "server.py"), way, str(folder / name), url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603
    try:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()), token, process.pid)
    finally:
        process.kill()
        process.wait()


def _analyze(postgres: Any) -> None:
    """Let the planner know how full the tables are, as the server does by itself within a minute."""
    import psycopg

    from local.postgres import plain

    with psycopg.connect(plain(postgres.url)) as admin:
        names = [name for (name,) in admin.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")]
    for name in names:
        with psycopg.connect(f"{plain(postgres.url).rpartition('/')[0]}/{name}", autocommit=True) as connection:
            connection.execute("ANALYZE")
    time.sleep(0.2)


def _cpu_and_parent(process: Path) -> tuple[float, int]:
    try:
        parts = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0.0, 0
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK"), int(parts[1])
