"""The Kafka bus against a real Apache Kafka 4 broker: the behaviour of every bus."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from bus.behaviour import BusBehaviour, Names
from bus.brokers import kafka_bus

from shared.bus.kafka import KafkaBus, KafkaSettings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bus(settings: KafkaSettings, names: Names) -> AsyncIterator[KafkaBus]:
    async with kafka_bus(settings, names) as bus:
        yield bus


class TestKafkaBus(BusBehaviour):
    """Runs the suite."""
