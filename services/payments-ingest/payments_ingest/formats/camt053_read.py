"""Reads camt.053 ("kontoutskrift"): the account's statement, against which everything that was posted is controlled.

Versions 001.02 and 001.08. Opening balance and booked entries must give the closing balance. Credits are never posted
from here; a debit is given out as a line, since it settles a payout of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import date
from typing import BinaryIO

from lxml import etree

from payments_ingest.formats.camt_container import Container
from payments_ingest.formats.camt_entry import CURRENCY, Entry
from payments_ingest.formats.camt_fields import Fields, collect
from payments_ingest.formats.camt_reading import CamtItem, CamtReading, Line
from payments_ingest.formats.camt_transactions import is_returned
from payments_ingest.formats.camt_values import Odd, is_credit, parse_amount, parse_instant
from payments_ingest.formats.items import DaySum, DebitLine, Kind, StatementControl, StatementLine
from payments_ingest.formats.report import DEFAULT_LIMITS, Format, Limits

_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)


def read_camt053(
    source: BinaryIO, *, accounts: Set[str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[CamtItem]:
    """Yields lines and, per statement, its control; the report comes when every balance agrees.

    ``accounts``: a statement of any other account is skipped and counted (None: any account is read). Raises
    :class:`FileRefused` with everything that was wrong.
    """
    return _Statements(source, accounts, limits).items()


class _Statements(CamtReading):
    file_format = Format.CAMT053
    message_name = "BkToCstmrStmt"
    container_name = "Stmt"

    def __init__(self, source: BinaryIO, accounts: Set[str] | None, limits: Limits) -> None:
        super().__init__(source, accounts, limits)
        self._days: dict[date, list[int]] = {}

    def emit(self, entry: Entry, held: list[Fields]) -> Sequence[Line]:
        count = entry.stated_transactions or max(1, len(held))
        if not entry.credit and not entry.reversal and not (held and all(map(is_returned, held))):
            self._add(entry, 4, count)
            lines = self.transactions.whole(entry, held)
            return [line for line in lines if isinstance(line, DebitLine)]
        return self._line(entry, count)

    def emit_part(self, entry: Entry, fields: Fields, number: int) -> Sequence[Line]:
        if not self.must_add_up(entry):
            return ()
        lines = self.transactions.one_of_many(entry, fields, number)
        return [line for line in lines if isinstance(line, DebitLine)]

    def emit_rest(self, entry: Entry, count: int) -> Sequence[Line]:
        if self.must_add_up(entry):
            self._add(entry, 4, count)
            return ()
        return self._line(entry, count)

    def must_add_up(self, entry: Entry) -> bool:
        return not entry.credit and not entry.reversal

    def on_unknown_account(self, account: str, where: str) -> None:
        self.log.note("unknown_account", where, "an account of ours", f"{account}: skipped")

    def close(self, container: Container, element: etree._Element) -> Iterator[StatementControl]:
        days, self._days = self._days, {}
        opening, closing = self._balances(element)
        moved = container.booked.credit_ore - container.booked.debit_ore
        if container.page.whole:
            if opening is None or closing is None:
                raise Odd("balance", "an opening and a closing booked balance", "one of them is missing")
            if opening + moved != closing:
                raise Odd("balance", f"{opening} + {moved} = {opening + moved}", str(closing))
        period = [container.header.get(name) for name in ("from", "to")]
        first, last = (parse_instant(text.strip()) if text else None for text in period)
        yield StatementControl(
            account=container.place.account,
            currency=CURRENCY,
            statement_id=container.page.identity,
            first_day=first,
            last_day=last,
            opening_ore=opening,
            closing_ore=closing,
            moved_ore=moved,
            days=tuple(DaySum(day, *sums) for day, sums in sorted(days.items())),
            page=container.page.number,
            complete=container.page.whole,
        )

    def _line(self, entry: Entry, count: int) -> Sequence[Line]:
        kind = Kind.CREDIT if entry.credit else Kind.REVERSAL
        self._add(entry, 0 if entry.credit else 2, count)
        line = StatementLine(
            kind=kind,
            account=entry.place.account,
            amount_ore=entry.ore,
            currency=CURRENCY,
            booked_on=entry.booked_on,
            archive_ref=entry.reference or None,
            transactions=count,
            line=entry.line,
            natural_key=self.transactions.entry_key(entry),
        )
        return [line]

    def _add(self, entry: Entry, place: int, count: int) -> None:
        """Adds to the day's sums: credits at 0, reversals at 2, debits at 4, each a count and an amount."""
        sums = self._days.setdefault(entry.booked_on, [0] * 6)
        sums[place] += count
        sums[place + 1] += entry.ore

    def _balances(self, element: etree._Element) -> tuple[int | None, int | None]:
        found: dict[str, int] = {}
        for balance in collect(element, self.tables.balances, {}).get("balances", ()):
            kind = balance.get("type")
            if kind not in (*_OPENING, *_CLOSING):
                continue
            if kind in found:
                raise Odd("balance", f"one {kind} balance", "several")
            if balance.get("amount_ccy") != CURRENCY:
                raise Odd("currency", CURRENCY, str(balance.get("amount_ccy"))[:3])
            ore = parse_amount(balance.get("amount"))
            found[kind] = ore if is_credit(balance.get("direction")) else -ore
        opening = next((found[kind] for kind in _OPENING if kind in found), None)
        return opening, found.get("CLBD")
