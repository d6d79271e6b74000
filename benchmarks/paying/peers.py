"""What the platform is compared with: the database's own benchmark, a bare COPY, and an object per payment."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from local.postgres import plain
from paying.parts import Parts
from paying.town import PRINCIPAL_ORE, Town

SCALE = 10
CLIENTS = 8
SECONDS = 6.0
ACCOUNTS = 100_000 * SCALE

WRITTEN = {
    "payments-ingest": ("payment", "allocation", "payer_account", "events", "stream_version"),
    "claims-api": (
        *("bank_entry", "ledger", "payment_part", "timeline", "case_file", "claim"),
        *("events", "stream_version", "inbox_version"),
    ),
}
"""The tables a payment leaves a row in; what is written and deleted again (staged lines, outboxes) is left out."""


def simple_update(parts: Parts) -> tuple[str, float]:
    """Return who measured it, and transactions a second of pgbench's simple update with eight clients."""
    url = parts.database("pgbench")
    program = shutil.which("pgbench")
    if program is None:
        return "psycopg, pgbench is not installed", _simple_update(url)
    env = {**os.environ, "PGDATABASE": plain(url)}
    common = [program, "--no-vacuum", "--quiet"]
    subprocess.run([*common, "-i", "-s", str(SCALE), plain(url)], check=True, capture_output=True, env=env)  # noqa: S603
    command = [program, "--no-vacuum", "-N", "-c", str(CLIENTS), "-j", "2", "-M", "prepared", "-T", str(int(SECONDS))]
    told = subprocess.run([*command, plain(url)], check=True, capture_output=True, text=True, env=env).stdout  # noqa: S603
    line = next(line for line in told.splitlines() if line.startswith("tps ="))
    return "pgbench", float(line.split()[2])


def _simple_update(url: str) -> float:
    """The statements of pgbench's simple update, by as many threads: it is not installed everywhere."""
    with psycopg.connect(plain(url)) as db:
        db.execute("CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))")
        db.execute(
            "CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))"
        )
        db.execute("INSERT INTO pgbench_accounts SELECT n, 1, 0, '' FROM generate_series(1, %s) n", (ACCOUNTS,))
    done = [0] * CLIENTS
    until = time.perf_counter() + SECONDS

    def client(at: int) -> None:
        with psycopg.connect(plain(url)) as db:
            while time.perf_counter() < until:
                aid = 1 + hash((at, done[at])) % ACCOUNTS
                db.execute("UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = %s", (aid,))
                db.execute("SELECT abalance FROM pgbench_accounts WHERE aid = %s", (aid,)).fetchone()
                db.execute("INSERT INTO pgbench_history VALUES (1, 1, %s, 1, CURRENT_TIMESTAMP)", (aid,))
                db.commit()
                done[at] += 1

    threads = [threading.Thread(target=client, args=(at,)) for at in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS


def marks(town: Town) -> dict[str, int]:
    """Return where each database's transactions stand, to find what is written after."""
    found = {}
    for name, url in town.urls.items():
        with psycopg.connect(plain(url)) as db:
            (row,) = db.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
            found[name] = int(row[0])
    return found


def bare_copy(town: Town, since: dict[str, int], payments: int) -> float:
    """COPY the rows that payments left since ``since`` into tables of the same shape; returns payments a second.

    The tables have the same indexes and nobody's foreign keys, and there is nothing to read, decide or make.
    """
    took = 0.0
    for name, url in town.urls.items():
        with psycopg.connect(plain(url), options="-c inkasso.units=*") as db:
            db.execute("DROP SCHEMA IF EXISTS peer CASCADE")
            db.execute("CREATE SCHEMA peer")
            db.commit()
            for table in WRITTEN[name]:
                rows = _rows_since(db, table, since[name])
                db.execute(sql.SQL("CREATE TABLE peer.{0} (LIKE {0} INCLUDING ALL)").format(sql.Identifier(table)))
                db.commit()
                started = time.perf_counter()
                with db.cursor().copy(sql.SQL("COPY peer.{} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(rows)
                db.commit()
                took += time.perf_counter() - started
    return payments / took


def _rows_since(db: psycopg.Connection[Any], table: str, since: int) -> bytes:
    query = sql.SQL("COPY (SELECT * FROM {} WHERE xmin::text::bigint >= {}) TO STDOUT")
    with db.cursor().copy(query.format(sql.Identifier(table), sql.Literal(since))) as copy:
        return b"".join(bytes(piece) for piece in copy)


def objects(town: Town, kids: Sequence[str]) -> float:
    """Pay these claims with an ORM object per row and a transaction per payment; returns payments a second.

    It does claims-api's part alone, and less of it: the amounts are known, nothing is explained, no file is read and
    nothing is published.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(town.urls["claims-api"], connect_args={"options": "-c inkasso.units=*"})
    started = time.perf_counter()
    for kid in kids:
        with Session(engine) as session:
            _pay(session, kid, town.owed_ore, town.paid_on)
            session.commit()
    took = time.perf_counter() - started
    engine.dispose()
    return len(kids) / took


def _pay(session: Any, kid: str, amount_ore: int, day: date) -> None:
    from sqlalchemy import select

    from claims_api.tables import (
        BankEntryRow,
        CaseRow,
        ClaimRow,
        KidRow,
        LedgerRow,
        PaymentPartRow,
        TimelineRow,
    )
    from shared.clock import SystemMachine

    now, payment_id = SystemMachine().now(), str(uuid4())
    known = session.get(KidRow, kid)
    case = session.get(CaseRow, known.case_id, with_for_update=True)
    claim = session.scalars(select(ClaimRow).where(ClaimRow.case_id == case.case_id)).one()
    session.scalars(select(LedgerRow).where(LedgerRow.case_id == case.case_id)).all()
    session.add(BankEntryRow(entry_id=payment_id, account="13150101837", day=day, amount_ore=amount_ore))
    interest_ore = amount_ore - PRINCIPAL_ORE
    transfers = (
        ("paid_in", "bank", "suspense", amount_ore),
        ("payment", "suspense", "interest", interest_ore),
        ("payment", "suspense", "principal", PRINCIPAL_ORE),
        ("interest", "interest", "creditor_share", interest_ore),
    )
    for ordinal, (kind, debit, credit, ore) in enumerate(transfers):
        session.add(
            LedgerRow(
                transfer_id=str(uuid4()), kind=kind, debit=debit, debit_owner=claim.claim_id, credit=credit,
                credit_owner=claim.claim_id, amount_ore=ore, value_date=day, recorded_at=now, source_event=payment_id,
                ordinal=ordinal, unit=case.unit, case_id=case.case_id, claim_id=claim.claim_id, about=payment_id,
                trace={"rule": kind, "reference": "", "inputs": {"amount_ore": ore}},
            )
        )  # fmt: skip
    session.add(
        PaymentPartRow(
            part_id=str(uuid4()), kind="matched", payment_id=payment_id, case_id=case.case_id,
            claim_id=claim.claim_id, amount_ore=amount_ore, on_day=day, recorded_at=now,
        )
    )  # fmt: skip
    for kind in ("payment.received", "claim.ended"):
        session.add(
            TimelineRow(
                entry_id=str(uuid4()), case_id=case.case_id, claim_id=claim.claim_id, at=now, type=kind,
                summary="Innbetaling", facts={"amount_ore": amount_ore}, actor="system",
            )
        )  # fmt: skip
    claim.status, claim.principal_left_ore, claim.ended_on = "settled", 0, day
    case.state, case.closed_on, case.version = "closed", day, case.version + 1
    _tell(session, case.case_id, claim.claim_id, now)


def _tell(session: Any, case_id: str, claim_id: str, now: Any) -> None:
    from claims_api.tables import PLUMBING

    for kind in ("claim.balance_changed", "claim.ended"):
        event_id = str(uuid4())
        session.execute(
            PLUMBING.events.insert().values(
                event_id=event_id, topic="peer", key=event_id, version=1, type=kind, headers={"ce_id": event_id},
                payload=f'{{"case_id":"{case_id}","claim_id":"{claim_id}"}}', recorded_at=now,
            )
        )  # fmt: skip
        session.execute(PLUMBING.outbox.insert().values(topic="peer", shard=0, key=event_id, event_id=event_id))
