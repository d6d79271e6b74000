"""How statements, journals and trial balances are answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from claims_api.domain.ledger import Transfer
from claims_api.usecases.audit import TrialBalance
from claims_api.usecases.statement import Statement


class Explanation(BaseModel):
    """Why an amount is what it is: the rule, the law behind it, and what went in."""

    rule: str
    reference: str
    inputs: dict[str, str | int | None]


class LineOut(BaseModel):
    """One line of a statement; payments are negative. ``recorded_at`` is null for interest that is not posted."""

    value_date: date
    recorded_at: datetime | None
    kind: str
    title: str
    amount_ore: int
    claim_id: str | None
    parts: dict[str, int] = Field(description="How much of each kind the line changed, in øre.")
    explanation: Explanation


class StatementOut(BaseModel):
    """Every line of a case; their sum is the balance's total."""

    as_of: date
    known_at: datetime | None
    lines: list[LineOut]
    total_ore: int
    case_version: int


class TransferOut(BaseModel):
    """One transfer (postering): ``amount_ore`` from the credit account to the debit account."""

    transfer_id: str
    recorded_at: datetime
    period: str = Field(description="The month it is posted in.")
    voucher: str | None = Field(description="Number of its voucher (bilag); null for the moment before it has one.")
    value_date: date
    kind: str
    debit: str
    debit_owner: str
    credit: str
    credit_owner: str
    amount_ore: int
    unit: str | None
    case_id: str | None
    claim_id: str | None
    about: str | None
    reverses: str | None
    source_event: str
    ordinal: int
    explanation: Explanation


class JournalPage(BaseModel):
    """A page of a month's transfers by voucher."""

    period: str
    items: list[TransferOut]
    next: str | None


class VoucherOut(BaseModel):
    """One voucher (bilag): what was recorded from one source; the numbers of a year have no gaps."""

    voucher: str
    year: int
    number: int
    period: str
    booked_on: date
    recorded_at: datetime
    source_event: str
    transfers: int
    amount_ore: int


class VoucherPage(BaseModel):
    """A page of a month's vouchers by number."""

    period: str
    items: list[VoucherOut]
    next: str | None


class PeriodOut(BaseModel):
    """A month that is closed: how much was in it then, and is for ever."""

    period: str
    closed_on: date
    closed_at: datetime
    vouchers: int
    transfers: int
    debit_ore: int


class PeriodPage(BaseModel):
    """The closed months, newest first."""

    items: list[PeriodOut]
    next: None


class TrialLineOut(BaseModel):
    """One account in a month, in øre; opening and closing by the account's natural side."""

    account: str
    opening_ore: int
    debit_ore: int
    credit_ore: int
    closing_ore: int


class TrialBalanceOut(BaseModel):
    """Every account in a month (råbalanse)."""

    period: str
    lines: list[TrialLineOut]
    debit_ore: int
    credit_ore: int
    balanced: bool


class UnbookedDayOut(BaseModel):
    """A bank day that is complete and whose payments are not all in the ledger, or not rightly.

    ``difference_ore`` is the bank's sum less the ledger's; it may be 0 while the counts differ.
    """

    account: str
    day: date
    completed_at: datetime
    bank_count: int
    bank_ore: int
    ledger_count: int
    ledger_ore: int
    difference_ore: int


class UnbookedDayPage(BaseModel):
    """The oldest of these bank days; there is only one page."""

    items: list[UnbookedDayOut]
    next: None


class ProofOut(BaseModel):
    """Where every øre in the bank belongs; ``difference_ore`` is what the ledger cannot explain."""

    bank_ore: int
    suspense_ore: int
    overpaid_ore: int
    in_transit_ore: int
    units_ore: int
    collector_ore: int
    difference_ore: int


def statement_out(found: Statement, *, case_version: int) -> StatementOut:
    """Return a statement as it is answered."""
    return StatementOut.model_validate(
        {
            "as_of": found.as_of,
            "known_at": found.known_at,
            "lines": [line.as_json() for line in found.lines],
            "total_ore": found.total_ore,
            "case_version": case_version,
        }
    )


def transfer_out(row: Transfer, *, period: str, voucher: str | None) -> TransferOut:
    """Return a transfer as it is answered: ``period`` and ``voucher`` say where it is posted."""
    names = set(TransferOut.model_fields) - {"period", "voucher", "explanation"}
    plain: dict[str, Any] = {name: getattr(row, name) for name in names}
    return TransferOut.model_validate(
        plain | {"period": period, "voucher": voucher, "explanation": row.trace.as_json()}, strict=False
    )


def trial_balance_out(found: TrialBalance) -> TrialBalanceOut:
    """Return a trial balance as it is answered."""
    lines = [
        TrialLineOut(
            account=line.account.value,
            opening_ore=line.opening_ore,
            debit_ore=line.debit_ore,
            credit_ore=line.credit_ore,
            closing_ore=line.closing_ore,
        )
        for line in found.lines
    ]
    return TrialBalanceOut(
        period=found.period,
        lines=lines,
        debit_ore=found.debit_ore,
        credit_ore=found.credit_ore,
        balanced=found.balanced,
    )
