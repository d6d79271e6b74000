"""Bank files for tests: OCR giro and camt put together and taken apart, and what a reader makes of any file."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from payments_ingest.formats import (
    DEFAULT_LIMITS,
    FileRefused,
    FileReport,
    IncomingPayment,
    Item,
    Limits,
    OcrPayment,
    detect,
    read,
)
from payments_ingest.formats.camt_write import (
    CamtAccount,
    CamtEntry,
    CamtTransaction,
    write_camt053,
    write_camt054,
)
from payments_ingest.formats.ocr_write import (
    Mandate,
    MandateAssignment,
    OcrAssignment,
    OcrTransmission,
    write_ocr,
)

ACCOUNT = "13150101837"
OTHER_ACCOUNT = "86011117947"
MONDAY = date(2026, 3, 2)


def ocr(*payments: OcrPayment, number: int = 17, line_end: str = "\n") -> bytes:
    """One transmission with one assignment."""
    return ocr_file(OcrAssignment(account=ACCOUNT, payments=payments), number=number, line_end=line_end)


def ocr_file(*assignments: OcrAssignment | MandateAssignment, number: int = 17, line_end: str = "\n") -> bytes:
    """One transmission with these assignments."""
    return write_ocr(
        OcrTransmission(number=number, produced_on=MONDAY, assignments=assignments),
        line_end=line_end,
    )


def mandates(*kids: str, number: int = 1) -> MandateAssignment:
    """AvtaleGiro mandates, as they stand between payments."""
    return MandateAssignment(account=ACCOUNT, mandates=tuple(Mandate(kid=kid) for kid in kids), number=number)


def edit(data: bytes, record: str, position: int, text: str, *, nth: int = 0) -> bytes:
    """Overwrites ``text`` at the specification's 1-based ``position`` of the ``nth`` record whose header ends so."""
    lines = data.split(b"\n")
    at = [i for i, line in enumerate(lines) if line[8 - len(record) : 8] == record.encode()][nth]
    new = text.encode("latin-1")
    lines[at] = lines[at][: position - 1] + new + lines[at][position - 1 + len(new) :]
    return b"\n".join(lines)


def drop(data: bytes, record: str, *, nth: int = 0) -> bytes:
    """Leaves out the ``nth`` record whose header ends so."""
    lines = data.split(b"\n")
    at = [i for i, line in enumerate(lines) if line[8 - len(record) : 8] == record.encode()][nth]
    return b"\n".join(lines[:at] + lines[at + 1 :])


def read_all(data: bytes, *, accounts: set[str] | None = None, limits: Limits = DEFAULT_LIMITS) -> list[Item]:
    """Everything the reader of the detected format yields, the report included."""
    file_format = detect(data)
    assert file_format is not None
    return list(read(io.BytesIO(data), file_format, accounts=accounts, limits=limits))


def payments_of(data: bytes) -> list[IncomingPayment]:
    """The incoming payments of a file that is accepted."""
    return [item for item in read_all(data) if isinstance(item, IncomingPayment)]


def report_of(data: bytes) -> FileReport:
    """The report of a file that is accepted."""
    report = read_all(data)[-1]
    assert isinstance(report, FileReport)
    return report


def warnings_of(data: bytes) -> list[str]:
    """The codes of what a file was accepted in spite of."""
    return [problem.code for problem in report_of(data).problems]


def errors_of(data: bytes, *, accounts: set[str] | None = None, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    """The codes of what a file is refused for."""
    try:
        read_all(data, accounts=accounts, limits=limits)
    except FileRefused as refused:
        return [problem.code for problem in refused.problems if problem.severity == "error"]
    raise AssertionError("the file was accepted")


CREATED = datetime.fromisoformat("2026-03-03T06:00:00")


def booked(*transactions: CamtTransaction, **fields: Any) -> CamtEntry:
    """A booked entry of Monday, with its bank reference."""
    return CamtEntry(**{"booked_on": MONDAY, "bank_ref": "B1", "transactions": transactions, **fields})


def camt054(*entries: CamtEntry, version: str = "08", page: tuple[int, bool] = (1, True), **fields: Any) -> bytes:
    """One notification of our account."""
    account = CamtAccount(**{"account": ACCOUNT, "entries": entries, **fields})
    return write_camt054(account, created=CREATED, version=version, page=page)


def camt053(*entries: CamtEntry, version: str = "08", page: tuple[int, bool] = (1, True), **fields: Any) -> bytes:
    """One statement of our account."""
    account = CamtAccount(**{"account": ACCOUNT, "entries": entries, **fields})
    return write_camt053(account, created=CREATED, version=version, page=page)
