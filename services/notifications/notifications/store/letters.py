"""Letters as people look them up: by identity or a page at a time, only those the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, or_, select

from notifications.domain.states import LetterState
from notifications.store.mailings import LETTER, MAILING, Letter, letter_of
from shared.auth import Sight
from shared.tables import Plumbing

TOPIC = "notifications"


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter and, if its demand was taken back, why."""

    letter: Letter
    withdrawn_reason: str | None


def find(tx: Connection, letter_id: str, sight: Sight) -> Shown | None:
    """Return a letter, or None when there is none the reader may see."""
    query = _shown().where(LETTER.c.letter_id == letter_id, *_visible(sight))
    row = tx.execute(query).mappings().first()
    return Shown(letter_of(row), row[MAILING.c.withdrawn_reason]) if row else None


def page(tx: Connection, sight: Sight, *, case_id: str | None, after: str | None, limit: int) -> list[Shown]:
    """Return the next letters, oldest first, after the letter ``after``; an unknown ``after`` gives none."""
    conditions = _visible(sight)
    if case_id is not None:
        conditions.append(LETTER.c.case_id == case_id)
    if after is not None:
        mark = tx.execute(select(LETTER.c.created_at).where(LETTER.c.letter_id == after)).scalar_one_or_none()
        if mark is None:
            return []
        same_instant = and_(LETTER.c.created_at == mark, LETTER.c.letter_id > after)
        conditions.append(or_(LETTER.c.created_at > mark, same_instant))
    query = _shown().where(*conditions).order_by(LETTER.c.created_at, LETTER.c.letter_id).limit(limit)
    return [Shown(letter_of(row), row[MAILING.c.withdrawn_reason]) for row in tx.execute(query).mappings()]


def _shown() -> Select[Any]:
    return select(LETTER, MAILING.c.withdrawn_reason).join(MAILING, MAILING.c.mailing_id == LETTER.c.mailing_id)


def _visible(sight: Sight) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sight.unit is not None:
        conditions.append(LETTER.c.unit == sight.unit)
    if sight.debtor_ref is not None:
        conditions += [LETTER.c.debtor_ref == sight.debtor_ref, LETTER.c.state == LetterState.SENT]
    return conditions


def published(tx: Connection, tables: Plumbing, case_id: str, types: Iterable[str]) -> Sequence[RowMapping]:
    """Return the events of these types that this service published about a case, in order."""
    table = tables.events
    query = (
        select(table)
        .where(table.c.topic == TOPIC, table.c.key == case_id, table.c.type.in_([*types]))
        .order_by(table.c.version)
    )
    return tx.execute(query).mappings().all()
