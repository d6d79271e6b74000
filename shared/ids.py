"""Identities: UUIDv7 for what is born at HTTP, UUIDv5 for what is born from an event.

An identity derived from an event is the same every time the event is handled, so that handling it twice creates
nothing twice. Specification: RFC 9562, sections 5.5, 5.7 and 6.2 (method 1, a counter in ``rand_a``).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import uuid
from datetime import UTC, datetime, timedelta
from struct import unpack
from weakref import WeakKeyDictionary

from shared.clock import Machine

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "innkreving.kommune.no").bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNTER_END = 1 << 12
_VARIANT = {digit: "89ab"[int(digit, 16) & 0b11] for digit in "0123456789abcdef"}
"""A hexadecimal digit with its two upper bits set to what RFC 9562 gives its own UUIDs."""

_lock = threading.Lock()


class _Random:
    """Random numbers of 62 bits, drawn from the system some hundreds at a time; a fork does not share what is left."""

    def __init__(self) -> None:
        self._left: list[int] = []
        os.register_at_fork(after_in_child=self._left.clear)

    def next(self) -> int:
        if not self._left:
            self._left.extend(number >> 2 for number in unpack("256Q", os.urandom(2048)))
        return self._left.pop()


_random = _Random()
_last: WeakKeyDictionary[Machine, tuple[int, int]] = WeakKeyDictionary()


def uuid7(machine: Machine) -> str:
    """Return a new UUIDv7 of ``machine``'s time; each is greater than the one before it from the same machine."""
    stamp = (machine.now() - _EPOCH) // _MILLISECOND
    with _lock:
        last, counter = _last.get(machine, (-1, 0))
        if stamp > last:
            counter = secrets.randbelow(_COUNTER_END >> 1)
        else:
            stamp, counter = last, counter + 1
            if counter == _COUNTER_END:
                stamp, counter = stamp + 1, 0
        _last[machine] = (stamp, counter)
        random = _random.next()
    return _spelled(f"{stamp << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | random:032x}")


def derived(event_id: str, kind: str, ordinal: int = 0) -> str:
    """Return the identity of the ``ordinal``-th thing of ``kind`` that the event brings about; always the same one."""
    named = _NAMESPACE + f"{event_id}|{kind}|{ordinal}".encode()
    digits = hashlib.sha1(named, usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def _spelled(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def letter_id(demand_id: str, debtor_ref: str) -> str:
    """Return the identity of the letter that carries a demand to one debtor."""
    return derived(demand_id, f"letter:{debtor_ref}")
