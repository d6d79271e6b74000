"""Assignments of other services in an OCR giro file: left out, but counted, since the file's totals include them."""

from __future__ import annotations

from typing import NamedTuple

from payments_ingest.formats import ocr_layout as at
from payments_ingest.formats.ocr_run import Run, expect_number
from payments_ingest.formats.report import Skipped

MANDATES = "24"  # AvtaleGiro assignment type: the payers' mandates ("faste betalingsoppdrag")
MANDATE = "70"
#: AvtaleGiro (assignment type or transaction type, record) as the bank sends it; all else goes from payee to bank.
_INBOUND = {(MANDATES, "20"), ("94", MANDATE), (MANDATES, "88")}


class Outcome(NamedTuple):
    """What was skipped: ``handed`` is the line that belongs to the level above, ``stated_ore`` the end record's sum."""

    transactions: int
    stated_ore: int
    broken: bool
    handed: str


def skip_assignment(run: Run, start: str) -> Outcome:
    """Reads past an assignment of another service than OCR giro, proving its own counts.

    A payee's order to the bank in its place is refused: such a file is not ours to read.
    """
    service, first_line, blank_before = start[at.SERVICE], run.lines.number, run.lines.blank
    run.check_length(start)
    what = f"service {service} type {start[at.TYPE]}"
    if service != at.AVTALEGIRO_SERVICE:
        run.log.note("unknown_service", run.where(), "service 09 or 21", what)
    mandates = 0
    line: str | None = start
    while line is not None:
        if service == at.AVTALEGIRO_SERVICE and line[at.SERVICE] == service:
            _refuse_outbound(run, line)
        mandates += line[at.RECORD] == MANDATE
        if line[at.RECORD] == "88" and line[at.SERVICE] == service:
            return _close(run, what, line, mandates, run.records_since(first_line, blank_before))
        line = next(run.stream, None)
        if line is not None and _ends_above(run, line):
            break
    run.log.error("missing_end", run.where(), f"an end of assignment ({what})", "none")
    return Outcome(0, 0, True, line or "")


def _refuse_outbound(run: Run, line: str) -> None:
    if (line[at.TYPE], line[at.RECORD]) not in _INBOUND:
        raise run.log.fatal("outbound", run.where(), "AvtaleGiro mandates from the bank", f"{line[at.HEADER]!r}")


def _ends_above(run: Run, line: str) -> bool:
    """Whether a line can only stand outside the assignment."""
    if run.lines.is_blank(line):
        return False
    run.check_length(line)
    return line[at.RECORD] == "20" or line[at.HEADER] in ("NY000089", "NY000010")


def _close(run: Run, what: str, line: str, mandates: int, records: int) -> Outcome:
    run.expect("record_count", line[at.RECORD_COUNT], records)
    stated_count = expect_number(run, "transaction_count", line[at.TX_COUNT]) or 0
    if line[at.SERVICE] == at.AVTALEGIRO_SERVICE and stated_count != mandates:
        run.log.error("transaction_count", run.where(), mandates, stated_count)
    total = line[at.TOTAL]
    run.skipped.append(Skipped(what, run.where(), stated_count, records))
    return Outcome(stated_count, int(total) if total.isdecimal() else 0, False, "")
