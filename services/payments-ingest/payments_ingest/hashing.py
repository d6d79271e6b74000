"""Keyed hashes of names and accounts: they can be compared, and read by nobody.

A name alone hashes to something anyone could look up; with a key of this installation's own it does not. The key lies
in the keys folder; losing it loses name evidence only, which the next state of each party brings back.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from payments_ingest.domain.text import name_parts

KEY_FILE = "payments-ingest-names.key"
KEY_BYTES = 32
_DIGEST_BYTES = 16


class Hasher:
    """Hashes with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"name key: expected {KEY_BYTES} bytes, got {len(key)}")
        self._name, self._account = _keyed(key, "name"), _keyed(key, "account")

    def names(self, name: str | None) -> frozenset[str]:
        """Return the hashes of a name's folded parts; empty for none."""
        return frozenset([_digest(self._name, part) for part in name_parts(name)]) if name else frozenset()

    def account(self, account: str | None) -> str | None:
        """Return the hash of a payer's account."""
        return _digest(self._account, account) if account else None


def _digest(started: hashlib.blake2b, text: str) -> str:
    digest = started.copy()
    digest.update(text.encode())
    return digest.hexdigest()


def _keyed(key: bytes, kind: str) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=_DIGEST_BYTES, key=key, person=kind.encode())


def load_hasher(keys_dir: Path) -> Hasher:
    """Return this installation's hasher, making its key (mode 0600) if there is none."""
    path = keys_dir / KEY_FILE
    if not path.exists():
        keys_dir.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process of this installation made it first: theirs is the one
        finally:
            temporary.unlink()
    return Hasher(path.read_bytes())
