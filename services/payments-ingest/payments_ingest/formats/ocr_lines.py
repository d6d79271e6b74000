"""The lines of a fixed-width file, streamed: one chunk in memory, whatever the file's size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from payments_ingest.formats.detection import BOM
from payments_ingest.formats.report import Limits, ProblemLog

CHUNK_BYTES = 64 * 1024
MAX_LINE = 1_000
_ENDINGS = "\r\x1a"


class Lines:
    """Gives out the lines of ``source`` as ISO-8859-1 text: every byte one character, none of them lost.

    Splits on line feeds only, since other characters that Unicode calls line breaks (byte 85) occur in names. CRLF, a
    leading BOM, a missing last line feed and an end-of-file mark (1A) are accepted. ``number`` is the line given out
    last, from 1; ``blank`` how many of them hold no record.
    """

    def __init__(self, source: BinaryIO, log: ProblemLog, limits: Limits) -> None:
        self._source = source
        self._log = log
        self._limits = limits
        self._text = ""  # whole lines, the next of which begins at self._at
        self._at = 0
        self._fresh = False
        self._text = ""
        self._begin = self._at = 0
        self._fresh = False
        self.number = 0
        self.blank = 0

    def stream(self) -> Iterator[str]:
        """The lines in order, without their ends; raises :class:`FileRefused` for a file or a line that is too long."""
        for block in self._blocks():
            self._text, self._at, self._fresh = block, 0, True
            while self._at < len(self._text):
                self._begin = self._at
                end = self._text.index("\n", self._begin)
                self._at = end + 1
                self.number += 1
                yield self._text[self._begin : end]

    def fresh(self) -> tuple[str, int] | None:
        """The lines in memory, and where the one given out last begins; None when they were asked for before."""
        fresh, self._fresh = self._fresh, False
        return (self._text, self._begin) if fresh else None

    def continue_at(self, place: int) -> None:
        """Passes over lines in memory up to ``place``, which the caller has read and counts himself."""
        self._at = place

    def is_blank(self, line: str) -> bool:
        """Whether a line holds nothing (and is then counted as such)."""
        empty = not line.strip(" \r\x1a")
        self.blank += empty
        return empty

    def _blocks(self) -> Iterator[str]:
        """Some hundreds of whole lines at a time."""
        rest = ""
        for chunk in self._chunks():
            text = rest + chunk.decode("latin-1")
            if "\r" in text:
                text = text.replace("\r\n", "\n")
            whole = text.rfind("\n") + 1
            rest = text[whole:]
            if len(rest) > MAX_LINE:
                raise self._log.fatal("line_too_long", "a line", "80 characters", f"more than {MAX_LINE}")
            yield text[:whole]
        rest = rest.rstrip(_ENDINGS)
        if rest:
            yield f"{rest}\n"

    def _chunks(self) -> Iterator[bytes]:
        size = 0
        while chunk := self._source.read(CHUNK_BYTES):
            if not size:
                chunk = chunk.removeprefix(BOM)
            size += len(chunk)
            if size > self._limits.bytes:
                raise self._log.fatal("file_too_large", "file", f"at most {self._limits.bytes} bytes", "more")
            yield chunk
