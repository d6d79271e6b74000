"""Keeps our accounts recorded and completes bank days by cut-off where that is how they complete."""

from __future__ import annotations

from payments_ingest.deps import deps_of
from payments_ingest.store import days
from payments_ingest.usecases.bank_days import close_by_cut_off, ensure_accounts, plan_cut_off
from shared.service import Service


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
    with service.db.read() as tx:
        service.metrics.gauge("bank_difference_ore", days.statement_differences(tx))
    return closed


def _due(service: Service) -> bool:
    with service.db.read() as tx:
        return bool(plan_cut_off(tx, service.clock.now()))
