"""The topics: who writes, who reads, what the key is, and how long a record is kept.

The embedded log, the Kafka topics, the AsyncAPI document and the tests are all made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PARTITIONS = 12
"""Partitions of every topic. It can never change: keys would move and lose their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic and its contract. ``retention_days`` None: kept until compacted."""

    name: str
    key: str
    producer: str
    consumers: tuple[str, ...]
    kind: Literal["events", "state"] = "events"
    retention_days: int | None = 35
    partitions: int = PARTITIONS


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            name="claims",
            key="case_id",
            producer="claims-api",
            consumers=("escalation", "notifications", "payments-ingest"),
        ),
        Topic(
            name="parties",
            key="debtor_ref",
            producer="claims-api",
            consumers=("notifications", "payments-ingest"),
            kind="state",
            retention_days=None,
        ),
        Topic(
            name="payments",
            key="case_id, payment_id, or account and day",
            producer="payments-ingest",
            consumers=("claims-api",),
        ),
        Topic(name="escalation", key="case_id", producer="escalation", consumers=("claims-api", "notifications")),
        Topic(name="notifications", key="case_id", producer="notifications", consumers=("claims-api", "escalation")),
    )
}


DLQ_SUFFIX = ".dlq"


def dead_letter_topic(name: str) -> str:
    """Return the topic that undecodable records of ``name`` are copied to."""
    return f"{name}{DLQ_SUFFIX}"
