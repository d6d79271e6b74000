"""Bank days: closing them, saying so, and saying so again when a late file changes one (decisions A3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from payments_ingest.domain.bank_days import (
    NOTHING,
    Completer,
    DaySum,
    days_to_cut_off,
    missing_numbers,
)
from payments_ingest.store import days, files, known, payments
from shared.calendar import bank_day_after
from shared.errors import Conflict, NotFound, Reject
from shared.events.payments import BankDayCompleted
from shared.uow import Uow

SYSTEM = "system:payments-ingest"
GAP = "transmission_gap"


def ensure_accounts(uow: Uow, configured: tuple[str, ...]) -> None:
    """Record our accounts: the configured ones, and those that claims are paid to."""
    recorded = days.bank_accounts(uow.tx)
    for account in sorted({*configured, *known.accounts(uow.tx)} - recorded.keys()):
        days.put_account(uow.tx, account, uow.today)


def close_bank_day(
    uow: Uow, account: str, day: date, by: Completer | str, *, who: str = SYSTEM, reason: str = ""
) -> bool:
    """Complete a bank day of an account and publish its count and sum; False when nothing changed since it was.

    Raises NotFound for an account that is not ours, Reject for a day that is not over yet (except by the sandbox, whose
    clock leaves it now), Conflict while a file is in work: its lines might belong to the day.
    """
    completer = Completer(by)
    if account not in days.bank_accounts(uow.tx):
        raise NotFound("account")
    if day > uow.today:
        raise Reject("day-not-over", f"day: expected {uow.today.isoformat()} or earlier, got {day.isoformat()}")
    if files.count_in_work(uow.tx):
        raise Conflict("files-in-work", "bank day: expected every bank file to be released, got one in work")
    row = days.lock_day(uow.tx, account, day)
    found = _sum_of(uow, account, day)
    if row.complete and (row.count, row.sum_ore) == (found.count, found.sum_ore):
        return False
    if not row.complete:
        days.update_day(
            uow.tx,
            account,
            day,
            complete=True,
            completed_by=completer,
            closed_by=who,
            reason=reason or None,
            completed_at=uow.now,
        )
    _publish(uow, account, day, found, row.published, Completer(row.completed_by or completer))
    return True


def close_all(uow: Uow, day: date, by: Completer | str, *, who: str = SYSTEM) -> int:
    """Complete a bank day of every account of ours; returns how many were published."""
    return sum(close_bank_day(uow, account, day, by, who=who) for account in days.bank_accounts(uow.tx))


def republish(uow: Uow, touched: Collection[tuple[str, date]]) -> int:
    """Publish again those of these days that were complete and whose sums changed since; returns how many."""
    changed = 0
    for (account, day), row in days.find_days(uow.tx, touched).items():
        found = _sum_of(uow, account, day)
        if row.complete and (row.count, row.sum_ore) != (found.count, found.sum_ore):
            _publish(uow, account, day, found, row.published, Completer(row.completed_by or Completer.OPERATOR))
            changed += 1
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOffPlan:
    """What the cut-off has to do: bank days to complete, alarms to raise (account, number) and to settle (id)."""

    close: tuple[tuple[str, date], ...] = ()
    missing: tuple[tuple[str, int], ...] = ()
    received: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.close or self.missing or self.received)


def plan_cut_off(tx: Connection, now: datetime) -> CutOffPlan:
    """Look what the cut-off has to do. An account with a transmission missing waits until it comes or a person settles
    the alarm; nothing is completed while a file is in work.
    """
    if files.count_in_work(tx):
        return CutOffPlan()
    close: list[tuple[str, date]] = []
    missing: list[tuple[str, int]] = []
    received: list[str] = []
    for account, first in days.bank_accounts(tx).items():
        gaps = missing_numbers(files.numbers_of(tx, account))
        told = {number: days.find_alarm(tx, _gap_id(account, number)) for number in gaps}
        missing += [(account, number) for number, alarm in told.items() if alarm is None]
        alarms = days.open_alarms(tx, kind=GAP, account=account)
        received += [alarm.alarm_id for alarm in alarms if alarm.facts["number"] not in told]
        if any(alarm is None or alarm.settled_at is None for alarm in told.values()):
            continue
        last = days.last_complete(tx, account)
        close += [(account, day) for day in days_to_cut_off(max(first, bank_day_after(last)) if last else first, now)]
    return CutOffPlan(close=tuple(close), missing=tuple(missing), received=tuple(received))


def close_by_cut_off(uow: Uow) -> int:
    """Complete every day whose cut-off has passed, and keep the alarms for missing transmissions; returns how many."""
    plan = plan_cut_off(uow.tx, uow.now)
    for account, number in plan.missing:
        alarm_id, facts = _gap_id(account, number), {"number": number}
        days.raise_alarm(uow.tx, alarm_id, kind=GAP, account=account, day=None, facts=facts, at=uow.now)
    for alarm_id in plan.received:
        days.settle_alarm(uow.tx, alarm_id, who=SYSTEM, at=uow.now)
    return sum(close_bank_day(uow, account, day, Completer.CUT_OFF) for account, day in plan.close)


def _gap_id(account: str, number: int) -> str:
    return f"{GAP}:{account}:{number}"


def _sum_of(uow: Uow, account: str, day: date) -> DaySum:
    found = payments.day_sums(uow.tx, [(account, day)]).get((account, day))
    return DaySum(count=found[0], sum_ore=found[1]) if found else NOTHING


def _publish(uow: Uow, account: str, day: date, found: DaySum, published: int, by: Completer) -> None:
    days.update_day(uow.tx, account, day, count=found.count, sum_ore=found.sum_ore, published=published + 1)
    payload = BankDayCompleted(
        account=account, day=day, count=found.count, sum_ore=found.sum_ore, completed_by=by.value
    )
    uow.emit(payload, key=f"{account}:{day.isoformat()}")
