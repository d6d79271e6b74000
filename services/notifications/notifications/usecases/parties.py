"""Keeping up with who is written to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.store import parties as store
from shared.events.claims import PartyState
from shared.inbox import StateRecord
from shared.uow import Uow


def keep_parties(uow: Uow, records: Sequence[StateRecord]) -> None:
    """Take newer versions of parties; a tombstone leaves nothing but the ref, its version and that it is erased.

    An older or equal version changes nothing, so that the topic may be read again from its start. A tombstone is
    taken whatever its version: what was erased once stays erased.
    """
    known = store.find(uow.tx, (record.key for record in records))
    rows: list[dict[str, Any]] = []
    for record in records:
        have = known.get(record.key)
        if record.payload is None:
            version = max(record.version, have.version if have else 0)
            rows.append(store.erased_row(record.key, version))
        elif not isinstance(record.payload, PartyState):
            continue  # words for a letter travel on the same topic, and are no party
        elif have is None or (record.version > have.version and not have.erased):
            rows.append(_row(record.key, record.version, record.payload))
    store.put(uow.tx, rows)


def _row(debtor_ref: str, version: int, payload: PartyState) -> dict[str, Any]:
    return {
        "debtor_ref": debtor_ref,
        "version": version,
        "erased": False,
        "kind": payload.kind,
        "name": payload.name,
        "address": payload.address.model_dump() if payload.address else None,
        "language": payload.language,
        "sealed_national_id": payload.sealed_national_id,
        "org_number": payload.org_number,
    }
