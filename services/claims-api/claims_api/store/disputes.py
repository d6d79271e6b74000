"""When claims were disputed: the holds that objections placed, also those that have ended."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from claims_api.domain.facts import Dispute
from claims_api.tables import HoldClaimRow, HoldRow
from shared.db import chunks, table_of

HOLD = table_of(HoldRow)
HOLD_CLAIM = table_of(HoldClaimRow)

OBJECTION = "objection"


def disputes_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, tuple[Dispute, ...]]:
    """Return the objections to each claim, oldest first."""
    found: dict[str, tuple[Dispute, ...]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = (
            select(HOLD_CLAIM.c.claim_id, HOLD.c.from_on, HOLD.c.ended_on)
            .join(HOLD, HOLD.c.hold_id == HOLD_CLAIM.c.hold_id)
            .where(HOLD_CLAIM.c.claim_id.in_(piece), HOLD.c.reason == OBJECTION)
            .order_by(HOLD.c.from_on, HOLD.c.hold_id)
        )
        for claim_id, start, end in tx.execute(query):
            found[claim_id] = (*found.get(claim_id, ()), Dispute(start=start, end=end))
    return found
