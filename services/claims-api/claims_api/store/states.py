"""What the ``parties`` topic shows: a debtor's row or a sealed text by its id."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, union_all

from claims_api.store.debtors import DEBTOR
from claims_api.store.requests_texts import TEXT


def state_keys(tx: Connection, _topic: str, after: str, limit: int) -> Sequence[str]:
    """Return the next keys after ``after``, in order; erased ones too, so that their erasure is told again."""
    keys = union_all(select(DEBTOR.c.debtor_ref.label("key")), select(TEXT.c.text_id.label("key"))).subquery()
    query = select(keys.c.key).where(keys.c.key > after).order_by(keys.c.key).limit(limit)
    return list(tx.execute(query).scalars())
