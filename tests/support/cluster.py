"""The cluster profile for tests: four processes on a Kafka broker and a PostgreSQL server of their own.

``Cluster`` starts, kills and starts again; ``Cluster.town`` is the town of the stories, played over HTTP against the
four addresses. Days pass as in the sandbox: rest, close the bank day, set the date everywhere, rest.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from support.cluster_process import CLOCK_FILE, Process

from embedded.sandbox import COUNTED
from embedded.settings import EmbeddedSettings
from inkasso.bank import OUR_ACCOUNT
from inkasso.client import Json, Server
from inkasso.clock import PATH as CLOCK_PATH
from inkasso.demo.town import Town
from local import Kafka, Postgres
from local.cluster import database_of, load_creditors
from local.layout import SERVICES, Layout
from local.process import free_port, tail
from shared.auth import Role
from shared.calendar import is_bank_day
from shared.clock import SystemMachine
from shared.failpoints import KILLED, pattern

START_S_MAX = 120.0
STOP_S_MAX = 60.0
STANDSTILL_S = 60.0
QUICK = {
    "INKASSO_INBOX_SETTLE_S": "0",
    "INKASSO_KAFKA_PUBLISH_TIMEOUT_S": "5",
    "INKASSO_KAFKA_SESSION_TIMEOUT_S": "3",
}
"""A test does not wait as long as production should before it takes something for dead."""


class Death(NamedTuple):
    """The end of a process that nobody told to end, and the last place that it passed (``shared.failpoints``)."""

    service: str
    status: int
    place: str


@dataclass
class Cluster:
    """Everything under ``folder``; a context manager."""

    folder: Path
    day: date
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    deaths: list[Death] = field(default_factory=list)
    places: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    """Where each service's process is still to die (``shared.failpoints``), one place after the other."""

    def __post_init__(self) -> None:
        self.layout = Layout(folder=self.folder)
        self.kafka = Kafka(self.folder / "kafka", extra={"group.min.session.timeout.ms": "1000"})
        self.postgres = Postgres(self.folder / "postgres")
        self.machine = SystemMachine()
        self.http = httpx.Client(timeout=60, trust_env=False)
        self.pool = ThreadPoolExecutor(len(SERVICES))
        self.town = Town(ClusterServer(self))

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        try:
            self.kafka.start()
            self.postgres.start()
            self.layout.make_keys()
            for service in SERVICES:
                self.ports[service] = free_port()
                self.databases[service] = database_of(self.postgres.url, service, self.layout.data_dir(service))
                self.start(service, wait=False)
            for service in SERVICES:
                self.wait_until_ready(service)
            load_creditors(self.layout, self.url("claims-api"))
            self.rest()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in self.processes.values():
            process.signal(signal.SIGTERM)
        for process in self.processes.values():
            if process.wait(STOP_S_MAX) is None:
                process.signal(signal.SIGKILL)
                process.wait(STOP_S_MAX)
        self.http.close()
        self.pool.shutdown()
        self.postgres.stop()
        self.kafka.stop()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    # --- processes ---

    def start(self, service: str, *, wait: bool = True) -> None:
        """Start a service's process; it goes on at the date it was at, and dies at the next of its ``places``."""
        folder = self.layout.data_dir(service)
        (folder / CLOCK_FILE).write_text(self.day.isoformat())
        settings = self.layout.environment(
            service, port=self.ports[service], bootstrap=self.kafka.bootstrap, database_url=self.databases[service]
        )
        clean = {name: text for name, text in os.environ.items() if not name.startswith("INKASSO_")}
        dying = {"INKASSO_FAILPOINT": self.places[service][0]} if self.places[service] else {}
        env = {**clean, **settings, **QUICK, "INKASSO_FAILPOINT_LOG": str(self.passed(service)), **dying}
        self.processes[service] = Process(service, env, folder / "service.log")
        if wait:
            self.wait_until_ready(service)

    def wait_until_ready(self, service: str) -> None:
        deadline = self.machine.monotonic() + START_S_MAX
        said = ""
        while self.machine.monotonic() < deadline:
            if self.processes[service].poll() is not None:
                break
            try:
                answer = self.http.get(f"{self.url(service)}/ready")
                said = answer.text
                if answer.status_code == 200:
                    return
            except httpx.TransportError as problem:
                said = repr(problem)
            time.sleep(0.1)
        raise AssertionError(f"{service} is not ready ({said}):\n{self.log(service)}")

    def until_ready_says(self, service: str, fault: str) -> None:
        """Return once ``/ready`` is 503 and names this fault."""
        deadline = self.machine.monotonic() + START_S_MAX
        while self.machine.monotonic() < deadline:
            try:
                answer = self.http.get(f"{self.url(service)}/ready")
                if answer.status_code == 503 and fault in answer.text:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{service} never says {fault}:\n{self.log(service)}")

    def stop(self, service: str) -> int | None:
        """Tell a service to stop and return its exit status."""
        process = self.processes[service]
        process.signal(signal.SIGTERM)
        return process.wait(STOP_S_MAX)

    def kill(self, service: str) -> None:
        """kill -9."""
        self.processes[service].signal(signal.SIGKILL)
        self.processes[service].wait(STOP_S_MAX)

    def arm(self) -> None:
        """Let each service die at the first of its places."""
        for service, places in self.places.items():
            if places:
                self.insist("POST", service, "/test/arm", json={"place": places[0]}).raise_for_status()

    def revive(self) -> None:
        """Start again whatever has died, as a supervisor would, and write it down."""
        for service, process in self.processes.items():
            status = process.poll()
            if status is None:
                continue
            *_, at = self.passed(service).read_text("utf-8").splitlines() or [""]
            self.deaths.append(Death(service, status, at))
            if status == KILLED:  # it may be the place that several names stand for
                self.places[service] = deque(name for name in self.places[service] if not pattern(name).fullmatch(at))
            self.start(service, wait=False)

    def passed(self, service: str) -> Path:
        """Where the service's processes write down every place they pass."""
        return self.layout.data_dir(service) / "places.log"

    def log(self, service: str, lines: int = 25) -> str:
        return tail(self.layout.data_dir(service) / "service.log", lines)

    # --- time ---

    def rest(self) -> None:
        """Return when a whole round of jobs did nothing, nothing was carried, and nothing is left anywhere."""
        before, moved_at = -1, self.machine.monotonic()
        while True:
            found = self.work()
            carried = sum(one["carried"] for one in found.values() if one)
            left = {name: {k: n for k, n in one["left"].items() if n} if one else "away" for name, one in found.items()}
            moved = carried != before or any(one and one["busy"] for one in found.values())
            if not moved and not any(left.values()):
                return
            before = carried
            now = self.machine.monotonic()
            if moved:
                moved_at = now
            crashed = {name: one["crashed"] for name, one in found.items() if one and one["crashed"]}
            assert not crashed, crashed
            assert now - moved_at < STANDSTILL_S, left
            time.sleep(0.02)

    def work(self) -> dict[str, Json]:
        """Let every service do what there is; returns what each says, nothing of one that cannot be asked."""
        self.revive()
        return dict(zip(SERVICES, self.pool.map(self._work, SERVICES), strict=True))

    def _work(self, service: str) -> Json:
        try:
            answer = self.http.post(f"{self.url(service)}/test/work")
        except httpx.TransportError:
            return {}
        return {} if answer.is_error else dict(answer.json())

    def go_to(self, day: date) -> Json:
        """Live through every day to ``day``; returns what happened."""
        before = self.counts()
        days = (day - self.day).days
        for _ in range(days):
            self.rest()
            if is_bank_day(self.day):
                self.close_bank_day()
                self.rest()
            self.set_day(self.day + timedelta(days=1))
            self.rest()
        self.rest()
        after = self.counts()
        happened = {
            name: sum(after[kind.TYPE] - before[kind.TYPE] for kind in kinds) for name, kinds in COUNTED.items()
        }
        return {"date": self.day.isoformat(), "days": days, **happened}

    def close_bank_day(self) -> None:
        body = {"account": OUR_ACCOUNT, "day": self.day.isoformat(), "reason": "everything has come"}
        self.town.server.post("/payments-ingest/v1/bank-days/close", body, name="Olav Operatør")

    def set_day(self, day: date) -> None:
        self.day = day
        for service in SERVICES:
            self.insist("POST", service, "/test/day", json={"date": day.isoformat()}).raise_for_status()

    def insist(self, method: str, service: str, path: str, **request: Any) -> httpx.Response:
        """Make a call as a careful client does: the same again while nobody answers, or the answer is 503."""
        deadline = self.machine.monotonic() + START_S_MAX
        while True:
            self.revive()
            try:
                answer = self.http.request(method, self.url(service) + path, **request)
                if answer.status_code != 503:
                    return answer
                said = answer.text
            except httpx.TransportError as problem:
                said = repr(problem)
            assert self.machine.monotonic() < deadline, f"{service}: {said}\n{self.log(service)}"
            time.sleep(0.1)

    def counts(self) -> Counter[str]:
        """How many events of each type there are."""
        found: Counter[str] = Counter()
        for one in self.work().values():
            found.update(one.get("events", {}))
        return found


class ClusterServer(Server):
    """The four services seen as the one server of the embedded profile: a path's first part is the service."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("http://cluster", EmbeddedSettings(data_dir=cluster.folder, sandbox=True, profile="embedded"))
        self._cluster = cluster

    def get(self, path: str, **query: Any) -> Json:
        if path == CLOCK_PATH:
            return {"date": self._cluster.day.isoformat()}
        return super().get(path, **query)

    def post(self, path: str, body: Any = None, **more: Any) -> Json:
        if path == CLOCK_PATH:
            days = timedelta(days=body.get("advance_days", 0))
            return self._cluster.go_to(date.fromisoformat(body["date"]) if "date" in body else self._cluster.day + days)
        return super().post(path, body, **more)

    def send(
        self,
        method: str,
        path: str,
        *,
        role: Role,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        service, _, rest = path.removeprefix("/").partition("/")
        bearer = {"Authorization": f"Bearer {self._cluster.layout.token(role, name)}", **(headers or {})}
        return self._cluster.insist(method, service, f"/{rest}", headers=bearer, **kwargs)
