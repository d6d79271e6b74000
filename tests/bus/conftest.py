"""Fixtures of every bus test."""

from __future__ import annotations

import uuid

import pytest
from bus.behaviour import Names
from bus.brokers import one_broker

from shared.bus.kafka_settings import KafkaSettings


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def names() -> Names:
    """Topics nobody else writes to, on a broker that many tests share."""
    unique = uuid.uuid4().hex[:8]
    return Names(events=f"orders-{unique}", other=f"invoices-{unique}", state=f"people-{unique}")


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    return one_broker(kafka_bootstrap)
