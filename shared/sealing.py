"""A sealed box: whoever holds the public key can close it, only the holder of the private key can open it.

claims-api seals national ids and the text of letters to notifications, so that they can travel on the ``parties``
topic unreadable to every other service and to the broker. X25519 (RFC 7748) with a fresh key a message, HKDF-SHA256
(RFC 5869) over the shared secret, AES-256-GCM bound to ``context`` (the key of the record it travels in).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import InkassoError

_INFO = b"innkreving sealed box v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class NotOpened(InkassoError):
    """The box was not sealed to this key and context, or was changed on its way."""


def key_id(public: bytes) -> str:
    """Return the short name of a public key that a box carries (8 hex digits of its SHA-256)."""
    return hashlib.sha256(public).hexdigest()[:8]


def seal(public: bytes, text: str, *, context: str) -> str:
    """Return ``text`` sealed to the raw X25519 ``public`` key; it opens only under the same ``context``."""
    ephemeral = X25519PrivateKey.generate()
    ours = ephemeral.public_key().public_bytes_raw()
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = os.urandom(_NONCE_BYTES)
    closed = AESGCM(_derive(secret, ours + public)).encrypt(nonce, text.encode(), context.encode())
    return f"v1.{key_id(public)}.{base64.urlsafe_b64encode(ours + nonce + closed).decode()}"


def open_sealed(private_keys: Mapping[str, bytes], box: str, *, context: str) -> str:
    """Open a box with whichever of ``private_keys`` (by key id, raw X25519) it names; raises NotOpened."""
    version, _, rest = box.partition(".")
    name, _, data = rest.partition(".")
    if version != "v1" or name not in private_keys:
        raise NotOpened(f"sealed box: no key for version {version!r}, key {name!r}")
    private = X25519PrivateKey.from_private_bytes(private_keys[name])
    try:
        raw = base64.urlsafe_b64decode(data)
        theirs, nonce = raw[:_KEY_BYTES], raw[_KEY_BYTES : _KEY_BYTES + _NONCE_BYTES]
        secret = private.exchange(X25519PublicKey.from_public_bytes(theirs))
        salt = theirs + private.public_key().public_bytes_raw()
        return AESGCM(_derive(secret, salt)).decrypt(nonce, raw[_KEY_BYTES + _NONCE_BYTES :], context.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error) as wrong:
        raise NotOpened("sealed box: wrong context, or changed on its way") from wrong


def ensure_keypair(folder: Path, name: str) -> None:
    """Make ``<name>.key`` (private, mode 0600) and ``<name>.pub`` in ``folder`` unless they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    secret, public = folder / f"{name}.key", folder / f"{name}.pub"
    if not secret.exists():
        _write_once(secret, base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()))
    if not public.exists():
        private = X25519PrivateKey.from_private_bytes(_read(secret))
        _write_once(public, base64.b64encode(private.public_key().public_bytes_raw()))


def read_public(path: Path) -> bytes:
    """Read a raw public key from its base64 file; raises ValueError when it is none."""
    return _read(path)


def read_private(*paths: Path) -> dict[str, bytes]:
    """Read raw private keys from their base64 files, by key id; raises ValueError when one is none."""
    keys = [_read(path) for path in paths]
    return {key_id(X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()): raw for raw in keys}


def _write_once(path: Path, content: bytes) -> None:
    """Write a key file whole and durable, or leave the one that someone else wrote first."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)


def _read(path: Path) -> bytes:
    raw = base64.b64decode(path.read_bytes(), validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"{path.name}: expected {_KEY_BYTES} bytes, got {len(raw)}")
    return raw


def _derive(secret: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=_INFO).derive(secret)
