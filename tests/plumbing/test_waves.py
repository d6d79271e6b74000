"""A batch reaches its handlers as many events at once as the order of each key allows, and each event once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.events import Event, Payload
from shared.events.claims import ClaimEnded, ClaimReopened
from shared.events.envelope import Envelope
from shared.uow import Uow
from shared.waves import Folding, Handler, waves

NOON = datetime(2026, 1, 5, 11, tzinfo=UTC)


def ignore(_uow: Uow, _events: Sequence[Event]) -> None:
    """What a handler does is not looked at here."""


FOLDING = Folding(ignore)
BATCHES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from((ClaimEnded, ClaimReopened)), st.booleans()))


def event(key: str, kind: type[Payload], number: int) -> Event:
    envelope = Envelope(
        event_id=str(number), type=kind.TYPE, source="claims-api", time=NOON, aggregate=key, version=number + 1
    )
    return Event(envelope, kind.model_construct())


@given(BATCHES)
def test_every_event_is_applied_once_and_those_of_a_key_in_order(
    batch: list[tuple[str, type[Payload], bool]],
) -> None:
    events: list[tuple[Handler, Event]] = [
        (FOLDING if folds else ignore, event(key, kind, number)) for number, (key, kind, folds) in enumerate(batch)
    ]
    applied = [one for wave in waves(events) for _, group in wave for one in group]
    assert sorted(int(one.envelope.event_id) for one in applied) == list(range(len(batch)))
    for key in "abc":
        of_key = [int(one.envelope.event_id) for one in applied if one.envelope.aggregate == key]
        assert of_key == sorted(of_key)


@given(BATCHES)
def test_a_handler_that_does_not_fold_gets_one_type_and_one_event_of_each_key(
    batch: list[tuple[str, type[Payload], bool]],
) -> None:
    events: list[tuple[Handler, Event]] = [
        (FOLDING if folds else ignore, event(key, kind, number)) for number, (key, kind, folds) in enumerate(batch)
    ]
    for wave in waves(events):
        for handler, group in wave:
            if handler is ignore:
                assert len({type(one.payload) for one in group}) == 1
                assert len({one.envelope.aggregate for one in group}) == len(group)


def test_what_is_folded_is_applied_in_one_go_unless_another_handler_comes_between() -> None:
    ended, reopened = (lambda n: event("a", ClaimEnded, n)), (lambda n: event("a", ClaimReopened, n))
    folded = waves([(FOLDING, ended(0)), (FOLDING, reopened(1)), (FOLDING, event("b", ClaimEnded, 2))])
    assert [[len(group) for _, group in wave] for wave in folded] == [[3]]
    broken = waves([(FOLDING, ended(0)), (ignore, reopened(1)), (FOLDING, ended(2))])
    assert [len(wave) for wave in broken] == [1, 1, 1]
