"""Taking documents in from outside: attachments to claims, objections and messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from notifications.domain.pdf import why_not_pdf
from notifications.store import documents
from shared.errors import FieldError, Reject
from shared.events.notifications import DocumentReceived
from shared.uow import Uow

PDF = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Who hands a document in: at most one of ``unit`` and ``debtor_ref`` is set."""

    name: str
    unit: str | None
    debtor_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A document that was taken in."""

    document_id: str
    sha256: str
    size_bytes: int


def take_document(uow: Uow, content: bytes, uploader: Uploader) -> Stored:
    """Archive a PDF, tell of it and return its identity; raises Reject (422) for what is no readable PDF."""
    if reason := why_not_pdf(content):
        detail = "expected a readable PDF without a password, got something else"
        raise Reject(reason, f"document: {detail}", errors=[FieldError("document", reason, detail)])
    sha256 = hashlib.sha256(content).hexdigest()
    document_id = uow.new_id("document")
    row = {
        "document_id": document_id,
        "direction": "in",
        "media_type": PDF,
        "sha256": sha256,
        "size_bytes": len(content),
        "letter_id": None,
        "uploaded_by": uploader.name[:120],
        "unit": uploader.unit,
        "debtor_ref": uploader.debtor_ref,
        "created_at": uow.now,
    }
    documents.add(uow.tx, [row], {sha256: content})
    told = DocumentReceived(
        document_id=document_id,
        sha256=sha256,
        size_bytes=len(content),
        unit=uploader.unit,
        debtor_ref=uploader.debtor_ref,
        received_on=uow.today,
    )
    uow.emit(told, key=document_id)
    return Stored(document_id=document_id, sha256=sha256, size_bytes=len(content))
