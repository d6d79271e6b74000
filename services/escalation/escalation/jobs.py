"""Periodic work: fire what is due, and watch what is late."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from escalation.domain.pace import Limits, is_letter_time, jumped
from escalation.domain.policy import Book
from escalation.store import steps, timers
from escalation.usecases import braking
from escalation.usecases.firing import fire
from shared.service import Job, Service

CASES_MAX = 500
"""Cases fired in one transaction."""

EVERY_S = 2.0
WATCH_EVERY_S = 30.0
OPEN_HOURS_MAX = 24
FOREIGN_DAYS = 60
"""How long what notifications tells of letters that are no step's is kept; the log keeps it shorter."""
FOREIGN_MAX = 500
KEEP_EVERY_S = 60.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pacer:
    """Keeps one process's pace outside a sandbox: how many steps may still go, and whether the clock can be trusted."""

    limits: Limits
    _left: float = 0.0
    _steady: float | None = None
    _wall: datetime | None = None
    _kept: float | None = None

    def tick(self, wall: datetime, steady: float, kept: datetime | None) -> bool:
        """Note both clocks and refill the throttle; False when the one on the wall cannot be trusted.

        ``kept`` is the last wall time that was stored: after a start it is all there is to compare with, and a gap too
        long to be told from a wrong clock is for an operator to judge.
        """
        per_hour = self.limits.steps_per_hour_max
        if self._wall is None or self._steady is None:
            self._left = per_hour / 10
            gap = timedelta(0) if kept is None else wall - kept
            trusted = not jumped(gap, timedelta(0), limit=timedelta(hours=self.limits.downtime_hours_max))
        else:
            passed = steady - self._steady
            trusted = not jumped(wall - self._wall, timedelta(seconds=passed))
            self._left = min(float(per_hour), self._left + passed * per_hour / 3600)
        self._wall, self._steady = wall, steady
        return trusted

    def keeps(self) -> bool:
        """Tell whether it is time to store the wall's time again, and count from now if it is."""
        if self._steady is None or (self._kept is not None and self._steady - self._kept < KEEP_EVERY_S):
            return False
        self._kept = self._steady
        return True

    def room(self) -> int:
        """Return how many steps may still be asked for."""
        return int(self._left)

    def spend(self, asked: int) -> None:
        """Count steps that were asked for."""
        self._left -= asked


def jobs(book: Book, limits: Limits) -> list[Job]:
    """Return this service's jobs."""
    return [
        Job("fire", partial(fire_timers, book=book, pacer=Pacer(limits)), EVERY_S),
        Job("watch", watch, WATCH_EVERY_S),
    ]


def fire_timers(service: Service, book: Book, pacer: Pacer) -> int:
    """Fire due timers of some cases; returns how many cases it looked at."""
    room = CASES_MAX if service.settings.sandbox else min(CASES_MAX, _room(service, pacer))
    if room <= 0:
        return 0
    with service.db.read() as tx:
        case_ids = timers.due_cases(tx, service.clock.today(), room)
    if not case_ids:
        return 0
    with service.uow() as uow:
        fired = fire(uow, book, case_ids)
    pacer.spend(len(fired.steps))
    for kind, count in Counter(fired.steps).items():
        service.metrics.count("steps_due_total", count, kind=kind)
    if fired.superseded:
        service.metrics.count("timers_superseded_total", fired.superseded)
    return len(case_ids)


def _room(service: Service, pacer: Pacer) -> int:
    """How many cases may be fired now: none at night, on a day off, with the brake on or with a clock that jumped."""
    now, today = service.clock.now(), service.clock.today()
    with service.db.read() as tx:
        brake = braking.read(tx)
        trusted = pacer.tick(now, service.machine.monotonic(), braking.kept_tick(tx))
        waiting = timers.count_due_cases(tx, today)
        too_much = braking.is_too_much(tx, today, waiting, pacer.limits)
    reason = "clock_jump" if not trusted else "unusual_volume" if too_much else None
    pulled = reason is not None and not brake.engaged
    if pulled or pacer.keeps():
        with service.uow() as uow:
            braking.keep_tick(uow)
            if reason is not None and pulled:
                log.error("steps are held back until an operator has looked: %s, %d cases wait", reason, waiting)
                braking.pull(uow, reason)
    if pulled or brake.engaged or not is_letter_time(now, pacer.limits):
        return 0
    return pacer.room()


def watch(service: Service) -> int:
    """Show what is due, held and late, and forget what notifications told of letters that are no step's."""
    today, now = service.clock.today(), service.clock.now()
    with service.db.read() as tx:
        due = timers.count_due(tx, today)
        oldest = timers.oldest_due(tx, today)
        held = due if braking.read(tx).engaged and not service.settings.sandbox else 0
        overdue = steps.count_open_since(tx, now - timedelta(hours=OPEN_HOURS_MAX))
    service.metrics.gauge("timers_due", due)
    service.metrics.gauge("timers_held", held)
    service.metrics.gauge("timers_late_seconds", 0 if oldest is None else (today - oldest).total_seconds())
    service.metrics.gauge("steps_open_over_a_day", overdue)
    if overdue:
        log.warning("%d steps came due over a day ago and have no answer", overdue)
    with service.uow() as uow:
        return steps.forget_foreign(uow.tx, today - timedelta(days=FOREIGN_DAYS), FOREIGN_MAX)
