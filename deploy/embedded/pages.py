"""What the one process shows at its root: where to go, whether all is well, and every service's metrics in one page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from html import escape

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import generate_latest
from prometheus_client.core import Metric

from shared.clock import Clock
from shared.metrics import CONTENT_TYPE, Metrics
from shared.problems import Problem
from shared.service import Service

ABOUT = {
    "claims-api": "Krav, saker, regnskap, innsigelser og avtaler",
    "payments-ingest": "Bankfiler, innbetalinger og køen av ukjente betalinger",
    "escalation": "Hva som skjer videre, og når",
    "notifications": "Brev og dokumenter",
}

PAGE = """<!doctype html>
<html lang="nb">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kommunal innkreving</title>
<style>
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ background: #f2f2f2; padding: .1em .3em; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid #d0d0d8; vertical-align: top; }}
a {{ color: #1f42aa; }}
</style>
</head>
<body>
<main>
<h1>Kommunal innkreving</h1>
<p>Innkrevingsplattformen kjører. Virkedato: <strong>{today}</strong>{sandbox}.</p>
<h2>Tjenestene</h2>
<table>
<thead><tr><th scope="col">Tjeneste</th><th scope="col">Hva den gjør</th><th scope="col">Dokumentasjon</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<h2>Kom i gang</h2>
<p>Alle kall trenger et token: <code>inkasso token agency bydel-frogner</code>, <code>inkasso token caseworker</code>,
<code>inkasso token bank</code>. Se et helt forløp med <code>make demo</code>.</p>
{clock}
<p>Brev legges i mappen <code>letters</code> og bankfiler leses fra <code>bank/inbox</code> i datamappen.</p>
<p>Drift: <a href="/health">/health</a>, <a href="/ready">/ready</a>, <a href="/metrics">/metrics</a>.</p>
</main>
</body>
</html>
"""

CLOCK = """<p>Dette er en sandkasse: datoen flyttes bare når du ber om det, med
<code>inkasso clock advance 1</code> eller <code>POST /sandbox/v1/clock</code>
(<a href="/docs">dokumentasjon</a>).</p>"""


def root_router(services: Sequence[Service], clock: Clock, own: Metrics, *, sandbox: bool) -> APIRouter:
    """Make the routes of the root; ``own`` are the metrics of the root itself."""
    router = APIRouter(tags=["operations"])

    @router.get("/", response_class=HTMLResponse, include_in_schema=False)
    def front() -> HTMLResponse:
        """Explain where to go."""
        rows = "\n".join(_row(service.name) for service in services)
        note = " (sandkasse)" if sandbox else ""
        return HTMLResponse(
            PAGE.format(today=clock.today().isoformat(), sandbox=note, rows=rows, clock=CLOCK if sandbox else "")
        )

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @router.get("/ready", responses={503: {"model": Problem}})
    async def ready() -> JSONResponse:
        """Say whether every service can do its work, and what is missing where if not."""
        found = await asyncio.gather(*(service.faults() for service in services))
        faults = {service.name: each for service, each in zip(services, found, strict=True) if each}
        return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)

    @router.get("/metrics", response_class=Response)
    async def show_metrics() -> Response:
        """Return every service's metrics in Prometheus' text format; the label ``service`` tells them apart."""
        for service in services:
            await asyncio.to_thread(service.refresh_gauges)
            service.metrics.gauge("consumer_lag", await service.worker.lag())
        merged = _Merged([own, *(service.metrics for service in services)])
        return Response(generate_latest(merged), media_type=CONTENT_TYPE)

    return router


def _row(name: str) -> str:
    safe = escape(name)
    links = f'<a href="/{safe}/docs">/{safe}/docs</a>, <a href="/{safe}/openapi.json">openapi.json</a>'
    return f'<tr><th scope="row">{safe}</th><td>{escape(ABOUT.get(name, ""))}</td><td>{links}</td></tr>'


class _Merged:
    """Several registries read as one: each metric once, with the samples of all."""

    def __init__(self, metrics: Sequence[Metrics]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Return each metric once."""
        merged: dict[str, Metric] = {}
        for one in self._metrics:
            for metric in one.registry.collect():
                kept = merged.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                kept.samples.extend(metric.samples)
        return merged.values()
