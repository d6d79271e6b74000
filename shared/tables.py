"""The plumbing's tables, added to every service's own metadata: events, outbox, inbox, parked events, idempotency.

A service calls ``plumbing(metadata)`` once in its ``tables`` module; its migrations then create them with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from shared.db import Instant, JsonType

naming = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

RowId = BigInteger().with_variant(Integer(), "sqlite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plumbing:
    """The plumbing tables of one service."""

    events: Table
    outbox: Table
    stream_version: Table
    inbox_offset: Table
    inbox_version: Table
    parked_key: Table
    parked_event: Table
    dead_letter: Table
    idempotency: Table
    operator_action: Table


def plumbing(metadata: MetaData) -> Plumbing:
    """Declare the plumbing tables on a service's metadata."""
    return Plumbing(**_sending(metadata), **_receiving(metadata), **_operating(metadata))


def _sending(metadata: MetaData) -> dict[str, Table]:
    return {
        # Every event this service ever published, for ever: audit trail and source of a republish.
        "events": Table(
            "events",
            metadata,
            Column("row", RowId, primary_key=True, autoincrement=True),
            Column("event_id", String(36), nullable=False, unique=True),
            Column("topic", String(40), nullable=False),
            Column("key", String(80), nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("type", String(120), nullable=False),
            Column("headers", JsonType, nullable=False),
            Column("payload", Text, nullable=False),
            Column("recorded_at", Instant, nullable=False),
            UniqueConstraint("topic", "key", "version"),
        ),
        # Pointers to what is not yet on the bus; event_id null: the row of a state topic, read when it is sent.
        "outbox": Table(
            "outbox",
            metadata,
            Column("seq", RowId, primary_key=True, autoincrement=True),
            Column("topic", String(40), nullable=False),
            Column("shard", Integer, nullable=False),
            Column("key", String(80), nullable=False),
            Column("event_id", String(36), nullable=True),
            Index("ix_outbox_topic_shard_seq", "topic", "shard", "seq"),
            sqlite_autoincrement=True,
        ),
        "stream_version": Table(
            "stream_version",
            metadata,
            Column("topic", String(40), primary_key=True),
            Column("key", String(80), primary_key=True),
            Column("version", BigInteger, nullable=False),
        ),
    }


def _receiving(metadata: MetaData) -> dict[str, Table]:
    return {
        "inbox_offset": Table(
            "inbox_offset",
            metadata,
            Column("topic", String(40), primary_key=True),
            Column("part", Integer, primary_key=True, autoincrement=False),
            Column("next_offset", BigInteger, nullable=False),
            Column("epoch", String(64), nullable=False),
        ),
        "inbox_version": Table(
            "inbox_version",
            metadata,
            Column("topic", String(40), primary_key=True),
            Column("key", String(80), primary_key=True),
            Column("version", BigInteger, nullable=False),
            Column("event_id", String(36), nullable=False),
        ),
        "parked_key": Table(
            "parked_key",
            metadata,
            Column("topic", String(40), primary_key=True),
            Column("key", String(80), primary_key=True),
            Column("reason", String(80), nullable=False),
            Column("detail", Text, nullable=False),
            Column("since", Instant, nullable=False),
            Column("discard_requested_by", String(120), nullable=True),
        ),
        "parked_event": Table(
            "parked_event",
            metadata,
            Column("event_id", String(36), primary_key=True),
            Column("topic", String(40), nullable=False),
            Column("key", String(80), nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("headers", JsonType, nullable=False),
            Column("value", LargeBinary, nullable=False),
            Column("parked_at", Instant, nullable=False),
            Index("ix_parked_event_topic_key_version", "topic", "key", "version"),
        ),
        "dead_letter": Table(
            "dead_letter",
            metadata,
            Column("row", RowId, primary_key=True, autoincrement=True),
            Column("epoch", String(64), nullable=False),
            Column("topic", String(40), nullable=False),
            Column("part", Integer, nullable=False),
            Column("offset", BigInteger, nullable=False),
            Column("key", String(200), nullable=False),
            Column("headers", JsonType, nullable=False),
            Column("value", LargeBinary, nullable=True),
            Column("reason", Text, nullable=False),
            Column("at", Instant, nullable=False),
            UniqueConstraint("epoch", "topic", "part", "offset"),
        ),
    }


def _operating(metadata: MetaData) -> dict[str, Table]:
    return {
        "idempotency": Table(
            "idempotency",
            metadata,
            Column("client", String(120), primary_key=True),
            Column("route", String(200), primary_key=True),
            Column("key", String(255), primary_key=True),
            Column("fingerprint", String(64), nullable=False),
            Column("status", Integer, nullable=False),
            Column("body", Text, nullable=False),
            Column("created_at", Instant, nullable=False, index=True),
        ),
        # What operators did by hand to events: who, what, to which, why.
        "operator_action": Table(
            "operator_action",
            metadata,
            Column("row", RowId, primary_key=True, autoincrement=True),
            Column("at", Instant, nullable=False),
            Column("who", String(120), nullable=False),
            Column("action", String(40), nullable=False),
            Column("target", String(200), nullable=False),
            Column("reason", Text, nullable=False),
        ),
    }
