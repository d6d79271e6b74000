"""The AsyncAPI 3 document of the topics, made from the catalogue and the event models.

``docs/contracts/asyncapi.json`` is this document as ``make contracts`` writes it (``shared.events.contracts``); a test
compares. Specification: AsyncAPI 3.0.0 with Kafka bindings 0.5.0.
"""

from __future__ import annotations

from typing import Any

from shared.events import REGISTRY
from shared.events.base import PREFIX, Payload
from shared.events.catalogue import TOPICS, Topic, dead_letter_topic
from shared.events.envelope import CONTENT_TYPE, LIMITS, SPEC_VERSION
from shared.events.examples import example_headers, example_of

DAY_MS = 86_400_000

HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 attributes, Kafka binary content mode.",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_aggregateversion"],
    "properties": {
        "ce_specversion": {"const": SPEC_VERSION},
        "ce_id": {
            "type": "string",
            "maxLength": LIMITS["ce_id"],
            "description": "Id of the event; the same when it is sent twice.",
        },
        "ce_type": {"type": "string", "maxLength": LIMITS["ce_type"]},
        "ce_source": {
            "type": "string",
            "maxLength": LIMITS["ce_source"],
            "description": "The service that published it: its topic's only sender.",
        },
        "ce_time": {"type": "string", "format": "date-time", "description": "The business instant, with offset."},
        "ce_subject": {
            "type": "string",
            "maxLength": LIMITS["ce_subject"],
            "description": "The aggregate: the record key.",
        },
        "ce_aggregateversion": {
            "type": "string",
            "pattern": "^[1-9][0-9]{0,17}$",
            "description": "Counts the aggregate's events in this topic without gaps, from 1.",
        },
        "ce_causationid": {"type": "string", "description": "The event that led here."},
        "ce_traceparent": {"type": "string", "description": "W3C trace context."},
        "ce_installation": {"type": "string", "description": "The installation, where one is named."},
        "content-type": {"const": CONTENT_TYPE},
    },
}


def message_name(kind: type[Payload]) -> str:
    """Return an event's name in the document: claim.registered.v1."""
    return kind.TYPE.removeprefix(f"{PREFIX}.")


def schema_of(kind: type[Payload]) -> dict[str, Any]:
    """Return the JSON Schema of an event's data, its parts inside."""
    return kind.model_json_schema(mode="validation")


def document() -> dict[str, Any]:
    """Return the AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kommunal innkreving",
            "version": "1",
            "description": "Events between the services. Within a version only optional fields are added; consumers "
            "ignore what they do not know and are renewed before the sender.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(topic) for name, topic in TOPICS.items()}
        | {dead_letter_topic(name): _dead_letters(name) for name in TOPICS},
        "operations": _operations(),
        "components": {"messages": {message_name(kind): _message(kind) for kind in REGISTRY.values()}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    retention = -1 if topic.retention_days is None else topic.retention_days * DAY_MS
    policy = ["compact"] if topic.kind == "state" else ["delete"]
    kinds = [kind for kind in REGISTRY.values() if topic.name == kind.TOPIC]
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}.",
        "messages": {message_name(k): {"$ref": f"#/components/messages/{message_name(k)}"} for k in kinds},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": policy, "retention.ms": retention},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _dead_letters(name: str) -> dict[str, Any]:
    return {
        "address": dead_letter_topic(name),
        "description": f"Records of {name} that could not be read, as they were; the header dlq_reason says why.",
    }


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic in TOPICS.values():
        channel = {"$ref": f"#/channels/{topic.name}"}
        operations[f"{topic.producer}.send.{topic.name}"] = {"action": "send", "channel": channel}
        for consumer in topic.consumers:
            operations[f"{consumer}.receive.{topic.name}"] = {"action": "receive", "channel": channel}
    return operations


def _message(kind: type[Payload]) -> dict[str, Any]:
    return {
        "name": kind.TYPE,
        "summary": " ".join((kind.__doc__ or "").split()),
        "contentType": CONTENT_TYPE,
        "headers": HEADERS,
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema_of(kind)},
        "examples": [{"headers": example_headers(kind), "payload": example_of(kind)}],
    }
