"""A payout of ours that came back as a credit: it lies on suspense until a person sends it out again or books it."""

from __future__ import annotations

from collections.abc import Sequence

from payments_ingest.domain.lines import Line
from payments_ingest.domain.matching import Reason, Suggestion
from payments_ingest.domain.refunds import RefundState
from payments_ingest.store.refunds import find_refund, update_refund
from payments_ingest.usecases.matching import Match
from shared.uow import Uow

SCORE = 90


def take_returns(uow: Uow, lines: Sequence[Line]) -> dict[str, Match]:
    """Return what the credits among ``lines`` that carry the EndToEndId of a refund of ours are, by payment.

    The refund becomes ``returned``; the money is a new credit and counts as one.
    """
    found = {}
    for line in lines:
        refund = find_refund(uow.tx, line.end_to_end_id) if line.end_to_end_id else None
        if refund is None or refund.amount_ore != line.amount_ore:
            continue
        suggestions: tuple[Suggestion, ...] = ()
        if refund.case_id is not None:
            suggestions = (Suggestion(case_id=refund.case_id, score=SCORE, reasons=(Reason.PAYOUT,)),)
        found[line.payment_id] = Match(reason="payout_returned", suggestions=suggestions)
        update_refund(uow.tx, refund.refund_id, state=RefundState.RETURNED, reason="returned")
    return found
