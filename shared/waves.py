"""How a batch of events reaches the handlers: as many at once as their order allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shared.events import Event
from shared.uow import Uow

Handler = Callable[[Uow, Sequence[Event]], None]
"""Applies events of one type, at most one of each key."""


class Folding:
    """A handler of events of several types, any number of each key in their order: it writes what they come to."""

    def __init__(self, apply: Handler) -> None:
        self._apply = apply

    def __call__(self, uow: Uow, events: Sequence[Event]) -> None:
        """Apply them."""
        self._apply(uow, events)


def waves(events: Iterable[tuple[Handler, Event]]) -> list[list[tuple[Handler, list[Event]]]]:
    """Cut events into waves, each with what every handler of it gets at once.

    The n-th event of a key is in the n-th wave, so that a wave can be applied set-based: the order within a key is
    kept, between keys there is none to keep. Events of a key that follow each other to one ``Folding`` count as one.
    """
    result: list[dict[Any, tuple[Handler, list[Event]]]] = []
    last: dict[tuple[str, str], tuple[int, Handler]] = {}
    for handler, event in events:
        stream = (event.payload.TOPIC, event.envelope.aggregate)
        folds = isinstance(handler, Folding)
        depth, before = last.get(stream, (-1, None))
        if not (folds and handler is before):
            depth += 1
        last[stream] = (depth, handler)
        if depth == len(result):
            result.append({})
        _, group = result[depth].setdefault(handler if folds else type(event.payload), (handler, []))
        group.append(event)
    return [list(wave.values()) for wave in result]
