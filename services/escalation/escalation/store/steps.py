"""Steps that came due and how each ended, and what is known of their demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.sql import bindparam

from escalation.tables import DemandRow, StepRow
from shared.db import chunks, insert_rows, table_of, upsert

STEP = table_of(StepRow)
DEMAND = table_of(DemandRow)

OPEN = ("asked", "issued", "released")

_MOVE = (
    update(STEP)
    .where(
        STEP.c.step_id == bindparam("of_step"),
        STEP.c.claim_id == bindparam("of_claim"),
        STEP.c.ended_at.is_(None),
    )
    .values(state=bindparam("to_state"), demand_id=func.coalesce(bindparam("by_demand"), STEP.c.demand_id))
)
_END = (
    update(STEP)
    .where(
        STEP.c.step_id == bindparam("of_step"),
        STEP.c.claim_id == bindparam("of_claim"),
        STEP.c.ended_at.is_(None),
    )
    .values(
        state=bindparam("to_state"),
        ended_at=bindparam("at"),
        reason=bindparam("because"),
        retry_on=bindparam("again_on"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One claim's part of a step that came due."""

    step_id: str
    claim_id: str
    kind: str
    seq: int
    due_on: date
    state: str
    demand_id: str | None
    reason: str | None
    retry_on: date | None
    failure: str | None
    void: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What both topics have told of a demand so far."""

    demand_id: str
    case_id: str
    first_heard_on: date
    step_id: str | None = None
    claim_ids: tuple[str, ...] = ()
    total_ore: int | None = None
    kind: str | None = None
    fee_ore: int | None = None
    dispatched_on: date | None = None
    sent_on: date | None = None
    deadline: date | None = None
    all_sent: bool = False


def insert(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new steps; one that exists already (same claim, kind and number) raises."""
    blank = {"demand_id": None, "ended_at": None, "reason": None, "retry_on": None, "failure": None, "void": False}
    insert_rows(tx, STEP, [{**row, **blank, "state": "asked"} for row in rows])


def move(tx: Connection, state: str, parts: Iterable[tuple[str, str, str | None]]) -> None:
    """Take open steps, as (step, claim, demand), one state further."""
    rows = [
        {"of_step": step_id, "of_claim": claim_id, "by_demand": demand_id, "to_state": state}
        for step_id, claim_id, demand_id in parts
    ]
    if rows:
        tx.execute(_MOVE, rows)


def exist(tx: Connection, step_id: str, claim_ids: Sequence[str]) -> bool:
    """Tell whether the step was asked for each of these claims."""
    query = (
        select(func.count()).select_from(STEP).where(STEP.c.step_id == step_id, STEP.c.claim_id.in_(list(claim_ids)))
    )
    return tx.execute(query).scalar_one() == len(set(claim_ids))


def release(tx: Connection, step_id: str, demand_id: str) -> None:
    """Note that claims-api let a demand's letters go."""
    tx.execute(
        update(STEP)
        .where(STEP.c.step_id == step_id, STEP.c.demand_id == demand_id, STEP.c.ended_at.is_(None))
        .values(state="released")
    )


def end(
    tx: Connection,
    state: str,
    parts: Iterable[tuple[str, str]],
    *,
    at: datetime,
    reason: str | None = None,
    retry_on: date | None = None,
) -> None:
    """End open steps, as (step, claim); one that has ended keeps its end."""
    rows = [
        {"of_step": step_id, "of_claim": claim_id, "to_state": state, "at": at, "because": reason, "again_on": retry_on}
        for step_id, claim_id in parts
    ]
    if rows:
        tx.execute(_END, rows)


def make_void(tx: Connection, step_id: str, claim_ids: Sequence[str], reason: str) -> None:
    """Note that letters that went out are without effect."""
    tx.execute(
        update(STEP)
        .where(STEP.c.step_id == step_id, STEP.c.claim_id.in_(list(claim_ids)), STEP.c.state == "dispatched")
        .values(void=True, reason=reason)
    )


def fail(tx: Connection, demand_id: str, reason: str) -> None:
    """Note why a demand's letters could not be made or sent."""
    tx.execute(update(STEP).where(STEP.c.demand_id == demand_id).values(failure=reason))


def of_claims(tx: Connection, claim_ids: Sequence[str]) -> list[Step]:
    """Return the steps of claims, oldest first."""
    names = list(Step.__dataclass_fields__)
    found: list[Step] = []
    for piece in chunks(claim_ids):
        query = select(STEP).where(STEP.c.claim_id.in_(piece)).order_by(STEP.c.asked_at, STEP.c.step_id)
        found += [Step(**{name: row[name] for name in names}) for row in tx.execute(query).mappings()]
    return found


def count_open_since(tx: Connection, asked_before: datetime) -> int:
    """Count the steps (not claims) asked for before an instant that have not ended."""
    query = select(func.count(func.distinct(STEP.c.step_id))).where(
        STEP.c.ended_at.is_(None), STEP.c.asked_at < asked_before
    )
    return int(tx.execute(query).scalar_one())


# ------------------------------------------------------------------------------------------------------- demands


def demands(tx: Connection, demand_ids: Iterable[str]) -> dict[str, Demand]:
    """Return what is known of demands, by id."""
    found: dict[str, Demand] = {}
    for piece in chunks(sorted(set(demand_ids))):
        for row in tx.execute(select(DEMAND).where(DEMAND.c.demand_id.in_(piece))).mappings():
            values = dict(row)
            found[row["demand_id"]] = Demand(**{**values, "claim_ids": tuple(values["claim_ids"] or ())})
    return found


def keep_demand(tx: Connection, known: Demand) -> None:
    """Store what is known of a demand now."""
    row = {name: getattr(known, name) for name in Demand.__dataclass_fields__} | {"claim_ids": list(known.claim_ids)}
    update_names = [name for name in row if name not in ("demand_id", "first_heard_on")]
    upsert(tx, DEMAND, [row], key=["demand_id"], update=update_names)


def forget_foreign(tx: Connection, heard_before: date, rows_max: int) -> int:
    """Delete what notifications told of letters that belong to no step (confirmations and the like)."""
    old = (
        select(DEMAND.c.demand_id)
        .where(DEMAND.c.step_id.is_(None), DEMAND.c.first_heard_on < heard_before)
        .limit(rows_max)
    )
    return tx.execute(DEMAND.delete().where(DEMAND.c.demand_id.in_(old))).rowcount


def latest_totals(tx: Connection, step_ids: Iterable[str]) -> dict[str, int]:
    """Return what the demands of steps asked for, in øre, by step."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(step_ids))):
        query = select(DEMAND.c.step_id, func.sum(DEMAND.c.total_ore)).where(
            DEMAND.c.step_id.in_(piece), DEMAND.c.total_ore.is_not(None)
        )
        found.update({step_id: int(total) for step_id, total in tx.execute(query.group_by(DEMAND.c.step_id))})
    return found


def usual_fees(tx: Connection) -> dict[str, int]:
    """Return the fee of the latest demand of each kind that carried one, in øre."""
    latest = (
        select(DEMAND.c.kind, func.max(DEMAND.c.first_heard_on).label("day"))
        .where(DEMAND.c.fee_ore > 0)
        .group_by(DEMAND.c.kind)
        .subquery()
    )
    query = (
        select(DEMAND.c.kind, func.max(DEMAND.c.fee_ore))
        .join(latest, (latest.c.kind == DEMAND.c.kind) & (latest.c.day == DEMAND.c.first_heard_on))
        .group_by(DEMAND.c.kind)
    )
    return {kind: int(fee_ore) for kind, fee_ore in tx.execute(query)}
