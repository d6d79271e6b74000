"""Text and references in a form every Norwegian bank takes.

The character set is the one the banks agreed on for ISO 20022 messages (BSK): the basic Latin set of payments with the
Nordic and a few other letters. Everything else is written with its base letter, or as a blank.
"""

from __future__ import annotations

import re
import unicodedata

_EXTRA = "áäçðéíóöúüýæøåÁÄÇÐÉÍÓÖÚÜÝÆØÅß%&=@§"
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ " + _EXTRA)
#: Letters and signs that Unicode does not take apart into a base letter.
_NEAREST = str.maketrans("ŁłĐđŒœ‘’“”„–—‐‑", "LlDdOo'''''----")
_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})", re.ASCII)
_PACKED = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", re.ASCII)
_REFERENCE = re.compile(r"[0-9A-Za-z./+-]{1,35}", re.ASCII)


def bank_text(text: str, width: int) -> str:
    """``text`` in the banks' characters, single-spaced, cut at ``width``; never begins or ends with a blank."""
    letters = (
        letter if letter in _ALLOWED else _nearest(letter)
        for letter in unicodedata.normalize("NFC", text).translate(_NEAREST)
    )
    return " ".join("".join(letters).split())[:width].rstrip()


def bank_reference(identity: str) -> str:
    """An id of ours as a reference of at most 35 characters: a UUID without its hyphens, anything else as it is.

    ValueError when a bank would not give it back unchanged.
    """
    found = _UUID.fullmatch(identity)
    reference = "".join(found.groups()) if found else identity
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("a reference of at most 35 plain characters is expected, got another text")
    return reference


def is_bic(text: str) -> bool:
    """Whether ``text`` is a bank identifier (BIC, ISO 9362) that every version of the messages takes."""
    return _BIC.fullmatch(text) is not None


def own_identity(reference: str) -> str:
    """The inverse of :func:`bank_reference`, for a reference that a bank gives back (banks may change its case)."""
    found = _PACKED.fullmatch(reference.lower())
    return "-".join(found.groups()) if found else reference


def _nearest(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[:1]
    return base if base in _ALLOWED else " "
