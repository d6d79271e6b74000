"""How the Kafka bus is set up: settings, topics, encryption."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.record import default_records
from bus.behaviour import Names, numbered, read
from bus.brokers import kafka_bus, one_broker
from support.certificates import self_signed

from local import Kafka
from shared.bus import BusUnavailable
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.bus.kafka_settings import DRAIN_S, require_c_extension
from shared.bus.kafka_topics import topic_config
from shared.clock import SystemMachine
from shared.errors import Crash
from shared.events.catalogue import TOPICS

pytestmark = pytest.mark.anyio


async def config_of(settings: KafkaSettings, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_topics_are_created_as_the_catalogue_says(settings: KafkaSettings, names: Names) -> None:
    async with kafka_bus(settings, names):
        events, state = await config_of(settings, names.events), await config_of(settings, names.state)
        dead = await config_of(settings, f"{names.state}.dlq")
    month = str(35 * 86_400_000)
    assert (events["cleanup.policy"], events["retention.ms"]) == ("delete", month)
    assert (dead["cleanup.policy"], dead["retention.ms"]) == ("delete", month)
    week = str(7 * 86_400_000)
    assert (state["cleanup.policy"], state["max.compaction.lag.ms"], state["delete.retention.ms"]) == (
        "compact",
        week,
        week,
    )
    assert events["message.timestamp.type"] == "LogAppendTime"
    assert events["flush.messages"] == "1"  # a single replica: on disk before it is acknowledged


def test_the_configuration_of_the_real_topics() -> None:
    configs = {name: topic_config(t, min_insync_replicas=2, flush_each=False) for name, t in TOPICS.items()}
    assert {name for name, config in configs.items() if config["cleanup.policy"] == "compact"} == {"parties"}
    assert all(config["unclean.leader.election.enable"] == "false" for config in configs.values())
    assert all(config["min.insync.replicas"] == "2" for config in configs.values())
    assert "flush.messages" not in configs["claims"]


async def test_a_missing_topic_is_named_when_it_may_not_be_created(settings: KafkaSettings, names: Names) -> None:
    bus = KafkaBus(replace(settings, create_topics=False), names.catalogue(), machine=SystemMachine())
    with pytest.raises(Crash, match=f"missing Kafka topics: .*{names.events}"):
        await bus.start()


@pytest.mark.parametrize(
    ("partitions", "config", "message"),
    [
        (3, {}, "has 3 partitions; the catalogue says 4"),
        (4, {"cleanup.policy": "compact"}, r"has cleanup\.policy \['compact'\]; expected delete"),
    ],
)
async def test_a_topic_that_differs_from_the_catalogue_is_refused(
    settings: KafkaSettings, names: Names, partitions: int, config: dict[str, str], message: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(names.events, partitions, 1, topic_configs=config)])
    await admin.close()
    with pytest.raises(Crash, match=message):
        await KafkaBus(settings, names.catalogue(), machine=SystemMachine()).start()


def test_nothing_that_matters_is_left_to_the_clients_own_defaults() -> None:
    settings = KafkaSettings(bootstrap_servers="b:1", client_id="test")
    sending, reading = settings.producer(), settings.consumer("g")
    assert (sending["acks"], sending["enable_idempotence"]) == ("all", True)
    assert (reading["enable_auto_commit"], reading["auto_offset_reset"]) == (False, "earliest")
    assert len(reading["partition_assignment_strategy"]) == 1
    assert "group_instance_id" not in reading
    assert reading["heartbeat_interval_ms"] * 3 <= reading["session_timeout_ms"] < reading["rebalance_timeout_ms"]
    assert DRAIN_S * 1000 < reading["rebalance_timeout_ms"] < reading["max_poll_interval_ms"]
    for client in (sending, reading):
        assert client["request_timeout_ms"] == 30_000
        assert {"retry_backoff_ms", "metadata_max_age_ms", "connections_max_idle_ms"} <= set(client)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs a user name and a password"),
        ({"sasl_username": "u", "sasl_password": "p"}, "would not use it"),
        ({"security_protocol": "SSL", "cert_file": "c.pem"}, "both cert_file and key_file"),
        ({"replication_factor": 1}, "min_insync_replicas 2 is above 1 replicas"),
    ],
)
def test_settings_that_would_fail_late_are_refused_early(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(Crash, match=message):
        KafkaSettings(bootstrap_servers="127.0.0.1:1", client_id="test", **wrong)  # type: ignore[arg-type]


def test_the_password_is_not_shown() -> None:
    settings = one_broker("b:1", security_protocol="SASL_SSL", sasl_username="u", sasl_password="hemmelig")
    assert "hemmelig" not in repr(settings)


def test_pure_python_records_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require_c_extension()
    monkeypatch.setattr(default_records, "DefaultRecordBatch", default_records._DefaultRecordBatchPy)
    with pytest.raises(Crash, match="without its C extension"):
        require_c_extension()


async def test_encrypted_and_with_a_password(parts_folder: Path, own_kafka_possible: None, names: Names) -> None:
    """A broker that takes SASL over TLS only: the right password works, a wrong one and plain text do not."""
    certificate = self_signed("127.0.0.1")
    folder = parts_folder / "secured"
    extra = {
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_SSL",
        "listener.name.plaintext.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.plaintext.plain.sasl.jaas.config": (
            'org.apache.kafka.common.security.plain.PlainLoginModule required user_inkasso="hemmelig"'
            ' username="inkasso" password="hemmelig";'
        ),
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": certificate.chain_on_one_line,
        "ssl.keystore.key": certificate.key_on_one_line,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": certificate.chain_on_one_line,
    }
    with Kafka(folder, extra=extra) as broker:
        authority = folder / "ca.pem"
        authority.write_text(certificate.chain)
        settings = one_broker(
            broker.bootstrap,
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            sasl_username="inkasso",
            sasl_password="hemmelig",
            ca_file=str(authority),
        )
        async with kafka_bus(settings, names) as bus:
            await bus.publish(numbered(names.events, "k", range(2)))
            assert len(await read(await bus.consumer("g", [names.events]), 2)) == 2
        wrong = KafkaBus(
            replace(settings, sasl_password="feil", start_timeout_s=2), names.catalogue(), machine=SystemMachine()
        )
        with pytest.raises(BusUnavailable):
            await wrong.start()
