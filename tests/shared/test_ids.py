"""Identities: UUIDv7 that only grow, and derived ones that never change."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualMachine, SystemMachine
from shared.ids import derived, letter_id, uuid7

START = datetime(2026, 1, 14, 8, tzinfo=UTC)


def test_uuid7_has_the_version_the_variant_and_the_time() -> None:
    value = uuid.UUID(uuid7(ManualMachine(START)))
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == int(START.timestamp() * 1000)


def test_uuid7_grows_within_a_millisecond_and_past_its_counter() -> None:
    machine = ManualMachine(START)
    made = [uuid7(machine) for _ in range(10_000)]
    assert made == sorted(set(made))


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_uuid7_grows_even_when_the_machine_s_clock_goes_back(steps: list[float]) -> None:
    machine = ManualMachine(START)
    made = [uuid7(machine)]
    for seconds in steps:
        machine.advance(seconds)
        made.append(uuid7(machine))
    assert made == sorted(set(made))


def test_uuid7_is_unique_across_threads() -> None:
    machine = SystemMachine()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: uuid7(machine), range(2_000)))
    assert len(set(made)) == 2_000


def test_a_derived_identity_is_the_same_for_ever() -> None:
    event = "019bbb2e-5c00-7000-8000-000000000001"
    assert derived(event, "demand") == derived(event, "demand", 0) == "27373ca6-83f6-51c7-b024-d7118468562a"
    assert letter_id(event, "ref-1") == "2cbaaafa-02f5-5964-bd5e-e3d19a588b51"
    assert uuid.UUID(derived(event, "demand")).version == 5


Cause = tuple[str, str, int]
causes = st.tuples(st.uuids().map(str), st.sampled_from(["demand", "letter"]), st.integers(0, 3))


@given(causes, causes)
def test_different_causes_give_different_identities(one: Cause, other: Cause) -> None:
    assert (derived(*one) == derived(*other)) == (one == other)
