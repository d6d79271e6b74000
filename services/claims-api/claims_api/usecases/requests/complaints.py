"""Klage: registered against the unit's decision on an objection, and passed to the body above it (decisions B2)."""

from __future__ import annotations

from datetime import timedelta

from claims_api.deps import Deps
from claims_api.domain.claim_types import ComplaintBody, claim_type
from claims_api.domain.complaints import check_in_time, still_disputed
from claims_api.domain.requests import Move
from claims_api.store import claims, requests
from claims_api.store.requests import Request
from claims_api.usecases.payments import settle_case
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.freezing import freeze
from claims_api.usecases.requests.notices import issue_notice
from claims_api.usecases.requests.texts import write_text
from shared.errors import Conflict, FieldError, Invalid
from shared.uow import Uow

TO_BODY = {
    ComplaintBody.STATSFORVALTER: "Klage til Statsforvalteren er mottatt",
    ComplaintBody.COMPLAINT_BODY: "Klage til klageinstansen er mottatt",
}


def complain(uow: Uow, deps: Deps, held: Held, text: str, asker: Asker) -> Request:
    """Register a complaint against the unit's decision: what stands still goes on standing until the body has decided.

    Raises Conflict when it is late, was made before, or the decision is none to complain of; Reject for another debtor
    or a day it cannot have come.
    """
    request = held.request
    if asker.debtor_ref not in (None, request.debtor_ref):
        raise Invalid(FieldError("debtor_ref", "not-theirs", "expected null or whoever made the objection"))
    if request.complained_on is not None:
        raise Conflict("complaint-made", f"complaint: expected none, got one received on {request.complained_on}")
    body = claim_type(held.claims[0].claim_type).complaint_body
    if body is None or request.complain_by is None or request.decided_on is None:
        raise Conflict("no-complaint", "objection: expected one that its unit has refused, wholly or partly")
    if request.contested_on is not None:
        raise Conflict("request-decided", "objection: expected one whose claim has not gone on")
    received_on = asking.received(uow, asker)
    check_in_time(request.complain_by, request.decided_on, received_on, asker.channel, rule=deps.complaints)
    text_id = write_text(uow, deps, text, case_id=request.case_id, request_id=request.request_id)
    request = asking.move(
        uow,
        request,
        Move.COMPLAIN,
        complaint_body=body.value,
        complained_on=received_on,
        complaint_text_id=text_id,
        documents=[*request.documents, *asker.documents],
        disputed_ore=still_disputed(request.disputed_ore, request.upheld_ore),
        due_on=received_on + timedelta(days=deps.complaints.follow_up_days),
        # The dispute goes on: its interest is a shadow again, and nothing follows from the unit's decision.
        outcome=None,
        reasonable=None,
        upheld_ore=None,
        decided_on=None,
        decided_at=None,
        decided_by=None,
        pay_by=None,
        look_on=None,
    )
    if request.freezes:
        still = [claim for claim in held.claims if asking.is_open(claim)]
        freeze(uow, held.case, request, still, actor=asker.who)
    asking.tell(uow, held.case, "objection.complained", TO_BODY[body], actor=asker.who, request_id=request.request_id)
    settle_case(uow, deps, held.case)
    fresh = claims.find_claims(uow.tx, [claim.claim_id for claim in held.claims])
    issue_notice(
        uow,
        deps,
        held.case,
        "objection_received",
        request=request,
        claims=list(fresh.values()),
        complained_on=received_on,
        complaint_body=body.value,
        freezes=request.freezes,
    )
    return requests.find_request(uow.tx, request.request_id) or request
