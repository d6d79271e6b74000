"""A bank day that is complete at the bank and not in the ledger is an alarm that says which day, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.counter import Counter, counter

from shared.events.payments import BankDayCompleted

ACCOUNT = "13150101837"
DAY = date(2026, 1, 20)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path, DAY) as running:
        yield running


def complete(desk: Counter, count: int, sum_ore: int) -> None:
    told = BankDayCompleted(account=ACCOUNT, day=DAY, count=count, sum_ore=sum_ore, completed_by="statement")
    desk.send(told, key=f"{ACCOUNT}:{DAY}")


def unbooked(desk: Counter) -> list[dict[str, Any]]:
    return list(desk.office.get("/v1/audit/unbooked-bank-days", desk.office.auditor()).json()["items"])


def gauge(desk: Counter) -> float | None:
    desk.office.run_job("ledger-check")
    sample = desk.office.service.metrics.registry.get_sample_value
    return sample("inkasso_bank_days_unbooked", {"service": "claims-api"})


def test_a_day_that_agrees_is_no_alarm(desk: Counter) -> None:
    claim = desk.case()
    desk.pay(claim["case_id"], 40_000, claim["kid"])
    complete(desk, 1, 40_000)
    assert (unbooked(desk), gauge(desk)) == ([], 0)


def test_a_payment_that_has_not_come_is_an_alarm_until_it_does(desk: Counter) -> None:
    claim = desk.case()
    desk.pay(claim["case_id"], 40_000, claim["kid"])
    complete(desk, 2, 41_500)
    (day,) = unbooked(desk)
    told = ("account", "day", "bank_count", "bank_ore", "ledger_count", "ledger_ore", "difference_ore")
    assert [day[name] for name in told] == [ACCOUNT, DAY.isoformat(), 2, 41_500, 1, 40_000, 1_500]
    assert gauge(desk) == 1
    desk.pay(claim["case_id"], 1_500, claim["kid"])
    assert (unbooked(desk), gauge(desk)) == ([], 0)


def test_a_day_with_nothing_in_the_ledger_is_told_too(desk: Counter) -> None:
    complete(desk, 1, 700)
    assert [(day["ledger_count"], day["difference_ore"]) for day in unbooked(desk)] == [(0, 700)]
