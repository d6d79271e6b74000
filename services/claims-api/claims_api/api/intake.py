"""From bodies to registered claims: checking each, and storing together what passed.

Requests that come at the same time share a commit, and so do the lines of a batch; each gets its own answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fastapi import Response

from claims_api.api.access import deps_of
from claims_api.api.reading import canonical, new_claim, read_draft
from claims_api.api.schemas import ClaimIn, Submission
from claims_api.api.views import ClaimOut
from claims_api.domain.intake import IntakeRules
from claims_api.usecases.register import Handed, UnitTerms, check, register_claims
from shared.auth import Role
from shared.db import confine
from shared.errors import Forbidden, Invalid, Reject
from shared.group import GroupCommit
from shared.http import Ctx, units_of
from shared.idempotency import Call, run_together
from shared.service import Service
from shared.uow import Uow


@dataclass(frozen=True, slots=True)
class Sent:
    """A body and who sent it."""

    ctx: Ctx
    submission: Submission


IntakeGroup = GroupCommit[Call[Sent], Response]


def intake_group(service: Service) -> IntakeGroup:
    """Return where the requests of a service wait for their shared commit."""

    def apply(uow: Uow, calls: Sequence[Call[Sent]]) -> list[Response | Exception]:
        confine(uow.tx, units_of(call.asked.ctx.caller for call in calls))
        return run_together(uow, calls, take_in)

    return GroupCommit(service.uow, apply)


def rules_of(ctx: Ctx) -> IntakeRules:
    """Return the rules of intake as they are today."""
    deps = deps_of(ctx)
    return IntakeRules(today=ctx.today, allow_synthetic_ids=deps.settings.synthetic_ids, money=deps.rules)


def accepted(sent: Sent, terms: UnitTerms, rules: IntakeRules) -> ClaimIn:
    """Return a body in which nothing is wrong; raises Reject with every error, Forbidden for another's unit."""
    caller, metrics = sent.ctx.caller, sent.ctx.service.metrics
    draft, errors, unit = read_draft(sent.submission)
    if caller.role is Role.AGENCY and unit is not None and unit != caller.unit:
        raise Forbidden("foreign-unit", "creditor_unit: expected your own unit, got another")
    errors = [*errors, *check(draft, unit, terms, rules)]
    if errors or sent.submission.claim is None:
        metrics.count("claims_rejected_total", reason=errors[0]["code"] if len(errors) == 1 else "several")
        raise Invalid(*errors)
    return sent.submission.claim


def take_in(uow: Uow, asked: Sequence[Sent]) -> list[ClaimOut | Exception]:
    """Check bodies and store the claims of those that pass; what the sender is told, or why not, for each."""
    if not asked:
        return []
    terms, rules = UnitTerms(uow.tx, uow.today), rules_of(asked[0].ctx)
    results: dict[int, ClaimOut | Exception] = {}
    passed: dict[int, Handed] = {}
    for at, sent in enumerate(asked):
        try:
            body = accepted(sent, terms, rules)
        except Reject as refused:
            results[at] = refused
        else:
            passed[at] = Handed(new=new_claim(body), canonical=canonical(body), actor=sent.ctx.who())
    told = register_claims(uow, deps_of(asked[0].ctx), list(passed.values()), terms)
    for at, answer in zip(passed, told, strict=True):
        if isinstance(answer, Exception):
            results[at] = answer
        else:
            results[at] = ClaimOut.model_validate(asdict(answer))
            asked[at].ctx.service.metrics.count("claims_registered_total", claim_type=passed[at].new.claim_type)
    return [results[at] for at in range(len(asked))]
