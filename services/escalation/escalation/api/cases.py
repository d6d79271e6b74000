"""One case: what happens next, and each claim's place on the ladder."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter

from escalation.api.access import MinVersion, Readers, book_of, see_case, wait_for
from escalation.api.views import CaseView, claim_view, legal_step_view, next_view
from escalation.domain.planner import earliest, plan
from escalation.store import cases, legal, steps
from shared.auth import Role
from shared.problems import problems

router = APIRouter(prefix="/v1/cases", tags=["cases"])


@router.get("/{case_id}", responses=problems(401, 403, 404), summary="What happens next in a case")
def read_case(case_id: str, ctx: Readers, min_version: MinVersion = None) -> CaseView:
    """Read what happens next in a case: which step, when, whose turn it is until then, and why.

    A debtor sees the claims they are liable for; a co-debtor does not see why a claim is held,
    since that may be the other's request.
    """
    wait_for(ctx, case_id, min_version)
    book = book_of(ctx)
    with ctx.read() as tx:
        seen = see_case(tx, ctx, case_id)
        case = cases.load(tx, [case_id])[case_id].case
        shown = [claim for claim in case.claims if seen.may_see(claim.claim_id)]
        history = steps.of_claims(tx, [claim.claim_id for claim in shown])
        legal_steps = [step for step in legal.of_cases(tx, [case_id]) if any(map(seen.may_see, step.claim_ids))]
    nexts = plan(book, case, ctx.today)
    nexts |= {claim_id: replace(nexts[claim_id], reason=None) for claim_id in seen.shared}
    first = earliest(nexts[claim.claim_id] for claim in shown)
    inside = ctx.caller.role is not Role.DEBTOR
    return CaseView(
        case_id=case_id,
        case_number=seen.head.case_number,
        case_version=seen.head.heard_version,
        next=None if first is None else next_view(first),
        claims=[
            claim_view(
                book,
                claim,
                nexts[claim.claim_id],
                [step for step in history if step.claim_id == claim.claim_id],
                inside=inside,
                why=claim.claim_id not in seen.shared,
            )
            for claim in shown
        ],
        legal_steps=[legal_step_view(step, seen.claims, inside=inside) for step in legal_steps],
    )
