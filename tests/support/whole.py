"""A whole installation inside the test's own process: its HTTP surface in front, its databases to look into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from embedded.compose import Installation, compose
from embedded.settings import EmbeddedSettings
from inkasso.client import Server
from inkasso.demo.town import Town
from shared.events import Event, decode
from shared.service import Service


class InProcess(Server):
    """The command line's client, on an application in this process."""

    def __init__(self, client: TestClient, settings: EmbeddedSettings) -> None:
        super().__init__(str(client.base_url), settings)
        self._http.close()
        self._http = client

    def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        kwargs.pop("timeout", None)
        return super().send(method, path, **kwargs)


@contextmanager
def whole(folder: Path, start: date) -> Iterator[tuple[Installation, Town]]:
    """Run claims-api, payments-ingest, escalation and notifications on the embedded log, in the sandbox."""
    settings = EmbeddedSettings(data_dir=folder, business_date=start, port=0)
    installation = compose(settings, url="http://testserver")
    with TestClient(installation.app) as client:
        yield installation, Town(InProcess(client, settings))


def events_of(service: Service, topic: str) -> list[Event]:
    """Return everything a service has published on a topic, in the order it was committed."""
    table = service.tables.events
    with service.db.read() as tx:
        rows = tx.execute(table.select().where(table.c.topic == topic).order_by(table.c.row)).all()
    return [decode(row.headers, row.payload.encode()) for row in rows]
