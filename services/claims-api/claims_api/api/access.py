"""Who may see what: a unit its own claims, a debtor what they are liable for, the municipality's people everything.

What is not the caller's to see does not exist for them: the answer is 404, never 403.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast
from uuid import UUID

from fastapi import Query
from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.store import cases, claims, documents
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from shared.auth import Role
from shared.errors import NotFound
from shared.http import Ctx, allow, wait_until

After = Annotated[str | None, Query(max_length=80, description="The `next` of the page before.")]
MinVersion = Annotated[
    int | None,
    Query(ge=1, description="A case_version you were told: the answer is at least as new (waits up to 2 s)."),
]

Readers = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR, Role.DEBTOR)]
Clerks = Annotated[Ctx, allow(Role.CASEWORKER)]
Senders = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER)]


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
JUST_HANDED_IN = timedelta(minutes=1)
"""How long a document may take to become known here."""


def deps_of(ctx: Ctx) -> Deps:
    """Return what the use cases depend on."""
    return cast(Deps, ctx.service.app.state.deps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A case as the caller may see it: ``claims`` are those that are theirs to see.

    ``whole`` is false for a co-debtor, who sees the claims they are liable for and nothing else of the case.
    """

    case: Case
    claims: Sequence[Claim]
    whole: bool

    @property
    def claim_ids(self) -> list[str] | None:
        """The claims to restrict numbers to; None: all of the case."""
        return None if self.whole else [claim.claim_id for claim in self.claims]


def see_case(tx: Connection, ctx: Ctx, case_id: str) -> Seen:
    """Return the case if the caller may see it; raises NotFound otherwise."""
    sight = ctx.caller.sight
    case = cases.find_case(tx, case_id)
    if case is None or (sight.unit is not None and case.unit != sight.unit):
        raise NotFound("case")
    found = claims.claims_of_case(tx, case_id)
    if sight.debtor_ref is None or sight.debtor_ref == case.debtor_ref:
        return Seen(case=case, claims=found, whole=True)
    liable = claims.parties_of(tx, [claim.claim_id for claim in found])
    theirs = [claim for claim in found if sight.debtor_ref in liable.get(claim.claim_id, [])]
    if not theirs:
        raise NotFound("case")
    return Seen(case=case, claims=theirs, whole=False)


def see_claim(tx: Connection, ctx: Ctx, claim_id: str) -> Claim:
    """Return the claim if the caller may see it; raises NotFound otherwise."""
    sight = ctx.caller.sight
    claim = claims.find_claim(tx, claim_id)
    if claim is None or (sight.unit is not None and claim.unit != sight.unit):
        raise NotFound("claim")
    if sight.debtor_ref is not None and sight.debtor_ref not in claims.parties_of(tx, [claim_id])[claim_id]:
        raise NotFound("claim")
    return claim


def wait_for(ctx: Ctx, case_id: str, min_version: int | None) -> None:
    """Wait until the case has come to a version, but no longer than WAIT_S; then whoever asks gets what there is."""
    if min_version is None:
        return

    def there(tx: Connection) -> bool:
        version = cases.case_version(tx, case_id)
        return version is None or version >= min_version

    wait_until(ctx, there)


def wait_for_documents(ctx: Ctx, document_ids: Iterable[str]) -> None:
    """Wait until documents that were handed in this minute are known, but no longer than WAIT_S.

    What is unknown after that, or older and unknown, is refused by whoever stores it.
    """
    since = ctx.service.machine.now() - JUST_HANDED_IN
    named = {one for one in document_ids if _made_at(one) >= since}
    if named:
        wait_until(ctx, lambda tx: named <= documents.seen_documents(tx, named, ctx.caller.sight))


def _made_at(document_id: str) -> datetime:
    """Return when a UUIDv7 was made, to the millisecond; long ago for anything else."""
    try:
        known = UUID(document_id)
    except ValueError:
        return LONG_AGO
    return LONG_AGO + timedelta(milliseconds=known.int >> 80) if known.version == 7 else LONG_AGO


def may_read_sensitive(ctx: Ctx) -> bool:
    """Tell whether the caller may read what was delivered by health and social services: the debtor, one desk role."""
    return ctx.caller.role is Role.DEBTOR or (ctx.caller.role is Role.CASEWORKER and "health" in ctx.caller.scopes)


def may_read_protected(ctx: Ctx) -> bool:
    """Tell whether the caller may read a protected address: one desk role."""
    return ctx.caller.role is Role.CASEWORKER and "protected" in ctx.caller.scopes
