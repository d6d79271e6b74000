"""Statements (kontoutskrift, camt.053) control what was booked: they never post, and they complete bank days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from payments_ingest.domain.bank_days import Completer
from payments_ingest.store import days, files, payments
from payments_ingest.usecases.bank_days import SYSTEM, close_bank_day
from payments_ingest.usecases.pages import note_page, prove_pages
from shared.calendar import is_bank_day
from shared.uow import Uow

DIFFERS = "statement_differs"


def take_statements(
    uow: Uow, file_id: str, lines: Sequence[Mapping[str, Any]], statements: Sequence[Mapping[str, Any]]
) -> None:
    """Record statement lines, and per day what a whole statement says came in; a page waits for the others."""
    rows = [{**line, "file_id": file_id, "day": date.fromisoformat(line["day"])} for line in lines]
    days.put_statement_lines(uow.tx, rows)
    for statement in statements:
        if statement["complete"]:
            _take(uow, file_id, statement["account"], statement)
        else:
            note_page(uow, statement)


def _take(uow: Uow, file_id: str, account: str, statement: Mapping[str, Any]) -> None:
    for day, in_ore in _days(statement).items():
        days.lock_day(uow.tx, account, day)
        days.update_day(uow.tx, account, day, statement_ore=in_ore, statement_file_id=file_id)


def _days(statement: Mapping[str, Any]) -> dict[date, int]:
    """What came in per day, with 0 for the bank days the statement covers and says nothing of."""
    found = {date.fromisoformat(day): in_ore for day, in_ore in statement["days"]}
    if statement["first_day"] and statement["last_day"]:
        day, last = date.fromisoformat(statement["first_day"]), date.fromisoformat(statement["last_day"])
        while day <= last:
            if is_bank_day(day):
                found.setdefault(day, 0)
            day += timedelta(days=1)
    return found


def control(uow: Uow, file_id: str, *, completes: bool) -> None:
    """Compare every day that a statement covers and that is not settled yet with what is booked.

    One that agrees is complete (when statements complete days here) and its alarm settles itself; one that does not
    raises an alarm that says by how much. Waits while a file is in work; ``file_id`` is the one that was released last.
    """
    if files.count_in_work(uow.tx):
        return
    prove_pages(uow, lambda account, statement: _take(uow, file_id, account, statement))
    for row in days.days_to_control(uow.tx, DIFFERS):
        found = payments.day_sums(uow.tx, [(row.account, row.day)]).get((row.account, row.day), (0, 0))
        alarm_id = f"{DIFFERS}:{row.account}:{row.day.isoformat()}"
        if row.statement_ore == found[1]:
            days.settle_alarm(uow.tx, alarm_id, who=SYSTEM, at=uow.now)
            if completes and not row.complete:
                close_bank_day(uow, row.account, row.day, Completer.STATEMENT)
            continue
        facts = {"statement_ore": row.statement_ore, "booked_ore": found[1]}
        raised = days.raise_alarm(
            uow.tx, alarm_id, kind=DIFFERS, account=row.account, day=row.day, facts=facts, at=uow.now
        )
        before = days.find_alarm(uow.tx, alarm_id)
        if not raised and before is not None and before.facts != facts:
            days.renew_alarm(uow.tx, alarm_id, facts=facts, at=uow.now)
