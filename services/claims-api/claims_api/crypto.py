"""Keys at rest: encrypting single fields, finding by a keyed blind index, and sealing to notifications.

A field is sealed with AES-256-GCM (NIST SP 800-38D) under the current key and bound to where it lies (table, column and
row), so that a value copied to another row does not open. Each sealed value names its key: old keys stay in the ring
until a job has re-sealed every row. The blind index is HMAC-SHA256 under a key of its own, one per installation
(decisions A8); it cannot rotate without reading every number anew.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Crash
from shared.sealing import seal

_NONCE_BYTES = 12
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SealedField:
    """A field as it is stored: nonce and ciphertext, and the id of the key that opens it."""

    data: bytes
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The installation's keys: field keys by id, which of them seals, the index key, and notifications' public key."""

    current: str
    fields: Mapping[str, bytes]
    index: bytes
    notifications: bytes

    def __post_init__(self) -> None:
        for name, key in (*self.fields.items(), ("index", self.index), ("notifications", self.notifications)):
            if len(key) != _KEY_BYTES:
                raise Crash(f"key {name}: expected {_KEY_BYTES} bytes, got {len(key)}")
        if self.current not in self.fields:
            raise Crash(f"current key: expected one of {', '.join(sorted(self.fields))}, got {self.current!r}")

    def __repr__(self) -> str:
        return f"Keyring(current={self.current!r})"


class Vault:
    """Seals, opens and indexes what must not be readable in the database or on the bus."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._ciphers = {name: AESGCM(key) for name, key in keys.fields.items()}

    @property
    def current_key(self) -> str:
        """Id of the key that new values are sealed with; rows with another id wait to be re-sealed."""
        return self._keys.current

    @property
    def key_ids(self) -> frozenset[str]:
        """Ids of every key that can still open values."""
        return frozenset(self._keys.fields)

    def seal_field(self, text: str, *, place: str) -> SealedField:
        """Seal ``text`` for one place (``table|column|row id``)."""
        nonce = os.urandom(_NONCE_BYTES)
        closed = self._ciphers[self._keys.current].encrypt(nonce, text.encode(), place.encode())
        return SealedField(nonce + closed, self._keys.current)

    def open_field(self, data: bytes, key_id: str, *, place: str) -> str:
        """Open a sealed field; raises Crash when the key is gone or the value does not belong to this place."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Crash(f"{place}: sealed with key {key_id!r}, which is not in the ring")
        try:
            return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode()).decode()
        except InvalidTag as wrong:
            raise Crash(f"{place}: the sealed value was changed or belongs elsewhere") from wrong

    def index_of(self, text: str, *, domain: str) -> str:
        """Return the blind index of a value (64 hex digits); ``domain`` keeps indexes of different things apart."""
        return hmac.digest(self._keys.index, f"{domain}|{text}".encode(), "sha256").hex()

    def seal_for_notifications(self, text: str, *, context: str) -> str:
        """Seal ``text`` so that notifications alone can open it, in the record whose key is ``context``."""
        return seal(self._keys.notifications, text, context=context)


def make_key_file(path: Path) -> None:
    """Write a fresh key file (mode 0600) unless there is one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f"k{secrets.token_hex(3)}"
    content = {"current": name, "fields": {name: _fresh()}, "index": _fresh()}
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)


def rotate_key_file(path: Path) -> str:
    """Add a new field key to the file and make it current; returns its id. Old keys stay until no row needs them."""
    content = json.loads(path.read_text("utf-8"))
    name = f"k{secrets.token_hex(3)}"
    content["fields"][name] = _fresh()
    content["current"] = name
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    return name


def read_keyring(path: Path, notifications: bytes) -> Keyring:
    """Read a key file; raises Crash naming the file when it is not one."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return Keyring(
            current=content["current"],
            fields={name: _key(text) for name, text in content["fields"].items()},
            index=_key(content["index"]),
            notifications=notifications,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise Crash(f"{path.name}: expected a key file (current, fields, index)") from wrong


def _fresh() -> str:
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def _key(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
