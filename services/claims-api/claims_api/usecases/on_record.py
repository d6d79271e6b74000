"""What a decision about a claim's money leaves on the record: the decision itself, and a line of the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from claims_api.store import cases, decisions
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.decisions import MoneyDecision
from shared.uow import Uow


def decide(
    uow: Uow, case: Case, claim: Claim, kind: str, *, reason: str, effective_on: date, who: str
) -> MoneyDecision:
    """Store a decision of a ``kind`` of ``store.decisions``; the caller holds the case's lock."""
    decision = MoneyDecision(
        decision_id=uow.new_id("decision"),
        case_id=case.case_id,
        claim_id=claim.claim_id,
        kind=kind,
        reason=reason,
        effective_on=effective_on,
        decided_by=who,
        decided_at=case.last_recorded_at,
    )
    decisions.add_decision(uow.tx, decision)
    return decision


def tell(
    uow: Uow,
    case: Case,
    claim: Claim,
    kind: str,
    summary: str,
    *,
    who: str,
    facts: Mapping[str, str | int] | None = None,
) -> None:
    """Say in the timeline what was done to a claim; the invoice's number is added to ``summary``."""
    entry = TimelineEntry(
        entry_id=uow.new_id("timeline"),
        case_id=case.case_id,
        claim_id=claim.claim_id,
        at=case.last_recorded_at,
        type=kind,
        summary=f"{summary} (faktura {claim.invoice_number})",
        actor=who,
        facts={"claim_id": claim.claim_id, **(facts or {})},
    )
    cases.add_timeline(uow.tx, [entry])
