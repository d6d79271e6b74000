"""One notification or statement of an account while it is read: who it is of, and what it has added up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from payments_ingest.formats.camt_entry import Entry, Place
from payments_ingest.formats.camt_fields import Fields, Tables, collect
from payments_ingest.formats.camt_values import (
    Odd,
    account_number,
    identifier,
    parse_amount,
    parse_count,
    parse_instant,
)
from payments_ingest.formats.items import Flag, Kind
from payments_ingest.formats.report import WHOLE, Page, Transmission

_COPIES = frozenset({"DUPL", "COPY", "CODU"})
MAX_STATUSES = 20
MAX_PAGES = 99_999


@dataclass(slots=True)
class Tally:
    """Counts and sums of entries."""

    credits: int = 0
    credit_ore: int = 0
    debits: int = 0
    debit_ore: int = 0

    def add(self, entry: Entry) -> None:
        """Counts one entry."""
        if entry.credit:
            self.credits += 1
            self.credit_ore += entry.ore
        else:
            self.debits += 1
            self.debit_ore += entry.ore

    def __str__(self) -> str:
        return f"{self.credits} credits of {self.credit_ore} øre, {self.debits} debits of {self.debit_ore} øre"

    def agrees(self, summary: Fields) -> bool:
        """Whether every total that a summary states is this one."""
        counts = (
            ("entries", self.credits + self.debits),
            ("credits", self.credits),
            ("debits", self.debits),
        )
        sums = (
            ("sum", self.credit_ore + self.debit_ore),
            ("credit_sum", self.credit_ore),
            ("debit_sum", self.debit_ore),
        )
        return all(summary.get(name) is None or parse_count(summary[name]) == count for name, count in counts) and all(
            summary.get(name) is None or parse_amount(summary[name]) == ore for name, ore in sums
        )


@dataclass(slots=True)
class Batch:
    """An entry too large to hold back, whose transactions are given out while it lasts."""

    entry: Entry
    count: int = 0
    proved_ore: int = 0

    def prove(self, entry: Entry, *, sums: bool) -> None:
        """Compares with the entry as it stood when it had ended; raises :class:`Odd`."""
        if not self.entry.same_as(entry):
            raise Odd("late_data", "amount, status and dates before the transactions", "after them")
        if sums and self.proved_ore != entry.ore:
            raise Odd("batch_sum", str(entry.ore), str(self.proved_ore))
        if entry.stated_transactions not in (None, self.count):
            raise Odd("batch_count", str(entry.stated_transactions), str(self.count))


@dataclass(slots=True)
class Container:
    """The notification or statement: its header, and running totals of all its entries and of the booked ones."""

    number: int
    element: etree._Element
    header: Fields
    place: Place
    page: Page
    ours: bool = True
    broken: bool = False
    every: Tally = field(default_factory=Tally)
    booked: Tally = field(default_factory=Tally)
    skipped: dict[str, int] = field(default_factory=dict)
    payments: int = 0
    net_ore: int = 0

    def skip(self, entry: Entry) -> None:
        """Counts an entry that is not booked."""
        status = entry.status if entry.status in self.skipped or len(self.skipped) < MAX_STATUSES else "other"
        self.skipped[status] = self.skipped.get(status, 0) + 1

    def count_payment(self, kind: Kind, ore: int) -> None:
        """Counts a credit or reversal given out."""
        self.payments += 1
        self.net_ore += ore if kind is Kind.CREDIT else -ore

    def transmission(self, group: Fields) -> Transmission:
        """The identity the bank gave it."""
        number = (self.header.get("number") or "").strip()
        return Transmission(
            key=f"{identifier(group.get('message_id')) or ''}/{identifier(self.header.get('id')) or ''}",
            accounts=(self.place.account,),
            number=int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None,
            produced_on=self.place.fallback_day,
            payments=self.payments,
            sum_ore=self.net_ore,
            page=self.page,
        )


def open_container(element: etree._Element, tables: Tables, group: Fields, number: int) -> Container:
    """The container as its header describes it; raises :class:`Odd` when it names no account, id or time."""
    header = collect(element, tables.container, {})
    account = account_number(header.get("iban"), header.get("other_account"))
    if account is None or identifier(header.get("id")) is None:
        raise Odd("account", "an id and an account", "none")
    created_on = parse_instant((header.get("created") or group.get("created") or "").strip())
    flags = (Flag.COPY,) if header.get("copy") in _COPIES else ()
    return Container(number, element, header, Place(account, created_on, flags), page=_page(group, header))


def broken_container(element: etree._Element, number: int) -> Container:
    """What stands in for a container whose header cannot be read: nothing in it is given out."""
    return Container(number, element, {}, Place("", date.min, ()), page=WHOLE, ours=False, broken=True)


def _page(group: Fields, header: Fields) -> Page:
    """Which page a container is, by its own pagination or else its message's; one that says nothing is whole."""
    paged = header if header.get("page") else group
    number = parse_count((paged.get("page") or "1").strip())
    if not 0 < number <= MAX_PAGES:
        raise Odd("page", f"a page from 1 to {MAX_PAGES}", "another number")
    last = (paged.get("last_page") or "true").strip() in ("true", "1")
    return Page(number, last, identifier(header.get("id")) or "", identifier(group.get("message_id")) or "")


def skipped_of(container: Container) -> Iterator[tuple[str, int]]:
    """What was left out, as words and number."""
    for status, count in container.skipped.items():
        yield f"status {status}", count
    if not container.ours and not container.broken:
        yield "account not ours", container.booked.credits + container.booked.debits
