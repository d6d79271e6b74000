"""A broker and a database server of the benchmark's own, and what every process of it costs in CPU time."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import Kafka, Postgres
from local.maven import cache
from local.postgres import new_database

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
OWNER = ("bench", "bench")
HEAP_MB = 512


def cpu_s(pid: int) -> float:
    """Return the CPU time a process and its ended children have used so far, in seconds; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(fields[at]) for at in (11, 12, 13, 14)) * TICK_S


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


@dataclass
class Cost:
    """What a stretch of work took: wall-clock time, and CPU time by who used it."""

    wall_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def total_cpu_s(self) -> float:
        """CPU time of all together."""
        return sum(self.cpu_s.values())

    def __add__(self, other: Cost) -> Cost:
        names = dict.fromkeys((*self.cpu_s, *other.cpu_s))
        return Cost(self.wall_s + other.wall_s, {n: self.cpu_s.get(n, 0.0) + other.cpu_s.get(n, 0.0) for n in names})

    def line(self, name: str, count: int) -> str:
        """Return one line of a table: rate, and microseconds of CPU time each by who used it."""
        shares = "  ".join(f"{who} {used / count * 1e6:.0f}" for who, used in self.cpu_s.items())
        return (
            f"  {name:22} {count / self.wall_s:8.0f} /s   {self.total_cpu_s / count * 1e6:6.0f} us CPU each ({shares})"
        )


@dataclass
class Parts:
    """The running parts."""

    folder: Path
    kafka: Kafka
    postgres: Postgres
    watched: dict[str, int] = field(default_factory=dict)
    """Further processes whose CPU time counts, by name."""

    def database(self, name: str) -> str:
        """Return the address of a fresh database with an ordinary owner."""
        return new_database(self.postgres.url, name, owner=OWNER)

    def used(self) -> dict[str, float]:
        """Return the CPU time used so far by this process, the database server, the broker and who else is watched."""
        server = self.postgres.pid
        return {
            "python": time.process_time(),
            "postgres": cpu_s(server) + sum(cpu_s(one) for one in children(server)),
            "kafka": cpu_s(self.kafka.pid),
            **{name: cpu_s(pid) for name, pid in self.watched.items()},
        }

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """Fill in what the block cost."""
        cost, before, started = Cost(), self.used(), time.perf_counter()
        yield cost
        cost.wall_s = time.perf_counter() - started
        cost.cpu_s = {name: used - before.get(name, 0.0) for name, used in self.used().items()}


@contextmanager
def running() -> Iterator[Parts]:
    """Run a broker and a database server that are durable as in production, in a folder that goes with them."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every topic that is not there yet
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=cache()))
    folder.chmod(0o755)  # PostgreSQL may have to run as an account that is not ours
    try:
        with Kafka(folder / "kafka", heap_mb=HEAP_MB) as kafka, Postgres(folder / "postgres") as postgres:
            yield Parts(folder, kafka, postgres)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kafka_settings(parts: Parts, client: str) -> Any:
    """Return how a service reaches this broker."""
    from shared.bus.kafka import KafkaSettings

    return KafkaSettings(
        bootstrap_servers=parts.kafka.bootstrap, client_id=client, replication_factor=1, min_insync_replicas=1
    )
