"""The day's end: every bank day, what is booked on it, and what the bank's statement says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from payments_ingest.api.access import After, BodyIn, DayReaders, Operators, day_cursor, person
from payments_ingest.deps import deps_of
from payments_ingest.domain.bank_days import Completer, match_lines
from payments_ingest.store import days, payments
from payments_ingest.store.days import BankDay
from payments_ingest.usecases.bank_days import close_bank_day, ensure_accounts
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Limit
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["bank days"])


class BankDayOut(BaseModel):
    """A bank day. ``count`` and ``sum_ore`` are what is booked now, ``published_…`` what claims-api was last told.

    ``difference_ore`` is statement less booked: 0 when the bank agrees, null while there is no statement.
    """

    account: str
    day: date
    state: Literal["open", "complete"]
    completed_by: str | None
    closed_by: str | None
    reason: str | None
    completed_at: datetime | None
    count: int
    sum_ore: int
    published_count: int | None
    published_ore: int | None
    times_published: int
    statement_ore: int | None
    difference_ore: int | None


class BankDayPage(BaseModel):
    """A page of bank days, newest first."""

    items: list[BankDayOut]
    next: str | None


class BankLineOut(BaseModel):
    """What the bank books as one line: how many of our payments it is, and their sum."""

    bank_line: str
    count: int
    sum_ore: int


class BankDayDetail(BankDayOut):
    """A bank day line by line. The last two list the sums (øre) of lines that only one side has."""

    lines: list[BankLineOut]
    statement_lines: list[int]
    only_booked: list[int]
    only_on_statement: list[int]


class CloseIn(BodyIn):
    """Which bank day an operator closes, and why."""

    account: str = Field(min_length=1, max_length=34)
    day: date
    reason: str = Field(min_length=3, max_length=500)


@router.get("/bank-days", responses=problems(401, 403, 422))
def list_bank_days(
    ctx: DayReaders,
    account: Annotated[str | None, Query(max_length=34)] = None,
    first: Annotated[date | None, Query(description="From this day on.")] = None,
    last: Annotated[date | None, Query(description="To this day.")] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> BankDayPage:
    """List bank days with the proof of each: booked, published, and the bank's statement."""
    with ctx.read() as tx:
        found = days.list_days(tx, account=account, first=first, last=last, after=day_cursor(after), limit=limit)
        items = _out(tx, found)
    end = found[-1] if len(found) == limit else None
    return BankDayPage(items=items, next=f"{end.day.isoformat()}/{end.account}" if end else None)


@router.get("/bank-days/{account}/{day}", responses=problems(401, 403, 404, 422))
def read_bank_day(account: str, day: date, ctx: DayReaders) -> BankDayDetail:
    """Compare a bank day line by line: each line of the bank is the sum of its transactions."""
    with ctx.read() as tx:
        return _detail(tx, account, day)


@router.post("/bank-days/close", responses=problems(400, 401, 403, 404, 409, 422))
def close(body: CloseIn, ctx: Operators) -> BankDayDetail:
    """Complete a bank day by hand, with a reason: everything the bank reports for it has come."""
    with ctx.uow() as uow:
        ensure_accounts(uow, deps_of(ctx.service).settings.accounts)
        close_bank_day(uow, body.account, body.day, Completer.OPERATOR, who=person(ctx), reason=body.reason)
    with ctx.read() as tx:
        return _detail(tx, body.account, body.day)


def _detail(tx: Connection, account: str, day: date) -> BankDayDetail:
    known = days.find_days(tx, [(account, day)]).get((account, day))
    if account not in days.bank_accounts(tx) and known is None:
        raise NotFound("bank day")
    row = known or BankDay(
        account=account,
        day=day,
        complete=False,
        completed_by=None,
        closed_by=None,
        reason=None,
        count=0,
        sum_ore=0,
        published=0,
        completed_at=None,
        statement_ore=None,
        statement_file_id=None,
    )
    (shown,) = _out(tx, [row])
    lines = payments.bank_lines(tx, account, day)
    theirs = days.statement_lines(tx, account, day)
    ours = [total for _, _, total in lines]
    only_ours, only_theirs = match_lines(ours, theirs) if row.statement_ore is not None else ([], [])
    return BankDayDetail(
        **shown.model_dump(),
        lines=[BankLineOut(bank_line=label, count=count, sum_ore=total) for label, count, total in lines],
        statement_lines=theirs,
        only_booked=only_ours,
        only_on_statement=only_theirs,
    )


def _out(tx: Connection, found: list[BankDay]) -> list[BankDayOut]:
    booked = payments.day_sums(tx, {(row.account, row.day) for row in found})
    items = []
    for row in found:
        count, total = booked.get((row.account, row.day), (0, 0))
        items.append(
            BankDayOut(
                account=row.account,
                day=row.day,
                state="complete" if row.complete else "open",
                completed_by=row.completed_by,
                closed_by=row.closed_by,
                reason=row.reason,
                completed_at=row.completed_at,
                count=count,
                sum_ore=total,
                published_count=row.count if row.published else None,
                published_ore=row.sum_ore if row.published else None,
                times_published=row.published,
                statement_ore=row.statement_ore,
                difference_ore=None if row.statement_ore is None else row.statement_ore - total,
            )
        )
    return items
