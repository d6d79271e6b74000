"""What a camt.053 statement says: balances proved, sums per day, lines to control with, debits that settle payouts."""

from __future__ import annotations

from datetime import date

import pytest
from support.bank_files import (
    ACCOUNT,
    CREATED,
    MONDAY,
    OTHER_ACCOUNT,
    booked,
    camt053,
    errors_of,
    read_all,
    report_of,
    warnings_of,
)

from payments_ingest.formats import (
    DebitLine,
    IncomingPayment,
    Kind,
    Limits,
    Skipped,
    StatementControl,
    StatementLine,
)
from payments_ingest.formats.camt_write import CamtAccount, CamtEntry, CamtTransaction, write_camt053
from payments_ingest.formats.items import DaySum

TUESDAY = date(2026, 3, 3)
DAY = (
    booked(CamtTransaction(amount_ore=100), CamtTransaction(amount_ore=300), batch_count=2, bank_ref="B1"),
    booked(CamtTransaction(amount_ore=50), bank_ref="B2", booked_on=TUESDAY),
    booked(CamtTransaction(amount_ore=30), bank_ref="B3", credit=False, reversal=True),
    booked(CamtTransaction(amount_ore=7, end_to_end_id="R1"), bank_ref="B4", credit=False),
    booked(CamtTransaction(amount_ore=999), bank_ref="B5", status="PDNG"),
)
pytestmark = pytest.mark.parametrize("version", ["02", "08"])


def control(data: bytes) -> StatementControl:
    (found,) = [item for item in read_all(data) if isinstance(item, StatementControl)]
    return found


def test_a_statement_is_proved_and_summed_by_day(version: str) -> None:
    found = control(camt053(*DAY, version=version, opening_ore=1_000, identity="S1"))
    assert (found.account, found.statement_id, found.complete) == (ACCOUNT, "S1", True)
    assert (found.opening_ore, found.closing_ore) == (1_000, 1_413)
    assert found.days == (
        DaySum(MONDAY, credits=2, credit_ore=400, reversals=1, reversal_ore=30, debits=1, debit_ore=7),
        DaySum(TUESDAY, credits=1, credit_ore=50, reversals=0, reversal_ore=0, debits=0, debit_ore=0),
    )


def test_credits_are_lines_to_control_with_and_debits_keep_our_reference(version: str) -> None:
    data = camt053(*DAY, version=version)
    lines = [item for item in read_all(data) if isinstance(item, StatementLine)]
    assert [(line.kind, line.amount_ore, line.archive_ref, line.transactions) for line in lines] == [
        (Kind.CREDIT, 400, "B1", 2),
        (Kind.CREDIT, 50, "B2", 1),
        (Kind.REVERSAL, 30, "B3", 1),
    ]
    (debit,) = [item for item in read_all(data) if isinstance(item, DebitLine)]
    assert (debit.amount_ore, debit.end_to_end_id, debit.archive_ref) == (7, "R1", "B4")
    assert not any(isinstance(item, IncomingPayment) for item in read_all(data))
    report = report_of(data)
    assert (report.credit_ore, report.reversal_ore, report.debit_ore) == (450, 30, 7)
    assert report.skipped == (Skipped("status PDNG", "Stmt 1", 1, 1),)


@pytest.mark.parametrize("opening", [0, 5, -500])
def test_balances_may_be_overdrawn(version: str, opening: int) -> None:
    found = control(camt053(*DAY, version=version, opening_ore=opening))
    assert found.closing_ore == opening + 413


def test_an_account_without_movements_is_a_whole_statement(version: str) -> None:
    found = control(camt053(version=version, opening_ore=12))
    assert (found.days, found.closing_ore, found.complete) == ((), 12, True)


@pytest.mark.parametrize("closing", [0, 412, 414, -413])
def test_a_closing_balance_that_does_not_follow_refuses_the_file(version: str, closing: int) -> None:
    assert errors_of(camt053(*DAY, version=version, closing_ore=closing)) == ["balance"]


@pytest.mark.parametrize(("old", "new"), [(b"OPBD", b"ITBD"), (b"CLBD", b"CLAV"), (b"OPBD", b"CLBD")])
def test_both_balances_stand_once(version: str, old: bytes, new: bytes) -> None:
    assert errors_of(camt053(*DAY, version=version).replace(old, new)) == ["balance"]


def test_the_previous_closing_balance_opens_too(version: str) -> None:
    assert control(camt053(*DAY, version=version).replace(b"OPBD", b"PRCD")).opening_ore == 0


def test_a_balance_in_another_currency_is_refused(version: str) -> None:
    data = camt053(version=version, opening_ore=5).replace(b'<Amt Ccy="NOK">0.05', b'<Amt Ccy="EUR">0.05')
    assert errors_of(data) == ["currency"]


def test_a_page_proves_nothing_and_completes_nothing(version: str) -> None:
    data = camt053(*DAY, version=version, page=(1, False), closing_ore=5)
    assert not control(data).complete
    assert warnings_of(data) == ["page"]


def test_statements_of_other_accounts_are_skipped_counted_and_told(version: str) -> None:
    accounts = (
        CamtAccount(account=OTHER_ACCOUNT, entries=DAY, identity="S1", closing_ore=77),
        CamtAccount(account=ACCOUNT, entries=DAY[:1], identity="S2"),
        CamtAccount(account=OTHER_ACCOUNT, identity="S3"),
    )
    data = write_camt053(*accounts, created=CREATED, version=version)
    *items, report = read_all(data, accounts={ACCOUNT})
    assert {item.account for item in items} == {ACCOUNT}
    assert [(s.what, s.where, s.transactions) for s in report.skipped] == [
        ("status PDNG", "Stmt 1", 1),
        ("account not ours", "Stmt 1", 4),
        ("account not ours", "Stmt 3", 0),
    ]
    assert [problem.code for problem in report.problems] == ["unknown_account", "unknown_account"]


def test_days_of_one_account_do_not_leak_into_the_next(version: str) -> None:
    accounts = (
        CamtAccount(account=ACCOUNT, entries=DAY, identity="S1"),
        CamtAccount(account=OTHER_ACCOUNT, entries=DAY[:1], identity="S2"),
    )
    found = read_all(write_camt053(*accounts, created=CREATED, version=version))
    days = [item.days for item in found if isinstance(item, StatementControl)]
    assert [len(each) for each in days] == [2, 1]


def test_a_returned_debit_and_a_payout_that_came_back(version: str) -> None:
    entries = (
        booked(CamtTransaction(amount_ore=30, return_code="AC04"), credit=False, bank_ref="B1"),
        booked(CamtTransaction(amount_ore=40, return_code="AC04", end_to_end_id="R1"), bank_ref="B2"),
    )
    lines = [item for item in read_all(camt053(*entries, version=version)) if isinstance(item, StatementLine)]
    assert [(line.kind, line.amount_ore) for line in lines] == [(Kind.REVERSAL, 30), (Kind.CREDIT, 40)]


class TestLargeBatch:
    limits = Limits(held=2)

    def batch(self, **fields: object) -> CamtEntry:
        transactions = [CamtTransaction(amount_ore=n, end_to_end_id=f"R{n}") for n in range(1, 8)]
        return booked(*transactions, **fields)

    @pytest.mark.parametrize("fields", [{}, {"credit": False}, {"credit": False, "reversal": True}])
    def test_comes_out_the_same(self, version: str, fields: dict[str, bool]) -> None:
        data = camt053(self.batch(**fields), version=version)
        assert read_all(data, limits=self.limits) == read_all(data)

    def test_of_payouts_must_add_up(self, version: str) -> None:
        data = camt053(self.batch(credit=False, amount_ore=29), version=version)
        assert errors_of(data, limits=self.limits) == ["batch_sum"]

    def test_of_credits_need_no_amounts(self, version: str) -> None:
        data = camt053(booked(*[CamtTransaction()] * 5, amount_ore=29), version=version)
        (line, *_) = read_all(data, limits=self.limits)
        assert (line.amount_ore, line.transactions) == (29, 5)
