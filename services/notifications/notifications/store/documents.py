"""The archive: every document made or handed in, with the hash of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from notifications.tables import DocumentContentRow, DocumentRow
from shared.db import chunks, insert_ignore, table_of

DOCUMENT = table_of(DocumentRow)
CONTENT = table_of(DocumentContentRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document's facts, without its bytes."""

    document_id: str
    direction: str
    media_type: str
    sha256: str
    size_bytes: int
    letter_id: str | None
    uploaded_by: str | None
    unit: str | None
    debtor_ref: str | None
    created_at: datetime


def add(tx: Connection, documents: Sequence[Mapping[str, Any]], contents: Mapping[str, bytes]) -> None:
    """Archive documents; ``contents`` are their bytes by SHA-256. What is there already stays."""
    insert_ignore(tx, CONTENT, [{"sha256": sha256, "content": content} for sha256, content in sorted(contents.items())])
    insert_ignore(tx, DOCUMENT, documents)


def find(tx: Connection, document_id: str) -> Document | None:
    """Return a document's facts, or None."""
    row = tx.execute(select(DOCUMENT).where(DOCUMENT.c.document_id == document_id)).mappings().first()
    return _document(row) if row else None


def of_letter(tx: Connection, letter_id: str) -> Document | None:
    """Return the document of a letter, or None when it is not rendered."""
    row = tx.execute(select(DOCUMENT).where(DOCUMENT.c.letter_id == letter_id)).mappings().first()
    return _document(row) if row else None


def content(tx: Connection, sha256: str) -> bytes | None:
    """Return the bytes with this hash, or None."""
    found = tx.execute(select(CONTENT.c.content).where(CONTENT.c.sha256 == sha256)).scalar_one_or_none()
    return None if found is None else bytes(found)


def contents_of_letters(tx: Connection, letter_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the PDFs of these letters, by letter."""
    found: dict[str, bytes] = {}
    for piece in chunks(sorted(set(letter_ids))):
        query = (
            select(DOCUMENT.c.letter_id, CONTENT.c.content)
            .join(CONTENT, CONTENT.c.sha256 == DOCUMENT.c.sha256)
            .where(DOCUMENT.c.letter_id.in_(piece))
        )
        found.update({letter_id: bytes(data) for letter_id, data in tx.execute(query)})
    return found


def handed_in(tx: Connection, document_ids: Iterable[str]) -> dict[str, Document]:
    """Return documents that were handed in, by id; others are left out."""
    found: dict[str, Document] = {}
    for piece in chunks(sorted(set(document_ids))):
        query = select(DOCUMENT).where(DOCUMENT.c.document_id.in_(piece), DOCUMENT.c.direction == "in")
        found.update({row["document_id"]: _document(row) for row in tx.execute(query).mappings()})
    return found


def contents_of(tx: Connection, wanted: Iterable[Document]) -> dict[str, bytes]:
    """Return the bytes of documents, by their id."""
    hashes = {one.document_id: one.sha256 for one in wanted}
    found: dict[str, bytes] = {}
    for piece in chunks(sorted(set(hashes.values()))):
        found.update({sha: bytes(data) for sha, data in tx.execute(select(CONTENT).where(CONTENT.c.sha256.in_(piece)))})
    return {document_id: found[sha] for document_id, sha in hashes.items() if sha in found}


def _document(row: RowMapping) -> Document:
    return Document(**{column.name: row[column.name] for column in DOCUMENT.columns})
