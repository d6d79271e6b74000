"""Is cover likely: facts for and against, each explained; and what must be in order before a step goes to its body."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ladders import BOOK, claim
from support.timekeeper import Timekeeper, ended, held, let_go, papers, registered, reopened

from escalation.domain.cover import Fact, Seen, judge_cover
from escalation.domain.preflight import checks
from escalation.domain.state import Claim, Hold, Letter
from shared.auth import Role
from shared.events.escalation import LegalStepApproved

TODAY = date(2026, 3, 10)
RULES = BOOK.cover


def seen(fact: Fact, on: date = TODAY) -> Seen:
    return Seen(fact=fact, on=on, source="platform")


@pytest.mark.parametrize(
    ("facts", "debt_ore", "likely"),
    [
        ([], None, True),
        ([], 100_000, True),
        ([], 99_999, False),
        ([seen(Fact.NOTHING_FOUND)], 500_000, False),
        ([seen(Fact.BANKRUPTCY)], 500_000, False),
        ([seen(Fact.DEBT_SETTLEMENT)], 500_000, False),
        ([seen(Fact.NO_NATIONAL_ID)], 500_000, False),
        ([seen(Fact.PAID_RECENTLY)], 99_999, True),
        ([seen(Fact.RUNNING_DEDUCTION), seen(Fact.NOTHING_FOUND)], 500_000, True),
        ([seen(Fact.NOTHING_FOUND, date(2025, 3, 10))], 500_000, False),
        ([seen(Fact.NOTHING_FOUND, date(2025, 3, 9))], 500_000, True),
        ([seen(Fact.PAID_RECENTLY, date(2025, 9, 9))], 99_999, False),
        ([seen(Fact.PAID_RECENTLY, date(2025, 9, 10))], 99_999, True),
    ],
)
def test_facts_for_and_against(facts: list[Seen], debt_ore: int | None, likely: bool) -> None:
    assert judge_cover(facts, debt_ore, TODAY, RULES).likely is likely


@given(st.lists(st.tuples(st.sampled_from(Fact), st.integers(0, 900))), st.none() | st.integers(0, 1_000_000))
def test_the_score_is_the_sum_of_what_is_shown(facts: list[tuple[Fact, int]], debt_ore: int | None) -> None:
    given_facts = [seen(fact, TODAY - timedelta(days=ago)) for fact, ago in facts]
    cover = judge_cover(given_facts, debt_ore, TODAY, RULES)
    shown = cover.as_json()
    assert shown["score"] == shown["base"] + sum(fact["weight"] for fact in shown["facts"])
    assert len({fact["fact"] for fact in shown["facts"]}) == len(shown["facts"])
    assert judge_cover(reversed(given_facts), debt_ore, TODAY, RULES).score == cover.score


def demanded(**changes: Any) -> Claim:
    letter = Letter(step_id="s", sent_on=date(2026, 2, 18), deadline=date(2026, 3, 4))
    return replace(claim(stage="legal_proposed", notice=letter, demand=letter), **changes)


def failed(kind: str, *claims: Claim, today: date = TODAY) -> set[str]:
    return {check.rule for check in checks(BOOK, claims, kind, today) if not check.holds}


WARNING = Letter(step_id="w", sent_on=date(2026, 2, 6), deadline=date(2026, 2, 20))
HOLD = Hold(hold_id="h", reason="objection", placed_on=TODAY)


@pytest.mark.parametrize(
    ("kind", "one", "today", "rules"),
    [
        ("utlegg", demanded(), TODAY, set()),
        ("utlegg", demanded(), date(2026, 8, 18), set()),
        ("utlegg", demanded(), date(2026, 8, 19), {"BETALINGSOPPFORDRING_FOR_GAMMEL"}),
        ("utlegg", demanded(), date(2026, 3, 9), {"FRIST_LOEPER"}),
        ("utlegg", demanded(), date(2026, 3, 3), {"FRIST_LOEPER", "PARAGRAF_4_18_VARSEL_PAAKREVET"}),
        ("utlegg", demanded(holds=(HOLD,)), TODAY, {"KRAV_I_BERO"}),
        ("utlegg", demanded(contested=True), TODAY, {"BESTRIDT_KRAV"}),
        ("complaint", demanded(contested=True), TODAY, set()),
        ("complaint", demanded(contested=True, demand=None), TODAY, set()),
        ("utlegg", demanded(contested=True, dispute_body="unit"), TODAY, set()),
        ("utlegg", demanded(contested=True, dispute_body="unit", demand=None), TODAY,
         {"PARAGRAF_4_18_VARSEL_PAAKREVET"}),
        ("utlegg", demanded(contested=True, dispute_body="unit", demand=None, warning=WARNING), TODAY, set()),
        ("utlegg", demanded(judged_on=date(2026, 1, 5)), TODAY, {"PARAGRAF_4_18_VARSEL_PAAKREVET"}),
        ("utlegg", demanded(judged_on=date(2026, 1, 5), warning=WARNING), TODAY, set()),
        ("utlegg", demanded(judged_on=date(2026, 1, 5), warning=WARNING), date(2026, 2, 25),
         {"PARAGRAF_4_18_VARSEL_PAAKREVET"}),
        ("utlegg", demanded(judged_on=date(2026, 1, 5), warning=WARNING), date(2027, 2, 20), set()),
        ("utlegg", demanded(judged_on=date(2026, 1, 5), warning=WARNING), date(2027, 2, 21),
         {"PARAGRAF_4_19_VARSEL_PAAKREVET"}),
    ],
)  # fmt: skip
def test_what_must_be_in_order(kind: str, one: Claim, today: date, rules: set[str]) -> None:
    assert failed(kind, one, today=today) == rules


def test_a_missing_demand_fails_everything_that_rests_on_it() -> None:
    assert failed("utlegg", demanded(demand=None)) == {
        "BETALINGSOPPFORDRING_MANGLER", "FRIST_LOEPER", "BETALINGSOPPFORDRING_FOR_GAMMEL",
        "PARAGRAF_4_18_VARSEL_PAAKREVET",
    }  # fmt: skip


def test_judged_and_other_claims_do_not_share_a_petition() -> None:
    assert failed("utlegg", demanded(), demanded(claim_id="c2", judged_on=date(2026, 1, 5), warning=WARNING)) == {
        "KRAV_I_FLERE_TVANGSGRUNNLAG"
    }


@pytest.fixture
def time(tmp_path: Path) -> Timekeeper:
    return Timekeeper(tmp_path)


def step_of(time: Timekeeper) -> Any:
    return time.client().get(f"/v1/legal-steps/{time.proposals()[-1].legal_step_id}").json()


def test_a_proposal_explains_its_score_and_what_must_be_in_order(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(TODAY)
    step = step_of(time)
    assert step["cover"] == {"likely": True, "score": 1, "base": 1, "facts": []}
    assert {check["rule"] for check in step["checks"]} == {
        "KRAV_I_BERO", "BETALINGSOPPFORDRING_MANGLER", "FRIST_LOEPER", "BETALINGSOPPFORDRING_FOR_GAMMEL",
        "PARAGRAF_4_18_VARSEL_PAAKREVET", "KRAV_I_FLERE_TVANGSGRUNNLAG",
    }  # fmt: skip
    assert all(check["holds"] for check in step["checks"])


def test_what_happened_in_other_cases_of_the_debtor_counts(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2"), registered("c3", case="case-3", debtor_refs=["per"]))
    time.until(date(2026, 2, 2))
    time.feed(ended("c2", case="case-2", on=date(2026, 2, 2)), held("bankruptcy", "c3", case="case-3"))
    time.until(TODAY)
    [fact] = step_of(time)["cover"]["facts"]
    assert (fact["fact"], fact["on"], fact["source"], fact["weight"]) == ("paid_recently", "2026-02-02", "platform", 2)
    assert fact["text"] == "Betaling de siste 6 månedene"


def test_an_end_that_one_batch_takes_back_never_counted(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2"))
    time.until(date(2026, 2, 2))
    end = ended("c2", case="case-2", on=date(2026, 2, 2))
    time.feed(end, reopened("c2", case="case-2", on=date(2026, 2, 2)))
    time.until(TODAY)
    assert step_of(time)["cover"]["facts"] == []
    time.check()


def test_nothing_found_speaks_against_the_next_petition(time: Timekeeper) -> None:
    time.feed(registered("c1"), registered("c2", case="case-2", due=date(2026, 3, 1), registered_on=date(2026, 1, 19)))
    time.until(TODAY)
    first = step_of(time)["legal_step_id"]
    client = time.client()
    client.post(f"/v1/legal-steps/{first}/approval")
    time.feed(papers(first))
    client.post(f"/v1/legal-steps/{first}/submission", json={"submitted_on": "2026-03-10"})
    client.post(f"/v1/legal-steps/{first}/outcome", json={"outcome": "nothing_found", "on": "2026-03-10"})
    time.until(date(2026, 4, 28))
    second = step_of(time)
    assert second["case_id"] == "case-2"
    assert (second["cover"]["likely"], second["cover"]["facts"][0]["fact"]) == (False, "nothing_found")


def test_a_caseworker_adds_a_fact_once(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(TODAY)
    client = time.client(name="Kari")
    fact, key = {"fact": "no_national_id", "on": "2026-03-01"}, {"Idempotency-Key": "k1"}
    first = client.post("/v1/cases/case-1/cover-facts", json=fact, headers=key)
    again = client.post("/v1/cases/case-1/cover-facts", json=fact, headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    assert step_of(time)["cover"]["likely"] is False
    assert client.post("/v1/cases/case-9/cover-facts", json=fact, headers={"Idempotency-Key": "k2"}).status_code == 404
    late = {"fact": "no_national_id", "on": "2026-03-11"}
    assert client.post("/v1/cases/case-1/cover-facts", json=late, headers={"Idempotency-Key": "k3"}).status_code == 422
    made_up = {"fact": "small_debt", "on": "2026-03-01"}
    assert (
        client.post("/v1/cases/case-1/cover-facts", json=made_up, headers={"Idempotency-Key": "k4"}).status_code == 422
    )
    auditor = time.client(Role.AUDITOR)
    assert auditor.post("/v1/cases/case-1/cover-facts", json=fact, headers={"Idempotency-Key": "k"}).status_code == 403


def test_a_debtor_sees_neither_score_nor_checks(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(TODAY)
    [step] = time.case(role=Role.DEBTOR, debtor_ref="kari")["legal_steps"]
    assert (step["cover"], step["checks"]) == (None, None)
    assert (
        time.client(Role.DEBTOR, debtor_ref="kari").get(f"/v1/legal-steps/{step['legal_step_id']}").status_code == 403
    )


def test_a_complaint_needs_no_cover(time: Timekeeper) -> None:
    time.feed(registered())
    time.until(date(2026, 2, 10))
    time.feed(held("objection"), let_go("objection", date(2026, 2, 11), contested=True))
    time.until(date(2026, 2, 11))
    assert step_of(time)["cover"] is None
    answer = time.client().post(f"/v1/legal-steps/{step_of(time)['legal_step_id']}/approval")
    assert answer.status_code == 200
    assert len(time.published(LegalStepApproved)) == 1
