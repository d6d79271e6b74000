"""Legal steps: every statement guards the state it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from escalation.store.cases import CASE, CLAIM, CLAIM_DEBTOR
from escalation.tables import LegalStepRow
from shared.db import chunks, table_of

LEGAL_STEP = table_of(LegalStepRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalStep:
    """A legal step (rettslig skritt), all its columns."""

    legal_step_id: str
    case_id: str
    claim_ids: tuple[str, ...]
    kind: str
    body: str
    law: str
    state: str
    proposed_on: date
    usable_to: date
    cover: Mapping[str, Any] | None
    decided_by: str | None
    decided_on: date | None
    reason: str | None
    reference: str | None
    submitted_on: date | None
    outcome: str | None
    outcome_on: date | None
    outcome_facts: Mapping[str, Any] | None
    petition_id: str | None
    package_ready_on: date | None
    package_failure: str | None


_BLANK: dict[str, Any] = {
    "decided_by": None,
    "decided_on": None,
    "reason": None,
    "reference": None,
    "submitted_on": None,
    "outcome": None,
    "outcome_on": None,
    "outcome_facts": None,
    "petition_id": None,
    "package_ready_on": None,
    "package_failure": None,
}


def insert(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store proposals."""
    if rows:
        tx.execute(LEGAL_STEP.insert(), [{**_BLANK, **row, "state": "proposed"} for row in rows])


def move(tx: Connection, legal_step_id: str, sources: Iterable[str], state: str, **facts: Any) -> bool:
    """Take a legal step from one of ``sources`` to ``state``; False when it was in none of them."""
    done = tx.execute(
        update(LEGAL_STEP)
        .where(LEGAL_STEP.c.legal_step_id == legal_step_id, LEGAL_STEP.c.state.in_(list(sources)))
        .values(state=state, **facts)
    )
    return done.rowcount == 1


def find(tx: Connection, legal_step_id: str) -> LegalStep | None:
    """Return a legal step, or None."""
    row = tx.execute(select(LEGAL_STEP).where(LEGAL_STEP.c.legal_step_id == legal_step_id)).mappings().first()
    return None if row is None else _legal_step(row)


def find_all(tx: Connection, legal_step_ids: Iterable[str]) -> dict[str, LegalStep]:
    """Return legal steps by id; those that are unknown are left out."""
    found: dict[str, LegalStep] = {}
    for piece in chunks(sorted(set(legal_step_ids))):
        rows = tx.execute(select(LEGAL_STEP).where(LEGAL_STEP.c.legal_step_id.in_(piece))).mappings()
        found.update({row["legal_step_id"]: _legal_step(row) for row in rows})
    return found


def of_petition(tx: Connection, step: LegalStep) -> list[LegalStep]:
    """Return the legal steps that share a petition, the lead case's first; of one that shares none, itself."""
    if step.petition_id is None:
        return [step]
    query = select(LEGAL_STEP).where(LEGAL_STEP.c.petition_id == step.petition_id)
    found = [_legal_step(row) for row in tx.execute(query.order_by(LEGAL_STEP.c.legal_step_id)).mappings()]
    return sorted(found, key=lambda one: one.legal_step_id != one.petition_id)


def proposed_beside(tx: Connection, step: LegalStep, debtor_refs: Sequence[str], rows_max: int) -> list[LegalStep]:
    """Return the proposals for the debtors' other cases of the same legal person, to the same body, oldest first."""
    theirs = (
        select(CLAIM.c.case_id)
        .join(CLAIM_DEBTOR, CLAIM_DEBTOR.c.claim_id == CLAIM.c.claim_id)
        .where(CLAIM_DEBTOR.c.debtor_ref.in_(debtor_refs), CLAIM_DEBTOR.c.position == 0)
    )
    person = select(CASE.c.legal_person).where(CASE.c.case_id == step.case_id).scalar_subquery()
    query = (
        select(LEGAL_STEP)
        .join(CASE, CASE.c.case_id == LEGAL_STEP.c.case_id)
        .where(
            LEGAL_STEP.c.state == "proposed",
            LEGAL_STEP.c.kind == step.kind,
            LEGAL_STEP.c.body == step.body,
            LEGAL_STEP.c.legal_step_id != step.legal_step_id,
            CASE.c.legal_person == person,
            LEGAL_STEP.c.case_id.in_(theirs),
        )
        .order_by(LEGAL_STEP.c.proposed_on, LEGAL_STEP.c.legal_step_id)
        .limit(rows_max)
    )
    return [_legal_step(row) for row in tx.execute(query).mappings()]


def of_cases(tx: Connection, case_ids: Iterable[str]) -> list[LegalStep]:
    """Return the legal steps of cases, oldest first."""
    found: list[LegalStep] = []
    for piece in chunks(sorted(set(case_ids))):
        query = (
            select(LEGAL_STEP)
            .where(LEGAL_STEP.c.case_id.in_(piece))
            .order_by(LEGAL_STEP.c.proposed_on, LEGAL_STEP.c.legal_step_id)
        )
        found += [_legal_step(row) for row in tx.execute(query).mappings()]
    return found


def page(tx: Connection, *, state: str | None, after: str | None, rows_max: int) -> list[LegalStep]:
    """Return legal steps by id, optionally of one state, after ``after``."""
    query = select(LEGAL_STEP).order_by(LEGAL_STEP.c.legal_step_id).limit(rows_max)
    if state is not None:
        query = query.where(LEGAL_STEP.c.state == state)
    if after is not None:
        query = query.where(LEGAL_STEP.c.legal_step_id > after)
    return [_legal_step(row) for row in tx.execute(query).mappings()]


def _legal_step(row: RowMapping) -> LegalStep:
    return LegalStep(**{**dict(row), "claim_ids": tuple(row["claim_ids"])})
