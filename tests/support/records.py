"""Records as the claims topic holds them, made by hand: what the plumbing's tests let arrive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from support.toy import TODAY

from shared.bus import NewRecord, Record, TopicPartition, partition_for
from shared.events import Envelope, Payload, encode
from shared.events.catalogue import PARTITIONS
from shared.events.claims import ClaimEnded

NOON = datetime(2026, 1, 15, 11, tzinfo=UTC)


def ended(case_id: str = "a", claim_id: str = "c") -> ClaimEnded:
    return ClaimEnded(case_id=case_id, claim_id=claim_id, ended_on=TODAY, reason="settled")


def envelope(version: int = 1, key: str = "a", **changes: Any) -> Envelope:
    values = {"event_id": f"id-{key}-{version}", "type": ClaimEnded.TYPE, "source": "claims-api", "time": NOON}
    return Envelope(**{**values, "aggregate": key, "version": version, **changes})


def new(payload: Payload | None = None, *, value: bytes | None = None, **changes: Any) -> NewRecord:
    """A record to publish; ``changes`` are the envelope's."""
    wrapped = envelope(**changes)
    data = encode(payload or ended()) if value is None else value
    return NewRecord("claims", wrapped.aggregate, data, wrapped.headers())


def a_log(keys: int, each: int) -> dict[TopicPartition, list[Record]]:
    """Every version of every key, as the topic would hold them."""
    log: dict[TopicPartition, list[Record]] = {}
    for version in range(1, each + 1):
        for n in range(keys):
            key = f"case-{n}"
            record = new(ended(key, f"c{version}"), version=version, key=key)
            tp = TopicPartition("claims", partition_for(key, PARTITIONS))
            partition = log.setdefault(tp, [])
            partition.append(Record(*tp, len(partition), key, record.value, dict(record.headers), 0))
    return log
