"""Who may see what: a unit its own cases, a debtor the claims they are liable for, the municipality's people all.

What is not the caller's to see does not exist for them: the answer is 404, never 403.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Query
from sqlalchemy import Connection

from escalation.domain.policy import Book
from escalation.store import cases
from shared.auth import Role
from shared.errors import NotFound
from shared.http import Ctx, allow, wait_until

After = Annotated[str | None, Query(max_length=200, description="The `next` of the page before.")]

Readers = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR, Role.OPERATOR, Role.DEBTOR)]
Clerks = Annotated[Ctx, allow(Role.CASEWORKER)]
Desk = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR, Role.OPERATOR)]
Operators = Annotated[Ctx, allow(Role.OPERATOR)]


MinVersion = Annotated[
    int | None,
    Query(ge=1, description="A case_version that claims-api told you: the answer is at least as new (waits 2 s)."),
]


def wait_for(ctx: Ctx, case_id: str, min_version: int | None) -> None:
    """Wait until what claims-api told of a case has come here, but no longer than WAIT_S; then there is what there is.

    Also for a case nobody has heard of yet: it may be on its way.
    """
    if min_version is None:
        return

    def there(tx: Connection) -> bool:
        heard = cases.heard_version(tx, case_id)
        return heard is not None and heard >= min_version

    wait_until(ctx, there)


def book_of(ctx: Ctx) -> Book:
    """Return the ladder, numbers and holds that this service works by."""
    return cast(Book, ctx.service.app.state.book)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A case as the caller may see it: ``claims`` None is all of it, ``shared`` are those they are co-debtors of."""

    head: cases.Head
    claims: frozenset[str] | None = None
    shared: frozenset[str] = frozenset()

    def may_see(self, claim_id: str) -> bool:
        """Tell whether the claim is the caller's to see."""
        return self.claims is None or claim_id in self.claims


def see_case(tx: Connection, ctx: Ctx, case_id: str) -> Seen:
    """Return what the caller may see of a case; raises NotFound."""
    sight = ctx.caller.sight
    head = cases.head(tx, case_id)
    if head is None or (sight.unit is not None and head.creditor_unit != sight.unit):
        raise NotFound("case")
    if sight.debtor_ref is None:
        return Seen(head=head)
    theirs = cases.claims_of_debtor(tx, case_id, sight.debtor_ref)
    if not theirs:
        raise NotFound("case")
    shared = frozenset(claim_id for claim_id, position in theirs.items() if position)
    return Seen(head=head, claims=frozenset(theirs), shared=shared)
