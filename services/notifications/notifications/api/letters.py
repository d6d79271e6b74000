"""Letters: what was or will be sent, and the PDF as the person got it."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from notifications.store import documents
from notifications.store import letters as store
from notifications.store.letters import Shown
from notifications.usecases.proving import deadline_proof
from shared.auth import Role
from shared.errors import Crash, NotFound
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow
from shared.problems import problems

router = APIRouter(prefix="/v1", tags=["letters"])

ReaderCtx = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR, Role.AGENCY, Role.DEBTOR)]
State = Literal["planned", "rendered", "released", "submitting", "dispatched", "sent", "withdrawn", "failed"]


class LetterOut(BaseModel):
    """A letter to one recipient (brev)."""

    letter_id: str
    demand_id: str = Field(description="The demand or notice it belongs to; co-debtors' letters share it.")
    case_id: str
    case_number: str = Field(description="Saksnummer.")
    debtor_ref: str
    kind: str = Field(description="inkassovarsel, betalingsoppfordring, tvangsvarsel, fee_reversed, plan_agreed …")
    state: State
    dated: date = Field(description="The date printed on the letter.")
    sent_on: date | None = Field(description="The day it counts as sent.")
    deadline: date | None = Field(description="Last day to pay, as printed.")
    amount_ore: int = Field(description="The amount it asks for, or tells of, in øre.")
    language: str | None
    channel: str | None
    pages: int | None
    sha256: str | None = Field(description="Hash of the PDF.")
    failure: str | None = Field(description="Stable reason of a letter that failed.")
    withdrawn_reason: str | None = Field(description="Why its demand was taken back, if it was; also after sending.")


class Letters(BaseModel):
    """A page of letters, oldest first."""

    items: list[LetterOut]
    next: str | None


class DeadlineProof(BaseModel):
    """Proof of a letter's sending and deadline (fristbevis), to be checked offline."""

    format: str
    version: int
    rules: dict[str, str | None] = Field(description="Versions of the calendar and of the rule, and the law.")
    letter: dict[str, Any] = Field(description="What was sent: identity, kind, SHA-256 of the PDF.")
    sending: dict[str, Any] = Field(description="Channel, days, and the channel's receipts as they came.")
    count: dict[str, Any] | None = Field(description="Every day of the count; null for a letter without a deadline.")
    events: list[dict[str, Any]] = Field(description="The events that told of it.")
    seal: str = Field(description="SHA-256 of all the rest: keys sorted, no spaces, UTF-8.")


@router.get("/letters", responses=problems(401, 403, 422))
def list_letters(
    ctx: ReaderCtx,
    case_id: Annotated[str | None, Query(max_length=80)] = None,
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Letters:
    """List letters: an agency its own cases', a debtor those sent to them, caseworkers and auditors all."""
    with ctx.read() as tx:
        found = store.page(tx, ctx.caller.sight, case_id=case_id, after=after, limit=limit + 1)
    more = found[limit - 1].letter.letter_id if len(found) > limit else None
    return Letters(items=[_out(one) for one in found[:limit]], next=more)


@router.get("/letters/{letter_id}", responses=problems(401, 403, 404))
def read_letter(letter_id: str, ctx: ReaderCtx) -> LetterOut:
    """Read one letter."""
    with ctx.read() as tx:
        found = store.find(tx, letter_id, ctx.caller.sight)
    if found is None:
        raise NotFound("letter")
    return _out(found)


@router.get(
    "/letters/{letter_id}/document",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The letter."}, **problems(401, 403, 404)},
)
def read_letter_document(letter_id: str, ctx: ReaderCtx) -> Response:
    """Read the PDF exactly as it was archived when it was rendered; 404 until then."""
    with ctx.read() as tx:
        found = store.find(tx, letter_id, ctx.caller.sight)
        document = documents.of_letter(tx, letter_id) if found else None
        content = documents.content(tx, document.sha256) if document else None
    if found is None or document is None:
        raise NotFound("document")
    return pdf_response(content, document.sha256, f"{found.letter.kind}-{found.letter.dated.isoformat()}.pdf")


@router.get("/letters/{letter_id}/proof", responses=problems(401, 403, 404, 409))
def read_deadline_proof(letter_id: str, ctx: ReaderCtx) -> DeadlineProof:
    """Read the proof of what was sent when, and of the deadline counted from there; 409 until the letter is sent."""
    with ctx.read() as tx:
        found = store.find(tx, letter_id, ctx.caller.sight)
        if found is None:
            raise NotFound("letter")
        return DeadlineProof(**deadline_proof(tx, ctx.service.tables, found.letter))


def pdf_response(content: bytes | None, sha256: str, filename: str) -> Response:
    """Answer with archived bytes; raises Crash when they are not those that were archived."""
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        raise Crash("archive: a document's bytes do not have its hash")
    headers = {
        "Content-Disposition": f'inline; filename="{filename}"',
        "Cache-Control": "private, no-store",
        "ETag": f'"{sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _out(shown: Shown) -> LetterOut:
    letter = shown.letter
    return LetterOut(
        letter_id=letter.letter_id,
        demand_id=letter.mailing_id,
        case_id=letter.case_id,
        case_number=letter.case_number,
        debtor_ref=letter.debtor_ref,
        kind=letter.kind,
        state=letter.state.value,
        dated=letter.dated,
        sent_on=letter.sent_on,
        deadline=letter.deadline,
        amount_ore=letter.amount_ore,
        language=letter.language,
        channel=letter.channel,
        pages=letter.pages,
        sha256=letter.sha256,
        failure=letter.failure,
        withdrawn_reason=shown.withdrawn_reason,
    )
