"""Anything in any order, through the whole installation: what must never happen to a debtor never does.

Payments, holds, objections, deferrals, withdrawals, legal steps and days come as hypothesis likes. After each of them
the events that were published are gone through in the order they were committed, and both sides' records are compared.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from support.whole import events_of, whole

import claims_api.invariants
import escalation.invariants
from embedded.compose import Installation
from inkasso.client import Refused
from inkasso.demo.persons import ANNE, BERNT
from inkasso.demo.town import Payment, Town
from shared.auth import Role
from shared.events import Payload
from shared.events.claims import (
    ClaimEnded,
    ClaimReopened,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    HoldEnded,
    HoldPlaced,
)
from shared.events.escalation import LegalStepSubmitted
from shared.events.legal import PetitionFrozen
from shared.events.notifications import LetterSent

START = date(2026, 1, 14)
DEMANDS = ("inkassovarsel", "betalingsoppfordring", "tvangsvarsel")
OVER = ("settled", "withdrawn", "written_off", "time_barred")
UNITS = (("bydel-frogner", "kindergarten"), ("utdanningsetaten", "after_school"))
STEPS = "/escalation/v1/legal-steps"

NUMBER = st.integers(0, 5)
ACTION = st.one_of(
    st.tuples(st.just("register"), st.sampled_from([3, 20, 40])),
    st.tuples(st.just("pay"), NUMBER, st.sampled_from([30, 100, 120])),
    st.tuples(st.just("hold"), NUMBER),
    st.tuples(st.just("release"), NUMBER),
    st.tuples(st.just("object"), NUMBER),
    st.tuples(st.just("decide"), st.sampled_from(["granted", "refused"])),
    st.tuples(st.just("defer"), NUMBER),
    st.tuples(st.just("withdraw"), NUMBER),
    st.tuples(st.just("legal"), st.sampled_from(["approval", "submission", "pay_deduction", "withdrawn"])),
    st.tuples(st.just("live"), st.sampled_from([1, 6, 14, 25])),
    st.tuples(st.just("live"), st.sampled_from([6, 14, 25])),
)


@dataclass
class World:
    """What a walk has done so far, and how it does more. What the surface refuses (4xx) changes nothing."""

    town: Town
    claims: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    objections: list[dict[str, Any]] = field(default_factory=list)

    def do(self, name: str, *arguments: Any) -> None:
        try:
            getattr(self, name)(*arguments)
        except Refused as refused:
            if refused.status >= 500:
                raise

    def clerk(self, path: str, **body: Any) -> dict[str, Any]:
        return self.town.server.post(path, body, role=Role.CASEWORKER, name="Kim")

    def some(self, number: int) -> dict[str, Any]:
        return self.claims[number % len(self.claims)]

    def register(self, overdue: int) -> None:
        number = len(self.claims)
        unit, claim_type = UNITS[number % 2]
        due = self.town.today() - timedelta(days=overdue)
        person = (ANNE, ANNE, BERNT)[number % 3]
        self.claims.append(self.town.register(unit, person, claim_type, 900_00 + number, due, f"F-{number}"))

    def pay(self, number: int, percent: int) -> None:
        claim = self.some(number)
        owed = self.town.claim(claim["claim_id"])["balance"]["total_ore"]
        self.town.pay(Payment(kid=claim["kid"], amount_ore=max(100, owed * percent // 100)))
        self.town.settle()

    def hold(self, number: int) -> None:
        claim = self.some(number)
        until = (self.town.today() + timedelta(days=20)).isoformat()
        path = f"/claims-api/v1/cases/{claim['case_id']}/holds"
        placed = self.clerk(path, reason="manual", until=until, claim_ids=[claim["claim_id"]], debtor_ref=None)
        self.holds.append({"path": f"{path}/{placed['hold_id']}/release"})

    def release(self, number: int) -> None:
        if self.holds:
            self.clerk(self.holds.pop(number % len(self.holds))["path"])

    def object(self, number: int) -> None:
        claim = self.some(number)
        path = f"/claims-api/v1/cases/{claim['case_id']}/objections"
        text = f"Jeg er uenig, grunn {len(self.objections)}."
        body = {"claim_ids": [claim["claim_id"]], "text": text, "channel": "phone"}
        request = self.clerk(path, **body, received_on=self.town.today().isoformat())
        self.objections.append({"path": f"{path}/{request['request_id']}/decision"})

    def decide(self, outcome: str) -> None:
        if self.objections:
            self.clerk(
                self.objections.pop()["path"],
                outcome=outcome,
                reasons="Etter avtalen.",
                reasonable=outcome == "granted",
            )

    def defer(self, number: int) -> None:
        until = (self.town.today() + timedelta(days=20)).isoformat()
        self.clerk(f"/claims-api/v1/cases/{self.some(number)['case_id']}/deferrals", until=until)

    def withdraw(self, number: int) -> None:
        path = f"/claims-api/v1/claims/{self.some(number)['claim_id']}/withdrawal"
        self.clerk(path, reason="relief", effective_date=self.town.today().isoformat())

    def legal(self, what: str) -> None:
        states = {"approval": "proposed", "submission": "approved"}
        state = states.get(what, "submitted")
        found = self.town.server.get(STEPS, role=Role.CASEWORKER, state=state)["items"]
        today = self.town.today().isoformat()
        for step in found[:1]:
            path = f"{STEPS}/{step['legal_step_id']}"
            if what == "approval":
                joinable = self.town.server.get(path, role=Role.CASEWORKER)["joinable"]
                self.clerk(f"{path}/approval", case_ids=[one["case_id"] for one in joinable])
            elif what == "submission":
                self.clerk(f"{path}/submission", submitted_on=today)
            else:
                monthly = {"monthly_ore": 500_00} if what == "pay_deduction" else {}
                self.clerk(f"{path}/outcome", outcome=what, on=today, **monthly)
        self.town.settle()

    def live(self, days: int) -> None:
        self.town.go_to(self.town.today() + timedelta(days=days))


def check(installation: Installation, world: World) -> None:
    """Assert everything that must hold once the installation has come to rest."""
    _nothing_is_parked(installation)
    with installation.claims.db.read() as tx:
        assert claims_api.invariants.broken(tx) == []
    with installation.escalation.db.read() as tx:
        assert escalation.invariants.violations(tx) == []
    _no_step_on_what_stands_still(installation)
    _one_demand_a_day(installation)
    _one_next_thing(world)


def _nothing_is_parked(installation: Installation) -> None:
    for service in installation.services:
        with service.db.read() as tx:
            parked = [(row.topic, row.reason, row.detail) for row in tx.execute(service.tables.parked_key.select())]
            assert (service.name, parked) == (service.name, [])


def _no_step_on_what_stands_still(installation: Installation) -> None:
    """No letter was let go and no petition frozen while one of its claims was paid, disputed or held."""
    watch = Watch()
    for event in events_of(installation.claims, "claims"):
        watch.see(event.payload)


@dataclass
class Watch:
    """What stands still as the events go by; whatever goes out is looked at against it."""

    holds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    over: set[str] = field(default_factory=set)
    asked: dict[str, list[str]] = field(default_factory=dict)

    def see(self, told: Payload) -> None:
        if isinstance(told, ClaimEnded | ClaimReopened):
            (self.over.add if isinstance(told, ClaimEnded) else self.over.discard)(told.claim_id)
        elif isinstance(told, HoldPlaced | HoldEnded):
            for claim_id in told.claim_ids:
                standing = self.holds[claim_id]
                (standing.add if isinstance(told, HoldPlaced) else standing.discard)(told.hold_id)
        else:
            self.look(told)

    def look(self, told: Payload) -> None:
        if isinstance(told, DemandIssued):
            self.asked[told.demand_id] = told.claim_ids
            self.free(told.claim_ids, told.kind)
        elif isinstance(told, DemandReleased):
            self.free(self.asked[told.demand_id], "released")
        elif isinstance(told, PetitionFrozen):
            self.free([claim.claim_id for claim in told.claims], "petition")

    def free(self, claim_ids: Iterable[str], what: str) -> None:
        for claim_id in claim_ids:
            assert claim_id not in self.over, f"{what}: the claim had ended"
            assert not self.holds[claim_id], f"{what}: the claim was held"


def _one_demand_a_day(installation: Installation) -> None:
    """A case gets one demand a day, and a claim one inkassovarsel that stands."""
    void = {
        event.payload.demand_id
        for event in events_of(installation.claims, "claims")
        if isinstance(event.payload, DemandWithdrawn)
    }
    sent: dict[tuple[str, date], set[str]] = defaultdict(set)
    for event in events_of(installation.notifications, "notifications"):
        told = event.payload
        if isinstance(told, LetterSent) and told.kind in DEMANDS:
            sent[told.case_id, told.sent_on].add(told.demand_id)
    assert all(len(demands) == 1 for demands in sent.values())
    out = {demand_id for demands in sent.values() for demand_id in demands} - void
    noticed = Counter(
        claim_id
        for event in events_of(installation.claims, "claims")
        if isinstance(event.payload, DemandIssued) and event.payload.demand_id in out
        if event.payload.kind == "inkassovarsel"
        for claim_id in event.payload.claim_ids
    )
    assert all(count == 1 for count in noticed.values())
    steps = [e.payload.legal_step_id for e in events_of(installation.escalation, "escalation")
             if isinstance(e.payload, LegalStepSubmitted)]  # fmt: skip
    assert len(steps) == len(set(steps))


def _one_next_thing(world: World) -> None:
    """Every open claim has exactly one next thing, and what has ended has none."""
    for case_id in {claim["case_id"] for claim in world.claims}:
        nexts = {one["claim_id"]: one["next"] for one in world.town.steps(case_id)["claims"]}
        inside = world.town.case(case_id)["claims"]
        assert {one["claim_id"] for one in inside} == set(nexts)
        for claim in inside:
            coming = nexts[claim["claim_id"]]
            assert (coming["step"] == "none") == (claim["status"] in OVER), (claim["status"], coming)
            assert coming["owner"]


TO_THE_END = [
    ("live", 14), ("register", 20), ("register", 20), ("live", 14), ("hold", 1), ("live", 25), ("legal", "approval"),
    ("register", 40), ("pay", 2, 30), ("legal", "submission"), ("legal", "pay_deduction"), ("live", 25),
    ("pay", 0, 100),
]  # fmt: skip
CHANGING_MINDS = [
    ("live", 14), ("object", 0), ("register", 40), ("live", 6), ("decide", "refused"), ("live", 25),
    ("legal", "approval"), ("pay", 0, 120), ("defer", 1), ("live", 14), ("withdraw", 1), ("live", 25),
]  # fmt: skip


@example(actions=TO_THE_END)
@example(actions=CHANGING_MINDS)
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(actions=st.lists(ACTION, min_size=10, max_size=14))
def test_whatever_happens_nobody_is_wronged(actions: list[tuple[Any, ...]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="whole-"))
    try:
        with whole(folder, START) as (installation, town):
            world = World(town)
            world.do("register", 20)
            for name, *arguments in actions:
                world.do(name, *arguments)
                town.settle()
                check(installation, world)
    finally:
        shutil.rmtree(folder)
