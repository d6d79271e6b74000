"""Both parts, kept running between commands: what runs is written down, and stopped by its process id."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from local import kafka, postgres
from local.maven import PartMissing
from local.process import StartFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One part: where it answers, and its process (0: not started by us, the environment points at it)."""

    address: str
    pid: int


Parts = dict[str, State | str]
"""A part's state by name, or the reason it cannot be had."""

NAMES = {"kafka": "KAFKA_BOOTSTRAP_SERVERS", "postgres": "DATABASE_URL"}
_FOLDERS = {"kafka": kafka, "postgres": postgres}


def up(folder: Path) -> Parts:
    """Start what does not run yet; the processes outlive this one. Data stays in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: Parts = {}
    running = status(folder)
    for name, variable in NAMES.items():
        if variable in os.environ:
            parts[name] = State(address=os.environ[variable], pid=0)
        elif name in running:
            parts[name] = running[name]
        else:
            parts[name] = _start(name, folder / name)
        _remember(folder, parts)
    return parts


def _remember(folder: Path, parts: Parts) -> None:
    written = {name: asdict(part) for name, part in parts.items() if isinstance(part, State) and part.pid}
    state = _state_file(folder)
    state.touch(mode=0o600)
    state.write_text(json.dumps(written, indent=1))


def _start(name: str, folder: Path) -> State | str:
    try:
        if name == "kafka":
            broker = kafka.Kafka(folder, bound=False).start()
            return State(address=broker.bootstrap, pid=broker.pid)
        server = postgres.Postgres(folder, bound=False).start()
        return State(address=server.url, pid=server.pid)
    except (PartMissing, StartFailed) as problem:
        return str(problem)


def status(folder: Path) -> dict[str, State]:
    """Return the parts that an earlier ``up`` started in ``folder`` and that still run."""
    state = _state_file(folder)
    written = json.loads(state.read_text()) if state.exists() else {}
    known = {name: State(**part) for name, part in written.items()}
    return {name: part for name, part in known.items() if _FOLDERS[name].is_running(part.pid, folder / name)}


def down(folder: Path) -> list[str]:
    """Stop what ``up`` started in ``folder`` and return the names; the data stays."""
    running = status(folder)
    for name, part in running.items():
        _FOLDERS[name].stop_detached(part.pid, folder / name)
    _state_file(folder).unlink(missing_ok=True)
    return list(running)


def _state_file(folder: Path) -> Path:
    return folder / "parts.json"
