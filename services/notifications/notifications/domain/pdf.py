"""Telling whether bytes are a PDF that a person can open later."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"%PDF-[12]\.\d")
_TAIL_BYTES = 1_024


def why_not_pdf(content: bytes) -> str | None:
    """Return why ``content`` is no usable PDF as a stable code, or None when it is one.

    ``not-a-pdf``: no PDF signature at the start. ``pdf-truncated``: no end marker (the rest was lost on its way).
    ``pdf-encrypted``: opens only with a password.
    """
    if not _HEADER.match(content):
        return "not-a-pdf"
    if b"%%EOF" not in content[-_TAIL_BYTES:]:
        return "pdf-truncated"
    if b"/Encrypt" in content:
        return "pdf-encrypted"
    return None
