"""Betalingsutsettelse: more time, given at once within the municipality's rule.

Once per demand and at most 30 days (decisions B7). Interest runs, no fee and no step comes meanwhile, and the new date
is the deadline. A deferral does not interrupt limitation (decisions B8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from claims_api.domain.requests import Ground
from shared.calendar import next_working_day
from shared.errors import FieldError

MAX_DAYS = 30
LIMIT_DAYS = 365
"""Nobody gives more time than this, not even a caseworker: that is a payment plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralClaim:
    """A claim that more time is asked for. ``used``: it had a deferral since its latest demand was sent."""

    claim_id: str
    last_day: date
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralRule:
    """The municipality's rule (configuration)."""

    max_days: int = MAX_DAYS


def deadline_of(until: date) -> date:
    """Return the last day to pay: ``until`` moved to a working day."""
    return next_working_day(until)


def check_until(until: date, today: date, claims: Sequence[DeferralClaim]) -> FieldError | None:
    """Return why ``until`` can never be granted, None when it can."""
    if until <= today:
        return FieldError("until", "in-past", f"expected a day after {today.isoformat()}")
    if until > today + timedelta(days=LIMIT_DAYS):
        return FieldError("until", "too-late", f"expected at most {LIMIT_DAYS} days from today; ask for a plan instead")
    if any(deadline_of(until) > claim.last_day for claim in claims):
        return FieldError("until", "time-barred", "expected a day before the claim becomes time-barred")
    return None


def grounds_against(
    until: date, today: date, claims: Sequence[DeferralClaim], *, at_legal_step: bool, rule: DeferralRule
) -> list[Ground]:
    """Return why it is not granted at once; none: it is."""
    grounds = []
    if (until - today).days > rule.max_days:
        grounds.append(Ground.LONGER_THAN_ALLOWED)
    if any(claim.used for claim in claims):
        grounds.append(Ground.DEFERRED_BEFORE)
    if at_legal_step:
        grounds.append(Ground.LEGAL_STEP)
    return grounds
