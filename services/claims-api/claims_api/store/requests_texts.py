"""Letters that confirm or answer, and the sealed words they print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from claims_api.tables import NoticeRow, RequestRow, RequestTextRow
from shared.db import chunks, table_of

NOTICE = table_of(NoticeRow)
TEXT = table_of(RequestTextRow)
_REQUEST = table_of(RequestRow)

ISSUED, SENT, FAILED = "issued", "sent", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as stored; ``facts`` is what was published."""

    notice_id: str
    case_id: str
    request_id: str | None
    kind: str
    state: str
    issued_on: date
    text_ids: list[str]
    facts: dict[str, Any]
    sent_on: date | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """Words as stored, sealed; ``erased_at``: what travels of them has been erased."""

    text_id: str
    case_id: str
    request_id: str | None
    sealed: bytes
    sealed_key: str
    printed: bool
    version: int
    written_at: datetime
    erased_at: datetime | None = None


def insert_notice(tx: Connection, notice: Notice) -> None:
    """Store a notice."""
    tx.execute(NOTICE.insert().values(**{name: getattr(notice, name) for name in Notice.__slots__}))


def change_notice(tx: Connection, notice_id: str, **changes: Any) -> None:
    """Record what became of a notice."""
    tx.execute(update(NOTICE).where(NOTICE.c.notice_id == notice_id).values(**changes))


def find_notices(tx: Connection, notice_ids: Iterable[str]) -> dict[str, Notice]:
    """Return the notices with these ids."""
    found: dict[str, Notice] = {}
    for piece in chunks(sorted(set(notice_ids))):
        for row in tx.execute(select(NOTICE).where(NOTICE.c.notice_id.in_(piece))).mappings():
            found[row["notice_id"]] = Notice(**row)
    return found


def notices_of_request(tx: Connection, request_id: str) -> list[Notice]:
    """Return the letters a request brought about, oldest first."""
    query = select(NOTICE).where(NOTICE.c.request_id == request_id).order_by(NOTICE.c.issued_on, NOTICE.c.notice_id)
    return [Notice(**row) for row in tx.execute(query).mappings()]


def insert_text(tx: Connection, text: RequestText) -> None:
    """Store sealed words."""
    tx.execute(TEXT.insert().values(**{name: getattr(text, name) for name in RequestText.__slots__}))


def find_texts(tx: Connection, text_ids: Iterable[str]) -> dict[str, RequestText]:
    """Return the texts with these ids."""
    found: dict[str, RequestText] = {}
    for piece in chunks(sorted(set(text_ids))):
        for row in tx.execute(select(TEXT).where(TEXT.c.text_id.in_(piece))).mappings():
            found[row["text_id"]] = RequestText(**row)
    return found


def texts_of_debtor(tx: Connection, debtor_ref: str) -> list[str]:
    """Return the ids of the texts in requests that a debtor made."""
    query = (
        select(TEXT.c.text_id)
        .join(_REQUEST, _REQUEST.c.request_id == TEXT.c.request_id)
        .where(_REQUEST.c.debtor_ref == debtor_ref)
        .order_by(TEXT.c.text_id)
    )
    return list(tx.execute(query).scalars())


def replace_text(tx: Connection, text_id: str, sealed: bytes, sealed_key: str) -> None:
    """Put other sealed words in the place of a text."""
    tx.execute(update(TEXT).where(TEXT.c.text_id == text_id).values(sealed=sealed, sealed_key=sealed_key))


def erase_printed(tx: Connection, text_ids: Iterable[str], at: datetime) -> list[str]:
    """Mark texts as erased from the topic, each with a new version; returns those that were not yet."""
    done: list[str] = []
    for piece in chunks(sorted(set(text_ids))):
        query = (
            update(TEXT)
            .where(TEXT.c.text_id.in_(piece), TEXT.c.erased_at.is_(None), TEXT.c.printed.is_(True))
            .values(erased_at=at, version=TEXT.c.version + 1)
            .returning(TEXT.c.text_id)
        )
        done.extend(tx.execute(query).scalars())
    return sorted(done)
