"""A claims-api of its own for a test: a real SQLite file, the sample creditors, and bodies that are right."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from claims_api.app import build, deps_of_service
from claims_api.settings import Settings
from claims_api.usecases.creditors import apply_creditors
from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock, SystemMachine
from shared.events import Envelope, Event, decode
from shared.events.notifications import DocumentReceived
from shared.ids import derived
from shared.service import Job, Service

TODAY = date(2026, 1, 20)
SAMPLE = Path(__file__).parents[2] / "deploy" / "embedded" / "creditors.toml"

KARI, OLA, PER = "01818510159", "02829012041", "03837913380"
"""Synthetic persons (month + 80), born 1985, 1990 and 1979."""
MIA = "15861260019"
"""A synthetic child, born 15 June 2012."""
BUSINESS = "974780747"


class Desk:
    """A claims-api with its HTTP client; ``as_…`` give headers of a caller, ``post`` brings an Idempotency-Key."""

    def __init__(self, client: TestClient, service: Service, clock: ManualClock, jobs: Sequence[Job]) -> None:
        self.client = client
        self.service = service
        self.clock = clock
        self.jobs = {job.name: job for job in jobs}
        self._keys = 0

    def token(self, role: Role, subject: str, **claims: Any) -> dict[str, str]:
        settings = self.service.settings
        issuer = TokenIssuer(local_key(settings.keys_dir), LOCAL_ISSUER, settings.audience, SystemMachine())
        return {"Authorization": f"Bearer {issuer.issue(role, subject, timedelta(hours=1), **claims)}"}

    def agency(self, unit: str = "bydel-frogner") -> dict[str, str]:
        return self.token(Role.AGENCY, unit, unit=unit)

    def clerk(self, name: str = "Kim", *scopes: str) -> dict[str, str]:
        return self.token(Role.CASEWORKER, name, name=name, scopes=list(scopes))

    def auditor(self) -> dict[str, str]:
        return self.token(Role.AUDITOR, "revisor")

    def operator(self, name: str = "drift") -> dict[str, str]:
        return self.token(Role.OPERATOR, name, name=name)

    def debtor(self, debtor_ref: str) -> dict[str, str]:
        return self.token(Role.DEBTOR, debtor_ref, debtor_ref=debtor_ref)

    def post(self, path: str, body: Any = None, who: dict[str, str] | None = None, key: str | None = None) -> Any:
        self._keys += 1
        headers = {**(who or self.agency()), "Idempotency-Key": key or f"k-{self._keys}"}
        return self.client.post(path, json=body, headers=headers)

    def run_job(self, name: str) -> int:
        """Run a job once; in a test none runs by itself."""
        return self.jobs[name].run(self.service)

    def get(self, path: str, who: dict[str, str] | None = None, **params: Any) -> Any:
        return self.client.get(path, headers=who or self.agency(), params=params)

    def register(self, **changes: Any) -> dict[str, Any]:
        body = claim_body(**changes)
        answer = self.post("/v1/claims", body, self.agency(body["creditor_unit"]))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def hand_in(self, number: int = 1, unit: str | None = None, debtor_ref: str | None = None) -> str:
        """Let notifications tell of a document that a unit, a debtor or the desk handed in; returns its id."""
        told = DocumentReceived(
            document_id=derived(str(number), "document"), sha256=f"{number:064}", size_bytes=1_000, unit=unit,
            debtor_ref=debtor_ref, received_on=self.clock.today(),
        )  # fmt: skip
        envelope = Envelope(
            event_id=derived(told.document_id, "event"), type=told.TYPE, source="notifications",
            time=self.clock.now(), aggregate=told.document_id, version=1,
        )  # fmt: skip
        with self.service.uow() as uow:
            self.service.inbox.handlers[DocumentReceived](uow, [Event(envelope, told)])
        return told.document_id

    def events(self, topic: str = "claims") -> list[Event]:
        table = self.service.tables.events
        with self.service.db.read() as tx:
            rows = tx.execute(table.select().where(table.c.topic == topic).order_by(table.c.row)).all()
        return [decode(row.headers, row.payload.encode()) for row in rows]

    def payloads(self, kind: type[Any]) -> list[Any]:
        return [event.payload for event in self.events(kind.TOPIC) if isinstance(event.payload, kind)]

    def count(self, table: Any) -> int:
        with self.service.db.read() as tx:
            return len(tx.execute(table.select()).all())


@contextmanager
def desk(data_dir: Path, today: date = TODAY, **settings: Any) -> Iterator[Desk]:
    """Run a claims-api with the sample municipality's creditors."""
    machine = SystemMachine()
    clock = ManualClock(today)
    service = build(
        Settings(data_dir=data_dir, **settings), EmbeddedBus(data_dir / "bus.db", machine=machine), clock, machine
    )
    jobs, service.jobs = service.jobs, ()
    with TestClient(service.app, raise_server_exceptions=False) as client:
        with service.uow() as uow:
            content = tomllib.loads(SAMPLE.read_text("utf-8"))
            apply_creditors(uow, deps_of_service(service), content, who="installation", approved_by="installation")
        yield Desk(client, service, clock, jobs)


_BODY: dict[str, Any] = {
    "external_ref": "F-1",
    "claim_type": "kindergarten",
    "creditor_unit": "bydel-frogner",
    "debtor": {
        "kind": "person",
        "national_id": KARI,
        "name": "Kari Nordmann",
        "address": {"line1": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"},
        "language": "nb",
    },
    "principal_ore": 300_000,
    "invoice_number": "100200",
    "invoice_date": "2025-12-20",
    "due_date": "2026-01-10",
    "description": "Barnehageplass januar",
    "service_period": {"from": "2026-01-01", "to": "2026-01-31"},
    "prior_notice": None,
    "co_debtors": [],
    "limitation_date": None,
}


def claim_body(**changes: Any) -> dict[str, Any]:
    """Return a right body with changes; a key such as ``debtor__name`` reaches inside, None of ``...`` removes."""
    body = deepcopy(_BODY)
    for name, value in changes.items():
        *path, last = name.split("__")
        place = body
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return body
