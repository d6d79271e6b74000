"""Documents that bodies name: each must have been handed in, by whoever names it.

notifications keeps them; claims-api hears of each and notes whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.store import documents
from shared.auth import Sight
from shared.errors import FieldError
from shared.events import Event
from shared.events.notifications import DocumentReceived
from shared.uow import Uow


def on_received(uow: Uow, deps: Deps, events: Sequence[Event]) -> None:
    """Note documents that were handed in (document.received)."""
    told = [cast(DocumentReceived, event.payload) for event in events]
    documents.keep_documents(
        uow.tx,
        [
            {
                "document_id": one.document_id,
                "unit": one.unit,
                "debtor_ref": one.debtor_ref,
                "sha256": one.sha256,
                "received_on": one.received_on,
            }
            for one in told
        ],
    )


def unknown_documents(tx: Connection, named: Mapping[str, str], sight: Sight) -> list[FieldError]:
    """Return a field error for each document, by the field that names it, that does not exist or is another's."""
    if not named:
        return []
    seen = documents.seen_documents(tx, named.values(), sight)
    return [
        FieldError(field, "unknown-document", "expected a document that you handed in, got none of that id")
        for field, document_id in named.items()
        if document_id not in seen
    ]
