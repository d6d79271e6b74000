"""Bank files: taking one in, and what became of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from payments_ingest.api.access import After, BodyIn, Clerks, FileReaders, Senders
from payments_ingest.deps import deps_of
from payments_ingest.domain.files import BankFile, FileState, Source, Step, safe_name
from payments_ingest.sources.spool import PROCESSING, Stored, folder, store
from payments_ingest.store import files
from payments_ingest.usecases.files import Delivery, decide, receive
from shared.errors import NotFound, Reject
from shared.http import LIMIT_DEFAULT, Ctx, Limit, next_after
from shared.ids import uuid7
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["bank files"])

COPY_BYTES = 256 * 1024


class FileProblem(BaseModel):
    """One thing that was wrong or odd: a stable code, where, what was expected and what came."""

    code: str
    where: str
    expected: str
    got: str
    severity: Literal["error", "warning"]


class FileSkipped(BaseModel):
    """Something in the file that is not ours to post, left out and counted."""

    what: str
    where: str
    transactions: int
    records: int


class Progress(BaseModel):
    """How far the release is."""

    released: int
    total: int
    percent: int


class FileOut(BaseModel):
    """A bank file. ``amount_ore`` is credits less reversals; ``queued`` of its payments wait for a person."""

    file_id: str
    name: str
    source: Literal["upload", "folder"]
    state: Literal["processing", "accepted", "partly_accepted", "refused", "duplicate", "held"]
    format: str | None
    version: str | None
    sha256: str
    size_bytes: int
    payment_count: int
    amount_ore: int
    queued: int
    linked: int
    problems: list[FileProblem]
    skipped: list[FileSkipped]
    duplicate_of: str | None
    progress: Progress
    received_at: datetime
    finished_at: datetime | None


class FilePage(BaseModel):
    """A page of files, newest first."""

    items: list[FileOut]
    next: str | None


class DecisionIn(BodyIn):
    """What a person decides about a held file."""

    outcome: Literal["release", "refuse"] = Field(description="Release its lines, or refuse the file.")


def _out(file: BankFile) -> FileOut:
    progress = Progress(released=file.released_count, total=file.staged_count, percent=file.progress_percent)
    return FileOut.model_validate(
        {
            "file_id": file.file_id,
            "name": file.name,
            "source": file.source,
            "state": file.state,
            "format": file.format,
            "version": file.version,
            "sha256": file.sha256,
            "size_bytes": file.size_bytes,
            "payment_count": file.payment_count,
            "amount_ore": file.amount_ore,
            "queued": file.queued_count,
            "linked": file.linked_count,
            "problems": file.problems,
            "skipped": file.skipped,
            "duplicate_of": file.duplicate_of,
            "progress": progress,
            "received_at": file.received_at,
            "finished_at": file.finished_at,
        }
    )


@router.post(
    "/files",
    status_code=202,
    responses=problems(400, 401, 403, 413, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                },
            },
        }
    },
)
async def send_file(
    request: Request,
    ctx: Senders,
    name: Annotated[str, Query(max_length=200, description="A label for the file; never used as a path.")] = "",
    x_file_name: Annotated[str, Header(max_length=200, description="The same, as a header.")] = "",
) -> FileOut:
    """Take a bank file in: raw body, or multipart with one part; plain or gzip. The format is read from its content.

    The answer comes when the bytes are safe; what became of the file is told by `GET /v1/files/{file_id}`. The same
    bytes sent again are a duplicate and change nothing.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _from_form(request, ctx, name or x_file_name)
    return await _spooled(ctx, request.stream(), name or x_file_name)


async def _from_form(request: Request, ctx: Ctx, name: str) -> FileOut:
    try:
        async with request.form(max_files=1, max_fields=5) as form:
            uploads = [part for part in form.values() if isinstance(part, UploadFile)]
            if len(uploads) != 1:
                raise Reject("one-file", f"body: expected one file part, got {len(uploads)}", status=400)
            return await _spooled(ctx, _pieces(uploads[0]), name or uploads[0].filename or "")
    except MultiPartException as wrong:
        raise Reject("multipart", f"body: expected multipart/form-data with one file, got {wrong.message}") from None


async def _pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(COPY_BYTES):
        yield piece


async def _spooled(ctx: Ctx, body: AsyncIterator[bytes], name: str) -> FileOut:
    """Write the body to disk as it comes, then take it in from there."""
    settings = deps_of(ctx.service).settings
    file_id = uuid7(ctx.service.machine)
    path = folder(settings, PROCESSING) / f"{file_id}.upload"
    try:
        with _create(path) as target:
            async for piece in body:
                await asyncio.to_thread(target.write, piece)
        return _out(await asyncio.to_thread(_take, ctx, path, file_id, name))
    finally:
        path.unlink(missing_ok=True)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _take(ctx: Ctx, path: Path, file_id: str, name: str) -> BankFile:
    with path.open("rb") as source:
        stored: Stored = store(source, deps_of(ctx.service).settings, file_id)
    if stored.problem is not None and stored.problem.code == "too_large":
        raise Reject("too-large", f"body: expected {stored.problem.expected}, got {stored.problem.got}", status=413)
    delivery = Delivery(
        file_id=file_id,
        name=safe_name(name),
        source=Source.UPLOAD,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        received_by=f"{ctx.caller.role}:{ctx.caller.subject}",
        problem=stored.problem,
    )
    with ctx.uow() as uow:
        file = receive(uow, delivery)
    if file.state != FileState.PROCESSING:
        ctx.service.metrics.count("bank_files_total", format="unknown", state=file.state)
    ctx.service.nudge("stage")
    return file


@router.get("/files", responses=problems(401, 403, 422))
def list_files(
    ctx: FileReaders,
    state: Annotated[FileState | None, Query(description="Only files in this state.")] = None,
    after: After = None,
    limit: Limit = LIMIT_DEFAULT,
) -> FilePage:
    """List bank files, newest first."""
    with ctx.read() as tx:
        found = files.list_files(tx, state=state, after=after, limit=limit)
    return FilePage(items=[_out(file) for file in found], next=next_after(found, "file_id", limit))


@router.get("/files/{file_id}", responses=problems(401, 403, 404))
def read_file(file_id: str, ctx: FileReaders) -> FileOut:
    """Tell what became of a bank file, line by line where something was wrong, and how far its release is."""
    with ctx.read() as tx:
        file = files.find_file(tx, file_id)
    if file is None:
        raise NotFound("bank file")
    return _out(file)


@router.post("/files/{file_id}/decision", responses=problems(400, 401, 403, 404, 409, 422))
def decide_file(file_id: str, body: DecisionIn, ctx: Clerks) -> FileOut:
    """Decide a file that is held because its transmission came before with other bytes."""
    with ctx.uow() as uow:
        file = decide(uow, file_id, body.outcome, who=ctx.who())
    ctx.service.nudge("stage" if file.step == Step.RECEIVED else "release")
    return _out(file)
