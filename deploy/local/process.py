"""Starting, watching and stopping one server process, by its own id and never by a name."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.maven import PartMissing
from shared.clock import SystemMachine

_PR_SET_PDEATHSIG = 1
_STEP_S = 0.05
_OUTLIVING: list[subprocess.Popen[bytes]] = []  # referenced for ever: Python warns of a child nobody waited for


class StartFailed(RuntimeError):
    """The process ended or did not answer in time; the message carries the end of its log."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def unprivileged() -> pwd.struct_passwd | None:
    """Return the account to run as when we are root (PostgreSQL refuses root), else None: run as who we are."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def require_reachable(path: Path) -> None:
    """Raise ``PartMissing`` if the account we start servers as cannot reach ``path`` (a closed folder above it)."""
    if unprivileged() is None:
        return
    above = [parent for parent in path.resolve().parents if parent.exists()]
    closed = [parent for parent in above if not parent.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise PartMissing(
            "postgres",
            f"root may not run it, and the account nobody cannot enter {closed[-1]}: set INKASSO_LOCAL_CACHE to a"
            " folder it can enter",
        )


def spawn(
    command: Sequence[str], log: Path, *, bound: bool, env: Mapping[str, str] | None = None, unroot: bool = False
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, writing to ``log``.

    ``bound``: it is killed with the process that started it, so that a killed test run leaves nothing behind.
    ``unroot``: root starts it as an unprivileged account.
    """
    account = unprivileged() if unroot else None
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=None if env is None else {**os.environ, **env},
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with_parent if bound else None,
        )
    if not bound:
        _OUTLIVING.append(process)
    return process


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Return when ``ready`` says so. Raises ``StartFailed`` if the process ends first or time runs out."""
    machine = SystemMachine()
    deadline = machine.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise StartFailed(f"ended with {process.returncode}; the end of its log:\n{tail(log)}")
        if machine.monotonic() > deadline:
            raise StartFailed(f"no answer within {seconds:.0f} s; the end of its log:\n{tail(log)}")
        time.sleep(_STEP_S)


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def runs(pid: int, marker: str) -> bool:
    """Whether process ``pid`` is alive and ours: its id may have gone to someone else.

    ``marker`` is something that only its command line or its environment holds.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        environment = b""
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and (marker.encode() in command or marker.encode() in environment)


def stop(pid: int, marker: str, how: signal.Signals, seconds: float) -> None:
    """Send ``how`` to ``pid`` and wait; its whole session is killed if it has not ended in time."""
    machine = SystemMachine()
    deadline = machine.monotonic() + seconds
    sent = False
    while runs(pid, marker):
        if not sent:
            os.kill(pid, how)
            sent = True
        if machine.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
        time.sleep(_STEP_S)
    for process in _OUTLIVING:
        process.poll()  # takes note of the end of one that this same process started
