"""Whatever happens to a case over HTTP: its statement opens every øre, its books hold, what was known stays known."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.counter import WORDS, Counter, counter

from claims_api.invariants import broken
from claims_api.usecases import audit
from shared.events.claims import DemandIssued
from shared.events.payments import PaymentMatched

START = date(2026, 1, 20)
KINDS = ("principal", "interest", "fees", "legal_costs")
WHAT = (
    "register", "pay", "pay_late", "take_back", "choose", "choose_paid", "correct", "withdraw", "direct", "object",
    "decide", "letter", "wait",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(1, 60_000), st.integers(0, 12)), min_size=6, max_size=14)


@dataclass
class Life:
    """A case and what is done to it; what is refused changes nothing and is no fault."""

    desk: Counter
    claims: list[Any]
    paid: list[PaymentMatched] = field(default_factory=list)
    objections: list[Any] = field(default_factory=list)
    known: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def do(self, what: str, amount: int, days: int) -> None:
        getattr(self, what)(amount, days)
        self.desk.work()

    def claim(self, number: int) -> Any:
        return self.claims[number % len(self.claims)]

    def unit(self, what: str, body: dict[str, Any], number: int) -> None:
        self.desk.office.post(f"/v1/claims/{self.claim(number)['claim_id']}/{what}", body)

    def register(self, amount: int, days: int) -> None:
        due = (self.desk.today - timedelta(days=20 + days)).isoformat()
        self.claims.append(self.desk.case(principal_ore=amount, due_date=due, invoice_date=due))

    def pay(self, amount: int, days: int) -> None:
        one = self.claim(days)
        kid = {"kid": one["kid"], "claim_id": one["claim_id"]} if days % 2 else {"kid": ""}
        self.paid.append(self.desk.pay(one["case_id"], amount, **kid))

    def pay_late(self, amount: int, days: int) -> None:
        one = self.claim(days)
        self.paid.append(self.desk.pay(one["case_id"], amount, "", paid_on=self.desk.today - timedelta(days=days)))

    def take_back(self, amount: int, days: int) -> None:
        if self.paid:
            self.desk.take_back(self.paid.pop(days % len(self.paid)))

    def choose(self, amount: int, days: int) -> None:
        wish = {"claim_ids": [self.claim(amount)["claim_id"]], "order": [KINDS[days % 4]]}
        self.desk.ask(self.claim(days), "payment-choices", wish)

    def choose_paid(self, amount: int, days: int) -> None:
        if self.paid:
            one = self.paid[amount % len(self.paid)]
            wish = {
                "claim_ids": [self.claim(days)["claim_id"]],
                "order": [KINDS[days % 4]],
                "payment_id": one.payment_id,
            }
            self.desk.ask(self.claim(0), "payment-choices", wish)

    def correct(self, amount: int, days: int) -> None:
        body = {"new_principal_ore": amount, "effective_date": self.desk.today.isoformat(), "reason": "Feil"}
        self.unit("corrections", body, days)

    def withdraw(self, amount: int, days: int) -> None:
        reason = ("duplicate", "relief", "taken_back")[amount % 3]
        self.unit("withdrawal", {"reason": reason, "effective_date": self.desk.today.isoformat()}, days)

    def direct(self, amount: int, days: int) -> None:
        body = {"amount_ore": amount, "paid_on": self.desk.today.isoformat(), "reference": "kasse"}
        self.unit("direct-payments", body, days)

    def object(self, amount: int, days: int) -> None:
        one = self.claim(days)
        part = amount if days % 2 else None
        body = {"claim_ids": [one["claim_id"]], "disputed_ore": part, "text": f"{WORDS} {amount}"}
        answer = self.desk.ask(one, "objections", body)
        if answer.status_code == 201:
            self.objections.append(answer.json())

    def decide(self, amount: int, days: int) -> None:
        if self.objections:
            outcome = ("refused", "granted")[days % 2]
            self.desk.decide(self.objections.pop(), outcome=outcome, reasons="Vurdert.", reasonable=bool(amount % 2))

    def letter(self, amount: int, days: int) -> None:
        one = self.claim(days)
        before = len(self.desk.told(DemandIssued))
        self.desk.step("inkassovarsel", one)
        if len(self.desk.told(DemandIssued)) > before:
            self.desk.deliver(self.desk.last(DemandIssued))

    def wait(self, amount: int, days: int) -> None:
        self.desk.at(self.desk.today + timedelta(days=days))

    # -- what must hold

    def look(self) -> None:
        """Every case: lines sum to the balance by kind, parts to their line; the books hold; nothing is lost."""
        for case_id in {one["case_id"] for one in self.claims}:
            clerk = self.desk.office.clerk()
            shown = self.desk.office.get(f"/v1/cases/{case_id}/statement", clerk).json()
            owed = self.desk.office.get(f"/v1/cases/{case_id}/balance", clerk).json()
            assert sum(line["amount_ore"] for line in shown["lines"]) == shown["total_ore"] == owed["total_ore"]
            assert [one for one in shown["lines"] if sum(one["parts"].values()) != one["amount_ore"]] == []
            assert all(line["explanation"]["rule"] and line["explanation"]["reference"] for line in shown["lines"])
            for kind in KINDS:
                assert sum(line["parts"].get(kind, 0) for line in shown["lines"]) == owed[f"{kind}_ore"] >= 0
        with self.desk.office.service.db.read() as tx:
            assert broken(tx) == []
            assert audit.proof(tx).difference_ore == 0

    def remember(self) -> None:
        """Ask what is known now, as of today and some days ago; the same question must always get that answer."""
        at = self.desk.office.clock.now().isoformat()
        for back in (0, 9):
            asked = {"as_of": (self.desk.today - timedelta(days=back)).isoformat(), "known_at": at}
            self.known.append((asked, self.answer(asked)))

    def answer(self, asked: dict[str, str]) -> dict[str, Any]:
        path = f"/v1/cases/{self.claims[0]['case_id']}/balance"
        found = self.desk.office.get(path, self.desk.office.clerk(), **asked).json()
        return {name: value for name, value in found.items() if name != "case_version"}


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(STEPS)
def test_every_ore_is_opened_nothing_is_lost_and_what_was_known_stays_known(
    steps: Sequence[tuple[str, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, counter(Path(folder), START) as desk:
        life = Life(desk, [desk.case(principal_ore=100_000)])
        for number, (what, amount, days) in enumerate(steps):
            life.do(what, amount, days)
            life.look()
            if number % 3 == 0:
                life.remember()
                desk.at(desk.today + timedelta(days=1))
        for asked, answer in life.known:
            assert life.answer(asked) == answer
