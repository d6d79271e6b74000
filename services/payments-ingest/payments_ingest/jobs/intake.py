"""Takes files from the drop folder: claimed, archived, recorded."""

from __future__ import annotations

from payments_ingest.deps import deps_of
from payments_ingest.domain.files import BankFile, FileState, Source
from payments_ingest.formats import Problem
from payments_ingest.sources.inbox import Claimed, Inbox, open_regular, put_refused
from payments_ingest.sources.spool import Stored, store
from payments_ingest.usecases.files import Delivery, receive
from shared.failpoints import reach
from shared.service import Service

RECEIVER = "system:inbox"


def take_inbox(service: Service, inbox: Inbox) -> int:
    """Take what lies ready in the drop folder; returns how many files were recorded."""
    claimed = inbox.claim()
    for one in claimed:
        _take(service, one)
    if claimed:
        service.nudge("stage")
    return len(claimed)


def _take(service: Service, claimed: Claimed) -> None:
    settings = deps_of(service).settings
    source = open_regular(claimed.path)
    if source is None:
        problem = Problem("not_a_file", "file", "a regular file", "a link or something else")
        stored = Stored(sha256="", size_bytes=0, problem=problem)
    else:
        with source:
            stored = store(source, settings, claimed.file_id)
    reach("payments-ingest.inbox.archived")
    delivery = Delivery(
        file_id=claimed.file_id,
        name=claimed.name,
        source=Source.FOLDER,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        received_by=RECEIVER,
        problem=stored.problem,
    )
    with service.uow() as uow:
        file = receive(uow, delivery)
    if file.state == FileState.REFUSED:
        _lay_aside(service, claimed, file)
    claimed.path.unlink(missing_ok=True)
    if file.state in (FileState.REFUSED, FileState.DUPLICATE):
        service.metrics.count("bank_files_total", format="unknown", state=file.state)


def _lay_aside(service: Service, claimed: Claimed, file: BankFile) -> None:
    content = open_regular(claimed.path)
    put_refused(deps_of(service).settings, file.file_id, file.name, content, file.problems)
    if content is not None:
        content.close()
