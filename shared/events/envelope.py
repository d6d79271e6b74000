"""The envelope every event travels in: CloudEvents 1.0 attributes as Kafka headers (binary content mode).

``aggregate`` is the record key, ``version`` counts the aggregate's events in its topic without gaps, ``causation_id``
is the event or request that led here, and ``traceparent`` follows W3C Trace Context. Specification: CloudEvents 1.0,
Kafka Protocol Binding 1.0.2, section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from shared.errors import InkassoError

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
KNOWN = frozenset({
    "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_aggregateversion",
    "ce_causationid", "ce_traceparent",
})  # fmt: skip
LIMITS = {"ce_id": 36, "ce_type": 120, "ce_source": 80, "ce_subject": 80}
"""Characters of the attributes that are stored; longer ones are not ours."""
_VERSION = re.compile(r"\A[1-9][0-9]{0,17}\Z")


class Undecodable(InkassoError):
    """A record that is not one of our events: it goes to the dead letters."""


class UnknownType(Undecodable):
    """An event of ours whose type this code does not know: a newer sender's, to be read once this code is renewed."""


class Envelope(NamedTuple):
    """CloudEvents attributes of one event (times are aware UTC)."""

    event_id: str
    type: str
    source: str
    time: datetime
    aggregate: str
    version: int
    causation_id: str = ""
    traceparent: str = ""
    extra: Mapping[str, str] = MappingProxyType({})

    def headers(self) -> dict[str, str]:
        """Return the Kafka headers of this event."""
        headers = {
            "ce_specversion": SPEC_VERSION,
            "ce_id": self.event_id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_time": self.time.astimezone(UTC).isoformat(),
            "ce_subject": self.aggregate,
            "ce_aggregateversion": str(self.version),
            "content-type": CONTENT_TYPE,
        }
        if self.causation_id:
            headers["ce_causationid"] = self.causation_id
        if self.traceparent:
            headers["ce_traceparent"] = self.traceparent
        for name, value in self.extra.items():
            headers[f"ce_{name}"] = value
        return headers


def read_envelope(headers: Mapping[str, str]) -> Envelope:
    """Read the attributes back from headers; raises Undecodable naming the attribute that is missing or wrong."""
    try:
        if headers["ce_specversion"] != SPEC_VERSION:
            raise Undecodable(f"ce_specversion: expected {SPEC_VERSION}, got {headers['ce_specversion']!r}")
        if "\0" in "".join(headers.values()):
            raise Undecodable("headers: expected text, got a NUL")
        for name, most in LIMITS.items():
            if not 0 < (length := len(headers[name])) <= most:
                raise Undecodable(f"{name}: expected 1 to {most} characters, got {length}")
        if not _VERSION.match(headers["ce_aggregateversion"]):
            raise Undecodable("ce_aggregateversion: expected a whole number from 1, got something else")
        time = datetime.fromisoformat(headers["ce_time"])
        extra = {name[3:]: text for name, text in headers.items() if name not in KNOWN and name.startswith("ce_")}
        envelope = Envelope(
            event_id=headers["ce_id"],
            type=headers["ce_type"],
            source=headers["ce_source"],
            time=time,
            aggregate=headers["ce_subject"],
            version=int(headers["ce_aggregateversion"]),
            causation_id=headers.get("ce_causationid", ""),
            traceparent=headers.get("ce_traceparent", ""),
            extra=extra,
        )
    except KeyError as missing:
        raise Undecodable(f"header {missing.args[0]} is missing") from missing
    except ValueError as wrong:
        raise Undecodable(f"header has no valid value: {wrong}") from wrong
    if time.tzinfo is None:
        raise Undecodable("ce_time: expected an offset, got none")
    return envelope
