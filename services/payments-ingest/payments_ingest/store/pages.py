"""Pages of what the bank sent in several messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from payments_ingest.tables import PageRow
from shared.db import insert_ignore, table_of

PAGES = table_of(PageRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """A page as it is recorded (see the table of that name)."""

    family: str
    account: str
    identity: str
    page: int
    is_last: bool
    message_id: str
    sums: dict[str, Any]


_COLUMNS = [PAGES.c[field.name] for field in fields(PageOf)]


def put_pages(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record pages; those recorded already stay as they are."""
    insert_ignore(tx, PAGES, rows)


def put_sums(tx: Connection, family: str, account: str, identity: str, page: int, sums: Mapping[str, Any]) -> None:
    """Note what a statement's page adds up to."""
    of = (PAGES.c.family == family, PAGES.c.account == account, PAGES.c.identity == identity, PAGES.c.page == page)
    tx.execute(update(PAGES).where(*of).values(sums=dict(sums)))


def unproved_pages(tx: Connection) -> list[PageOf]:
    """Return the pages of everything that was not looked at as a whole yet, in order."""
    query = select(*_COLUMNS).where(PAGES.c.whole_at.is_(None))
    query = query.order_by(PAGES.c.family, PAGES.c.account, PAGES.c.identity, PAGES.c.page)
    return [PageOf(**row._mapping) for row in tx.execute(query)]


def pages_of_message(tx: Connection, family: str, message_id: str) -> dict[int, bool]:
    """Return the numbers of the pages that came under a message's id, each with whether it is the last."""
    query = select(PAGES.c.page, PAGES.c.is_last).where(PAGES.c.family == family, PAGES.c.message_id == message_id)
    return {int(page): bool(is_last) for page, is_last in tx.execute(query)}


def mark_whole(tx: Connection, family: str, account: str, identity: str, at: datetime) -> None:
    """Note that all pages were looked at together."""
    of = (PAGES.c.family == family, PAGES.c.account == account, PAGES.c.identity == identity)
    tx.execute(update(PAGES).where(*of).values(whole_at=at))
