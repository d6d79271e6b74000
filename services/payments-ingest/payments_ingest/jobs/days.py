"""Keeps our accounts recorded and completes bank days by cut-off where that is how they complete."""

from __future__ import annotations

from payments_ingest.deps import deps_of
from payments_ingest.store import days
from payments_ingest.store.waiting import count_waiting
from payments_ingest.usecases.bank_days import GAP, close_by_cut_off, ensure_accounts, plan_cut_off
from payments_ingest.usecases.debits import UNKNOWN
from payments_ingest.usecases.pages import DIFFER, MISSING
from payments_ingest.usecases.statements import DIFFERS
from shared.service import Service

ALARM_KINDS = (UNKNOWN, DIFFERS, GAP, MISSING, DIFFER)


def watch_days(service: Service) -> int:
    """Complete what the cut-off has passed for; returns how many bank days that were."""
    settings = deps_of(service).settings
    closed = 0
    with service.db.read() as tx:
        recorded = days.bank_accounts(tx)
    if settings.accounts and not recorded.keys() >= set(settings.accounts):
        with service.uow() as uow:
            ensure_accounts(uow, settings.accounts)
    if settings.completion == "cut-off" and _due(service):
        with service.uow() as uow:
            closed = close_by_cut_off(uow)
    _tell(service)
    return closed


def _tell(service: Service) -> None:
    """Set what the operator is alarmed by and what waits for a person; ``/v1/alarms`` and the lists say which it is."""
    with service.db.read() as tx:
        differences = days.statement_differences(tx, DIFFERS)
        alarms = days.count_alarms(tx)
        waiting = count_waiting(tx, service.clock.today())
    service.metrics.gauge("bank_difference_ore", sum(map(abs, differences.values())))
    for kind in ALARM_KINDS:
        service.metrics.gauge("bank_alarms", alarms.get(kind, 0), kind=kind)
    for what, count in waiting.items():
        service.metrics.gauge("bank_waiting", count, what=what)


def _due(service: Service) -> bool:
    with service.db.read() as tx:
        return bool(plan_cut_off(tx, service.clock.now()))
