"""Keeping up with who is written to, and with the words that letters print: both travel on ``parties``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.store import parties, texts
from shared.events.claims import PartyState
from shared.events.requests import TextState
from shared.inbox import StateRecord
from shared.uow import Uow


def keep_parties(uow: Uow, records: Sequence[StateRecord]) -> None:
    """Take newer versions of parties and texts; a tombstone leaves nothing but the key, its version and the mark.

    An older or equal version changes nothing, so that the topic may be read again from its start. A tombstone is
    taken whatever its version: what was erased once stays erased. One of a key that was never heard of may be a
    party's or a text's (the log keeps no more than the tombstone), so that whichever letter waits for it learns that
    it is gone.
    """
    keys = [record.key for record in records]
    people, words = parties.find(uow.tx, keys), texts.find(uow.tx, keys)
    party_rows: list[dict[str, Any]] = []
    text_rows: list[dict[str, Any]] = []
    for record in records:
        person, text = people.get(record.key), words.get(record.key)
        if record.payload is None:
            if person is not None or text is None:
                version = max(record.version, person.version if person else 0)
                party_rows.append(parties.erased_row(record.key, version))
            if text is not None or person is None:
                text_rows.append(texts.erased_row(record.key, max(record.version, text.version if text else 0)))
        elif isinstance(record.payload, TextState):
            if text is None or (record.version > text.version and not text.erased):
                text_rows.append(_text_row(record.key, record.version, record.payload))
        elif person is None or (record.version > person.version and not person.erased):
            party_rows.append(_party_row(record.key, record.version, record.payload))
    parties.put(uow.tx, party_rows)
    texts.put(uow.tx, text_rows)


def _text_row(text_id: str, version: int, payload: TextState) -> dict[str, Any]:
    return {"text_id": text_id, "version": version, "erased": False, "sealed_text": payload.sealed_text}


def _party_row(debtor_ref: str, version: int, payload: object) -> dict[str, Any]:
    if not isinstance(payload, PartyState):
        raise TypeError(f"parties: expected a party's state, got {type(payload).__name__}")
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
        "protection": payload.protection,
        "representative": payload.representative.model_dump() if payload.representative else None,
    }
