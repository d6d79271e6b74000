"""What a route gets: who calls, the service, and transactions. ``allow`` names the roles that may use it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from shared.auth import Caller, Role, Unauthenticated
from shared.clock import Machine
from shared.db import confine
from shared.errors import Forbidden
from shared.metrics import Metrics
from shared.problems import fault_response, problem_response
from shared.trace import enter_trace
from shared.uow import Uow

if TYPE_CHECKING:
    from shared.service import Service

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
WAIT_S = 2.0
"""How long a reader waits for the version of a case that they just made."""
WAIT_POLL_S = 0.02
HEADERS_MAX_BYTES = 32_000

_bearer = HTTPBearer(auto_error=False, description="A token with a role; see docs/how-to/call-the-api.md.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True, slots=True)
class Ctx:
    """One request's surroundings."""

    service: Service
    caller: Caller

    @property
    def today(self) -> date:
        """The business date."""
        return self.service.clock.today()

    @contextmanager
    def uow(self) -> Iterator[Uow]:
        """Open the unit of work of a request that changes something, confined to what the caller may touch."""
        with self.service.uow() as uow:
            self.confine(uow.tx)
            yield uow

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only snapshot, confined to what the caller may see."""
        with self.service.db.read() as tx:
            self.confine(tx)
            yield tx

    def confine(self, tx: Connection) -> None:
        """Confine a transaction that was opened otherwise to what the caller may see."""
        confine(tx, units_of([self.caller]))

    def who(self) -> str:
        """Return the person or system to write down as having done something."""
        return self.caller.name or self.caller.subject


def units_of(callers: Iterable[Caller]) -> frozenset[str] | None:
    """Return the creditor units that these callers may see between them; None: every one."""
    units = {caller.sight.unit for caller in callers}
    return None if None in units else frozenset(unit for unit in units if unit is not None)


def allow(*roles: Role, scope: str | None = None) -> Any:
    """Let only these roles (and, if given, only tokens with ``scope``) use a route; hands it its ``Ctx``."""

    async def resolve(request: Request, credentials: Bearer) -> Ctx:
        service: Service = request.app.state.service
        if credentials is None or not credentials.credentials:
            raise Unauthenticated("Authorization: expected a bearer token, got none")
        caller = service.verifier.verify(credentials.credentials)
        if caller.role not in roles:
            raise Forbidden("role", f"role: expected {' or '.join(roles)}, got {caller.role}")
        if scope is not None and scope not in caller.scopes:
            raise Forbidden("scope", f"scope: expected {scope}, got a token without it")
        return Ctx(service, caller)

    resolve.roles = roles  # type: ignore[attr-defined]  # told by OpenAPI, operation by operation
    return Depends(resolve)


def wait_until(ctx: Ctx, there: Callable[[Connection], bool]) -> None:
    """Look again and again until something is there, but no longer than WAIT_S: then there is what there is."""
    machine = ctx.service.machine
    until = machine.monotonic() + WAIT_S
    rest = threading.Event()
    while True:
        with ctx.read() as tx:
            found = there(tx)
        if found or machine.monotonic() >= until:
            return
        rest.wait(WAIT_POLL_S)


def next_after(items: Sequence[Any], key: str, limit: int) -> str | None:
    """Return the cursor of the page after ``items``: the ``key`` of the last; None when this is the last page."""
    return str(getattr(items[-1], key)) if len(items) == limit else None


class Edge:
    """The outermost layer of a service: body and header limits, the trace, counting. Pure ASGI, for its speed."""

    def __init__(
        self, app: Asgi, *, metrics: Metrics, machine: Machine, body_max_bytes: int, large_bodies: dict[str, int]
    ) -> None:
        self._app = app
        self._machine = machine
        self._metrics = metrics
        self._body_max_bytes = body_max_bytes
        self._large_bodies = large_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        enter_trace(headers.get(b"traceparent", b"").decode("latin-1"))
        started = self._machine.monotonic()
        status = 0

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        refused = self._refuse(scope, headers)
        try:
            await (refused or self._app)(scope, _Limited(receive, self._limit(scope)), sending)
        except Exception as error:
            if status:  # an answer has begun: the server can only break it off, and tells
                raise
            await fault_response(error)(scope, receive, sending)
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"]
        self._metrics.count("http_requests_total", method=method, route=route, status=str(status))
        self._metrics.observe("http_request_seconds", self._machine.monotonic() - started, method=method, route=route)

    def _limit(self, scope: Scope) -> int:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return self._large_bodies.get(path, self._body_max_bytes)

    def _refuse(self, scope: Scope, headers: dict[bytes, bytes]) -> Any:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_MAX_BYTES:
            return problem_response(413, "too-large", f"headers: expected at most {HEADERS_MAX_BYTES} bytes, got more")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 15:
            return problem_response(400, "content-length", "Content-Length: expected a number, got something else")
        limit = self._limit(scope)
        if int(length) > limit:
            return problem_response(413, "too-large", f"body: expected at most {limit} bytes, got {int(length)}")
        return None


class _Limited:
    """Counts the bytes of a body as they come: a length in a header is only a claim."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, "body: expected no more than this route's limit, got more")
        return message
