"""Months end and units get their statements, on a treasury of a test."""

from __future__ import annotations

import tomllib
from datetime import date

from support.treasury import SAMPLE, Treasury

from claims_api.domain.ledger import Account, account_sum
from claims_api.domain.remittance import UNITS_SHARE
from claims_api.store import ledger
from claims_api.store import remittance as store
from claims_api.store.remittance import Remittance
from claims_api.usecases.creditors import apply_creditors
from claims_api.usecases.periods import close_months, number_vouchers
from claims_api.usecases.remittance import remit

UNIT = "bydel-frogner"
MONTH_END = date(2026, 2, 6)


def month_end(treasury: Treasury, day: date = MONTH_END) -> None:
    """Let the closing day come and its jobs work until they rest."""
    treasury.at(max(day, treasury.today))
    for work in (
        lambda u: number_vouchers(u, limit=500),
        lambda u: close_months(u, treasury.deps, limit=500),
        lambda u: remit(u, treasury.deps),
    ):
        while True:
            with treasury.uow() as uow:
                if not work(uow):
                    break


def statements(treasury: Treasury, unit: str = UNIT) -> list[Remittance]:
    with treasury.db.read() as tx:
        return store.remittances_page(tx, unit, after=None, limit=50)


def share(treasury: Treasury, unit: str = UNIT) -> int:
    """What the ledger itself says was collected for a unit and not paid out."""
    with treasury.db.read() as tx:
        rows = ledger.everything(tx, unit=unit)
    open_ore = sum(account_sum(rows, account) for account in UNITS_SHARE)
    given_up = [row for row in rows if Account.WRITE_OFF in (row.debit, row.credit)]
    lost = -sum(row.effect(account) for row in given_up for account in UNITS_SHARE)
    return account_sum(rows, Account.CREDITOR_SHARE) - open_ore - lost


def agree(treasury: Treasury, valid_from: date, unit_gets: list[str]) -> None:
    """Apply a creditors file with another division for the unit, from a day on."""
    content = tomllib.loads(SAMPLE.read_text("utf-8"))
    (mine,) = (one for one in content["creditors"] if one["unit"] == UNIT)
    mine["agreements"].append({**mine["agreements"][0], "valid_from": valid_from, "unit_gets": unit_gets})
    with treasury.uow() as uow:
        assert apply_creditors(uow, treasury.deps, content, who="drift").state == "applied"
