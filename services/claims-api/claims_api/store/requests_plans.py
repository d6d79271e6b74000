"""Payment plans that were agreed, their instalments, and which plan the money of a KID is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from claims_api.domain.ledger import RECEIVABLES, EntryKind
from claims_api.domain.plans import Instalment
from claims_api.tables import InstalmentRow, LedgerRow, PlanRow, RequestClaimRow, RequestRow
from shared.db import Lookup, any_of, chunks, table_of
from shared.kid import KidKind

PLAN = table_of(PlanRow)
INSTALMENT = table_of(InstalmentRow)
_REQUEST = table_of(RequestRow)
_REQUEST_CLAIM = table_of(RequestClaimRow)
_LEDGER = table_of(LedgerRow)
_RUNNING = Lookup(
    select(_REQUEST.c.request_id)
    .join(_REQUEST_CLAIM, _REQUEST_CLAIM.c.request_id == _REQUEST.c.request_id)
    .where(_REQUEST.c.kind == "plan", _REQUEST.c.state == "granted"),
    [_REQUEST_CLAIM.c.case_id],
)

MONEY_IN = (EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED, EntryKind.SET_OFF, EntryKind.RELEASED)
"""Bookings by which money comes to a claim or leaves it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as stored; its state is its request's."""

    plan_id: str
    kid: str
    lead_case_id: str
    agreed_on: date
    first_due: date
    revision: int
    revised_on: date
    revised_at: datetime
    paused_on: date | None = None
    reminded_number: int | None = None
    remind_pay_by: date | None = None
    look_on: date | None = None


def insert_plan(tx: Connection, plan: Plan, instalments: Sequence[Instalment]) -> None:
    """Store a plan and its first schedule."""
    tx.execute(PLAN.insert().values(**{name: getattr(plan, name) for name in Plan.__slots__}))
    add_instalments(tx, plan.plan_id, plan.revision, instalments)


def add_instalments(tx: Connection, plan_id: str, revision: int, instalments: Sequence[Instalment]) -> None:
    """Store the schedule of a revision."""
    rows = [
        {
            "plan_id": plan_id,
            "revision": revision,
            "number": one.number,
            "due_on": one.due_on,
            "amount_ore": one.amount_ore,
        }
        for one in instalments
    ]
    tx.execute(INSTALMENT.insert(), rows)


def change_plan(tx: Connection, plan_id: str, **changes: Any) -> None:
    """Record what became of a plan; the caller holds the locks of its cases."""
    tx.execute(update(PLAN).where(PLAN.c.plan_id == plan_id).values(**changes))


def find_plan(tx: Connection, plan_id: str) -> Plan | None:
    """Return a plan that was agreed."""
    return find_plans(tx, [plan_id]).get(plan_id)


def find_plans(tx: Connection, plan_ids: Iterable[str]) -> dict[str, Plan]:
    """Return the plans with these ids."""
    found: dict[str, Plan] = {}
    for piece in chunks(sorted(set(plan_ids))):
        for row in tx.execute(select(PLAN).where(PLAN.c.plan_id.in_(piece))).mappings():
            found[row["plan_id"]] = Plan(**row)
    return found


def claims_by_kid(tx: Connection, kids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the claims that money on each plan's KID is for, of all its cases; other KIDs are left out."""
    found: dict[str, tuple[str, ...]] = {}
    mine = sorted({kid for kid in kids if kid.startswith(str(KidKind.PLAN.value))})
    for piece in chunks(mine):
        query = (
            select(PLAN.c.kid, _REQUEST_CLAIM.c.claim_id)
            .join(_REQUEST_CLAIM, _REQUEST_CLAIM.c.request_id == PLAN.c.plan_id)
            .where(any_of(tx, PLAN.c.kid, piece))
            .order_by(PLAN.c.kid, _REQUEST_CLAIM.c.position)
        )
        for kid, claim_id in tx.execute(query):
            found[kid] = (*found.get(kid, ()), claim_id)
    return found


def instalments_of(tx: Connection, plan_id: str, revision: int) -> list[Instalment]:
    """Return the schedule of a revision of a plan."""
    query = (
        select(INSTALMENT.c.number, INSTALMENT.c.due_on, INSTALMENT.c.amount_ore)
        .where(INSTALMENT.c.plan_id == plan_id, INSTALMENT.c.revision == revision)
        .order_by(INSTALMENT.c.number)
    )
    return [Instalment(**row) for row in tx.execute(query).mappings()]


def running_plans_of(tx: Connection, case_ids: Iterable[str]) -> list[str]:
    """Return the ids of plans that run and have claims in these cases."""
    found: set[str] = set()
    for piece in chunks(sorted(set(case_ids))):
        found.update(_RUNNING.of(tx, piece).scalars())
    return sorted(found)


def leads_of(tx: Connection, case_ids: Iterable[str]) -> dict[str, set[str]]:
    """Return, for cases with claims in a plan, the plans' lead cases: money on a plan's KID comes under that key."""
    found: dict[str, set[str]] = {}
    for piece in chunks(sorted(set(case_ids))):
        query = (
            select(_REQUEST_CLAIM.c.case_id, PLAN.c.lead_case_id)
            .join(PLAN, PLAN.c.plan_id == _REQUEST_CLAIM.c.request_id)
            .where(_REQUEST_CLAIM.c.case_id.in_(piece))
            .distinct()
        )
        for case_id, lead in tx.execute(query):
            found.setdefault(case_id, set()).add(lead)
    return found


def plans_to_judge(tx: Connection, today: date, limit: int) -> list[str]:
    """Return the ids of running plans whose day to be judged has come."""
    query = (
        select(PLAN.c.plan_id)
        .join(_REQUEST, _REQUEST.c.request_id == PLAN.c.plan_id)
        .where(_REQUEST.c.state == "granted", PLAN.c.look_on <= today)
        .order_by(PLAN.c.look_on, PLAN.c.plan_id)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def paid_since(tx: Connection, claim_ids: Iterable[str], since: datetime) -> int:
    """Return how much money came to these claims by bookings recorded after ``since``, less what left them, in øre."""
    accounts = [account.value for account in RECEIVABLES]
    kinds = [kind.value for kind in MONEY_IN]
    total = 0
    for piece in chunks(sorted(set(claim_ids))):
        for column, sign in ((_LEDGER.c.credit, 1), (_LEDGER.c.debit, -1)):
            query = select(func.coalesce(func.sum(_LEDGER.c.amount_ore), 0)).where(
                _LEDGER.c.claim_id.in_(piece),
                _LEDGER.c.kind.in_(kinds),
                column.in_(accounts),
                _LEDGER.c.recorded_at > since,
            )
            total += sign * int(tx.execute(query).scalar_one())
    return total
