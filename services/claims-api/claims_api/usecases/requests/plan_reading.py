"""A plan that was agreed, as it stands: its instalments, what came in on its claims, and what is left to pay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.instalments import InstalmentState, PlanMoney, states
from claims_api.domain.plans import Instalment, Terms, schedule
from claims_api.store import cases, claims, disputes, requests
from claims_api.store import requests_plans as store
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.store.requests_plans import Plan
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.casebook import load_books
from claims_api.usecases.requests.outlook import outlook_of
from claims_api.usecases.requests.rules import plan_rule
from shared.errors import Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A plan with the instalments of its newest revision; ``money`` counts what came in since that was agreed."""

    plan: Plan
    instalments: Sequence[Instalment]
    money: PlanMoney
    claims: Sequence[Claim]

    def states(self, today: date) -> list[InstalmentState]:
        """Return where each instalment stands on ``today``."""
        return states(self.instalments, self.money, today)


def read_plan(tx: Connection, deps: Deps, plan_id: str, today: date) -> Seen:
    """Read a plan; raises LookupError for one that was never agreed."""
    plan = store.find_plan(tx, plan_id)
    if plan is None:
        raise LookupError(f"plan {plan_id}: expected one that was agreed")
    ids = [line.claim_id for line in requests.claims_of_request(tx, plan_id)]
    by_id = claims.find_claims(tx, ids)
    asked = [name for name in ids if by_id[name].status != "time_barred"]
    money = PlanMoney(
        paid_ore=store.paid_since(tx, ids, plan.revised_at), owed_ore=undisputed_ore(tx, deps, asked, today)
    )
    return Seen(
        plan=plan,
        instalments=store.instalments_of(tx, plan_id, plan.revision),
        money=money,
        claims=[by_id[name] for name in ids],
    )


def proposed(tx: Connection, deps: Deps, request: Request, today: date) -> list[Instalment]:
    """Return the instalments that a waiting plan would have if it were agreed today; none for any other request."""
    if request.kind not in ("plan", "plan_change") or request.state != "pending" or request.first_due is None:
        return []
    terms = Terms(
        first_due=max(request.first_due, today),
        instalment_ore=request.instalment_ore,
        instalments=request.instalments,
    )
    by_id = claims.find_claims(tx, [line.claim_id for line in requests.claims_of_request(tx, request.request_id)])
    about = [claim for claim in by_id.values() if claim.ended_on is None]
    books = load_books(tx, cases.find_cases(tx, {claim.case_id for claim in about}))
    try:
        return schedule(terms, outlook_of(books, about, today, rules=deps.rules), rule=plan_rule(deps.settings))
    except Reject:
        return []


def undisputed_ore(tx: Connection, deps: Deps, claim_ids: Collection[str], today: date) -> int:
    """Return what is owed on claims today and not disputed, in øre."""
    disputed = disputes.disputes_of(tx, claim_ids)
    total = 0
    for claim_id, owed in claim_balances(tx, deps, claim_ids, as_of=today, known_at=None).items():
        parts = [one.amount_ore for one in disputed.get(claim_id, ()) if one.stands_on(today)]
        if None not in parts:
            total += max(0, owed.total_ore - max([part for part in parts if part is not None], default=0))
    return total
