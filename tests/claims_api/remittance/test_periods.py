"""Months close on the fifth working day, voucher numbers have no gaps, and what comes late posts in the open month."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.claims import Desk
from support.treasury import Treasury

from claims_api.domain.ledger import Account, record
from claims_api.domain.periods import closing_day, month_after, month_of, months_to_close, posting_month
from claims_api.domain.posting import payment_in
from claims_api.invariants import broken
from claims_api.store import ledger, periods
from claims_api.usecases import audit
from claims_api.usecases.periods import LATE, anything_to_close, anything_to_number, close_months, number_vouchers
from shared.calendar import is_working_day

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def run(treasury: Treasury) -> None:
    """Let both jobs work until they rest."""
    for work in (lambda u: number_vouchers(u, limit=3), lambda u: close_months(u, treasury.deps, limit=3)):
        while True:
            with treasury.uow() as uow:
                if not work(uow):
                    break


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2026-01", date(2026, 2, 6)),
        ("2026-03", date(2026, 4, 10)),  # after Easter: 1, 7, 8, 9 and 10 April
        ("2026-04", date(2026, 5, 8)),  # 1 May is no working day
        ("2025-12", date(2026, 1, 8)),
    ],
)
def test_a_month_closes_on_the_fifth_working_day_after_it(month: str, day: date) -> None:
    assert closing_day(month, working_day=5) == day


@given(DAYS, DAYS, st.one_of(st.none(), DAYS))
def test_nothing_is_posted_in_a_closed_month_or_one_that_has_not_begun(
    booked_on: date, recorded_on: date, closed: date | None
) -> None:
    closed_to = month_of(min(closed, recorded_on)) if closed else None
    if closed_to and closed_to == month_of(recorded_on):
        closed_to = month_after(closed_to, -1)  # a month is never closed before it is over
    month = posting_month(booked_on, recorded_on, closed_to)
    assert closed_to is None or month > closed_to
    assert month <= month_of(recorded_on)
    if closed_to is None or month_of(booked_on) > closed_to:
        assert month == min(month_of(booked_on), month_of(recorded_on))


@given(DAYS)
def test_months_are_closed_in_order_and_none_is_left_out(today: date) -> None:
    due = months_to_close("2024-01", None, today, working_day=5)
    assert all(month_after(one) == other for one, other in pairwise(due))
    assert all(closing_day(month, working_day=5) <= today for month in due)
    following = month_after(due[-1]) if due else "2024-01"
    assert closing_day(following, working_day=5) > today
    assert all(is_working_day(closing_day(month, working_day=5)) for month in due)


def test_a_late_bank_file_goes_in_the_month_of_its_bank_day_while_that_is_open(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2))
    treasury.at(date(2026, 2, 3))
    paid = treasury.pay(claim, 20_000, date(2026, 1, 29), day=date(2026, 1, 30))
    run(treasury)
    with treasury.db.read() as tx:
        found = {one.source_event: one for one, _, _ in periods.vouchers_page(tx, "2026-01", after=0, limit=50)}
        january = {line.account: line for line in audit.trial_balance(tx, "2026-01").lines}
    assert f"bank:{paid.payment_id}" in found
    assert january[Account.BANK].closing_ore == 20_000
    assert january[Account.SUSPENSE].closing_ore == 0, "what the money covers is booked in the same month"


def test_what_becomes_known_after_the_closing_keeps_its_day_and_posts_in_the_open_month(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2))
    treasury.at(date(2026, 2, 6))
    run(treasury)
    with treasury.db.read() as tx:
        before = audit.trial_balance(tx, "2026-01")
        assert periods.closed_to(tx) == "2026-01"
    paid = treasury.pay(claim, 20_000, date(2026, 1, 29), day=date(2026, 1, 30))
    run(treasury)
    with treasury.db.read() as tx:
        assert audit.trial_balance(tx, "2026-01") == before
        rows = {row.about: row for row in audit.journal(tx, "2026-02")}
        assert broken(tx) == []
    assert rows[paid.payment_id].value_date == date(2026, 1, 29)


def test_numbers_have_no_gaps_and_start_again_each_year(treasury: Treasury) -> None:
    for month in (1, 6, 12):
        treasury.at(date(2026, month, 16))
        claim = treasury.register(due=date(2026, month, 2))
        treasury.pay(claim, 5_000, treasury.today)
        run(treasury)
    treasury.at(date(2027, 1, 4))
    treasury.pay(claim, 6_000, date(2026, 12, 30), day=date(2026, 12, 31))
    treasury.pay(claim, 7_000, date(2027, 1, 4))
    run(treasury)
    with treasury.db.read() as tx:
        assert periods.gaps(tx) == []
        months = [one.period for one in periods.closed_periods(tx)]
        december = [one.year for one, _, _ in periods.vouchers_page(tx, "2026-12", after=0, limit=50)]
        january = [one.number for one, _, _ in periods.vouchers_page(tx, "2027-01", after=0, limit=50)]
    assert months == [f"2026-{n:02d}" for n in range(11, 0, -1)]
    assert set(december) == {2026}
    assert january == list(range(1, len(january) + 1))


def test_numbering_again_gives_no_second_number(treasury: Treasury) -> None:
    treasury.register(due=date(2026, 1, 2))
    run(treasury)
    with treasury.db.read() as tx:
        assert not anything_to_number(tx)
        assert not anything_to_close(tx, treasury.deps, date(2026, 2, 5))
        assert anything_to_close(tx, treasury.deps, date(2026, 2, 6))
    with treasury.uow() as uow:
        assert number_vouchers(uow, limit=50) == 0


def test_what_was_booked_long_before_it_was_seen_has_its_number_too(treasury: Treasury) -> None:
    treasury.register(due=date(2026, 1, 2))
    run(treasury)
    with treasury.uow() as uow:
        newest = periods.newest_voucher(uow.tx)
        assert newest is not None
        draft = payment_in(payment_id="late", account="15032080119", amount_ore=100, day=treasury.today)
        at = newest - timedelta(minutes=1)
        ledger.add_transfers(uow.tx, record([draft], source_event="bank:late", recorded_at=at))
    with treasury.db.read() as tx:
        assert not anything_to_number(tx)
        assert anything_to_number(tx, behind=LATE)
    with treasury.uow() as uow:
        assert number_vouchers(uow, limit=50) == 0
        assert number_vouchers(uow, limit=50, behind=LATE) == 1
    with treasury.db.read() as tx:
        assert not anything_to_number(tx, behind=LATE)
        assert periods.gaps(tx) == []


def test_the_voucher_export_has_every_transfer_of_the_month_and_runs_no_formula(office_on_both: Desk) -> None:
    office = office_on_both
    office.register(external_ref="=1+1")
    office.register(external_ref="2")
    office.run_job("vouchers")
    auditor = office.auditor()
    vouchers = office.get("/v1/audit/vouchers", auditor, period="2026-01", limit=1).json()
    assert [one["voucher"] for one in vouchers["items"]] == ["2026-000001"]
    more = office.get("/v1/audit/vouchers", auditor, period="2026-01", after=vouchers["next"]).json()
    assert [one["number"] for one in more["items"]] == [2]
    text = office.get("/v1/audit/vouchers", auditor, period="2026-01", format="csv").text
    journal = office.get("/v1/audit/journal", auditor, period="2026-01").json()["items"]
    assert text.splitlines()[0].startswith("voucher;booked_on;transfer_id;")
    assert len(text.splitlines()) == len(journal) + 1
    assert all(item["voucher"] and item["period"] == "2026-01" for item in journal)
    assert not any(cell[:1] in "=+-@" for line in text.splitlines()[1:] for cell in line.split(";") if cell)
    assert office.get("/v1/audit/vouchers", auditor, period="2026-1").status_code == 422
    office.clock.set(date(2026, 2, 6))
    while office.run_job("periods"):
        pass
    closed = office.get("/v1/audit/periods", auditor).json()["items"]
    assert [(one["period"], one["closed_on"]) for one in closed] == [("2026-01", "2026-02-06")]
