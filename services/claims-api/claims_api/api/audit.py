"""Proof for the auditor: a month's journal and trial balance, as JSON or as CSV for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Connection

from claims_api.api.csv_text import CSV, attachment, csv_text
from claims_api.api.money_views import (
    JournalPage,
    PeriodOut,
    PeriodPage,
    ProofOut,
    TransferOut,
    TrialBalanceOut,
    TrialLineOut,
    UnbookedDayOut,
    UnbookedDayPage,
    VoucherOut,
    VoucherPage,
    transfer_out,
    trial_balance_out,
)
from claims_api.domain.ledger import Transfer
from claims_api.domain.periods import month_of, period_of
from claims_api.store import payments, periods
from claims_api.usecases.audit import JOURNAL_MAX, journal, key_of, proof, trial_balance
from shared.auth import Role
from shared.calendar import OSLO
from shared.http import LIMIT_DEFAULT, LIMIT_MAX, Ctx, Limit, allow, next_after
from shared.problems import problems

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Auditors = Annotated[Ctx, allow(Role.AUDITOR, Role.CASEWORKER, Role.OPERATOR)]
Period = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="A month of posting, such as 2026-01.")]
AfterTransfer = Annotated[str | None, Query(max_length=140, description="The `next` of the page before.")]
AfterNumber = Annotated[int, Query(ge=0, le=10**12, description="The `next` of the page before.")]
Format = Annotated[Literal["json", "csv"], Query(description="csv: the whole month, semicolons, amounts in øre.")]

_JOURNAL_COLUMNS = [name for name in TransferOut.model_fields if name != "explanation"] + ["rule", "reference"]
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}, **problems(401, 403, 422)}


@router.get("/journal", response_model=JournalPage, responses=_RESPONSES, summary="A month's transfers")
def read_journal(
    ctx: Auditors, period: Period, format: Format = "json", after: AfterTransfer = None, limit: Limit = LIMIT_DEFAULT
) -> Any:
    """Return a month's transfers by voucher; a correction is a transfer that names what it reverses."""
    period_of(period)
    if format == "csv":
        return StreamingResponse(_journal_csv(ctx, period), media_type=CSV, headers=attachment(f"journal-{period}"))
    with ctx.read() as tx:
        rows = journal(tx, period, after=after, limit=limit)
        items = _shown(tx, rows)
    return JournalPage(period=period, items=items, next=key_of(rows[-1]) if len(rows) == limit else None)


@router.get("/vouchers", response_model=VoucherPage, responses=_RESPONSES, summary="A month's vouchers")
def read_vouchers(
    ctx: Auditors, period: Period, format: Format = "json", after: AfterNumber = 0, limit: Limit = LIMIT_DEFAULT
) -> Any:
    """Return a month's vouchers by number; as CSV every transfer of them, for the accounts of the municipality."""
    period_of(period)
    if format == "csv":
        return StreamingResponse(_vouchers_csv(ctx, period), media_type=CSV, headers=attachment(f"vouchers-{period}"))
    with ctx.read() as tx:
        found = periods.vouchers_page(tx, period, after=after, limit=limit)
    items = [
        VoucherOut.model_validate(
            asdict(voucher) | {"voucher": voucher.name, "transfers": transfers, "amount_ore": amount}
        )
        for voucher, transfers, amount in found
    ]
    return VoucherPage(period=period, items=items, next=next_after(items, "number", limit))


@router.get("/periods", responses=problems(401, 403), summary="The closed months")
def read_periods(ctx: Auditors) -> PeriodPage:
    """Return the months that are closed, newest first; there is only one page."""
    with ctx.read() as tx:
        found = periods.closed_periods(tx)
    return PeriodPage(items=[PeriodOut.model_validate(asdict(one)) for one in found], next=None)


@router.get("/trial-balance", response_model=TrialBalanceOut, responses=_RESPONSES, summary="A month's trial balance")
def read_trial_balance(ctx: Auditors, period: Period, format: Format = "json") -> Any:
    """Return every account's opening, movements and closing in a month."""
    with ctx.read() as tx:
        found = trial_balance_out(trial_balance(tx, period))
    if format == "csv":
        rows = csv_text(list(TrialLineOut.model_fields), [line.model_dump() for line in found.lines])
        return Response(rows, media_type=CSV, headers=attachment(f"trial-balance-{period}"))
    return found


@router.get("/proof", responses=problems(401, 403), summary="The bank is explained")
def read_proof(ctx: Auditors) -> ProofOut:
    """Prove from the whole ledger that what is in the bank is what is owed on; a difference is an error."""
    with ctx.read() as tx:
        found = proof(tx)
    return ProofOut.model_validate(asdict(found) | {"difference_ore": found.difference_ore})


@router.get("/unbooked-bank-days", responses=problems(401, 403), summary="Bank days the ledger does not agree with")
def read_unbooked_days(ctx: Auditors) -> UnbookedDayPage:
    """Return the bank days that are complete at the bank and not booked here, oldest first: normally none for long.

    A day waits while its payments are on their way or parked; no later step goes out for a claim that it could pay.
    """
    with ctx.read() as tx:
        found = payments.unbooked_days(tx, LIMIT_MAX)
    items = [
        UnbookedDayOut.model_validate(asdict(one) | {"difference_ore": one.bank_ore - one.ledger_ore}) for one in found
    ]
    return UnbookedDayPage(items=items, next=None)


def _shown(tx: Connection, rows: Sequence[Transfer]) -> list[TransferOut]:
    """Return transfers as they are answered, each with its voucher or the month it was recorded in."""
    vouchers = periods.vouchers_of(tx, [row.source_event for row in rows])
    shown = []
    for row in rows:
        voucher = vouchers.get(row.source_event)
        month = voucher.period if voucher else month_of(row.recorded_at.astimezone(OSLO).date())
        shown.append(transfer_out(row, period=month, voucher=voucher.name if voucher else None))
    return shown


def _journal_csv(ctx: Ctx, period: str) -> Iterator[str]:
    """Write the month page by page, from one snapshot."""
    yield csv_text(_JOURNAL_COLUMNS, [])
    with ctx.read() as tx:
        after = None
        while rows := journal(tx, period, after=after, limit=JOURNAL_MAX):
            yield csv_text(_JOURNAL_COLUMNS, [_flat(one) for one in _shown(tx, rows)], header=False)
            after = key_of(rows[-1])


def _vouchers_csv(ctx: Ctx, period: str) -> Iterator[str]:
    """Write every transfer that has a voucher in the month, page by page, from one snapshot."""
    columns = ["voucher", "booked_on", *(name for name in _JOURNAL_COLUMNS if name != "voucher")]
    yield csv_text(columns, [])
    with ctx.read() as tx:
        after = None
        while rows := periods.numbered_page(tx, period, after=after, limit=JOURNAL_MAX):
            shown = [
                _flat(transfer_out(transfer, period=voucher.period, voucher=voucher.name))
                | {"booked_on": voucher.booked_on}
                for voucher, transfer in rows
            ]
            yield csv_text(columns, shown, header=False)
            after = (rows[-1][0].number, rows[-1][1].ordinal)


def _flat(one: TransferOut) -> dict[str, Any]:
    return one.model_dump() | {"rule": one.explanation.rule, "reference": one.explanation.reference}
