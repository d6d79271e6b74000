"""A bank file's life: what people see of it, how far the work is, and the label it is shown under."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.party import mask

NAME_MAX = 100
_UNSAFE = re.compile(r"[^0-9A-Za-zÆØÅæøå._+-]+")


class FileState(StrEnum):
    """What became of a file. ``HELD``: a transmission known already came with other bytes; a person decides."""

    PROCESSING = "processing"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    HELD = "held"


class Step(StrEnum):
    """How far the work on a file is: bytes stored, totals proved and lines waiting to be released, nothing left."""

    RECEIVED = "received"
    STAGED = "staged"
    HELD = "held"
    DONE = "done"


class Source(StrEnum):
    """Where a file came from."""

    UPLOAD = "upload"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A delivered file as it is recorded. Counts are of payments: staged (read), released, queued and linked of these.

    ``amount_ore`` is credits less reversals; ``problems`` are what was wrong or odd, each with code, where, expected,
    got and severity.
    """

    file_id: str
    name: str
    source: str
    sha256: str
    size_bytes: int
    received_at: datetime
    received_by: str
    state: str
    step: str
    format: str | None
    version: str | None
    payment_count: int
    amount_ore: int
    staged_count: int
    released_count: int
    queued_count: int
    linked_count: int
    problems: list[dict[str, Any]]
    skipped: list[dict[str, Any]]
    duplicate_of: str | None
    decided_by: str | None
    finished_at: datetime | None

    @property
    def progress_percent(self) -> int:
        """How much of the work is done, 0 to 100."""
        if self.step == Step.DONE:
            return 100
        if self.step == Step.RECEIVED or not self.staged_count:
            return 0
        return self.released_count * 100 // self.staged_count


def outcome(queued: int) -> FileState:
    """Return what a released file is: partly accepted when lines of it wait for a person."""
    return FileState.PARTLY_ACCEPTED if queued else FileState.ACCEPTED


def safe_name(name: str) -> str:
    """Return a file's name as it may be shown and stored: no path, no odd characters, no national id, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", mask(last)).strip("._")[-NAME_MAX:] or "file"
