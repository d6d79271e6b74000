"""Identities: UUIDv7 for what is born at HTTP, UUIDv5 for what is born from an event.

An identity derived from an event is the same every time the event is handled, so that handling it twice creates
nothing twice. Specification: RFC 9562, sections 5.5, 5.7 and 6.2 (method 1, a counter in ``rand_a``).
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from shared.clock import Machine

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "innkreving.kommune.no").bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNTER_END = 1 << 12
_VARIANT = {digit: "89ab"[int(digit, 16) & 0b11] for digit in "0123456789abcdef"}
"""A hexadecimal digit with its two upper bits set to what RFC 9562 gives its own UUIDs."""

_lock = threading.Lock()
_last: WeakKeyDictionary[Machine, int] = WeakKeyDictionary()
"""The last place each machine gave out: its milliseconds and, below them, the counter."""


def uuid7(machine: Machine) -> str:
    """Return a new UUIDv7 of ``machine``'s time; each is greater than the one before it from the same machine."""
    return uuid7s(machine, 1)[0]


def uuid7s(machine: Machine, count: int) -> list[str]:
    """Return ``count`` new UUIDv7, ascending, as ``uuid7`` makes them one by one."""
    now = (machine.now() - _EPOCH) // _MILLISECOND
    noise = os.urandom(8 * count + 2).hex()
    with _lock:
        first = _last.get(machine, 0) + 1
        if now > first // _COUNTER_END:
            first = now * _COUNTER_END + (int(noise[-3:], 16) >> 1)  # in the counter's lower half
        _last[machine] = first + count - 1
    return [_version7(f"{first + at:015x}", noise[16 * at : 16 * at + 16]) for at in range(count)]


def _version7(place: str, noise: str) -> str:
    """Spell a UUIDv7 of 12 digits of milliseconds and 3 of the counter, and 16 digits of noise."""
    return f"{place[:8]}-{place[8:12]}-7{place[12:]}-{_VARIANT[noise[0]]}{noise[1:4]}-{noise[4:]}"


def derived(event_id: str, kind: str, ordinal: int = 0) -> str:
    """Return the identity of the ``ordinal``-th thing of ``kind`` that the event brings about; always the same one."""
    named = _NAMESPACE + f"{event_id}|{kind}|{ordinal}".encode()
    digits = hashlib.sha1(named, usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def letter_id(demand_id: str, debtor_ref: str) -> str:
    """Return the identity of the letter that carries a demand to one debtor."""
    return derived(demand_id, f"letter:{debtor_ref}")
