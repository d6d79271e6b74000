"""The main job's stories through HTTP, files, Kafka and PostgreSQL: four processes, five debtors, six weeks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from rich.console import Console
from support.cluster import Cluster

from inkasso.demo.narrator import Narrator
from inkasso.demo.play import Play
from inkasso.demo.proof import show_proof
from local.kafka import class_path
from local.layout import SERVICES
from local.maven import java
from shared.auth import Role
from shared.bus.partitioner import partition_for
from shared.db import Database
from shared.events.catalogue import TOPICS

pytestmark = [pytest.mark.needs_part(part) for part in ("own_kafka_possible", "postgres_url", "jdk")]

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"


def test_the_demonstration_comes_to_the_same_in_a_cluster(cluster: Cluster) -> None:
    narrator = Narrator(Console(file=io.StringIO()))
    Play(cluster.town, narrator).perform()
    show_proof(cluster.town, narrator)
    assert narrator.broken == []

    lines = read_with_kafkas_own_client(cluster, "claims")
    assert {line["headers"]["ce_id"] for line in lines} == stored_ids(cluster, "claims-api")
    messages = json.loads((CONTRACTS / "asyncapi.json").read_text("utf-8"))["components"]["messages"].values()
    headers = {one["name"]: jsonschema_rs.validator_for(one["headers"]) for one in messages}
    payloads = {one["name"]: jsonschema_rs.validator_for(one["payload"]["schema"]) for one in messages}
    for line in lines:
        name = line["headers"]["ce_type"]
        assert headers[name].is_valid(line["headers"])
        assert payloads[name].is_valid(line["value"]), name
        assert line["key"] == line["headers"]["ce_subject"]
        assert line["partition"] == partition_for(line["key"], TOPICS["claims"].partitions)


def test_the_command_line_reaches_every_service_of_a_cluster(cluster: Cluster) -> None:
    told = {
        "INKASSO_URL": ",".join(f"{service}={cluster.url(service)}" for service in SERVICES),
        "INKASSO_TOKEN": cluster.layout.token(Role.OPERATOR, "Olav Operatør"),
    }

    def inkasso(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "inkasso.main", *arguments]
        return subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=False)

    rewound = inkasso("bus", "rewind", "escalation", "claims", "--time", "2020-01-01", "--reason", "a drill")
    assert (rewound.returncode, rewound.stderr) == (0, "")
    again = inkasso("bus", "republish", "claims-api", "parties", "--reason", "a drill")
    assert (again.returncode, again.stderr) == (0, "")
    cluster.rest()
    nowhere = inkasso("clock", "show")
    assert nowhere.returncode == 1
    assert "«sandbox»" in nowhere.stderr


def stored_ids(cluster: Cluster, service: str) -> set[str]:
    db = Database(cluster.databases[service], service)
    with db.read() as tx:
        found = set(tx.exec_driver_sql("SELECT event_id FROM events").scalars())
    db.close()
    return found


def read_with_kafkas_own_client(cluster: Cluster, topic: str) -> list[dict[str, Any]]:
    """Read a whole topic as somebody would who has nothing of ours: Kafka's Java client and the contract."""
    program = Path(__file__).with_name("ReadTopic.java")
    command = [java(), "-XX:TieredStopAtLevel=1", "-cp", class_path(), str(program), cluster.kafka.bootstrap, topic]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = []
    for line in done.stdout.splitlines():
        partition, *coded = line.split("\t")
        key, value, *headers = (b64decode(text).decode() for text in coded)
        pairs = dict(zip(headers[::2], headers[1::2], strict=True))
        found.append({"partition": int(partition), "headers": pairs, "key": key, "value": json.loads(value)})
    return found
