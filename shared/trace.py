"""Which request or event we are working for: W3C trace context and the case, carried in context variables."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

_PATTERN = re.compile(r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_current: ContextVar[str] = ContextVar("traceparent", default="")


def current_traceparent() -> str:
    """Return the traceparent of the work at hand, or an empty string."""
    return _current.get()


def enter_trace(traceparent: str | None) -> str:
    """Go on with a trace if the value is well-formed, else begin a new one; returns it (W3C Trace Context 1, § 3.2)."""
    if traceparent and _PATTERN.match(traceparent) and set(traceparent[3:35]) != {"0"}:
        value = f"00-{traceparent[3:35]}-{secrets.token_hex(8)}-{traceparent[53:55]}"
    else:
        value = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    _current.set(value)
    return value
