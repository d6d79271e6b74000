"""A TCP proxy that a test puts in front of a server, to take the network away.

``pass``: as if it were not there. ``stall``: nothing gets through either way. ``refuse``: connections are cut with a
reset, and new ones too. ``lose_reply``: one request arrives and is carried out, its answer is lost. It counts what it
did, so that a test can show that its fault happened.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Literal

Mode = Literal["pass", "stall", "refuse"]

CHUNK = 65_536


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The answer to lose: the first to ``request`` on a connection that sent ``marker`` before, or with it."""

    marker: bytes
    request: bytes
    reset: bool


@dataclass
class Line:
    """One connection through the proxy."""

    marked: bool = False
    losing: bool = False
    reset: bool = False


class Proxy:
    """Listens on a port of its own and forwards to ``target``; runs on a thread of its own."""

    def __init__(self, target_port: int) -> None:
        self.mode: Mode = "pass"
        self.dropped_replies = 0
        self.stalled = 0
        self.refused = 0
        self._target_port = target_port
        self._loss: Loss | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._moving = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.set("pass")

    def aim(self, target_port: int) -> None:
        """Forward to another port from now on: a server that must know this proxy's address is started after it."""
        self._target_port = target_port

    def set(self, mode: Mode) -> None:
        """Change what happens to every connection from now on; ``refuse`` also cuts the ones there are."""
        self._do(self._change(mode))

    def lose_reply(self, *, marker: bytes, request: bytes, reset: bool) -> None:
        """Lose the answer to one request; ``reset``: the connection breaks with it, else it falls silent."""
        self._loss = Loss(marker=marker, request=request, reset=reset)

    def close(self) -> None:
        self.set("refuse")
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _change(self, mode: Mode) -> None:
        self.mode = mode
        if mode == "stall":
            self._moving.clear()
        else:
            self._moving.set()
        if mode == "refuse":
            for writer in list(self._writers):
                self.refused += 1
                _reset(writer)

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "refuse":
            self.refused += 1
            _reset(writer)
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, back}
        line = Line()
        try:
            await asyncio.wait(
                [
                    asyncio.ensure_future(self._pump(reader, back, line, replies=False)),
                    asyncio.ensure_future(self._pump(there, writer, line, replies=True)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for end in (writer, back):
                self._writers.discard(end)
                end.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, line: Line, *, replies: bool
    ) -> None:
        try:
            while data := await source.read(CHUNK):
                if not self._moving.is_set():
                    self.stalled += 1
                    await self._moving.wait()
                if not replies:
                    self._look(line, data)
                elif line.losing:
                    self.dropped_replies += 1
                    if line.reset:
                        _reset(sink)
                        return
                    continue
                sink.write(data)
                await sink.drain()
        except (ConnectionError, OSError):
            return

    def _look(self, line: Line, data: bytes) -> None:
        """Notice the request whose answer is to be lost."""
        loss = self._loss
        if loss is None:
            return
        line.marked = line.marked or loss.marker in data
        if line.marked and loss.request in data:
            line.losing, line.reset = True, loss.reset
            self._loss = None


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as a machine that died and came back would."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
