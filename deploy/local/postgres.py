"""One PostgreSQL server in a folder, as an unprivileged account, listening on 127.0.0.1 only."""

from __future__ import annotations

import lzma
import os
import platform
import secrets
import shutil
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

from local.maven import PartMissing, resolve
from local.process import free_port, require_reachable, runs, spawn, stop, unprivileged, wait_until

START_SECONDS = 60
STOP_SECONDS = 20
SETTINGS = Path(__file__).parents[1] / "postgres" / "settings.conf"
"""What a server in production is set to, and one of ours that is as durable."""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64v8"}
_INSTALLED = Path("/usr/lib/postgresql")


def programs() -> Path:
    """Return the folder with ``initdb`` and ``postgres``: Maven's, else the newest installed, or ``PartMissing``."""
    try:
        return _from_maven()
    except PartMissing as missing:
        installed = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
        if not installed:
            raise PartMissing("postgres", f"{missing.reason}; none is installed under {_INSTALLED} either") from missing
        return installed[0].parent


def settings() -> list[str]:
    """Return what a server in production is set to, each as ``name=value``."""
    lines = (line.partition("#")[0].partition("=") for line in SETTINGS.read_text("utf-8").splitlines())
    return [f"{name.strip()}={value.strip()}" for name, equals, value in lines if equals]


def _from_maven() -> Path:
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise PartMissing("postgres", f"no artifact for {platform.machine()}")
    folder = resolve("postgres", **{"postgres.arch": architecture})
    unpacked = folder / "unpacked"
    if not unpacked.is_dir():
        unfinished = folder / f"unfinished-{os.getpid()}"
        with zipfile.ZipFile(next(folder.glob("*.jar"))) as jar:
            inner = next(name for name in jar.namelist() if name.endswith(".txz"))
            with jar.open(inner) as packed, lzma.open(packed) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                tar.extractall(unfinished, filter="data")
        try:
            unfinished.rename(unpacked)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return unpacked / "bin"


class Postgres:
    """A server with its data in ``folder``; the same folder may be started again and keeps port, password and data.

    ``bound``: it dies with this process. ``durable`` False leaves fsync out, and the server as small as it comes: for
    tests that kill nothing.
    ``url`` is SQLAlchemy's, of the superuser; ``new_database`` makes a fresh one beside it.
    """

    def __init__(self, folder: Path, *, bound: bool = True, durable: bool = True) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.pid = 0
        self._bound = bound
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the server's own database."""
        return (self.folder / "url").read_text()

    def start(self) -> Postgres:
        """Start the server and return when it answers; create its data the first time."""
        binaries = programs()
        require_reachable(binaries / "postgres")
        require_reachable(self.data)
        if not (self.folder / "url").exists():
            self._create(binaries)
        port = self.url.rpartition(":")[2].partition("/")[0]
        command = [str(binaries / "postgres"), "-D", str(self.data), "-p", port, "-h", "127.0.0.1"]
        command += ["-k", str(self.data)]
        for setting in settings() if self._durable else ("fsync=off",):
            command += ["-c", setting]
        self._process = spawn(command, self.log, bound=self._bound, unroot=True)
        self.pid = self._process.pid
        wait_until(lambda: _accepts(self.url), self._process, self.log, START_SECONDS)
        return self

    def _create(self, binaries: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        password = secrets.token_urlsafe(16)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        self.log.touch()
        account = unprivileged()
        if account is not None:
            for path in (self.folder, self.data, self.log, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [str(binaries / "initdb"), "-D", str(self.data), "-U", "postgres", f"--pwfile={secret}", "-E", "UTF8"]
        command += ["--locale=C", "--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--no-sync"]
        process = spawn(command, self.log, bound=True, unroot=True)
        if process.wait(START_SECONDS) != 0:
            text = self.log.read_text(errors="replace").strip()[-300:]
            shutil.rmtree(self.data, ignore_errors=True)
            raise PartMissing("postgres", f"initdb failed: {text}")
        address = self.folder / "url"
        address.touch(mode=0o600)
        address.write_text(f"postgresql+psycopg://postgres:{password}@127.0.0.1:{free_port()}/postgres")
        secret.unlink()

    def stop(self) -> None:
        """Shut the server down at once but cleanly."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server and all its children: with a child left the next start would refuse."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None

    def __enter__(self) -> Postgres:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def plain(url: str) -> str:
    """Return a SQLAlchemy address as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(plain(url), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def new_database(url: str, name: str, *, owner: tuple[str, str] | None = None) -> str:
    """Create the database ``name`` on the server of ``url`` unless it is there, and return its address.

    ``owner`` is a role and its password, made if it is not there: an ordinary one, which policies and limits bind (a
    superuser passes by them). None: the role of ``url``.
    """
    server = url.rpartition("/")[0]
    with psycopg.connect(plain(url), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if owner is None:
            return f"{server}/{name}"
        role, password = owner
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        command = "ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
        connection.execute(sql.SQL(command).format(sql.Identifier(role), sql.Literal(password)))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(role)))
    return f"postgresql+psycopg://{role}:{password}@{server.rpartition('@')[2]}/{name}"


def stop_detached(pid: int, folder: Path) -> None:
    """Stop a server that an earlier command started in ``folder``."""
    stop(pid, str(folder / "data"), signal.SIGINT, STOP_SECONDS)


def is_running(pid: int, folder: Path) -> bool:
    """Whether ``pid`` is the server of ``folder``."""
    return runs(pid, str(folder / "data"))
