"""When and how far claims were disputed: the objections that froze something, also those that have ended."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from claims_api.domain.facts import Dispute
from claims_api.tables import RequestClaimRow, RequestRow
from shared.db import Lookup, chunks, table_of

REQUEST = table_of(RequestRow)
REQUEST_CLAIM = table_of(RequestClaimRow)

OBJECTION = "objection"

_END = func.coalesce(REQUEST.c.decided_on, REQUEST.c.ended_on).label("until")
_OF_CLAIMS = Lookup(
    select(REQUEST_CLAIM.c.claim_id, REQUEST.c.received_on, _END, REQUEST.c.disputed_ore)
    .join(REQUEST, REQUEST.c.request_id == REQUEST_CLAIM.c.request_id)
    .where(REQUEST.c.kind == OBJECTION, REQUEST.c.freezes.is_(True))
    .order_by(REQUEST.c.received_on, REQUEST.c.request_id),
    [REQUEST_CLAIM.c.claim_id],
)


def disputes_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, tuple[Dispute, ...]]:
    """Return the objections to each claim, oldest first: from their receipt until they were decided or given up."""
    found: dict[str, tuple[Dispute, ...]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        for row in _OF_CLAIMS.of(tx, piece):
            dispute = Dispute(start=row.received_on, end=row.until, amount_ore=row.disputed_ore)
            found[row.claim_id] = (*found.get(row.claim_id, ()), dispute)
    return found
