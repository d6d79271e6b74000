"""The same ladder on PostgreSQL, and two processes that fire at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from support.row_security import kept_apart, rows_seen
from support.timekeeper import Timekeeper, ended, held, let_go, registered

from escalation.app import MIGRATIONS
from escalation.store import timers
from escalation.tables import PLUMBING, Model
from escalation.usecases.firing import fire
from shared.auth import Role
from shared.events.escalation import LegalStepDropped, StepDue
from shared.migrate import at_head, differences


@pytest.fixture
def time(tmp_path: Path, postgres_database: str) -> Timekeeper:
    return Timekeeper(tmp_path, url=postgres_database)


def test_the_schema_is_what_the_tables_declare(time: Timekeeper) -> None:
    assert at_head(time.service.db, MIGRATIONS)
    assert differences(time.service.db, Model.metadata) == []
    time.service.db.close()


def test_the_golden_ladder_with_a_hold_and_an_end(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2"), registered("c3", debtor_refs=["kari", "ola"]))
    time.until(date(2026, 2, 2))
    time.feed(held("manual", "c2", case="case-2"))
    time.until(date(2026, 2, 18))
    time.feed(let_go("manual", date(2026, 2, 19), "c2", case="case-2"))
    time.until(date(2026, 3, 10))
    assert time.letters() == [
        ("2026-01-29", "inkassovarsel", ("c1", "c3")),
        ("2026-01-29", "inkassovarsel", ("c2",)),
        ("2026-02-18", "betalingsoppfordring", ("c1", "c3")),
        ("2026-02-19", "betalingsoppfordring", ("c2",)),
    ]
    assert len(time.proposals()) == 1
    time.feed(ended("c1", on=date(2026, 3, 10)))
    assert len(time.published(LegalStepDropped)) == 1
    upcoming = time.client().get("/v1/upcoming").json()["items"]
    assert [(item["claim_ids"], item["step"], item["on"]) for item in upcoming] == [
        (["c3"], "legal_step", "2026-03-10"),
        (["c2"], "legal_step", "2026-03-11"),
    ]
    ola = time.case(role=Role.DEBTOR, debtor_ref="ola")
    assert [claim["claim_id"] for claim in ola["claims"]] == ["c3"]
    time.service.db.close()


def test_units_are_kept_apart_also_by_the_database(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2", creditor_unit="deichman", debtor_refs=["ola"]))
    time.until(date(2026, 2, 18))
    time.feed(held("manual", "c1"), ended("c2", case="case-2", on=date(2026, 2, 18)))
    db = time.service.db
    kept = kept_apart(db)
    machinery = {field.name for field in fields(PLUMBING)}
    assert kept == set(Model.metadata.tables) - machinery - {"pace", "control"}, "the last two are of no case"
    every, stranger = rows_seen(db, Model.metadata, None), rows_seen(db, Model.metadata, {"kulturhus-as"})
    assert {"ladder_case", "claim", "claim_debtor", "hold", "claim_end", "timer", "step", "demand"} <= {
        name for name in kept if every[name]
    }
    assert {name for name in kept if stranger[name]} == set()
    one, other = (rows_seen(db, Model.metadata, {unit}) for unit in ("bydel-frogner", "deichman"))
    assert {name for name in kept if one[name] + other[name] != every[name]} == set()
    unit = time.client(Role.AGENCY, unit="deichman")
    assert [unit.get(f"/v1/cases/{case}").status_code for case in ("case-1", "case-2")] == [404, 200]
    assert unit.get("/v1/upcoming").json()["items"] == []
    time.service.db.close()


def test_two_processes_that_fire_together_ask_for_each_step_once(time: Timekeeper) -> None:
    time.feed(*[registered(f"c{n}", case=f"case-{n}") for n in range(60)])
    time.clock.set(date(2026, 1, 29))
    with time.service.db.read() as tx:
        waiting = timers.due_cases(tx, date(2026, 1, 29), 100)
    barrier, superseded = threading.Barrier(3), []

    def run() -> None:
        barrier.wait()
        with time.service.uow() as uow:
            superseded.append(fire(uow, time.service.app.state.book, waiting).superseded)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(superseded) == [0, 60, 60]
    assert set(Counter(step.case_id for step in time.published(StepDue)).values()) == {1}
    assert len(time.published(StepDue)) == 60
    time.check()
    time.service.db.close()
