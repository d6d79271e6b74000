"""The whole cluster profile on one machine: a broker, a PostgreSQL server with four databases, four processes."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local import up as parts
from local.layout import SERVICES, Layout
from local.maven import ROOT, PartMissing
from local.postgres import new_database
from local.process import StartFailed, answers, runs, spawn, stop, tail
from shared.auth import Role
from shared.clock import SystemMachine

FIRST_PORT = 8101
START_SECONDS = 120
STOP_SECONDS = 60
CREDITORS = ROOT / "deploy" / "embedded" / "creditors.toml"
STATE = "services.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One service's process."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


def up(folder: Path, first_port: int = FIRST_PORT) -> dict[str, Running]:
    """Start what does not run yet and return when every service is ready. Raises PartMissing or StartFailed."""
    layout = Layout(folder=folder)
    started = parts.up(folder / "parts")
    for name, part in started.items():
        if isinstance(part, str):
            raise PartMissing(name, part)
    bootstrap, server = (part.address for part in (started["kafka"], started["postgres"]) if not isinstance(part, str))
    layout.make_keys()
    running = status(folder)
    for number, service in enumerate(SERVICES):
        if service not in running:
            port = first_port + number
            if answers(port):
                raise StartFailed(f"port {port} is taken; --port chooses four others")
            url = database_of(server, service, layout.data_dir(service))
            environment = layout.environment(service, port=port, bootstrap=bootstrap, database_url=url)
            running[service] = Running(pid=start(service, environment, layout.data_dir(service)), port=port)
            _remember(folder, running)
    for service, one in running.items():
        wait_until_ready(one, layout.data_dir(service) / "service.log")
    load_creditors(layout, running["claims-api"].url)
    return running


def start(service: str, environment: dict[str, str], folder: Path) -> int:
    """Start one service's process, which outlives this one, and return its id."""
    command = [sys.executable, "-m", SERVICES[service]]
    path = os.pathsep.join(str(ROOT / place) for place in (".", f"services/{service}"))
    env = {"PYTHONPATH": path, **environment}
    return spawn(command, folder / "service.log", bound=False, env=env).pid


def database_of(server: str, service: str, folder: Path) -> str:
    """Return the address of a service's database, making it and its ordinary role the first time."""
    name = service.replace("-", "_")
    secret = folder / "database-password"
    if not secret.exists():  # before the database: whoever is interrupted in between finds its password again
        folder.mkdir(parents=True, exist_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(16))
    return new_database(server, name, owner=(name, secret.read_text()))


def wait_until_ready(one: Running, log: Path) -> None:
    """Return once a service says that it is ready; raises StartFailed with the end of its log."""
    machine = SystemMachine()
    deadline = machine.monotonic() + START_SECONDS
    said = "nothing"
    while machine.monotonic() < deadline:
        if not runs(one.pid, ""):
            break
        try:
            answer = httpx.get(f"{one.url}/ready", timeout=5, trust_env=False)
            said = answer.text
            if answer.status_code == 200:
                return
        except httpx.TransportError:
            said = "nothing"
        time.sleep(0.2)
    raise StartFailed(f"{one.url} is not ready (it said {said}); the end of its log:\n{tail(log)}")


def load_creditors(layout: Layout, url: str, file: Path = CREDITORS) -> None:
    """Let an operator hand in the sample creditors, and another one approve them."""
    content = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    applied = _post(url, "/v1/creditors", content, layout.token(Role.OPERATOR, "Olav Operatør"), "creditors")
    if applied["state"] == "pending":
        change = applied["change_id"]
        other = layout.token(Role.OPERATOR, "Oda Operatør")
        _post(url, f"/v1/creditors/changes/{change}/approval", {"approve": True}, other, f"approval-{change}")


def _post(url: str, path: str, body: Any, token: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    answer = httpx.post(url + path, json=body, headers=headers, timeout=30, trust_env=False)
    if answer.is_error:
        raise StartFailed(f"{path}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


def status(folder: Path) -> dict[str, Running]:
    """Return the services that an earlier ``up`` started in ``folder`` and that still run."""
    state = folder / STATE
    written = json.loads(state.read_text()) if state.exists() else {}
    known = {service: Running(**one) for service, one in written.items()}
    return {service: one for service, one in known.items() if runs(one.pid, _marker(folder, service))}


def down(folder: Path) -> list[str]:
    """Stop the services in order, then the parts under them; the data stays. Returns what was stopped."""
    running = status(folder)
    for service, one in running.items():
        stop(one.pid, _marker(folder, service), signal.SIGTERM, STOP_SECONDS)
    (folder / STATE).unlink(missing_ok=True)
    return [*running, *parts.down(folder / "parts")]


def _marker(folder: Path, service: str) -> str:
    return f"INKASSO_DATA_DIR={Layout(folder=folder).data_dir(service)}\0"


def _remember(folder: Path, running: dict[str, Running]) -> None:
    text = json.dumps({service: {"pid": one.pid, "port": one.port} for service, one in running.items()}, indent=1)
    (folder / STATE).write_text(text)
