"""Webhooks: a unit has its feed sent to it, in order, at least once, signed, until it takes it.

The next message goes when the one before was taken; a receiver that is away is tried again less and less often, and
after some days the webhook is paused and says why. Nothing is lost: the feed is still there to read.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from claims_api import delivery
from claims_api.delivery import Answered, NotAllowed
from claims_api.deps import Deps
from claims_api.store import feed, webhooks
from claims_api.store.sealed import WEBHOOK_SECRET
from claims_api.store.webhooks import ACTIVE, PAUSED, Webhook
from shared.clock import Machine
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.uow import Uow

PER_UNIT_MAX = 5
ITEMS_MAX = 100
"""Entries in one message."""

LEASE = timedelta(seconds=60)
BACKOFF_FIRST = timedelta(seconds=5)
BACKOFF_MAX = timedelta(hours=6)
FAILURES_MAX = 30
"""About a week of trying; then the webhook is paused."""

_DOUBLINGS_MAX = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message ready to be sent."""

    webhook: Webhook
    last_position: int
    body: bytes
    headers: dict[str, str]


def create_webhook(uow: Uow, deps: Deps, *, unit: str, url: str, after: int | None, who: str) -> Webhook:
    """Create a webhook that sends what comes after a position (None: from now on).

    Raises Reject for an address nothing may be sent to, Conflict when there are too many.
    """
    try:
        delivery.check_url(url, private_hosts=deps.settings.private_hosts)
    except NotAllowed as refused:
        raise Invalid(FieldError("url", refused.code, str(refused))) from None
    if len(webhooks.webhooks_of(uow.tx, unit)) >= PER_UNIT_MAX:
        raise Conflict("too-many-webhooks", f"webhook: expected at most {PER_UNIT_MAX} of one unit")
    secret = delivery.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    webhook_id = uow.new_id("webhook")
    sealed = deps.vault.seal_field(secret, place=WEBHOOK_SECRET.place(webhook_id))
    webhook = Webhook(
        webhook_id=webhook_id,
        unit=unit,
        url=url,
        secret=sealed.data,
        secret_key=sealed.key_id,
        state=ACTIVE,
        position=feed.last_position(uow.tx, unit) if after is None else after,
        failures=0,
        next_attempt_at=None,
        last_error=None,
        last_taken_at=None,
        created_at=uow.now,
        created_by=who,
    )
    webhooks.insert_webhook(uow.tx, webhook)
    return webhook


def secret_of(deps: Deps, webhook: Webhook) -> str:
    """Return the secret that a webhook's messages are signed with."""
    return deps.vault.open_field(webhook.secret, webhook.secret_key, place=WEBHOOK_SECRET.place(webhook.webhook_id))


def resume_webhook(uow: Uow, webhook_id: str, unit: str) -> Webhook:
    """Try a webhook again at once, from where it stands; raises NotFound for one that is not the unit's."""
    webhook = of_unit(uow.tx, webhook_id, unit)
    changes: dict[str, Any] = {"state": ACTIVE, "failures": 0, "next_attempt_at": None, "last_error": None}
    webhooks.change_webhook(uow.tx, webhook_id, **changes)
    return replace(webhook, **changes)


def delete_webhook(uow: Uow, webhook_id: str, unit: str) -> None:
    """Remove a webhook; raises NotFound for one that is not the unit's."""
    of_unit(uow.tx, webhook_id, unit)
    webhooks.delete_webhook(uow.tx, webhook_id)


def of_unit(tx: Connection, webhook_id: str, unit: str) -> Webhook:
    """Return a unit's webhook; raises NotFound."""
    webhook = webhooks.find_webhook(tx, webhook_id)
    if webhook is None or webhook.unit != unit:
        raise NotFound("webhook")
    return webhook


def next_message(uow: Uow, deps: Deps) -> Message | None:
    """Take the next message that is due, for whoever asks alone, for as long as a lease; None when none is due."""
    now = uow.machine.now()
    for webhook in webhooks.due(uow.tx, now, limit=10):
        if not webhooks.claim(uow.tx, webhook, now + LEASE):
            continue
        entries = feed.read(uow.tx, webhook.unit, after=webhook.position, limit=ITEMS_MAX)
        items = [
            {
                "position": entry.position,
                "event_id": entry.event_id,
                "type": entry.type,
                "at": entry.at.isoformat(),
                "case_id": entry.case_id,
                "claim_id": entry.claim_id,
                "data": dict(entry.data),
            }
            for entry in entries
        ]
        body = json.dumps({"unit": webhook.unit, "items": items}, ensure_ascii=False, separators=(",", ":")).encode()
        return Message(
            webhook=webhook,
            last_position=entries[-1].position,
            body=body,
            headers=_headers(deps, webhook, body, uow.machine),
        )
    return None


def note_answer(uow: Uow, message: Message, answer: Answered) -> None:
    """Write down what became of a message: go on after it, try it again later, or pause."""
    webhook, now = message.webhook, uow.machine.now()
    if answer.taken:
        changes: dict[str, Any] = {
            "position": message.last_position,
            "failures": 0,
            "next_attempt_at": None,
            "last_error": None,
            "last_taken_at": now,
        }
    else:
        failures = webhook.failures + 1
        wait = min(BACKOFF_FIRST * 2 ** min(webhook.failures, _DOUBLINGS_MAX), BACKOFF_MAX)
        changes = {
            "failures": failures,
            "next_attempt_at": now + wait,
            "last_error": answer.fault or f"status-{answer.status}",
            "state": PAUSED if answer.gone or failures >= FAILURES_MAX else ACTIVE,
        }
    webhooks.change_webhook(uow.tx, webhook.webhook_id, **changes)


def _headers(deps: Deps, webhook: Webhook, body: bytes, machine: Machine) -> dict[str, str]:
    """Sign a message; its id is the same each time it is tried, so that a receiver can drop what it has."""
    message_id = f"{webhook.webhook_id}.{webhook.position + 1}"
    timestamp = int(machine.now().timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": delivery.sign(secret_of(deps, webhook), message_id, timestamp, body),
    }
