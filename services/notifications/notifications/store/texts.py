"""Words that letters print: the projection of the texts on ``parties``, and which mailing waits for which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from notifications.tables import MailingTextRow, TextRow
from shared.db import chunks, insert_ignore, table_of, upsert

TEXT = table_of(TextRow)
MAILING_TEXT = table_of(MailingTextRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text at a version, sealed; an erased one has nothing left but its id and version."""

    text_id: str
    version: int
    erased: bool
    sealed_text: str | None


def find(tx: Connection, text_ids: Iterable[str]) -> dict[str, Text]:
    """Return these texts; the unknown are left out."""
    found: dict[str, Text] = {}
    for piece in chunks(sorted(set(text_ids))):
        rows = tx.execute(select(TEXT).where(TEXT.c.text_id.in_(piece))).mappings()
        found.update({row["text_id"]: Text(**row) for row in rows})
    return found


def put(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write texts whole, over what was there."""
    upsert(tx, TEXT, rows, key=["text_id"], update=["version", "erased", "sealed_text"])


def erased_row(text_id: str, version: int) -> dict[str, Any]:
    """Return the row that is left of an erased text."""
    return {"text_id": text_id, "version": version, "erased": True, "sealed_text": None}


def add_to_mailings(tx: Connection, text_ids: dict[str, Sequence[str]]) -> None:
    """Say which texts, in which order, the letters of each mailing print."""
    rows = [
        {"mailing_id": mailing_id, "ordinal": ordinal, "text_id": text_id}
        for mailing_id, ids in sorted(text_ids.items())
        for ordinal, text_id in enumerate(ids)
    ]
    insert_ignore(tx, MAILING_TEXT, rows)


def of_mailings(tx: Connection, mailing_ids: Iterable[str]) -> dict[str, tuple[Text, ...]]:
    """Return the texts known of each of these mailings, in the order they are printed."""
    found: defaultdict[str, list[Text]] = defaultdict(list)
    for piece in chunks(sorted(set(mailing_ids))):
        query = (
            select(MAILING_TEXT.c.mailing_id, TEXT)
            .join(TEXT, TEXT.c.text_id == MAILING_TEXT.c.text_id)
            .where(MAILING_TEXT.c.mailing_id.in_(piece))
            .order_by(MAILING_TEXT.c.mailing_id, MAILING_TEXT.c.ordinal)
        )
        for row in tx.execute(query).mappings():
            found[row["mailing_id"]].append(Text(**{c.name: row[c] for c in TEXT.columns}))
    return {mailing_id: tuple(texts) for mailing_id, texts in found.items()}
