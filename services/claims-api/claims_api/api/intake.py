"""From bodies to registered claims: checking each, and storing together what passed.

Requests that come at the same time share a commit, and so do the lines of a batch; each gets its own answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response

from claims_api.api.access import deps_of
from claims_api.api.reading import canonical, new_claim, read_draft
from claims_api.api.schemas import Submission
from claims_api.api.views import ClaimOut
from claims_api.domain.intake import ClaimDraft, IntakeRules
from claims_api.domain.new_claim import NewClaim
from claims_api.usecases.documents import unknown_documents
from claims_api.usecases.register import Handed, UnitTerms, check, register_claims
from shared.auth import Role
from shared.db import confine
from shared.errors import FieldError, Forbidden, Invalid, Reject
from shared.group import GroupCommit
from shared.http import Ctx, units_of
from shared.idempotency import Call, run_together
from shared.service import Service
from shared.uow import Uow


@dataclass(frozen=True, slots=True)
class Sent:
    """A body, who sent it and all that it says by itself, before anything stored is asked."""

    ctx: Ctx
    draft: ClaimDraft
    errors: list[FieldError]
    unit: str | None
    handed: Handed | None
    """The claim, when the shape of its body is right."""

    def names(self) -> list[str]:
        """Return what the claim is known by and the numbers of whom it is about: what no other may bring meanwhile."""
        if self.handed is None:
            return []
        new = self.handed.new
        numbers = [who.national_id or who.org_number for who in (new.debtor, *new.co_debtors)]
        return [f"{new.unit} {new.external_ref}", *(number for number in numbers if number is not None)]


def sent_by(ctx: Ctx, submission: Submission) -> Sent:
    """Read a body as far as it goes; what its shape has against it is among the errors."""
    draft, errors, unit = read_draft(submission)
    body = submission.claim
    handed = None if body is None else Handed(new=new_claim(body), canonical=canonical(body), actor=ctx.who())
    return Sent(ctx, draft, errors, unit, handed)


AT_ONCE = 2
IntakeGroup = GroupCommit[Call[Sent], Response]


def documents_of(new: NewClaim) -> dict[str, str]:
    """Return the documents a claim names, by the field."""
    found = {f"attachments.{at}": document_id for at, document_id in enumerate(new.attachments)}
    if new.prior_notice is not None and new.prior_notice.document_id is not None:
        found["prior_notice.document_id"] = new.prior_notice.document_id
    return found


def intake_group(service: Service) -> IntakeGroup:
    """Return where the requests of a service wait for their shared commit."""

    def apply(uow: Uow, calls: Sequence[Call[Sent]]) -> list[Response | Exception]:
        confine(uow.tx, units_of(call.asked.ctx.caller for call in calls), register=True)
        return run_together(uow, calls, take_in)

    # SQLite has one writer; PostgreSQL works at one group while the worker decides another.
    return GroupCommit(service.uow, apply, at_once=1 if service.db.dialect == "sqlite" else AT_ONCE)


def rules_of(ctx: Ctx) -> IntakeRules:
    """Return the rules of intake as they are today."""
    deps = deps_of(ctx)
    return IntakeRules(today=ctx.today, allow_synthetic_ids=deps.settings.synthetic_ids, money=deps.rules)


def accepted(sent: Sent, terms: UnitTerms, rules: IntakeRules) -> Handed:
    """Return a claim in which nothing is wrong; raises Reject with every error, Forbidden for another's unit."""
    caller, unit = sent.ctx.caller, sent.unit
    if caller.role is Role.AGENCY and unit is not None and unit != caller.unit:
        raise Forbidden("foreign-unit", "creditor_unit: expected your own unit, got another")
    errors = [*sent.errors, *check(sent.draft, unit, terms, rules)]
    if sent.handed is not None:
        errors += unknown_documents(terms.tx, documents_of(sent.handed.new), caller.sight)
    if errors or sent.handed is None:
        reason = errors[0]["code"] if len(errors) == 1 else "several"
        sent.ctx.service.metrics.count("claims_rejected_total", reason=reason)
        raise Invalid(*errors)
    return sent.handed


def take_in(uow: Uow, asked: Sequence[Sent]) -> list[ClaimOut | Exception]:
    """Check bodies and store the claims of those that pass; what the sender is told, or why not, for each."""
    if not asked:
        return []
    ctx = asked[0].ctx
    terms, rules = UnitTerms(uow.tx, uow.today), rules_of(ctx)
    results: dict[int, ClaimOut | Exception] = {}
    passed: dict[int, Handed] = {}
    for at, sent in enumerate(asked):
        try:
            passed[at] = accepted(sent, terms, rules)
        except Reject as refused:
            results[at] = refused
    told = register_claims(uow, deps_of(ctx), list(passed.values()), terms)
    registered: Counter[str] = Counter()
    for (at, handed), answer in zip(passed.items(), told, strict=True):
        if isinstance(answer, Exception):
            results[at] = answer
        else:
            results[at] = ClaimOut.model_validate(answer, from_attributes=True)
            registered[handed.new.claim_type] += 1
    for claim_type, count in registered.items():
        ctx.service.metrics.count("claims_registered_total", count, claim_type=claim_type)
    return [results[at] for at in range(len(asked))]
