"""The legal end of claims through HTTP, the command line and bank files: bodies, deductions, judgments, old demands."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.town import running

from inkasso.client import Refused
from inkasso.demo.persons import ANNE, BERNT, CAMILLA, DAVID, EVA, Person
from inkasso.demo.town import Payment, Town
from shared.auth import Role

DUE = date(2025, 12, 20)
STEPS = "/escalation/v1/legal-steps"


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def step_of(town: Town, claim: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = town.steps(claim["case_id"])["legal_steps"][-1]
    return found


def clerk(town: Town, path: str, **body: Any) -> dict[str, Any]:
    return town.server.post(path, body, role=Role.CASEWORKER, name="Kim")


def refused(town: Town, path: str, **body: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as problem:
        clerk(town, path, **body)
    return problem.value.status, str(problem.value.problem["type"]).rsplit("/", 1)[-1]


def petition(town: Town, claim: dict[str, Any]) -> dict[str, Any]:
    found = town.server.get(f"/claims-api/v1/cases/{claim['case_id']}/petitions", role=Role.AUDITOR)
    latest: dict[str, Any] = found["items"][-1]
    return latest


def object_to(town: Town, claim: dict[str, Any]) -> dict[str, Any]:
    body = {
        "claim_ids": [claim["claim_id"]], "text": "Jeg er uenig i kravet.", "channel": "post",
        "received_on": town.today().isoformat(),
    }  # fmt: skip
    return clerk(town, f"/claims-api/v1/cases/{claim['case_id']}/objections", **body)


def reject(town: Town, claim: dict[str, Any], objection: dict[str, Any]) -> None:
    path = f"/claims-api/v1/cases/{claim['case_id']}/objections/{objection['request_id']}/decision"
    clerk(town, path, outcome="refused", reasons="Tjenesten er levert etter avtalen.", reasonable=False)


def contest(town: Town, claim: dict[str, Any]) -> dict[str, Any]:
    """Object, be told no, and stand by it until the legal step is proposed."""
    stand_by(town, claim)
    return step_of(town, claim)


def stand_by(town: Town, claim: dict[str, Any]) -> None:
    town.go_to(on(1, 19))
    objection = object_to(town, claim)
    town.go_to(on(1, 21))
    reject(town, claim, objection)
    town.go_to(on(2, 17))


def complain_in_vain(town: Town, claim: dict[str, Any]) -> None:
    """Object to a fine, complain of the unit's no, and stand by it when the complaint body says no too."""
    town.go_to(on(1, 19))
    objection = object_to(town, claim)
    reject(town, claim, objection)
    path = f"/claims-api/v1/cases/{claim['case_id']}/objections/{objection['request_id']}"
    town.go_to(on(2, 5))
    told = clerk(town, f"{path}/complaint", text="Jeg klager på vedtaket.", channel="post", received_on="2026-02-05")
    assert (told["turn"]["owner"], told["complain_by"]) == ("complaint_body", "2026-02-09")
    town.go_to(on(3, 2))
    assert [one["kind"] for one in town.letters(claim["case_id"]) if one["kind"] == "tvangsvarsel"] == []
    body = {"outcome": "refused", "reasons": "Vedtaket er riktig.", "reasonable": False}
    assert refused(town, f"{path}/decision", **body) == (409, "urn:kommunal-innkreving:problem:wrong-stage")
    clerk(town, f"{path}/decision", **body, heard_by="complaint_body")
    town.go_to(on(3, 24))


def inkasso(town: Town, *arguments: str) -> str:
    given = {name: value for name, value in os.environ.items() if not name.startswith("INKASSO_")}
    server = {"INKASSO_URL": town.server.base_url, "INKASSO_DATA_DIR": str(town.server._settings.data_dir)}
    result = subprocess.run(
        [sys.executable, "-m", "inkasso.main", *arguments],
        env={**given, **server, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_an_undisputed_claim_is_paid_by_a_deduction_in_the_order_of_the_law(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("deichman", EVA, "library_replacement", 1_500_00, DUE, "F-1")
        assert "betalingsoppfordring" in inkasso(town, "ladder", "simulate", "--case", claim["case_number"])
        town.go_to(on(2, 25))
        step = step_of(town, claim)
        assert (step["kind"], step["body"], step["state"]) == ("utlegg", "namsmann", "proposed")
        assert step["legal_step_id"] in inkasso(town, "legal", "list", "--state", "proposed")
        owed = town.balance(claim["case_id"])
        assert "godkjent" in inkasso(town, "legal", "approve", step["legal_step_id"])
        town.settle()
        frozen = petition(town, claim)
        assert frozen["state"] == "approved"
        assert frozen["statement"]["total_ore"] == owed["total_ore"]
        assert frozen["statement"]["expected_court_fee_ore"] > 0
        assert town.balance(claim["case_id"])["legal_costs_ore"] == 0
        assert (town.case(claim["case_id"])["state"], town.claim(claim["claim_id"])["status"]) == ("legal", "legal")
        other = town.register("deichman", EVA, "library_replacement", 400_00, DUE, "F-2")
        assert other["case_id"] != claim["case_id"]

        inkasso(town, "legal", "submit", step["legal_step_id"], "--reference", "26-100/OSL")
        town.settle()
        assert town.claim(claim["claim_id"])["limitation_day"] == "9999-12-31"
        town.go_to(on(4, 7))
        shown = inkasso(town, "legal", "outcome", step["legal_step_id"], "pay_deduction", "--monthly", "500")
        assert "500,00 kroner i måneden" in shown
        for month, principal in ((4, 1_000_00), (5, 500_00), (6, 0)):
            town.go_to(on(month, 20))
            town.pay(Payment(kid=frozen["kid"], amount_ore=500_00))
            town.settle()
            balance = town.balance(claim["case_id"])
            assert (balance["principal_ore"], balance["fees_ore"]) == (principal, 38_00 + 113_00)
        assert balance["interest_ore"] > 0
        town.go_to(on(7, 20))
        town.pay(Payment(kid=frozen["kid"], amount_ore=town.balance(claim["case_id"])["total_ore"]))
        town.settle()
        assert town.claim(claim["claim_id"])["status"] == "settled"
        assert inkasso(town, "legal", "outcome", step["legal_step_id"], "enforcement_ended")
        town.settle()
        assert town.steps(claim["case_id"])["next"] is None
        references = {
            line["explanation"]["reference"] for line in town.statement(claim["case_id"]) if line["kind"] == "payment"
        }
        assert references == {"innkrevingsloven § 29"}


def test_two_cases_of_a_debtor_share_a_petition_and_what_it_brings_in(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        first = town.register("bydel-frogner", ANNE, "kindergarten", 1_000_00, DUE, "F-1")
        other = town.register("utdanningsetaten", ANNE, "after_school", 1_000_00, DUE, "F-2")
        stranger = town.register("utdanningsetaten", BERNT, "after_school", 1_000_00, DUE, "F-3")
        town.go_to(on(2, 25))
        step_id = step_of(town, first)["legal_step_id"]
        shown = inkasso(town, "legal", "show", step_id)
        assert other["case_id"] in shown
        assert stranger["case_id"] not in shown
        inkasso(town, "legal", "approve", step_id, "--case", other["case_number"])
        town.settle()
        lead, joined = petition(town, first), petition(town, other)
        assert (lead["kid"], lead["petition_id"]) == (joined["kid"], joined["petition_id"])
        assert lead["statement"]["case_ids"] == [first["case_id"], other["case_id"]]
        assert joined["statement"] is None
        inkasso(town, "legal", "submit", step_id)
        inkasso(town, "legal", "outcome", step_id, "pay_deduction", "--monthly", "1500")
        town.settle()
        assert [step_of(town, one)["state"] for one in (first, other)] == ["enforced", "enforced"]
        town.pay(Payment(kid=lead["kid"], amount_ore=1_500_00))
        town.settle()
        left = sorted(town.balance(one["case_id"])["total_ore"] for one in (first, other))
        assert left[0] == 0
        assert 0 < left[1] < 1_000_00
        assert {town.claim(one["claim_id"])["status"] for one in (first, other)} == {"settled", "legal"}


@pytest.mark.parametrize(
    ("unit", "person", "claim_type", "more", "route"),
    [
        ("bydel-frogner", ANNE, "kindergarten", {}, ("complaint", "forliksraad")),
        ("boligbygg-kf", BERNT, "rent", {"premises": "home"}, ("complaint", "husleietvistutvalg")),
    ],
)
def test_a_rejected_objection_that_is_stood_by_goes_to_the_body_of_its_type(
    tmp_path: Path, unit: str, person: Person, claim_type: str, more: dict[str, Any], route: tuple[str, str]
) -> None:
    with running(tmp_path) as town:
        claim = town.register(unit, person, claim_type, 4_000_00, DUE, "F-1", **more)
        step = contest(town, claim)
        assert (step["kind"], step["body"], step["state"]) == (*route, "proposed")
        sent = [one["kind"] for one in town.letters(claim["case_id"])]
        assert "betalingsoppfordring" not in sent
        clerk(town, f"{STEPS}/{step['legal_step_id']}/approval")
        town.settle()
        frozen = petition(town, claim)
        assert (frozen["state"], frozen["body"]) == ("approved", route[1])


def package(town: Town, claim: dict[str, Any]) -> dict[str, Any]:
    """Return what notifications made of the case's latest petition."""
    found = town.server.get("/notifications/v1/packages", role=Role.AUDITOR, case_id=claim["case_id"])
    latest: dict[str, Any] = found["items"][-1]
    return latest


def test_a_fine_whose_complaint_was_refused_gets_notice_of_enforcement_before_its_petition(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        decision = {"kind": "decision", "date": "2025-11-03", "reference": "25/0017"}
        claim = town.register(
            "plan-og-bygningsetaten", CAMILLA, "coercive_fine", 4_000_00, DUE, "F-1", legal_basis=decision
        )
        complain_in_vain(town, claim)
        assert town.steps(claim["case_id"])["legal_steps"] == []
        [notice] = [one for one in town.letters(claim["case_id"]) if one["kind"] == "tvangsvarsel"]
        assert (notice["sent_on"], notice["deadline"]) == ("2026-03-20", "2026-04-07")
        assert notice["amount_ore"] == town.balance(claim["case_id"])["total_ore"]
        assert "betalingsoppfordring" not in [one["kind"] for one in town.letters(claim["case_id"])]
        town.go_to(on(4, 14))
        step = step_of(town, claim)
        assert (step["kind"], step["body"], step["proposed_on"]) == ("utlegg", "namsmann", "2026-04-13")
        clerk(town, f"{STEPS}/{step['legal_step_id']}/approval")
        town.settle()
        [frozen] = petition(town, claim)["statement"]["claims"]
        assert frozen["enforcement_basis_on"] == "2025-11-03"
        assert (package(town, claim)["state"], package(town, claim)["failure"]) == ("assembled", None)


def test_an_objection_after_a_judgment_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("bydel-frogner", ANNE, "kindergarten", 4_000_00, DUE, "F-1")
        path = f"{STEPS}/{contest(town, claim)['legal_step_id']}"
        clerk(town, f"{path}/approval")
        town.settle()
        clerk(town, f"{path}/submission", submitted_on="2026-02-17")
        town.go_to(on(4, 15))
        clerk(town, f"{path}/outcome", outcome="judgment", on="2026-04-15")
        town.settle()
        assert town.claim(claim["claim_id"])["limitation_day"] == "2036-04-15"
        with pytest.raises(Refused) as problem:
            object_to(town, claim)
        assert problem.value.status == 409
        # It is enforced after the month to appeal and a notice of its own, and nothing else is sent meanwhile.
        letters = len(town.letters(claim["case_id"]))
        town.go_to(on(6, 8))
        [notice] = town.letters(claim["case_id"])[letters:]
        assert (notice["kind"], notice["sent_on"], notice["deadline"]) == ("tvangsvarsel", "2026-05-18", "2026-06-01")
        step = step_of(town, claim)
        assert (step["kind"], step["state"], step["proposed_on"]) == ("utlegg", "proposed", "2026-06-05")
        clerk(town, f"{STEPS}/{step['legal_step_id']}/approval")
        town.settle()
        [frozen] = petition(town, claim)["statement"]["claims"]
        assert frozen["enforcement_basis"] == "dom, forlik eller vedtak av 15.04.2026 (tvangsfullbyrdelsesloven § 4-1)"
        assert package(town, claim)["state"] == "assembled"


def test_a_demand_older_than_six_months_is_sent_anew_and_carries_no_legal_step(tmp_path: Path) -> None:
    with running(tmp_path) as town:
        claim = town.register("utdanningsetaten", DAVID, "after_school", 2_000_00, DUE, "F-1")
        town.go_to(on(2, 25))
        old = step_of(town, claim)
        assert old["usable_to"] == "2026-08-04"
        town.go_to(on(8, 4))
        assert step_of(town, claim)["state"] == "proposed"
        fees = town.balance(claim["case_id"])["fees_ore"]
        town.go_to(on(8, 5))
        assert step_of(town, claim)["state"] == "dropped"
        demands = [one for one in town.letters(claim["case_id"]) if one["kind"] == "betalingsoppfordring"]
        assert [one["sent_on"] for one in demands] == ["2026-02-04", "2026-08-05"]
        assert town.balance(claim["case_id"])["fees_ore"] == fees == 38_00 + 113_00
        assert refused(town, f"{STEPS}/{old['legal_step_id']}/approval")[0] == 409
        town.go_to(on(8, 26))
        new = [one for one in town.steps(claim["case_id"])["legal_steps"] if one["state"] == "proposed"]
        assert [one["usable_to"] for one in new] == ["2027-02-05"]
