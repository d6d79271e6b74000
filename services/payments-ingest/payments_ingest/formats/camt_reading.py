"""What camt.053 and camt.054 have in common: a group header, and per account a container of entries.

A message is read element by element. Of an entry at most ``Limits.held`` transactions are kept until it ends; of a
larger batch they are given out at once, and it must then add up, or the file is refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence, Set
from typing import BinaryIO

from lxml import etree

from payments_ingest.formats.camt_container import Batch, Container, broken_container, open_container, skipped_of
from payments_ingest.formats.camt_entry import Entry, read_entry
from payments_ingest.formats.camt_fields import Fields, Tables, collect, tables
from payments_ingest.formats.camt_transactions import Transactions, signed_ore
from payments_ingest.formats.camt_values import Odd, identifier, parse_instant
from payments_ingest.formats.items import DebitLine, IncomingPayment, Kind, StatementControl, StatementLine
from payments_ingest.formats.report import FileReport, Format, Limits, ProblemLog, Skipped, Transmission
from payments_ingest.formats.xml_stream import XmlStream, line_of

VERSIONS = ("02", "08")
Line = IncomingPayment | DebitLine | StatementLine
CamtItem = Line | StatementControl | FileReport


class CamtReading(ABC):
    """Reads a message; what the two kinds do differently is in the methods that they override."""

    file_format: Format
    message_name: str
    container_name: str

    def __init__(self, source: BinaryIO, accounts: Set[str] | None, limits: Limits) -> None:
        self.limits = limits
        self.log = ProblemLog(self.file_format, limits.problems)
        self.transactions = Transactions(limits)
        self.tables: Tables
        self._accounts = accounts
        self._tags: dict[str, str] = {}
        self._stream = XmlStream(source, self.log, limits)
        self._sums: dict[Kind | None, list[int]] = {kind: [0, 0] for kind in (*Kind, None)}
        self._lines = 0
        self._transmissions: dict[str, Transmission] = {}
        self._skipped: list[Skipped] = []
        self._entries = 0
        self._containers = 0
        self._group: Fields = {}
        self._container: Container | None = None
        self._held: list[Fields] = []
        self._batch: Batch | None = None
        self._last: dict[str, etree._Element] = {}

    @abstractmethod
    def emit(self, entry: Entry, held: list[Fields]) -> Sequence[Line]:
        """The items of a booked entry with all its transactions."""

    @abstractmethod
    def emit_part(self, entry: Entry, fields: Fields, number: int) -> Sequence[Line]:
        """The items of one transaction of a large batch, before it is known to add up."""

    @abstractmethod
    def emit_rest(self, entry: Entry, count: int) -> Sequence[Line]:
        """What is left to say of a large batch that has added up."""

    @abstractmethod
    def must_add_up(self, entry: Entry) -> bool:
        """Whether a large batch must be the sum of its transactions."""

    @abstractmethod
    def on_unknown_account(self, account: str, where: str) -> None:
        """What an account that is not ours means."""

    @abstractmethod
    def close(self, container: Container, element: etree._Element) -> Iterator[StatementControl]:
        """What a container of ours says as a whole, proved."""

    def items(self) -> Iterator[CamtItem]:
        """Everything in the message, its report last."""
        self._stream.open(VERSIONS)
        space = self._stream.namespace
        names = ("Document", self.message_name, self.container_name, "Ntry", "NtryDtls")
        self._tags = {name: space + name for name in names}
        self.tables = tables(space, self._stream.version)
        transaction, entry, container = (f"{space}{name}" for name in ("TxDtls", "Ntry", self.container_name))
        wanted = frozenset({"TxDtls", "Ntry", self.container_name, "GrpHdr"})
        harmless = wanted - {"TxDtls", "GrpHdr"} | {"Document", self.message_name, "NtryDtls"}
        for element in self._stream.elements(wanted, harmless):
            tag = element.tag
            if tag == transaction:
                yield from self._on_transaction(element)
            elif tag == entry:
                yield from self._on_entry(element)
            elif tag == container:
                yield from self._on_container(element)
            else:
                self._on_group(element)
        if not self._containers:
            self.log.error("empty", "file", f"a {self.container_name}", "none")
        yield self._report()

    def _on_group(self, element: etree._Element) -> None:
        try:
            self._check_place(element, self.message_name, "Document")
            if self._group or self._containers:
                raise Odd("group_header", "one group header, at the beginning", "another")
            self._group = collect(element, self.tables.header, {})
            if identifier(self._group.get("message_id")) is None:
                raise Odd("message_id", "a message id", "none")
            parse_instant((self._group.get("created") or "").strip())
        except Odd as odd:
            self.log.error(odd.code, "group header", odd.expected, odd.got)

    def _on_transaction(self, element: etree._Element) -> Sequence[Line]:
        self._forget("transaction", element)
        container: Container | None = None
        try:
            entry = self._check_place(element, "NtryDtls", "Ntry")
            container = self._container or self._open(self._check_place(entry, self.container_name))
            self._held.append(collect(element, self.tables.transaction, {}))
            if self._batch is None and len(self._held) > self.limits.held:
                fields = collect(entry, self.tables.entry, {})
                self._batch = Batch(read_entry(fields, container.place, self._entries + 1, line_of(entry)))
            if self._batch is not None:
                return self._counted(self._part_of_batch(self._batch, container))
        except Odd as odd:
            self._refuse(odd, container, f"entry {self._entries + 1}, transaction {len(self._held)}")
        return ()

    def _part_of_batch(self, batch: Batch, container: Container) -> list[Line]:
        held, self._held = self._held, []
        lines: list[Line] = []
        for fields in held:
            batch.count += 1
            if self.must_add_up(batch.entry):
                batch.proved_ore += signed_ore(batch.entry, fields)
            if batch.entry.booked and container.ours:
                lines += self.emit_part(batch.entry, fields, batch.count)
        return lines

    def _on_entry(self, element: etree._Element) -> Sequence[Line]:
        self._forget("entry", element)
        self._last.pop("transaction", None)
        self._entries += 1
        held, self._held, batch, self._batch = self._held, [], self._batch, None
        container: Container | None = None
        try:
            parent = element.getparent()
            container = self._container or self._open(self._check_place(element, self.container_name))
            if parent is not container.element:
                raise Odd("misplaced", f"an element inside {self.container_name}", "one elsewhere")
            fields = collect(element, self.tables.entry, {})
            entry = read_entry(fields, container.place, self._entries, line_of(element))
            if batch is not None:
                batch.prove(entry, sums=self.must_add_up(entry))
            container.every.add(entry)
            if not entry.booked:
                container.skip(entry)
                return ()
            container.booked.add(entry)
            if not entry.ore:
                self.log.note("amount_zero", f"entry {self._entries}", "an amount", "zero: nothing to post")
            elif container.ours:
                return self._counted(self.emit(entry, held) if batch is None else self.emit_rest(entry, batch.count))
        except Odd as odd:
            self._refuse(odd, container, f"entry {self._entries}")
        return ()

    def _on_container(self, element: etree._Element) -> Iterator[StatementControl]:
        self._forget("container", element)
        self._last.pop("entry", None)
        where = f"{self.container_name} {self._containers + (self._container is None)}"
        container: Container | None = None
        try:
            self._check_place(element, self.message_name, "Document")
            container = self._open(element)
            if self._held:
                raise Odd("misplaced", "transactions inside entries", "outside")
            if collect(element, self.tables.container, {}) != container.header and not container.broken:
                raise Odd("late_data", "account and identity before the entries", "after them")
            if container.ours and not container.broken:
                self._prove_summary(container, collect(element, self.tables.summary, {}), where)
                yield from self.close(container, element)
        except Odd as odd:
            self._refuse(odd, container, where)
        if container is not None:
            self._finish(container, where)
        self._container, self._held = None, []

    def _finish(self, container: Container, where: str) -> None:
        for what, count in skipped_of(container):
            self._skipped.append(Skipped(what, where, count, count))
        transmission = container.transmission(self._group)
        if transmission.key in self._transmissions:
            self.log.error("transmission_twice", where, "each id once", "the same id again")
        if len(self._transmissions) >= self.limits.assignments:
            raise self.log.fatal("too_many_containers", where, f"at most {self.limits.assignments}", "more")
        self._transmissions[transmission.key] = transmission

    def _open(self, element: etree._Element) -> Container:
        """The container now being read, its header read when it is a new one."""
        if self._container is not None:
            return self._container
        self._containers += 1
        where = f"{self.container_name} {self._containers}"
        try:
            self._check_place(element, self.message_name, "Document")
            container = open_container(element, self.tables, self._group, self._containers)
        except Odd as odd:
            self.log.error(odd.code, where, odd.expected, odd.got)
            container = broken_container(element, self._containers)
        account = container.place.account
        if not container.broken and self._accounts is not None and account not in self._accounts:
            container.ours = False
            self.on_unknown_account(account, where)
        self._container = container
        return container

    def _prove_summary(self, container: Container, summary: Fields, where: str) -> None:
        """The container's own totals; on a page of several they are of all pages and prove nothing."""
        if not container.page.whole:
            self.log.note("page", where, "a whole message", "one page of several: its totals were not verified")
        elif container.every.agrees(summary):
            return
        elif container.booked.agrees(summary):
            self.log.note("summary_booked", where, "totals of all entries", "totals of the booked entries")
        else:
            self.log.error("summary", where, container.every, "other totals (TxsSummry)")

    def _counted(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Adds lines up before they are given out, and keeps to the limit."""
        self._lines += len(lines)
        if self._lines > self.limits.payments:
            raise self.log.fatal(
                "too_many_payments", f"entry {self._entries}", f"at most {self.limits.payments}", "more"
            )
        for line in lines:
            kind = None if line.__class__ is DebitLine else line.kind  # type: ignore[union-attr]
            sums = self._sums[kind]
            sums[0] += 1
            sums[1] += line.amount_ore
            if kind is not None and self._container is not None:
                self._container.count_payment(kind, line.amount_ore)
        return lines

    def _check_place(self, element: etree._Element, *names: str) -> etree._Element:
        """The element above ``element``, or above that as many levels as there are ``names``, which must be theirs."""
        tags = self._tags
        for name in names:
            parent = element.getparent()
            if parent is None or parent.tag != tags[name]:
                raise Odd("misplaced", f"an element inside {name}", "one elsewhere")
            element = parent
        return element

    def _forget(self, level: str, element: etree._Element) -> None:
        """Takes the element before this one out of the tree, never this one: the parser may still add to its tail."""
        before = self._last.get(level)
        if before is not None and (parent := before.getparent()) is not None:
            before.clear()
            parent.remove(before)
        self._last[level] = element

    def _refuse(self, odd: Odd, container: Container | None, where: str) -> None:
        if container is not None:
            container.broken = True
        self.log.error(odd.code, where, odd.expected, odd.got)

    def _report(self) -> FileReport:
        credit, reversal, debit = (self._sums[kind] for kind in (Kind.CREDIT, Kind.REVERSAL, None))
        return FileReport(
            format=self.file_format,
            version=self._stream.version,
            transmissions=tuple(self._transmissions.values()),
            credits=credit[0],
            credit_ore=credit[1],
            reversals=reversal[0],
            reversal_ore=reversal[1],
            debits=debit[0],
            debit_ore=debit[1],
            skipped=tuple(self._skipped),
            problems=self.log.warnings(),
        )
