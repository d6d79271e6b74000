"""Finding out whose money a payment without a valid KID is: from what its payer wrote to a decision with its reasons.

The messages are those of ``tests/payments_ingest/data`` (every set, every class of difficulty). Measured is everything
from the text to the decision outside the database: the numbers in it, what to look up, the weighing, and hashing the
payer's name and account, which keeps them from being readable. The database's answers come from dictionaries, since
they are asked for a whole batch at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).resolve().parent.parent / "tests" / "payments_ingest" / "data"
FILES = ("messages-tuning.jsonl", "messages-held-out.jsonl", "messages-second-hand.jsonl")
REPEATS = 10
ROUNDS_MIN = 9
LIMIT_US = 25.0


class World(NamedTuple):
    """What the database would know, by number, invoice, account and case."""

    numbers: dict[str, str]
    invoices: dict[str, frozenset[str]]
    accounts: dict[str | None, frozenset[str]]
    cases: dict[str, Any]


def run(bench: Any) -> None:
    """Decides every message many times over, in CPU time. The quickest round counts: the rest is what else runs."""
    from payments_ingest.hashing import KEY_BYTES, Hasher

    hasher = Hasher(bytes(KEY_BYTES))
    world = read_world(hasher)
    messages = [json.loads(line) for file in FILES for line in (DATA / file).read_text("utf-8").split("\n") if line]
    payers = hash_all(messages, hasher)
    automatic, wrong = decide_all(messages, payers, world)
    length = sum(len(message["message"]) for message in messages) / len(messages)
    bench.say(
        f"  {len(messages)} messages of {length:.0f} characters on average, {len(world.cases)} cases:"
        f" {automatic} decided, {wrong} wrongly"
    )
    rounds = max(bench.rounds, ROUNDS_MIN)
    deciding = quickest(rounds, len(messages), lambda: decide_all(messages, payers, world))
    hashing = quickest(rounds, len(messages), lambda: hash_all(messages, hasher))
    bench.say(f"  deciding {deciding:.1f}, hashing the payer's name and account {hashing:.1f} microseconds a message")
    bench.promise("matching with hashing, microseconds a message", deciding + hashing, at_most=LIMIT_US)
    bench.promise("matching, wrong automatic matches", wrong, at_most=0)


def quickest(rounds: int, messages: int, work: Callable[[], object]) -> float:
    """Microseconds of CPU time a message in the quickest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        for _ in range(REPEATS):
            work()
        best = min(best, time.process_time() - before)
    return best / REPEATS / messages * 1e6


def hash_all(messages: list[dict[str, Any]], hasher: Any) -> list[tuple[frozenset[str], str | None]]:
    """Each payer's hashed name parts and account."""
    return [(hasher.names(message["payer"]), hasher.account(message["account"])) for message in messages]


def decide_all(
    messages: list[dict[str, Any]], payers: list[tuple[frozenset[str], str | None]], world: World
) -> tuple[int, int]:
    """Decide each message; how many were decided without a person, and how many of these wrongly."""
    from payments_ingest.domain.lookup import known, wanted
    from payments_ingest.domain.matching import Incoming, decide
    from payments_ingest.domain.numbers import find_numbers

    nobody: frozenset[str] = frozenset()
    automatic = wrong = 0
    for message, (names, account) in zip(messages, payers, strict=True):
        found = find_numbers(message["message"], message["amount_ore"])
        asked = wanted(found)
        numbers = {number: world.numbers[number] for number in asked.own_numbers if number in world.numbers}
        invoices = {key: world.invoices[key] for key in asked.invoices if key in world.invoices}
        known_accounts = world.accounts.get(account, nobody)
        incoming = Incoming(message["amount_ore"], names, known_accounts, message=message["message"])
        decision = decide(incoming, found, known(asked, numbers, invoices, world.cases))
        automatic += decision.case_id is not None
        wrong += decision.case_id is not None and message["truth"] != [decision.case_id]
    return automatic, wrong


def read_world(hasher: Any) -> World:
    """The invented cases, as the projections would have them."""
    from payments_ingest.domain.matching import CaseFacts
    from payments_ingest.domain.numbers import fold_reference

    world = World({}, {}, {}, {})
    for case in json.loads((DATA / "cases.json").read_text("utf-8")):
        case_id, claims = case["case"], case["claims"]
        owed = [claim["principal_ore"] + claim["fee_ore"] for claim in claims]
        principals = [claim["principal_ore"] for claim in claims]
        for number in (case["number"], case["kid"], *(claim["kid"] for claim in claims)):
            world.numbers[number] = case_id
        for claim in claims:
            key = fold_reference(claim["invoice"])
            world.invoices[key] = world.invoices.get(key, frozenset()) | {case_id}
        if account := hasher.account(case["account"]):
            world.accounts[account] = world.accounts.get(account, frozenset()) | {case_id}
        world.cases[case_id] = CaseFacts(
            case_id=case_id,
            is_open=case["open"],
            amounts=frozenset({*owed, *principals, sum(owed), sum(principals)}),
            owed_ore=sum(owed),
            ceiling_ore=sum(owed),
            names=(hasher.names(case["debtor"]),),
        )
    return world
