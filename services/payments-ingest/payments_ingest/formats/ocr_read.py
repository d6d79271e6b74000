"""Reads OCR giro ("OCR giro innbetalinger"): the file of KID payments that Nets makes for the payee.

Transmission (10 … 89) → assignment of one account (20 … 88) → transaction (30, 31 and, with free text, 32). Every
count, sum and date of the end records is verified against what was read. What other services send in the same file
(AvtaleGiro mandates) is skipped, and counted all the same, since the transmission's totals include it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Set
from dataclasses import dataclass, field
from typing import BinaryIO

from payments_ingest.formats import ocr_layout as at
from payments_ingest.formats.items import IncomingPayment
from payments_ingest.formats.ocr_assignment import AssignmentReader
from payments_ingest.formats.ocr_run import Run, expect_number
from payments_ingest.formats.ocr_skip import skip_assignment
from payments_ingest.formats.report import DEFAULT_LIMITS, FileReport, Format, Limits, Transmission

VERSION = "2.0"

Payments = Generator[IncomingPayment, None, str]  # returns the line that belongs to the level above, "" for none


def read_ocr(
    source: BinaryIO, *, accounts: Set[str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[IncomingPayment | FileReport]:
    """Yields the payments of an OCR giro file and, when every total agrees, its report.

    ``accounts``: payments to any other account refuse the file (None: any account). Several transmissions in one file
    are all read. Raises :class:`FileRefused` with everything that was wrong.
    """
    run = Run.start(source, accounts, limits)
    transmissions: dict[str, Transmission] = {}
    for line in run.stream:
        if run.lines.is_blank(line):
            continue
        if line[at.HEADER] != "NY000010":
            raise run.log.fatal("not_a_start", run.where(), "a start of transmission (NY000010)", _shown(line))
        done = yield from _TransmissionReader(run, line).read()
        if done.key in transmissions:
            run.log.error("transmission_twice", run.where(), "each transmission once", f"number {done.number} again")
        transmissions[done.key] = done
    if not transmissions:
        run.log.error("empty", "file", "a transmission", "nothing")
    yield FileReport(
        format=Format.OCR,
        version=VERSION,
        transmissions=tuple(transmissions.values()),
        credits=run.credits,
        credit_ore=run.credit_ore,
        reversals=run.reversals,
        reversal_ore=run.reversal_ore,
        debits=0,
        debit_ore=0,
        skipped=tuple(run.skipped),
        problems=run.log.warnings(),
    )


@dataclass(slots=True)
class _TransmissionReader:
    """One transmission: dispatches to its assignments and proves its end record."""

    run: Run
    start: str
    key: str = ""
    number: int | None = None
    first_line: int = 0
    blank_before: int = 0
    transactions: int = 0
    control_ore: int = 0
    unproved_ore: int = 0
    net_ore: int = 0
    payments: int = 0
    assignments: int = 0
    broken: bool = False
    accounts: dict[str, None] = field(default_factory=dict)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self) -> Generator[IncomingPayment, None, Transmission]:
        """Yields the payments up to the end record; returns the transmission's identity and totals."""
        self._open()
        line = next(self.run.stream, None)
        while line is not None:
            record = line[at.RECORD]
            if line[at.HEADER] == "NY000089":
                return self._close(line)
            handed = ""
            if line[at.HEADER] == "NY090020":
                handed = yield from self._assignment(line)
            elif record == "20":
                handed = self._skip(line)
            elif not self.run.lines.is_blank(line):
                self._stray(line)
            line = handed or next(self.run.stream, None)
        raise self.run.log.fatal("missing_end", "end of file", "an end of transmission (NY000089)", "end of file")

    def _open(self) -> None:
        run, line = self.run, self.start
        self.first_line, self.blank_before = run.lines.number, run.lines.blank
        run.check_length(line)
        sender, recipient = line[at.SENDER], line[at.RECIPIENT]
        if recipient == at.BANK and sender != at.BANK:
            raise run.log.fatal("outbound", run.where(), f"a file from {at.BANK}", "a file to it (payee to bank)")
        if sender != at.BANK:
            run.log.note("transmitter", run.where(), at.BANK, sender)
        self.number = expect_number(run, "transmission number", line[at.TRANSMISSION_NO])
        self.key = f"{sender}/{recipient}/{line[at.TRANSMISSION_NO]}"

    def _assignment(self, line: str) -> Payments:
        self._count_assignment()
        same = (line[at.ASSIGNMENT_NO], line[at.ACCOUNT])
        self.seen[same] = again = self.seen.get(same, 0) + 1
        if again > 1:
            self.run.log.note("assignment_number_twice", self.run.where(), "each assignment number once", same[0])
        key = f"{self.key}/{same[0]}/{same[1]}" + (f"~{again}" if again > 1 else "")
        reader = AssignmentReader(self.run, key, line)
        handed = yield from reader.read()
        self.accounts[same[1]] = None
        self.transactions += reader.count
        self.control_ore += reader.control_ore
        self.net_ore += reader.credit_ore - reader.reversal_ore
        self.payments += reader.credits + reader.reversals
        self.broken |= reader.broken
        return handed

    def _skip(self, line: str) -> str:
        self._count_assignment()
        outcome = skip_assignment(self.run, line)
        self.transactions += outcome.transactions
        self.unproved_ore += outcome.stated_ore
        self.broken |= outcome.broken
        return outcome.handed

    def _count_assignment(self) -> None:
        self.assignments += 1
        if self.assignments > self.run.limits.assignments:
            most = f"at most {self.run.limits.assignments} assignments"
            raise self.run.log.fatal("too_many_assignments", self.run.where(), most, "more")

    def _stray(self, line: str) -> None:
        self.broken = True
        self.run.log.error("unexpected_record", self.run.where(), "the start of an assignment", _shown(line))

    def _close(self, line: str) -> Transmission:
        run = self.run
        run.check_length(line)
        produced_on = at.parse_date(line[at.END_DATE])
        if produced_on is None and (self.payments or line[at.END_DATE] != "000000"):
            run.log.note("end_date", run.where(), "the day the transmission was made (DDMMYY)", "no date")
        if not self.broken:
            run.expect("transaction_count", line[at.TX_COUNT], self.transactions)
            run.expect("record_count", line[at.RECORD_COUNT], run.records_since(self.first_line, self.blank_before))
            self._check_total(line[at.TOTAL])
        return Transmission(
            key=f"{self.key}/{produced_on.isoformat() if produced_on else '-'}",
            accounts=tuple(self.accounts),
            number=self.number,
            produced_on=produced_on,
            payments=self.payments,
            sum_ore=self.net_ore,
        )

    def _check_total(self, stated: str) -> None:
        """The sum of the assignments; what a skipped service states as its own sum may be part of it."""
        total = expect_number(self.run, "total amount", stated)
        proved = self.control_ore
        if total is not None and total not in (abs(proved), abs(proved + self.unproved_ore)):
            self.run.log.error("total_amount", self.run.where(), proved, total)


def _shown(line: str) -> str:
    """A record's header only: the rest may name people."""
    return f"{line[at.HEADER]!r}" if line[:2] == "NY" else f"a line of {len(line)} characters"
