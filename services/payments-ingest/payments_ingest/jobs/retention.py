"""Deletes what the bank sent when its time is over (oppbevaring): bytes, payers, receivers, learned accounts.

What remains says that there was a payment and where it went: amounts, days, cases and the file's hash. The ledger and
the bank days stay whole.
"""

from __future__ import annotations

from payments_ingest.deps import deps_of
from payments_ingest.domain.files import BankFile
from payments_ingest.domain.retention import Retention, retention
from payments_ingest.jobs.payouts import OUTBOX
from payments_ingest.settings import Settings
from payments_ingest.sources.inbox import drop_refused
from payments_ingest.sources.spool import archived, folder
from payments_ingest.store import files
from payments_ingest.store import retention as store
from shared.calendar import OSLO
from shared.failpoints import reach
from shared.service import Service

AT_ONCE = 500


def forget_old(service: Service) -> int:
    """Delete the next of what is old enough, at most ``AT_ONCE`` rows; returns how much that was."""
    settings = deps_of(service).settings
    old = _old(service, settings)
    done = _next_file(service, settings, old) or _next_payout(service, settings, old) or _rows(service, old)
    with service.db.read() as tx:
        service.metrics.gauge("bank_files_past_retention", store.count_kept_longer(tx, old))
    return done


def _old(service: Service, settings: Settings) -> Retention:
    """What is old by both clocks: a sandbox whose date runs ahead, or lies years back, deletes nothing for that."""
    today = min(service.clock.today(), service.machine.now().astimezone(OSLO).date())
    return retention(today, voucher_years=settings.retention_years, rest_days=settings.refused_files_days)


def _next_file(service: Service, settings: Settings, old: Retention) -> int:
    with service.db.read() as tx:
        found = store.files_to_forget(tx, old, 1)
        file = files.find_file(tx, found[0]) if found else None
    if file is None:
        return 0
    with service.uow() as uow:
        blanked = store.blank_payers(uow.tx, file.file_id, AT_ONCE)
    if blanked:
        service.metrics.count("bank_forgotten_total", blanked, what="payer")
        return blanked
    _delete_bytes(service, settings, file)
    reach("payments-ingest.retention.deleted")
    with service.uow() as uow:
        store.mark_forgotten(uow.tx, file.file_id, uow.now)
    service.metrics.count("bank_forgotten_total", what="file")
    return 1


def _delete_bytes(service: Service, settings: Settings, file: BankFile) -> None:
    """Delete a file's bytes wherever they lie, unless another file with the same bytes needs them."""
    with service.db.read() as tx:
        needed = store.bytes_needed(tx, file.sha256, file.file_id)
    if not needed and file.sha256:
        archived(settings, file.sha256).unlink(missing_ok=True)
    drop_refused(settings, file.file_id)


def _next_payout(service: Service, settings: Settings, old: Retention) -> int:
    with service.db.read() as tx:
        found = store.payout_files_to_forget(tx, old.vouchers_before, 1)
    for file in found:
        (folder(settings, OUTBOX) / f"{file.message_id}.xml").unlink(missing_ok=True)
        with service.uow() as uow:
            store.mark_payout_forgotten(uow.tx, file.payout_file_id, uow.now)
        service.metrics.count("bank_forgotten_total", what="payout_file")
    return len(found)


def _rows(service: Service, old: Retention) -> int:
    with service.db.read() as tx:
        if not store.anything_old(tx, old.vouchers_before):
            return 0
    with service.uow() as uow:
        receivers = store.blank_receivers(uow.tx, old.vouchers_before, AT_ONCE)
        accounts = store.forget_accounts(uow.tx, old.vouchers_before, AT_ONCE)
    for what, count in (("receiver", receivers), ("account", accounts)):
        service.metrics.count("bank_forgotten_total", count, what=what)
    return receivers + accounts
