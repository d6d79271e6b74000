"""Putting a matched payment on its case, or a waiting one in the queue: rows and events, for a batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from payments_ingest.deps import Deps
from payments_ingest.domain.lines import Line, Payment, PaymentState
from payments_ingest.store import known, payments, queue
from payments_ingest.usecases.matching import Match
from payments_ingest.usecases.telling import MatchedBy, tell_matched, tell_unmatched
from shared.events import Event
from shared.ids import derived
from shared.uow import Uow

SYSTEM = "payments-ingest"


def state_of(match: Match) -> PaymentState:
    """Return where matching leaves a payment."""
    if match.case_id is not None:
        return PaymentState.MATCHED
    return PaymentState.SUGGESTED if match.suggestions else PaymentState.UNMATCHED


def columns_of(match: Match) -> dict[str, Any]:
    """Return the columns of a payment that matching decides."""
    return {
        "state": state_of(match),
        "reason": match.reason,
        "case_id": match.case_id,
        "split": [{"case_id": case_id, "amount_ore": amount_ore} for case_id, amount_ore in match.split],
    }


def post(
    uow: Uow,
    deps: Deps,
    items: Sequence[Line | Payment],
    matches: Mapping[str, Match],
    *,
    by: MatchedBy | None = None,
    cause: Mapping[str, Event] | None = None,
) -> None:
    """Record allocations, suggestions and wanted numbers of payments that are recorded, and tell of them.

    ``by`` says how they were matched when it is not what matching itself says; ``cause`` the event per payment that
    brought the match about.
    """
    allocations, learned = [], set()
    for item in items:
        match, event = matches[item.payment_id], (cause or {}).get(item.payment_id)
        if match.case_id is None:
            tell_unmatched(uow, item, reason=match.reason or "", candidates=match.candidates, cause=event)
            continue
        allocations.append(_allocation(uow, item, match, by))
        tell_matched(
            uow,
            item,
            case_id=match.case_id,
            claim_id=match.claim_id,
            amount_ore=item.amount_ore,
            by=by or match.by,
            cause=event,
        )
        if account := deps.hasher.account(item.payer_account):
            learned.add((account, match.case_id))
    queue.insert_allocations(uow.tx, allocations)
    known.learn_accounts(uow.tx, learned, uow.now)
    queue_up(uow, items, matches)


def queue_up(uow: Uow, items: Sequence[Line | Payment], matches: Mapping[str, Match]) -> None:
    """Record what waiting payments are suggested for and which numbers they wait for."""
    waiting = [item.payment_id for item in items if matches[item.payment_id].case_id is None]
    suggestions = [
        {"payment_id": payment_id, "case_id": s.case_id, "score": s.score, "reasons": [str(r) for r in s.reasons]}
        for payment_id in waiting
        for s in matches[payment_id].suggestions
    ]
    queue.put_suggestions(uow.tx, suggestions)
    payments.want_numbers(
        uow.tx, [(n, payment_id) for payment_id in waiting for n in sorted(matches[payment_id].wanted)]
    )


def _allocation(uow: Uow, item: Line | Payment, match: Match, by: MatchedBy | None) -> dict[str, Any]:
    version = item.version if isinstance(item, Payment) else 1
    return {
        "allocation_id": derived(item.payment_id, f"allocation:{version}"),
        "payment_id": item.payment_id,
        "case_id": match.case_id,
        "claim_id": match.claim_id,
        "amount_ore": item.amount_ore,
        "matched_by": by or match.by,
        "active": True,
        "made_by": SYSTEM,
        "approved_by": None,
        "made_at": uow.now,
        "undone_by": None,
        "undone_at": None,
    }
