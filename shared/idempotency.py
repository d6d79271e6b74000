"""Idempotency-Key: the same call made twice happens once and is answered alike (IETF draft, header of that name).

The key is scoped to the caller and the route; the answer is stored in the transaction of its effect, so there is no
moment at which one exists without the other. A refused call stores nothing: it changed nothing, and may be right later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection, Table, delete, select, text, tuple_, update
from sqlalchemy.exc import OperationalError

from shared.db import Lookup, chunks, insert_ignore, insert_rows, sqlstate
from shared.errors import Conflict, Reject
from shared.http import Ctx
from shared.tables import Plumbing
from shared.uow import Uow

KEY_MAX_CHARS = 255
WAIT_MS = 2_000
"""How long a call waits for another with the same key before it is told that one is running (PostgreSQL)."""
KEPT = timedelta(days=90)
IN_PROGRESS = 0
LOCK_NOT_AVAILABLE = "55P03"

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Once:
    """One creating call: run it at most once per key."""

    key: str
    route: str
    fingerprint: str

    def run(self, ctx: Ctx, work: Callable[[Uow], BaseModel], *, status: int = 201) -> Response:
        """Do the work and store its answer, or give the stored answer again.

        Raises Reject 422 when the key was used with another body, Conflict 409 while the first call still runs.
        """
        with ctx.uow() as uow:
            replayed = self._claim(ctx, uow)
            if replayed is not None:
                return replayed
            body = work(uow).model_dump_json()
            table = uow.tables.idempotency
            uow.tx.execute(update(table).where(*self._where(ctx, table)).values(status=status, body=body))
        return Response(body, status_code=status, media_type="application/json")

    def _where(self, ctx: Ctx, table: Any) -> tuple[Any, ...]:
        client = f"{ctx.caller.role}:{ctx.caller.subject}"
        return (table.c.client == client, table.c.route == self.route, table.c.key == self.key)

    def _claim(self, ctx: Ctx, uow: Uow) -> Response | None:
        table = uow.tables.idempotency
        row = {
            "client": f"{ctx.caller.role}:{ctx.caller.subject}",
            "route": self.route,
            "key": self.key,
            "fingerprint": self.fingerprint,
            "status": IN_PROGRESS,
            "body": "",
            "created_at": uow.machine.now(),
        }
        if self._insert(uow, row):
            return None
        known = uow.tx.execute(select(table).where(*self._where(ctx, table))).one()
        if known.fingerprint != self.fingerprint:
            raise _reused()
        return Response(
            known.body,
            status_code=known.status,
            media_type="application/json",
            headers={"Idempotency-Replayed": "true"},
        )

    @staticmethod
    def _insert(uow: Uow, row: dict[str, Any]) -> int:
        """Take the key; a call that runs with it elsewhere is waited for briefly."""
        if uow.db.dialect == "sqlite":
            return insert_ignore(uow.tx, uow.tables.idempotency, [row])
        uow.tx.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
        try:
            taken = insert_ignore(uow.tx, uow.tables.idempotency, [row])
        except OperationalError as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:
                raise Conflict("in-progress", "Idempotency-Key: a call with this key is still running") from None
            raise
        uow.tx.execute(text("SET LOCAL lock_timeout = 0"))
        return taken


@dataclass(frozen=True, slots=True)
class Call(Generic[Asked]):
    """One creating call on its way into a shared transaction: whose it is, its key, and what it asks for."""

    client: str
    once: Once
    asked: Asked

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two calls the same one."""
        return (self.client, self.once.route, self.once.key)


def run_together(
    uow: Uow,
    calls: Sequence[Call[Asked]],
    work: Callable[[Uow, Sequence[Asked]], Sequence[BaseModel | Exception]],
    *,
    status: int = 201,
) -> list[Response | Exception]:
    """Run several callers' calls in one transaction, each at most once per key; an answer or an error for each.

    A key that another process is using at the same time makes the insert fail and with it the group; group commit
    then tries one by one, where the one that lost replays.
    """
    known = _stored(uow, calls)
    first: dict[tuple[str, str, str], Call[Asked]] = {}
    for call in calls:
        if call.identity not in known:
            first.setdefault(call.identity, call)
    fresh = list(first.values())
    results = dict(zip(first, work(uow, [call.asked for call in fresh]), strict=True)) if fresh else {}
    rows = []
    for identity, call in first.items():
        result = results[identity]
        if not isinstance(result, Exception):
            known[identity] = (call.once.fingerprint, status, result.model_dump_json())
            rows.append(_row(uow, call, *known[identity]))
    if rows:
        # In one order for everybody: two groups that share keys wait for one another, never in a circle.
        rows.sort(key=lambda row: (row["client"], row["route"], row["key"]))
        insert_rows(uow.tx, uow.tables.idempotency, rows)
    return [_answer(call, known, results, fresh=first.get(call.identity) is call) for call in calls]


def forget(tx: Connection, tables: Plumbing, now: datetime, limit: int) -> int:
    """Forget up to ``limit`` keys that are older than ``KEPT``; returns how many. Business keys still protect."""
    table = tables.idempotency
    key = (table.c.client, table.c.route, table.c.key)
    old = select(*key).where(table.c.created_at < now - KEPT).order_by(table.c.created_at).limit(limit)
    return tx.execute(delete(table).where(tuple_(*key).in_(old))).rowcount


@cache
def _answers(table: Table) -> Lookup:
    return Lookup(select(table), [table.c.client, table.c.route, table.c.key])


def _stored(uow: Uow, calls: Sequence[Call[Asked]]) -> dict[tuple[str, str, str], tuple[str, int, str]]:
    found: dict[tuple[str, str, str], tuple[str, int, str]] = {}
    lookup = _answers(uow.tables.idempotency)
    for piece in chunks(call.identity for call in calls):
        rows = lookup.rows(uow.tx, piece)
        found.update({(r.client, r.route, r.key): (r.fingerprint, r.status, r.body) for r in rows})
    return found


def _row(uow: Uow, call: Call[Asked], fingerprint: str, status: int, body: str) -> dict[str, Any]:
    client, route, key = call.identity
    return {
        "client": client,
        "route": route,
        "key": key,
        "fingerprint": fingerprint,
        "status": status,
        "body": body,
        "created_at": uow.machine.now(),
    }


def _answer(
    call: Call[Asked],
    known: dict[tuple[str, str, str], tuple[str, int, str]],
    results: dict[tuple[str, str, str], BaseModel | Exception],
    *,
    fresh: bool,
) -> Response | Exception:
    stored = known.get(call.identity)
    if stored is None:
        return cast(Exception, results[call.identity])
    fingerprint, status, body = stored
    if fingerprint != call.once.fingerprint:
        return _reused()
    headers = {} if fresh else {"Idempotency-Replayed": "true"}
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _reused() -> Reject:
    return Reject("idempotency-key-reused", "Idempotency-Key: expected the body it was first used with, got another")


async def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="Your own id for this call; required.", max_length=KEY_MAX_CHARS)
    ] = None,
) -> Once:
    key = (idempotency_key or "").strip().strip('"')
    if not key:
        raise Reject(
            "idempotency-key-missing", "Idempotency-Key: expected a header with your own id, got none", status=400
        )
    body = await request.body()
    try:
        canonical = json.dumps(json.loads(body or b"null"), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        canonical = body
    path = request.url.path
    fingerprint = hashlib.sha256(path.encode() + b"\0" + canonical).hexdigest()
    route = getattr(request.scope.get("route"), "path", path)
    return Once(key, f"{request.method} {route}", fingerprint)


Idempotent = Annotated[Once, Depends(_once)]
"""The parameter of a route that creates something."""
