"""Documents that were handed in, as notifications tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from claims_api.tables.documents import DocumentRow
from shared.auth import Sight
from shared.db import chunks, insert_ignore, table_of

DOCUMENT = table_of(DocumentRow)


def keep_documents(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note documents; those that are known already stay as they are."""
    insert_ignore(tx, DOCUMENT, rows)


def seen_documents(tx: Connection, document_ids: Iterable[str], sight: Sight) -> set[str]:
    """Return which of these documents exist and are the reader's to name: a unit's or debtor's own, to the desk all."""
    found: set[str] = set()
    for piece in chunks(sorted(set(document_ids))):
        query = select(DOCUMENT.c.document_id).where(DOCUMENT.c.document_id.in_(piece))
        if sight.unit is not None:
            query = query.where(DOCUMENT.c.unit == sight.unit)
        if sight.debtor_ref is not None:
            query = query.where(DOCUMENT.c.debtor_ref == sight.debtor_ref)
        found.update(tx.execute(query).scalars())
    return found
