"""Errors as the caller sees them: RFC 9457 problem details with stable type codes and every field error at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from shared.db import passing
from shared.errors import FieldError, Invalid, Reject, RetryLater
from shared.field_errors import field_errors

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:kommunal-innkreving:problem:"
FIELD_ERRORS_MAX = 100

TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it stands",
    428: "Precondition required",
    429: "Too many requests",
    500: "Fault",
    503: "Not available right now",
}

ROUTING = {
    404: "path: expected one that there is here, got another",
    405: "method: expected one that Allow names, got another",
}
"""What the router refuses, of which it says nothing itself."""

log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """One field that was not accepted."""

    field: str = Field(description="Path in the body, such as debtor.address.postal_code.")
    code: str = Field(description="Stable code of what is wrong with it.")
    detail: str = Field(description="For developers: what was expected, and what kind of thing came; never a value.")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(description="Stable code of what went wrong, as a URN.")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(
        description="Every field that was not accepted; empty when it is not about fields."
    )


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare for OpenAPI which problems a route answers with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "model": Problem, "content": content} for status in statuses}


def problem_body(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> dict[str, Any]:
    """Return the members of one problem."""
    return {
        "type": TYPE_PREFIX + code,
        "title": TITLES.get(status, "Problem"),
        "status": status,
        "detail": detail,
        "errors": [dict(error) for error in errors[:FIELD_ERRORS_MAX]],
    }


def problem_response(
    status: int, code: str, detail: str, errors: Sequence[FieldError] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """Make the answer for one problem."""
    body = problem_body(status, code, detail, errors)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def fault_response(error: BaseException) -> JSONResponse:
    """Log a fault of ours, once, and make the answer that tells of it."""
    log.error("unhandled error in a request", exc_info=error)
    return problem_response(500, "fault", "a fault on our side; nothing was stored")


def _not_json() -> JSONResponse:
    return problem_response(400, "not-json", "body: expected JSON in UTF-8, got something else")


def install_problems(app: FastAPI) -> None:
    """Answer every error of an application with problem details."""

    @app.exception_handler(Reject)
    async def _reject(_request: Request, error: Reject) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return problem_response(error.status, error.code, error.detail, error.errors, headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = error.errors()
        if any(fault["type"] == "json_invalid" for fault in faults):
            return _not_json()
        if isinstance(error.body, bytes):  # it was not read as JSON, for it did not say that it is
            got = "none" if "content-type" not in request.headers else "another"
            detail = f"Content-Type: expected application/json, got {got}"
            return problem_response(415, "media-type", detail)
        return await _reject(request, Invalid(*field_errors(faults)))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, ValueError | RecursionError):  # what reading JSON raises for odd bytes or depths
            return _not_json()
        code = TITLES.get(error.status_code, "problem").lower().replace(" ", "-")
        headers = dict(error.headers) if error.headers else None
        detail = ROUTING.get(error.status_code, str(error.detail))
        return problem_response(error.status_code, code, detail, headers=headers)

    @app.exception_handler(RetryLater)
    @app.exception_handler(NoConnectionFree)
    async def _later(_request: Request, error: Exception) -> JSONResponse:
        log.warning("answered 503: %s", type(error).__name__)
        return problem_response(
            503,
            "retry-later",
            "not available right now, and whether anything was stored is unknown: the same call with the same"
            " Idempotency-Key is safe",
            headers={"Retry-After": "1"},
        )

    @app.exception_handler(DataError)
    async def _not_storable(_request: Request, _error: DataError) -> JSONResponse:
        return problem_response(422, "not-storable", "a text or number: expected one that can be stored, got another")

    @app.exception_handler(DBAPIError)
    async def _database(request: Request, error: DBAPIError) -> JSONResponse:
        return await _later(request, error) if passing(error) else fault_response(error)
