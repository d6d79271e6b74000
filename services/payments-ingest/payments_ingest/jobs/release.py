"""Releases staged files, a batch a transaction."""

from __future__ import annotations

from payments_ingest.deps import deps_of
from payments_ingest.domain.files import Step
from payments_ingest.store import files
from payments_ingest.usecases.release import release_batch
from shared.service import Service


def release_next(service: Service) -> int:
    """Release the next batch of the file that has waited longest; returns how many lines, 1 when it finished one."""
    with service.db.read() as tx:
        file = files.next_file(tx, Step.STAGED)
    if file is None:
        return 0
    deps = deps_of(service)
    with service.uow() as uow:
        released = release_batch(uow, deps, file.file_id, deps.settings.release_batch)
    for result, count in released.results.items():
        service.metrics.count("bank_matches_total", count, result=result)
    for kind, count in released.kinds.items():
        service.metrics.count("bank_payments_total", count, kind=kind)
    if released.finished is not None:
        state = released.finished.state
        service.metrics.count("bank_files_total", format=file.format or "unknown", state=state)
    return released.lines or int(released.finished is not None)
