"""Brokers that check rights: a service can do its work with what the catalogue gives it, and not another's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bus.behaviour import after, read
from bus.brokers import one_broker

from local import Kafka
from shared.bus import BusUnavailable, NewRecord
from shared.bus.kafka import KafkaBus
from shared.bus.kafka_acls import Acl, acls, main
from shared.clock import SystemMachine

pytestmark = pytest.mark.anyio

SERVICES = ("claims-api", "payments-ingest", "escalation", "notifications")
SECRET = "hemmelig"

CHECKING = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin;User:ANONYMOUS",  # the controller listener of this one machine
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT",
    "listener.name.plaintext.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": (
        "org.apache.kafka.common.security.plain.PlainLoginModule required"
        + "".join(f' "user_{name}"="{SECRET}"' for name in ("admin", *SERVICES))
        + f' username="admin" password="{SECRET}";'
    ),
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
}


def test_every_right_follows_from_the_catalogue() -> None:
    given = acls()
    writers = {right.name: right.service for right in given if right.operation == "Write" and "." not in right.name}
    assert writers == {
        "claims": "claims-api",
        "parties": "claims-api",
        "payments": "payments-ingest",
        "escalation": "escalation",
        "notifications": "notifications",
    }
    assert Acl("payments-ingest", "topic", "parties", "Read") in given
    assert Acl("escalation", "topic", "parties", "Read") not in given
    assert Acl("escalation", "topic", "claims.dlq", "Write") in given
    printed = subprocess.run(
        [sys.executable, "-m", "shared.bus.kafka_acls"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines() == [right.command for right in given]


async def test_a_service_can_do_its_own_work_and_no_other(
    parts_folder: Path, own_kafka_possible: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Kafka(parts_folder / "rights", extra=CHECKING) as broker:
        settings = one_broker(
            broker.bootstrap,
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            sasl_username="admin",
            sasl_password=SECRET,
            publish_timeout_s=3,
            start_timeout_s=20,
        )
        monkeypatch.setenv("INKASSO_KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap)
        for name in ("security_protocol", "sasl_mechanism", "sasl_username", "sasl_password", "replication_factor"):
            monkeypatch.setenv(f"INKASSO_KAFKA_{name.upper()}", str(getattr(settings, name)))
        monkeypatch.setenv("INKASSO_KAFKA_MIN_INSYNC_REPLICAS", "1")
        for _ in range(2):
            assert await asyncio.to_thread(main, ["give"]) == 0
        whole = KafkaBus(settings, machine=SystemMachine())
        await whole.start()

        own = replace(settings, sasl_username="payments-ingest", create_topics=False)
        bus = KafkaBus(own, machine=SystemMachine())
        await bus.start()
        await whole.publish([NewRecord("claims", "k", b"1")])
        await bus.publish([NewRecord("payments", "k", b"2"), NewRecord("claims.dlq", "k", b"3")])
        consumer = await bus.consumer("payments-ingest.v1", ["claims", "parties"])
        records = await read(consumer, 1)
        await consumer.commit(after(records))
        assert await bus.lag("payments-ingest.v1", ["claims"]) == 0
        with pytest.raises(BusUnavailable):
            await bus.publish([NewRecord("claims", "k", b"forged")])
        with pytest.raises(BusUnavailable):
            await bus.consumer("escalation.v1", ["claims"])
        assert sum((await whole.end_offsets("claims")).values()) == 1
        await bus.stop()
        await whole.stop()
