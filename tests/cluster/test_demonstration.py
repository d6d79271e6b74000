"""The main job's stories through HTTP, files, Kafka and PostgreSQL: four processes, five debtors, six weeks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from support.cluster import Cluster

from inkasso.demo.narrator import Narrator
from inkasso.demo.play import Play
from inkasso.demo.proof import show_proof

pytestmark = [pytest.mark.needs_part("own_kafka_possible"), pytest.mark.needs_part("postgres_url")]


def test_the_demonstration_comes_to_the_same_in_a_cluster(cluster: Cluster) -> None:
    narrator = Narrator(Console(file=io.StringIO()))
    Play(cluster.town, narrator).perform()
    show_proof(cluster.town, narrator)
    assert narrator.broken == []
