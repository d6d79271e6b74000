"""Mailings and their letters as the flow moves them: every change of a letter's state is guarded by where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, or_, select, update
from sqlalchemy.sql import bindparam

from notifications.domain.states import HELD_BACK, LetterState, MailingState, sources
from notifications.store import texts
from notifications.store.parties import PARTY, Party
from notifications.store.texts import MAILING_TEXT, TEXT, Text
from notifications.tables import LetterRow, MailingRow
from shared.db import chunks, insert_ignore, lock_rows, table_of

MAILING = table_of(MailingRow)
LETTER = table_of(LetterRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """The letters of one demand or notice; ``facts`` is the event it was made from."""

    mailing_id: str
    case_id: str
    kind: str
    is_demand: bool
    state: MailingState
    facts: dict[str, Any]
    dated: date
    until: date | None
    asked_on: date | None
    withdrawn_reason: str | None
    withdrawn_after_dispatch: bool
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One recipient's letter, all its columns."""

    letter_id: str
    mailing_id: str
    case_id: str
    case_number: str
    debtor_ref: str
    ordinal: int
    unit: str
    kind: str
    state: LetterState
    party_version: int
    dated: date
    deadline: date | None
    amount_ore: int
    language: str | None
    sha256: str | None
    pages: int | None
    channel: str | None
    attempts: int
    submitted_on: date | None
    retry_at: datetime | None
    dispatched_on: date | None
    sent_on: date | None
    receipts: list[dict[str, Any]]
    failure: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Renderable:
    """A planned letter whose recipient is known at the version it waits for, with the (sealed) texts it prints."""

    letter: Letter
    mailing: Mailing
    party: Party
    texts: tuple[Text, ...] = ()


def letter_of(row: RowMapping) -> Letter:
    """Make a letter of its row."""
    values = {column.name: row[column] for column in LETTER.columns}
    return Letter(**{**values, "state": LetterState(values["state"])})


def _mailing_of(row: RowMapping) -> Mailing:
    values = {column.name: row[column] for column in MAILING.columns}
    return Mailing(**{**values, "state": MailingState(values["state"])})


def add(tx: Connection, mailings: Sequence[Mapping[str, Any]], letters: Sequence[Mapping[str, Any]]) -> None:
    """Store new mailings with their letters; those that are there already stay as they are."""
    insert_ignore(tx, MAILING, mailings)
    insert_ignore(tx, LETTER, letters)


def lock(tx: Connection, mailing_ids: Iterable[str]) -> dict[str, Mailing]:
    """Lock these mailings and return them as they are under the lock; the unknown are left out."""
    wanted = sorted(set(mailing_ids))
    lock_rows(tx, MAILING, "mailing_id", wanted)
    return find(tx, wanted)


def find(tx: Connection, mailing_ids: Iterable[str]) -> dict[str, Mailing]:
    """Return these mailings; the unknown are left out."""
    found: dict[str, Mailing] = {}
    for piece in chunks(sorted(set(mailing_ids))):
        rows = tx.execute(select(MAILING).where(MAILING.c.mailing_id.in_(piece))).mappings()
        found.update({row["mailing_id"]: _mailing_of(row) for row in rows})
    return found


def letters_of(tx: Connection, mailing_ids: Iterable[str]) -> dict[str, list[Letter]]:
    """Return the letters of these mailings, each mailing's in the order of its recipients."""
    found: defaultdict[str, list[Letter]] = defaultdict(list)
    for piece in chunks(sorted(set(mailing_ids))):
        query = select(LETTER).where(LETTER.c.mailing_id.in_(piece)).order_by(LETTER.c.mailing_id, LETTER.c.ordinal)
        for row in tx.execute(query).mappings():
            found[row["mailing_id"]].append(letter_of(row))
    return found


def find_letters(tx: Connection, letter_ids: Iterable[str]) -> dict[str, Letter]:
    """Return these letters; the unknown are left out."""
    found: dict[str, Letter] = {}
    for piece in chunks(sorted(set(letter_ids))):
        rows = tx.execute(select(LETTER).where(LETTER.c.letter_id.in_(piece))).mappings()
        found.update({row["letter_id"]: letter_of(row) for row in rows})
    return found


def renderable(tx: Connection, limit: int) -> list[Renderable]:
    """Return the oldest planned letters that wait neither for their recipient's version nor for a text."""
    query = (
        select(LETTER, MAILING, PARTY)
        .join(MAILING, MAILING.c.mailing_id == LETTER.c.mailing_id)
        .join(PARTY, PARTY.c.debtor_ref == LETTER.c.debtor_ref)
        .where(
            LETTER.c.state == LetterState.PLANNED,
            MAILING.c.state == MailingState.PLANNED,
            or_(PARTY.c.version >= LETTER.c.party_version, PARTY.c.erased),
            ~_lacks_a_text(),
        )
        .order_by(LETTER.c.created_at, LETTER.c.letter_id)
        .limit(limit)
    )
    rows = tx.execute(query).mappings().all()
    words = texts.of_mailings(tx, (row[MAILING.c.mailing_id] for row in rows))
    return [
        Renderable(
            letter_of(row),
            _mailing_of(row),
            Party(**{c.name: row[c] for c in PARTY.columns}),
            words.get(row[MAILING.c.mailing_id], ()),
        )
        for row in rows
    ]


def _lacks_a_text() -> ColumnElement[bool]:
    """Whether a mailing prints a text that has not come yet."""
    came = exists().where(TEXT.c.text_id == MAILING_TEXT.c.text_id)
    return exists().where(and_(MAILING_TEXT.c.mailing_id == MAILING.c.mailing_id, ~came))


def dispatchable(tx: Connection, now: datetime, today: date, limit: int) -> list[Letter]:
    """Return the oldest letters that a channel is to be given or asked about; ``now`` is the machine's time.

    Not those whose release ran out and that were asked for again today already: they wait for the answer.
    """
    query = (
        select(LETTER)
        .join(MAILING, MAILING.c.mailing_id == LETTER.c.mailing_id)
        .where(
            LETTER.c.state.in_([LetterState.RELEASED, LetterState.SUBMITTING, LetterState.DISPATCHED]),
            or_(LETTER.c.retry_at.is_(None), LETTER.c.retry_at <= now),
            or_(
                LETTER.c.state != LetterState.RELEASED,
                MAILING.c.until.is_(None),
                MAILING.c.until >= today,
                MAILING.c.asked_on < today,
            ),
        )
        .order_by(LETTER.c.created_at, LETTER.c.letter_id)
        .limit(limit)
    )
    return [letter_of(row) for row in tx.execute(query).mappings()]


def move(tx: Connection, to: LetterState, changes: Mapping[str, Mapping[str, Any]]) -> int:
    """Move letters (by id, each with its own new column values, all the same columns) to a state.

    Only from a state that it may follow; returns how many moved.
    """
    if not changes:
        return 0
    columns = next(iter(changes.values())).keys()
    statement = (
        update(LETTER)
        # Spelled out: an IN list cannot be sent with many parameter sets.
        .where(LETTER.c.letter_id == bindparam("of_letter"), or_(*(LETTER.c.state == one for one in sources(to))))
        .values(state=to.value, **{name: bindparam(f"new_{name}") for name in columns})
    )
    rows = [
        {"of_letter": letter_id, **{f"new_{name}": value for name, value in values.items()}}
        for letter_id, values in sorted(changes.items())
    ]
    return tx.execute(statement, rows).rowcount


def wait(tx: Connection, retry_at: Mapping[str, datetime]) -> None:
    """Let these letters wait, in the state they are in, until the machine's time given for each; counts an attempt."""
    rows = [{"of_letter": letter_id, "at": at} for letter_id, at in sorted(retry_at.items())]
    if rows:
        statement = (
            update(LETTER)
            .where(LETTER.c.letter_id == bindparam("of_letter"))
            .values(retry_at=bindparam("at", type_=LETTER.c.retry_at.type), attempts=LETTER.c.attempts + 1)
        )
        tx.execute(statement, rows)


def move_held_back(tx: Connection, mailing_ids: Iterable[str], to: LetterState, **values: Any) -> int:
    """Move every letter of these mailings that no channel has been asked about yet, where the way is open."""
    moved = 0
    allowed = [state for state in sources(to) if state in HELD_BACK]
    for piece in chunks(sorted(set(mailing_ids))):
        statement = (
            update(LETTER)
            .where(LETTER.c.mailing_id.in_(piece), LETTER.c.state.in_(allowed))
            .values(state=to.value, **values)
        )
        moved += tx.execute(statement).rowcount
    return moved


def set_mailings(tx: Connection, mailing_ids: Iterable[str], **values: Any) -> None:
    """Set columns of these mailings to the same values."""
    for piece in chunks(sorted(set(mailing_ids))):
        tx.execute(update(MAILING).where(MAILING.c.mailing_id.in_(piece)).values(**values))


def planned_before(tx: Connection, instant: datetime) -> int:
    """Count the letters that were planned before an instant and wait for their recipient's version or a text."""
    query = (
        select(func.count())
        .select_from(LETTER)
        .join(MAILING, MAILING.c.mailing_id == LETTER.c.mailing_id)
        .where(
            LETTER.c.state == LetterState.PLANNED,
            MAILING.c.state == MailingState.PLANNED,
            LETTER.c.created_at < instant,
        )
    )
    return int(tx.execute(query).scalar_one())


def unfinished(tx: Connection) -> int:
    """Count the letters that are neither sent nor withdrawn nor failed."""
    query = (
        select(func.count())
        .select_from(LETTER)
        .where(LETTER.c.state.in_([*HELD_BACK, LetterState.SUBMITTING, LetterState.DISPATCHED]))
    )
    return int(tx.execute(query).scalar_one())
