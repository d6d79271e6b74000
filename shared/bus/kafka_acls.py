"""Who may do what on the brokers: each service writes its own topics, reads those it consumes, and nothing else.

``python -m shared.bus.kafka_acls`` prints the commands for whoever runs the brokers; one line a right.
``python -m shared.bus.kafka_acls give`` makes the topics and gives the rights, as the administrator that the
``INKASSO_KAFKA_…`` settings name.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from shared.bus import with_dead_letters
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.clock import SystemMachine
from shared.errors import Crash
from shared.events.catalogue import TOPICS, Topic, dead_letter_topic

Resource = Literal["topic", "group"]
Operation = Literal["Read", "Write", "Describe", "DescribeConfigs"]

# Kafka protocol: ResourceType, AclOperation, PatternType.LITERAL, AclPermissionType.ALLOW.
_RESOURCES: dict[Resource, int] = {"topic": 2, "group": 3}
_OPERATIONS: dict[Operation, int] = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
_LITERAL, _ALLOW = 3, 3


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One right: ``service`` (the principal's name) may do ``operation`` on a topic or a group."""

    service: str
    resource: Resource
    name: str
    operation: Operation

    @property
    def command(self) -> str:
        """The arguments of ``kafka-acls.sh --bootstrap-server …``."""
        return f"--add --allow-principal User:{self.service} --operation {self.operation} --{self.resource} {self.name}"


def acls(topics: Mapping[str, Topic] = TOPICS) -> list[Acl]:
    """Return every right that the catalogue gives, in order. Every service may look at every topic, to check it."""
    services = {topic.producer for topic in topics.values()} | {c for topic in topics.values() for c in topic.consumers}
    found = set()
    for service in services:
        group = f"{service}.v1"
        found |= {Acl(service, "group", group, "Read"), Acl(service, "group", group, "Describe")}
        for name in with_dead_letters(topics):
            found |= {Acl(service, "topic", name, "Describe"), Acl(service, "topic", name, "DescribeConfigs")}
    for topic in topics.values():
        found.add(Acl(topic.producer, "topic", topic.name, "Write"))
        for service in topic.consumers:
            found.add(Acl(service, "topic", topic.name, "Read"))
            found.add(Acl(service, "topic", dead_letter_topic(topic.name), "Write"))
    return sorted(found)


async def apply(admin: AIOKafkaAdminClient, rights: Iterable[Acl]) -> None:
    """Give these rights on a cluster whose brokers check them; giving one twice is no error. Raises Crash."""
    for right in rights:
        request = CreateAclsRequest(
            _RESOURCES[right.resource],
            right.name,
            _LITERAL,
            f"User:{right.service}",
            "*",
            _OPERATIONS[right.operation],
            _ALLOW,
        )
        answer = await admin._send_request(request)
        for code, message in answer.creation_responses:
            if code:
                raise Crash(f"{right.command}: {for_code(code).__name__} {message or ''}")


async def give(settings: KafkaSettings) -> None:
    """Make the topics of the catalogue and give every right, as an administrator; again is no error. Raises Crash."""
    bus = KafkaBus(settings, machine=SystemMachine())
    await bus.start()
    await bus.stop()
    admin = AIOKafkaAdminClient(**settings.connection("rights"))
    await admin.start()
    try:
        await apply(admin, acls())
    finally:
        await admin.close()


def main(arguments: Sequence[str]) -> int:
    """Print the rights, or give them; returns the exit status."""
    if not arguments:
        sys.stdout.writelines(f"{right.command}\n" for right in acls())
        return 0
    if list(arguments) != ["give"]:
        sys.stderr.write("expected nothing, or give\n")
        return 2
    from shared.serve import ProcessSettings  # the settings of a process, which this is only when it gives

    asyncio.run(give(ProcessSettings().kafka("rights")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
