"""The units' own event feeds, and the webhooks that carry them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class FeedEntryRow(Model, table=True):
    """One event as a unit may see it. ``position`` counts the unit's events, in the order they are told.

    An event is told once because its case's version in ``feed_case`` moves on with it, under the one writer's lock.
    """

    __tablename__ = "feed_entry"

    unit: str = Field(primary_key=True, max_length=60)
    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    event_id: str = Field(max_length=ID)
    type: str = Field(max_length=120)
    at: datetime = Field(sa_type=Instant)
    case_id: str = Field(max_length=ID)
    claim_id: str | None = Field(default=None, max_length=ID)
    data: dict[str, Any] = Field(sa_type=JsonType)


class FeedUnitRow(Model, table=True):
    """The last position given out in a unit's feed."""

    __tablename__ = "feed_unit"

    unit: str = Field(primary_key=True, max_length=60)
    last_position: int = Field(sa_type=BigInteger)


class FeedCaseRow(Model, table=True):
    """The version of a case's events that the feeds have come to."""

    __tablename__ = "feed_case"

    case_id: str = Field(primary_key=True, max_length=ID)
    version: int = Field(sa_type=BigInteger)


class FeedWriterRow(Model, table=True):
    """The one writer: whoever holds this row's lock gives out positions. ``last_row`` is where it looks on from."""

    __tablename__ = "feed_writer"

    writer: str = Field(primary_key=True, max_length=10)
    last_row: int = Field(sa_type=BigInteger)


class WebhookRow(Model, table=True):
    """Where a unit's feed is sent. ``position`` is the last one that was taken; ``secret`` signs and is sealed here."""

    __tablename__ = "webhook"

    webhook_id: str = Field(primary_key=True, max_length=ID)
    unit: str = Field(max_length=60, foreign_key="creditor.unit", index=True)
    url: str = Field(max_length=500)
    secret: bytes
    secret_key: str = Field(max_length=20)
    state: str = Field(max_length=10)
    position: int = Field(sa_type=BigInteger)
    failures: int
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str | None = Field(default=None, max_length=80)
    last_taken_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=80)
