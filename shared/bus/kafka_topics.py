"""The topics on a Kafka cluster: created from the catalogue, and checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.bus import TOMBSTONE_DAYS, BusUnavailable
from shared.bus.kafka_settings import KafkaSettings
from shared.errors import Crash
from shared.events.catalogue import Topic

DAY_MS = 86_400_000


def topic_config(topic: Topic, *, min_insync_replicas: int, flush_each: bool) -> dict[str, str]:
    """Return the broker's configuration of ``topic``; also what the cluster's deployment files are generated from.

    A topic of kind ``events`` is never compacted: its offsets must stay contiguous. The broker stamps the time, so that
    seeking by time does not depend on the clocks of the producers.
    """
    config = {
        "min.insync.replicas": str(min_insync_replicas),
        "unclean.leader.election.enable": "false",
        "message.timestamp.type": "LogAppendTime",
    }
    if flush_each:
        config["flush.messages"] = "1"
    if topic.kind == "state":
        config["cleanup.policy"] = "compact"
        config["max.compaction.lag.ms"] = str(TOMBSTONE_DAYS * DAY_MS)
        config["delete.retention.ms"] = str(TOMBSTONE_DAYS * DAY_MS)
        return config
    config["cleanup.policy"] = "delete"
    config["retention.ms"] = "-1" if topic.retention_days is None else str(topic.retention_days * DAY_MS)
    return config


async def ensure_topics(admin: AIOKafkaAdminClient, topics: Mapping[str, Topic], settings: KafkaSettings) -> None:
    """Create what is missing and check what is there.

    Raises ``Crash`` if a topic is missing and may not be created, or has another number of partitions (keys would move)
    or another clean-up policy (events would be lost, or erased people kept) than the catalogue says.
    """
    present = set(await admin.list_topics())
    missing = [topic for topic in topics.values() if topic.name not in present]
    if missing and not settings.create_topics:
        raise Crash(f"missing Kafka topics: {', '.join(topic.name for topic in missing)}")
    if missing:
        await _create(admin, missing, settings)
    await _check_partitions(admin, topics)
    await _check_policies(admin, topics)


async def _create(admin: AIOKafkaAdminClient, missing: list[Topic], settings: KafkaSettings) -> None:
    flush_each = settings.replication_factor == 1 if settings.flush_each is None else settings.flush_each
    answer = await admin.create_topics(
        [
            NewTopic(
                topic.name,
                topic.partitions,
                settings.replication_factor,
                topic_configs=topic_config(
                    topic, min_insync_replicas=settings.min_insync_replicas, flush_each=flush_each
                ),
            )
            for topic in missing
        ]
    )
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:  # another service of ours may start at the same time
            raise Crash(f"Kafka topic {name} could not be created: {error.__name__}")


async def _check_partitions(admin: AIOKafkaAdminClient, topics: Mapping[str, Topic]) -> None:
    described: list[dict[str, Any]] = await admin.describe_topics(list(topics))
    for found in described:
        topic = topics[found["topic"]]
        partitions = found["partitions"]
        if found["error_code"] or any(partition["error_code"] for partition in partitions):
            raise BusUnavailable(f"topic {topic.name} is not ready yet")
        if len(partitions) != topic.partitions:
            raise Crash(f"topic {topic.name} has {len(partitions)} partitions; the catalogue says {topic.partitions}")


async def _check_policies(admin: AIOKafkaAdminClient, topics: Mapping[str, Topic]) -> None:
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": None}) for name in topics]
    for answer in await admin.describe_configs(wanted):
        for _code, _message, _kind, name, entries in answer.resources:
            policies = [entry[1] for entry in entries if entry[0] == "cleanup.policy"]
            expected = "compact" if topics[name].kind == "state" else "delete"
            if policies != [expected]:
                raise Crash(f"topic {name} has cleanup.policy {policies}; expected {expected}")
