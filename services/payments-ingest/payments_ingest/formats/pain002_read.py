"""Reads pain.002 ("kvitteringsfil"): what the bank answers to a pain.001 of ours.

Versions 001.03 and 001.10. A status may be given for the whole message, for a batch or for single payments; each is
yielded as it stands, in the file's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, BinaryIO

from lxml import etree

from payments_ingest.formats.camt_fields import Each, Fields, Many, collect, compile_table
from payments_ingest.formats.camt_values import Odd, identifier, parse_instant, plain
from payments_ingest.formats.items import PayoutStatus, StatusScope
from payments_ingest.formats.report import (
    DEFAULT_LIMITS,
    FileReport,
    Format,
    Limits,
    ProblemLog,
    Transmission,
)
from payments_ingest.formats.xml_stream import XmlStream, line_of

VERSIONS = ("03", "10")
MAX_CODE = 35
MAX_REASONS = 10

_REASONS = {"Rsn/Cd": "code", "Rsn/Prtry": "own", "AddtlInf": Many("texts")}
_HEADER = {"MsgId": "message_id", "CreDtTm": "created"}
_GROUP = {"OrgnlMsgId": "original", "GrpSts": "status", "StsRsnInf": Each("reasons", _REASONS)}
_BATCH = {"OrgnlPmtInfId": "batch", "PmtInfSts": "status", "StsRsnInf": Each("reasons", _REASONS)}
_PAYMENT = {
    "OrgnlInstrId": "instruction",
    "OrgnlEndToEndId": "end_to_end",
    "TxSts": "status",
    "StsRsnInf": Each("reasons", _REASONS),
}


def read_pain002(
    source: BinaryIO, *, accounts: Set[str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[PayoutStatus | FileReport]:
    """Yields the statuses of a pain.002 message, its report last; ``accounts`` is not used: none is named.

    Raises :class:`FileRefused` with everything that was wrong.
    """
    return _Answer(source, limits).items()


class _Answer:
    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        self._log = ProblemLog(Format.PAIN002, limits.problems)
        self._stream = XmlStream(source, self._log, limits)
        self._limits = limits
        self._count = 0
        self._header: Fields = {}
        self._original: str | None = None
        self._pending: list[PayoutStatus] = []
        self._last: etree._Element | None = None

    def items(self) -> Iterator[PayoutStatus | FileReport]:
        self._stream.open(VERSIONS)
        space = self._stream.namespace
        specs: dict[str, dict[str, Any]] = {
            "GrpHdr": _HEADER,
            "OrgnlGrpInfAndSts": _GROUP,
            "OrgnlPmtInfAndSts": _BATCH,
            "TxInfAndSts": _PAYMENT,
        }
        tables = {f"{space}{name}": compile_table(paths, space) for name, paths in specs.items()}
        scopes = {
            f"{space}OrgnlGrpInfAndSts": StatusScope.MESSAGE,
            f"{space}OrgnlPmtInfAndSts": StatusScope.BATCH,
            f"{space}TxInfAndSts": StatusScope.PAYMENT,
        }
        harmless = frozenset({"Document", "CstmrPmtStsRpt"})
        for element in self._stream.elements(frozenset(specs), harmless):
            try:
                fields = collect(element, tables[element.tag], {})
                if element.tag in scopes:
                    yield from self._statuses(scopes[element.tag], fields, element)
                else:
                    self._open(fields)
            except Odd as odd:
                self._log.error(odd.code, f"status {self._count + 1}", odd.expected, odd.got)
        if not self._header:
            self._log.error("empty", "file", "a group header", "none")
        yield self._report()

    def _open(self, fields: Fields) -> None:
        if self._header or identifier(fields.get("message_id")) is None:
            raise Odd("group_header", "one group header with a message id", "another")
        self._header = fields
        parse_instant((fields.get("created") or "").strip())

    def _statuses(self, scope: StatusScope, fields: Fields, element: etree._Element) -> list[PayoutStatus]:
        """The status of one level; a batch's own comes after those of its payments, whose batch is known only then."""
        self._count += 1
        if self._count > self._limits.payments:
            raise self._log.fatal("too_many_payments", "file", f"at most {self._limits.payments}", "more")
        if scope is StatusScope.MESSAGE:
            if self._original is not None:
                raise Odd("original", "one original message", "several")
            self._original = identifier(fields.get("original"))
            if self._original is None:
                raise Odd("original", "the id of the original message", "none")
        elif self._original is None:
            raise Odd("original", "the original message before its payments", "none")
        status = self._status(scope, fields, element)
        if scope is StatusScope.PAYMENT:
            self._remove_before(element)
            if status is None:
                raise Odd("status", "a status of the payment", "none")
            self._pending.append(status)
            return []
        done, self._pending, self._last = self._pending, [], None
        batch = identifier(fields.get("batch"))
        named = [payment._replace(payment_info_id=batch) for payment in done]
        return [*named, status] if status is not None else named

    def _status(self, scope: StatusScope, fields: Fields, element: etree._Element) -> PayoutStatus | None:
        text = plain(fields.get("status"))
        if not text:
            return None
        reasons = fields.get("reasons", ())[:MAX_REASONS]
        codes = (plain(reason.get("code") or reason.get("own"))[:MAX_CODE] for reason in reasons)
        return PayoutStatus(
            scope=scope,
            original_message_id=self._original or "",
            payment_info_id=identifier(fields.get("batch")),
            end_to_end_id=identifier(fields.get("end_to_end")),
            instruction_id=identifier(fields.get("instruction")),
            status=text[:MAX_CODE],
            reasons=tuple(code for code in codes if code),
            position=self._count,
            line=line_of(element),
        )

    def _remove_before(self, element: etree._Element) -> None:
        """Takes the payment before this one out of the tree."""
        if self._last is not None and (parent := self._last.getparent()) is not None:
            self._last.clear()
            parent.remove(self._last)
        self._last = element

    def _report(self) -> FileReport:
        created = self._header.get("created")
        key = f"{identifier(self._header.get('message_id'))}/{self._original}"
        problems = self._log.warnings()
        produced_on = parse_instant(created.strip()) if created else None
        transmission = Transmission(key, (), None, produced_on, 0, 0)
        return FileReport(
            format=Format.PAIN002,
            version=self._stream.version,
            transmissions=(transmission,),
            credits=0,
            credit_ore=0,
            reversals=0,
            reversal_ore=0,
            debits=0,
            debit_ore=0,
            skipped=(),
            problems=problems,
        )
