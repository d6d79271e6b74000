"""What an auditor reads: the journal of a month, its trial balance, and the proof that the bank is explained.

A month is the one a voucher is posted in (see ``domain.periods``); what was recorded a moment ago and has no voucher
yet is shown last, in the month of recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from claims_api.domain.ledger import DEBIT_ACCOUNTS, Account, Transfer
from claims_api.domain.periods import period_of
from claims_api.domain.remittance import ClosingProof, closing_proof
from claims_api.store import ledger, periods
from claims_api.store.checks import unbalanced_ore
from claims_api.store.periods import Month
from shared.errors import Reject

JOURNAL_MAX = 200


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


def key_of(transfer: Transfer) -> str:
    """Name a transfer by what it is unique by, to read on from it."""
    return f"{transfer.source_event}:{transfer.ordinal}"


def journal(tx: Connection, period: str, *, after: str | None = None, limit: int = JOURNAL_MAX) -> list[Transfer]:
    """Return a month's transfers by voucher number, then those without one, from the one after ``after`` (its key).

    Raises Reject for a period that is no month, and for an ``after`` that is no transfer's ``key_of``.
    """
    month, limit = _month(period), min(limit, JOURNAL_MAX)
    numbered: tuple[int, int] | None = None
    edge = None
    if after is not None:
        source_event, _, ordinal = after.rpartition(":")
        last = ledger.find_transfer(tx, source_event, int(ordinal)) if ordinal.isdecimal() else None
        if last is None:
            raise Reject("after", "after: expected the `next` of the page before")
        voucher = periods.vouchers_of(tx, [last.source_event]).get(last.source_event)
        numbered = (voucher.number, last.ordinal) if voucher else None
        edge = None if voucher else (last.recorded_at, last.transfer_id)
    found: list[Transfer] = []
    if edge is None:
        found = [row for _, row in periods.numbered_page(tx, month.name, after=numbered, limit=limit)]
    if len(found) < limit:
        found += periods.unnumbered_page(tx, month, after=edge, limit=limit - len(found))
    return found


def trial_balance(tx: Connection, period: str) -> TrialBalance:
    """Return the trial balance of a month; raises Reject for a period that is no month."""
    month = _month(period)
    before, during = periods.sums_before(tx, month), periods.sums_in(tx, month)
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
    return closing_proof(ledger.totals(tx))


def imbalance(tx: Connection) -> int:
    """Return what the ledger is off by in øre: debit against credit, and the bank against what it is owed to."""
    return max(abs(unbalanced_ore(tx)), abs(proof(tx).difference_ore))


def _month(period: str) -> Month:
    found = period_of(period)
    return Month(name=found.name, start=found.start, end=found.end)
