"""What a service says of itself: alive, ready, and its metrics.

``/health`` never looks further than the process. ``/ready`` asks the database and the bus; each question is asked once
at a time and waited for briefly, so that a part which says nothing can neither hang the answer nor use up threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import func, select

from shared import outbox
from shared.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from shared.service import Service

ANSWER_S_MAX = 2.0
"""How long a part may take to answer before it counts as away."""


class Ready(BaseModel):
    """Whether a service can do its work; each fault begins with the part it is about: database, bus, consumer."""

    ready: bool
    faults: list[str]


class Question:
    """One question to a part that may be away; raises what the part raised, or TimeoutError when it says nothing."""

    def __init__(self, ask: Callable[[], Awaitable[object]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[object] | None = None

    async def answer(self) -> object:
        """Return the answer; a question that was asked and not answered yet is not asked again."""
        if self._asking is None or self._asking.get_loop() is not asyncio.get_running_loop():
            self._asking = asyncio.ensure_future(_as_coroutine(self._ask))
        asking = self._asking
        done, _ = await asyncio.wait([asking], timeout=ANSWER_S_MAX)
        if not done:
            raise TimeoutError(f"no answer within {ANSWER_S_MAX:.0f} s")
        self._asking = None
        return asking.result()


async def _as_coroutine(ask: Callable[[], Awaitable[object]]) -> object:
    return await ask()


def probes(service: Service) -> APIRouter:
    """Make the three routes of a service."""
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers; never looks at the database or the bus."""
        return {"status": "ok", "service": service.name}

    @router.get("/ready", response_model=Ready, responses={503: {"model": Ready}})
    async def ready(
        what: Annotated[
            Literal["everything", "requests"],
            Query(alias="for", description="`requests`: only what a request needs; what is written waits for the bus."),
        ] = "everything",
    ) -> JSONResponse:
        """Say whether this service can do its work, and what is missing if not."""
        found = await service.faults()
        if what == "requests":
            found = [fault for fault in found if not fault.startswith(("bus:", "consumer:"))]
        return JSONResponse({"ready": not found, "faults": found}, status_code=503 if found else 200)

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Return the metrics in Prometheus' text format; what cannot be read keeps its last value."""
        await service.refresh_metrics()
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    return router


def refresh_gauges(service: Service) -> None:
    """Read what the gauges show from the database."""
    with service.db.read() as tx:
        counts = {"outbox": outbox.waiting(tx, service.tables), **service.service_backlog(tx)}
        parked = tx.execute(select(func.count()).select_from(service.tables.parked_key)).scalar_one()
        dead = tx.execute(select(func.count()).select_from(service.tables.dead_letter)).scalar_one()
    service.metrics.gauge("outbox_waiting", counts["outbox"])
    service.metrics.gauge("parked_keys", parked)
    service.metrics.gauge("dead_letters", dead)
    for kind, count in counts.items():
        service.metrics.gauge("backlog", count, kind=kind)
