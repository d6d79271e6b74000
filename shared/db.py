"""One service's database: SQLite in the embedded profile, PostgreSQL in the cluster.

What lives here: engines, transactions, column types and the few statements whose spelling differs between the two.
What does not: any table or query of a service (its ``tables`` and ``store``).
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import (
    JSON,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Engine,
    Integer,
    Select,
    String,
    Table,
    TableValuedAlias,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy import cast as cast_as
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.types import TypeDecorator, TypeEngine

from shared.bulk import insert_all as insert_all
from shared.bulk import insert_ignore as insert_ignore
from shared.bulk import insert_once as insert_once
from shared.bulk import insert_rows as insert_rows
from shared.bulk import update_rows as update_rows
from shared.bulk import upsert as upsert
from shared.postgres import PATIENCE_S, Patience, postgres_engine

CHUNK = 1_000
"""How many values one IN list carries; SQLite's own limit on parameters lies far above."""

READERS_MAX = 8
POOL_SIZE = 10
BUSY_TIMEOUT_MS = 30_000
_ONE_AT_A_TIME = 7003
"""Key space of the advisory locks behind ``Database.only_one``."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds: timestamptz on PostgreSQL, sortable ISO text on SQLite."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type for the database in use."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive datetimes: an instant without a zone is a bug, not a value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("instant: expected an aware datetime, got a naive one")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC datetime."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


JsonType = JSON().with_variant(JSONB(), "postgresql")


def table_of(model: type[Any]) -> Table:
    """Return the Core table behind a SQLModel table class."""
    return cast(Table, model.__table__)


class Database:
    """Engines and transactions of one service.

    ``begin`` is a write transaction: on SQLite writers queue in the process and take the file's write lock at once
    (``BEGIN IMMEDIATE``; a deferred upgrade would fail without waiting), and every commit is on disk
    (``synchronous=FULL``). ``read`` is a snapshot in which nothing can be written.
    """

    def __init__(self, url: str, name: str, *, patience_s: float = PATIENCE_S, pool_size: int = POOL_SIZE) -> None:
        self.name = name
        self.url = url
        self._patience = Patience()
        self._patience_s = patience_s
        parsed = make_url(url)
        self.dialect: Literal["sqlite", "postgresql"]
        self._write_gate = threading.Lock()
        if parsed.get_backend_name() == "sqlite":
            self.dialect = "sqlite"
            if parsed.database is None:
                raise ValueError("database url: expected a file, got an in-memory SQLite database")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(url, read_only=False, pool_size=1)
            self._reader = _sqlite_engine(url, read_only=True, pool_size=READERS_MAX)
            self._beside = self._writer
        elif parsed.get_backend_name() == "postgresql":
            self.dialect = "postgresql"
            self._writer = postgres_engine(parsed, name, self._patience, pool_size=pool_size)
            self._reader = self._writer
            self._beside = postgres_engine(parsed, name, self._patience, pool_size=1)
        else:
            raise ValueError(f"database url: expected sqlite or postgresql, got {parsed.get_backend_name()!r}")

    @property
    def engine(self) -> Engine:
        """The engine that may write; for migrations."""
        return self._writer

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a write transaction: committed at the end, rolled back when the block raises."""
        if self.dialect == "sqlite":
            with self._write_gate, self._writer.begin() as tx:
                yield tx
        else:
            with self._writer.connect() as connection, self._patiently(connection), connection.begin():
                yield connection

    @contextmanager
    def begin_beside(self) -> Iterator[Connection]:
        """Open a write transaction while this thread has another open; on PostgreSQL only, SQLite has one writer.

        Its connections are apart: threads that each hold one of the others and wait for one more would wait for ever.
        """
        if self.dialect == "sqlite":
            raise ValueError("begin_beside: expected PostgreSQL, got SQLite, which has one writer")
        with self._beside.connect() as connection, self._patiently(connection), connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only snapshot."""
        with self._reader.connect() as connection:
            if self.dialect == "sqlite":
                with connection.begin():
                    yield connection
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with self._patiently(connection), connection.begin():
                    yield connection

    @contextmanager
    def only_one(self, name: str) -> Iterator[bool]:
        """Say whether this process may do what only one process at a time should; the others get False.

        On SQLite there is one process. The lock goes with the connection, so that it dies with its holder; work under
        it must be harmless when done twice all the same.
        """
        if self.dialect == "sqlite":
            yield True
            return
        number = zlib.crc32(f"{self.name}:{name}".encode()) - 2**31
        with self._writer.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            lock = {"space": _ONE_AT_A_TIME, "number": number}
            with self._patiently(connection):
                mine = bool(connection.execute(text("SELECT pg_try_advisory_lock(:space, :number)"), lock).scalar())
            try:
                yield mine
            finally:
                if mine:
                    with self._patiently(connection):
                        connection.execute(text("SELECT pg_advisory_unlock(:space, :number)"), lock)

    def _patiently(self, connection: Connection) -> AbstractContextManager[None]:
        return self._patience.during(connection.connection.dbapi_connection, self._patience_s)

    def close(self) -> None:
        """Let go of every connection."""
        self._patience.close()
        self._writer.dispose()
        self._reader.dispose()
        self._beside.dispose()


def _sqlite_engine(url: str, *, read_only: bool, pool_size: int) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="sqlite+pysqlite"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,  # a failed statement is logged, and what it carried may be about a person
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, never by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def passing(error: BaseException) -> bool:
    """Say whether a fault of the database may be gone by itself: a lost connection, a lock, a full pool."""
    if isinstance(error, OperationalError | InterfaceError | NoConnectionFree):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's five-character code of an error, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def lost_a_race(error: BaseException) -> bool:
    """Say whether the database rolled back because of another transaction: nothing was stored, and again may do."""
    return sqlstate(error) in {"40001", "40P01"}


def confine(tx: Connection, units: Collection[str] | None, *, register: bool = False) -> None:
    """Let the rest of a transaction see and write what is of these creditor units only; None: of every unit.

    ``register``: it sees persons of other units too, for intake must find whom they know. PostgreSQL's policies
    (row-level security) do the keeping apart; on SQLite the queries alone do.
    """
    if units is not None and tx.dialect.name == "postgresql":
        tx.execute(_CONFINE, {"units": ",".join(sorted(units)), "register": "open" if register else "closed"})


_CONFINE = text("SELECT set_config('inkasso.units', :units, true), set_config('inkasso.register', :register, true)")


def passes_by_policies(tx: Connection) -> bool:
    """Say whether the database's role is one that row-level security does not bind."""
    if tx.dialect.name != "postgresql":
        return False
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    return bool(tx.execute(text(query)).scalar())


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Cut values into lists of at most ``size``."""
    piece: list[Any] = []
    for value in values:
        piece.append(value)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece


def any_of(tx: Connection, column: Column[Any], values: Iterable[str | int]) -> ColumnElement[bool]:
    """Say that a column of texts or numbers holds one of these values.

    PostgreSQL gets them as one array (see ``among``) and SQLite as one document, however many they are: the statement
    stays the same.
    """
    if tx.dialect.name != "postgresql":
        document = func.json_each(bindparam(None, json.dumps(list(values)), type_=String)).table_valued("value")
        return column.in_(select(document.c.value))
    return column.in_(select(_unnested([column], [map(str, values)])))


def among(tx: Connection, columns: Sequence[Column[Any]], wanted: Sequence[tuple[str, ...]]) -> ColumnElement[bool]:
    """Say that these text columns hold one of these tuples.

    PostgreSQL gets them as arrays, to be joined by an index however small the table was when it was last looked at; a
    list of hundreds it would be told value by value and, of pairs, compare row by row.
    """
    if tx.dialect.name != "postgresql":
        return tuple_(*columns).in_(wanted)
    return tuple_(*columns).in_(select(_unnested(columns, zip(*wanted, strict=True))))


class Lookup:
    """A query for the rows whose columns hold one of some tuples, made once for each database.

    To make a statement anew, wide rows above all, costs several times what it takes to send it. ``query`` is without
    the condition; ``columns`` are of texts or of numbers. What else it binds is given with each look-up.
    """

    def __init__(self, query: Select[Any], columns: Sequence[Column[Any]]) -> None:
        self._query = query
        self._columns = columns
        self._made: dict[str, Select[Any]] = {}

    def rows(self, tx: Connection, wanted: Sequence[tuple[str | int, ...]], **bound: Any) -> CursorResult[Any]:
        """Return the rows that hold one of ``wanted``."""
        if tx.dialect.name == "postgresql":
            values = {f"wanted_{at}": text_array(map(str, texts)) for at, texts in enumerate(zip(*wanted, strict=True))}
        else:
            values = {"wanted": json.dumps(wanted)}
        return tx.execute(self._statement(tx.dialect.name), {**values, **bound})

    def of(self, tx: Connection, values: Iterable[str | int], **bound: Any) -> CursorResult[Any]:
        """Return the rows whose one column holds one of ``values``."""
        return self.rows(tx, [(value,) for value in values], **bound)

    def _statement(self, dialect: str) -> Select[Any]:
        if dialect not in self._made:
            self._made[dialect] = self._query.where(self._condition(dialect))
        return self._made[dialect]

    def _condition(self, dialect: str) -> ColumnElement[bool]:
        columns = self._columns
        if dialect == "postgresql":
            arrays = [bindparam(f"wanted_{at}", type_=String) for at in range(len(columns))]
            return tuple_(*columns).in_(select(_as_table(columns, arrays)))
        item = func.json_each(bindparam("wanted", type_=String)).table_valued("value")
        parts = [func.json_extract(item.c.value, f"$[{at}]") for at in range(len(columns))]
        return tuple_(*columns).in_(select(*parts))


def _unnested(columns: Sequence[Column[Any]], values: Iterable[Iterable[str]]) -> TableValuedAlias:
    return _as_table(columns, [bindparam(None, text_array(texts), type_=String) for texts in values])


def _as_table(columns: Sequence[Column[Any]], arrays: Sequence[BindParameter[str]]) -> TableValuedAlias:
    """Return texts, column by column, as a table; each as an array literal, which costs the driver nothing."""
    typed = [cast_as(array, ARRAY(_unbounded(column))) for column, array in zip(columns, arrays, strict=True)]
    return func.unnest(*typed).table_valued(*(column.name for column in columns)).render_derived()


def _unbounded(column: Column[Any]) -> TypeEngine[Any]:
    """A text is compared whole: as a value of a bounded type it would be cut to the bound."""
    return column.type if isinstance(column.type, Integer) else String()


def text_array(texts: Iterable[str]) -> str:
    """Spell texts as one array of PostgreSQL's: a list would cost the driver far more."""
    plain = list(texts)
    quoted = '","'.join(plain)
    if "\\" in quoted or quoted.count('"') > 2 * (len(plain) - 1):  # most have nothing to escape
        quoted = '","'.join(text.replace("\\", "\\\\").replace('"', '\\"') for text in plain)
    return f'{{"{quoted}"}}' if plain else "{}"


def lock_rows(tx: Connection, table: Table, column: str, ids: Iterable[str]) -> None:
    """Lock the rows with these ids, always in sorted order so that two lockers never wait for each other.

    On SQLite the transaction already holds the only write lock there is.
    """
    if tx.dialect.name != "postgresql":
        return
    field: Column[Any] = table.c[column]
    for piece in chunks(sorted(set(ids))):
        tx.execute(select(field).where(any_of(tx, field, piece)).order_by(field).with_for_update()).all()
