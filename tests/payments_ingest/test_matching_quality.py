"""How well messages without a KID are matched: precision and recall on messages the rules were not tuned on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from payments_ingest.domain.lookup import known, wanted
from payments_ingest.domain.matching import CaseFacts, Decision, Incoming, Name, compare_names, decide
from payments_ingest.domain.numbers import find_numbers, fold_reference
from payments_ingest.domain.text import name_parts

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class World:
    numbers: dict[str, str]
    invoices: dict[str, frozenset[str]]
    cases: dict[str, CaseFacts]
    accounts: dict[str, frozenset[str]]

    def decide(self, message: dict[str, Any]) -> Decision:
        found = find_numbers(message["message"], message["amount_ore"])
        names = name_parts(message["payer"] or "")
        by_name = {c.case_id for c in self.cases.values() if compare_names(names, c.names) is Name.SAME}
        incoming = Incoming(
            amount_ore=message["amount_ore"],
            payer_names=names,
            by_account=self.accounts.get(message["account"], frozenset()),
            by_name=frozenset(by_name),
            message=message["message"],
        )
        asked = wanted(found)
        numbers = {n: self.numbers[n] for n in asked.own_numbers if n in self.numbers}
        invoices = {n: self.invoices[n] for n in asked.invoices if n in self.invoices}
        return decide(incoming, found, known(asked, numbers, invoices, self.cases))


def read(file: str) -> list[dict[str, Any]]:
    """Split at line feeds only: a message may hold U+0085, which ``splitlines`` takes for one."""
    return [json.loads(line) for line in (DATA / file).read_text("utf-8").split("\n") if line]


def world() -> World:
    numbers: dict[str, str] = {}
    invoices: dict[str, set[str]] = {}
    accounts: dict[str, set[str]] = {}
    facts = {}
    for case in json.loads((DATA / "cases.json").read_text("utf-8")):
        owed = [claim["principal_ore"] + claim["fee_ore"] for claim in case["claims"]]
        principals = [claim["principal_ore"] for claim in case["claims"]]
        for number in (case["number"], case["kid"], *(claim["kid"] for claim in case["claims"])):
            numbers[number] = case["case"]
        for claim in case["claims"]:
            invoices.setdefault(fold_reference(claim["invoice"]), set()).add(case["case"])
        if case["account"]:
            accounts.setdefault(case["account"], set()).add(case["case"])
        facts[case["case"]] = CaseFacts(
            case_id=case["case"],
            is_open=case["open"],
            amounts=frozenset({*owed, *principals, sum(owed), sum(principals)}),
            owed_ore=sum(owed),
            ceiling_ore=sum(owed),
            names=(name_parts(case["debtor"]),),
        )
    return World(
        numbers,
        {n: frozenset(c) for n, c in invoices.items()},
        facts,
        {a: frozenset(c) for a, c in accounts.items()},
    )


@dataclass(frozen=True)
class Quality:
    messages: int
    automatic: int
    wrong: list[str]
    wanted: int
    missed: list[str]

    @property
    def precision(self) -> float:
        return (self.automatic - len(self.wrong)) / self.automatic

    @property
    def recall(self) -> float:
        return (self.automatic - len(self.wrong)) / self.wanted

    @property
    def found(self) -> float:
        """The share of messages that mean a case and got it, automatically or among the suggestions."""
        return (self.wanted - len(self.missed)) / self.wanted


def measure(file: str) -> tuple[Quality, Counter[str]]:
    known_world = world()
    messages = read(file)
    automatic, wanted_count = 0, 0
    wrong, missed = [], []
    by_class: Counter[str] = Counter()
    for message in messages:
        decision = known_world.decide(message)
        truth = message["truth"]
        wanted_count += bool(truth)
        if decision.case_id is not None:
            automatic += 1
            if truth != [decision.case_id]:
                wrong.append(message["id"])
        elif truth:
            by_class[message["class"]] += 1
            if not set(truth) <= {s.case_id for s in decision.suggestions}:
                missed.append(message["id"])
    return Quality(len(messages), automatic, wrong, wanted_count, missed), by_class


@pytest.mark.parametrize(
    ("file", "recall", "found"),
    [
        ("messages-tuning.jsonl", 0.65, 0.95),
        ("messages-held-out.jsonl", 0.65, 0.95),
        ("messages-second-hand.jsonl", 0.65, 0.95),
    ],
)
def test_no_message_is_matched_wrongly_and_most_are_matched(
    file: str, recall: float, found: float, record_property: Any
) -> None:
    quality, by_class = measure(file)
    print(
        f"\n{file}: {quality.messages} messages, {quality.automatic} automatic, precision {quality.precision:.3f}, "
        f"recall {quality.recall:.3f}, found or suggested {quality.found:.3f}; left to a person: {dict(by_class)}"
    )
    for name in ("messages", "automatic", "precision", "recall", "found"):
        record_property(f"{file}:{name}", getattr(quality, name))
    assert quality.wrong == []
    assert quality.recall >= recall
    assert quality.found >= found


def test_what_is_measured_shares_no_message_with_what_was_tuned_on() -> None:
    tuning = {(m["message"], m["payer"]) for m in read("messages-tuning.jsonl")}
    held_out = [*read("messages-held-out.jsonl"), *read("messages-second-hand.jsonl")]
    assert tuning.isdisjoint((m["message"], m["payer"]) for m in held_out)
    assert len(held_out) >= 300
    assert len({m["id"] for m in held_out}) == len(held_out)
