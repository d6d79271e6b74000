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
from payments_ingest.store import days, files, payments
from payments_ingest.usecases.staging import digest
from shared.calendar import bank_day_after
from shared.errors import Conflict, NotFound, Reject
from shared.events.payments import BankDayCompleted
from shared.uow import Uow

SYSTEM = "system:payments-ingest"
GAP = "transmission_gap"


def ensure_accounts(uow: Uow, configured: tuple[str, ...]) -> None:
    """Record the accounts that are ours by configuration; one that claims are paid to is recorded with the claim."""
    recorded = days.bank_accounts(uow.tx)
    for account in sorted(set(configured) - recorded.keys()):
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
    """What the cut-off has to do: bank days to complete, gaps to raise an alarm for, alarms (ids) to settle."""

    close: tuple[tuple[str, date], ...] = ()
    missing: tuple[tuple[str, str, int], ...] = ()
    received: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.close or self.missing or self.received)


def plan_cut_off(tx: Connection, now: datetime) -> CutOffPlan:
    """Look what the cut-off has to do. An account waits while a transmission of a series that tells of it is missing,
    until it comes or a person settles the alarm; nothing is completed while a file is in work.
    """
    if files.count_in_work(tx):
        return CutOffPlan()
    close: list[tuple[str, date]] = []
    missing: dict[str, tuple[str, str, int]] = {}
    waiting: set[str] = set()
    for account, first in days.bank_accounts(tx).items():
        gaps = _gaps(tx, account)
        open_gaps = {alarm_id for alarm_id in gaps if not _settled_by_hand(tx, alarm_id)}
        waiting |= open_gaps
        missing.update({i: gap for i, gap in gaps.items() if days.find_alarm(tx, i) is None})
        if not open_gaps:
            last = days.last_complete(tx, account)
            after = max(first, bank_day_after(last)) if last else first
            close += [(account, day) for day in days_to_cut_off(after, now)]
    received = [one.alarm_id for one in days.open_alarms(tx, kind=GAP) if one.alarm_id not in waiting]
    return CutOffPlan(close=tuple(close), missing=tuple(missing.values()), received=tuple(received))


def close_by_cut_off(uow: Uow) -> int:
    """Complete every day whose cut-off has passed, and keep the alarms for missing transmissions; returns how many."""
    plan = plan_cut_off(uow.tx, uow.now)
    for account, series, number in plan.missing:
        alarm_id, facts = _gap_id(series, number), {"series": series, "number": number}
        days.raise_alarm(uow.tx, alarm_id, kind=GAP, account=account, day=None, facts=facts, at=uow.now)
    for alarm_id in plan.received:
        days.settle_alarm(uow.tx, alarm_id, who=SYSTEM, at=uow.now)
    return sum(close_bank_day(uow, account, day, Completer.CUT_OFF) for account, day in plan.close)


def _gaps(tx: Connection, account: str) -> dict[str, tuple[str, str, int]]:
    """The transmissions missing in the series that tell of an account, by the id of their alarm."""
    return {
        _gap_id(series, number): (account, series, number)
        for series in files.series_of(tx, account)
        for number in missing_numbers(files.numbers_of(tx, series))
    }


def _settled_by_hand(tx: Connection, alarm_id: str) -> bool:
    alarm = days.find_alarm(tx, alarm_id)
    return alarm is not None and alarm.settled_at is not None


def _gap_id(series: str, number: int) -> str:
    return f"{GAP}:{digest(series)}:{number}"


def _sum_of(uow: Uow, account: str, day: date) -> DaySum:
    found = payments.day_sums(uow.tx, [(account, day)]).get((account, day))
    return DaySum(count=found[0], sum_ore=found[1]) if found else NOTHING


def _publish(uow: Uow, account: str, day: date, found: DaySum, published: int, by: Completer) -> None:
    days.update_day(uow.tx, account, day, count=found.count, sum_ore=found.sum_ore, published=published + 1)
    payload = BankDayCompleted(
        account=account, day=day, count=found.count, sum_ore=found.sum_ore, completed_by=by.value
    )
    uow.emit(payload, key=f"{account}:{day.isoformat()}")
