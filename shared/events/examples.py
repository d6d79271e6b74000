"""One example of every event, with every field filled in: made from its schema, so that it cannot fall behind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.events.base import Payload
from shared.events.catalogue import TOPICS
from shared.events.envelope import Envelope
from shared.ids import derived

DAY = "2026-01-15"
MOMENT = datetime(2026, 1, 15, 8, tzinfo=UTC)

TEXTS = {
    "account": "13150101837",
    "bic": "DNBANOKK",
    "body": "forliksraad",
    "case_kid": "226000000100014",
    "case_number": "2600000018",
    "city": "Oslo",
    "claim_kid": "126000000100015",
    "country": "NO",
    "creditor_unit": "bydel-frogner",
    "enforcement_basis": "tvangsfullbyrdelsesloven § 7-2 f",
    "fee_label": "Inkassogebyr",
    "iban": "NO3913150101837",
    "interest_rate_percent": "12.00",
    "invoice_number": "100200",
    "kid": "126000000100015",
    "language": "nb",
    "legal_person": "958935420",
    "line1": "Storgata 1",
    "name": "Kari Nordmann",
    "org_number": "976819934",
    "postal_code": "0155",
    "reason": "wrong_claim",
    "reference": "inkassoforskriften § 1-2",
    "service_name": "Barnehage",
    "unit": "bydel-frogner",
}
"""What a text is where its name says it; one person in them, who does not exist."""


def example_of(kind: type[Payload]) -> dict[str, Any]:
    """Return an example of an event's data."""
    schema = kind.model_json_schema(mode="validation")
    made: dict[str, Any] = _made(schema, "", schema.get("$defs", {}))
    return made


def example_headers(kind: type[Payload]) -> dict[str, str]:
    """Return the headers that example would travel with."""
    envelope = Envelope(
        event_id=derived(kind.TYPE, "example"),
        type=kind.TYPE,
        source=TOPICS[kind.TOPIC].producer,
        time=MOMENT,
        aggregate=derived(TOPICS[kind.TOPIC].key, "example"),
        version=1,
    )
    return envelope.headers()


def _made(schema: dict[str, Any], name: str, parts: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _made(parts[schema["$ref"].rpartition("/")[2]], name, parts)
    if "anyOf" in schema:
        return _made(next(one for one in schema["anyOf"] if one.get("type") != "null"), name, parts)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        if "properties" in schema:
            return {field: _made(one, field, parts) for field, one in schema["properties"].items()}
        return {"key": _made(schema["additionalProperties"], name, parts)}
    if schema["type"] == "array":
        return [_made(schema["items"], name.removesuffix("s"), parts)]
    return _plain(schema, name)


def _plain(schema: dict[str, Any], name: str) -> Any:
    if schema["type"] == "boolean":
        return True
    if schema["type"] == "integer":
        return 3_250_00 if name.endswith("_ore") else 1
    if schema.get("format") == "date":
        return DAY
    if schema.get("format") == "date-time":
        return MOMENT.isoformat()
    if name.endswith(("_id", "_ref")):
        return derived(name, "example")
    return TEXTS.get(name, name.replace("_", " "))
