"""Letter fees, collection cost and court fees: every figure of the fact sheet's tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from claims_api.domain.court_fees import CourtStep, court_fee, standard_compensation
from claims_api.domain.demand import FeeClaim, demand_fee
from claims_api.domain.fees import ChargedClaim, EarlierLetter, FeeRegime, LetterKind, lawful_fee_max, letter_fee
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from claims_api.domain.salaer import (
    SalaerClaim,
    bracket,
    foreign_collection,
    heavy_from,
    later_steps,
    lawyer_led,
    plan_addition,
)

RATES = load_rates()
RULES = MoneyRules(rates=RATES)
REMINDER, NOTICE, DEMAND = LetterKind.REMINDER, LetterKind.NOTICE, LetterKind.DEMAND


def earlier(kind: LetterKind, sent_on: date, fee_ore: int = 3_800, days: int = 14) -> EarlierLetter:
    return EarlierLetter(kind=kind, sent_on=sent_on, deadline=sent_on + timedelta(days=days), fee_ore=fee_ore)


def fee(kind: LetterKind, sent_on: date, due: date, *letters: EarlierLetter, rules: MoneyRules = RULES) -> int:
    return letter_fee(kind, sent_on, ChargedClaim(due_date=due, letters=letters), rules=rules).value


@pytest.mark.parametrize(
    ("due", "sent_on", "small", "demand"),
    [
        (date(2020, 9, 30), date(2021, 3, 1), 7_000, 21_000),
        (date(2020, 9, 30), date(2026, 3, 1), 7_500, 22_500),
        (date(2020, 10, 1), date(2020, 12, 1), 3_500, 10_500),
        (date(2025, 11, 1), date(2025, 12, 31), 3_500, 10_500),
        (date(2025, 11, 1), date(2026, 1, 1), 3_800, 11_300),
    ],
)
def test_the_fraction_follows_the_due_date_and_the_sats_the_day_of_sending(
    due: date, sent_on: date, small: int, demand: int
) -> None:
    notice = earlier(NOTICE, sent_on - timedelta(days=30))
    assert fee(NOTICE, sent_on, due) == small
    assert fee(DEMAND, sent_on, due, notice) == demand


def test_a_letter_less_than_fourteen_days_after_the_due_date_is_free() -> None:
    due = date(2026, 1, 15)
    assert fee(NOTICE, date(2026, 1, 28), due) == 0
    assert fee(NOTICE, date(2026, 1, 29), due) == 3_800


def test_two_small_fees_only_after_a_reminder_whose_deadline_was_missed() -> None:
    due = date(2026, 1, 2)
    first = date(2026, 1, 16)
    assert fee(NOTICE, date(2026, 1, 31), due, earlier(REMINDER, first)) == 3_800
    assert fee(NOTICE, date(2026, 1, 30), due, earlier(REMINDER, first)) == 0  # the last day is still running
    assert fee(NOTICE, date(2026, 1, 31), due, earlier(REMINDER, first, days=10)) == 0
    assert fee(REMINDER, date(2026, 1, 31), due, earlier(NOTICE, first)) == 0
    twice = (earlier(REMINDER, first), earlier(REMINDER, date(2026, 2, 2)))
    assert fee(NOTICE, date(2026, 3, 2), due, *twice) == 0


def test_one_demand_fee_and_only_after_a_missed_deadline() -> None:
    due, notice = date(2026, 1, 2), earlier(NOTICE, date(2026, 1, 16))
    assert fee(DEMAND, date(2026, 1, 31), due) == 0
    assert fee(DEMAND, date(2026, 1, 31), due, notice) == 11_300
    assert fee(DEMAND, date(2026, 1, 30), due, notice) == 0
    again = earlier(DEMAND, date(2026, 2, 2), 11_300)
    assert fee(DEMAND, date(2026, 3, 2), due, notice, again) == 0


def test_the_count_restarts_after_more_than_six_months() -> None:
    due, notice = date(2026, 1, 2), earlier(NOTICE, date(2026, 1, 16))
    demand = earlier(DEMAND, date(2026, 2, 2), 11_300)
    assert fee(DEMAND, date(2026, 8, 2), due, notice, demand) == 0
    assert fee(DEMAND, date(2026, 8, 3), due, notice, demand) == 11_300


def test_minors_and_disputed_claims_carry_nothing() -> None:
    for free in (
        ChargedClaim(due_date=date(2026, 1, 2), minor=True),
        ChargedClaim(due_date=date(2026, 1, 2), disputed=True),
    ):
        assert letter_fee(NOTICE, date(2026, 2, 2), free, rules=RULES).value == 0
        assert lawful_fee_max(NOTICE, date(2026, 2, 2), free, rules=RULES) == 0


def test_the_adopted_act_takes_over_on_its_day_and_own_letters_are_then_free() -> None:
    rules = MoneyRules(rates=load_rates(assume_months=12), act_2026_from=date(2027, 1, 1))
    due = date(2026, 12, 1)
    assert fee(NOTICE, date(2026, 12, 31), due, rules=rules) == 3_800
    found = letter_fee(NOTICE, date(2027, 1, 1), ChargedClaim(due_date=due), rules=rules)
    assert (found.value, found.trace.reference) == (0, "LOV-2026-05-22-19 §§ 19-21")


SALAER_2026 = [
    (500, 18_750, 37_500, 23_438, 46_875, 28_125, 56_250, 35_156, 70_313),
    (1_000, 26_250, 52_500, 32_813, 65_625, 39_375, 78_750, 49_219, 98_438),
    (2_500, 30_000, 60_000, 37_500, 75_000, 45_000, 90_000, 56_250, 112_500),
    (10_000, 60_000, 120_000, 75_000, 150_000, 90_000, 180_000, 112_500, 225_000),
    (50_000, 120_000, 240_000, 150_000, 300_000, 180_000, 360_000, 225_000, 450_000),
    (250_000, 270_000, 540_000, 337_500, 675_000, 405_000, 810_000, 506_250, 1_012_500),
    (250_001, 540_000, 1_080_000, 675_000, 1_350_000, 810_000, 1_620_000, 1_012_500, 2_025_000),
]


@pytest.mark.parametrize("row", SALAER_2026)
def test_the_salaer_table_of_2026(row: tuple[int, ...]) -> None:
    deadline = date(2026, 3, 4)
    light, heavy = date(2026, 4, 1), date(2026, 4, 2)
    expected = iter(row[1:])
    for business in (False, True):
        for vat in (False, True):
            claim = SalaerClaim(
                size_ore=row[0] * 100, due_date=date(2026, 1, 15), demand_deadline=deadline, business=business, vat=vat
            )
            assert foreign_collection(claim, light, rates=RATES).value == next(expected)
            assert foreign_collection(claim, heavy, rates=RATES).value == next(expected)


@pytest.mark.parametrize(
    ("size_nok", "light", "heavy"),
    [(2_500, 35_000, 70_000), (10_000, 70_000, 140_000), (50_000, 140_000, 280_000), (250_000, 280_000, 560_000),
     (300_000, 560_000, 1_120_000)],
)  # fmt: skip
def test_the_older_salaer_table_for_claims_due_before_october_2020(size_nok: int, light: int, heavy: int) -> None:
    claim = SalaerClaim(size_ore=size_nok * 100, due_date=date(2020, 9, 30), demand_deadline=date(2020, 12, 1))
    assert foreign_collection(claim, date(2020, 12, 29), rates=RATES).value == light
    assert foreign_collection(claim, date(2020, 12, 30), rates=RATES).value == heavy


def test_a_bracket_holds_its_own_limit() -> None:
    assert [bracket(ore) for ore in (50_000, 50_001, 100_000, 25_000_000, 25_000_001)] == [
        "salaer_500", "salaer_1000", "salaer_1000", "salaer_250000", "salaer_above",
    ]  # fmt: skip


def test_lawyer_led_cost_comes_only_after_fourteen_days_more_and_has_no_heavy_step() -> None:
    claim = SalaerClaim(size_ore=300_000, due_date=date(2026, 1, 15), demand_deadline=date(2026, 3, 4), vat=True)
    assert lawyer_led(claim, date(2026, 3, 18), rates=RATES).value == 0
    assert lawyer_led(claim, date(2026, 3, 19), rates=RATES).value == 60_000
    assert lawyer_led(claim, date(2026, 9, 1), rates=RATES).value == 60_000


def test_a_demands_cost_grows_by_itself_while_the_principal_is_unpaid() -> None:
    claim = SalaerClaim(size_ore=300_000, due_date=date(2025, 9, 1), demand_deadline=date(2025, 12, 15))
    booked = foreign_collection(claim, date(2025, 12, 1), rates=RATES).value
    steps = later_steps(claim, foreign_collection, booked, date(2025, 12, 1), date(2026, 2, 1), rates=RATES)
    # A new sats on 1 January, then heavy from the 29th day after the deadline.
    assert [(one.day, one.amount_ore) for one in steps] == [
        (date(2026, 1, 1), 4_000),
        (heavy_from(date(2025, 12, 15), rates=RATES), 60_000),
    ]
    assert heavy_from(date(2025, 12, 15), rates=RATES) == date(2026, 1, 13)


def test_a_plan_adds_only_from_five_instalments_and_never_after_a_legal_step() -> None:
    day = date(2026, 3, 1)
    assert plan_addition(4, day, after_legal_step=False, rates=RATES).value == 0
    assert plan_addition(5, day, after_legal_step=False, rates=RATES).value == 112_500
    assert plan_addition(5, date(2025, 3, 1), after_legal_step=False, rates=RATES).value == 105_000
    assert plan_addition(12, day, after_legal_step=True, rates=RATES).value == 0


@pytest.mark.parametrize(
    ("step", "day", "nok"),
    [
        (CourtStep.COMPLAINT, date(2020, 5, 1), 1_347),
        (CourtStep.COMPLAINT, date(2021, 5, 1), 1_378),
        (CourtStep.COMPLAINT, date(2022, 5, 1), 1_345),
        (CourtStep.COMPLAINT, date(2023, 5, 1), 1_367),
        (CourtStep.COMPLAINT, date(2024, 6, 30), 1_404),
        (CourtStep.COMPLAINT, date(2024, 7, 1), 1_966),
        (CourtStep.COMPLAINT, date(2025, 7, 1), 2_023),
        (CourtStep.COMPLAINT, date(2026, 7, 1), 2_071),
        (CourtStep.ATTACHMENT, date(2020, 5, 1), 1_992),
        (CourtStep.ATTACHMENT, date(2021, 5, 1), 1_498),
        (CourtStep.ATTACHMENT, date(2022, 5, 1), 1_479),
        (CourtStep.ATTACHMENT, date(2024, 5, 1), 1_545),
        (CourtStep.ATTACHMENT, date(2025, 5, 1), 906),
        (CourtStep.ATTACHMENT, date(2026, 5, 1), 928),
        (CourtStep.DRAFTING_ATTACHMENT, date(2026, 5, 1), 1_345),
    ],
)
def test_court_fees_are_cut_to_whole_kroner(step: CourtStep, day: date, nok: int) -> None:
    assert court_fee(step, day, rates=RATES).value == nok * 100


def test_standard_compensation_is_for_businesses_and_net_of_costs() -> None:
    day = date(2026, 8, 1)
    assert standard_compensation(day, business_debtor=True, costs_ore=0, rates=RATES).value == 43_000
    assert standard_compensation(day, business_debtor=True, costs_ore=15_100, rates=RATES).value == 27_900
    assert standard_compensation(day, business_debtor=True, costs_ore=50_000, rates=RATES).value == 0
    assert standard_compensation(day, business_debtor=False, costs_ore=0, rates=RATES).value == 0


# -- the one fee of a letter about several claims


def of(name: str, regime: FeeRegime = FeeRegime.OWN_FEES, **changes: object) -> FeeClaim:
    cost = 3_800 if regime is FeeRegime.OWN_FEES else 0
    letters = (earlier(NOTICE, date(2026, 1, 29), fee_ore=cost),)
    values = {
        "claim_id": name,
        "charged": ChargedClaim(due_date=date(2026, 1, 15), letters=letters),
        "regime": regime,
        "size_ore": 200_000,
    }
    return FeeClaim(**{**values, **changes})  # type: ignore[arg-type]


def letters_fee(*claims: FeeClaim, last: date | None = None, kind: LetterKind = DEMAND) -> int:
    day = date(2026, 2, 18)
    return demand_fee(kind, day, date(2026, 3, 4), claims, last_demand_fee_on=last, rules=RULES).value


def test_a_joint_demand_carries_one_fee_that_of_the_oldest_claim_that_may_carry_any() -> None:
    free = of("a", charged=ChargedClaim(due_date=date(2026, 1, 15), minor=True))
    assert letters_fee(of("a"), of("b")) == 11_300
    assert letters_fee(free, of("b")) == 11_300
    assert letters_fee(free) == 0


def test_a_demand_within_fourteen_days_of_one_with_a_fee_is_free() -> None:
    assert letters_fee(of("a"), last=date(2026, 2, 5)) == 0
    assert letters_fee(of("a"), last=date(2026, 2, 4)) == 11_300


def test_a_replacement_demand_is_free() -> None:
    assert letters_fee(of("a", replaced=True)) == 0
    assert letters_fee(of("a", replaced=True), of("b")) == 11_300


def test_foreign_collection_sizes_the_claims_of_a_letter_together() -> None:
    foreign = FeeRegime.FOREIGN_COLLECTION
    assert letters_fee(of("a", foreign)) == 30_000
    assert letters_fee(of("a", foreign), of("b", foreign)) == 60_000
    assert letters_fee(of("a", FeeRegime.LAWYER_LED)) == 0


def test_under_a_scale_a_varsel_is_free_and_what_letters_cost_before_is_taken_off() -> None:
    foreign, lawyer = FeeRegime.FOREIGN_COLLECTION, FeeRegime.LAWYER_LED
    new = ChargedClaim(due_date=date(2026, 1, 15))
    assert letters_fee(of("a", charged=new), kind=NOTICE) == 3_800
    assert letters_fee(of("a", foreign, charged=new), kind=NOTICE) == 0
    assert letters_fee(of("a", lawyer, charged=new), kind=NOTICE) == 0
    charged = ChargedClaim(due_date=date(2026, 1, 15), letters=(earlier(NOTICE, date(2026, 1, 29)),))
    assert letters_fee(of("a", foreign, charged=charged)) == 30_000 - 3_800
    assert letters_fee(of("a", foreign, charged=charged), of("b", foreign, charged=charged)) == 60_000 - 7_600
