"""A file's way in: recorded, proved by its own totals, or refused whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from payments_ingest.domain.files import BankFile, FileState, Step
from payments_ingest.formats import FileReport, Format, Problem, Transmission
from payments_ingest.store import files
from payments_ingest.store.pages import put_pages
from shared.errors import Conflict, NotFound
from shared.uow import Uow

PROBLEMS_MAX = 100
POSTING = (Format.OCR, Format.CAMT054)
SKIPPED_MAX = 100
CLEARED_AT_ONCE = 5_000
PAGE_CHARS = 12
KEY_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A file that came: where from, its label, its plain bytes' identity; ``problem`` refuses it at the door."""

    file_id: str
    name: str
    source: str
    sha256: str
    size_bytes: int
    received_by: str
    problem: Problem | None = None


def receive(uow: Uow, delivery: Delivery) -> BankFile:
    """Record a delivery, once per ``file_id``. The same bytes again are a duplicate of the file that holds them."""
    row = _row(uow, delivery)
    if delivery.problem is not None:
        row.update(state=FileState.REFUSED, step=Step.DONE, active_sha256=None, finished_at=uow.now)
        row["problems"] = [as_dict(delivery.problem)]
    if not files.insert_file(uow.tx, row) and files.find_file(uow.tx, delivery.file_id) is None:
        first = files.find_active(uow.tx, delivery.sha256)
        row.update(state=FileState.DUPLICATE, step=Step.DONE, active_sha256=None, finished_at=uow.now)
        row["duplicate_of"] = first.file_id if first else None
        files.insert_file(uow.tx, row)
    return _recorded(uow, delivery.file_id)


def prove(uow: Uow, file_id: str, report: FileReport, staged: int) -> BankFile:
    """Note that a file's totals are right and its lines may be released; ``staged`` of them are payments to post.

    A transmission that came before with other bytes holds the file for a person instead. Statements and receipts post
    nothing.
    """
    file = _recorded(uow, file_id)
    if file.step != Step.RECEIVED:
        return file
    values: dict[str, Any] = {
        "format": report.format,
        "version": report.version,
        "payment_count": report.payments if report.format in POSTING else 0,
        "staged_count": staged,
        "amount_ore": report.sum_ore if report.format in POSTING else 0,
        "skipped": [
            {"what": s.what, "where": s.where, "transactions": s.transactions, "records": s.records}
            for s in report.skipped[:SKIPPED_MAX]
        ],
    }
    known = files.known_transmissions(uow.tx, {_key(file, report, one) for one in report.transmissions})
    problems = list(report.problems)
    if known:
        problems = [_known_problem(key, known[key]) for key in sorted(known)] + problems
        files.update_file(uow.tx, file_id, **values, problems=as_dicts(problems), state=FileState.HELD, step=Step.HELD)
    else:
        _record_transmissions(uow, file, report)
        files.update_file(uow.tx, file_id, **values, problems=as_dicts(problems), step=Step.STAGED)
    return _recorded(uow, file_id)


def refuse(uow: Uow, file_id: str, problems: Sequence[Problem], file_format: str | None) -> BankFile:
    """Refuse a file whole; its bytes may come again (a setting may have been wrong)."""
    file = _recorded(uow, file_id)
    if file.step == Step.DONE:
        return file
    files.update_file(
        uow.tx,
        file_id,
        state=FileState.REFUSED,
        step=Step.DONE,
        active_sha256=None,
        format=file_format or file.format,
        problems=as_dicts(problems),
        finished_at=uow.now,
    )
    return _recorded(uow, file_id)


def hold_unread(uow: Uow, file_id: str) -> None:
    """Hold a file that our reader failed on, through no fault that it could name: a person may have it read again."""
    problem = Problem("reader_failed", "file", "to be read or refused with reasons", "a fault of ours")
    files.update_file(uow.tx, file_id, state=FileState.HELD, step=Step.HELD, format=None, problems=[as_dict(problem)])


def decide(uow: Uow, file_id: str, outcome: Literal["release", "refuse"], *, who: str) -> BankFile:
    """Decide a held file: release its lines (equal ones go to the queue as possible duplicates) or refuse it.

    One that could not be read has no lines yet: releasing it reads it again.

    Raises NotFound, and Conflict when it is not held.
    """
    file = files.lock_file(uow.tx, file_id)
    if file is None:
        raise NotFound("bank file")
    if file.step != Step.HELD:
        raise Conflict("not-held", f"bank file: expected one that is held for a person, got {file.state}")
    if outcome == "release":
        step = Step.RECEIVED if file.format is None else Step.STAGED
        files.update_file(uow.tx, file_id, state=FileState.PROCESSING, step=step, decided_by=who)
    else:
        while files.clear_staged(uow.tx, file_id, CLEARED_AT_ONCE):
            continue
        files.update_file(
            uow.tx,
            file_id,
            state=FileState.REFUSED,
            step=Step.DONE,
            active_sha256=None,
            decided_by=who,
            finished_at=uow.now,
        )
    return _recorded(uow, file_id)


def as_dict(problem: Problem) -> dict[str, str]:
    """Return a problem as it is stored and shown."""
    return {
        "code": problem.code,
        "where": problem.where,
        "expected": problem.expected,
        "got": problem.got,
        "severity": str(problem.severity),
    }


def as_dicts(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return problems as they are stored and shown, at most ``PROBLEMS_MAX``."""
    return [as_dict(problem) for problem in problems][:PROBLEMS_MAX]


def _known_problem(key: str, file_id: str) -> Problem:
    return Problem("transmission_known", f"transmission {key}", "one that is new", f"the one of file {file_id}")


def _key(file: BankFile, report: FileReport, one: Transmission) -> str:
    """A transmission's identity among all formats. Pages share the bank's key: a page is known by its bytes too."""
    page = "" if one.page.whole else f"#{file.sha256[:PAGE_CHARS]}"
    return f"{report.format}:{one.key}{page}"[:KEY_MAX]


def _series(report: FileReport, one: Transmission) -> str | None:
    """What the number of an OCR transmission counts within: its key without number and date."""
    if report.format is not Format.OCR or one.number is None:
        return None
    return f"{report.format}:{one.key.rsplit('/', 2)[0]}"


def _record_transmissions(uow: Uow, file: BankFile, report: FileReport) -> None:
    rows = [
        {
            "key": _key(file, report, one),
            "account": account,
            "file_id": file.file_id,
            "series": _series(report, one),
            "number": one.number,
            "produced_on": one.produced_on,
            "payment_count": one.payments,
            "sum_ore": one.sum_ore,
        }
        for one in report.transmissions
        for account in one.accounts or ("",)
    ]
    files.insert_transmissions(uow.tx, rows)
    pages = [
        {
            "family": report.format,
            "account": account,
            "identity": one.page.identity,
            "page": one.page.number,
            "is_last": one.page.last,
            "message_id": one.page.message_id,
            "file_id": file.file_id,
            "sums": {},
        }
        for one in report.transmissions
        for account in one.accounts
        if not one.page.whole
    ]
    put_pages(uow.tx, pages)


def _recorded(uow: Uow, file_id: str) -> BankFile:
    file = files.find_file(uow.tx, file_id)
    if file is None:
        raise NotFound("bank file")
    return file


def _row(uow: Uow, delivery: Delivery) -> dict[str, Any]:
    return {
        "file_id": delivery.file_id,
        "name": delivery.name,
        "source": delivery.source,
        "sha256": delivery.sha256,
        "active_sha256": delivery.sha256,
        "size_bytes": delivery.size_bytes,
        "received_at": uow.now,
        "received_by": delivery.received_by,
        "state": FileState.PROCESSING,
        "step": Step.RECEIVED,
        "format": None,
        "version": None,
        "payment_count": 0,
        "amount_ore": 0,
        "staged_count": 0,
        "released_count": 0,
        "queued_count": 0,
        "linked_count": 0,
        "problems": [],
        "skipped": [],
        "duplicate_of": None,
        "decided_by": None,
        "finished_at": None,
    }
