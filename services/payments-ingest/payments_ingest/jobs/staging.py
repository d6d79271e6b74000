"""Reads a file through once: every line is staged, every total proved; one that does not add up is refused whole."""

from __future__ import annotations

import logging
from itertools import islice

from sqlalchemy.exc import SQLAlchemyError

from payments_ingest.deps import deps_of
from payments_ingest.domain.files import BankFile, Source, Step
from payments_ingest.formats import HEAD_BYTES, FileRefused, FileReport, Problem, describe, detect, read
from payments_ingest.sources.inbox import open_regular, put_refused
from payments_ingest.sources.spool import archived
from payments_ingest.store import days, files
from payments_ingest.usecases.files import as_dicts, hold_unread, prove, refuse
from payments_ingest.usecases.staging import PAYMENT, to_staged
from shared.failpoints import reach
from shared.service import Service

STAGE_CHUNK = 2_000

log = logging.getLogger(__name__)


def stage_next(service: Service) -> int:
    """Stage the file that has waited longest; returns 1, or 0 when none waits.

    A process that dies meanwhile leaves staged lines behind; they are cleared and the file is read again.
    """
    with service.db.read() as tx:
        file = files.next_file(tx, Step.RECEIVED)
    if file is None:
        return 0
    started = service.machine.monotonic()
    _clear(service, file)
    try:
        report, staged = _stage(service, file)
    except FileRefused as refused:
        _refuse(service, file, refused)
        return 1
    except (OSError, SQLAlchemyError):
        raise  # the disk or the database, not the file: the same file is tried again
    except Exception:
        # A fault of the reader must not keep every other file waiting: a person looks at this one.
        log.exception("reading bank file %s failed", file.file_id)
        _clear(service, file)
        with service.uow() as uow:
            hold_unread(uow, file.file_id)
        return 1
    with service.uow() as uow:
        prove(uow, file.file_id, report, staged)
    service.nudge("release")
    service.metrics.observe("bank_file_seconds", service.machine.monotonic() - started, format=report.format)
    return 1


def _stage(service: Service, file: BankFile) -> tuple[FileReport, int]:
    """Stage every item in chunks; returns the report and how many payments there are to post."""
    settings = deps_of(service).settings
    source = open_regular(archived(settings, file.sha256))
    if source is None:
        raise FileRefused((Problem("not_archived", "file", "its bytes in the archive", "none"),))
    with source:
        head = source.read(HEAD_BYTES)
        file_format = detect(head)
        if file_format is None:
            wanted = "OCR giro, camt.053, camt.054 or pain.002"
            raise FileRefused((Problem("unknown_format", "file", wanted, describe(head)),))
        source.seek(0)
        items = read(source, file_format, accounts=_accounts(service), limits=settings.limits)
        place, payments, report = 0, 0, None
        while chunk := list(islice(items, STAGE_CHUNK)):
            report = chunk[-1] if isinstance(chunk[-1], FileReport) else None
            rows = [
                (place + at, *staged)
                for at, item in enumerate(chunk)
                if (staged := to_staged(item, file.file_id, file_format)) is not None
            ]
            place += len(chunk)
            payments += sum(what == PAYMENT for _, what, _ in rows)
            if rows:
                with service.uow() as uow:
                    files.stage(uow.tx, file.file_id, rows)
                reach("payments-ingest.staging.chunk")
    if report is None:
        raise FileRefused((Problem("no_report", "file", "a file that ends", "one that breaks off"),), file_format)
    return report, payments


def _accounts(service: Service) -> frozenset[str]:
    with service.db.read() as tx:
        return frozenset({*deps_of(service).settings.accounts, *days.bank_accounts(tx)})


def _clear(service: Service, file: BankFile) -> None:
    cleared = 1
    while cleared:
        with service.uow() as uow:
            cleared = files.clear_staged(uow.tx, file.file_id, STAGE_CHUNK)


def _refuse(service: Service, file: BankFile, refused: FileRefused) -> None:
    _clear(service, file)
    settings = deps_of(service).settings
    if file.source == Source.FOLDER:
        content = open_regular(archived(settings, file.sha256))
        put_refused(settings, file.file_id, file.name, content, as_dicts(refused.problems))
        if content is not None:
            content.close()
    with service.uow() as uow:
        refuse(uow, file.file_id, refused.problems, refused.format)
    service.metrics.count("bank_files_total", format=refused.format or "unknown", state="refused")
