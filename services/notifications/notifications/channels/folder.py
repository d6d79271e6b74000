"""The folder channel: a letter is sent when its PDF lies in the folder of the day, whole and on disk.

``<folder>/<sent on>/<letter id>.pdf`` with a receipt ``<letter id>.json`` beside it. A print shop, a mail robot or a
person takes it from there. The rename of the PDF is the moment of sending; a receipt that a crash kept from being
written is written when the letter is looked for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from notifications.channels import Duplicate, Found, NotThere, Parcel, Refused, RetryLater, Sent, Submitted
from shared.failpoints import reach

log = logging.getLogger(__name__)

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """Puts letters into dated folders under ``root``."""

    root: Path

    @property
    def name(self) -> str:
        """The channel's name."""
        return "folder"

    def submit(self, parcel: Parcel) -> Submitted:
        """Put the letter in its folder; refuses an id that is no file name, or one that holds another letter."""
        if not _SAFE_ID.fullmatch(parcel.letter_id):
            return Refused("letter_id_unusable")
        path = self._path(parcel.letter_id, parcel.submitted_on)
        try:
            if path.exists():
                if _sha256(path) != parcel.sha256:
                    return Refused("other_letter_in_place")
                return Duplicate(parcel.submitted_on, self._receipt(path, parcel.submitted_on))
            _make_folder(path.parent)
            _write_whole(path, parcel.pdf)
            reach("notifications.folder.written")
            receipt = self._receipt(path, parcel.submitted_on)
            reach("notifications.folder.receipt")
        except OSError as fault:
            log.warning("folder channel: %s", type(fault).__name__)
            return RetryLater("folder_unavailable")
        return Sent(parcel.submitted_on, receipt)

    def find(self, letter_id: str, submitted_on: date) -> Found:
        """Say whether the letter lies in the folder of the day it was submitted."""
        if not _SAFE_ID.fullmatch(letter_id):
            return NotThere()
        path = self._path(letter_id, submitted_on)
        try:
            if not path.exists():
                return NotThere()
            receipt = self._receipt(path, submitted_on)
        except OSError as fault:
            log.warning("folder channel: %s", type(fault).__name__)
            return RetryLater("folder_unavailable")
        return Sent(submitted_on, receipt)

    def _path(self, letter_id: str, day: date) -> Path:
        return self.root / day.isoformat() / f"{letter_id}.pdf"

    def _receipt(self, path: Path, sent_on: date) -> dict[str, str]:
        """Write the receipt unless it is there, and return what it says of the file in the folder."""
        receipt = path.with_suffix(".json")
        facts = {
            "letter_id": path.stem,
            "channel": self.name,
            "sent_on": sent_on.isoformat(),
            "sha256": _sha256(path),
        }
        if not receipt.exists():
            _write_whole(receipt, (json.dumps(facts, indent=2) + "\n").encode())
        return facts


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name exists only with all of its content on disk."""
    draft = path.parent / f".{path.name}.part"
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
