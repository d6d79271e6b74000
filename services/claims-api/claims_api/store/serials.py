"""Saksnummer serials: each given out once, and nobody waits for another's transaction to get one.

The counter's row would be locked until a claim is committed, and so let one transaction at a time open cases. On
PostgreSQL it is moved on by many at once in a transaction of its own; what is left of them when the process ends is
never given out. On SQLite there is one writer, and the counter moves in its transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, bindparam, text, update

from claims_api.tables import CaseCounterRow
from shared.db import Database, insert_ignore, table_of
from shared.uow import Uow

AHEAD = 500
"""Serials a process reserves at a time; a year has ten million."""

_COUNTER = table_of(CaseCounterRow)
_MOVED = (
    update(_COUNTER)
    .where(_COUNTER.c.year == bindparam("of_year"))
    .values(last_serial=_COUNTER.c.last_serial + bindparam("by"))
    .returning(_COUNTER.c.last_serial)
)
_lock = threading.Lock()
_reserved: WeakKeyDictionary[Database, tuple[int, list[int]]] = WeakKeyDictionary()
"""The year of each database's reserved serials, and what is left of them, ascending."""


def take_serials(uow: Uow, count: int) -> Sequence[int]:
    """Return ``count`` saksnummer serials of today's year, ascending, that nobody else gets."""
    year = uow.today.year
    if uow.db.dialect == "sqlite":
        return _move(uow.tx, year, count)
    with _lock:
        of_year, left = _reserved.get(uow.db, (year, []))
        if of_year != year:
            left = []
        if len(left) < count:
            with uow.db.begin_beside() as tx:
                # Whatever uses the serials is committed later, and with it on disk this is too.
                tx.execute(text("SET LOCAL synchronous_commit = off"))
                left = [*left, *_move(tx, year, max(AHEAD, count))]
        _reserved[uow.db] = (year, left[count:])
        return left[:count]


def _move(tx: Connection, year: int, count: int) -> Sequence[int]:
    step = {"of_year": year, "by": count}
    last = tx.execute(_MOVED, step).scalar()
    if last is None:  # the first of its year
        insert_ignore(tx, _COUNTER, [{"year": year, "last_serial": 0}])
        last = tx.execute(_MOVED, step).scalar_one()
    return range(last - count + 1, last + 1)
