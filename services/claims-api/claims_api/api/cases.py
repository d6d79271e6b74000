"""Cases: the case, its balance by kind, the explained ledger, and everything that happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlalchemy import Connection

from claims_api.api.access import After, MinVersion, Readers, deps_of, see_case, wait_for
from claims_api.api.money_views import StatementOut, statement_out
from claims_api.api.showing import show_balance, show_brief, show_case
from claims_api.api.views import BalanceOut, CasePage, CaseState, CaseView, TimelineItem, TimelinePage
from claims_api.store import cases, claims
from claims_api.usecases.statement import statement
from shared.db import lock_rows
from shared.http import LIMIT_DEFAULT, Ctx, Limit, next_after
from shared.problems import problems

router = APIRouter(prefix="/v1/cases", tags=["cases"])

FRESH = timedelta(seconds=60)
"""A known_at younger than this reads under the case's lock: nothing recorded before it can still be on its way."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days that can be asked about: beyond them calendars and time zones end."""

AsOf = Annotated[
    date | None, Query(ge=FIRST_DAY, le=LAST_DAY, description="Legal day (Europe/Oslo); today when left out.")
]
KnownAt = Annotated[
    AwareDatetime | None,
    Query(
        ge=datetime(FIRST_DAY.year, 1, 1, tzinfo=UTC),
        le=datetime(LAST_DAY.year, 12, 31, tzinfo=UTC),
        description="As it was known then; everything known when left out.",
    ),
]


@contextmanager
def _reading(ctx: Ctx, case_id: str, known_at: datetime | None) -> Iterator[Connection]:
    if known_at is None or ctx.service.clock.now() - known_at >= FRESH:
        with ctx.read() as tx:
            yield tx
    else:
        with ctx.service.db.begin() as tx:
            ctx.confine(tx)
            lock_rows(tx, cases.CASE, "case_id", [case_id])
            yield tx


@router.get("", responses=problems(401, 403, 422), summary="List cases")
def list_cases(
    ctx: Readers,
    state: CaseState | None = None,
    creditor_unit: Annotated[str | None, Query(max_length=60)] = None,
    case_number: Annotated[str | None, Query(max_length=10)] = None,
    kid: Annotated[str | None, Query(max_length=25, description="Any KID ever given out.")] = None,
    debtor_ref: Annotated[str | None, Query(max_length=36)] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> CasePage:
    """List the cases that are yours to see, oldest first."""
    wanted = {"state": state, "unit": creditor_unit, "case_number": case_number, "debtor_ref": debtor_ref}
    filters = {name: value for name, value in wanted.items() if value is not None}
    sight = ctx.caller.sight
    with ctx.read() as tx:
        if kid is not None:
            given = cases.find_kid(tx, kid)
            filters["case_id"] = given["case_id"] if given is not None else ""
        ids = claims.cases_page(tx, sight, filters=filters, after=after, limit=limit)
        found = cases.find_cases(tx, ids)
        inside = claims.claims_of_cases(tx, ids)
        liable = claims.parties_of(tx, [claim.claim_id for held in inside.values() for claim in held])
    items = []
    for case_id in ids:
        own = sight.debtor_ref in (None, found[case_id].debtor_ref)
        held = [one for one in inside.get(case_id, []) if own or sight.debtor_ref in liable[one.claim_id]]
        items.append(show_brief(found[case_id], held, debtor_ref=found[case_id].debtor_ref if own else None))
    return CasePage(items=items, next=next_after(items, "case_id", limit))


@router.get("/{case_id}", responses=problems(401, 403, 404, 422), summary="Read a case")
def read_case(case_id: str, ctx: Readers, min_version: MinVersion = None) -> CaseView:
    """Return the case with its claims, holds and balance today."""
    wait_for(ctx, case_id, min_version)
    with ctx.read() as tx:
        return show_case(tx, ctx, see_case(tx, ctx, case_id))


@router.get("/{case_id}/balance", responses=problems(401, 403, 404, 422), summary="What is owed")
def read_balance(
    case_id: str, ctx: Readers, as_of: AsOf = None, known_at: KnownAt = None, min_version: MinVersion = None
) -> BalanceOut:
    """Return what is owed by kind, as of a day and as known at an instant."""
    wait_for(ctx, case_id, min_version)
    with _reading(ctx, case_id, known_at) as tx:
        seen = see_case(tx, ctx, case_id)
        return show_balance(
            tx,
            ctx,
            case_id,
            seen.claim_ids,
            as_of=as_of or ctx.today,
            known_at=known_at,
            version=seen.case.version,
        )


@router.get("/{case_id}/statement", responses=problems(401, 403, 404, 422), summary="Why it is owed")
def read_statement(
    case_id: str, ctx: Readers, as_of: AsOf = None, known_at: KnownAt = None, min_version: MinVersion = None
) -> StatementOut:
    """Return every line of the ledger with the rule that made it; interest that runs is the last lines."""
    wait_for(ctx, case_id, min_version)
    with _reading(ctx, case_id, known_at) as tx:
        seen = see_case(tx, ctx, case_id)
        found = statement(
            tx, deps_of(ctx), case_id, as_of=as_of or ctx.today, known_at=known_at, claim_ids=seen.claim_ids
        )
        return statement_out(found, case_version=seen.case.version)


@router.get("/{case_id}/timeline", responses=problems(401, 403, 404, 422), summary="What happened")
def read_timeline(
    case_id: str,
    ctx: Readers,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
    min_version: MinVersion = None,
) -> TimelinePage:
    """Return everything that happened on the case, oldest first; a co-debtor sees what is about their claims."""
    wait_for(ctx, case_id, min_version)
    with ctx.read() as tx:
        seen = see_case(tx, ctx, case_id)
        found = cases.timeline(tx, case_id, after=after, limit=limit, claim_ids=seen.claim_ids)
    items = [
        TimelineItem(
            entry_id=entry.entry_id,
            at=entry.at,
            type=entry.type,
            summary=entry.summary,
            claim_id=entry.claim_id,
            facts=dict(entry.facts or {}),
        )
        for entry in found
    ]
    return TimelinePage(items=items, next=next_after(items, "entry_id", limit), case_version=seen.case.version)
