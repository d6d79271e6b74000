"""Which partition a key lives in: Kafka's own default, so that every producer of every make agrees."""

from __future__ import annotations

from functools import lru_cache
from struct import unpack

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return the 32-bit unsigned murmur2 of ``data`` with the seed of Kafka's Java client."""
    length = len(data)
    value = _SEED ^ length
    whole = length & ~3
    for word in unpack(f"<{whole // 4}I", data[:whole]):
        k = word * _M & _MASK
        value = value * _M & _MASK ^ (k ^ k >> 24) * _M & _MASK
    if whole != length:
        value = ((value ^ int.from_bytes(data[whole:], "little")) * _M) & _MASK
    value = ((value ^ (value >> 13)) * _M) & _MASK
    return value ^ (value >> 15)


@lru_cache(maxsize=50_000)  # the same key comes again: when its event is written, and when it is sent
def partition_for(key: str, partitions: int) -> int:
    """Return the partition (0 … ``partitions`` - 1) of ``key``: murmur2 of its UTF-8 bytes, sign bit dropped, modulo.

    A foreign producer built on librdkafka must set ``partitioner=murmur2_random``; its own default differs.
    """
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
