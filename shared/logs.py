"""Structured logs: one JSON object a line, with service, trace and case, and never a national id.

Whatever reaches a log line is masked on its way out: a run of eleven digits is a national id or an account number.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from shared.party import mask
from shared.trace import current_traceparent

HEAD_MAX = 1_000
TAIL_MAX = 5_000
"""A traceback says where it began and, at its end, what happened: the middle goes first."""


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        text = mask(value)
        return text if len(text) <= HEAD_MAX + TAIL_MAX else f"{text[:HEAD_MAX]} … {text[-TAIL_MAX:]}"
    if isinstance(value, dict):
        return {key: _mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(item) for item in value]
    return value


def _masked(_logger: object, _method: str, event: Any) -> Any:
    return {key: _mask(value) for key, value in event.items()}


def _traced(_logger: object, _method: str, event: Any) -> Any:
    traceparent = current_traceparent()
    if traceparent:
        event["trace_id"] = traceparent[3:35]
    return event


def configure_logs(level: str = "INFO") -> None:
    """Send every log line of the process to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _traced,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _masked,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells which database it looks at, at every look
