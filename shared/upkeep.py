"""What a service forgets in time: old records of the embedded log (Kafka's brokers do that themselves), old keys."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from shared import idempotency

if TYPE_CHECKING:
    from shared.service import Service

EVERY_S = 6 * 3600.0
KEYS_MAX = 500
"""Keys forgotten in one transaction."""

log = logging.getLogger(__name__)


async def run(service: Service, stopping: asyncio.Event) -> None:
    """Keep up every few hours until the service stops."""
    while not stopping.is_set():
        try:
            await once(service)
        except Exception:
            log.exception("%s: the upkeep failed; it is tried again later", service.name)
        try:
            await asyncio.wait_for(stopping.wait(), EVERY_S)
        except TimeoutError:
            continue


async def once(service: Service) -> None:
    """Forget what need not be kept any longer, by the machine's clock."""
    await service.bus.prune(int(service.machine.now().timestamp() * 1000))
    while await asyncio.to_thread(_forget_keys, service) == KEYS_MAX:
        continue


def _forget_keys(service: Service) -> int:
    with service.db.begin() as tx:
        return idempotency.forget(tx, service.tables, service.machine.now(), KEYS_MAX)
