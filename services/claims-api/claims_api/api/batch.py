"""Many claims in one call: one JSON object a line in, one result a line out, while the lines still come.

Each line is taken in by itself: a bad line harms no other. Lines share commits, for a disk write each would be slow.
A line that was answered is stored; whoever lost the answer sends the same lines again and is told the same
(``external_ref`` is what makes that safe, so no Idempotency-Key is asked for).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from claims_api.api.access import Senders
from claims_api.api.intake import Sent, sent_by, take_in
from claims_api.api.schemas import Submission
from claims_api.api.views import ClaimOut
from shared.db import confine
from shared.errors import Crash, Reject, RetryLater
from shared.http import Ctx, units_of
from shared.problems import problem_body, problems

log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/claims", tags=["claims"])

PATH = "/v1/claims/batch"
BODY_MAX_BYTES = 200_000_000
LINE_MAX_BYTES = 64_000
LINES_MAX = 100_000
PER_COMMIT = 1_000
"""Lines that share a commit."""
AT_ONCE = 2
"""Commits of one batch under way: while the database works at one, the worker decides the next."""
MEDIA_TYPE = "application/x-ndjson"

_submission: TypeAdapter[Submission] = TypeAdapter(Submission)

Line = tuple[int, bytes]
Read = tuple[int | None, Sent | Reject]
"""A line that was read, or why it was not; without a number: why reading ended."""


@dataclass(frozen=True, slots=True)
class _Storing:
    """Lines that are being stored, and what they are about."""

    task: asyncio.Task[bytes]
    shared: frozenset[str]


class _Duplex(StreamingResponse):
    """A response that is sent while the request is still read: nothing but its own reader may take the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; the base class would also listen for a disconnect, and swallow the body by it."""
        await self.stream_response(send)


@router.post(
    "/batch",
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "A result per line: {line, claim_id, …} or {line, problem}."},
        **problems(401, 403, 413),
    },
    openapi_extra={"requestBody": {"content": {MEDIA_TYPE: {}}, "required": True}},
    response_class=StreamingResponse,
    summary="Hand over many claims",
)
async def register_batch(ctx: Senders, request: Request) -> StreamingResponse:
    """Take in claims, one a line (NDJSON), and answer each line as soon as it is stored.

    Reading never waits for whoever reads the answers, so a client may send everything before it reads anything.
    """
    return _Duplex(_answers(ctx, request), media_type=MEDIA_TYPE)


async def _answers(ctx: Ctx, request: Request) -> AsyncIterator[bytes]:
    results: asyncio.Queue[bytes | None] = asyncio.Queue()  # bounded by LINES_MAX
    taking = asyncio.create_task(_take(ctx, request, results))
    try:
        while (result := await results.get()) is not None:
            yield result
        await taking
    finally:
        taking.cancel()


async def _take(ctx: Ctx, request: Request, results: asyncio.Queue[bytes | None]) -> None:
    """Store the lines and answer them in their order; while some are being stored, the next are read and decided.

    Lines that share a debtor or a reference with some that are being stored wait for those: what comes first counts.
    """
    storing: deque[_Storing] = deque()
    try:
        async for read in _read_together(ctx, request):
            shared = frozenset(name for _, one in read if isinstance(one, Sent) for name in one.names())
            while len(storing) == AT_ONCE or any(shared & other.shared for other in storing):
                results.put_nowait(await storing.popleft().task)
            storing.append(_Storing(asyncio.create_task(asyncio.to_thread(_commit, ctx, read)), shared))
        while storing:
            results.put_nowait(await storing.popleft().task)
    finally:
        results.put_nowait(None)


async def _read_together(ctx: Ctx, request: Request) -> AsyncIterator[list[Read]]:
    """Read the body as far as its limits allow, so many lines at a time as share a commit."""
    waiting: list[Line] = []
    beyond: list[Read] = []
    try:
        async for line in _lines(request):
            waiting.append(line)
            if len(waiting) == PER_COMMIT:
                yield await asyncio.to_thread(_read, ctx, waiting)
                waiting = []
    except Reject as refused:
        beyond = [(None, refused)]
    yield [*await asyncio.to_thread(_read, ctx, waiting), *beyond]


async def _lines(request: Request) -> AsyncIterator[Line]:
    """Cut the body into lines; raises Reject for a line or a number of lines beyond the limits."""
    rest, count = b"", 0
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            count += 1
            yield _checked(count, line)
        if len(rest) > LINE_MAX_BYTES:
            _checked(count + 1, rest)
    if rest.strip():
        yield _checked(count + 1, rest)


def _checked(number: int, line: bytes) -> Line:
    if number > LINES_MAX:
        raise Reject("too-many-lines", f"body: expected at most {LINES_MAX} lines, got more", status=413)
    if len(line) > LINE_MAX_BYTES:
        raise Reject("line-too-long", f"line {number}: expected at most {LINE_MAX_BYTES} bytes, got more", status=413)
    return number, line


def _read(ctx: Ctx, lines: Sequence[Line]) -> list[Read]:
    return [(number, _submitted(ctx, text)) for number, text in lines if text.strip()]


def _submitted(ctx: Ctx, text: bytes) -> Sent | Reject:
    try:
        return sent_by(ctx, _submission.validate_python(json.loads(text)))
    except (ValueError, RecursionError):
        return Reject("not-json", "line: expected a JSON object, got something else", status=400)


def _commit(ctx: Ctx, read: Sequence[Read]) -> bytes:
    """Take in lines in one transaction, or one by one when sharing one fails; returns their results."""
    try:
        answers = _together(ctx, read)
    except Crash:
        raise
    except Exception:
        answers = [answer for line in read for answer in _alone(ctx, line)]
    return b"".join(_encode(number, answer) for (number, _), answer in zip(read, answers, strict=True))


def _together(ctx: Ctx, read: Sequence[Read]) -> list[ClaimOut | Reject]:
    """Return what becomes of each line; raises when one cannot be stored for another reason than what it says."""
    sent = [one for _, one in read if isinstance(one, Sent)]
    if not sent:
        return [one for _, one in read if isinstance(one, Reject)]
    with ctx.uow() as uow:
        confine(uow.tx, units_of([ctx.caller]), register=True)
        told = iter(take_in(uow, sent))
        return [_answer(next(told) if isinstance(one, Sent) else one) for _, one in read]


def _answer(answer: ClaimOut | Exception) -> ClaimOut | Reject:
    if isinstance(answer, ClaimOut | Reject):
        return answer
    raise answer


def _alone(ctx: Ctx, line: Read) -> list[ClaimOut | Reject]:
    try:
        return _together(ctx, [line])
    except Crash:
        raise
    except Exception as fault:
        log.exception("a line of a batch could not be taken in")
        code = "retry-later" if isinstance(fault, RetryLater) else "fault"
        return [Reject(code, "not available right now: the same line may succeed", status=503)]


def _encode(number: int | None, answer: ClaimOut | Reject) -> bytes:
    told = vars(answer) if isinstance(answer, ClaimOut) else {"problem": _problem(answer)}
    return to_json({"line": number, **told}) + b"\n"


def _problem(refused: Reject) -> dict[str, Any]:
    return problem_body(refused.status, refused.code, refused.detail, refused.errors)
