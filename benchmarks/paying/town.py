"""A town full of open cases: one claim is registered as a unit does it, and multiplied in both databases by SQL."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from math import gcd
from typing import Any

import psycopg
from pydantic import SecretStr

from local.layout import Layout
from local.postgres import plain
from paying.parts import Parts

PRINCIPAL_ORE = 321_000
FIRST_SERIAL = 1_000
DUE_DAYS = 40
REGISTERED_BEFORE = timedelta(days=7)
"""How long before it is paid the town was registered: its bookings are not of the hour of the payments."""
_ACCOUNT = "13150101837"
_BEFORE = "before"
"""The epoch of the log that the first event came on: no broker's."""

# Every column that must not be the template's own: as an expression of the numbered case ``n``.
CLAIMS_API: Mapping[str, Mapping[str, str]] = {
    "debtor": {"debtor_ref": "n.debtor_ref", "id_index": "md5(n.debtor_ref)"},
    "case_file": {
        "case_id": "n.case_id",
        "case_number": "n.case_number",
        "kid": "n.case_kid",
        "debtor_ref": "n.debtor_ref",
    },
    "claim": {
        "claim_id": "n.claim_id",
        "case_id": "n.case_id",
        "debtor_ref": "n.debtor_ref",
        "external_ref": "n.case_number",
        "invoice_number": "n.case_number",
        "kid": "n.claim_kid",
    },
    "claim_party": {"claim_id": "n.claim_id", "debtor_ref": "n.debtor_ref"},
    "kid": {
        "kid": "CASE t.kind WHEN 1 THEN n.claim_kid ELSE n.case_kid END",
        "case_id": "n.case_id",
        "claim_id": "CASE t.kind WHEN 1 THEN n.claim_id END",
    },
    "ledger": {
        "transfer_id": "substr(md5(t.transfer_id), 1, 8) || substr(n.claim_id, 9)",
        "debit_owner": "n.claim_id",
        "source_event": "substr(md5(t.source_event), 1, 8) || substr(n.claim_id, 9)",
        "case_id": "n.case_id",
        "claim_id": "n.claim_id",
        "about": "n.claim_id",
    },
    "timeline": {
        "entry_id": "substr(md5(t.entry_id), 1, 8) || substr(n.claim_id, 9)",
        "case_id": "n.case_id",
        "claim_id": "CASE WHEN t.claim_id IS NOT NULL THEN n.claim_id END",
    },
    "events": {
        "event_id": "substr(md5(t.event_id), 1, 8) || substr(n.claim_id, 9)",
        "key": "n.case_id",
        "payload": "replace(replace(t.payload, :case, n.case_id), :claim, n.claim_id)",
        "row": "nextval(pg_get_serial_sequence('events', 'row'))",
    },
    "stream_version": {"key": "n.case_id"},
}
PAYMENTS_INGEST: Mapping[str, Mapping[str, str]] = {
    "known_case": {"case_id": "n.case_id", "case_number": "n.case_number"},
    "known_claim": {"claim_id": "n.claim_id", "case_id": "n.case_id", "invoice_key": "n.case_number"},
    "known_kid": {
        "kid": "CASE WHEN t.claim_id IS NULL THEN n.case_kid ELSE n.claim_kid END",
        "case_id": "n.case_id",
        "claim_id": "CASE WHEN t.claim_id IS NOT NULL THEN n.claim_id END",
    },
    "case_debtor": {"case_id": "n.case_id", "debtor_ref": "n.debtor_ref"},
    "inbox_version": {"key": "n.case_id", "event_id": "substr(md5(t.event_id), 1, 8) || substr(n.claim_id, 9)"},
}
_TEMPLATE = {
    "debtor": "t.debtor_ref = :debtor",
    "claim_party": "t.claim_id = :claim",
    "events": "t.key = :case AND t.topic = 'claims'",
    "stream_version": "t.key = :case AND t.topic = 'claims'",
    "inbox_version": "t.key = :case AND t.topic = 'claims'",
}


@dataclass(slots=True, kw_only=True)
class Town:
    """Two filled databases and the cases in them that nobody has paid yet."""

    parts: Parts
    layout: Layout
    urls: dict[str, str]
    cases: int
    owed_ore: int
    paid_on: date
    unpaid: Iterator[str]
    transmissions: int = 0

    def file(self, payments: int) -> bytes:
        """Return an OCR file that pays this many more cases in full."""
        from payments_ingest.formats.ocr_write import OcrAssignment, OcrPayment, OcrTransmission, write_ocr

        self.transmissions += 1
        lines = tuple(
            OcrPayment(
                amount_ore=self.owed_ore, kid=next(self.unpaid), bank_date=self.paid_on, nets_date=self.paid_on,
                payer_account=f"15032080{self.transmissions:03}", serial=at,
            )
            for at in range(1, payments + 1)
        )  # fmt: skip
        assignment = OcrAssignment(account=_ACCOUNT, payments=lines)
        return write_ocr(
            OcrTransmission(number=self.transmissions, produced_on=self.paid_on, assignments=(assignment,))
        )


def build(parts: Parts, cases: int, today: date) -> Town:
    """Fill two fresh databases with ``cases`` open cases of one claim each."""
    layout = Layout(folder=parts.folder / f"town-{cases}")
    layout.make_keys()
    urls = {name: parts.database(f"{name}_{cases}".replace("-", "_")) for name in ("claims-api", "payments-ingest")}
    registered, owed_ore = _register(layout, urls["claims-api"], today - REGISTERED_BEFORE, paid_on=today)
    _learn(layout, urls["payments-ingest"], registered, today)
    payload = registered.payload
    template = {"case": payload.case_id, "claim": payload.claim_id, "debtor": payload.debtor_refs[0]}
    kids = list(_multiply(urls["claims-api"], CLAIMS_API, template, cases, today.year))
    for _ in _multiply(urls["payments-ingest"], PAYMENTS_INGEST, template, cases, today.year):
        pass
    with psycopg.connect(plain(parts.postgres.url), autocommit=True) as server:
        server.execute("CHECKPOINT")  # what the building wrote is not the payments' to put on disk
    return Town(
        parts=parts, layout=layout, urls=urls, cases=cases, owed_ore=owed_ore, paid_on=today,
        unpaid=_scattered(kids),
    )  # fmt: skip


def _scattered(kids: Sequence[str]) -> Iterator[str]:
    """Every case once, far from its neighbour: money does not come in the order of registration."""
    step = int(len(kids) * 0.618)
    while gcd(step, len(kids)) != 1:
        step += 1
    for at in range(len(kids)):
        yield kids[at * step % len(kids)]


def settings_of(layout: Layout, url: str) -> dict[str, Any]:
    """Return the settings of a service that is driven by hand in this process."""
    return {
        "database_url": SecretStr(url),
        "notifications_public_key": layout.public / "notifications.pub",
    }


def _register(layout: Layout, url: str, registered_on: date, *, paid_on: date) -> tuple[Any, int]:
    """Register one claim over HTTP; returns its event and what it owes when it is paid."""
    from support.claims import desk

    due = paid_on - timedelta(days=DUE_DAYS)
    with desk(layout.data_dir("claims-api"), registered_on, **settings_of(layout, url)) as room:
        told = room.register(
            principal_ore=PRINCIPAL_ORE,
            invoice_date=(due - timedelta(days=14)).isoformat(),
            due_date=due.isoformat(),
            service_period=None,
        )
        (event,) = room.events()
        found = room.get(f"/v1/cases/{told['case_id']}/balance", as_of=paid_on.isoformat())
        return event, found.json()["total_ore"]


def _learn(layout: Layout, url: str, registered: Any, today: date) -> None:
    """Let payments-ingest take the claim's event through its inbox, so that the next of the case is the second."""
    from payments_ingest.app import MIGRATIONS, build
    from payments_ingest.settings import Settings
    from shared.bus import Record, TopicPartition
    from shared.bus.embedded import EmbeddedBus
    from shared.clock import ManualClock, SystemMachine
    from shared.events import encode
    from shared.migrate import upgrade

    machine = SystemMachine()
    folder = layout.data_dir("payments-ingest")
    settings = Settings(data_dir=folder, **settings_of(layout, url))
    service = build(settings, EmbeddedBus(folder / "bus.db", machine=machine), ManualClock(today), machine)
    upgrade(service.db, MIGRATIONS)
    value, headers = encode(registered.payload), registered.envelope.headers()
    service.inbox.positions({TopicPartition("claims", 0): 0}, _BEFORE)
    service.inbox.take([Record("claims", 0, 0, registered.envelope.aggregate, value, headers, 0)], _BEFORE)
    service.db.close()


def _multiply(
    url: str, tables: Mapping[str, Mapping[str, str]], template: Mapping[str, str], cases: int, year: int
) -> Iterator[str]:
    """Copy the template's rows for every numbered case; yields their claim KIDs."""
    from shared.kid import KidKind, make_case_number, make_kid

    with psycopg.connect(plain(url), options="-c inkasso.units=*") as db:
        db.execute(
            "CREATE UNLOGGED TABLE numbered (case_id text, claim_id text, debtor_ref text, case_number text,"
            " case_kid text, claim_kid text)"
        )
        lines = io.StringIO()
        for at in range(cases):
            number = make_case_number(year, FIRST_SERIAL + at)
            kid = make_kid(KidKind.CLAIM, number, 1)
            ids = (f"0{which}9a0000-0000-7000-8000-{at:012x}" for which in "123")
            lines.write("\t".join((*ids, number, make_kid(KidKind.CASE, number, 0), kid)) + "\n")
            yield kid
        with db.cursor().copy("COPY numbered FROM STDIN") as copy:
            copy.write(lines.getvalue())
        for table, changed in tables.items():
            db.execute(*_copies(db, table, changed, template))
        db.commit()
    with psycopg.connect(plain(url), autocommit=True) as db:
        db.execute("DROP TABLE numbered")
        db.execute("VACUUM ANALYZE")


def _copies(
    db: psycopg.Connection[Any], table: str, changed: Mapping[str, str], template: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    found = db.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", (table,)
    )
    columns = [name for (name,) in found]
    values = ", ".join(changed.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    where = _TEMPLATE.get(table, "t.case_id = :case")
    query = f"INSERT INTO {table} ({names}) SELECT {values} FROM numbered n CROSS JOIN {table} t WHERE {where}"
    for name in template:
        query = query.replace(f":{name}", f"%({name})s")
    return query, dict(template)


@contextmanager
def opened(town: Town) -> Iterator[dict[str, Any]]:
    """Both services of a town in this process, on the broker, not started: their stages are driven by hand."""
    from claims_api.app import build as build_claims
    from claims_api.settings import Settings as ClaimsSettings
    from paying.parts import kafka_settings
    from payments_ingest.app import build as build_payments
    from payments_ingest.settings import Settings as PaymentsSettings
    from shared.bus.kafka import KafkaBus
    from shared.clock import ManualClock, SystemMachine

    machine, clock = SystemMachine(), ManualClock(town.paid_on)
    services = {}
    for name, build_one, settings in (
        ("payments-ingest", build_payments, PaymentsSettings),
        ("claims-api", build_claims, ClaimsSettings),
    ):
        bus = KafkaBus(kafka_settings(town.parts, name), machine=machine)
        told = settings(data_dir=town.layout.data_dir(name), **settings_of(town.layout, town.urls[name]))
        services[name] = build_one(told, bus, clock, machine)
    try:
        yield services
    finally:
        for service in services.values():
            service.db.close()
