"""Requests: what was asked for, about which claims, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, func, select, tuple_, update

from claims_api.tables import CaseRow, ClaimRow, PayByRow, RequestClaimRow, RequestRow
from shared.db import chunks, table_of, upsert

REQUEST = table_of(RequestRow)
REQUEST_CLAIM = table_of(RequestClaimRow)
PAY_BY = table_of(PayByRow)
_CASE = table_of(CaseRow)
_CLAIM = table_of(ClaimRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as stored; see its table for what the columns mean."""

    request_id: str
    kind: str
    state: str
    case_id: str
    unit: str
    debtor_ref: str
    channel: str
    received_on: date
    registered_on: date
    registered_at: datetime
    registered_by: str
    due_on: date
    grounds: list[str]
    documents: list[str]
    text_id: str | None = None
    until: date | None = None
    plan_id: str | None = None
    instalment_ore: int | None = None
    instalments: int | None = None
    first_due: date | None = None
    pause_months: int | None = None
    acknowledges: bool = False
    disputed_ore: int | None = None
    ground: str | None = None
    concerns: str | None = None
    text_digest: str | None = None
    heard_by: str | None = None
    freezes: bool = False
    in_time: bool | None = None
    preliminary_on: date | None = None
    preliminary_sent_on: date | None = None
    complain_by: date | None = None
    complained_on: date | None = None
    complaint_body: str | None = None
    complaint_text_id: str | None = None
    outcome: str | None = None
    reasonable: bool | None = None
    upheld_ore: int | None = None
    reasons_text_id: str | None = None
    decided_on: date | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    pay_by: date | None = None
    ended_on: date | None = None
    contested_on: date | None = None
    look_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClaim:
    """A claim a request is about, oldest due first by ``position``."""

    request_id: str
    claim_id: str
    case_id: str
    position: int
    demand_key: str | None = None


def insert_request(tx: Connection, request: Request, claims: Sequence[RequestClaim]) -> None:
    """Store a request and the claims it is about."""
    tx.execute(REQUEST.insert().values(**{name: getattr(request, name) for name in Request.__slots__}))
    if claims:
        tx.execute(REQUEST_CLAIM.insert(), [{n: getattr(one, n) for n in RequestClaim.__slots__} for one in claims])


def keep_claims(tx: Connection, request_id: str, claim_ids: Iterable[str]) -> None:
    """Let a request be about these of its claims alone; the caller holds the locks of their cases."""
    tx.execute(
        delete(REQUEST_CLAIM).where(
            REQUEST_CLAIM.c.request_id == request_id, REQUEST_CLAIM.c.claim_id.not_in(list(claim_ids))
        )
    )


def change_request(tx: Connection, request_id: str, **changes: Any) -> None:
    """Record what became of a request; the caller holds its case's lock."""
    tx.execute(update(REQUEST).where(REQUEST.c.request_id == request_id).values(**changes))


def find_request(tx: Connection, request_id: str) -> Request | None:
    """Return a request, unlocked."""
    row = tx.execute(select(REQUEST).where(REQUEST.c.request_id == request_id)).mappings().first()
    return request_of(row) if row else None


def claims_of_request(tx: Connection, request_id: str) -> list[RequestClaim]:
    """Return the claims a request is about."""
    return claims_of_requests(tx, [request_id]).get(request_id, [])


def claims_of_requests(tx: Connection, request_ids: Iterable[str]) -> dict[str, list[RequestClaim]]:
    """Return the claims of requests by request, in their order."""
    found: dict[str, list[RequestClaim]] = {}
    for piece in chunks(sorted(set(request_ids))):
        query = select(REQUEST_CLAIM).where(REQUEST_CLAIM.c.request_id.in_(piece))
        for row in tx.execute(query.order_by(REQUEST_CLAIM.c.position, REQUEST_CLAIM.c.claim_id)).mappings():
            found.setdefault(row["request_id"], []).append(RequestClaim(**row))
    return found


def requests_about(
    tx: Connection, claim_ids: Iterable[str], kinds: Iterable[str], states: Iterable[str] | None = None
) -> dict[str, list[tuple[Request, RequestClaim]]]:
    """Return the requests of these kinds (and states) about each claim, oldest first."""
    found: dict[str, list[tuple[Request, RequestClaim]]] = {}
    names = ("claim_id", "case_id", "position", "demand_key")
    inner = [REQUEST_CLAIM.c[name].label(f"of_{name}") for name in names]
    for piece in chunks(sorted(set(claim_ids))):
        query = (
            select(REQUEST, *inner)
            .join(REQUEST_CLAIM, REQUEST_CLAIM.c.request_id == REQUEST.c.request_id)
            .where(REQUEST_CLAIM.c.claim_id.in_(piece), REQUEST.c.kind.in_(list(kinds)))
            .order_by(REQUEST.c.registered_at, REQUEST.c.request_id)
        )
        if states is not None:
            query = query.where(REQUEST.c.state.in_(list(states)))
        for row in tx.execute(query).mappings():
            line = RequestClaim(request_id=row["request_id"], **{name: row[f"of_{name}"] for name in names})
            found.setdefault(line.claim_id, []).append((request_of(row), line))
    return found


def last_broken_plan(tx: Connection, debtor_ref: str) -> date | None:
    """Return the day a plan of this debtor was last broken."""
    query = select(func.max(REQUEST.c.ended_on)).where(
        REQUEST.c.debtor_ref == debtor_ref, REQUEST.c.kind == "plan", REQUEST.c.state == "broken"
    )
    return tx.execute(query).scalar()


def to_look_at(tx: Connection, kinds: Iterable[str], states: Iterable[str], today: date, limit: int) -> list[Request]:
    """Return requests that time has something to do with: their day to be looked at has come."""
    query = (
        select(REQUEST)
        .where(REQUEST.c.look_on <= today, REQUEST.c.kind.in_(list(kinds)), REQUEST.c.state.in_(list(states)))
        .order_by(REQUEST.c.look_on, REQUEST.c.request_id)
        .limit(limit)
    )
    return _all(tx, query)


def pending_settled(tx: Connection, kinds: Iterable[str], limit: int) -> list[Request]:
    """Return waiting requests of these kinds of which every claim has ended."""
    still_open = (
        select(REQUEST_CLAIM.c.request_id)
        .join(_CLAIM, _CLAIM.c.claim_id == REQUEST_CLAIM.c.claim_id)
        .where(REQUEST_CLAIM.c.request_id == REQUEST.c.request_id, _CLAIM.c.ended_on.is_(None))
    )
    query = (
        select(REQUEST)
        .where(REQUEST.c.state == "pending", REQUEST.c.kind.in_(list(kinds)), ~still_open.exists())
        .order_by(REQUEST.c.request_id)
        .limit(limit)
    )
    return _all(tx, query)


def overdue(tx: Connection, today: date) -> dict[str, int]:
    """Return how many requests of each kind wait although their day to be answered has passed."""
    query = (
        select(REQUEST.c.kind, func.count())
        .where(REQUEST.c.state == "pending", REQUEST.c.due_on < today)
        .group_by(REQUEST.c.kind)
    )
    return {kind: int(count) for kind, count in tx.execute(query)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueScope:
    """Which requests a caller may see: all, a debtor's own, or those that one unit hears."""

    debtor_ref: str | None = None
    unit: str | None = None


def queue(
    tx: Connection,
    scope: QueueScope,
    *,
    filters: Mapping[str, str],
    after: tuple[date, str] | None,
    limit: int,
) -> list[tuple[Request, str]]:
    """Return requests in the order they are to be answered, each with its saksnummer, from the one after ``after``."""
    conditions: list[ColumnElement[bool]] = [REQUEST.c[name] == value for name, value in filters.items()]
    if scope.debtor_ref is not None:
        conditions.append(REQUEST.c.debtor_ref == scope.debtor_ref)
    if scope.unit is not None:
        conditions += [REQUEST.c.unit == scope.unit, REQUEST.c.heard_by == "unit"]
    if after is not None:
        conditions.append(tuple_(REQUEST.c.due_on, REQUEST.c.request_id) > after)
    query = (
        select(REQUEST, _CASE.c.case_number)
        .join(_CASE, _CASE.c.case_id == REQUEST.c.case_id)
        .where(*conditions)
        .order_by(REQUEST.c.due_on, REQUEST.c.request_id)
        .limit(limit)
    )
    return [(request_of(row), row["case_number"]) for row in tx.execute(query).mappings()]


def put_pay_by(tx: Connection, request_id: str, claim_ids: Iterable[str], pay_by: date) -> None:
    """Give claims a last day to pay that a request's end brought."""
    rows = [{"claim_id": claim_id, "request_id": request_id, "pay_by": pay_by} for claim_id in claim_ids]
    upsert(tx, PAY_BY, rows, key=["claim_id", "request_id"], update=["pay_by"])


def pay_by_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, date]:
    """Return the latest last day to pay that requests gave these claims; those without one are left out."""
    found: dict[str, date] = {}
    for piece in chunks(sorted(set(claim_ids))):
        latest = func.max(PAY_BY.c.pay_by).label("latest")
        query = select(PAY_BY.c.claim_id, latest).where(PAY_BY.c.claim_id.in_(piece))
        found.update((row.claim_id, row.latest) for row in tx.execute(query.group_by(PAY_BY.c.claim_id)))
    return found


def request_of(row: RowMapping) -> Request:
    """Read a request out of a row of its table."""
    return Request(**{name: row[name] for name in Request.__slots__})


def _all(tx: Connection, query: Select[Any]) -> list[Request]:
    return [request_of(row) for row in tx.execute(query).mappings()]
