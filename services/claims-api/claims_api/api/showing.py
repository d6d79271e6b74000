"""How stored things are shown to a caller: what is theirs to see, and nothing that is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from claims_api.api.access import Seen, deps_of, may_read_protected, may_read_sensitive
from claims_api.api.views import BalanceOut, CaseBrief, CaseView, ClaimView, DebtorView, HoldView
from claims_api.store import creditors, debtors, holds
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.sealed import CLAIM_TEXT
from claims_api.usecases.balance import case_balance
from shared.errors import Crash
from shared.http import Ctx


def show_claim(ctx: Ctx, claim: Claim) -> ClaimView:
    """Return a claim as the caller may see it: what health and social services delivered is for few."""
    description, service_from, service_to = _delivered(ctx, claim)
    period = {"from": service_from, "to": service_to} if service_from or service_to else None
    return ClaimView.model_validate(
        {
            "claim_id": claim.claim_id,
            "case_id": claim.case_id,
            "external_ref": claim.external_ref,
            "claim_type": claim.claim_type,
            "creditor_unit": claim.unit,
            "debtor_ref": claim.debtor_ref,
            "kid": claim.kid,
            "status": claim.status,
            "principal_ore": claim.principal_ore,
            "original_principal_ore": claim.original_principal_ore,
            "principal_left_ore": claim.principal_left_ore,
            "posted_left_ore": claim.left_ore,
            "invoice_number": claim.invoice_number,
            "invoice_date": claim.invoice_date,
            "due_date": claim.due_date,
            "description": description,
            "service_period": period,
            "interest_from": claim.interest_from,
            "dispute_body": claim.dispute_body,
            "limitation_day": claim.last_day,
            "prior_notice": "none" if claim.notice_sent_on is None else claim.notice_void or "accepted",
            "prior_notice_deadline": claim.notice_deadline,
            "prior_notice_document_id": claim.notice_document_id,
            "registered_on": claim.registered_on,
            "ended_on": claim.ended_on,
            "end_reason": claim.end_reason,
        }
    )


def _delivered(ctx: Ctx, claim: Claim) -> tuple[Any, Any, Any]:
    if claim.sealed is None or claim.sealed_key is None:
        return claim.description, claim.service_from, claim.service_to
    if not may_read_sensitive(ctx):
        return None, None, None
    place = CLAIM_TEXT.place(claim.claim_id)
    text = json.loads(deps_of(ctx).vault.open_field(claim.sealed, claim.sealed_key, place=place))
    return text["description"], text["service_from"], text["service_to"]


def show_balance(
    tx: Connection,
    ctx: Ctx,
    case_id: str,
    claim_ids: Sequence[str] | None,
    *,
    as_of: date,
    known_at: datetime | None,
    version: int,
) -> BalanceOut:
    """Return what is owed on a case, or on some of its claims."""
    owed = case_balance(tx, deps_of(ctx), case_id, as_of=as_of, known_at=known_at, claim_ids=claim_ids)
    return BalanceOut(
        as_of=as_of,
        known_at=known_at,
        total_ore=owed.balance.total_ore,
        principal_ore=owed.balance.principal_ore,
        interest_ore=owed.balance.interest_ore,
        fees_ore=owed.balance.fees_ore,
        legal_costs_ore=owed.balance.legal_costs_ore,
        overpaid_ore=owed.balance.overpaid_ore,
        interest_complete_to=owed.interest_complete_to,
        provisional=owed.provisional,
        case_version=version,
    )


def show_case(tx: Connection, ctx: Ctx, seen: Seen) -> CaseView:
    """Return a case with its claims, its standing holds and its balance today."""
    case = seen.case
    creditor = creditors.find_creditor(tx, case.unit)
    if creditor is None:
        raise Crash("case: expected its unit among the creditors")
    return CaseView.model_validate(
        {
            "case_id": case.case_id,
            "case_number": case.case_number,
            "kid": case.kid if seen.whole else seen.claims[0].kid,
            "creditor": {"unit": creditor.unit, "name": creditor.name, "org_number": creditor.org_number},
            "debtor": show_debtor(tx, ctx, case.debtor_ref) if seen.whole else None,
            "merge_group": case.merge_group,
            "state": case.state,
            "opened_on": case.opened_on,
            "closed_on": case.closed_on,
            "claims": [show_claim(ctx, claim).model_dump(by_alias=True) for claim in seen.claims],
            "holds": [hold.model_dump(by_alias=True) for hold in show_holds(tx, seen)],
            "balance": show_balance(
                tx, ctx, case.case_id, seen.claim_ids, as_of=ctx.today, known_at=None, version=case.version
            ),
            "case_version": case.version,
        }
    )


def show_debtor(tx: Connection, ctx: Ctx, debtor_ref: str) -> DebtorView:
    """Return who owes; a protected address is shown to one desk role alone."""
    debtor = debtors.find_debtor(tx, debtor_ref)
    if debtor is None:
        raise Crash("case: expected its debtor")
    hidden = debtor.protection != "none" and not may_read_protected(ctx)
    return DebtorView(
        debtor_ref=debtor.debtor_ref,
        kind=debtor.kind,
        name=debtor.name,
        address=dict(debtor.address) if debtor.address and not hidden else None,
        language=debtor.language,
        protection=debtor.protection,
        birth_date=debtor.birth_date,
    )


def show_holds(tx: Connection, seen: Seen) -> list[HoldView]:
    """Return the standing holds of a case on the claims that are seen."""
    theirs = {claim.claim_id for claim in seen.claims}
    shown = []
    for hold in holds.holds_of_case(tx, seen.case.case_id):
        about = [claim_id for claim_id in holds.claims_of_hold(tx, hold.hold_id) if claim_id in theirs]
        if about and (seen.whole or hold.debtor_ref is None):
            view = {
                "hold_id": hold.hold_id,
                "reason": hold.reason,
                "from": hold.from_on,
                "until": hold.until,
                "claim_ids": about,
                "debtor_ref": hold.debtor_ref,
            }
            shown.append(HoldView.model_validate(view))
    return shown


def show_brief(case: Case, claims: Sequence[Claim], *, debtor_ref: str | None) -> CaseBrief:
    """Return a case as it stands in a list."""
    return CaseBrief(
        case_id=case.case_id,
        case_number=case.case_number,
        kid=case.kid if debtor_ref else claims[0].kid,
        creditor_unit=case.unit,
        debtor_ref=debtor_ref,
        state=case.state,
        opened_on=case.opened_on,
        closed_on=case.closed_on,
        claim_count=len(claims),
        posted_left_ore=sum(claim.left_ore for claim in claims),
        case_version=case.version,
    )
