"""payments-ingest on a real database, driven by hand: events in through the inbox, files through HTTP or the folder."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient
from support.bank_files import ACCOUNT
from support.machine import HandMachine

from payments_ingest.app import MIGRATIONS, build
from payments_ingest.formats import OcrPayment
from payments_ingest.formats.ocr_write import OcrAssignment, OcrTransmission, write_ocr
from payments_ingest.invariants import violations
from payments_ingest.settings import Settings
from shared.auth import Role, TokenIssuer, local_key
from shared.bus import Record, TopicPartition, partition_for
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock
from shared.events import Envelope, Event, Payload, decode, encode
from shared.events.catalogue import TOPICS
from shared.events.claims import ClaimRegistered, PartyState
from shared.ids import derived
from shared.kid import KidKind, make_case_number, make_kid
from shared.migrate import upgrade

EPOCH = "log-1"
TODAY = date(2026, 3, 2)
"""A Monday."""


def number(serial: int) -> str:
    return make_case_number(2026, serial)


def claim_kid(serial: int, sequence: int = 1) -> str:
    return make_kid(KidKind.CLAIM, number(serial), sequence)


def case_kid(serial: int) -> str:
    return make_kid(KidKind.CASE, number(serial), 0)


def registered(serial: int, **changes: Any) -> ClaimRegistered:
    """Return the claim ``claim-N`` of the case ``case-N``: 1 000 kroner of the debtor ``debtor-N``."""
    sequence = changes.pop("sequence", 1)
    values: dict[str, Any] = {
        "case_id": f"case-{serial}",
        "case_number": number(serial),
        "case_kid": case_kid(serial),
        "claim_id": f"claim-{serial}-{sequence}" if sequence > 1 else f"claim-{serial}",
        "claim_kid": claim_kid(serial, sequence),
        "creditor_unit": "bydel-frogner",
        "legal_person": "958935420",
        "account": ACCOUNT,
        "claim_type": "kindergarten",
        "principal_ore": 100_000,
        "invoice_number": f"F-{serial}-{sequence}",
        "due_date": date(2026, 1, 15),
        "registered_on": TODAY,
        "debtor_refs": [f"debtor-{serial}"],
        "dispute_body": "forliksraad",
        **changes,
    }
    return ClaimRegistered(**values)


def party(serial: int, name: str) -> PartyState:
    return PartyState(debtor_ref=f"debtor-{serial}", kind="person", name=name)


def pay(serial: int, amount_ore: int = 100_000, **changes: Any) -> OcrPayment:
    """Return a payment on the KID of ``claim-N``."""
    return OcrPayment(**{"amount_ore": amount_ore, "kid": claim_kid(serial), **changes})


def ocr(*payments: OcrPayment, transmission: int = 1, day: date = TODAY, account: str = ACCOUNT) -> bytes:
    """Return an OCR giro file as the bank would send it on ``day``."""
    assignment = OcrAssignment(account=account, payments=payments)
    return write_ocr(OcrTransmission(number=transmission, produced_on=day, assignments=(assignment,)))


@dataclass(slots=True)
class Bankroom:
    """The service under test and the hand that feeds it."""

    folder: Path
    url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=lambda: ManualClock(TODAY))
    machine: HandMachine = field(default_factory=HandMachine)
    offsets: Counter[TopicPartition] = field(default_factory=Counter)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    service: Any = None

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start the service on its data."""
        options = {"inbox_settle_s": 0, **self.options}
        url = SecretStr(self.url) if self.url else None
        settings = Settings(data_dir=self.folder, database_url=url, **options)
        bus = EmbeddedBus(self.folder / "bus.db", machine=self.machine)
        self.service = build(settings, bus, self.clock, self.machine)
        upgrade(self.service.db, MIGRATIONS)
        starts = {TopicPartition(t, p): 0 for t in ("claims", "parties") for p in range(TOPICS[t].partitions)}
        self.service.inbox.positions(starts, EPOCH)

    def crash(self) -> None:
        """Let go of everything in memory and start again."""
        self.service.db.close()
        self.open()

    # Events

    def feed(self, *payloads: Payload) -> None:
        """Take these events from the bus, in one batch."""
        self.take([self.record(payload) for payload in payloads])

    def take(self, records: Sequence[Record]) -> Any:
        return self.service.inbox.take(records, EPOCH)

    def record(self, payload: Payload) -> Record:
        names = ("text_id", "debtor_ref", "case_id", "refund_id")
        key = next(str(value) for name in names if (value := getattr(payload, name, None)))
        self.versions[(payload.TOPIC, key)] += 1
        version = self.versions[(payload.TOPIC, key)]
        envelope = Envelope(
            event_id=derived(key, payload.TYPE, version),
            type=payload.TYPE,
            source="claims-api",
            time=self.clock.now(),
            aggregate=key,
            version=version,
        )
        return self._record(payload.TOPIC, key, encode(payload), envelope.headers())

    def erase(self, ref: str) -> None:
        """Take a tombstone from ``parties``."""
        self.versions[("parties", ref)] += 1
        headers = {"ce_aggregateversion": str(self.versions[("parties", ref)])}
        self.take([self._record("parties", ref, None, headers)])

    def _record(self, topic: str, key: str, value: bytes | None, headers: dict[str, str]) -> Record:
        tp = TopicPartition(topic, partition_for(key, TOPICS[topic].partitions))
        offset = self.offsets[tp]
        self.offsets[tp] += 1
        return Record(topic, tp.partition, offset, key, value, headers, 0)

    def published(self, *kinds: type[Payload]) -> list[Any]:
        """Return what the service has published, in order; only of these kinds if any are given."""
        return [event.payload for event in self.events() if not kinds or isinstance(event.payload, kinds)]

    def events(self) -> list[Event]:
        tables = self.service.tables
        with self.service.db.read() as tx:
            rows = tx.execute(select(tables.events).order_by(tables.events.c.row)).all()
        return [decode(row.headers, row.payload.encode()) for row in rows]

    def parked(self) -> list[str]:
        with self.service.db.read() as tx:
            return [row.reason for row in tx.execute(select(self.service.tables.parked_key))]

    # Work

    def work(self) -> int:
        """Run every job until there is nothing more to do; returns how much was done."""
        done = 0
        for _ in range(500):
            step = sum(job.run(self.service) for job in self.service.jobs)
            done += step
            if not step and not self.backlog()["bank_inbox"]:
                assert self.broken() == []
                assert self.backlog()["bank_files"] == 0
                return done
        raise AssertionError("the jobs do not come to rest")

    def job(self, name: str) -> int:
        """Run one job once."""
        return int(next(job for job in self.service.jobs if job.name == name).run(self.service))

    def backlog(self) -> dict[str, int]:
        with self.service.db.read() as tx:
            return dict(self.service.service_backlog(tx))

    def broken(self) -> list[str]:
        with self.service.db.read() as tx:
            return violations(tx)

    # HTTP

    def client(self, role: Role = Role.CASEWORKER, name: str = "kari", **claims: str) -> TestClient:
        """Return an HTTP client with a token of this role."""
        issuer = TokenIssuer(local_key(self.folder / "keys"), "urn:inkasso:local", "inkasso", self.machine)
        token = issuer.issue(role, name, timedelta(hours=1), name=name, **claims)
        client = TestClient(self.service.app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def send(self, content: bytes, *, name: str = "", zipped: bool = False) -> dict[str, Any]:
        """Upload a file as the bank would; returns the answer's body."""
        body = gzip.compress(content, mtime=0) if zipped else content
        answer = self.client(Role.BANK, "bank").post("/v1/files", content=body, params={"name": name})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def imported(self, content: bytes) -> dict[str, Any]:
        """Upload a file and let it be released; returns what became of it."""
        sent = self.send(content)
        self.work()
        return self.file(sent["file_id"])

    def file(self, file_id: str) -> dict[str, Any]:
        return dict(self.get(f"/v1/files/{file_id}"))

    def get(self, path: str, role: Role = Role.CASEWORKER, **params: Any) -> Any:
        answer = self.client(role).get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def payments(self, *states: str) -> list[dict[str, Any]]:
        return list(self.get("/v1/payments", state=list(states), limit=200)["items"])

    def post(
        self, path: str, body: Any = None, *, who: str = "kari", role: Role = Role.CASEWORKER, key: str = ""
    ) -> Any:
        headers = {"Idempotency-Key": key or derived(path, str(body), len(who))}
        return self.client(role, who).post(path, json=body, headers=headers)

    def done(self, path: str, body: Any = None, **options: Any) -> Any:
        """Post and expect it to be done."""
        answer = self.post(path, body, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    # The drop folder

    @property
    def inbox(self) -> Path:
        path = self.folder / "bank" / "inbox"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def files_in(self, name: str) -> list[str]:
        path = self.folder / "bank" / name
        return sorted(one.name for one in path.iterdir()) if path.exists() else []
