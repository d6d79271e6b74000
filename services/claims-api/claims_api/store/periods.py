"""Vouchers and periods: which transfers have no number yet, giving numbers, closing a month, reading a month back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, case, func, select, tuple_, update

from claims_api.domain.ledger import Account, Transfer
from claims_api.store.ledger import LEDGER, transfer_of
from claims_api.tables import BankEntryRow, PaymentPartRow, PeriodRow, VoucherRow, VoucherSeriesRow
from shared.db import any_of, chunks, insert_all, insert_ignore, table_of
from shared.errors import Crash
from shared.ids import derived
from shared.values import names_of, value

VOUCHER = table_of(VoucherRow)
SERIES = table_of(VoucherSeriesRow)
PERIOD = table_of(PeriodRow)
_ENTRY = table_of(BankEntryRow)
_PART = table_of(PaymentPartRow)

_GUARD = 0
"""The series row that whoever numbers or closes holds; it is no year and gives no numbers."""

_JOINED = LEDGER.outerjoin(VOUCHER, VOUCHER.c.source_event == LEDGER.c.source_event)
_NUMBERED = LEDGER.join(VOUCHER, VOUCHER.c.source_event == LEDGER.c.source_event)
# A subquery and no join: few rows are looked at, and for a join every voucher there is might be read.
_NO_VOUCHER = (
    select(VOUCHER.c.number).where(VOUCHER.c.source_event == LEDGER.c.source_event).scalar_subquery().is_(None)
)
_ON_BANK = (LEDGER.c.debit == Account.BANK.value) | (LEDGER.c.credit == Account.BANK.value)


@value
class Source:
    """Transfers of one source that have no voucher yet; ``bank_day`` when they move money in or out of the bank.

    All that is read from its first transfer: a source's are of one case, and one with the bank is alone in its source.
    """

    source_event: str
    recorded_at: datetime
    bank_day: date | None
    case_id: str | None


@value
class Voucher:
    """A voucher (bilag): one source's transfers, numbered in their year."""

    source_event: str
    year: int
    number: int
    period: str
    booked_on: date
    recorded_at: datetime

    @property
    def name(self) -> str:
        """The voucher's number as it is written, such as ``2026-000123``."""
        return voucher_name(self.year, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPeriod:
    """A month that is closed, and what was in it."""

    period: str
    closed_on: date
    closed_at: datetime
    vouchers: int
    transfers: int
    debit_ore: int
    remitted_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month to read: transfers whose voucher is in it, and those recorded in it that have no voucher yet."""

    name: str
    start: datetime
    end: datetime


_VOUCHER = names_of(Voucher)


def voucher_name(year: int, number: int) -> str:
    """Write a voucher's number."""
    return f"{year}-{number:06d}"


def newest_voucher(tx: Connection) -> datetime | None:
    """Return the newest recorded-at among the last vouchers of the years: all but what comes late has its number."""
    last = (VOUCHER.c.year == SERIES.c.year) & (VOUCHER.c.number == SERIES.c.last_number)
    return tx.execute(select(func.max(VOUCHER.c.recorded_at)).select_from(SERIES.join(VOUCHER, last))).scalar()


def is_unnumbered(tx: Connection, *, since: datetime | None) -> bool:
    """Tell whether a source recorded from ``since`` on (None: ever) has no voucher; the newest is looked at first."""
    query = _since(select(LEDGER.c.source_event), since).order_by(LEDGER.c.recorded_at.desc()).limit(1)
    return tx.execute(query).first() is not None


def unnumbered(tx: Connection, *, since: datetime | None, limit: int) -> list[Source]:
    """Return sources without a voucher among the transfers recorded from ``since`` (None: ever), oldest first."""
    query = select(
        LEDGER.c.source_event,
        LEDGER.c.recorded_at,
        case((_ON_BANK, LEDGER.c.value_date)).label("bank_day"),
        LEDGER.c.case_id,
    )
    query = _since(query, since).order_by(LEDGER.c.recorded_at, LEDGER.c.source_event).limit(limit)
    return [
        Source(source_event=row.source_event, recorded_at=row.recorded_at, bank_day=row.bank_day, case_id=row.case_id)
        for row in tx.execute(query).all()
    ]


def _since(query: Select[Any], since: datetime | None) -> Select[Any]:
    query = query.where(LEDGER.c.ordinal == 0, _NO_VOUCHER)
    return query if since is None else query.where(LEDGER.c.recorded_at >= since)


def payment_days(tx: Connection, sources: Sequence[Source]) -> dict[str, date]:
    """Return, for the sources that are events about a bank transaction, the bank's day of it.

    An event names its part of the payment by its own id, in a case that is not its own by one derived from it.
    """
    by_part: dict[str, str] = {}
    for source in sources:
        event_id, _, _ = source.source_event.partition(":")
        by_part[event_id] = source.source_event
        if source.source_event != event_id and source.case_id is not None:
            by_part[derived(event_id, f"part:{source.case_id}")] = source.source_event
    found: dict[str, date] = {}
    named = case((_PART.c.kind == "taken_back", _PART.c.reversal_id), else_=_PART.c.payment_id)
    for piece in chunks(sorted(by_part)):
        query = (
            select(_PART.c.part_id, _ENTRY.c.day)
            .join(_ENTRY, _ENTRY.c.entry_id == named)
            .where(any_of(tx, _PART.c.part_id, piece), _PART.c.kind.in_(["matched", "taken_back"]))
        )
        found.update({by_part[part_id]: day for part_id, day in tx.execute(query)})
    return found


def hold_numbering(tx: Connection) -> None:
    """Let nobody else number vouchers or close a month until this transaction ends."""
    insert_ignore(tx, SERIES, [{"year": _GUARD, "last_number": 0}])
    if tx.dialect.name == "postgresql":
        tx.execute(select(SERIES.c.year).where(SERIES.c.year == _GUARD).with_for_update()).all()


def reserve_numbers(tx: Connection, year: int, count: int) -> int:
    """Reserve ``count`` voucher numbers of a year; returns the first. Others wait until the transaction ends."""
    insert_ignore(tx, SERIES, [{"year": year, "last_number": 0}])
    last = tx.execute(
        update(SERIES)
        .where(SERIES.c.year == year)
        .values(last_number=SERIES.c.last_number + count)
        .returning(SERIES.c.last_number)
    ).scalar()
    if last is None:
        raise Crash(f"voucher series: expected a row for {year}, got none")
    return int(last) - count + 1


def add_vouchers(tx: Connection, vouchers: Sequence[Voucher]) -> None:
    """Store vouchers; one whose source has a voucher already breaks the transaction, so no number is lost."""
    insert_all(tx, VOUCHER, vouchers, _VOUCHER)


def closed_to(tx: Connection) -> str | None:
    """Return the last month that is closed."""
    return tx.execute(select(func.max(PERIOD.c.period))).scalar()


def first_month(tx: Connection) -> str | None:
    """Return the first month that has a voucher."""
    return tx.execute(select(func.min(VOUCHER.c.period))).scalar()


def close_period(tx: Connection, period: str, *, closed_on: date, closed_at: datetime) -> None:
    """Close a month with what is in it."""
    counted = select(
        func.count(func.distinct(VOUCHER.c.source_event)),
        func.count(),
        func.coalesce(func.sum(LEDGER.c.amount_ore), 0),
    ).select_from(_NUMBERED)
    vouchers, transfers, debit = tx.execute(counted.where(VOUCHER.c.period == period)).one()
    row = {
        "period": period,
        "closed_on": closed_on,
        "closed_at": closed_at,
        "vouchers": vouchers,
        "transfers": transfers,
        "debit_ore": int(debit),
    }
    insert_ignore(tx, PERIOD, [row])


def closed_periods(tx: Connection) -> list[ClosedPeriod]:
    """Return the closed months, newest first."""
    return [ClosedPeriod(**row) for row in tx.execute(select(PERIOD).order_by(PERIOD.c.period.desc())).mappings()]


def first_unremitted(tx: Connection) -> str | None:
    """Return the oldest closed month that units have no statements of yet."""
    return tx.execute(select(func.min(PERIOD.c.period)).where(PERIOD.c.remitted_on.is_(None))).scalar()


def mark_remitted(tx: Connection, period: str, on: date) -> None:
    """Note that every unit has its statement of a month."""
    tx.execute(update(PERIOD).where(PERIOD.c.period == period).values(remitted_on=on))


def vouchers_of(tx: Connection, sources: Iterable[str]) -> dict[str, Voucher]:
    """Return the vouchers of these sources, by source."""
    found: dict[str, Voucher] = {}
    for piece in chunks(sorted(set(sources))):
        for row in tx.execute(select(VOUCHER).where(VOUCHER.c.source_event.in_(piece))).mappings():
            found[row["source_event"]] = Voucher(**row)
    return found


def vouchers_page(tx: Connection, period: str, *, after: int, limit: int) -> list[tuple[Voucher, int, int]]:
    """Return a month's vouchers by number from the one after ``after``, with how many transfers and how much each."""
    numbers = (
        select(VOUCHER)
        .where(VOUCHER.c.period == period, VOUCHER.c.number > after)
        .order_by(VOUCHER.c.number)
        .limit(limit)
        .subquery()
    )
    query = (
        select(*numbers.c, func.count().label("transfers"), func.sum(LEDGER.c.amount_ore).label("amount_ore"))
        .join(LEDGER, LEDGER.c.source_event == numbers.c.source_event)
        .group_by(*numbers.c)
        .order_by(numbers.c.number)
    )
    found = []
    for row in tx.execute(query).mappings():
        voucher = Voucher(**{name: row[name] for name in _VOUCHER})
        found.append((voucher, int(row["transfers"]), int(row["amount_ore"])))
    return found


def numbered_page(
    tx: Connection, period: str, *, after: tuple[int, int] | None, limit: int
) -> list[tuple[Voucher, Transfer]]:
    """Return a month's transfers with their vouchers, by voucher number and ordinal, from the one after ``after``."""
    query = _with_voucher().where(VOUCHER.c.period == period)
    if after is not None:
        query = query.where(tuple_(VOUCHER.c.number, LEDGER.c.ordinal) > after)
    query = query.order_by(VOUCHER.c.number, LEDGER.c.ordinal).limit(limit)
    return [(_voucher(row), transfer_of(row)) for row in tx.execute(query).mappings()]


def unnumbered_page(tx: Connection, month: Month, *, after: tuple[datetime, str] | None, limit: int) -> list[Transfer]:
    """Return the transfers recorded in a month that have no voucher yet, in order, from the one after ``after``."""
    query = (
        select(LEDGER)
        .select_from(_JOINED)
        .where(VOUCHER.c.source_event.is_(None), LEDGER.c.recorded_at >= month.start, LEDGER.c.recorded_at < month.end)
    )
    if after is not None:
        query = query.where(tuple_(LEDGER.c.recorded_at, LEDGER.c.transfer_id) > after)
    query = query.order_by(LEDGER.c.recorded_at, LEDGER.c.transfer_id).limit(limit)
    return [transfer_of(row) for row in tx.execute(query).mappings()]


def sums_before(tx: Connection, month: Month) -> dict[Account, tuple[int, int]]:
    """Return what was debited and credited per account in all months before this one, in øre."""
    unnumbered_then = VOUCHER.c.source_event.is_(None) & (LEDGER.c.recorded_at < month.start)
    return _sums(tx, (VOUCHER.c.period < month.name) | unnumbered_then)


def sums_in(tx: Connection, month: Month) -> dict[Account, tuple[int, int]]:
    """Return what was debited and credited per account in a month, in øre."""
    recorded = (LEDGER.c.recorded_at >= month.start) & (LEDGER.c.recorded_at < month.end)
    return _sums(tx, (VOUCHER.c.period == month.name) | (VOUCHER.c.source_event.is_(None) & recorded))


def gaps(tx: Connection) -> list[int]:
    """Return the years whose voucher numbers are not exactly 1 to the last one given out."""
    query = (
        select(SERIES.c.year, SERIES.c.last_number, func.count(VOUCHER.c.number), func.max(VOUCHER.c.number))
        .select_from(SERIES.outerjoin(VOUCHER, VOUCHER.c.year == SERIES.c.year))
        .group_by(SERIES.c.year, SERIES.c.last_number)
        .order_by(SERIES.c.year)
    )
    return [year for year, last, count, highest in tx.execute(query) if not last == count == (highest or 0)]


def periods_reopened(tx: Connection) -> list[str]:
    """Return the closed months that no longer hold what they held when they were closed."""
    query = (
        select(PERIOD.c.period)
        .select_from(PERIOD.outerjoin(_NUMBERED, VOUCHER.c.period == PERIOD.c.period))
        .group_by(PERIOD.c.period, PERIOD.c.transfers, PERIOD.c.debit_ore)
        .having(
            (func.count(LEDGER.c.transfer_id) != PERIOD.c.transfers)
            | (func.coalesce(func.sum(LEDGER.c.amount_ore), 0) != PERIOD.c.debit_ore)
        )
        .order_by(PERIOD.c.period)
    )
    return list(tx.execute(query).scalars())


def _sums(tx: Connection, where: ColumnElement[bool]) -> dict[Account, tuple[int, int]]:
    sums: dict[Account, list[int]] = {account: [0, 0] for account in Account}
    for side, at in ((LEDGER.c.debit, 0), (LEDGER.c.credit, 1)):
        query = select(side, func.sum(LEDGER.c.amount_ore)).select_from(_JOINED).where(where).group_by(side)
        for account, amount in tx.execute(query):
            sums[Account(account)][at] = int(amount)
    return {account: (debit, credit) for account, (debit, credit) in sums.items()}


def _with_voucher() -> Select[Any]:
    columns = [VOUCHER.c[name].label(f"voucher_{name}") for name in _VOUCHER]
    return select(LEDGER, *columns).select_from(_NUMBERED)


def _voucher(row: RowMapping) -> Voucher:
    return Voucher(**{name: row[f"voucher_{name}"] for name in _VOUCHER})
