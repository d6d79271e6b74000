"""Timers due at once: what escalation does with a morning of them, beside the database alone.

Every case has one claim whose inkassovarsel comes due the same day. Measured, batch by batch of the same size, each
committed to disk, on copies of the same SQLite file:

- *claim*: the bare batch claim of the same rows: the due timers are taken with one UPDATE … RETURNING a batch;
- *rows*: the bare writes of what firing leaves behind: timers re-armed, cases and claims moved, a step, an event and an
  outbox pointer each, as ready-made rows through the driver, with nothing decided and nothing made;
- *fire*: escalation's own firing: the case read and locked, its next things worked out, the event made.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

CASES = 100_000
BATCH = 500
START, DUE_ON = date(2026, 1, 19), date(2026, 1, 29)
PROMISED = 0.3
EVENT_BYTES = 250


def run(bench: Any) -> None:
    """Fires, claims and writes in turn, each round on fresh copies; the medians are compared."""
    size = min(bench.size, CASES)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.db"
        filled_s = _fill(made, size)
        bench.say(f"  {size} cases registered in {filled_s:.0f} s; {bench.rounds} rounds, batches of {BATCH}")
        ways: dict[str, Callable[[Path], int]] = {"claim": _claim, "rows": _rows, "fire": _fire}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        busy: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(bench.rounds):
            for name, way in ways.items():
                copy = Path(folder) / f"{name}.db"
                shutil.copy(made, copy)
                gc.collect()
                gc.freeze()  # as a service does once it has started
                before, spent = time.perf_counter(), time.process_time()
                done = way(copy)
                rates[name].append(done / (time.perf_counter() - before))
                busy[name].append(done / (time.process_time() - spent))
                gc.unfreeze()
                if done != size:
                    raise SystemExit(f"{name}: expected {size} timers, got {done}")
                for left in Path(folder).glob(f"{name}.db*"):
                    left.unlink()
    found = {name: median(values) for name, values in rates.items()}
    for name, values in rates.items():
        of_cpu = f"{median(busy[name]):.0f} per second of processor time"
        bench.say(f"  {name:6} {found[name]:8.0f} timers/s   {', '.join(f'{rate:.0f}' for rate in values)}   {of_cpu}")
    cpu = {name: median(values) for name, values in busy.items()}
    for what, of in (("wall clock", found), ("processor time", cpu)):
        shares = [
            f"{one} / {other} {of[one] / of[other]:.3f}"
            for one, other in (("fire", "rows"), ("fire", "claim"), ("rows", "claim"))
        ]
        bench.say(f"  by {what}: {', '.join(shares)}")
    bench.promise(
        "timers: firing beside the bare writes of the same rows", found["fire"] / found["rows"], at_least=PROMISED
    )
    bench.promise("timers: firing beside the bare claim", found["fire"] / found["claim"], at_least=PROMISED)


def _service(path: Path, day: date) -> tuple[Any, Any]:
    """Return an escalation on this file, not started, and its fire job."""
    from pydantic import SecretStr

    from escalation.app import MIGRATIONS, build
    from escalation.settings import Settings
    from shared.bus.embedded import EmbeddedBus
    from shared.clock import ManualClock, SystemMachine
    from shared.migrate import upgrade

    machine = SystemMachine()
    settings = Settings(data_dir=path.parent, database_url=SecretStr(f"sqlite:///{path}"), sandbox=True)
    service = build(settings, EmbeddedBus(path.with_suffix(".bus"), machine=machine), ManualClock(day), machine)
    upgrade(service.db, MIGRATIONS)
    return service, next(job for job in service.jobs if job.name == "fire")


def _fill(path: Path, size: int) -> float:
    from shared.events import Envelope, Event
    from shared.events.claims import ClaimRegistered
    from shared.ids import derived

    before = time.perf_counter()
    service, _ = _service(path, START)
    handle = service.inbox.handlers[ClaimRegistered]
    for first in range(0, size, BATCH):
        events = []
        for number in range(first, min(first + BATCH, size)):
            case_id = derived(str(number), "case")
            payload = ClaimRegistered(
                case_id=case_id,
                case_number=f"26{number:08}",
                case_kid=f"2{number:014}",
                claim_id=derived(case_id, "c"),
                claim_kid=f"1{number:014}",
                creditor_unit="bydel-frogner",
                legal_person="958935420",
                account="13150101837",
                claim_type="kindergarten",
                principal_ore=321_000,
                invoice_number=str(number),
                due_date=START - timedelta(days=4),
                registered_on=START,
                debtor_refs=[derived(case_id, "d")],
                dispute_body="forliksraad",
            )
            envelope = Envelope(
                event_id=derived(case_id, "e"), type=payload.TYPE, source="claims-api", time=service.clock.now(),
                aggregate=case_id, version=1,
            )  # fmt: skip
            events.append(Event(envelope, payload))
        with service.uow() as uow:
            handle(uow, events)
    service.db.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return time.perf_counter() - before


def _fire(path: Path) -> int:
    service, job = _service(path, DUE_ON)
    done = 0
    while fired := job.run(service):
        done += fired
    service.db.close()
    return done


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        db.execute(f"PRAGMA {pragma}")
    return db


CLAIM_SQL = (
    "UPDATE timer SET state = 'fired' WHERE claim_id IN"
    " (SELECT claim_id FROM timer WHERE state = 'armed' AND wake_on <= ? ORDER BY wake_on, case_id LIMIT ?)"
    " RETURNING claim_id, case_id"
)


def _batches(db: sqlite3.Connection, work: Callable[[list[tuple[str, str]]], None]) -> int:
    done = 0
    while True:
        db.execute("BEGIN IMMEDIATE")
        taken = db.execute(CLAIM_SQL, (DUE_ON.isoformat(), BATCH)).fetchall()
        work(taken)
        db.execute("COMMIT")
        if not taken:
            db.close()
            return done
        done += len(taken)


def _claim(path: Path) -> int:
    return _batches(_open(path), lambda taken: None)


def _rows(path: Path) -> int:
    db = _open(path)
    body, day = "x" * EVENT_BYTES, DUE_ON.isoformat()

    def work(taken: list[tuple[str, str]]) -> None:
        # An id of the right shape for each step and event; the first letter keeps them apart.
        many = db.executemany
        many("UPDATE timer SET step = 'dispatch', version = version + 1, state = 'idle', wake_on = NULL"
             " WHERE claim_id = ?", [(claim,) for claim, _ in taken])  # fmt: skip
        many("UPDATE ladder_case SET version = version + 1, demanded_on = ? WHERE case_id = ?",
             [(day, case) for _, case in taken])  # fmt: skip
        many("UPDATE claim SET stage = 'notice_asked', step_id = ?, step_kind = 'inkassovarsel', step_asked_on = ?,"
             " notices = 1 WHERE claim_id = ?", [(f"s{claim[1:]}", day, claim) for claim, _ in taken])  # fmt: skip
        many("INSERT INTO step (step_id, claim_id, case_id, kind, seq, due_on, asked_at, policy_version, state, void)"
             " VALUES (?, ?, ?, 'inkassovarsel', 1, ?, '2026-01-29T08:00:00.000000Z', '2026-1', 'asked', 0)",
             [(f"s{claim[1:]}", claim, case, day) for claim, case in taken])  # fmt: skip
        many("INSERT INTO stream_version (topic, key, version) VALUES ('escalation', ?, 1)",
             [(case,) for _, case in taken])  # fmt: skip
        many("INSERT INTO events (event_id, topic, key, version, type, headers, payload, recorded_at)"
             " VALUES (?, 'escalation', ?, 1, 'step.due', ?, ?, '2026-01-29T08:00:00.000000Z')",
             [(f"e{claim[1:]}", case, body, body) for claim, case in taken])  # fmt: skip
        many("INSERT INTO outbox (topic, shard, key, event_id) VALUES ('escalation', 1, ?, ?)",
             [(case, f"e{claim[1:]}") for claim, case in taken])  # fmt: skip

    return _batches(db, work)
