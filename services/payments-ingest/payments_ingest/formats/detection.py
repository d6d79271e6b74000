"""Which format a file is, from its first bytes."""

from __future__ import annotations

import re

from payments_ingest.formats.report import Format

HEAD_BYTES = 64 * 1024
BOM = b"\xef\xbb\xbf"
_ISO_MESSAGE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2})")
_KNOWN_BY = (
    (b"\x1f\x8b", "a gzip file"),
    (b"PK", "a ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"UNA", "an EDIFACT message"),
    (b"UNB", "an EDIFACT message"),
    (b"{", "JSON"),
)
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


def describe(head: bytes) -> str:
    """What a file that is none of ours seems to be, for whoever sent it; never quotes it."""
    text = head.removeprefix(BOM).lstrip(b" \t\r\n")
    known = next((name for start, name in _KNOWN_BY if text.startswith(start)), None)
    if known is not None:
        return known
    if text[:1] == b"<":
        found = _ISO_MESSAGE.search(text)
        if found:
            return found[1].decode("ascii")
        return "a web page" if b"<html" in text[:1024].lower() else "other XML"
    return "text in UTF-16" if b"\x00" in text[:4] else "something else"
