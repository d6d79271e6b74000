"""Several cases of one debtor in one petition; and reading a case as new as what claims-api has just told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.machine import HandMachine
from support.timekeeper import EPOCH, Timekeeper, held, let_go, papers, registered

from shared.bus import Record
from shared.events.claims import ClaimBalanceChanged
from shared.events.escalation import LegalStepApproved, LegalStepDropped, LegalStepEnded, LegalStepSubmitted
from shared.events.legal import PetitionDeclined
from shared.events.notifications import PackageSubmitted

RIPE = date(2026, 3, 10)


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def two_cases(time: Timekeeper, **changes: Any) -> tuple[str, str]:
    time.feed(
        registered(),
        registered("c2", "case-2", **{"creditor_unit": "utdanningsetaten", "claim_type": "after_school", **changes}),
    )
    time.until(RIPE)
    steps = {one.case_id: str(one.legal_step_id) for one in time.proposals()}
    return steps["case-1"], steps["case-2"]


def post(time: Timekeeper, step: str, what: str, **body: Any) -> Any:
    return time.client().post(f"/v1/legal-steps/{step}/{what}", json=body)


def offered(time: Timekeeper, step: str) -> list[str]:
    shown = time.client().get(f"/v1/legal-steps/{step}").json()["joinable"]
    return [one["case_id"] for one in shown]


def states(time: Timekeeper) -> list[str]:
    return [time.case(case_id)["legal_steps"][-1]["state"] for case_id in ("case-1", "case-2")]


def test_the_debtors_other_ripe_case_can_go_with_the_first(time: Timekeeper) -> None:
    first, second = two_cases(time)
    assert offered(time, first) == ["case-2"]
    assert offered(time, second) == ["case-1"]
    answer = post(time, first, "approval", case_ids=["case-2"])
    assert answer.status_code == 200
    assert answer.json()["petition_id"] == first
    told = time.published(LegalStepApproved)
    assert [(one.case_id, one.lead_case_id) for one in told] == [("case-1", "case-1"), ("case-2", "case-1")]
    for one in told:
        assert [part.legal_step_id for part in one.parts] == [first, second]
    assert states(time) == ["approved", "approved"]

    time.feed(papers(first, second, on=RIPE))
    assert time.case("case-2")["legal_steps"][-1]["package_ready_on"] == RIPE.isoformat()
    assert post(time, second, "submission", submitted_on=RIPE.isoformat(), reference="26-7").status_code == 200
    assert {one.case_id for one in time.published(LegalStepSubmitted)} == {"case-1", "case-2"}
    assert states(time) == ["submitted", "submitted"]
    body = {"outcome": "pay_deduction", "on": RIPE.isoformat(), "monthly_ore": 90_000}
    assert post(time, first, "outcome", **body).status_code == 200
    assert states(time) == ["enforced", "enforced"]
    assert {one.case_id for one in time.published(LegalStepEnded)} == {"case-1", "case-2"}
    time.check()


def test_a_body_that_takes_a_petition_electronically_has_all_its_cases(time: Timekeeper) -> None:
    first, second = two_cases(time)
    post(time, first, "approval", case_ids=["case-2"])
    time.feed(
        PackageSubmitted(
            package_id=first, case_id="case-1", legal_step_ids=[first, second], body="namsmann", office="elan",
            submitted_on=RIPE, reference="26-7",
        )
    )  # fmt: skip
    assert states(time) == ["submitted", "submitted"]
    assert {one.case_id for one in time.published(LegalStepSubmitted)} == {"case-1", "case-2"}
    time.check()


def test_what_is_taken_back_is_taken_back_for_one_case(time: Timekeeper) -> None:
    first, second = two_cases(time)
    post(time, first, "approval", case_ids=["case-2"])
    time.feed(papers(first, second))
    post(time, first, "submission", submitted_on=RIPE.isoformat())
    assert post(time, first, "outcome", outcome="withdrawn", on=RIPE.isoformat()).status_code == 200
    assert states(time) == ["closed", "submitted"]
    time.check()


@pytest.mark.parametrize(
    "changes",
    [
        {"debtor_refs": ["ola"]},
        {"debtor_refs": ["ola", "kari"]},
        {"legal_person": "974780747"},
        {"claim_type": "coercive_fine", "dispute_body": "unit"},
    ],
)
def test_others_are_neither_offered_nor_taken(time: Timekeeper, changes: dict[str, Any]) -> None:
    first, _ = two_cases(time, **changes)
    assert offered(time, first) == []
    answer = post(time, first, "approval", case_ids=["case-2"])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["case_ids.0"]
    assert states(time) == ["proposed", "proposed"]
    assert time.published(LegalStepApproved) == []


def test_a_contested_case_is_not_offered_to_an_undisputed_one(time: Timekeeper) -> None:
    time.feed(registered(), registered("c2", "case-2"))
    time.until(date(2026, 3, 9))
    time.feed(held("objection", "c2", case="case-2"))
    time.feed(let_go("objection", date(2026, 3, 10), "c2", case="case-2", contested=True))
    time.until(RIPE)
    steps = {one.case_id: one for one in time.proposals()}
    assert (steps["case-1"].body, steps["case-2"].body) == ("namsmann", "forliksraad")
    assert offered(time, str(steps["case-1"].legal_step_id)) == []


def test_an_approval_that_may_not_join_changes_nothing(time: Timekeeper) -> None:
    first, _ = two_cases(time)
    assert post(time, first, "approval", outcome="refused", reason="hardship", case_ids=["case-2"]).status_code == 422
    assert post(time, first, "approval", case_ids=["case-2", "case-9"]).status_code == 422
    assert post(time, first, "approval", case_ids=[f"case-{n}" for n in range(21)]).status_code == 422
    assert states(time) == ["proposed", "proposed"]


def test_what_claims_api_declines_falls_away_and_is_proposed_anew(time: Timekeeper) -> None:
    first, _ = two_cases(time)
    assert post(time, first, "approval").status_code == 200
    no = PetitionDeclined(legal_step_id=first, case_id="case-1", claim_ids=["c1"], reason="candidate_payment")
    time.feed(no)
    [dropped] = time.published(LegalStepDropped)
    assert (dropped.legal_step_id, dropped.reason) == (first, "candidate_payment")
    time.until(date(2026, 3, 11))
    assert sorted(one["state"] for one in time.case()["legal_steps"]) == ["dropped", "proposed"]
    time.feed(no)
    assert len(time.published(LegalStepDropped)) == 1
    time.check()


def heard(time: Timekeeper, record: Record, version: int) -> None:
    """Take a record as claims-api sends it: with the version its case had."""
    headers = {**record.headers, "ce_caseversion": str(version)}
    time.service.inbox.take(
        [Record(record.topic, record.partition, record.offset, record.key, record.value, headers, 0)], EPOCH
    )


def test_an_answer_says_how_new_it_is_whatever_event_told(time: Timekeeper) -> None:
    heard(time, time.record(registered()), 3)
    assert time.case()["case_version"] == 3
    paid = ClaimBalanceChanged(case_id="case-1", claim_id="c1", principal_left_ore=1, total_left_ore=1)
    heard(time, time.record(paid), 7)
    answer = time.client().get("/v1/cases/case-1", params={"min_version": 7})
    assert answer.json()["case_version"] == 7
    heard(time, time.record(paid), 5)
    assert time.case()["case_version"] == 7


class RunningMachine(HandMachine):
    """Half a second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.advance(seconds=0.5)
        return super().monotonic()


def test_a_version_that_does_not_come_is_waited_for_and_then_answered_without(tmp_path: Path) -> None:
    time = Timekeeper(tmp_path, machine=RunningMachine())
    heard(time, time.record(registered()), 3)
    before = time.machine.monotonic()
    answer = time.client().get("/v1/cases/case-1", params={"min_version": 9})
    assert (answer.status_code, answer.json()["case_version"]) == (200, 3)
    assert time.machine.monotonic() - before >= 2
    assert time.client().get("/v1/cases/case-1", params={"min_version": 0}).status_code == 422
    assert time.client().get("/v1/cases/unknown", params={"min_version": 1}).status_code == 404
