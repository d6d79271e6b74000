"""What an auditor reads: the journal of a month, its trial balance, and the proof that the bank is explained.

A month is that of recording in Oslo: a fact that came late keeps its value date and is in the month it was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection

from claims_api.domain.ledger import DEBIT_ACCOUNTS, Account, Transfer
from claims_api.domain.remittance import ClosingProof, closing_proof
from claims_api.store import ledger
from shared.calendar import OSLO, add_months
from shared.errors import FieldError, Reject

JOURNAL_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month of recording: from ``start`` until before ``end``, both UTC."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """One account in a month, in øre: what it stood at, what was debited and credited, what it stands at.

    Opening and closing are by the account's natural side, so that both are above zero when all is well.
    """

    account: Account
    opening_ore: int
    debit_ore: int
    credit_ore: int
    closing_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """Every account in a month (råbalanse); the debit and credit columns are equal."""

    period: str
    lines: Sequence[TrialLine]

    @property
    def debit_ore(self) -> int:
        """Everything debited."""
        return sum(line.debit_ore for line in self.lines)

    @property
    def credit_ore(self) -> int:
        """Everything credited."""
        return sum(line.credit_ore for line in self.lines)

    @property
    def balanced(self) -> bool:
        """Tell whether debit accounts close at what credit accounts close at, and the month's columns agree."""
        debit = sum(line.closing_ore for line in self.lines if line.account in DEBIT_ACCOUNTS)
        credit = sum(line.closing_ore for line in self.lines if line.account not in DEBIT_ACCOUNTS)
        return debit == credit and self.debit_ore == self.credit_ore


def period_of(name: str) -> Period:
    """Read a month such as ``2026-01``; raises Reject for anything else."""
    try:
        first = date.fromisoformat(f"{name}-01")
    except ValueError:
        wrong = FieldError("period", "month", "expected a month such as 2026-01")
        raise Reject("period", "period: expected a month such as 2026-01", errors=[wrong]) from None
    return Period(name=name, start=_midnight(first), end=_midnight(add_months(first, 1)))


def journal(tx: Connection, period: str, *, after: str | None = None, limit: int = JOURNAL_MAX) -> list[Transfer]:
    """Return the transfers recorded in a month in the order of recording, from the one after ``after`` (an id).

    Raises Reject for a period that is no month, and for an ``after`` that is no transfer.
    """
    month = period_of(period)
    edge = None
    if after is not None:
        last = ledger.find_transfer(tx, after)
        if last is None:
            raise Reject("after", "after: expected the id of a transfer")
        edge = (last.recorded_at, last.transfer_id)
    return ledger.journal_page(tx, month.start, month.end, after=edge, limit=min(limit, JOURNAL_MAX))


def trial_balance(tx: Connection, period: str) -> TrialBalance:
    """Return the trial balance of a month; raises Reject for a period that is no month."""
    month = period_of(period)
    before = ledger.movements(tx, before=month.start)
    during = ledger.movements(tx, before=month.end, since=month.start)
    lines = []
    for account in Account:
        sign = 1 if account in DEBIT_ACCOUNTS else -1
        opening = sign * (before[account][0] - before[account][1])
        debit, credit = during[account]
        closing = opening + sign * (debit - credit)
        lines.append(
            TrialLine(account=account, opening_ore=opening, debit_ore=debit, credit_ore=credit, closing_ore=closing)
        )
    return TrialBalance(period=period, lines=lines)


def proof(tx: Connection) -> ClosingProof:
    """Prove from the whole ledger that what is in the bank is what is owed on."""
    return closing_proof(ledger.everything(tx))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=OSLO).astimezone(UTC)
