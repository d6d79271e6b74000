"""What time brings about in claims-api: holds run out, costs step up, feeds are written and sent, keys are renewed.

A job looks first, in a snapshot, and takes the write lock only when there is something to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from claims_api import delivery
from claims_api.deps import Deps
from claims_api.store import demands, feed, holds, periods, sealed, webhooks, writeoff
from claims_api.store.payments import count_unbooked_days
from claims_api.usecases import limitation
from claims_api.usecases.audit import imbalance
from claims_api.usecases.feed import anything_new, sweep_feeds, write_feeds
from claims_api.usecases.holds import end_run_out
from claims_api.usecases.keys import reseal
from claims_api.usecases.letters import post_later_costs
from claims_api.usecases.periods import LATE, anything_to_close, anything_to_number, close_months, number_vouchers
from claims_api.usecases.remittance import remit
from claims_api.usecases.requests.daily import anything_due, follow_up, overdue
from claims_api.usecases.unread_money import anything_unread, book_unread
from claims_api.usecases.webhooks import next_message, note_answer
from shared.service import Job, Service
from shared.uow import Uow

PER_RUN = 200
MANY_PER_RUN = 5_000
"""Feed entries and vouchers: nobody waits for their transaction, and each run looks again at what is newest.

A run that finds fewer leaves what came meanwhile for the next turn: many small ones would cost more than a large one.
"""


def jobs(deps: Deps) -> Sequence[Job]:
    """Return the periodic work of this service."""
    key = deps.vault.current_key
    return [
        _job("end-holds", lambda tx, service: bool(holds.run_out(tx, service.clock.today(), 1)),
             lambda uow: end_run_out(uow, limit=PER_RUN)),
        _job("requests", lambda tx, service: anything_due(tx, service.clock.today()),
             lambda uow: follow_up(uow, deps)),
        Job("requests-overdue", _watch_requests, every_s=60.0),
        _job("later-costs", lambda tx, service: bool(demands.with_cost_due(tx, service.clock.today(), 1)),
             lambda uow: post_later_costs(uow, deps, limit=PER_RUN)),
        _job("limitation", lambda tx, service: limitation.anything_due(tx, deps, service.clock.today()),
             lambda uow: limitation.follow_limitation(uow, deps, limit=PER_RUN)),
        Job("limitation-at-risk", _limitation_watcher(deps), every_s=60.0),
        Job("rates", _rates_watcher(deps), every_s=60.0),
        Job("ledger-check", _watch_ledger, every_s=300.0),
        _job("unread-money", lambda tx, service: anything_unread(tx, service.tables, service.inbox.installation),
             book_unread),
        _job("vouchers", lambda tx, _: anything_to_number(tx),
             lambda uow: number_vouchers(uow, limit=MANY_PER_RUN), full=MANY_PER_RUN),
        _job("vouchers-late", lambda tx, _: anything_to_number(tx, behind=LATE),
             lambda uow: number_vouchers(uow, limit=MANY_PER_RUN, behind=LATE), every_s=600.0),
        _job("periods", lambda tx, service: anything_to_close(tx, deps, service.clock.today()),
             lambda uow: close_months(uow, deps, limit=MANY_PER_RUN), every_s=30.0),
        _job("remittance", lambda tx, _: periods.first_unremitted(tx) is not None,
             lambda uow: remit(uow, deps), every_s=30.0),
        _job("feed", lambda tx, _: anything_new(tx),
             lambda uow: write_feeds(uow, limit=MANY_PER_RUN), every_s=0.5, full=MANY_PER_RUN),
        _job("feed-sweep", lambda tx, _: bool(feed.behind(tx, 1)),
             lambda uow: sweep_feeds(uow, limit=PER_RUN), every_s=600.0),
        _job("reseal", lambda tx, _: any(sealed.sealed_otherwise(tx, column, key, 1) for column in sealed.COLUMNS),
             lambda uow: reseal(uow, deps, limit=PER_RUN), every_s=60.0),
        Job("webhooks", _sender(deps), every_s=1.0),
    ]  # fmt: skip


def _job(
    name: str,
    look: Callable[[Connection, Service], bool],
    work: Callable[[Uow], int],
    every_s: float = 5.0,
    full: int = 1,
) -> Job:
    def run(service: Service) -> int:
        with service.db.read() as tx:
            if not look(tx, service):
                return 0
        with service.uow() as uow:
            return work(uow)

    return Job(name, run, every_s=every_s, full=full)


def _watch_requests(service: Service) -> int:
    """Show how many requests wait for an answer although their day has passed."""
    with service.db.read() as tx:
        found = overdue(tx, service.clock.today())
    for kind, count in found.items():
        service.metrics.gauge("requests_overdue", count, kind=kind)
    return 0


def _limitation_watcher(deps: Deps) -> Callable[[Service], int]:
    """Return the job that shows how much is owed on claims near enough their last day to be warned about."""

    def run(service: Service) -> int:
        with service.db.read() as tx:
            at_risk_ore = writeoff.at_risk_ore(tx, service.clock.today(), max(deps.limitation.warning_days))
        service.metrics.gauge("limitation_at_risk_ore", at_risk_ore)
        return 0

    return run


def _rates_watcher(deps: Deps) -> Callable[[Service], int]:
    """Return the job that shows which rates are missing today and how long the others are known."""

    def run(service: Service) -> int:
        for name, days in deps.rules.rates.days_left(service.clock.today()).items():
            service.metrics.gauge("rates_missing", int(days < 0), table=name)
            service.metrics.gauge("rates_days_left", days, table=name)
        return 0

    return run


def _watch_ledger(service: Service) -> int:
    """Show what the ledger is off by, and how many of the bank's days it does not have: both must be nothing."""
    with service.db.read() as tx:
        service.metrics.gauge("ledger_imbalance_ore", imbalance(tx))
        service.metrics.gauge("bank_days_unbooked", count_unbooked_days(tx))
    return 0


def _sender(deps: Deps) -> Callable[[Service], int]:
    """Return the job that sends one message; no transaction is open while it travels."""

    def run(service: Service) -> int:
        with service.db.read() as tx:
            if not webhooks.due(tx, service.machine.now(), 1):
                return 0
        with service.uow() as uow:
            message = next_message(uow, deps)
        if message is None:
            return 0
        answer = delivery.send(
            message.webhook.url,
            message.body,
            message.headers,
            timeout_s=deps.settings.webhook_timeout_s,
            private_hosts=deps.settings.private_hosts,
        )
        with service.uow() as uow:
            note_answer(uow, message, answer)
        return 1

    return run
