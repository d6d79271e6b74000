"""Which format a file is, from its first bytes."""

from __future__ import annotations

import re

from payments_ingest.formats.report import Format

HEAD_BYTES = 64 * 1024
BOM = b"\xef\xbb\xbf"
NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:(camt\.05[34]|pain\.002)\.001\.[0-9]{2}")


def detect(head: bytes) -> Format | None:
    """The format the first bytes of a file announce (:data:`HEAD_BYTES` of them are plenty), None when unknown.

    An ISO 20022 message is told by its namespace, in any version: an unsupported one is refused by its reader, with
    the versions it knows.
    """
    text = head.removeprefix(BOM).lstrip(b" \t\r\n")
    if text[:2] == b"NY":
        return Format.OCR
    if text[:1] == b"<":
        found = NAMESPACE.search(text[:HEAD_BYTES])
        return Format(found[1].decode("ascii")) if found else None
    return None
