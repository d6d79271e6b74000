"""Money on the KID of a plan or a petition: it pays its claims, the oldest due first, whichever of its cases has them.

The bank side knows the lead case alone. Here the money is spread over the cases when it comes, and taken back from
where it lies when the bank takes it back or it is moved; each case then books its own part (decisions B6, B7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from claims_api.deps import Deps
from claims_api.domain.allocation import allocate
from claims_api.store import claims, petitions
from claims_api.store import requests_plans as store
from claims_api.store.cases import Case
from claims_api.usecases.casebook import load_books
from claims_api.usecases.requests.asking import is_open
from claims_api.usecases.requests.outlook import outlook_of
from shared.uow import Uow


def cases_for(uow: Uow, kids: Iterable[str]) -> set[str]:
    """Return the cases that money on these KIDs may go to beside the one it came for; to be locked with it."""
    about = _claims_by_kid(uow, kids)
    found = claims.find_claims(uow.tx, {name for names in about.values() for name in names})
    return {claim.case_id for claim in found.values()}


def spread(
    uow: Uow, deps: Deps, locked: Mapping[str, Case], *, kid: str, case_id: str, amount_ore: int, paid_on: date
) -> dict[str, int]:
    """Divide money on a KID over the locked cases it is for; the case it came for gets what no such claim owes.

    A KID that is no plan's or petition's, or of one with a single case, leaves it all where it came for.
    """
    names = _claims_by_kid(uow, [kid]).get(kid, ())
    found = claims.find_claims(uow.tx, names)
    about = [found[name] for name in names if is_open(found[name]) and found[name].case_id in locked]
    if {claim.case_id for claim in about} <= {case_id}:
        return {case_id: amount_ore}
    books = load_books(uow.tx, {claim.case_id: locked[claim.case_id] for claim in about})
    owed = outlook_of(books, about, uow.today, rules=deps.rules).owed(paid_on)
    shares: dict[str, int] = {}
    for part in allocate(amount_ore, owed):
        to = found[part.claim_id].case_id if part.claim_id is not None else case_id
        shares[to] = shares.get(to, 0) + part.amount_ore
    return shares


def spread_back(lies: Mapping[str, int], *, case_id: str, amount_ore: int) -> dict[str, int]:
    """Divide what is taken off a case over the cases where the payment lies (øre by case), its own case last.

    A payment that a person divided lies in each case with an amount of its own: then the case has enough itself.
    """
    here = lies.get(case_id, 0)
    if here >= amount_ore:
        return {case_id: amount_ore}
    shares: dict[str, int] = {}
    left = amount_ore
    for other in sorted(lies.keys() - {case_id}, reverse=True):
        take = min(left - min(here, left), lies[other])
        if take > 0:
            shares[other] = take
            left -= take
    if left:
        shares[case_id] = left
    return shares


def _claims_by_kid(uow: Uow, kids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    wanted = list(kids)
    return {**store.claims_by_kid(uow.tx, wanted), **petitions.claims_by_kid(uow.tx, wanted)}
