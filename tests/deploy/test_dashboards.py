"""The dashboards ask for metrics and labels that there are, can be laid out, and leave out no metric."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.metrics import CATALOGUE, PREFIX

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")


def panels(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["panels"]
    return found


def metric(name: str) -> str:
    for suffix in OF_A_HISTOGRAM:
        if name.endswith(suffix) and name.removesuffix(suffix) in CATALOGUE:
            return name.removesuffix(suffix)
    return name


def metrics_of(expression: str) -> set[str]:
    return {metric(name) for name in re.findall(rf"{PREFIX}(\w+)", expression)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_asks_for_what_there_is(file: Path) -> None:
    for panel in panels(file):
        for target in panel.get("targets", []):
            expression, named = target["expr"], metrics_of(target["expr"])
            assert named <= set(CATALOGUE), panel["title"]
            known = {"service", "le"}.union(*(CATALOGUE[name].labels for name in named))
            asked = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(", ")}
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert asked | shown <= known, panel["title"]
            if asked:
                assert shown <= asked, panel["title"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_can_be_laid_out(file: Path) -> None:
    shown = panels(file)
    assert len({panel["id"] for panel in shown}) == len(shown)
    taken: set[tuple[int, int]] = set()
    for panel in shown:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"], panel["title"]


def test_every_metric_is_on_a_dashboard() -> None:
    asked = [t["expr"] for file in FILES for panel in panels(file) for t in panel.get("targets", [])]
    assert set(CATALOGUE) == set().union(*(metrics_of(expression) for expression in asked))


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    mounted = dict(volume.split(":")[:2] for volume in compose["grafana"]["volumes"])
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "inkasso.yml").read_text("utf-8"))["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose
    assert mounted["./grafana/dashboards"] == provider["options"]["path"]
    assert mounted["./grafana/provisioning"] == "/etc/grafana/provisioning"
    used = {panel["datasource"]["uid"] for file in FILES for panel in panels(file) if "datasource" in panel}
    assert used == {source["uid"]}
