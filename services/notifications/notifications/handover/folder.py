"""The manual export: a package is a folder, whole or not there, that a caseworker hands in.

``<packages>/<legal step id>/`` holds the petition (PDF and JSON), the letters and ``manifest.json``. Its files name
people by their national ids: the folder is readable by its owner alone.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from notifications.handover import Answer, Exported, Package, Refused, RetryLater
from shared.failpoints import reach

log = logging.getLogger(__name__)

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """Puts packages into folders under ``root``."""

    root: Path

    @property
    def name(self) -> str:
        """The office's name."""
        return "folder"

    def hand_over(self, package: Package) -> Answer:
        """Put the package in its folder, in place of what a crash may have left there."""
        names = [package.folder, *(file.name for file in package.files)]
        if not all(_SAFE.fullmatch(name) for name in names):
            return Refused("name_unusable")
        place, draft = self.root / package.folder, self.root / f".{package.folder}.part"
        try:
            _remove(draft)
            if _is_same(place, package):
                return Exported()
            self.root.mkdir(parents=True, exist_ok=True)
            draft.mkdir(mode=0o700)
            for file in package.files:
                _write(draft / file.name, file.content)
            _sync(draft)
            reach("notifications.package.written")
            _remove(place)
            os.replace(draft, place)
            _sync(self.root)
            reach("notifications.package.in_place")
        except OSError as fault:
            log.warning("package folder: %s", type(fault).__name__)
            return RetryLater("folder_unavailable")
        return Exported()

    def take_back(self, folder: str) -> bool:
        """Remove the package's folder, so that nobody hands it in."""
        if not _SAFE.fullmatch(folder):
            return True
        try:
            _remove(self.root / f".{folder}.part")
            _remove(self.root / folder)
        except OSError as fault:
            log.warning("package folder: %s", type(fault).__name__)
            return False
        return True


def _is_same(place: Path, package: Package) -> bool:
    """Whether the folder holds this package already, byte for byte."""
    if not place.is_dir() or {path.name for path in place.iterdir()} != {file.name for file in package.files}:
        return False
    return all((place / file.name).read_bytes() == file.content for file in package.files)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
