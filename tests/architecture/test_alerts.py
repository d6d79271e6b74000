"""Every alarm asks for metrics and labels that there are, and that some code really sets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.metrics import CATALOGUE, PREFIX

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts"
SOURCES = [
    path.read_text("utf-8")
    for folder in ("shared", "services", "deploy")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "metrics.py"
]
MUST = {
    "rates_missing",
    "ledger_imbalance_ore",
    "bank_difference_ore",
    "outbox_oldest_age_seconds",
    "consumer_lag",
    "parked_keys",
    "steps_open_over_a_day",
    "limitation_at_risk_ore",
}


def rules() -> list[dict[str, Any]]:
    files = sorted(ALERTS.glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def named(rule: dict[str, Any]) -> set[str]:
    return set(re.findall(rf"{PREFIX}(\w+)", rule["expr"]))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alarm_names_metrics_that_exist_and_are_set(rule: dict[str, Any]) -> None:
    for name in named(rule):
        assert name in CATALOGUE
        assert any(f'"{name}"' in source for source in SOURCES), f"{name}: no code sets it"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alarm_says_what_happened_by_labels_that_its_metrics_have(rule: dict[str, Any]) -> None:
    labels = {"service", "instance", "job"}.union(*(CATALOGUE[name].labels for name in named(rule)))
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    asked = set(re.findall(r"[{,]\s*(\w+)\s*=", rule["expr"]))
    assert shown | asked <= labels


def test_what_must_wake_somebody_does() -> None:
    assert set().union(*map(named, rules())) >= MUST


def test_no_two_alarms_have_one_name() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
