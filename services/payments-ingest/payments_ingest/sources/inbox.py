"""The drop folder ``bank/inbox``: who writes there is not trusted.

A writer uses a name ending in ``.part`` (or starting with a dot) and renames when it is done. Only regular files of
the folder's own device are taken, never through a link, and only when they have lain unchanged for a while. A file is
claimed by renaming it into ``processing`` under its new id, so that one reader takes it, and taken up again from there
after a crash.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from payments_ingest.domain.files import safe_name
from payments_ingest.settings import Settings
from payments_ingest.sources.spool import PROCESSING, folder
from shared.clock import Machine
from shared.ids import uuid7

INBOX = "inbox"
REFUSED = "refused"
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
FILES_AT_ONCE_MAX = 100
LEFTOVER_S = 86_400
_UUID_CHARS = 36
_BETWEEN = "__"

Look = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A file that is ours alone: its id, its label, and where it lies."""

    file_id: str
    name: str
    path: Path


class Inbox:
    """Watches the drop folder. Remembers when it first saw each file as it is now."""

    def __init__(self, settings: Settings, machine: Machine) -> None:
        self._settings = settings
        self._machine = machine
        self._since: dict[str, tuple[Look, float]] = {}

    def waiting(self) -> int:
        """Count the files that will be taken: those that lie in the folder, and those claimed and not recorded."""
        return len(_candidates(folder(self._settings, INBOX))) + len(list(self._claimed()))

    def claim(self) -> list[Claimed]:
        """Claim what has lain unchanged long enough, at most ``FILES_AT_ONCE_MAX``; earlier claims come first."""
        self._sweep()
        claimed = list(self._claimed())
        source = folder(self._settings, INBOX)
        now = self._machine.monotonic()
        seen: dict[str, tuple[Look, float]] = {}
        for name, look in _candidates(source).items():
            before = self._since.get(name)
            if before is None or before[0] != look:
                seen[name] = (look, now)
            elif now - before[1] < self._settings.inbox_settle_s or len(claimed) >= FILES_AT_ONCE_MAX:
                seen[name] = before
            else:
                claimed.append(self._take(source / name))
        self._since = seen
        return claimed

    def _take(self, path: Path) -> Claimed:
        file_id, name = uuid7(self._machine), safe_name(path.name)
        target = folder(self._settings, PROCESSING) / f"{file_id}{_BETWEEN}{name}"
        os.rename(path, target)
        return Claimed(file_id=file_id, name=name, path=target)

    def _sweep(self) -> None:
        """Remove temporary copies that a process which died left behind."""
        now = self._machine.now().timestamp()
        for path in folder(self._settings, PROCESSING).iterdir():
            try:
                if path.suffix in (".part", ".upload") and now - path.stat().st_mtime > LEFTOVER_S:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _claimed(self) -> Iterator[Claimed]:
        for path in sorted(folder(self._settings, PROCESSING).iterdir()):
            file_id, between, name = path.name.partition(_BETWEEN)
            if between and len(file_id) == _UUID_CHARS:
                yield Claimed(file_id=file_id, name=name, path=path)


def _candidates(path: Path) -> dict[str, Look]:
    """Return what could be taken from a folder: regular files on its device, finished by their name."""
    device = path.stat().st_dev
    found: dict[str, Look] = {}
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_dev == device:
                found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def open_regular(path: Path) -> BinaryIO | None:
    """Open a file for reading; None when it is a link, a device, a pipe or gone (it may have been swapped)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def drop_refused(settings: Settings, file_id: str) -> None:
    """Delete a refused file and its report, if they were laid aside."""
    for path in folder(settings, REFUSED).glob(f"{file_id}-*"):
        path.unlink(missing_ok=True)


def put_refused(
    settings: Settings, file_id: str, name: str, content: BinaryIO | None, problems: Sequence[Mapping[str, Any]]
) -> None:
    """Lay a refused file where its sender finds it, with what was wrong beside it; harmless when done twice."""
    target = folder(settings, REFUSED) / f"{file_id}-{name}"
    if content is not None:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while chunk := content.read(256 * 1024):
                file.write(chunk)
    report = {"file_id": file_id, "name": name, "problems": list(problems)}
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    target.with_name(f"{target.name}.problems.json").write_text(text, encoding="utf-8")
