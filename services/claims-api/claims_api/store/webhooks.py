"""Webhooks: where a unit's feed is sent, and how far that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from claims_api.tables import FeedUnitRow, WebhookRow
from shared.db import table_of

WEBHOOK = table_of(WebhookRow)
UNIT = table_of(FeedUnitRow)

ACTIVE, PAUSED = "active", "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook as stored; ``secret`` is sealed."""

    webhook_id: str
    unit: str
    url: str
    secret: bytes
    secret_key: str
    state: str
    position: int
    failures: int
    next_attempt_at: datetime | None
    last_error: str | None
    last_taken_at: datetime | None
    created_at: datetime
    created_by: str


def insert_webhook(tx: Connection, webhook: Webhook) -> None:
    """Store a webhook."""
    tx.execute(WEBHOOK.insert().values(**{name: getattr(webhook, name) for name in Webhook.__slots__}))


def find_webhook(tx: Connection, webhook_id: str) -> Webhook | None:
    """Return a webhook."""
    row = tx.execute(select(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id)).mappings().first()
    return _webhook(row) if row else None


def webhooks_of(tx: Connection, unit: str) -> list[Webhook]:
    """Return a unit's webhooks, oldest first."""
    query = select(WEBHOOK).where(WEBHOOK.c.unit == unit).order_by(WEBHOOK.c.webhook_id)
    return [_webhook(row) for row in tx.execute(query).mappings()]


def delete_webhook(tx: Connection, webhook_id: str) -> None:
    """Remove a webhook."""
    tx.execute(WEBHOOK.delete().where(WEBHOOK.c.webhook_id == webhook_id))


def change_webhook(tx: Connection, webhook_id: str, **changes: Any) -> None:
    """Change columns of a webhook."""
    tx.execute(update(WEBHOOK).where(WEBHOOK.c.webhook_id == webhook_id).values(**changes))


def due(tx: Connection, now: datetime, limit: int) -> list[Webhook]:
    """Return active webhooks that have something to send and may be tried again."""
    query = (
        select(WEBHOOK)
        .join(UNIT, UNIT.c.unit == WEBHOOK.c.unit)
        .where(
            WEBHOOK.c.state == ACTIVE,
            WEBHOOK.c.position < UNIT.c.last_position,
            or_(WEBHOOK.c.next_attempt_at.is_(None), WEBHOOK.c.next_attempt_at <= now),
        )
        .order_by(WEBHOOK.c.next_attempt_at, WEBHOOK.c.webhook_id)
        .limit(limit)
    )
    return [_webhook(row) for row in tx.execute(query).mappings()]


def claim(tx: Connection, webhook: Webhook, until: datetime) -> bool:
    """Take a due webhook for one sending; False when another process took it first."""
    unchanged = (
        WEBHOOK.c.next_attempt_at.is_(None)
        if webhook.next_attempt_at is None
        else WEBHOOK.c.next_attempt_at == webhook.next_attempt_at
    )
    taken = tx.execute(
        update(WEBHOOK)
        .where(WEBHOOK.c.webhook_id == webhook.webhook_id, WEBHOOK.c.position == webhook.position, unchanged)
        .values(next_attempt_at=until)
    )
    return taken.rowcount == 1


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{name: row[name] for name in Webhook.__slots__})
