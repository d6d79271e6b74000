"""Writing many rows at once, in the way the database takes them fastest.

PostgreSQL gets new rows by COPY. What that may not bring (it cannot pass by a key that is taken, and row-level
security forbids it) comes as one document in one statement while it is little; above that COPY brings it as far as a
temporary table, for a row of a document costs the server twice as much. A row or two, and everything on SQLite, goes
through the driver's own many-rows call. What is stored is the same each way: values pass through their columns' types,
columns that rows leave out get their defaults, and None is NULL, in a column of JSON too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, cast

from pydantic_core import to_json
from sqlalchemy import JSON, Column, ColumnDefault, Connection, LargeBinary, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeDecorator, TypeEngine

FEW = 2
"""Up to so many rows the driver's own way is as quick."""
SOME = 100
"""Up to so many rows a temporary table costs more than it saves."""

Rows = Sequence[Mapping[str, Any]]
_IGNORE = " ON CONFLICT DO NOTHING"
_Converter = Callable[[Any], Any]
_Values = Sequence[tuple[Any, ...]]


def insert_rows(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows that all have the same columns; returns how many.

    Raises IntegrityError when one collides with a unique key or refers to nothing.
    """
    return _insert(tx, table, *_read(rows))


def insert_all(
    tx: Connection, table: Table, things: Sequence[Any], names: Sequence[str], *, once: bool = False, **same: Any
) -> int:
    """Insert a row for each thing, its attributes ``names`` (two or more) being the columns; returns how many were new.

    ``same`` are columns with one value in every row; ``once`` leaves rows that are there already (``insert_once``).
    """
    rest = tuple(same.values())
    values = [(*known, *rest) for known in map(attrgetter(*names), things)]
    return (_insert_once if once else _insert)(tx, table, (*names, *same), values)


def insert_once(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows that are new unless the same thing is done a second time; returns how many were new.

    Does what ``insert_ignore`` does, and is quickest when nothing collides.
    """
    return _insert_once(tx, table, *_read(rows))


def insert_ignore(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows, leaving those that collide with a unique key; returns how many were new."""
    return _insert(tx, table, *_read(rows), _IGNORE)


def upsert(tx: Connection, table: Table, rows: Rows, *, key: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows that all have the same columns; where ``key`` is taken, set ``update`` to the new values."""
    quote = tx.dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    conflict = f" ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {changes}"
    _insert(tx, table, *_read(_last_of_each(rows, key)), conflict)


def update_rows(tx: Connection, table: Table, rows: Rows, *, key: str, rising: str | None = None) -> None:
    """Set columns of rows: each of ``rows`` names one by its ``key`` and has the new values of the same columns.

    A row whose column ``rising`` is as great already as its new value is left as it is.
    """
    rows = _last_of_each(rows, [key])
    if not rows:
        return
    quote = tx.dialect.identifier_preparer.quote
    changed = [column for column in rows[0] if column != key]
    names = (*changed, key)
    shape = _shape(tx, table, names, filled=False)
    values = list(map(itemgetter(*names), rows))
    name, one = quote(table.name), quote(key)
    if tx.dialect.name == "postgresql":
        changes = ", ".join(f"{quote(column)} = new.{quote(column)}" for column in changed)
        statement = f"UPDATE {name} SET {changes} FROM {_DOCUMENT.format(name)} AS new WHERE {name}.{one} = new.{one}"
        if rising is not None:
            statement += f" AND {name}.{quote(rising)} < new.{quote(rising)}"
        _send(tx, statement, shape.document(values))
        return
    changes = ", ".join(f"{quote(column)} = {shape.place}" for column in changed)
    statement = f"UPDATE {name} SET {changes} WHERE {one} = {shape.place}"
    ready = shape.completed(values)
    if rising is not None:
        statement += f" AND {quote(rising)} < {shape.place}"
        ready = [(*row, row[changed.index(rising)]) for row in ready]
    tx.exec_driver_sql(statement, ready)


def _read(rows: Rows) -> tuple[tuple[str, ...], _Values]:
    names = tuple(rows[0]) if rows else ()
    return names, [tuple(map(row.__getitem__, names)) for row in rows]


def _last_of_each(rows: Rows, key: Sequence[str]) -> Rows:
    """One statement changes a row once: of several rows with one key the last holds, as if they came in order."""
    named = itemgetter(*key)
    return list({named(row): row for row in rows}.values())


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows with these columns go to the driver: each value's conversion, and what the rows leave out."""

    every: tuple[str, ...]
    converters: tuple[_Converter | None, ...]
    left_out: tuple[Any, ...]
    columns: str
    place: str
    in_document: tuple[_Converter | None, ...]
    left_out_of_document: tuple[Any, ...]

    def completed(self, rows: _Values) -> _Values:
        """Return rows as the driver takes them, with what they leave out."""
        return list(_by_column(rows, self.converters, self.left_out))

    def document(self, rows: _Values) -> str:
        """Return rows, with what they leave out, as one JSON array of objects."""
        whole = _by_column(rows, self.in_document, self.left_out_of_document)
        return to_json([dict(zip(self.every, row, strict=True)) for row in whole]).decode()


def _by_column(
    rows: _Values, converters: Iterable[_Converter | None], left_out: Iterable[Any]
) -> Iterator[tuple[Any, ...]]:
    """Convert rows column by column, for few columns need a conversion, and add columns of one value."""
    columns = [
        values if convert is None else map(convert, values)
        for values, convert in zip(zip(*rows, strict=True), converters, strict=True)
    ]
    return zip(*columns, *(repeat(value, len(rows)) for value in left_out), strict=True)


_shapes: dict[tuple[str, int, tuple[str, ...], bool], _Shape] = {}
_DOCUMENT = "json_populate_recordset(NULL::{}, %s::json)"


def _shape(tx: Connection, table: Table, names: tuple[str, ...], *, filled: bool = True) -> _Shape:
    key = (tx.dialect.name, id(table), names, filled)
    known = _shapes.get(key)
    if known is None:
        known = _shapes[key] = _make_shape(table, names, tx.dialect, filled=filled)
    return known


def _make_shape(table: Table, names: tuple[str, ...], dialect: Dialect, *, filled: bool) -> _Shape:
    """``filled``: columns that are left out get their defaults, as in a new row; a change leaves them as they are."""
    quote = dialect.identifier_preparer.quote
    defaults = {c.name: _default(c) for c in table.c if filled and c.default is not None and c.name not in names}
    every = (*names, *defaults)
    converters = [_converter(table.c[name], dialect) for name in every]
    in_document = [_in_document(table.c[name], dialect) for name in every]
    given = len(names)
    return _Shape(
        every=every,
        converters=tuple(converters[:given]),
        left_out=_converted(defaults.values(), converters[given:]),
        columns=", ".join(map(quote, every)),
        place="%s" if dialect.name == "postgresql" else "?",
        in_document=tuple(in_document[:given]),
        left_out_of_document=_converted(defaults.values(), in_document[given:]),
    )


def _converted(values: Iterable[Any], converters: Iterable[_Converter | None]) -> tuple[Any, ...]:
    return tuple(
        value if convert is None else convert(value) for value, convert in zip(values, converters, strict=True)
    )


def _default(column: Column[Any]) -> Any:
    made = cast(ColumnDefault, column.default)
    return made.arg(None) if made.is_callable else made.arg


def _converter(column: Column[Any], dialect: Dialect) -> _Converter | None:
    kind = column.type.dialect_impl(dialect)
    if isinstance(kind, LargeBinary):
        return None  # the driver's wrapper for bytes would only be in the way: bytes are what both take
    # Both databases take JSON as text; the driver's own wrapper for it costs as much again.
    return _as_json if isinstance(kind, JSON) else _processor(kind, dialect)


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> _Converter | None:
    """Return a type's conversion; that of a type of ours alone, where the type beneath it has none."""
    if isinstance(kind, TypeDecorator):
        ours = type(kind).process_bind_param is not TypeDecorator.process_bind_param
        if ours and kind.impl_instance.bind_processor(dialect) is None:
            return partial(kind.process_bind_param, dialect=dialect)
    return kind.bind_processor(dialect)


def _in_document(column: Column[Any], dialect: Dialect) -> _Converter | None:
    """JSON is part of a document as it is; bytes it has no form for."""
    kind = column.type.dialect_impl(dialect)
    if isinstance(kind, LargeBinary):
        return _as_hex
    return None if isinstance(kind, JSON) else _processor(kind, dialect)


def _insert(tx: Connection, table: Table, names: tuple[str, ...], rows: _Values, conflict: str = "") -> int:
    if not rows:
        return 0
    shape = _shape(tx, table, names)
    name = tx.dialect.identifier_preparer.quote(table.name)
    into = f"INSERT INTO {name} ({shape.columns})"
    if tx.dialect.name == "postgresql" and len(rows) > FEW:
        if not conflict and _takes_copies(tx, table):
            return _copy(tx, name, shape, rows)
        if len(rows) > SOME:
            return _by_way_of_a_copy(tx, table, shape, rows, conflict)
        statement = f"{into} SELECT {shape.columns} FROM {_DOCUMENT.format(name)}{conflict}"
        return _send(tx, statement, shape.document(rows))
    places = ", ".join([shape.place] * len(shape.every))
    return tx.exec_driver_sql(f"{into} VALUES ({places}){conflict}", shape.completed(rows)).rowcount


def _insert_once(tx: Connection, table: Table, names: tuple[str, ...], rows: _Values) -> int:
    # Whether each row is there already is dear to ask: of many it is asked only when one of them turns out to be.
    if tx.dialect.name == "postgresql" and len(rows) > SOME:
        savepoint = tx.begin_nested()
        try:
            _insert(tx, table, names, rows)
        except IntegrityError:
            savepoint.rollback()
        else:
            savepoint.commit()
            return len(rows)
    return _insert(tx, table, names, rows, _IGNORE)


def _as_json(value: Any) -> str | None:
    return None if value is None else to_json(value).decode()


def _as_hex(value: bytes | None) -> str | None:
    """Spell bytes as PostgreSQL reads them."""
    return None if value is None else f"\\x{value.hex()}"


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


def _send(tx: Connection, statement: str, document: str) -> int:
    """Run a statement on a document; returns how many rows it wrote.

    It goes straight to the driver: what SQLAlchemy would do for it costs as much again.
    """
    driver = cast(Any, tx.connection.dbapi_connection)
    with _as_sqlalchemy_says(tx, statement):
        return int(driver.execute(statement, (document,)).rowcount)


def _copy(tx: Connection, name: str, shape: _Shape, rows: _Values) -> int:
    statement = f"COPY {name} ({shape.columns}) FROM STDIN"
    driver = cast(Any, tx.connection.dbapi_connection)
    with _as_sqlalchemy_says(tx, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        write = copy.write_row
        for row in _by_column(rows, shape.converters, shape.left_out):
            write(row)
    return len(rows)


def _by_way_of_a_copy(tx: Connection, table: Table, shape: _Shape, rows: _Values, conflict: str) -> int:
    """Bring rows by COPY into a temporary table of this connection, and from there by one INSERT."""
    quote = tx.dialect.identifier_preparer.quote
    name, waiting = quote(table.name), quote(f"new_{table.name}")
    # An earlier call in this transaction may have left rows.
    tx.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {waiting} ON COMMIT DELETE ROWS AS SELECT * FROM {name} WITH NO DATA;"
        f" DELETE FROM {waiting}"
    )
    _copy(tx, waiting, shape, rows)
    return tx.exec_driver_sql(
        f"INSERT INTO {name} ({shape.columns}) SELECT {shape.columns} FROM {waiting}{conflict}"
    ).rowcount


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
