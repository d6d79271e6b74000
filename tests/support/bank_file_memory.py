"""Reads one enormous bank message, made on the fly, and prints its outcome and by how many MiB the process grew.

python -m support.bank_file_memory elements|entries|statements|nesting|text|remarks|transactions
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from support.bank_files import booked, camt053, camt054

from payments_ingest.formats import FileRefused, Limits, detect, read
from payments_ingest.formats.camt_write import CamtTransaction

ENTRY = camt054(booked(CamtTransaction(amount_ore=1, texts=("sak 12",))), summary=False)
STATEMENT = camt053(booked(CamtTransaction(amount_ore=1)), summary=False)
MEGABYTES = 12


def parts(attack: str) -> Iterator[bytes]:
    """The message, in pieces."""
    if attack == "statements":
        start, end = STATEMENT.index(b"<Stmt>"), STATEMENT.index(b"</Stmt>") + 7
        yield STATEMENT[:start]
        for number in range(MEGABYTES * 1024 * 1024 // (end - start)):
            yield STATEMENT[start:end].replace(b"<Id>1<", b"<Id>%d<" % number)
        yield STATEMENT[end:]
        return
    element = b"TxDtls" if attack == "transactions" else b"Ntry"
    start, end = ENTRY.index(b"<%s>" % element), ENTRY.index(b"</%s>" % element) + len(element) + 3
    filling = {
        "elements": b"<a/>",
        "entries": ENTRY[start:end],
        "nesting": b"<a>",
        "text": b"x",
        "remarks": b"<!---->",
        "transactions": ENTRY[start:end],
    }[attack]
    times = 1_000_000 // len(filling)
    yield ENTRY[:start].replace(b">0.01<", b">%d.%02d<" % divmod(MEGABYTES * times, 100), 1)
    for _ in range(MEGABYTES):
        yield filling * times
    yield ENTRY[start:end] if attack not in ("entries", "transactions") else b""
    yield ENTRY[end:]


class Source(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, attack: str) -> None:
        self._parts = parts(attack)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def peak_kib() -> int:
    """The most memory this process has held; unlike getrusage it does not begin with what its parent held."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def main(attack: str) -> None:
    data = STATEMENT if attack == "statements" else ENTRY
    file_format = detect(data)
    assert file_format is not None
    list(read(io.BytesIO(data), file_format))
    before = peak_kib()
    limits = Limits(bytes=100 * 1024 * 1024, payments=10**6, assignments=10**6)
    try:
        for _ in read(Source(attack), file_format, limits=limits):
            pass
        outcome = "accepted"
    except FileRefused:
        outcome = "refused"
    print(outcome, (peak_kib() - before) // 1024)


if __name__ == "__main__":
    main(sys.argv[1])
