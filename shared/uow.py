"""The unit of work: one transaction, one business time, and the events it leaves behind.

A use case gets a ``Uow``, changes rows through its store and emits events; it never commits. What was emitted becomes
rows of ``events`` and pointers in ``outbox`` at the end of the same transaction, so either all of it happened or none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.bus import MAX_RECORD_BYTES, RecordRefused, partition_for
from shared.clock import Clock, Machine
from shared.db import Database, insert_rows, text_array
from shared.events import Envelope, Event, Payload, encode
from shared.events.base import PREFIX
from shared.events.catalogue import TOPICS
from shared.ids import derived, uuid7s
from shared.tables import Plumbing
from shared.trace import current_traceparent

KEY_MAX_CHARS = 80
LOT_MAX = 256
VALUE_MAX_BYTES = MAX_RECORD_BYTES - 10_000
"""What the envelope leaves for an event's data."""

_MOVE_STREAMS_SQLITE = text(
    "INSERT INTO stream_version (topic, key, version)"
    " SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:streams) WHERE true"
    " ON CONFLICT (topic, key) DO UPDATE SET version = stream_version.version + excluded.version"
    " RETURNING topic, key, version"
)
_MOVE_STREAMS = text(
    "INSERT INTO stream_version AS s (topic, key, version)"
    " SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:counts AS bigint[]))"
    " ON CONFLICT (topic, key) DO UPDATE SET version = s.version + excluded.version"
    " RETURNING topic, key, version"
)


class _Emitted(NamedTuple):
    event_id: str
    payload: Payload
    value: str
    key: str
    cause: Event | None
    headers: Mapping[str, str]


@dataclass(slots=True)
class Uow:
    """One transaction and what belongs to it: ``today`` and ``now`` are the business clock's, read once."""

    tx: Connection
    db: Database
    tables: Plumbing
    source: str
    today: date
    now: datetime
    machine: Machine
    installation: str = ""
    key_headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Extensions that every event of a key carries, beside its own."""
    _emitted: list[_Emitted] = field(default_factory=list)
    _states: list[tuple[str, str]] = field(default_factory=list)
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _ids: list[str] = field(default_factory=list)
    _lot: int = 0

    def new_id(self, kind: str, *, cause: Event | None = None, ordinal: int = 0) -> str:
        """Return the id of something new: derived from the event that caused it, else a UUIDv7.

        Handling the same event twice gives the same ids, so a replay cannot create a second thing.
        """
        return self._fresh_id() if cause is None else derived(cause.envelope.event_id, kind, ordinal)

    def _fresh_id(self) -> str:
        """Draw ids in lots that double: whoever needs many gets them cheaply, and one alone is drawn alone."""
        if not self._ids:
            self._lot = min(2 * self._lot or 1, LOT_MAX)
            self._ids = uuid7s(self.machine, self._lot)[::-1]
        return self._ids.pop()

    def emit(
        self, payload: Payload, *, key: str, cause: Event | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """Publish an event with this transaction and return its id; ``headers`` become CloudEvents extensions.

        Raises RecordRefused for one that no bus would take: too large, or a key that is too long.
        """
        value = encode(payload)
        if not 0 < len(key) <= KEY_MAX_CHARS or len(value) > VALUE_MAX_BYTES:
            raise RecordRefused(
                f"{payload.TYPE}: expected a key of 1 to {KEY_MAX_CHARS} characters and at most {VALUE_MAX_BYTES} bytes"
                f" of data, got {len(key)} and {len(value)}"
            )
        if cause is None:
            event_id = self._fresh_id()
        else:
            slot = (cause.envelope.event_id, payload.TYPE, key)
            event_id = derived(cause.envelope.event_id, f"{payload.TYPE}:{key}", self._counts[slot])
            self._counts[slot] += 1
        self._emitted.append(_Emitted(event_id, payload, value.decode(), key, cause, headers or {}))
        return event_id

    def state(self, topic: str, key: str) -> None:
        """Say that the row behind ``key`` of a state topic changed; the relay sends it as it is when it gets there."""
        if TOPICS[topic].kind != "state":
            raise ValueError(f"topic: expected a state topic, got {topic!r}")
        self._states.append((topic, key))

    def mark(self) -> tuple[int, int]:
        """Remember how much was emitted, to forget what comes after if a savepoint is rolled back."""
        return len(self._emitted), len(self._states)

    def forget_since(self, mark: tuple[int, int]) -> None:
        """Drop what was emitted since ``mark``."""
        del self._emitted[mark[0] :]
        del self._states[mark[1] :]
        self._counts = Counter(
            (e.cause.envelope.event_id, e.payload.TYPE, e.key) for e in self._emitted if e.cause is not None
        )

    def label(self) -> str:
        """Name this transaction by what it publishes; for failpoints."""
        kinds = {e.payload.TYPE.removeprefix(PREFIX + ".") for e in self._emitted} | {
            topic for topic, _ in self._states
        }
        return f"{self.source}[{'+'.join(sorted(kinds))}]"

    def flush(self) -> bool:
        """Write events and outbox pointers; called once, by whoever opened the transaction. True if there were any."""
        if not self._emitted and not self._states:
            return False
        versions = self._allocate(Counter((e.payload.TOPIC, e.key) for e in self._emitted))
        rows, pointers = [], []
        for emitted in self._emitted:
            stream = (emitted.payload.TOPIC, emitted.key)
            versions[stream] += 1
            rows.append(self._event_row(emitted, versions[stream]))
            pointers.append(self._pointer(*stream, emitted.event_id))
        if rows:
            insert_rows(self.tx, self.tables.events, rows)
        pointers.extend(self._pointer(topic, key, None) for topic, key in dict.fromkeys(self._states))
        insert_rows(self.tx, self.tables.outbox, pointers)
        self._emitted.clear()
        self._states.clear()
        return True

    def _allocate(self, wanted: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Move each stream on by as many versions as it gets events; returns where each stood.

        The streams' rows are locked in sorted order until the end of the transaction, so the order of the outbox rows
        of one key is the order of its versions, also with several writers.
        """
        if not wanted:
            return {}
        streams = sorted(wanted)
        if self.db.dialect == "postgresql":
            arrays = {
                "topics": text_array(topic for topic, _ in streams),
                "keys": text_array(key for _, key in streams),
                "counts": text_array(str(wanted[stream]) for stream in streams),
            }
            moved = self.tx.execute(_MOVE_STREAMS, arrays).all()
            return {(topic, key): reached - wanted[topic, key] for topic, key, reached in moved}
        document = json.dumps([(topic, key, wanted[topic, key]) for topic, key in streams])
        moved = self.tx.execute(_MOVE_STREAMS_SQLITE, {"streams": document}).all()
        return {(topic, key): reached - wanted[topic, key] for topic, key, reached in moved}

    def _event_row(self, emitted: _Emitted, version: int) -> dict[str, object]:
        cause = emitted.cause.envelope if emitted.cause else None
        extra = {**self.key_headers.get(emitted.key, {}), **emitted.headers}
        envelope = Envelope(
            event_id=emitted.event_id,
            type=emitted.payload.TYPE,
            source=self.source,
            time=self.now,
            aggregate=emitted.key,
            version=version,
            causation_id=cause.event_id if cause else "",
            traceparent=(cause.traceparent if cause else "") or current_traceparent(),
            extra={**extra, "installation": self.installation} if self.installation else extra,
        )
        return {
            "event_id": emitted.event_id,
            "topic": emitted.payload.TOPIC,
            "key": emitted.key,
            "version": version,
            "type": emitted.payload.TYPE,
            "headers": envelope.headers(),
            "payload": emitted.value,
            "recorded_at": self.now,
        }

    @staticmethod
    def _pointer(topic: str, key: str, event_id: str | None) -> dict[str, object]:
        shard = partition_for(key, TOPICS[topic].partitions)
        return {"topic": topic, "shard": shard, "key": key, "event_id": event_id}


def open_uow(
    tx: Connection,
    *,
    db: Database,
    tables: Plumbing,
    source: str,
    clock: Clock,
    machine: Machine,
    installation: str = "",
) -> Uow:
    """Make the unit of work for an open transaction."""
    return Uow(
        tx=tx,
        db=db,
        tables=tables,
        source=source,
        today=clock.today(),
        now=clock.now(),
        machine=machine,
        installation=installation,
    )
