"""The bank's file formats: OCR giro, camt.054, camt.053, pain.001 and pain.002.

A reader takes an open binary file and yields items as it goes, in constant memory; the last item is the
:class:`FileReport`. Every count, sum and date the file states is verified on the way, so items may be staged while
they come, but nothing may be released before the report has arrived: a file that does not add up raises
:class:`FileRefused` with a whole list of what was wrong, usually at its end. Readers know nothing of claims or cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import BinaryIO, Protocol

from payments_ingest.formats.bank_text import bank_reference, bank_text, own_identity
from payments_ingest.formats.camt053_read import read_camt053
from payments_ingest.formats.camt054_read import read_camt054
from payments_ingest.formats.detection import HEAD_BYTES, describe, detect
from payments_ingest.formats.items import (
    MANUAL,
    DaySum,
    DebitLine,
    Flag,
    IncomingPayment,
    Kind,
    PayoutStatus,
    ReturnInfo,
    StatementControl,
    StatementLine,
    StatusScope,
)
from payments_ingest.formats.ocr_read import read_ocr
from payments_ingest.formats.ocr_write import OcrPayment, make_ocr_file
from payments_ingest.formats.pain001_write import (
    Payout,
    PayoutOrder,
    Unpayable,
    execution_day,
    stable_message_id,
    unpayable,
    write_pain001,
)
from payments_ingest.formats.pain002_read import read_pain002
from payments_ingest.formats.report import (
    DEFAULT_LIMITS,
    FileRefused,
    FileReport,
    Format,
    Limits,
    Problem,
    Severity,
    Skipped,
    Transmission,
)

Item = IncomingPayment | DebitLine | StatementLine | StatementControl | PayoutStatus | FileReport


class Reader(Protocol):
    """Reads one format.

    ``accounts`` are the accounts that are ours: money reported on another refuses the file (a statement of another is
    skipped and counted); None accepts any.
    """

    def __call__(
        self, source: BinaryIO, *, accounts: Set[str] | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[Item]:
        """Yield the items of ``source``, the :class:`FileReport` last; raise :class:`FileRefused`."""
        ...


_READERS: dict[Format, Reader] = {
    Format.OCR: read_ocr,
    Format.CAMT054: read_camt054,
    Format.CAMT053: read_camt053,
    Format.PAIN002: read_pain002,
}


def read(
    source: BinaryIO,
    file_format: Format,
    *,
    accounts: Set[str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Item]:
    """Reads a file of a detected format: see :class:`Reader`."""
    return _READERS[file_format](source, accounts=accounts, limits=limits)


__all__ = [
    "DEFAULT_LIMITS",
    "HEAD_BYTES",
    "MANUAL",
    "DaySum",
    "DebitLine",
    "FileRefused",
    "FileReport",
    "Flag",
    "Format",
    "IncomingPayment",
    "Item",
    "Kind",
    "Limits",
    "OcrPayment",
    "Payout",
    "PayoutOrder",
    "PayoutStatus",
    "Problem",
    "Reader",
    "ReturnInfo",
    "Severity",
    "Skipped",
    "StatementControl",
    "StatementLine",
    "StatusScope",
    "Transmission",
    "Unpayable",
    "bank_reference",
    "bank_text",
    "describe",
    "detect",
    "execution_day",
    "make_ocr_file",
    "own_identity",
    "read",
    "read_camt053",
    "read_camt054",
    "read_ocr",
    "read_pain002",
    "stable_message_id",
    "unpayable",
    "write_pain001",
]
