"""What is owed: by kind, as of a day and as known at an instant; posted, and interest that has run since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.accrual import ClaimBalance, claim_balance
from claims_api.domain.interest import complete_to
from claims_api.domain.ledger import Account, Balance, Transfer, account_sum
from claims_api.store import claims, disputes, ledger
from claims_api.store.claims import Claim
from claims_api.usecases.casebook import terms_of
from shared.calendar import OSLO


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed on a case or a claim (saldo).

    Interest is counted to ``interest_complete_to``, which lies before ``as_of`` when the rates after it are not known;
    ``provisional``: an assumed rate (foreløpig sats) is in it.
    """

    as_of: date
    known_at: datetime | None
    balance: Balance
    interest_complete_to: date
    provisional: bool

    @property
    def total_ore(self) -> int:
        """Everything that is owed, in øre."""
        return self.balance.total_ore


def case_balance(
    tx: Connection,
    deps: Deps,
    case_id: str,
    *,
    as_of: date,
    known_at: datetime | None,
    claim_ids: Collection[str] | None = None,
) -> Owed:
    """Return what is owed on a case, or on some of its claims (then nothing of what is overpaid shows)."""
    held = claims.claims_of_case(tx, case_id)
    shown = [claim for claim in held if claim_ids is None or claim.claim_id in claim_ids]
    entries = ledger.known_of_cases(tx, [case_id], as_of=as_of, known_at=known_at)[case_id]
    found = balances(tx, deps, shown, entries, as_of=as_of, known_at=known_at)
    overpaid = account_sum(entries, Account.OVERPAID, case_id) if claim_ids is None else 0
    total = sum((one.balance for one in found.values()), Balance(overpaid_ore=overpaid))
    return _owed(deps, total, found.values(), as_of, known_at)


def claim_balances(
    tx: Connection, deps: Deps, claim_ids: Iterable[str], *, as_of: date, known_at: datetime | None
) -> dict[str, Owed]:
    """Return what is owed on each of these claims."""
    wanted = claims.find_claims(tx, claim_ids)
    entries = ledger.known_of_cases(tx, {c.case_id for c in wanted.values()}, as_of=as_of, known_at=known_at)
    by_claim: dict[str, ClaimBalance] = {}
    for case_id, rows in entries.items():
        held = [claim for claim in wanted.values() if claim.case_id == case_id]
        by_claim |= balances(tx, deps, held, rows, as_of=as_of, known_at=known_at)
    return {name: _owed(deps, one.balance, [one], as_of, known_at) for name, one in by_claim.items()}


def balances(
    tx: Connection,
    deps: Deps,
    held: Sequence[Claim],
    entries: Sequence[Transfer],
    *,
    as_of: date,
    known_at: datetime | None,
) -> dict[str, ClaimBalance]:
    """Return what each claim comes to on ``as_of`` by the transfers given (those that count on the day)."""
    disputed = disputes.disputes_of(tx, [claim.claim_id for claim in held])
    known_on = known_at.astimezone(OSLO).date() if known_at else None
    return {
        claim.claim_id: claim_balance(
            entries,
            claim.claim_id,
            terms_of(claim, disputed.get(claim.claim_id, ()), known_on=known_on),
            as_of,
            rules=deps.rules,
        )
        for claim in held
    }


def _owed(deps: Deps, balance: Balance, parts: Iterable[ClaimBalance], as_of: date, known_at: datetime | None) -> Owed:
    bearing = [part.interest for part in parts if part.interest.segments]
    last = complete_to(as_of, table=deps.rules.rates.table("late_interest"), convention=deps.rules.interest)
    return Owed(
        as_of=as_of,
        known_at=known_at,
        balance=balance,
        interest_complete_to=last if bearing else as_of,
        provisional=any(interest.provisional for interest in bearing),
    )
