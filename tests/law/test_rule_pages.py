"""The rule pages: what they name exists, every table is explained, and the index is the generated one."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claims_api.domain.rates import EXPECTED
from claims_api.settings import Settings as ClaimsSettings
from escalation.domain.policy import DEFAULT_FILE
from escalation.settings import Settings as EscalationSettings
from notifications.settings import Settings as NotificationsSettings
from payments_ingest.settings import Settings as PaymentsSettings

ROOT = Path(__file__).parents[2]
INDEX = runpy.run_path(str(ROOT / "docs/rules/index.py"))
PAGES = INDEX["pages"]()
NAMED = [(page.file, kind, name) for page in PAGES for kind, name in page.named]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
def test_a_page_has_words_a_law_a_function_and_a_test(page: Any) -> None:
    assert page.title
    assert "§" in page.law
    assert len(page.rule.split()) >= 40
    assert page.names("function")
    assert page.names("test")
    assert len(set(page.named)) == len(page.named)


@pytest.mark.parametrize(("file", "kind", "name"), NAMED)
def test_what_a_page_names_exists(file: str, kind: str, name: str) -> None:
    assert EXISTS[kind](name), f"{file}: no {kind} {name}"


def test_every_table_is_explained_by_one_page() -> None:
    tables = sorted(name for _, kind, name in NAMED if kind == "table")
    assert tables == sorted(EXPECTED)


def test_the_index_is_the_generated_one() -> None:
    committed = (ROOT / "docs/rules/README.md").read_text("utf-8")
    assert committed == INDEX["index"](), "write it anew: python docs/rules/index.py"


def test_every_link_in_the_index_leads_somewhere() -> None:
    text = (ROOT / "docs/rules/README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / "docs/rules" / link).exists()] == []


def function_exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return callable(getattr(importlib.import_module(module), attribute, None))


# -- the decisions for a lawyer

LAWYER = (ROOT / "docs/decisions-for-a-lawyer.md").read_text("utf-8")
READINGS = {
    1: "order date before the day it was sent",
    2: "24 and 31 December",
    3: "one fee for a betalingsoppfordring in 14 days",
    4: "30 days after the invoice",
    5: "never to forliksrådet",
    6: "replaces an earlier one is free",
    7: "objections interrupt nothing",
}
"""The readings of the law that are ours (†), by the words that state each."""
QUESTIONS = range(1, 9)
"""What the fact sheet could not find out."""


def sections(kind: str) -> dict[int, str]:
    """Return the numbered sections of one kind: † for readings, ? for questions, + for what came up since."""
    parts = re.split(r"^### ", LAWYER, flags=re.MULTILINE)[1:]
    found = [(re.match(r"(\S)\s(\d+)\s", part), part) for part in parts]
    return {int(match[2]): part for match, part in found if match and match[1] == kind}


def test_every_reading_of_ours_is_put_to_a_lawyer() -> None:
    found = sections("†")
    assert list(found) == list(READINGS)
    assert [number for number, words in READINGS.items() if words not in " ".join(found[number].split())] == []


def test_every_open_question_is_put_to_a_lawyer() -> None:
    assert list(sections("?")) == list(QUESTIONS)


@pytest.mark.parametrize("kind", ["†", "?", "+"])
def test_each_says_what_carries_it_its_default_and_what_another_answer_changes(kind: str) -> None:
    assert sections(kind)
    for number, part in sections(kind).items():
        for label in ("Carried by:", "Default:", "If the answer is other:"):
            assert f"- {label}" in part, f"{kind} {number}: {label}"


def carriers() -> list[str]:
    lines = [line for line in LAWYER.splitlines() if line.startswith("- Carried by:")]
    return sorted({name for line in lines for name in re.findall(r"`([^`]+)`", line)})


@pytest.mark.parametrize("name", carriers())
def test_every_setting_and_data_key_that_is_named_exists(name: str) -> None:
    kind, _, rest = name.partition(":")
    if kind in ("rates.toml", "ladder.toml"):
        assert (EXISTS["table"] if kind == "rates.toml" else ladder_has)(rest)
    elif name.startswith("INKASSO_"):
        assert setting_exists(name)
    elif kind == "agreement":
        assert rest in agreement_keys()
    else:
        assert exists(name)


def agreement_keys() -> set[str]:
    text = (ROOT / "deploy/embedded/creditors.toml").read_text("utf-8")
    written = {key for one in tomllib.loads(text)["creditors"] for deal in one["agreements"] for key in deal}
    creditors = importlib.import_module("claims_api.domain.creditors")
    return written | set(creditors._OVERRIDES)


def exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return hasattr(importlib.import_module(module), attribute)


def has_test(name: str) -> bool:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree))


SETTINGS = (ClaimsSettings, PaymentsSettings, EscalationSettings, NotificationsSettings)


def setting_exists(name: str) -> bool:
    field = name.removeprefix("INKASSO_").lower()
    return name.startswith("INKASSO_") and any(field in settings.model_fields for settings in SETTINGS)


def ladder_has(name: str) -> bool:
    found: Any = tomllib.loads(DEFAULT_FILE.read_text("utf-8"))
    for key in name.split("."):
        if key not in found:
            return False
        found = found[key]
    return True


EXISTS: dict[str, Callable[[str], bool]] = {
    "table": lambda name: name in EXPECTED,
    "setting": setting_exists,
    "ladder": ladder_has,
    "function": function_exists,
    "test": has_test,
}
