"""What must always hold in this service's database, beside what its constraints already enforce."""

from __future__ import annotations

from sqlalchemy import Connection

from claims_api.store.checks import (
    cases_without_claims,
    cases_without_kid,
    claims_unlike_their_case,
    claims_without_kid,
    kept_numbers_off,
    sources_without_first,
    unbalanced_ore,
)
from claims_api.store.periods import gaps, periods_reopened
from claims_api.store.remittance import lines_off


def broken(tx: Connection) -> list[str]:
    """Return what does not hold, in words; empty when all is well. Reads whole tables: for proofs and tests."""
    found = []
    if difference := unbalanced_ore(tx):
        found.append(f"ledger: debit and credit accounts differ by {difference} øre")
    if count := kept_numbers_off(tx):
        found.append(f"claims: {count} whose kept numbers are not the ledger's")
    if count := claims_without_kid(tx):
        found.append(f"claims: {count} whose KID was never given out")
    if count := sources_without_first(tx):
        found.append(f"ledger: {count} sources whose transfers do not begin with the first")
    if count := claims_unlike_their_case(tx):
        found.append(f"claims: {count} whose unit or debtor is not their case's")
    if count := cases_without_kid(tx):
        found.append(f"cases: {count} whose KID was never given out")
    if count := cases_without_claims(tx):
        found.append(f"cases: {count} without a claim")
    found.extend(f"vouchers: the numbers of {year} have gaps" for year in gaps(tx))
    found.extend(f"periods: {period} changed after it was closed" for period in periods_reopened(tx))
    found.extend(f"remittance: the claims of {which} do not add up to it" for which in lines_off(tx))
    return found
