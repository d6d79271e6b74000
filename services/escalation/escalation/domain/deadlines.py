"""When each step of the ladder is due, each date with the trace that explains it.

A deadline runs from the day the letter was sent and is a working day already when it arrives here. Between a deadline
and the next step lie bank days of grace, so that an order given on the last day has been reported before anything
follows (decisions A3). Every step falls on a working day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from escalation.domain.policy import HoldKind, Policy
from escalation.domain.state import Letter
from shared.calendar import (
    CALENDAR_VERSION,
    add_bank_days,
    add_months,
    add_years,
    deadline_after,
    next_working_day,
    working_day_after,
)
from shared.law import Trace, Traced

ENFORCEABLE_YEARS = 1
"""How long the way to the namsmann stays open after a notice (tvangsfullbyrdelsesloven § 4-19)."""

REMEMBERED = 8_192
"""How many answers of each rule are kept: thousands of claims share their days, and the rules are pure."""


@lru_cache(maxsize=REMEMBERED)
def notice_ready(due_date: date, registered_on: date, policy: Policy) -> Traced[date]:
    """The inkassovarsel goes the first working day after registration, and not before due date + 14 days.

    Law: inkassoloven § 9; inkassoforskriften § 1-2. Decisions A3.
    """
    earliest = next_working_day(due_date + timedelta(days=policy.notice_after_due_days))
    return _traced(
        max(working_day_after(registered_on), earliest),
        "notice_ready",
        "inkassoloven § 9, inkassoforskriften § 1-2",
        due_date=due_date,
        registered_on=registered_on,
        days=policy.notice_after_due_days,
    )


@lru_cache(maxsize=REMEMBERED)
def demand_ready(notice_deadline: date, registered_on: date, policy: Policy) -> Traced[date]:
    """The betalingsoppfordring may go the first working day after the varsel's deadline and its bank days of grace.

    After a varsel that the unit sent itself, the day of registration has to be over too. Law: inkassoloven § 10.
    """
    return _traced(
        max(_after_grace(notice_deadline, policy), working_day_after(registered_on)),
        "demand_ready",
        "inkassoloven § 10",
        deadline=notice_deadline,
        registered_on=registered_on,
        bank_days=policy.grace_bank_days,
    )


@lru_cache(maxsize=REMEMBERED)
def legal_ready(demand_deadline: date, policy: Policy) -> Traced[date]:
    """A legal step is proposed the first working day after the demand's deadline and its bank days of grace.

    Law: inkassoloven § 11.
    """
    return _traced(
        _after_grace(demand_deadline, policy),
        "legal_ready",
        "inkassoloven § 11",
        deadline=demand_deadline,
        bank_days=policy.grace_bank_days,
    )


@lru_cache(maxsize=REMEMBERED)
def usable_to(demand_sent_on: date, policy: Policy) -> Traced[date]:
    """The last day a legal step may be taken on this demand: six months from its sending. Law: inkassoloven § 11."""
    return _traced(
        add_months(demand_sent_on, policy.demand_usable_months),
        "demand_usable_to",
        "inkassoloven § 11",
        sent_on=demand_sent_on,
        months=policy.demand_usable_months,
    )


@lru_cache(maxsize=REMEMBERED)
def enforcement_ready(notice: Letter, policy: Policy) -> Traced[date]:
    """Utlegg is proposed when a notice of enforcement has run out: two weeks from its sending, and its deadline.

    The bank days of grace follow, as after every deadline. Law: tvangsfullbyrdelsesloven § 4-18.
    """
    two_weeks = notice.sent_on + timedelta(days=policy.enforcement_notice_days)
    return _traced(
        max(next_working_day(two_weeks), _after_grace(notice.deadline, policy)),
        "enforcement_ready",
        "tvangsfullbyrdelsesloven § 4-18",
        sent_on=notice.sent_on,
        deadline=notice.deadline,
        days=policy.enforcement_notice_days,
        bank_days=policy.grace_bank_days,
    )


@lru_cache(maxsize=REMEMBERED)
def enforceable_to(notice_sent_on: date, policy: Policy) -> Traced[date]:
    """The last day for a petition on this notice: a year from the day it opened the way; then a new one must be sent.

    Law: tvangsfullbyrdelsesloven § 4-19.
    """
    opened = notice_sent_on + timedelta(days=policy.enforcement_notice_days)
    return _traced(
        add_years(opened, ENFORCEABLE_YEARS),
        "enforceable_to",
        "tvangsfullbyrdelsesloven § 4-19",
        sent_on=notice_sent_on,
        days=policy.enforcement_notice_days,
        years=ENFORCEABLE_YEARS,
    )


@lru_cache(maxsize=REMEMBERED)
def expected_deadline(planned_on: date, policy: Policy) -> date:
    """Return the deadline a letter will have that goes out on ``planned_on``; the real one comes with its sending."""
    return deadline_after(planned_on, policy.answer_days)


def join_limit(first_ready: date, policy: Policy) -> date:
    """Return the last varsel deadline that a case's first ready claim waits for (decisions B1)."""
    return first_ready + timedelta(days=policy.join_days)


def resumed_on(kind: HoldKind, until: date | None, ended_on: date, resume_on: date, policy: Policy) -> date:
    """The first day the ladder goes on after a hold: what claims-api names, and not before what the hold promised.

    The last day of a deferral that ran out is a deadline: bank days of grace follow it. Decisions B7.
    """
    day = resume_on
    if kind.last_day_is_deadline and until is not None and ended_on > until:
        day = max(day, _after_grace(until, policy))
    return next_working_day(day)


def _after_grace(deadline: date, policy: Policy) -> date:
    return working_day_after(add_bank_days(deadline, policy.grace_bank_days))


def _traced(value: date, rule: str, law: str, **inputs: date | int) -> Traced[date]:
    shown: dict[str, str | int | None] = {
        name: given.isoformat() if isinstance(given, date) else given for name, given in inputs.items()
    }
    shown["calendar"] = CALENDAR_VERSION
    return Traced(value=value, trace=Trace(rule=rule, reference=law, inputs=shown))
