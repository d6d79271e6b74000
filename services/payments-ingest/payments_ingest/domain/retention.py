"""How long what the bank sent is kept (oppbevaring): vouchers for some years of accounts, the rest for some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.calendar import OSLO


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What may be deleted: vouchers from before ``vouchers_before``, what was never booked from before ``rest_before``.

    Both are instants; something of exactly that instant is kept.
    """

    vouchers_before: datetime
    rest_before: datetime


def retention(today: date, *, voucher_years: int, rest_days: int) -> Retention:
    """Return what may be deleted on ``today``.

    Bookkeeping keeps a voucher to the end of the year that is ``voucher_years`` after its own (bokføringsloven § 13).
    What was refused is no voucher: it is personal data without a purpose once its sender has had time to look.
    """
    return Retention(
        vouchers_before=_midnight(date(today.year - voucher_years, 1, 1)),
        rest_before=_midnight(today - timedelta(days=rest_days)),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=OSLO)
