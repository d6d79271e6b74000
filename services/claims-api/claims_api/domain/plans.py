"""Nedbetalingsavtale: what is owed, paid in monthly instalments over all the claims of the plan.

The last instalment takes what is left, interest included. What is worked out for days to come is an estimate: it uses
the last known rate, and later payments or rates change it. Granted at once within the municipality's rule (decisions
B7), else by a caseworker. A plan that never ends or never pays is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from claims_api.domain.allocation import Owed, allocate
from claims_api.domain.requests import Ground
from claims_api.domain.running import ClaimState
from shared.calendar import add_months, next_working_day
from shared.errors import FieldError, Reject
from shared.money import kroner

INSTALMENTS_MAX = 60
"""A plan with more instalments never ends, in practice."""
FIRST_DUE_MONTHS_MAX = 12
_KRONE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRule:
    """The municipality's rule for a plan granted at once (configuration)."""

    instalments_max: int = 12
    instalment_min_ore: int = 300_00
    total_max_ore: int = 50_000_00
    first_due_days: int = 31
    broken_months: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked for: an amount a month or a number of instalments, and the first day to pay."""

    first_due: date
    instalment_ore: int | None = None
    instalments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One payment of a plan (avdrag): ``due_on`` is a working day."""

    number: int
    due_on: date
    amount_ore: int


class Outlook:
    """The claims of a plan on days to come: what is owed on each day if the instalments are paid as agreed.

    What is disputed is left alone. Built from claims as they stand; paying changes this outlook, nothing else.
    """

    def __init__(self, states: Sequence[ClaimState]) -> None:
        self._states = list(states)

    def owed_ore(self, day: date) -> int:
        """Return what is to be paid if all of it were paid on ``day``, in øre."""
        return sum(max(0, one.balance.total_ore - one.disputed_ore) for one in self.owed(day))

    def owed(self, day: date) -> list[Owed]:
        """Return what is owed on each claim on ``day``."""
        return [state.owed(day) for state in self._states]

    def pay(self, amount_ore: int, day: date) -> None:
        """Let a payment on ``day`` cover the claims, the oldest due first (decisions B6)."""
        by_id = {state.facts.claim_id: state for state in self._states}
        for part in allocate(amount_ore, self.owed(day)):
            if part.claim_id is not None:
                by_id[part.claim_id].cover(part.account, part.amount_ore, day)


def check_terms(terms: Terms, today: date) -> list[FieldError]:
    """Return what can never be agreed: a plan that never pays, or pays in the past."""
    errors = []
    given = [value for value in (terms.instalment_ore, terms.instalments) if value is not None]
    if len(given) != 1:
        errors.append(FieldError("instalment_ore", "one-of", "expected instalment_ore or instalments, exactly one"))
    elif given[0] < 1:
        name = "instalments" if terms.instalments is not None else "instalment_ore"
        errors.append(FieldError(name, "plan-never-pays", "expected above zero: a plan must pay something"))
    elif terms.instalments is not None and terms.instalments > INSTALMENTS_MAX:
        detail = f"expected at most {INSTALMENTS_MAX} instalments: a longer plan never ends"
        errors.append(FieldError("instalments", "plan-never-ends", detail))
    if terms.first_due <= today:
        errors.append(FieldError("first_due", "in-past", f"expected a day after {today.isoformat()}"))
    elif terms.first_due > add_months(today, FIRST_DUE_MONTHS_MAX):
        detail = f"expected within {FIRST_DUE_MONTHS_MAX} months: a plan must begin to pay"
        errors.append(FieldError("first_due", "plan-never-pays", detail))
    return errors


def due_day(first_due: date, number: int) -> date:
    """Return the day of an instalment: the same-numbered day each month, moved to a working day."""
    return next_working_day(add_months(first_due, number - 1))


def schedule(terms: Terms, outlook: Outlook, *, rule: PlanRule) -> list[Instalment]:
    """Return every instalment with its day and amount; the last takes the rest, interest included.

    Raises Reject when the instalments never pay the claims down, or there is nothing to pay.
    """
    first = due_day(terms.first_due, 1)
    total_ore = outlook.owed_ore(first)
    if total_ore <= 0:
        raise Reject("nothing-to-pay", "plan: expected claims that are owed and not disputed, got none")
    amount_ore = terms.instalment_ore or _equal(total_ore, terms.instalments or 1)
    found: list[Instalment] = []
    for number in range(1, INSTALMENTS_MAX + 1):
        day = due_day(terms.first_due, number)
        owed_ore = outlook.owed_ore(day)
        last = _is_last(terms, number, owed_ore, amount_ore, rule)
        if owed_ore > 0:
            pays = owed_ore if last else amount_ore
            outlook.pay(pays, day)
            found.append(Instalment(number=number, due_on=day, amount_ore=pays))
        if last:
            return found
    raise _never_ends(terms, amount_ore)


def _equal(total_ore: int, count: int) -> int:
    """Return equal instalments in whole kroner, rounded down: the last takes the rest."""
    return max(_KRONE, total_ore // (count * _KRONE) * _KRONE)


def _is_last(terms: Terms, number: int, owed_ore: int, amount_ore: int, rule: PlanRule) -> bool:
    if owed_ore <= amount_ore:
        return True
    if terms.instalments is not None:
        return number == terms.instalments
    # A rest below the smallest instalment is paid with the last one, not in a small one of its own.
    return owed_ore - amount_ore < min(rule.instalment_min_ore, amount_ore)


def _never_ends(terms: Terms, amount_ore: int) -> Reject:
    detail = (
        f"instalment_ore: {kroner(amount_ore)} kroner a month does not pay the claims and their interest "
        f"within {INSTALMENTS_MAX} instalments"
    )
    field = "instalment_ore" if terms.instalment_ore is not None else "instalments"
    return Reject("plan-never-ends", detail, errors=[FieldError(field, "plan-never-ends", detail)])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsk:
    """A plan as the rule sees it. ``last_days``: the last day before each claim is time-barred."""

    instalments: Sequence[Instalment]
    asked_on: date
    broke_plan_on: date | None
    at_legal_step: bool
    last_days: Sequence[date]
    acknowledges: bool

    @property
    def total_ore(self) -> int:
        """Everything that is to be paid, in øre."""
        return sum(one.amount_ore for one in self.instalments)


def grounds_against(ask: PlanAsk, *, rule: PlanRule) -> list[Ground]:
    """Return why a plan is not granted at once; none: it is."""
    broken_since = add_months(ask.asked_on, -rule.broken_months)
    ends_on = ask.instalments[-1].due_on
    checks = (
        (len(ask.instalments) > rule.instalments_max, Ground.TOO_MANY_INSTALMENTS),
        (min(one.amount_ore for one in ask.instalments) < rule.instalment_min_ore, Ground.INSTALMENT_TOO_SMALL),
        (ask.total_ore > rule.total_max_ore, Ground.TOTAL_TOO_HIGH),
        (ask.instalments[0].due_on > _latest_first(ask.asked_on, rule), Ground.FIRST_DUE_TOO_LATE),
        (ask.broke_plan_on is not None and ask.broke_plan_on > broken_since, Ground.BROKEN_PLAN_BEFORE),
        (ask.at_legal_step, Ground.LEGAL_STEP),
        (not ask.acknowledges and any(ends_on > day for day in ask.last_days), Ground.LIMITATION_NEAR),
    )
    return [ground for stopped, ground in checks if stopped]


def _latest_first(asked_on: date, rule: PlanRule) -> date:
    return next_working_day(asked_on + timedelta(days=rule.first_due_days))
