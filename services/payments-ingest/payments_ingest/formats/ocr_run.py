"""What the levels of one OCR giro reading share: the lines, the limits, the problems and the running totals."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import BinaryIO

from payments_ingest.formats import ocr_layout as at
from payments_ingest.formats.ocr_lines import Lines
from payments_ingest.formats.report import Format, Limits, ProblemLog, Skipped


@dataclass(slots=True)
class Run:
    """One reading of one file."""

    lines: Lines
    stream: Iterator[str]
    log: ProblemLog
    limits: Limits
    accounts: Set[str] | None
    transactions: int = 0
    credits: int = 0
    credit_ore: int = 0
    reversals: int = 0
    reversal_ore: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @classmethod
    def start(cls, source: BinaryIO, accounts: Set[str] | None, limits: Limits) -> Run:
        """A reading that has not read anything yet."""
        log = ProblemLog(Format.OCR, limits.problems)
        lines = Lines(source, log, limits)
        return cls(lines, lines.stream(), log, limits, accounts)

    def where(self) -> str:
        """The line read last, for a problem."""
        return f"line {self.lines.number}"

    def records_since(self, first_line: int, blank_before: int) -> int:
        """How many records stand from ``first_line`` to the line read last, both included."""
        return self.lines.number - first_line + 1 - (self.lines.blank - blank_before)

    def check_length(self, line: str) -> bool:
        """Whether a record has its 80 characters; an error is noted when not."""
        if len(line) == at.LENGTH:
            return True
        self.log.error("record_length", self.where(), at.LENGTH, len(line))
        return False

    def expect(self, code: str, stated: str, counted: int) -> None:
        """Compares a numeric field of an end record with what was counted."""
        number = expect_number(self, code, stated)
        if number is not None and number != counted:
            self.log.error(code, self.where(), counted, number)


def expect_number(run: Run, what: str, text: str) -> int | None:
    """The value of a numeric field, None (and an error noted) when it is no number."""
    if text.isdecimal():
        return int(text)
    run.log.error("not_a_number", run.where(), f"digits ({what})", "other characters")
    return None
