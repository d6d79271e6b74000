"""Opening what claims-api sealed to this service: words that a letter prints, and national ids. In memory only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.sealing import open_sealed, read_private

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Opener:
    """Holds the private keys, read from their files when something is first opened."""

    key_files: tuple[Path, ...]
    _keys: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, text_id: str, box: str) -> str:
        """Return the words of a text; raises shared.sealing.NotOpened when they were not sealed to us as that text."""
        return self._open(box, text_id)

    def national_id(self, debtor_ref: str, box: str, *, purpose: str, reference: str) -> str:
        """Return a debtor's national id; that it was opened, and what for, is logged, never the id (decisions A5).

        ``purpose`` is a stable code, ``reference`` the id of what it is needed for. Raises shared.sealing.NotOpened.
        """
        opened = self._open(box, debtor_ref)
        log.info("national id of debtor %s opened: %s %s", debtor_ref, purpose, reference)
        return opened

    def _open(self, box: str, context: str) -> str:
        if not self._keys:
            self._keys = read_private(*self.key_files)
        return open_sealed(self._keys, box, context=context)
