"""The embedded log's file while it is open: its lock, its two connections, and the thread of each."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from shared.bus import BusUnavailable, log
from shared.errors import Crash
from shared.events.catalogue import Topic

T = TypeVar("T")


class OpenLog:
    """The file while it is open: its lock, its two connections, and the thread of each."""

    def __init__(self, path: Path, topics: Mapping[str, Topic]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take_lock(self._lock, path)
            connection = log.connect(path, read_only=False)
            self.epoch = log.prepare(connection, topics)
            self.writer = log.Writer(connection)
            self._reader = log.connect(path, read_only=True)
        except sqlite3.DatabaseError as problem:
            os.close(self._lock)
            raise Crash(f"{path} cannot be opened as a log: {problem}") from problem
        except BaseException:
            os.close(self._lock)
            raise
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="bus-write")
        self._read_thread = ThreadPoolExecutor(1, thread_name_prefix="bus-read")

    def on_writer(self, work: Callable[[], T]) -> Awaitable[T]:
        """Run ``work`` on the writing thread; a database error becomes ``BusUnavailable``."""
        return _translated(asyncio.get_running_loop().run_in_executor(self._write_thread, work))

    def on_reader(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Run ``work`` on the reading thread with its connection; a database error becomes ``BusUnavailable``."""
        return _translated(asyncio.get_running_loop().run_in_executor(self._read_thread, work, self._reader))

    def close(self) -> None:
        """Wait for both threads, close the connections, release the lock."""
        self._write_thread.shutdown()
        self._read_thread.shutdown()
        self._reader.close()
        self.writer.close()
        os.close(self._lock)


async def _translated(work: Awaitable[T]) -> T:
    try:
        return await work
    except sqlite3.Error as problem:
        raise BusUnavailable(f"the log could not be read or written: {problem}") from problem


def _take_lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        raise Crash(f"{path} is open in another process") from problem
