"""How a payment plan is kept: which instalments are paid, which is missed, and when the plan is broken or over.

Any money on the plan's claims counts, whatever KID it came on, and so does anything else that brings the debt down. A
missed instalment is reminded of after the bank days of grace; the plan is broken when the reminder's days have passed
too. A payment counts from its order date, so nothing is judged before every bank day that could hold it is booked (B7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from claims_api.domain.plans import Instalment
from claims_api.domain.rules import MoneyRules
from shared.calendar import deadline_after, is_bank_day, is_working_day

_DAY = timedelta(days=1)


class InstalmentState(StrEnum):
    """Where an instalment stands (avdragsstatus)."""

    PAID = "paid"
    PARTLY = "partly"
    COMING = "coming"
    MISSED = "missed"


class Verdict(StrEnum):
    """What a day means for a plan."""

    NOTHING = "nothing"
    WAIT = "wait"
    REMIND = "remind"
    BREAK = "break"
    REST = "rest"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A reminder that was sent of an instalment, and the last day to pay it."""

    number: int
    pay_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMoney:
    """What came in on the plan's claims since it was agreed or changed, and what is owed now and not disputed."""

    paid_ore: int
    owed_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What follows today. ``number`` and ``missing_ore`` tell of the instalment; ``pay_by`` of a new deadline.

    ``look_on`` is the first day on which something else may follow, None when only money or a person moves it.
    """

    verdict: Verdict
    number: int | None = None
    missing_ore: int = 0
    pay_by: date | None = None
    look_on: date | None = None


def paid_count(instalments: Sequence[Instalment], money: PlanMoney) -> int:
    """Return how many instalments are paid: by what came in, or because what is left is what the later ones pay."""
    later_ore = sum(one.amount_ore for one in instalments)
    asked_ore = 0
    for count, one in enumerate(instalments):
        asked_ore += one.amount_ore
        later_ore -= one.amount_ore
        if money.paid_ore < asked_ore and money.owed_ore > later_ore:
            return count
    return len(instalments)


def missing_ore(instalments: Sequence[Instalment], money: PlanMoney, number: int) -> int:
    """Return what is missing of an instalment, the earlier ones being paid: never more than is owed at all."""
    before_ore = sum(one.amount_ore for one in instalments if one.number < number)
    one = next(line for line in instalments if line.number == number)
    return max(0, min(one.amount_ore - max(0, money.paid_ore - before_ore), money.owed_ore))


def states(instalments: Sequence[Instalment], money: PlanMoney, today: date) -> list[InstalmentState]:
    """Return where each instalment stands on ``today``."""
    paid = paid_count(instalments, money)
    before_ore = sum(one.amount_ore for one in instalments[:paid])
    found = []
    for count, one in enumerate(instalments):
        if count < paid:
            found.append(InstalmentState.PAID)
        elif one.due_on < today:
            found.append(InstalmentState.MISSED)
        elif count == paid and money.paid_ore > before_ore:
            found.append(InstalmentState.PARTLY)
        else:
            found.append(InstalmentState.COMING)
    return found


def bank_days_needed(agreed_on: date, checked: date, *, rules: MoneyRules) -> list[date]:
    """Return the bank days that must be booked before an instalment or reminder that ended on ``checked`` is judged."""
    last = rules.after_grace(checked)
    days = (last - agreed_on).days
    return [day for day in (agreed_on + n * _DAY for n in range(days + 1)) if is_bank_day(day)]


def judge(
    instalments: Sequence[Instalment],
    money: PlanMoney,
    today: date,
    *,
    agreed_on: date,
    reminder: Reminder | None,
    booked: frozenset[date],
    uncertain: bool,
    reminder_days: int,
    rules: MoneyRules,
) -> Judged:
    """Say what a day means for a plan that runs.

    ``booked`` are the bank days wholly in the ledger; ``uncertain``: events of one of its cases are parked, or a
    payment waits that may be the debtor's: then nobody is reminded and nothing is broken. ``reminder_days``: what a
    reminder gives to pay in.
    """
    if money.owed_ore <= 0:
        return Judged(verdict=Verdict.KEEP)
    paid = paid_count(instalments, money)
    if paid == len(instalments):
        return Judged(verdict=Verdict.REST, missing_ore=money.owed_ore)
    one = instalments[paid]
    missing = missing_ore(instalments, money, one.number)
    reminded = reminder is not None and reminder.number == one.number
    checked = reminder.pay_by if reminder is not None and reminded else one.due_on
    first = rules.after_grace(checked) + _DAY
    if today < first:
        return Judged(verdict=Verdict.NOTHING, number=one.number, missing_ore=missing, look_on=first)
    ready = set(bank_days_needed(agreed_on, checked, rules=rules)) <= booked and is_working_day(today)
    if uncertain or not ready:
        return Judged(verdict=Verdict.WAIT, number=one.number, missing_ore=missing, look_on=today + _DAY)
    if reminded:
        return Judged(verdict=Verdict.BREAK, number=one.number, missing_ore=missing)
    pay_by = deadline_after(today, reminder_days)
    return Judged(verdict=Verdict.REMIND, number=one.number, missing_ore=missing, pay_by=pay_by)


def with_rest(instalments: Sequence[Instalment], rest_ore: int, today: date, *, reminder_days: int) -> list[Instalment]:
    """Return the plan with one instalment more: every instalment is paid, and interest or a change left a rest.

    The rest has as many days as a reminder.
    """
    number = instalments[-1].number + 1
    rest = Instalment(number=number, due_on=deadline_after(today, reminder_days), amount_ore=rest_ore)
    return [*instalments, rest]
