"""Writing many rows at once, in the way the database takes them fastest.

PostgreSQL gets new rows by COPY, and rows that may be there already as one document in one statement; a row or two, and
everything on SQLite, goes through the driver's own many-rows call. What is stored is the same each way: values pass
through their columns' types, and columns that rows leave out get their defaults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import JSON, Column, ColumnDefault, Connection, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError

FEW = 10
"""Up to so many rows the driver's own way is as quick."""

Rows = Sequence[Mapping[str, Any]]
_Converter = Callable[[Any], Any]


def insert_rows(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows that all have the same columns; returns how many.

    Raises IntegrityError when one collides with a unique key or refers to nothing.
    """
    if len(rows) > FEW and _takes_copies(tx, table):
        _copy(tx, table, rows)
        return len(rows)
    return _insert(tx, table, rows, "")


def insert_once(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows that are new unless the same thing is done a second time; returns how many were new.

    Does what ``insert_ignore`` does, and is quickest when nothing collides.
    """
    if len(rows) > FEW and _takes_copies(tx, table):
        savepoint = tx.begin_nested()
        try:
            _copy(tx, table, rows)
        except IntegrityError:
            savepoint.rollback()
        else:
            savepoint.commit()
            return len(rows)
    return insert_ignore(tx, table, rows)


def insert_ignore(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows, leaving those that collide with a unique key; returns how many were new."""
    return _insert(tx, table, rows, " ON CONFLICT DO NOTHING")


def upsert(tx: Connection, table: Table, rows: Rows, *, key: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows that all have the same columns; where ``key`` is taken, set ``update`` to the new values."""
    quote = tx.dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    _insert(tx, table, _last_of_each(rows, key), f" ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}")


def update_rows(tx: Connection, table: Table, rows: Rows, *, key: str) -> None:
    """Set columns of rows: each of ``rows`` names one by its ``key`` and has the new values of the same columns."""
    rows = _last_of_each(rows, [key])
    if not rows:
        return
    quote = tx.dialect.identifier_preparer.quote
    shape = _shape(tx, table, tuple(rows[0]))
    name, one = quote(table.name), quote(key)
    changed = [column for column in rows[0] if column != key]
    if tx.dialect.name == "postgresql" and not shape.has_json:
        changes = ", ".join(f"{quote(column)} = new.{quote(column)}" for column in changed)
        statement = f"UPDATE {name} SET {changes} FROM {_DOCUMENT.format(name)} AS new WHERE {name}.{one} = new.{one}"
        tx.exec_driver_sql(statement, (_document(shape, rows),))
        return
    changes = ", ".join(f"{quote(column)} = {shape.place}" for column in changed)
    values = [tuple(shape.convert(column, row[column]) for column in (*changed, key)) for row in rows]
    tx.exec_driver_sql(f"UPDATE {name} SET {changes} WHERE {one} = {shape.place}", values)


def _last_of_each(rows: Rows, key: Sequence[str]) -> Rows:
    """One statement changes a row once: of several rows with one key the last holds, as if they came in order."""
    return list({tuple(row[name] for name in key): row for row in rows}.values())


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows with these columns go to the driver: each value's conversion, and what the rows leave out."""

    names: tuple[str, ...]
    converters: tuple[_Converter | None, ...]
    left_out: tuple[Any, ...]
    columns: str
    places: str
    place: str
    has_json: bool
    copied: tuple[_Converter | None, ...]
    """Conversions for COPY, which takes JSON as text."""

    def values(self, row: Mapping[str, Any], converters: tuple[_Converter | None, ...]) -> tuple[Any, ...]:
        return (
            *(
                row[name] if convert is None else convert(row[name])
                for name, convert in zip(self.names, converters, strict=True)
            ),
            *self.left_out,
        )

    def convert(self, name: str, value: Any) -> Any:
        convert = self.converters[self.names.index(name)]
        return value if convert is None else convert(value)


_shapes: dict[tuple[str, int, tuple[str, ...]], _Shape] = {}
_DOCUMENT = "json_populate_recordset(NULL::{}, %s::json)"


def _shape(tx: Connection, table: Table, names: tuple[str, ...]) -> _Shape:
    key = (tx.dialect.name, id(table), names)
    known = _shapes.get(key)
    if known is None:
        known = _shapes[key] = _make_shape(table, names, tx.dialect)
    return known


def _make_shape(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Shape:
    place = "%s" if dialect.name == "postgresql" else "?"
    quote = dialect.identifier_preparer.quote
    defaults = {c.name: _default(c) for c in table.c if c.default is not None and c.name not in names}
    every = (*names, *defaults)
    converters = tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in every)
    left_out = tuple(
        value if convert is None else convert(value)
        for value, convert in zip(defaults.values(), converters[len(names) :], strict=True)
    )
    is_json = {name: isinstance(table.c[name].type, JSON) for name in every}
    return _Shape(
        names=names,
        converters=converters[: len(names)],
        left_out=left_out,
        columns=", ".join(quote(name) for name in every),
        places=", ".join([place] * len(every)),
        place=place,
        has_json=any(is_json.values()),
        copied=tuple(
            _as_json if is_json[name] else convert
            for name, convert in zip(names, converters[: len(names)], strict=True)
        ),
    )


def _default(column: Column[Any]) -> Any:
    made = cast(ColumnDefault, column.default)
    return made.arg(None) if made.is_callable else made.arg


def _insert(tx: Connection, table: Table, rows: Rows, conflict: str) -> int:
    if not rows:
        return 0
    shape = _shape(tx, table, tuple(rows[0]))
    name = tx.dialect.identifier_preparer.quote(table.name)
    into = f"INSERT INTO {name} ({shape.columns})"
    if len(rows) > FEW and tx.dialect.name == "postgresql" and not shape.has_json:
        statement = f"{into} SELECT {shape.columns} FROM {_DOCUMENT.format(name)}{conflict}"
        return tx.exec_driver_sql(statement, (_document(shape, rows),)).rowcount
    values = [shape.values(row, shape.converters) for row in rows]
    return tx.exec_driver_sql(f"{into} VALUES ({shape.places}){conflict}", values).rowcount


def _document(shape: _Shape, rows: Rows) -> str:
    """Return rows as one JSON array of objects, their defaults included."""
    names = [name.strip('"') for name in shape.columns.split(", ")]
    found = [dict(zip(names, shape.values(row, shape.converters), strict=True)) for row in rows]
    return json.dumps(found, default=_as_text, ensure_ascii=False)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_text(value: object) -> str:
    """Spell what JSON has no form for as PostgreSQL reads it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"a value of {type(value).__name__} is no value of a row")


def _takes_copies(tx: Connection, table: Table) -> bool:
    """Say whether a table's rows may come by COPY: on PostgreSQL, unless row-level security watches over it."""
    if tx.dialect.name != "postgresql":
        return False
    seen = tx.connection.info.setdefault("takes copies", {})  # for as long as this connection lives
    if table.name not in seen:
        query = "SELECT NOT relrowsecurity FROM pg_class WHERE oid = CAST(%s AS regclass)"
        name = tx.dialect.identifier_preparer.quote(table.name)
        seen[table.name] = bool(tx.exec_driver_sql(query, (name,)).scalar())
    return bool(seen[table.name])


def _copy(tx: Connection, table: Table, rows: Rows) -> None:
    shape = _shape(tx, table, tuple(rows[0]))
    statement = f"COPY {tx.dialect.identifier_preparer.quote(table.name)} ({shape.columns}) FROM STDIN"
    driver = cast(Any, tx.connection.dbapi_connection)
    with _as_sqlalchemy_says(tx, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(shape.values(row, shape.copied))


@contextmanager
def _as_sqlalchemy_says(tx: Connection, statement: str) -> Iterator[None]:
    """Turn the driver's errors into SQLAlchemy's, as its own statements do."""
    errors = cast(Any, tx.dialect).loaded_dbapi.Error
    try:
        yield
    except errors as fault:
        lost = tx.dialect.is_disconnect(fault, None, None)
        if lost:
            tx.invalidate(fault)
        raise DBAPIError.instance(
            statement,
            None,
            fault,
            errors,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=tx.dialect,
        ) from fault
