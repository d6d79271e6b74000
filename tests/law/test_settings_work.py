"""Every setting that a lawyer or a rule page is pointed to does what it says: another value, another answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support.counter import Counter, counter, objected
from support.treasury import Treasury

from claims_api.settings import Settings
from shared.events.requests import ObjectionRaised, PlanInstalmentMissed
from shared.settings import settings_faults

ROOT = Path(__file__).parents[2]
DUE, VARSEL = date(2026, 1, 15), date(2026, 1, 29)
TODAY = date(2026, 1, 20)

Answer = Callable[[Path, Mapping[str, Any]], object]
"""Plays a scene in a folder with settings, and returns what came of it."""


@contextmanager
def town(folder: Path, settings: Mapping[str, Any], start: date = date(2026, 1, 16)) -> Iterator[Treasury]:
    folder.mkdir()
    kept = Treasury(folder, start, **settings)
    yield kept
    kept.db.close()


def fees_of_the_ladder(folder: Path, settings: Mapping[str, Any]) -> object:
    with town(folder, settings, date(2026, 6, 2)) as treasury:
        claim = treasury.register(due=date(2026, 6, 1), principal_ore=300_000)
        fees = [treasury.at(date(2026, 6, 15)).letter("inkassovarsel", claim).fee_ore]
        fees.append(treasury.at(date(2026, 7, 3)).letter("betalingsoppfordring", claim).fee_ore)
        return fees, treasury.balance(claim).balance.fees_ore


def interest_of_a_month(folder: Path, settings: Mapping[str, Any]) -> object:
    with town(folder, settings) as treasury:
        claim = treasury.register(due=date(2024, 1, 15), principal_ore=1_000_000)
        return treasury.balance(claim, date(2024, 2, 15)).balance.interest_ore


def days_to_pay(folder: Path, settings: Mapping[str, Any]) -> object:
    with town(folder, settings) as treasury:
        claim = treasury.register(due=DUE)
        return treasury.at(VARSEL).letter("inkassovarsel", claim).deadline


def asked(what: str, body: dict[str, Any], **claim: Any) -> Answer:
    def answer(folder: Path, settings: Mapping[str, Any]) -> object:
        with counter(folder, TODAY, **settings) as desk:
            return desk.asked(desk.case(**claim), what, body)["state"]

    return answer


def a_plan_after_a_broken_one(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        claim = desk.case()
        plan = {"instalments": 3, "first_due": "2026-02-16"}
        desk.asked(claim, "plans", plan)
        desk.at(date(2026, 3, 13))
        return desk.asked(claim, "plans", {**plan, "first_due": "2026-04-10"})["state"]


def a_choice_after_a_week(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        claim = desk.case()
        paid = desk.pay(claim["case_id"], 10_000, "")
        desk.at(date(2026, 1, 27))
        return desk.ask(claim, "payment-choices", {"payment_id": paid.payment_id, "order": ["principal"]}).status_code


def erased_after(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        claim = desk.case()
        desk.pay(claim["case_id"], desk.balance(claim)["total_ore"], "")
        path = f"/v1/debtors/{claim['debtor_ref']}/erasure"
        desk.office.clock.set(date(2027, 1, 2))
        return desk.office.post(path, {}, desk.office.clerk()).status_code


def status_two_months_before_limitation(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        return desk.case(limitation_date="2026-03-20")["status"]


def warned_and_at_risk(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        claim, office = desk.case(limitation_date="2026-05-11"), desk.office  # 111 days left
        warned = office.run_job("limitation")
        office.run_job("limitation-at-risk")
        at_risk = office.service.metrics.registry.get_sample_value(
            "inkasso_limitation_at_risk_ore", {"service": "claims-api"}
        )
        return warned, at_risk == desk.balance(claim)["principal_ore"]


def answered_for_the_time_being(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        objected(desk, desk.case())
        desk.at(date(2026, 1, 27))
        return "objection_preliminary" in desk.notices()


def objection_decided_by(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        return objected(desk, desk.case())["due_on"]


def in_time_by_post(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        claim = desk.case()
        desk.at(date(2026, 1, 26)).letter("inkassovarsel", claim)  # to be paid by Monday 9 February
        desk.at(date(2026, 2, 12))
        objected(desk, claim, desk.office.clerk(), channel="post", received_on="2026-02-12")
        return desk.last(ObjectionRaised).in_time


def days_after_no(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        given = [desk.decide(objected(desk, desk.case()), outcome="refused", reasons="Plassen var din.").json()]
        asked_for_time = desk.asked(desk.case(), "deferrals", {"until": "2026-06-01"})
        given.append(desk.decide(asked_for_time, outcome="refused", reasons="For lenge.").json())
        broken = broken_plan(desk)
        return [*(one["pay_by"] for one in given), broken["pay_by"]]


def broken_plan(desk: Counter) -> dict[str, Any]:
    plan = desk.asked(desk.case(), "plans", {"instalments": 3, "first_due": "2026-02-16"})
    desk.at(date(2026, 3, 12))
    found: dict[str, Any] = desk.read(plan)
    assert found["state"] == "broken"
    return found


def complain_by(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        return unit_refused(desk)["complain_by"]


def followed_up_on(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        refused = unit_refused(desk)
        path = f"objections/{refused['request_id']}/complaint"
        return desk.asked(refused, path, {"text": "Jeg klager."})["due_on"]


def unit_refused(desk: Counter) -> dict[str, Any]:
    """Return an objection to a decision that its unit refused."""
    objection = objected(desk, desk.case(claim_type="nursing_home"), about="decision")
    found: dict[str, Any] = desk.decide(objection, outcome="refused", reasons="Vedtaket er riktig.").json()
    return found


def reminded_to_pay_by(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        desk.asked(desk.case(), "plans", {"instalments": 3, "first_due": "2026-02-16"})
        desk.at(date(2026, 2, 20))
        return desk.last(PlanInstalmentMissed).pay_by


def waits_for_money_to(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        return desk.asked(desk.case(), "paid-claims", {})["until"]


def closed_by_4_february(folder: Path, settings: Mapping[str, Any]) -> object:
    with counter(folder, TODAY, **settings) as desk:
        desk.case()
        desk.office.run_job("vouchers")
        desk.office.clock.set(date(2026, 2, 4))  # its third working day
        return bool(desk.office.run_job("periods"))


def plan_of(instalments: int, first_due: str = "2026-02-16", **claim: Any) -> Answer:
    return asked("plans", {"instalments": instalments, "first_due": first_due}, **claim)


WORKS: Mapping[str, tuple[Answer, dict[str, Any], object, object]] = {
    "ACT_2026_FROM": (
        fees_of_the_ladder, {"act_2026_from": date(2026, 7, 1)}, ([3_800, 11_300], 15_100), ([3_800, 0], 3_800),
    ),
    "INTEREST": (interest_of_a_month, {"interest": "inkasso"}, 10_587, 10_616),
    "DEADLINE_DAYS": (days_to_pay, {"deadline_days": 20}, date(2026, 2, 12), date(2026, 2, 18)),
    "DEFERRAL_MAX_DAYS": (asked("deferrals", {"until": "2026-02-10"}), {"deferral_max_days": 14}, "granted", "pending"),
    "PLAN_MAX_INSTALMENTS": (plan_of(6), {"plan_max_instalments": 5}, "granted", "pending"),
    "PLAN_MIN_INSTALMENT_ORE": (plan_of(6), {"plan_min_instalment_ore": 60_000}, "granted", "pending"),
    "PLAN_MAX_TOTAL_ORE": (plan_of(6), {"plan_max_total_ore": 200_000}, "granted", "pending"),
    "PLAN_FIRST_DUE_DAYS": (plan_of(3), {"plan_first_due_days": 14}, "granted", "pending"),
    "PLAN_BROKEN_MONTHS": (a_plan_after_a_broken_one, {"plan_broken_months": 0}, "pending", "granted"),
    "PLAN_REMINDER_DAYS": (reminded_to_pay_by, {"plan_reminder_days": 20}, date(2026, 3, 6), date(2026, 3, 12)),
    "OBJECTION_PRELIMINARY_DAYS": (answered_for_the_time_being, {"objection_preliminary_days": 8}, True, False),
    "OBJECTION_DECISION_DAYS": (objection_decided_by, {"objection_decision_days": 28}, "2026-02-10", "2026-02-17"),
    "OBJECTION_POST_BANK_DAYS": (in_time_by_post, {"objection_post_bank_days": 2}, True, False),
    "REFUSAL_DAYS": (
        days_after_no, {"refusal_days": 21},
        ["2026-02-03", "2026-02-03", "2026-03-26"], ["2026-02-10", "2026-02-10", "2026-04-07"],
    ),
    "COMPLAINT_DAYS": (complain_by, {"complaint_days": 28}, "2026-02-10", "2026-02-17"),
    "COMPLAINT_FOLLOW_UP_DAYS": (followed_up_on, {"complaint_follow_up_days": 30}, "2026-04-14", "2026-02-19"),
    "PAID_WAIT_BANK_DAYS": (waits_for_money_to, {"paid_wait_bank_days": 3}, "2026-01-27", "2026-01-23"),
    "LIMITATION_HEARING_DAYS": (
        status_two_months_before_limitation, {"limitation_hearing_days": 30}, "hearing", "accepted",
    ),
    "LIMITATION_WARNING_DAYS": (warned_and_at_risk, {"limitation_warning_days": (110, 30)}, (1, True), (0, False)),
    "PERIOD_CLOSING_WORKING_DAY": (closed_by_4_february, {"period_closing_working_day": 3}, False, True),
    "PAYMENT_CHOICE_DAYS": (a_choice_after_a_week, {"payment_choice_days": 6}, 201, 409),
    "RETENTION_YEARS": (erased_after, {"retention_years": 0}, 409, 200),
}  # fmt: skip
"""A scene for each setting of claims-api: what is set, and the answers without and with it."""

ELSEWHERE = {
    "LADDER_FILE": "tests/escalation/test_ladder_table.py",
    "REFUSED_FILES_DAYS": "tests/payments_ingest",
}
"""Settings of other services, and the tests that show them."""


def named() -> set[str]:
    """Return the settings that the pages for lawyers and auditors name."""
    pages = [ROOT / "docs/decisions-for-a-lawyer.md", *(ROOT / "docs/rules").glob("*.md")]
    return {name for page in pages for name in re.findall(r"`INKASSO_([A-Z0-9_]+)`", page.read_text("utf-8"))}


def test_every_setting_that_is_named_has_its_scene() -> None:
    assert sorted(named() - WORKS.keys() - ELSEWHERE.keys()) == []
    assert all((ROOT / place).exists() for place in ELSEWHERE.values())


@pytest.mark.parametrize("name", WORKS)
def test_a_setting_changes_what_happens(tmp_path: Path, name: str) -> None:
    answer, settings, usual, other = WORKS[name]
    assert answer(tmp_path / "usual", {}) == usual
    assert answer(tmp_path / "other", settings) == other


def test_the_act_of_2026_cannot_begin_before_it_was_adopted(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="act_2026_from"):
        Settings(data_dir=tmp_path, act_2026_from=date(2026, 5, 21))


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"refusal_days": 13}, "INKASSO_REFUSAL_DAYS: expected 14 or more"),
        ({"complaint_days": 20}, "INKASSO_COMPLAINT_DAYS: expected 21 or more"),
        ({"plan_reminder_days": 13}, "INKASSO_PLAN_REMINDER_DAYS: expected 14 or more"),
        ({"limitation_warning_days": ()}, "INKASSO_LIMITATION_WARNING_DAYS: expected at least 1 items"),
        ({"limitation_warning_days": (30, 60)}, "INKASSO_LIMITATION_WARNING_DAYS: expected numbers that fall"),
        ({"limitation_warning_days": (60, 60)}, "INKASSO_LIMITATION_WARNING_DAYS: expected numbers that fall"),
        ({"objection_decision_days": 6}, "INKASSO_OBJECTION_DECISION_DAYS: expected no fewer"),
        ({"period_closing_working_day": 0}, "INKASSO_PERIOD_CLOSING_WORKING_DAY: expected 1 or more"),
    ],
)
def test_days_that_cannot_be_are_refused_by_name(tmp_path: Path, settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(data_dir=tmp_path, **settings)
    (told,) = settings_faults(wrong.value)
    assert told.startswith(fault)


def test_warnings_are_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKASSO_LIMITATION_WARNING_DAYS", "[180, 90]")
    assert Settings(data_dir=tmp_path).limitation_warning_days == (180, 90)
