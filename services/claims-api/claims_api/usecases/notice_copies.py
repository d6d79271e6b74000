"""The copy of an inkassovarsel that the unit sent itself: needed before a petition, and may come after the claim.

Decisions B3. escalation lets no legal step go without it; the package has it among its proofs.
"""

from __future__ import annotations

from claims_api.store import cases, claims
from claims_api.usecases.on_record import tell
from shared.errors import Conflict, Crash, NotFound
from shared.events.claims import PriorNoticeCopied
from shared.uow import Uow


def keep_copy(uow: Uow, claim_id: str, *, document_id: str, actor: str) -> None:
    """Note which document is the copy of a claim's prior notice; a later one takes its place. The same again is once.

    Raises NotFound; Conflict for a claim whose unit sent no notice, or one that counts for nothing.
    """
    found = claims.find_claim(uow.tx, claim_id)
    if found is None:
        raise NotFound("claim")
    case = cases.lock_cases(uow, [found.case_id])[found.case_id]
    claim = claims.find_claim(uow.tx, claim_id)
    if claim is None:
        raise Crash("claim: expected one that is never deleted")
    if claim.notice_sent_on is None or claim.notice_void is not None:
        raise Conflict("no-prior-notice", "claim: expected one whose unit sent an inkassovarsel that counts, got none")
    if claim.notice_document_id == document_id:
        return
    claims.set_notice_document(uow.tx, claim_id, document_id)
    told = PriorNoticeCopied(case_id=case.case_id, claim_id=claim_id, document_id=document_id)
    uow.emit(told, key=case.case_id)
    facts = {"document_id": document_id}
    tell(uow, case, claim, "prior_notice.copied", "Kopi av inkassovarselet er lagt ved", who=actor, facts=facts)
