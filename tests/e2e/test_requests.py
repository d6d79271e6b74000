"""Time, plans and objections through the whole installation: the ladder waits, goes on, or turns to another body."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from support.town import running

from inkasso.demo.persons import ANNE, BERNT, CAMILLA
from inkasso.demo.town import Payment, Town
from inkasso.tokens import make_debtor_token
from shared.auth import Role

DUE = date(2025, 12, 20)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def ask(town: Town, claim: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    """The debtor's own call, with a token for the debtor of the case."""
    debtor_ref = town.case(claim["case_id"])["debtor"]["debtor_ref"]
    headers = {
        "Authorization": f"Bearer {make_debtor_token(town.server._settings, debtor_ref)}",
        "Idempotency-Key": f"{what}-{claim['claim_id']}",
    }
    path = f"/claims-api/v1/cases/{claim['case_id']}/{what}"
    answer = town.server.send("POST", path, role=Role.CASEWORKER, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def decide(town: Town, claim: dict[str, Any], what: str, request: dict[str, Any], **body: Any) -> dict[str, Any]:
    path = f"/claims-api/v1/cases/{claim['case_id']}/{what}/{request['request_id']}/decision"
    return town.server.post(path, body, role=Role.CASEWORKER, name="Kim")


def demands(town: Town, claim: dict[str, Any]) -> list[tuple[str, str]]:
    kinds = ("inkassovarsel", "betalingsoppfordring")
    return [(one["kind"], one["sent_on"]) for one in town.letters(claim["case_id"]) if one["kind"] in kinds]


def test_a_deferral_is_the_new_deadline(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 3_250_00, DUE, "F-1")
        town.go_to(on(1, 15))
        asked = ask(town, claim, "deferrals", until="2026-02-10")
        assert asked["state"] == "granted"
        town.go_to(on(2, 13))
        assert demands(town, claim) == [("inkassovarsel", "2026-01-15")]
        town.go_to(on(2, 16))
        assert demands(town, claim) == [("inkassovarsel", "2026-01-15"), ("betalingsoppfordring", "2026-02-16")]


def test_a_debtor_says_what_the_banks_money_covers_before_it_comes_and_after(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        older = town.register("bydel-frogner", ANNE, "kindergarten", 3_000_00, DUE, "F-1")
        newer = town.register("bydel-frogner", ANNE, "kindergarten", 2_000_00, DUE + timedelta(days=10), "F-2")
        ask(town, older, "payment-choices", claim_ids=[newer["claim_id"]], order=["principal"])
        town.pay(Payment(kid=older["kid"], amount_ore=1_000_00))
        town.go_to(on(1, 15))
        left = [town.claim(one["claim_id"])["balance"]["principal_ore"] for one in (older, newer)]
        assert left == [2_000_00, 2_000_00]  # the KID of a claim is a choice of its own

        (line,) = [line for line in town.statement(older["case_id"]) if line["kind"] == "payment"]
        paid = line["explanation"]["inputs"]["payment"]
        ask(town, newer, "payment-choices", payment_id=paid, claim_ids=[newer["claim_id"]], order=["principal"])
        left = [town.claim(one["claim_id"])["balance"]["principal_ore"] for one in (older, newer)]
        assert left == [3_000_00, 1_000_00]
        lines = town.statement(older["case_id"])
        assert sum(one["amount_ore"] for one in lines) == town.balance(older["case_id"])["total_ore"]


def test_a_plan_paid_by_the_banks_file_is_kept_over_two_cases(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        first = town.register("bydel-frogner", ANNE, "kindergarten", 3_000_00, DUE, "F-1")
        second = town.register("utdanningsetaten", ANNE, "after_school", 2_000_00, DUE, "F-2")
        town.go_to(on(1, 15))
        plan = ask(town, first, "plans", instalments=3, first_due="2026-02-02", case_ids=[second["case_id"]])
        assert plan["state"] == "granted"
        for instalment in plan["instalments"]:
            town.go_to(date.fromisoformat(instalment["due_on"]))
            town.pay(Payment(kid=plan["kid"], amount_ore=instalment["amount_ore"]))
            town.settle()
        town.go_to(on(4, 20))
        shown = town.server.get(f"/claims-api/v1/requests/{plan['request_id']}", role=Role.CASEWORKER, name="Kim")
        assert shown["state"] == "kept"
        assert town.balance(first["case_id"])["total_ore"] == town.balance(second["case_id"])["total_ore"] == 0
        assert demands(town, first) == [("inkassovarsel", "2026-01-15")]


def test_a_broken_plan_lets_the_ladder_go_on_after_the_days_its_letter_gave(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", BERNT, "kindergarten", 3_000_00, DUE, "F-1")
        town.go_to(on(1, 15))
        plan = ask(town, claim, "plans", instalments=3, first_due="2026-02-02")
        town.go_to(on(2, 26))
        shown = town.server.get(f"/claims-api/v1/requests/{plan['request_id']}", role=Role.CASEWORKER, name="Kim")
        assert (shown["state"], shown["pay_by"]) == ("broken", "2026-03-12")
        town.go_to(on(3, 17))
        assert len(demands(town, claim)) == 1
        town.go_to(on(3, 18))
        assert demands(town, claim)[-1] == ("betalingsoppfordring", "2026-03-18")


def test_a_rejected_objection_that_is_stood_by_goes_to_its_own_body(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", CAMILLA, "kindergarten", 3_000_00, DUE, "F-1")
        other = town.register("bydel-frogner", CAMILLA, "kindergarten", 1_000_00, DUE, "F-2")
        town.go_to(on(1, 15))
        words = {"text": "Ikke mitt krav.", "channel": "portal", "received_on": "2026-01-15"}
        objection = ask(town, claim, "objections", claim_ids=[claim["claim_id"]], disputed_ore=None, **words)
        town.go_to(on(2, 10))
        assert town.claim(claim["claim_id"])["status"] == "disputed"
        (second,) = [one for one in town.letters(claim["case_id"]) if one["kind"] == "betalingsoppfordring"]
        assert second["amount_ore"] < 1_500_00  # the other claim alone
        assert town.claim(other["claim_id"])["status"] == "accepted"
        decided = decide(town, claim, "objections", objection, outcome="refused", reasons="Plassen var i bruk.")
        assert decided["pay_by"] == "2026-02-24"
        town.go_to(on(3, 4))
        steps = town.steps(claim["case_id"])["legal_steps"]
        # The claim she objected to goes to the conciliation board, the one she did not to the enforcement officer.
        assert {(one["kind"], one["body"]) for one in steps} == {("complaint", "forliksraad"), ("utlegg", "namsmann")}
