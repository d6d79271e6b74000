"""Demands: what was frozen, which claims are in it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, RowMapping, func, or_, select, update

from claims_api.tables import DemandClaimRow, DemandRow
from shared.db import Lookup, any_of, chunks, table_of

DEMAND = table_of(DemandRow)
DEMAND_CLAIM = table_of(DemandClaimRow)

ISSUED, RELEASED, SENT, WITHDRAWN = "issued", "released", "sent", "withdrawn"
PENDING = (ISSUED, RELEASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A demand as stored; ``owed`` says what each claim owed on the planned day, oldest due first."""

    demand_id: str
    step_id: str
    case_id: str
    debtor_ref: str
    legal_person: str
    kind: str
    state: str
    planned_dispatch: date
    deadline: date
    kid: str
    fee_ore: int
    fee_trace: dict[str, Any]
    fee_regime: str
    total_ore: int
    frozen: dict[str, Any]
    issued_on: date
    issued_at: datetime
    released_until: date | None
    sent_on: date | None
    next_cost_on: date | None
    ended_on: date | None
    reason: str | None
    void: bool
    fee_dropped: bool
    owed: dict[str, int]

    @property
    def claim_ids(self) -> tuple[str, ...]:
        """The claims in it, oldest due first."""
        return tuple(self.owed)

    @property
    def stands(self) -> bool:
        """Tell whether the letter was sent and was not taken back."""
        return self.state == SENT and not self.void


_COLUMNS = [name for name in Demand.__slots__ if name != "owed"]
_OF_CASES = Lookup(select(DEMAND).order_by(DEMAND.c.issued_at, DEMAND.c.demand_id), [DEMAND.c.case_id])


def insert_demands(tx: Connection, fresh: Sequence[Demand]) -> None:
    """Store demands and the claims in them; raises IntegrityError when a step has one already."""
    if not fresh:
        return
    tx.execute(DEMAND.insert(), [{name: getattr(demand, name) for name in _COLUMNS} for demand in fresh])
    rows = [
        {"demand_id": demand.demand_id, "claim_id": claim_id, "position": at, "owed_ore": owed}
        for demand in fresh
        for at, (claim_id, owed) in enumerate(demand.owed.items())
    ]
    tx.execute(DEMAND_CLAIM.insert(), rows)


def change_demand(tx: Connection, demand_id: str, **changes: Any) -> None:
    """Record what became of a demand."""
    tx.execute(update(DEMAND).where(DEMAND.c.demand_id == demand_id).values(**changes))


def find_demands(tx: Connection, demand_ids: Iterable[str]) -> dict[str, Demand]:
    """Return the demands with these ids."""
    found: dict[str, Demand] = {}
    for piece in chunks(sorted(set(demand_ids))):
        rows = tx.execute(select(DEMAND).where(DEMAND.c.demand_id.in_(piece)))
        found.update({one.demand_id: one for one in _read(tx, rows)})
    return found


def demands_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[Demand]]:
    """Return every demand of the cases by case, oldest first."""
    found: dict[str, list[Demand]] = {}
    for piece in chunks(sorted(set(case_ids))):
        for one in _read(tx, _OF_CASES.of(tx, piece)):
            found.setdefault(one.case_id, []).append(one)
    return found


def steps_answered(tx: Connection, step_ids: Iterable[str]) -> set[str]:
    """Return which of these steps have a demand."""
    found: set[str] = set()
    for piece in chunks(sorted(set(step_ids))):
        found.update(tx.execute(select(DEMAND.c.step_id).where(DEMAND.c.step_id.in_(piece))).scalars())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDay:
    """A demand that carries a fee and was not taken back: whose, for which legal person, and when it leaves."""

    demand_id: str
    debtor_ref: str
    legal_person: str
    planned_dispatch: date


def fee_days(tx: Connection, debtor_refs: Iterable[str], kind: str, since: date) -> list[FeeDay]:
    """Return the demands of a kind with a fee that leave on ``since`` or later, of these debtors."""
    columns = (DEMAND.c.demand_id, DEMAND.c.debtor_ref, DEMAND.c.legal_person, DEMAND.c.planned_dispatch)
    found: list[FeeDay] = []
    for piece in chunks(sorted(set(debtor_refs))):
        query = select(*columns).where(
            DEMAND.c.debtor_ref.in_(piece),
            DEMAND.c.planned_dispatch >= since,
            DEMAND.c.kind == kind,
            DEMAND.c.fee_ore > 0,
            DEMAND.c.state != WITHDRAWN,
            DEMAND.c.void.is_(False),
        )
        found.extend(FeeDay(**row) for row in tx.execute(query).mappings())
    return found


def with_cost_due(tx: Connection, today: date, limit: int) -> list[Demand]:
    """Return sent demands whose cost changes by itself today or has done so."""
    query = select(DEMAND).where(DEMAND.c.next_cost_on <= today, DEMAND.c.state == SENT)
    return _read(tx, tx.execute(query.order_by(DEMAND.c.next_cost_on, DEMAND.c.demand_id).limit(limit)))


def waiting(tx: Connection, *, dispatch_by: date) -> int:
    """Return how many demands wait for their letter although it was to leave by ``dispatch_by``."""
    query = (
        select(func.count())
        .select_from(DEMAND)
        .where(or_(DEMAND.c.state == ISSUED, DEMAND.c.state == RELEASED), DEMAND.c.planned_dispatch <= dispatch_by)
    )
    return int(tx.execute(query).scalar_one())


def _read(tx: Connection, found: CursorResult[Any]) -> list[Demand]:
    rows = found.mappings().all()
    owed = _owed(tx, [row["demand_id"] for row in rows])
    return [_demand(row, owed.get(row["demand_id"], {})) for row in rows]


def _owed(tx: Connection, demand_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for piece in chunks(sorted(set(demand_ids))):
        query = (
            select(DEMAND_CLAIM).where(any_of(tx, DEMAND_CLAIM.c.demand_id, piece)).order_by(DEMAND_CLAIM.c.position)
        )
        for row in tx.execute(query).mappings():
            found.setdefault(row["demand_id"], {})[row["claim_id"]] = row["owed_ore"]
    return found


def _demand(row: RowMapping, owed: dict[str, int]) -> Demand:
    return Demand(**{name: row[name] for name in _COLUMNS}, owed=owed)
