"""notifications on a real database, driven by hand: events in through the inbox, jobs run when a test says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient
from support import letters as sample
from support.machine import HandMachine

from notifications.app import MIGRATIONS, build
from notifications.channels import Channel
from notifications.handover import Office
from notifications.invariants import violations
from notifications.settings import Settings
from shared.auth import Role, TokenIssuer, local_key
from shared.bus import Record, TopicPartition, partition_for
from shared.bus.embedded import EmbeddedBus
from shared.clock import ManualClock, SystemMachine
from shared.events import Envelope, Event, Payload, decode, encode
from shared.events.catalogue import TOPICS
from shared.events.claims import (
    Address,
    CreditorFacts,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    FeeReversed,
    PartyState,
    Payee,
    Recipient,
    StatementLine,
)
from shared.events.requests import TextState
from shared.ids import derived, letter_id
from shared.migrate import upgrade
from shared.sealing import read_public, seal
from shared.tables import Plumbing

EPOCH = "log-1"
TODAY = date(2026, 1, 29)
DEADLINE = date(2026, 2, 12)
CREDITOR = CreditorFacts(unit="bydel-frogner", name="Bydel Frogner", org_number="874778702")
PAYEE = Payee(account="13150101837", iban="NO3913150101837", bic="DNBANOKK", name="Oslo kommune, Innkrevingsetaten")


def issued(
    demand: str = "d1", case: str = "case-1", debtors: Sequence[str] = ("kari",), **changes: Any
) -> DemandIssued:
    """Return an inkassovarsel as claims-api would freeze it on 29 January 2026."""
    version = changes.pop("party_version", 1)
    line = StatementLine(
        claim_id="claim-1",
        claim_type="kindergarten",
        service_name="Barnehage",
        invoice_number="4711",
        invoice_date=date(2025, 12, 20),
        due_date=date(2026, 1, 15),
        principal_ore=321_000,
        interest_ore=1_412,
        interest_from=date(2026, 1, 15),
        interest_rate_percent="12.00",
        fees_ore=0,
        legal_costs_ore=0,
        total_ore=322_412,
    )
    values: dict[str, Any] = {
        "demand_id": demand,
        "step_id": f"step-{demand}",
        "case_id": case,
        "case_number": sample.CASE_NUMBER,
        "kind": "inkassovarsel",
        "claim_ids": ["claim-1"],
        "planned_dispatch": TODAY,
        "deadline": DEADLINE,
        "kid": sample.CLAIM_KID,
        "lines": [line],
        "fee_ore": 3_800,
        "fee_label": "Inkassogebyr",
        "total_ore": 326_212,
        "dispute_body": "forliksraad",
        "enforcement_basis": "tvangsfullbyrdelsesloven 7-2 f",
        "creditor": CREDITOR,
        "payee": PAYEE,
        "recipients": [
            Recipient(debtor_ref=ref, party_version=version, letter_id=letter_id(demand, ref)) for ref in debtors
        ],
        **changes,
    }
    return DemandIssued(**values)


def released(demand: str = "d1", case: str = "case-1", until: date = TODAY) -> DemandReleased:
    return DemandReleased(demand_id=demand, step_id=f"step-{demand}", case_id=case, until=until)


def withdrawn(demand: str = "d1", case: str = "case-1", **changes: Any) -> DemandWithdrawn:
    values = {"claim_ids": ["claim-1"], "reason": "paid", **changes}
    return DemandWithdrawn(demand_id=demand, step_id=f"step-{demand}", case_id=case, **values)


def reversed_fee(notice: str = "n1", demand: str = "d1", case: str = "case-1", debtor: str = "kari") -> FeeReversed:
    return FeeReversed(
        case_id=case,
        case_number=sample.CASE_NUMBER,
        notice_id=notice,
        demand_id=demand,
        claim_ids=["claim-1"],
        amount_ore=3_800,
        reversed_on=TODAY,
        reason="no_ground",
        creditor=CREDITOR,
        recipients=[Recipient(debtor_ref=debtor, party_version=1, letter_id=letter_id(notice, debtor))],
    )


def party(ref: str = "kari", name: str = "Kari Nordmann", **changes: Any) -> PartyState:
    home = Address(line1="Storgata 1 B", postal_code="0155", city="Oslo")
    return PartyState(**{"debtor_ref": ref, "kind": "person", "name": name, "address": home, **changes})


@dataclass(slots=True)
class Mailroom:
    """The service under test and the hand that feeds it."""

    folder: Path
    channel: Channel | None = None
    office: Office | None = None
    url: str | None = None
    clock: ManualClock = field(default_factory=lambda: ManualClock(TODAY))
    machine: HandMachine = field(default_factory=HandMachine)
    offsets: Counter[TopicPartition] = field(default_factory=Counter)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    log: list[Record] = field(default_factory=list)
    service: Any = None

    def __post_init__(self) -> None:
        self.open()

    def open(self, channel: Channel | None = None) -> None:
        """Start the service anew on the same data, as after a crash."""
        settings = Settings(
            data_dir=self.folder,
            portal_url="https://innkreving.example/min-side",
            database_url=SecretStr(self.url) if self.url else None,
        )
        bus = EmbeddedBus(self.folder / "bus.db", machine=self.machine)
        self.service = build(
            settings, bus, self.clock, self.machine, channel=channel or self.channel, office=self.office
        )
        upgrade(self.service.db, MIGRATIONS)
        starts = {
            TopicPartition(t, p): 0 for t in ("claims", "escalation", "parties") for p in range(TOPICS[t].partitions)
        }
        self.service.inbox.positions(starts, EPOCH)

    def crash(self, channel: Channel | None = None) -> None:
        """Let go of everything in memory and start again."""
        self.service.db.close()
        self.open(channel)

    def feed(self, *payloads: Payload) -> None:
        """Take these events from the bus, in one batch."""
        self.take([self.record(payload) for payload in payloads])

    def take(self, records: Sequence[Record]) -> Any:
        self.log.extend(records)
        return self.service.inbox.take(records, EPOCH)

    def record(self, payload: Payload) -> Record:
        names = ("text_id", "debtor_ref", "case_id")
        key = next(str(getattr(payload, name)) for name in names if getattr(payload, name, ""))
        self.versions[(payload.TOPIC, key)] += 1
        version = self.versions[(payload.TOPIC, key)]
        envelope = Envelope(
            event_id=derived(key, payload.TYPE, version),
            type=payload.TYPE,
            source=TOPICS[payload.TOPIC].producer,
            time=self.clock.now(),
            aggregate=key,
            version=version,
        )
        return self._record(payload.TOPIC, key, encode(payload), envelope.headers())

    def text(self, words: str, text_id: str = "text-1", *, context: str | None = None) -> TextState:
        """Return words as claims-api seals them to this service."""
        public = read_public(self.folder / "keys" / "notifications.pub")
        return TextState(text_id=text_id, case_id="case-1", sealed_text=seal(public, words, context=context or text_id))

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

    def work(self) -> int:
        """Run every job until there is nothing more to do; returns how much was done."""
        done = 0
        for _ in range(200):
            step = sum(job.run(self.service) for job in self.service.jobs)
            done += step
            if not step:
                with self.service.db.read() as tx:
                    assert violations(tx) == []
                return done
        raise AssertionError("the jobs do not come to rest")

    def job(self, name: str) -> int:
        """Run one job once."""
        return int(next(job for job in self.service.jobs if job.name == name).run(self.service))

    def backlog(self) -> int:
        with self.service.db.read() as tx:
            return int(self.service.service_backlog(tx)["letters"])

    def published(self, *kinds: type[Payload]) -> list[Payload]:
        """Return what the service has published, in order; only of these kinds if any are given."""
        tables: Plumbing = self.service.tables
        with self.service.db.read() as tx:
            rows = tx.execute(select(tables.events).order_by(tables.events.c.row)).all()
        events: list[Event] = [decode(row.headers, row.payload.encode()) for row in rows]
        return [event.payload for event in events if not kinds or isinstance(event.payload, kinds)]

    def parked(self) -> list[str]:
        with self.service.db.read() as tx:
            return [row.reason for row in tx.execute(select(self.service.tables.parked_key))]

    def pdfs(self) -> list[Path]:
        return sorted((self.folder / "letters").rglob("*.pdf"))

    def receipts(self) -> list[dict[str, Any]]:
        return [json.loads(p.read_text()) for p in sorted((self.folder / "letters").rglob("*.json"))]

    def client(self, role: Role = Role.CASEWORKER, **claims: str) -> TestClient:
        """Return an HTTP client with a token of this role."""
        machine = SystemMachine() if not isinstance(self.machine, HandMachine) else self.machine
        issuer = TokenIssuer(local_key(self.folder / "keys"), "urn:inkasso:local", "inkasso", machine)
        token = issuer.issue(role, "someone", timedelta(hours=1), **claims)
        client = TestClient(self.service.app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {token}"
        return client
