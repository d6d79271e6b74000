"""escalation on a real database, driven by hand: events in through the inbox, the date and the jobs by the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient
from support.machine import HandMachine

from escalation.app import MIGRATIONS, build
from escalation.invariants import violations
from escalation.settings import Settings
from shared.auth import Role, TokenIssuer, local_key
from shared.bus import Record, TopicPartition, partition_for
from shared.bus.embedded import EmbeddedBus
from shared.calendar import deadline_after
from shared.clock import ManualClock
from shared.events import Envelope, Payload, decode, encode
from shared.events.catalogue import TOPICS
from shared.events.claims import (
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    CreditorFacts,
    DemandDeclined,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    HoldEnded,
    HoldPlaced,
    Payee,
    PriorNotice,
    Recipient,
)
from shared.events.escalation import LegalStepProposed, StepDue
from shared.events.notifications import LetterDispatched, LetterSent, PackageAssembled
from shared.ids import derived, letter_id
from shared.migrate import upgrade

EPOCH = "log-1"
START = date(2026, 1, 19)
CREDITOR = CreditorFacts(unit="bydel-frogner", name="Bydel Frogner", org_number="874778702")
PAYEE = Payee(account="13150101837", iban="NO3913150101837", bic="DNBANOKK", name="Oslo kommune")

P = TypeVar("P", bound=Payload)


def registered(
    claim: str = "c1", case: str = "case-1", due: date = date(2026, 1, 15), **changes: Any
) -> ClaimRegistered:
    values: dict[str, Any] = {
        "case_id": case,
        "case_number": "2600000018",
        "case_kid": "226000000100019",
        "claim_id": claim,
        "claim_kid": "126000000100018",
        "creditor_unit": "bydel-frogner",
        "legal_person": "958935420",
        "account": "13150101837",
        "claim_type": "kindergarten",
        "principal_ore": 321_000,
        "invoice_number": "4711",
        "due_date": due,
        "registered_on": START,
        "debtor_refs": ["kari"],
        "dispute_body": "forliksraad",
        **changes,
    }
    return ClaimRegistered(**values)


def noticed(claim: str = "c1", deadline: date = date(2026, 1, 16), **changes: Any) -> ClaimRegistered:
    prior = PriorNotice(sent_on=deadline - timedelta(days=14), deadline=deadline)
    return registered(claim, due=date(2025, 12, 15), prior_notice=prior, **changes)


def issued(step: StepDue, *, claims: Sequence[str] | None = None, total_ore: int = 326_212) -> DemandIssued:
    """Return the demand that claims-api freezes for a step, or for some of its claims."""
    demand = demand_of(step)
    return DemandIssued(
        demand_id=demand,
        step_id=step.step_id,
        case_id=step.case_id,
        case_number="2600000018",
        kind=step.kind,
        claim_ids=list(claims or step.claim_ids),
        planned_dispatch=step.due_on,
        deadline=deadline_after(step.due_on, 14),
        kid="126000000100018",
        lines=[],
        fee_ore=3_800,
        fee_label="Inkassogebyr",
        total_ore=total_ore,
        dispute_body="forliksraad",
        enforcement_basis="tvangsfullbyrdelsesloven 7-2 f",
        creditor=CREDITOR,
        payee=PAYEE,
        recipients=[Recipient(debtor_ref="kari", party_version=1, letter_id=letter_id(demand, "kari"))],
    )


def demand_of(step: StepDue) -> str:
    return f"demand-{step.step_id[:8]}"


def released(step: StepDue) -> DemandReleased:
    return DemandReleased(demand_id=demand_of(step), step_id=step.step_id, case_id=step.case_id, until=step.due_on)


def declined(
    step: StepDue, reason: str, retry_on: date | None = None, claims: Sequence[str] | None = None
) -> DemandDeclined:
    return DemandDeclined(
        step_id=step.step_id, case_id=step.case_id, claim_ids=list(claims or step.claim_ids), reason=reason,
        retry_on=retry_on,
    )  # fmt: skip


def withdrawn(step: StepDue, reason: str, retry_on: date | None = None, **changes: Any) -> DemandWithdrawn:
    values = {"claim_ids": step.claim_ids, "after_dispatch": False, **changes}
    return DemandWithdrawn(
        demand_id=demand_of(step),
        step_id=step.step_id,
        case_id=step.case_id,
        reason=reason,
        retry_on=retry_on,
        **values,
    )


def dispatched(step: StepDue, on: date) -> LetterDispatched:
    return LetterDispatched(demand_id=demand_of(step), case_id=step.case_id, channel="folder", dispatched_on=on)


def sent(step: StepDue, on: date, debtor: str = "kari", **changes: Any) -> LetterSent:
    values = {"deadline": deadline_after(on, 14), "first": True, "last": True, **changes}
    return LetterSent(
        demand_id=demand_of(step), letter_id=letter_id(demand_of(step), debtor), case_id=step.case_id,
        debtor_ref=debtor, kind=step.kind, sent_on=on, channel="folder", **values,
    )  # fmt: skip


def ended(claim: str = "c1", case: str = "case-1", on: date = START, reason: str = "settled") -> ClaimEnded:
    return ClaimEnded.model_validate({"case_id": case, "claim_id": claim, "ended_on": on, "reason": reason})


def reopened(claim: str = "c1", case: str = "case-1", on: date = START) -> ClaimReopened:
    return ClaimReopened(case_id=case, claim_id=claim, reopened_on=on)


def held(reason: str, *claims: str, case: str = "case-1", hold: str = "h1", until: date | None = None) -> HoldPlaced:
    return HoldPlaced(case_id=case, hold_id=hold, claim_ids=list(claims or ["c1"]), reason=reason, until=until)


def let_go(
    reason: str, resume_on: date, *claims: str, case: str = "case-1", hold: str = "h1", **changes: Any
) -> HoldEnded:
    return HoldEnded(
        case_id=case, hold_id=hold, claim_ids=list(claims or ["c1"]), reason=reason, resume_on=resume_on, **changes
    )


def papers(*legal_steps: str, case: str = "case-1", on: date = START) -> PackageAssembled:
    """Return that a petition's package lies ready; its first legal step is the lead case's."""
    return PackageAssembled(
        package_id=legal_steps[0], case_id=case, legal_step_ids=list(legal_steps), body="namsmann", office="folder",
        files=3, sha256="a" * 64, assembled_on=on,
    )  # fmt: skip


@dataclass(slots=True)
class Timekeeper:
    """The service under test and the hand that feeds it and moves its date."""

    folder: Path
    url: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    clock: Any = field(default_factory=lambda: ManualClock(START))
    machine: HandMachine = field(default_factory=HandMachine)
    offsets: Counter[TopicPartition] = field(default_factory=Counter)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    log: list[Record] = field(default_factory=list)
    service: Any = None

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start the service anew on the same data, as after a crash."""
        settings = Settings(
            data_dir=self.folder, database_url=SecretStr(self.url) if self.url else None, **self.settings
        )
        bus = EmbeddedBus(self.folder / "bus.db", machine=self.machine)
        self.service = build(settings, bus, self.clock, self.machine)
        upgrade(self.service.db, MIGRATIONS)
        starts = {TopicPartition(t, p): 0 for t in ("claims", "notifications") for p in range(TOPICS[t].partitions)}
        self.service.inbox.positions(starts, EPOCH)

    def crash(self) -> None:
        """Let go of everything in memory and start again."""
        self.service.db.close()
        self.open()

    def feed(self, *payloads: Payload) -> None:
        """Take these events from the bus, in one batch."""
        records = [self.record(payload) for payload in payloads]
        self.log += records
        self.take(records)

    def take(self, records: Sequence[Record]) -> Any:
        return self.service.inbox.take(records, EPOCH)

    def record(self, payload: Payload) -> Record:
        key = str(payload.case_id)  # type: ignore[attr-defined]
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
        tp = TopicPartition(payload.TOPIC, partition_for(key, TOPICS[payload.TOPIC].partitions))
        offset = self.offsets[tp]
        self.offsets[tp] += 1
        return Record(payload.TOPIC, tp.partition, offset, key, encode(payload), envelope.headers(), 0)

    def fire(self) -> list[Payload]:
        """Fire what is due today until there is no more; returns what was published by it."""
        before = len(self.published())
        for _ in range(50):
            if not self.job("fire"):
                self.check()
                return self.published()[before:]
        raise AssertionError("the timers do not come to rest")

    def job(self, name: str) -> int:
        """Run one job once."""
        return int(next(job for job in self.service.jobs if job.name == name).run(self.service))

    def check(self) -> None:
        """Assert that what must always hold does."""
        with self.service.db.read() as tx:
            assert violations(tx) == []

    def until(self, last: date, *, send: bool = True) -> list[Payload]:
        """Live through the days up to and including ``last``; letters go out on the day they are asked for."""
        found: list[Payload] = []
        while True:
            for payload in self.fire():
                found.append(payload)
                if send and isinstance(payload, StepDue):
                    self.deliver(payload)
            if self.clock.today() >= last:
                return found
            self.clock.set(self.clock.today() + timedelta(days=1))

    def deliver(self, step: StepDue) -> None:
        """Let claims-api issue a step's demand and notifications send its letter, today."""
        today = self.clock.today()
        self.feed(issued(step), released(step), dispatched(step, today), sent(step, today))

    def published(self, kind: type[P] | None = None) -> list[Any]:
        """Return what the service has published, in order; only of this kind if one is given."""
        tables = self.service.tables
        with self.service.db.read() as tx:
            rows = tx.execute(select(tables.events).order_by(tables.events.c.row)).all()
        payloads = [decode(row.headers, row.payload.encode()).payload for row in rows]
        return [payload for payload in payloads if kind is None or isinstance(payload, kind)]

    def letters(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return day, kind and claims of every step that came due."""
        steps = self.published(StepDue)
        return [(step.due_on.isoformat(), step.kind, tuple(step.claim_ids)) for step in steps]

    def proposals(self) -> list[LegalStepProposed]:
        return self.published(LegalStepProposed)

    def parked(self) -> list[str]:
        with self.service.db.read() as tx:
            return [row.reason for row in tx.execute(select(self.service.tables.parked_key))]

    def backlog(self) -> dict[str, int]:
        with self.service.db.read() as tx:
            return dict(self.service.service_backlog(tx))

    def client(self, role: Role = Role.CASEWORKER, **claims: str) -> TestClient:
        """Return an HTTP client with a token of this role."""
        issuer = TokenIssuer(local_key(self.folder / "keys"), "urn:inkasso:local", "inkasso", self.machine)
        token = issuer.issue(role, claims.get("name", "someone"), timedelta(hours=1), **claims)
        client = TestClient(self.service.app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def case(self, case_id: str = "case-1", role: Role = Role.CASEWORKER, **claims: str) -> Any:
        """Read a case over HTTP."""
        answer = self.client(role, **claims).get(f"/v1/cases/{case_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def post(time: Timekeeper, step: str, what: str, **body: Any) -> Any:
    """Answer a call about a legal step."""
    return time.client().post(f"/v1/legal-steps/{step}/{what}", json=body)


def approved(time: Timekeeper) -> str:
    """Return a legal step that was proposed on its day, approved, and has its papers."""
    time.feed(registered())
    time.until(date(2026, 3, 10))
    step = str(time.proposals()[-1].legal_step_id)
    assert post(time, step, "approval").status_code == 200
    time.feed(papers(step, on=time.clock.today()))
    return step
