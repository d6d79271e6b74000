"""The published contract is what the code sends, what its examples show, and what the services really handle."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemClock, SystemMachine
from shared.events import REGISTRY, Payload, decode, encode
from shared.events.asyncapi import HEADERS, document, message_name, schema_of
from shared.events.catalogue import TOPICS
from shared.events.contracts import breaks, write
from shared.events.examples import example_headers, example_of
from shared.service import Service

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"
KINDS = sorted(REGISTRY.values(), key=lambda kind: kind.TYPE)
SERVICES = ("claims_api", "payments_ingest", "escalation", "notifications")


def committed(path: str) -> Any:
    return json.loads((CONTRACTS / path).read_text(encoding="utf-8"))


def test_the_committed_document_is_the_generated_one() -> None:
    assert committed("asyncapi.json") == document(), "make contracts writes it anew"


def test_every_event_belongs_to_a_topic_of_the_catalogue() -> None:
    assert {kind.TOPIC for kind in KINDS} == set(TOPICS)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    whole = document()

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [r for child in node.values() for r in references(child)]
        return [r for child in node for r in references(child)] if isinstance(node, list) else []

    outside = references({k: v for k, v in whole.items() if k != "components"})
    assert outside
    for reference in outside:
        node: object = whole
        for part in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            node = node[part]


@pytest.mark.parametrize("kind", KINDS, ids=message_name)
def test_an_event_has_an_example_that_is_one_and_lacks_nothing(kind: type[Payload]) -> None:
    example = committed(f"examples/{message_name(kind)}.json")
    assert example == example_of(kind), "make contracts writes it anew"
    validator = jsonschema_rs.validator_for(schema_of(kind))
    assert validator.is_valid(example)
    assert set(example) == set(kind.model_fields)
    headers = example_headers(kind)
    assert jsonschema_rs.validator_for(HEADERS).is_valid(headers)
    event = decode(headers, json.dumps(example).encode())
    assert type(event.payload) is kind
    assert json.loads(encode(event.payload)) == example
    for field in schema_of(kind).get("required", []):
        assert not validator.is_valid({k: v for k, v in example.items() if k != field})


@pytest.mark.parametrize("kind", KINDS, ids=message_name)
def test_a_published_schema_only_ever_grew_by_optional_fields(kind: type[Payload]) -> None:
    assert breaks(committed(f"schemas/{message_name(kind)}.json"), schema_of(kind)) == []


def test_nothing_published_is_forgotten() -> None:
    names = {f"{message_name(kind)}.json" for kind in KINDS}
    assert {path.name for path in (CONTRACTS / "schemas").iterdir()} == names
    assert {path.name for path in (CONTRACTS / "examples").iterdir()} == names


def test_the_gate_notices_a_breaking_change_and_lets_contracts_grow() -> None:
    old = {"properties": {"a": {"type": "string"}, "b": {"enum": ["x"], "type": "string"}}, "required": ["a"]}
    grown = copy.deepcopy(old)
    grown["properties"] |= {"c": {"type": "string"}, "b": {"enum": ["x", "y"], "type": "string", "description": "more"}}  # type: ignore[attr-defined]
    assert breaks(old, grown) == []
    assert breaks(grown, old) == ["/b: changed", "/c: removed"]
    assert breaks(old, {**old, "required": ["a", "b"]}) == ["/b: newly required"]
    assert breaks({"$defs": {"P": old}}, {"$defs": {"P": {**old, "properties": {"a": {"type": "integer"}}}}}) == [
        "/P/a: changed",
        "/P/b: removed",
    ]
    assert breaks({"$defs": {"P": old}}, {}) == ["/P: removed"]
    either = {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    assert breaks(either, {"properties": {"a": {"type": "string"}}}) == ["/a: changed"]


def test_a_breaking_change_is_not_written_over_what_was_published(tmp_path: Path) -> None:
    assert write(tmp_path) == []
    kind = KINDS[0]
    published = tmp_path / "schemas" / f"{message_name(kind)}.json"
    schema = json.loads(published.read_text("utf-8"))
    schema["properties"]["gone"] = {"type": "string"}
    published.write_text(json.dumps(schema), "utf-8")
    assert write(tmp_path) == [f"{message_name(kind)}/gone: removed"]
    assert json.loads(published.read_text("utf-8")) == schema


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Service]]:
    folder = tmp_path_factory.mktemp("services")
    machine = SystemMachine()
    built = []
    for package in SERVICES:
        settings = importlib.import_module(f"{package}.settings").Settings(data_dir=folder)
        bus = EmbeddedBus(folder / "bus.db", machine=machine)
        built.append(importlib.import_module(f"{package}.app").build(settings, bus, SystemClock(), machine))
    yield built
    for service in built:
        service.db.close()


def test_who_is_said_to_read_a_topic_handles_something_of_it(services: list[Service]) -> None:
    reads = {service.name: set(service.worker.topics) for service in services}
    said = {name: {topic.name for topic in TOPICS.values() if name in topic.consumers} for name in reads}
    assert reads == said
    assert {topic.producer for topic in TOPICS.values()} <= set(reads)
    for service in services:
        assert set(service.inbox.handlers) <= set(KINDS)
