"""Documents handed in: attachments that other calls name by ``document_id``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from notifications.api.letters import pdf_response
from notifications.store import documents as store
from notifications.store.documents import Document
from notifications.usecases.documents import PDF, Uploader, take_document
from shared.auth import Caller, Role
from shared.errors import FieldError, Invalid, NotFound, Reject
from shared.http import Ctx, allow
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1", tags=["documents"])

MAX_BYTES = 10_000_000
"""Largest document taken in."""

ENVELOPE_BYTES = 100_000
"""What multipart may add around a document of the largest size."""

BODY_LIMITS: dict[str, int] = {"/v1/documents": MAX_BYTES + ENVELOPE_BYTES}

UploaderCtx = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.DEBTOR)]
ReaderCtx = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR, Role.AGENCY, Role.DEBTOR)]

_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A PDF of at most {MAX_BYTES} bytes: as the body itself, or in the multipart field `file`.",
        "content": {
            PDF: {"schema": _FILE},
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}},
            },
        },
    }
}


class DocumentOut(BaseModel):
    """A document that was taken in."""

    document_id: str
    sha256: str = Field(description="Hash of its bytes.")
    size_bytes: int


async def _content(request: Request) -> bytes:
    """Read the document out of a raw or multipart body; raises Reject for other media types, none or too much."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=10) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise Invalid(FieldError("file", "missing", "expected a file in this field, got none"))
            content = await part.read()
    elif media_type in {PDF, "application/octet-stream"}:
        content = await request.body()
    else:
        raise Reject("media-type", f"Content-Type: expected {PDF} or multipart/form-data, got another", status=415)
    if len(content) > MAX_BYTES:
        raise Reject("too-large", f"document: expected at most {MAX_BYTES} bytes, got {len(content)}", status=413)
    return content


@router.post(
    "/documents",
    status_code=201,
    response_model=DocumentOut,
    responses=problems(400, 401, 403, 409, 413, 415, 422),
    openapi_extra=_BODY,
)
def upload_document(ctx: UploaderCtx, once: Idempotent, content: Annotated[bytes, Depends(_content)]) -> Response:
    """Hand in a PDF; the answer's ``document_id`` is what other calls name."""

    def work(uow: Uow) -> DocumentOut:
        stored = take_document(uow, content, _uploader(ctx))
        return DocumentOut(document_id=stored.document_id, sha256=stored.sha256, size_bytes=stored.size_bytes)

    return once.run(ctx, work)


@router.get(
    "/documents/{document_id}",
    response_class=Response,
    responses={200: {"content": {PDF: {}}, "description": "The document."}, **problems(401, 403, 404)},
)
def read_document(document_id: str, ctx: ReaderCtx) -> Response:
    """Read a document that was handed in: caseworkers and auditors any, others their own."""
    with ctx.read() as tx:
        document = store.find(tx, document_id)
        if document is None or document.direction != "in" or not _may_read(ctx.caller, document):
            raise NotFound("document")
        content = store.content(tx, document.sha256)
    return pdf_response(content, document.sha256, f"{document.document_id}.pdf")


def _uploader(ctx: Ctx) -> Uploader:
    caller = ctx.caller
    named = caller.name or caller.role.value
    return Uploader(name=named, unit=caller.unit or None, debtor_ref=caller.debtor_ref or None)


def _may_read(caller: Caller, document: Document) -> bool:
    if caller.role is Role.AGENCY:
        return document.unit == caller.unit
    if caller.role is Role.DEBTOR:
        return document.debtor_ref == caller.debtor_ref
    return True
