"""Accounts, bank days, what statements say of them, debit lines and alarms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from payments_ingest.domain.lines import LineKind
from payments_ingest.tables import AlarmRow, BankAccountRow, BankDayRow, DebitRow, StatementLineRow
from shared.db import chunks, insert_ignore, lock_rows, table_of

BANK_ACCOUNTS = table_of(BankAccountRow)
DAYS = table_of(BankDayRow)
STATEMENT_LINES = table_of(StatementLineRow)
DEBITS = table_of(DebitRow)
ALARMS = table_of(AlarmRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDay:
    """A bank day of an account as it is recorded."""

    account: str
    day: date
    complete: bool
    completed_by: str | None
    closed_by: str | None
    reason: str | None
    count: int
    sum_ore: int
    published: int
    completed_at: datetime | None
    statement_ore: int | None
    statement_file_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something at the bank that does not add up."""

    alarm_id: str
    kind: str
    account: str
    day: date | None
    facts: dict[str, Any]
    raised_at: datetime
    settled_at: datetime | None
    settled_by: str | None


def put_account(tx: Connection, account: str, first_day: date) -> None:
    """Record an account of ours; one that is known keeps its first day."""
    insert_ignore(tx, BANK_ACCOUNTS, [{"account": account, "first_day": first_day}])


def bank_accounts(tx: Connection) -> dict[str, date]:
    """Return our accounts, each with the first day whose bank day is closed."""
    query = select(BANK_ACCOUNTS.c.account, BANK_ACCOUNTS.c.first_day).order_by(BANK_ACCOUNTS.c.account)
    return {row.account: row.first_day for row in tx.execute(query)}


def open_days(tx: Connection, days: Collection[tuple[str, date]]) -> None:
    """Record bank days that something was booked on, so that they are listed while they wait to be completed."""
    row = {"complete": False, "count": 0, "sum_ore": 0, "published": 0}
    insert_ignore(tx, DAYS, [{**row, "account": account, "day": day} for account, day in sorted(days)])


def lock_day(tx: Connection, account: str, day: date) -> BankDay:
    """Return a bank day with its row locked, making an open one if there is none."""
    row = {"account": account, "day": day, "complete": False, "count": 0, "sum_ore": 0, "published": 0}
    insert_ignore(tx, DAYS, [row])
    lock_rows(tx, BANK_ACCOUNTS, "account", [account])
    found = tx.execute(select(DAYS).where(DAYS.c.account == account, DAYS.c.day == day)).one()
    return BankDay(**found._mapping)


def update_day(tx: Connection, account: str, day: date, **values: Any) -> None:
    """Set columns of a bank day."""
    tx.execute(update(DAYS).where(DAYS.c.account == account, DAYS.c.day == day).values(**values))


def find_days(tx: Connection, days: Collection[tuple[str, date]]) -> dict[tuple[str, date], BankDay]:
    """Return those of these bank days that have a row."""
    found: dict[tuple[str, date], BankDay] = {}
    for account in sorted({account for account, _ in days}):
        for piece in chunks(sorted(day for of, day in days if of == account)):
            query = select(DAYS).where(DAYS.c.account == account, DAYS.c.day.in_(piece))
            found.update({(row.account, row.day): BankDay(**row._mapping) for row in tx.execute(query)})
    return found


def list_days(
    tx: Connection,
    *,
    account: str | None,
    first: date | None,
    last: date | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[BankDay]:
    """Return bank days, newest first."""
    query = select(DAYS).order_by(DAYS.c.day.desc(), DAYS.c.account).limit(limit)
    if account is not None:
        query = query.where(DAYS.c.account == account)
    if first is not None:
        query = query.where(DAYS.c.day >= first)
    if last is not None:
        query = query.where(DAYS.c.day <= last)
    if after is not None:
        day, of = after
        query = query.where((DAYS.c.day < day) | ((DAYS.c.day == day) & (DAYS.c.account > of)))
    return [BankDay(**row._mapping) for row in tx.execute(query)]


def last_complete(tx: Connection, account: str) -> date | None:
    """Return the newest complete bank day of an account."""
    query = select(func.max(DAYS.c.day)).where(DAYS.c.account == account, DAYS.c.complete.is_(True))
    return tx.execute(query).scalar()


def days_to_control(tx: Connection, alarm_kind: str) -> list[BankDay]:
    """Return the days that a statement covers and that are not complete, differ from it, or have an alarm open."""
    alarmed = select(ALARMS.c.day).where(
        ALARMS.c.kind == alarm_kind, ALARMS.c.account == DAYS.c.account, ALARMS.c.settled_at.is_(None)
    )
    query = (
        select(DAYS)
        .where(
            DAYS.c.statement_ore.is_not(None),
            DAYS.c.complete.is_(False) | (DAYS.c.statement_ore != DAYS.c.sum_ore) | DAYS.c.day.in_(alarmed),
        )
        .order_by(DAYS.c.day, DAYS.c.account)
    )
    return [BankDay(**row._mapping) for row in tx.execute(query)]


def put_statement_lines(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record statement lines; those recorded already stay as they are."""
    insert_ignore(tx, STATEMENT_LINES, rows)


def statement_lines(tx: Connection, account: str, day: date) -> list[int]:
    """Return the signed amounts in øre of a day's statement lines."""
    query = (
        select(STATEMENT_LINES.c.kind, STATEMENT_LINES.c.amount_ore)
        .where(STATEMENT_LINES.c.account == account, STATEMENT_LINES.c.day == day)
        .order_by(STATEMENT_LINES.c.line_id)
    )
    return [amount if kind == LineKind.CREDIT else -amount for kind, amount in tx.execute(query)]


def put_debit(tx: Connection, row: Mapping[str, Any]) -> bool:
    """Record a debit line; False when it is recorded already."""
    return insert_ignore(tx, DEBITS, [row]) == 1


def raise_alarm(
    tx: Connection, alarm_id: str, *, kind: str, account: str, day: date | None, facts: Mapping[str, Any], at: datetime
) -> bool:
    """Raise an alarm once; False when it was raised before (also when a person settled it)."""
    row = {
        "alarm_id": alarm_id,
        "kind": kind,
        "account": account,
        "day": day,
        "facts": dict(facts),
        "raised_at": at,
    }
    return insert_ignore(tx, ALARMS, [row]) == 1


def settle_alarm(tx: Connection, alarm_id: str, *, who: str, at: datetime) -> bool:
    """Settle an alarm; False when there is none open of this id."""
    settled = tx.execute(
        update(ALARMS)
        .where(ALARMS.c.alarm_id == alarm_id, ALARMS.c.settled_at.is_(None))
        .values(settled_at=at, settled_by=who)
    )
    return settled.rowcount == 1


def renew_alarm(tx: Connection, alarm_id: str, *, facts: Mapping[str, Any], at: datetime) -> None:
    """Raise again an alarm that had settled itself, or renew the facts of one that is open."""
    tx.execute(
        update(ALARMS)
        .where(ALARMS.c.alarm_id == alarm_id)
        .values(settled_at=None, settled_by=None, facts=dict(facts), raised_at=at)
    )


def find_alarm(tx: Connection, alarm_id: str) -> Alarm | None:
    """Return an alarm."""
    row = tx.execute(select(ALARMS).where(ALARMS.c.alarm_id == alarm_id)).first()
    return Alarm(**row._mapping) if row else None


def open_alarms(tx: Connection, *, kind: str) -> list[Alarm]:
    """Return the open alarms of a kind."""
    query = select(ALARMS).where(ALARMS.c.kind == kind, ALARMS.c.settled_at.is_(None))
    return [Alarm(**row._mapping) for row in tx.execute(query.order_by(ALARMS.c.alarm_id))]


def list_alarms(tx: Connection, *, is_open: bool, after: str | None, limit: int) -> list[Alarm]:
    """Return open or settled alarms, keyset-paged by id."""
    query = select(ALARMS).order_by(ALARMS.c.alarm_id).limit(limit)
    query = query.where(ALARMS.c.settled_at.is_(None) if is_open else ALARMS.c.settled_at.is_not(None))
    if after is not None:
        query = query.where(ALARMS.c.alarm_id > after)
    return [Alarm(**row._mapping) for row in tx.execute(query)]


def count_alarms(tx: Connection) -> dict[str, int]:
    """Count open alarms by kind."""
    query = select(ALARMS.c.kind, func.count()).where(ALARMS.c.settled_at.is_(None)).group_by(ALARMS.c.kind)
    return {str(kind): int(count) for kind, count in tx.execute(query)}


def statement_differences(tx: Connection, alarm_kind: str) -> dict[tuple[str, date], int]:
    """Return the (account, day) where a statement and what is booked differ, each with statement less booked in øre.

    Complete days count until they agree, also when a person settled the alarm; a day that its own difference keeps
    from being complete counts while its alarm is open.
    """
    alarms = select(ALARMS.c.account, ALARMS.c.day, ALARMS.c.facts).where(
        ALARMS.c.kind == alarm_kind, ALARMS.c.settled_at.is_(None)
    )
    found = {(account, day): facts["statement_ore"] - facts["booked_ore"] for account, day, facts in tx.execute(alarms)}
    query = select(DAYS.c.account, DAYS.c.day, DAYS.c.statement_ore - DAYS.c.sum_ore).where(
        DAYS.c.complete.is_(True), DAYS.c.statement_ore != DAYS.c.sum_ore
    )
    found.update({(account, day): int(ore) for account, day, ore in tx.execute(query)})
    return found
