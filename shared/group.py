"""Group commit: concurrent requests share one transaction, and so one write to disk.

Of all that are here a group takes its share, by how many groups may commit at once; while fewer wait they gather, until
enough have come or a commit has ended. So groups are about equal, and nobody waits longer than a commit lasts. A group
that fails as a whole is tried again one request at a time, so that nobody's fault becomes another's; a lost answer is a
503, and the same Idempotency-Key is safe.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError

from shared.db import lost_a_race, passing
from shared.errors import RetryLater
from shared.uow import Uow

GROUP_MAX = 256
TRIES = 3
WAITING_MAX = 5_000

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    answer: asyncio.Future[Result]


class GroupCommit(Generic[Item, Result]):
    """Gathers items and applies them together: ``apply(uow, items)`` returns a result or an exception for each."""

    def __init__(
        self,
        open_uow: Callable[[], AbstractContextManager[Uow]],
        apply: Callable[[Uow, Sequence[Item]], Sequence[Result | Exception]],
        *,
        at_once: int = 1,
    ) -> None:
        self._open_uow = open_uow
        self._apply = apply
        self._at_once = at_once
        self._waiting: list[_Waiting[Item, Result]] = []
        self._about_to_start = False
        self._commits = 0
        self._committing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Result:
        """Apply one item with whatever else is waiting; raises what became of it. RetryLater when too many wait."""
        if len(self._waiting) >= WAITING_MAX:
            raise RetryLater(f"expected at most {WAITING_MAX} requests waiting, got more")
        loop = asyncio.get_running_loop()
        waiting = _Waiting[Item, Result](item, loop.create_future())
        self._waiting.append(waiting)
        if not self._about_to_start:
            self._about_to_start = True
            loop.call_soon(self._start)  # not before all that came in the same breath are here
        return await waiting.answer

    def _start(self) -> None:
        """Start the groups that may commit now."""
        self._about_to_start = False
        while self._waiting and self._commits < self._at_once:
            share = min(GROUP_MAX, -(-(len(self._waiting) + self._committing) // self._at_once))
            if len(self._waiting) < share:
                return
            group, self._waiting = self._waiting[:share], self._waiting[share:]
            self._commits += 1
            self._committing += len(group)
            task = asyncio.create_task(self._run(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, group: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            self._answer(group, await self._results([waiting.item for waiting in group]))
        finally:
            self._commits -= 1
            self._committing -= len(group)
        self._start()

    @staticmethod
    def _answer(group: Sequence[_Waiting[Item, Result]], results: Sequence[Result | Exception]) -> None:
        for waiting, result in zip(group, results, strict=True):
            if waiting.answer.done():
                continue  # whoever asked has gone; what was done stays done
            if isinstance(result, Exception):
                waiting.answer.set_exception(result)
            else:
                waiting.answer.set_result(result)

    async def _results(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        """Return a result for each item, whatever happens: whoever waits must hear something."""
        try:
            results = await asyncio.to_thread(self._commit, items)
        except Exception as fault:
            return [fault] * len(items)
        if len(results) != len(items):
            return [RuntimeError(f"expected {len(items)} results, got {len(results)}")] * len(items)
        return results

    def _commit(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._together(items)
        except Exception as error:
            if passing(error) and not lost_a_race(error):
                return [error] * len(
                    items
                )  # whether it was stored is unknown: the callers' keys make asking again safe
            if len(items) == 1 and not _raced(error):
                return [error]
            log.info("a group of %d failed together (%s); trying one by one", len(items), type(error).__name__)
            return [self._alone(item) for item in items]

    def _together(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        with self._open_uow() as uow:
            return self._apply(uow, items)

    def _alone(self, item: Item) -> Result | Exception:
        """Apply one item; again when another's commit came in between, and what it stored is there to be seen."""
        fault: Exception = RetryLater("expected a commit that nobody comes in between of, got none")
        for _ in range(TRIES):
            try:
                return self._together([item])[0]
            except Exception as error:
                fault = error
                if not _raced(error):
                    break
        return fault


def _raced(error: Exception) -> bool:
    """Say whether another transaction stored the same first, or was let through instead."""
    return isinstance(error, IntegrityError | RetryLater) or lost_a_race(error)
