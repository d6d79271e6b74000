"""The contracts between the services: one frozen model per event version, one registry of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import ValidationError

from shared.events import claims, escalation, legal, notifications, payments, requests
from shared.events.base import PREFIX, Payload
from shared.events.envelope import Envelope, Undecodable, UnknownType, read_envelope

REGISTRY: dict[str, type[Payload]] = {
    model.TYPE: model
    for module in (claims, requests, legal, payments, escalation, notifications)
    for model in module.EVENTS
}


class Event(NamedTuple):
    """An event as a consumer gets it: its attributes and its data."""

    envelope: Envelope
    payload: Payload


def encode(payload: Payload) -> bytes:
    """Return the record value of an event's data (UTF-8 JSON)."""
    return payload.model_dump_json().encode()


def decode(headers: Mapping[str, str], value: bytes) -> Event:
    """Read a record back; raises Undecodable for an unknown type or data that does not fit its model."""
    envelope = read_envelope(headers)
    model = REGISTRY.get(envelope.type)
    if model is None:
        wrong_kind = UnknownType if envelope.type.startswith(f"{PREFIX}.") else Undecodable
        raise wrong_kind(f"ce_type: {envelope.type!r} is not in the registry")
    try:
        return Event(envelope, model.model_validate_json(value))
    except ValidationError as wrong:
        fields = ", ".join(".".join(str(p) for p in e["loc"]) + f" ({e['type']})" for e in wrong.errors())
        raise Undecodable(f"{envelope.type}: {fields}") from None


__all__ = [
    "REGISTRY",
    "Envelope",
    "Event",
    "Payload",
    "Undecodable",
    "UnknownType",
    "decode",
    "encode",
    "read_envelope",
]
