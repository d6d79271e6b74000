"""What PostgreSQL needs beyond a client's defaults: every wait bounded, and a way out of a connection that is silent.

A server that is gone refuses at once; one that is cut off says nothing, and a client waits for it without end. So a
transaction has a longest time, after which its socket is shut: the thread that waits gets an error, and what became of
a commit is unknown, as after any lost reply.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

from shared.clock import SystemMachine

CONNECT_S_MAX = 5
STATEMENT_S_MAX = 30
"""How long the server works at one statement, waiting for locks included, before it gives up by itself."""
PATIENCE_S = 60.0
PING_S_MAX = 5.0
IDLE_S = 1.0
"""A connection that lay idle longer is asked whether it still answers before it is used."""
POOL_WAIT_S_MAX = 10


class Patience:
    """Shuts the sockets of connections that were waited for longer than allowed."""

    def __init__(self) -> None:
        self._machine = SystemMachine()
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[float, int]] = {}
        self._serial = 0
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def during(self, driver_connection: Any, seconds: float) -> Iterator[None]:
        """Allow the block ``seconds``; then the connection is cut off, and whoever waits for it gets its error."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, args=(self._closed,), name="postgres-patience", daemon=True
                )
                self._thread.start()
            self._serial += 1
            mine = self._serial
            self._watched[mine] = (self._machine.monotonic() + seconds, driver_connection.pgconn.socket)
        try:
            yield
        finally:
            with self._lock:
                del self._watched[mine]

    def close(self) -> None:
        """End the watching thread; the next wait starts another."""
        with self._lock:
            self._closed.set()
            self._closed, self._thread = threading.Event(), None

    def _watch(self, closed: threading.Event) -> None:
        while not closed.wait(1.0):
            now = self._machine.monotonic()
            with self._lock:  # while it is held no descriptor in the list can be closed and given to someone else
                for serial, (until, descriptor) in self._watched.items():
                    if now > until:
                        _shut(descriptor)
                        self._watched[serial] = (now + PING_S_MAX, descriptor)


def _shut(descriptor: int) -> None:
    try:
        with socket.socket(fileno=socket.dup(descriptor)) as connection:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already: nobody waits for it


def postgres_engine(url: URL, name: str, patience: Patience, *, pool_size: int) -> Engine:
    """Make the engine of one service's database."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_WAIT_S_MAX,
        json_deserializer=from_json,
        hide_parameters=True,  # a failed statement is logged, and what it carried may be about a person
        connect_args={
            "connect_timeout": CONNECT_S_MAX,
            "application_name": name,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "options": f"-c statement_timeout={STATEMENT_S_MAX * 1000}"
            f" -c idle_in_transaction_session_timeout={int(PATIENCE_S * 2000)} -c timezone=UTC"
            " -c inkasso.units=*",  # what consumers and jobs see; a caller's transaction is confined to its own units
        },
    )
    machine = SystemMachine()

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used_at"] = machine.monotonic()

    @event.listens_for(engine, "checkout")
    def _alive(connection: Any, record: Any, _fairy: Any) -> None:
        used_at = record.info.get("used_at")
        if used_at is None or machine.monotonic() - used_at < IDLE_S:
            return
        try:
            with patience.during(connection, PING_S_MAX):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            raise InvalidatePoolError() from gone

    return engine
