"""Proof for the auditor: a month's journal and trial balance, as JSON or as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from claims_api.api.access import After, Limit, page
from claims_api.api.money_views import (
    JournalPage,
    ProofOut,
    TransferOut,
    TrialBalanceOut,
    TrialLineOut,
    transfer_out,
    trial_balance_out,
)
from claims_api.usecases.audit import JOURNAL_MAX, journal, period_of, proof, trial_balance
from shared.auth import Role
from shared.http import LIMIT_DEFAULT, Ctx, allow
from shared.problems import problems

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Auditors = Annotated[Ctx, allow(Role.AUDITOR, Role.CASEWORKER, Role.OPERATOR)]
Period = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="A month of recording, such as 2026-01.")]
Format = Annotated[Literal["json", "csv"], Query(description="csv: the whole month, semicolons, amounts in øre.")]

CSV = "text/csv; charset=utf-8"
_JOURNAL_COLUMNS = [name for name in TransferOut.model_fields if name != "explanation"] + ["rule", "reference"]
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}, **problems(401, 403, 422)}


@router.get("/journal", response_model=JournalPage, responses=_RESPONSES, summary="A month's transfers")
def read_journal(
    ctx: Auditors, period: Period, format: Format = "json", after: After = None, limit: Limit = LIMIT_DEFAULT
) -> Any:
    """Return the transfers recorded in a month, in order; a correction is a transfer that names what it reverses."""
    period_of(period)
    if format == "csv":
        headers = {"Content-Disposition": f'attachment; filename="journal-{period}.csv"'}
        return StreamingResponse(_journal_csv(ctx, period), media_type=CSV, headers=headers)
    with ctx.read() as tx:
        found = journal(tx, period, after=after, limit=limit)
    items = [transfer_out(row) for row in found]
    return JournalPage(period=period, items=items, next=page(items, "transfer_id", limit))


@router.get("/trial-balance", response_model=TrialBalanceOut, responses=_RESPONSES, summary="A month's trial balance")
def read_trial_balance(ctx: Auditors, period: Period, format: Format = "json") -> Any:
    """Return every account's opening, movements and closing in a month."""
    with ctx.read() as tx:
        found = trial_balance_out(trial_balance(tx, period))
    if format == "csv":
        rows = _csv(list(TrialLineOut.model_fields), [line.model_dump() for line in found.lines])
        headers = {"Content-Disposition": f'attachment; filename="trial-balance-{period}.csv"'}
        return Response(rows, media_type=CSV, headers=headers)
    return found


@router.get("/proof", responses=problems(401, 403), summary="The bank is explained")
def read_proof(ctx: Auditors) -> ProofOut:
    """Prove from the whole ledger that what is in the bank is what is owed on; a difference is an error."""
    with ctx.read() as tx:
        found = proof(tx)
    return ProofOut.model_validate(asdict(found) | {"difference_ore": found.difference_ore})


def _journal_csv(ctx: Ctx, period: str) -> Iterator[str]:
    """Write the month page by page, from one snapshot."""
    yield _csv(_JOURNAL_COLUMNS, [])
    with ctx.read() as tx:
        after = None
        while rows := journal(tx, period, after=after, limit=JOURNAL_MAX):
            shown = [transfer_out(row) for row in rows]
            yield _csv(
                _JOURNAL_COLUMNS,
                [
                    one.model_dump() | {"rule": one.explanation.rule, "reference": one.explanation.reference}
                    for one in shown
                ],
                header=False,
            )
            after = rows[-1].transfer_id


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, header: bool = True) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=";", extrasaction="ignore", lineterminator="\r\n")
    if header:
        writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    """Keep a spreadsheet from running a cell as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
