"""What the claims of a plan come to on days to come, from their ledgers as they stand under the cases' locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from claims_api.domain.facts import ClaimFacts
from claims_api.domain.ledger import RECEIVABLES, Account, EntryKind
from claims_api.domain.plans import INSTALMENTS_MAX, Outlook
from claims_api.domain.rates import Rates
from claims_api.domain.rules import MoneyRules
from claims_api.domain.running import ClaimState
from claims_api.store.claims import Claim
from claims_api.usecases.casebook import CaseBook
from shared.calendar import add_months

INTEREST = "late_interest"


def outlook_of(books: Mapping[str, CaseBook], about: Iterable[Claim], today: date, *, rules: MoneyRules) -> Outlook:
    """Return the outlook of these claims; past the last known rate it goes on with that rate, as an estimate."""
    ahead = estimating(rules, today)
    return Outlook([_state(books[claim.case_id], claim, ahead) for claim in about])


def estimating(rules: MoneyRules, today: date) -> MoneyRules:
    """Return rules under which the last known interest rate holds on for as long as a plan can last (decisions B4)."""
    table = rules.rates.table(INTEREST)
    far = add_months(max(today, table.last_day), 2 * INSTALMENTS_MAX)
    longer = replace(table, assumed_to=far)
    return replace(rules, rates=Rates(tables={**rules.rates.tables, INTEREST: longer}))


def is_estimate(about: Sequence[Claim]) -> bool:
    """Tell whether amounts of days to come hold interest that has not run yet."""
    return any(claim.interest_from is not None for claim in about)


def _state(book: CaseBook, claim: Claim, rules: MoneyRules) -> ClaimState:
    facts = ClaimFacts(
        claim_id=claim.claim_id,
        due_date=claim.due_date,
        registered_on=claim.registered_on,
        interest=book.terms(claim),
        disputes=book.disputes.get(claim.claim_id, ()),
    )
    state = ClaimState(facts, rules)
    for row in book.entries:
        if row.claim_id != claim.claim_id:
            continue
        for account in RECEIVABLES:
            amount_ore = row.effect(account)
            if amount_ore == 0:
                continue
            if account is not Account.INTEREST:
                state.add(account, amount_ore, row.value_date)
            elif row.kind is not EntryKind.INTEREST:
                state.cover(account, -amount_ore, row.value_date)
    return state
