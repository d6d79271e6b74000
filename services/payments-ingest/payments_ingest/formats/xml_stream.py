"""Reads XML from strangers: streaming, in bounded memory, and without anything a bank's message has no use for.

Refused before or while parsing: document types and entities, encodings other than UTF-8 and ISO-8859-1, other message
versions, comments and processing instructions inside data (parsers differ in how they read ``1<!-- -->00.00``), text
or nesting beyond libxml2's own limits, and long stretches without an element that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from payments_ingest.formats.detection import BOM, HEAD_BYTES, NAMESPACE
from payments_ingest.formats.report import Limits, ProblemLog

FEED_BYTES = 16 * 1024
MAX_REMARKS = 100  # comments and processing instructions, where they are harmless

_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ENCODINGS = frozenset({b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1", b"latin1"})
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Document[\s>/]")
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

_FAULTS = {
    etree.ErrorTypes.ERR_INVALID_CHAR: "a character that XML does not allow",
    etree.ErrorTypes.ERR_INVALID_ENCODING: "bytes that are not in the encoding the file declares",
    etree.ErrorTypes.ERR_DOCUMENT_END: "more after the end of the message",
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "no XML",
    etree.ErrorTypes.ERR_GT_REQUIRED: "a tag that breaks off",
    etree.ErrorTypes.ERR_LTSLASH_REQUIRED: "an element that breaks off",
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "an element closed by another's tag",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "an element that breaks off",
}


class XmlStream:
    """The elements of one ISO 20022 message, one by one as they end.

    ``versions`` are the message versions that are read ("02", "08"), ``wanted`` the local names of the elements to
    give out and ``containers`` those that hold no data of their own, where comments do no harm. After :meth:`open`,
    ``namespace`` is the message's namespace in braces and ``version`` its version.
    """

    def __init__(self, source: BinaryIO, log: ProblemLog, limits: Limits) -> None:
        self._source = source
        self._log = log
        self._limits = limits
        self._head = b""
        self._size = 0
        self._remarks = 0
        self.namespace = ""
        self.version = ""

    def open(self, versions: tuple[str, ...]) -> None:
        """Reads the beginning and decides whether the rest is worth parsing; raises :class:`FileRefused`."""
        family = str(self._log.file_format)
        self._head = self._read_head()
        head = self._head.removeprefix(BOM)
        if b"\x00" in head or head[:2] in (b"\xfe\xff", b"\xff\xfe"):
            raise self._log.fatal("encoding", "file", "UTF-8 or ISO-8859-1", "another encoding")
        declared = _DECLARED.match(head)
        if declared and declared[1].lower() not in _ENCODINGS:
            raise self._log.fatal("encoding", "file", "UTF-8 or ISO-8859-1", declared[1].decode("ascii"))
        if _FORBIDDEN.search(head):
            raise self._log.fatal("document_type", "file", "no document type or entity", "one")
        found = NAMESPACE.search(head)
        if not found or not _ROOT.search(head):
            raise self._log.fatal("no_message", "file", f"a {family} message", f"none in the first {HEAD_BYTES} bytes")
        name = found[0].decode("ascii").rpartition(":")[2]
        family_found, _, self.version = name.rpartition(".001.")
        if family_found != family or self.version not in versions:
            known = " or ".join(f"{family}.001.{version}" for version in versions)
            raise self._log.fatal("version", "file", known, name)
        self.namespace = f"{{{found[0].decode('ascii')}}}"

    def elements(self, wanted: frozenset[str], containers: frozenset[str]) -> Iterator[etree._Element]:
        """Gives out each wanted element when it ends. The caller removes from the tree what it has read."""
        tags = [self.namespace + name for name in wanted]
        parser = etree.XMLPullParser(
            events=("end", "comment", "pi"),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=False,
            remove_pis=False,
        )
        allowed = frozenset(self.namespace + name for name in containers)
        quiet, checked = 0, False
        for chunk in self._chunks():
            self._feed(parser, chunk)
            quiet += len(chunk)
            for event, element in parser.read_events():
                if not isinstance(element, etree._Element):  # only namespace events give anything else
                    continue
                quiet = 0
                if event != "end":
                    self._check_remark(element, allowed)
                    continue
                if not checked:
                    self._check_document(element)
                    checked = True
                yield element
            if quiet > self._limits.element:
                raise self._log.fatal("element_too_large", "file", f"at most {self._limits.element} bytes", "more")
        self._close(parser)

    def _read_head(self) -> bytes:
        parts: list[bytes] = []
        missing = HEAD_BYTES
        while missing > 0 and (part := self._source.read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self._head), FEED_BYTES):
            yield self._head[start : start + FEED_BYTES]
        size = len(self._head)
        while chunk := self._source.read(FEED_BYTES):
            size += len(chunk)
            if size > self._limits.bytes:
                raise self._log.fatal("file_too_large", "file", f"at most {self._limits.bytes} bytes", "more")
            yield chunk

    def _feed(self, parser: etree.XMLPullParser, chunk: bytes) -> None:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise self._malformed(error) from None

    def _close(self, parser: etree.XMLPullParser) -> None:
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            raise self._malformed(error) from None

    def _malformed(self, error: etree.XMLSyntaxError) -> Exception:
        """The refusal for XML that is none; the parser's own words may quote the file, so its number or ours stand."""
        code = getattr(error, "code", None)
        got = _FAULTS.get(code) or f"XML error {code}"
        return self._log.fatal("xml", f"line {error.lineno}", "well-formed XML", got)

    def _check_document(self, element: etree._Element) -> None:
        tree = element.getroottree()
        info = tree.docinfo
        if info.internalDTD is not None or info.externalDTD is not None or info.doctype:
            raise self._log.fatal("document_type", "file", "no document type or entity", "one")
        if tree.getroot().tag != f"{self.namespace}Document":
            raise self._log.fatal("no_message", "file", "Document as the root", "another element")

    def _check_remark(self, remark: etree._Element, allowed: frozenset[str]) -> None:
        self._remarks += 1
        parent = remark.getparent()
        if parent is not None and parent.tag not in allowed:
            raise self._log.fatal("remark", f"line {line_of(remark)}", "no comment or instruction inside data", "one")
        if self._remarks > MAX_REMARKS:
            raise self._log.fatal("remark", "file", f"at most {MAX_REMARKS} comments or instructions", "more")


def line_of(element: etree._Element) -> int:
    """The line an element begins on, 0 when it is not known."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0
