"""The limits of the root's own routes: a mounted service has its own, which let a bank file be larger."""

from __future__ import annotations

from collections.abc import Sequence

from shared.clock import Machine
from shared.http import Asgi, Edge, Receive, Scope, Send
from shared.metrics import Metrics

BODY_MAX_BYTES = 10_000
"""The root takes no larger body than a wish about the clock."""


class RootEdge:
    """Puts the edge that every service has before what is not mounted. Pure ASGI."""

    def __init__(self, app: Asgi, *, metrics: Metrics, machine: Machine, mounted: Sequence[str]) -> None:
        self._mounted = app
        self._own = Edge(app, metrics=metrics, machine=machine, body_max_bytes=BODY_MAX_BYTES, large_bodies={})
        self._names = frozenset(mounted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        first = str(scope.get("path", "")).removeprefix("/").partition("/")[0]
        await (self._mounted if first in self._names else self._own)(scope, receive, send)
