"""Taking a file's bytes in: unpacked within limits, hashed, and archived under that hash before anyone acts on them.

The archive holds the plain bytes, mode 0600, named by their SHA-256; storing the same bytes twice stores them once.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from payments_ingest.formats import Problem
from payments_ingest.settings import Settings

CHUNK_BYTES = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS = 31

ARCHIVE = "archive"
PROCESSING = "processing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was taken in. ``problem``: it was refused at the door, and nothing is archived."""

    sha256: str
    size_bytes: int
    problem: Problem | None = None


class SourceRefused(Exception):
    """The bytes must not be taken in; says why."""

    def __init__(self, code: str, expected: str, got: str) -> None:
        super().__init__(code)
        self.problem = Problem(code, "file", expected, got)


def folder(settings: Settings, name: str) -> Path:
    """Return one of the bank folders, made if there is none."""
    path = settings.bank_dir / name
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def archived(settings: Settings, sha256: str) -> Path:
    """Return where the bytes of this hash lie."""
    return settings.bank_dir / ARCHIVE / sha256


def store(source: BinaryIO, settings: Settings, label: str) -> Stored:
    """Archive the plain bytes of an open file; ``label`` names its temporary copy (a file id).

    A file that is empty, too large, packed too hard or packed twice is not archived: the answer says why.
    """
    temporary = folder(settings, PROCESSING) / f"{label}.part"
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            for chunk in _plain(source, settings):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        if not size:
            raise SourceRefused("empty", "a file with content", "0 bytes")
        os.replace(temporary, folder(settings, ARCHIVE) / digest.hexdigest())
        sync(folder(settings, ARCHIVE))
    except SourceRefused as refused:
        temporary.unlink(missing_ok=True)
        return Stored(sha256=digest.hexdigest(), size_bytes=size, problem=refused.problem)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Stored(sha256=digest.hexdigest(), size_bytes=size)


def sync(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _plain(source: BinaryIO, settings: Settings) -> Iterator[bytes]:
    head = source.read(CHUNK_BYTES)
    chunks = _unpacked(head, source, settings) if head[:2] == GZIP_MAGIC else _as_is(head, source)
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > settings.file_max_bytes:
            raise SourceRefused("too_large", f"at most {settings.file_max_bytes} bytes unpacked", "more")
        yield chunk


def _as_is(head: bytes, source: BinaryIO) -> Iterator[bytes]:
    while head:
        yield head
        head = source.read(CHUNK_BYTES)


def _unpacked(head: bytes, source: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """Unpack one gzip member, counting what really comes out; raises SourceRefused for a bomb, a nest or a rest."""
    unpacker = zlib.decompressobj(wbits=GZIP_WBITS)
    packed = unpacked = 0
    while head and not unpacker.eof:
        packed += len(head)
        if packed > settings.gzip_max_bytes:
            raise SourceRefused("too_large", f"at most {settings.gzip_max_bytes} bytes packed", "more")
        for chunk in _inflate(unpacker, head):
            if not unpacked and chunk[:2] == GZIP_MAGIC:
                raise SourceRefused("gzip_nested", "one layer of gzip", "gzip inside gzip")
            unpacked += len(chunk)
            if unpacked > max(packed * settings.gzip_ratio_max, CHUNK_BYTES):
                raise SourceRefused("gzip_ratio", f"at most {settings.gzip_ratio_max} times the packed size", "more")
            yield chunk
        if not unpacker.eof:
            head = source.read(CHUNK_BYTES)
    if not unpacker.eof:
        raise SourceRefused("gzip", "a whole gzip file", "one that breaks off")
    if unpacker.unused_data or source.read(1):
        raise SourceRefused("gzip_rest", "one gzip member", "more bytes after it")


def _inflate(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """Unpack a piece, never more than a chunk at a time."""
    try:
        chunk = unpacker.decompress(packed, CHUNK_BYTES)
        while chunk:
            yield chunk
            chunk = unpacker.decompress(unpacker.unconsumed_tail, CHUNK_BYTES) if not unpacker.eof else b""
    except zlib.error:
        raise SourceRefused("gzip", "a whole gzip file", "a damaged one") from None
