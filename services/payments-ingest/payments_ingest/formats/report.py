"""What was wrong with a bank file, what was in it, and how much a reader accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from shared.errors import InkassoError


class Format(StrEnum):
    """The families of bank files we read."""

    OCR = "ocr"
    CAMT054 = "camt.054"
    CAMT053 = "camt.053"
    PAIN002 = "pain.002"


class Severity(StrEnum):
    """An error refuses the file; a warning is told and the file goes on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader accepts before it refuses: every bound of a file has a name.

    ``bytes`` of the unpacked file; ``payments``: lines that move money; ``problems``: told in one report before reading
    stops; ``held``: transactions of one batch kept back until the batch has been added up (larger batches are yielded
    at once and refuse the file when they do not add up); ``element``: bytes of XML without an element that is read;
    ``message``: characters of free text kept; ``references``: further references kept of one payment.
    """

    bytes: int = 50 * 1024 * 1024
    payments: int = 200_000
    assignments: int = 10_000
    problems: int = 100
    held: int = 2_000
    element: int = 1024 * 1024
    message: int = 1_000
    references: int = 50


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable ``code``, ``where`` ("line 12", "entry 3"), what was expected and what came.

    Never contains a name, an account of a payer, a KID or free text.
    """

    code: str
    where: str
    expected: str
    got: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: expected {self.expected}, got {self.got}"


class Page(NamedTuple):
    """Which page of several a message or a statement is. The pages of one share its ``identity`` and, where the bank
    pages messages, the ``message_id``.
    """

    number: int
    last: bool
    identity: str
    message_id: str

    @property
    def whole(self) -> bool:
        """Whether it is the only page."""
        return self.number == 1 and self.last


WHOLE = Page(1, True, "", "")


@dataclass(frozen=True, slots=True)
class Transmission:
    """The identity and totals of what the sender numbers: an OCR transmission, a camt notification or statement.

    ``key`` is the same for the same transmission under whatever file name: the same key with other content is a case
    for a person. ``number`` is the serial a gap would show in (None when the bank gives none).
    """

    key: str
    accounts: tuple[str, ...]
    number: int | None
    produced_on: date | None
    payments: int
    sum_ore: int  # credits less reversals
    page: Page = WHOLE


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something the file holds that is not ours to post, left out and counted."""

    what: str  # "service 21 type 24", "status PDNG", "account"
    where: str
    transactions: int
    records: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """The last item of every reading: what the file was and what it held, all totals verified."""

    format: Format
    version: str
    transmissions: tuple[Transmission, ...]
    credits: int
    credit_ore: int
    reversals: int
    reversal_ore: int
    debits: int
    debit_ore: int
    skipped: tuple[Skipped, ...]
    problems: tuple[Problem, ...]  # warnings only

    @property
    def payments(self) -> int:
        """How many incoming payments were yielded, reversals included."""
        return self.credits + self.reversals

    @property
    def sum_ore(self) -> int:
        """Credits less reversals, in øre."""
        return self.credit_ore - self.reversal_ore


class FileRefused(InkassoError):
    """The file must not be used at all: nothing that was yielded before may be kept.

    ``problems`` is everything found, errors first, at most ``Limits.problems`` long; ``format`` as far as it was known.
    """

    def __init__(self, problems: tuple[Problem, ...], file_format: Format | None = None) -> None:
        first = problems[0] if problems else Problem("refused", "file", "a bank file", "something else")
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first}{more}")
        self.problems = problems
        self.format = file_format


@dataclass(slots=True)
class ProblemLog:
    """Collects problems up to the limit, so that one reading tells all that is wrong."""

    file_format: Format
    limit: int
    problems: list[Problem] = field(default_factory=list)
    errors: int = 0
    untold_warnings: int = 0

    def error(self, code: str, where: str, expected: object, got: object) -> None:
        """Note an error; raises :class:`FileRefused` when the report is full."""
        self.errors += 1
        self.problems.append(Problem(code, where, _short(expected), _short(got)))
        if self.errors >= self.limit:
            stop = Problem("too_many_problems", where, f"fewer than {self.limit}", "reading stopped here")
            self.problems.append(stop)
            raise self.refusal()

    def note(self, code: str, where: str, expected: object, got: object) -> None:
        """Note a warning; those past the limit are counted only."""
        if len(self.problems) - self.errors >= self.limit:
            self.untold_warnings += 1
            return
        self.problems.append(Problem(code, where, _short(expected), _short(got), Severity.WARNING))

    def fatal(self, code: str, where: str, expected: object, got: object) -> FileRefused:
        """The refusal to raise when reading cannot go on."""
        self.errors += 1
        self.problems.append(Problem(code, where, _short(expected), _short(got)))
        return self.refusal()

    def refusal(self) -> FileRefused:
        """Everything found so far as one refusal, errors first."""
        ranked = sorted(self.problems, key=lambda p: p.severity is not Severity.ERROR)
        return FileRefused(tuple(ranked[: self.limit + 1]), self.file_format)

    def warnings(self) -> tuple[Problem, ...]:
        """The warnings of a file that is accepted; raises :class:`FileRefused` when there was any error."""
        if self.errors:
            raise self.refusal()
        if self.untold_warnings:
            more = f"{self.untold_warnings} more warnings"
            self.problems.append(Problem("untold_warnings", "file", "none", more, Severity.WARNING))
            self.untold_warnings = 0
        return tuple(self.problems)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
