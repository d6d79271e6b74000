"""Bank files, their staged lines and transmissions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from payments_ingest.domain.files import BankFile, Step
from payments_ingest.tables import BankFileRow, StagedLineRow, TransmissionRow
from shared.db import chunks, insert_ignore, insert_rows, lock_rows, table_of

FILES = table_of(BankFileRow)
STAGED = table_of(StagedLineRow)
TRANSMISSIONS = table_of(TransmissionRow)
_FILE_COLUMNS = [FILES.c[field.name] for field in fields(BankFile)]
_IN_WORK = (Step.RECEIVED, Step.STAGED)


def _file(row: Row[Any]) -> BankFile:
    return BankFile(**row._mapping)


def insert_file(tx: Connection, row: Mapping[str, Any]) -> bool:
    """Record a delivery; False when its id or its active bytes are recorded already."""
    return insert_ignore(tx, FILES, [row]) == 1


def find_file(tx: Connection, file_id: str) -> BankFile | None:
    """Return a file."""
    row = tx.execute(select(*_FILE_COLUMNS).where(FILES.c.file_id == file_id)).first()
    return _file(row) if row else None


def lock_file(tx: Connection, file_id: str) -> BankFile | None:
    """Return a file with its row locked, so that one worker at a time releases it."""
    lock_rows(tx, FILES, "file_id", [file_id])
    return find_file(tx, file_id)


def find_active(tx: Connection, sha256: str) -> BankFile | None:
    """Return the file whose bytes count as these."""
    row = tx.execute(select(*_FILE_COLUMNS).where(FILES.c.active_sha256 == sha256)).first()
    return _file(row) if row else None


def next_file(tx: Connection, step: Step) -> BankFile | None:
    """Return the file that has waited longest at a step."""
    query = select(*_FILE_COLUMNS).where(FILES.c.step == step).order_by(FILES.c.received_at, FILES.c.file_id).limit(1)
    row = tx.execute(query).first()
    return _file(row) if row else None


def list_files(tx: Connection, *, state: str | None, after: str | None, limit: int) -> list[BankFile]:
    """Return files, newest first, keyset-paged by id."""
    query = select(*_FILE_COLUMNS).order_by(FILES.c.file_id.desc()).limit(limit)
    if state is not None:
        query = query.where(FILES.c.state == state)
    if after is not None:
        query = query.where(FILES.c.file_id < after)
    return [_file(row) for row in tx.execute(query)]


def update_file(tx: Connection, file_id: str, **values: Any) -> None:
    """Set columns of a file."""
    tx.execute(update(FILES).where(FILES.c.file_id == file_id).values(**values))


def count_in_work(tx: Connection) -> int:
    """Count the files that are not done: neither refused, held for a person, nor wholly released."""
    return int(tx.execute(select(func.count()).select_from(FILES).where(FILES.c.step.in_(_IN_WORK))).scalar_one())


def stage(tx: Connection, file_id: str, rows: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Stage items of a file: place in it, what it is, its fields."""
    insert_rows(
        tx, STAGED, [{"file_id": file_id, "place": place, "what": what, "body": body} for place, what, body in rows]
    )


def clear_staged(tx: Connection, file_id: str, limit: int) -> int:
    """Delete up to ``limit`` staged lines of a file; returns how many there were."""
    places = list(
        tx.execute(
            select(STAGED.c.place).where(STAGED.c.file_id == file_id).order_by(STAGED.c.place).limit(limit)
        ).scalars()
    )
    delete_staged(tx, file_id, places)
    return len(places)


def next_staged(tx: Connection, file_id: str, limit: int) -> list[tuple[int, str, dict[str, Any]]]:
    """Return the next staged lines of a file in the order they stand in it."""
    query = (
        select(STAGED.c.place, STAGED.c.what, STAGED.c.body)
        .where(STAGED.c.file_id == file_id)
        .order_by(STAGED.c.place)
        .limit(limit)
    )
    return [(place, what, body) for place, what, body in tx.execute(query).all()]


def delete_staged(tx: Connection, file_id: str, places: Collection[int]) -> None:
    """Delete staged lines that are released, or whose file is not: every line from the first to the last of these."""
    if places:
        wanted = STAGED.c.place.between(min(places), max(places))
        tx.execute(delete(STAGED).where(STAGED.c.file_id == file_id, wanted))


def known_transmissions(tx: Connection, keys: Collection[str]) -> dict[str, str]:
    """Return which of these transmissions came before, and in which file."""
    found: dict[str, str] = {}
    for piece in chunks(sorted(keys)):
        query = select(TRANSMISSIONS.c.key, TRANSMISSIONS.c.file_id).where(TRANSMISSIONS.c.key.in_(piece))
        found.update({row.key: row.file_id for row in tx.execute(query)})
    return found


def insert_transmissions(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record transmissions; those recorded already stay as they are."""
    insert_ignore(tx, TRANSMISSIONS, rows)


def series_of(tx: Connection, account: str) -> list[str]:
    """Return the series of numbered transmissions that have told of an account."""
    query = select(TRANSMISSIONS.c.series).where(
        TRANSMISSIONS.c.account == account, TRANSMISSIONS.c.series.is_not(None)
    )
    return sorted(set(tx.execute(query.distinct()).scalars()))


def numbers_of(tx: Connection, series: str) -> list[int]:
    """Return the transmission numbers received of a series."""
    query = select(TRANSMISSIONS.c.number).where(TRANSMISSIONS.c.series == series, TRANSMISSIONS.c.number.is_not(None))
    return [int(number) for number in tx.execute(query.distinct()).scalars()]
