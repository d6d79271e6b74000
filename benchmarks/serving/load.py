"""Clients that send as fast as they are answered: plain sockets, so that little of the time is theirs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True)
class Sent:
    """What came of some requests: their latencies in seconds, and how long all of them took."""

    latencies: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of the requests stayed within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def post_all(port: int, token: str, bodies: list[bytes], clients: int, prefix: str) -> Sent:
    """POST one claim a body over ``clients`` connections; every answer must be 201."""
    waiting = [_request("/v1/claims", token, body, f"{prefix}-{n}") for n, body in enumerate(bodies)]
    return uvloop.run(_post_all(port, waiting, clients))


async def _post_all(port: int, waiting: list[bytes], clients: int) -> Sent:
    latencies: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            request = waiting.pop()
            before = time.perf_counter()
            writer.write(request)
            status, body = await _answer(reader)
            latencies.append(time.perf_counter() - before)
            if status != 201:
                raise SystemExit(f"intake: expected 201, got {status}: {body[:300]!r}")
        writer.close()

    before = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Sent(latencies, time.perf_counter() - before)


def post_batch(port: int, token: str, bodies: list[bytes]) -> float:
    """POST all claims as one batch and read every answer; returns the seconds it took."""
    return uvloop.run(_post_batch(port, token, bodies))


async def _post_batch(port: int, token: str, bodies: list[bytes]) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    before = time.perf_counter()
    writer.write(_request("/v1/claims/batch", token, b"\n".join(bodies), "", "application/x-ndjson"))
    await reader.readuntil(b"\r\n\r\n")
    stored = 0
    while size := int(await reader.readline(), 16):
        chunk = await reader.readexactly(size + 2)
        stored += chunk.count(b'"claim_id"')
        if b'"problem"' in chunk:
            raise SystemExit(f"intake: expected claims, got {chunk[:300]!r}")
    seconds = time.perf_counter() - before
    writer.close()
    if stored != len(bodies):
        raise SystemExit(f"intake: expected {len(bodies)} claims, got {stored}")
    return seconds


def _request(path: str, token: str, body: bytes, key: str, kind: str = "application/json") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return int(head[9:12]), await reader.readexactly(length)
