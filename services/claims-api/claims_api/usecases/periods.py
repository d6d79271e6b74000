"""Numbering vouchers and closing months.

One job numbers what was recorded, so that the numbers of a year have no gaps whoever records at the same time; posting
itself never waits for it. A month is closed once its closing day has come and everything recorded has its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.periods import first_day, months_to_close, posting_month
from claims_api.store import periods
from claims_api.store.periods import Source, Voucher
from shared.calendar import OSLO
from shared.uow import Uow

NEAR = timedelta(seconds=2)
"""How far behind the newest number each run looks: a batch that was being booked while others were numbered."""

LATE = timedelta(minutes=15)
"""How far behind the newest number is looked now and then, for what was booked by a transaction that ended late.

One is cut off after a minute, so looking every ten minutes misses none; closing a month looks at everything.
"""


def anything_to_number(tx: Connection, *, behind: timedelta = NEAR) -> bool:
    """Tell whether something has no voucher that was recorded after the newest numbered, or so far behind it."""
    return periods.is_unnumbered(tx, since=_since(tx, behind))


def number_vouchers(uow: Uow, *, limit: int, behind: timedelta = NEAR) -> int:
    """Give vouchers to what was recorded after the newest numbered, or so far behind it; returns how many."""
    periods.hold_numbering(uow.tx)
    return _number(uow, _since(uow.tx, behind), limit)


def anything_to_close(tx: Connection, deps: Deps, today: date) -> bool:
    """Tell whether the closing day of a month has come."""
    return bool(_due(tx, deps, today))


def close_months(uow: Uow, deps: Deps, *, limit: int) -> int:
    """Close the oldest month whose closing day has come, after everything recorded has its voucher.

    Returns how much was done: vouchers given, or 1 for a month that was closed.
    """
    periods.hold_numbering(uow.tx)
    due = _due(uow.tx, deps, uow.today)
    if not due:
        return 0
    numbered = _number(uow, None, limit)
    if numbered:
        return numbered
    periods.close_period(uow.tx, due[0], closed_on=uow.today, closed_at=uow.now)
    return 1


def _due(tx: Connection, deps: Deps, today: date) -> Sequence[str]:
    working_day = deps.settings.period_closing_working_day
    return months_to_close(periods.first_month(tx), periods.closed_to(tx), today, working_day=working_day)


def _since(tx: Connection, behind: timedelta) -> datetime | None:
    newest = periods.newest_voucher(tx)
    return newest - behind if newest is not None else None


def _number(uow: Uow, since: datetime | None, limit: int) -> int:
    sources = periods.unnumbered(uow.tx, since=since, limit=limit)
    days = periods.payment_days(uow.tx, sources)
    closed = periods.closed_to(uow.tx)
    placed: dict[int, list[tuple[Source, date, str]]] = {}
    for source in sources:
        recorded_on = source.recorded_at.astimezone(OSLO).date()
        booked_on = source.bank_day or days.get(source.source_event) or recorded_on
        month = posting_month(booked_on, recorded_on, closed)
        placed.setdefault(first_day(month).year, []).append((source, booked_on, month))
    for year, found in sorted(placed.items()):
        first = periods.reserve_numbers(uow.tx, year, len(found))
        vouchers = [
            Voucher(
                source_event=source.source_event,
                year=year,
                number=number,
                period=month,
                booked_on=booked_on,
                recorded_at=source.recorded_at,
            )
            for number, (source, booked_on, month) in enumerate(found, start=first)
        ]
        periods.add_vouchers(uow.tx, vouchers)
    return len(sources)
