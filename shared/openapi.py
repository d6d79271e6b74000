"""What a service says of itself in OpenAPI, where FastAPI by itself would say something else than what happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.problems import MEDIA_TYPE, TITLES

BODY_REFUSALS = (400, 413, 415, 422)
"""How a body of JSON may be refused on any route: not JSON, too large, not said to be JSON, not as it should be."""

Document = dict[str, Any]


def name_roles(router: APIRouter) -> APIRouter:
    """Let every operation of a router say whose tokens it takes (``shared.http.allow``), as ``x-roles``."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            needs = (getattr(dependency.call, "roles", ()) for dependency in route.dependant.dependencies)
            roles = sorted({str(role) for named in needs for role in named})
            route.openapi_extra = {**(route.openapi_extra or {}), "x-roles": roles}
    return router


def install_openapi(app: FastAPI) -> None:
    """Correct an application's document: problems of one media type, every refusal, what is required."""
    generate = app.openapi

    def openapi() -> Document:
        document = generate()  # made once and kept: correcting it again changes nothing
        for operation in _operations(document):
            _name_refusals(operation)
            _one_media_type(operation)
            _require_key(operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change its document


def _operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from path.values()


def _name_refusals(operation: Document) -> None:
    if "application/json" not in operation.get("requestBody", {}).get("content", {}):
        return
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in BODY_REFUSALS:
        operation["responses"].setdefault(str(status), {"description": TITLES[status], "content": content})
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _one_media_type(operation: Document) -> None:
    """A model of an answer is shown as application/json by FastAPI, also where the answer is a problem."""
    for answer in operation["responses"].values():
        content = answer.get("content", {})
        if MEDIA_TYPE in content:
            content.pop("application/json", None)


def _require_key(operation: Document) -> None:
    """A missing Idempotency-Key is answered with a problem of its own, for which FastAPI must think it optional."""
    for parameter in operation.get("parameters", []):
        if parameter["name"].lower() == "idempotency-key":
            parameter["name"] = "Idempotency-Key"
            parameter["required"] = True
            (text,) = [one for one in parameter["schema"].pop("anyOf", []) if one["type"] == "string"] or [{}]
            parameter["schema"].update(text)
