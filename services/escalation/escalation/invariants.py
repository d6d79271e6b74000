"""What must always hold in this service's database; each check says in words what is broken."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, or_, select

from escalation.store.cases import CASE, CLAIM, HOLD
from escalation.store.legal import LEGAL_STEP
from escalation.store.steps import OPEN, STEP
from escalation.store.timers import ARMED, TIMER

SHOWN_MAX = 20
"""How many offenders of one kind a check names."""


def violations(tx: Connection) -> list[str]:
    """Return every broken invariant; empty when all is well."""
    return [
        *_claims_without_one_timer(tx),
        *_timers_of_another_version(tx),
        *_armed_timers_of_held_claims(tx),
        *_steps_whose_state_and_end_disagree(tx),
        *_open_steps_that_their_claim_does_not_wait_for(tx),
        *_claims_of_legal_steps_that_are_over(tx),
    ]


def _claims_without_one_timer(tx: Connection) -> list[str]:
    """Every claim has exactly one next thing, and so one timer row."""
    query = (
        select(CLAIM.c.claim_id)
        .outerjoin(TIMER, TIMER.c.claim_id == CLAIM.c.claim_id)
        .where(TIMER.c.claim_id.is_(None))
        .limit(SHOWN_MAX)
    )
    return [f"claim {claim_id}: no next thing" for (claim_id,) in tx.execute(query)]


def _timers_of_another_version(tx: Connection) -> list[str]:
    """A timer was armed by its case as it is now."""
    query = (
        select(TIMER.c.claim_id)
        .join(CASE, CASE.c.case_id == TIMER.c.case_id)
        .where(TIMER.c.version != CASE.c.version)
        .limit(SHOWN_MAX)
    )
    return [f"claim {claim_id}: its timer is of another version of its case" for (claim_id,) in tx.execute(query)]


def _armed_timers_of_held_claims(tx: Connection) -> list[str]:
    """While a hold stands, the clock does nothing to the claim."""
    query = (
        select(TIMER.c.claim_id)
        .join(HOLD, HOLD.c.claim_id == TIMER.c.claim_id)
        .where(TIMER.c.state == ARMED, HOLD.c.ended_on.is_(None))
        .limit(SHOWN_MAX)
    )
    return [f"claim {claim_id}: a timer runs though the claim is held" for (claim_id,) in tx.execute(query)]


def _steps_whose_state_and_end_disagree(tx: Connection) -> list[str]:
    """A step is open or has ended, never both."""
    query = (
        select(STEP.c.step_id)
        .where(
            or_(
                and_(STEP.c.state.in_(OPEN), STEP.c.ended_at.is_not(None)),
                and_(STEP.c.state.not_in(OPEN), STEP.c.ended_at.is_(None)),
            )
        )
        .limit(SHOWN_MAX)
    )
    return [f"step {step_id}: its state and its end disagree" for (step_id,) in tx.execute(query)]


def _open_steps_that_their_claim_does_not_wait_for(tx: Connection) -> list[str]:
    """An open step is the one its claim waits for; so there is never more than one."""
    query = (
        select(STEP.c.step_id)
        .join(CLAIM, CLAIM.c.claim_id == STEP.c.claim_id)
        .where(STEP.c.ended_at.is_(None), func.coalesce(CLAIM.c.step_id, "") != STEP.c.step_id)
        .limit(SHOWN_MAX)
    )
    return [f"step {step_id}: open, but its claim does not wait for it" for (step_id,) in tx.execute(query)]


def _claims_of_legal_steps_that_are_over(tx: Connection) -> list[str]:
    """A claim points at a legal step only while that step is alive."""
    query = (
        select(CLAIM.c.claim_id)
        .join(LEGAL_STEP, LEGAL_STEP.c.legal_step_id == CLAIM.c.legal_step_id)
        .where(LEGAL_STEP.c.state.in_(["dropped", "refused", "decided", "closed"]))
        .limit(SHOWN_MAX)
    )
    return [f"claim {claim_id}: its legal step is over" for (claim_id,) in tx.execute(query)]
