"""Where naive implementations go wrong (the fact sheet's list): one named test for each pitfall of money and fees.

Those about letters, the ladder and legal steps are tested where they live; the number is part of each test's name.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from support.money_book import RULES, MoneyBook, claim

from claims_api.domain.allocation import DEDUCTION, VOLUNTARY
from claims_api.domain.claim_types import CLAIM_TYPES, claim_type, interest_from
from claims_api.domain.court_fees import CourtStep, court_fee, standard_compensation
from claims_api.domain.demand import (
    CaseCheck,
    ClaimCheck,
    FeeClaim,
    Refusal,
    SentLetter,
    demand_fee,
    first_day_after,
    gives_too_little_time,
    judge,
    printed_deadline,
)
from claims_api.domain.facts import Dispute, Payment, SentDemand
from claims_api.domain.fees import FEE_LABELS, ChargedClaim, EarlierLetter, FeeRegime, LetterKind, letter_fee
from claims_api.domain.interest import InterestConvention
from claims_api.domain.ledger import Account
from claims_api.domain.limitation import Interruption, last_day
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from claims_api.domain.salaer import SalaerClaim, foreign_collection, heavy_from, plan_addition
from shared.law import RatesMissing

RATES = load_rates()
DUE, VARSEL, DEADLINE, DEMAND = date(2026, 1, 15), date(2026, 1, 29), date(2026, 2, 12), date(2026, 2, 18)
NOTICE_SENT = EarlierLetter(kind=LetterKind.NOTICE, sent_on=VARSEL, deadline=DEADLINE, fee_ore=3_800)
CHARGED = ChargedClaim(due_date=DUE, letters=(NOTICE_SENT,))
FREE_LETTER = replace(NOTICE_SENT, fee_ore=0)
"""Under a scale no letter carries a fee of its own."""


def own(name: str = "a", charged: ChargedClaim = CHARGED, size_ore: int = 300_000) -> FeeClaim:
    return FeeClaim(claim_id=name, charged=charged, regime=FeeRegime.OWN_FEES, size_ore=size_ore)


def scaled_claim(name: str) -> FeeClaim:
    kept = own(name, charged=ChargedClaim(due_date=DUE, letters=(FREE_LETTER,)), size_ore=300_000)
    return replace(kept, regime=FeeRegime.FOREIGN_COLLECTION)


def demand_cost(*claims: FeeClaim, rules: MoneyRules = RULES, day: date = DEMAND) -> int:
    deadline = day + timedelta(days=14)
    return demand_fee(LetterKind.DEMAND, day, deadline, claims, last_demand_fee_on=None, rules=rules).value


def scaled(size_ore: int = 300_000, due: date = DUE, deadline: date | None = date(2026, 3, 4)) -> SalaerClaim:
    return SalaerClaim(size_ore=size_ore, due_date=due, demand_deadline=deadline)


def one_claim(principal_ore: int = 300_000, rules: MoneyRules = RULES, **more: object) -> MoneyBook:
    kept = MoneyBook(rules=rules)
    kept.register(claim("a", DUE, **more), principal_ore)  # type: ignore[arg-type]
    return kept


def test_pitfall_01_own_collection_charges_letter_fees_and_no_vat() -> None:
    assert demand_cost(own()) == 11_300
    assert demand_cost(replace(own(), vat=True, business=True)) == 11_300
    assert FEE_LABELS[FeeRegime.OWN_FEES] == "Inkassogebyr"
    assert FEE_LABELS[FeeRegime.FOREIGN_COLLECTION] == "Inkassosalær"


def test_pitfall_02_the_act_that_governs_is_a_date() -> None:
    rules = MoneyRules(rates=load_rates(assume_months=36), act_2026_from=date(2027, 1, 1))
    charged = ChargedClaim(due_date=date(2026, 11, 2))
    fees = [
        letter_fee(LetterKind.NOTICE, day, charged, rules=rules).value for day in (date(2026, 12, 31), date(2027, 1, 1))
    ]
    assert fees == [3_800, 0]


def test_pitfall_03_a_letter_too_soon_is_allowed_but_free() -> None:
    early = letter_fee(LetterKind.REMINDER, date(2026, 1, 28), ChargedClaim(due_date=DUE), rules=RULES)
    assert (early.value, early.trace.inputs["ground"]) == (0, "too_soon_after_due")


def test_pitfall_04_a_second_small_fee_needs_a_missed_deadline_of_fourteen_days() -> None:
    short = EarlierLetter(kind=LetterKind.REMINDER, sent_on=VARSEL, deadline=VARSEL + timedelta(days=13), fee_ore=3_800)
    found = letter_fee(LetterKind.NOTICE, DEMAND, ChargedClaim(due_date=DUE, letters=(short,)), rules=RULES)
    assert (found.value, found.trace.inputs["ground"]) == (0, "first_deadline_not_missed")


def test_pitfall_05_two_small_fees_and_one_demand_per_claim_until_six_months_have_passed() -> None:
    sent = EarlierLetter(kind=LetterKind.DEMAND, sent_on=DEMAND, deadline=date(2026, 3, 4), fee_ore=11_300)
    charged = ChargedClaim(due_date=DUE, letters=(NOTICE_SENT, sent))
    fees = [
        letter_fee(LetterKind.DEMAND, day, charged, rules=RULES).value for day in (date(2026, 8, 18), date(2026, 8, 19))
    ]
    assert fees == [0, 11_300]


def test_pitfall_06_the_deadline_runs_from_the_sending() -> None:
    printed = printed_deadline(VARSEL, days=14)
    assert not gives_too_little_time(VARSEL, printed, LetterKind.NOTICE, rules=RULES)
    assert gives_too_little_time(VARSEL + timedelta(days=1), printed, LetterKind.NOTICE, rules=RULES)


def test_pitfall_07_the_last_day_is_in_time_and_the_order_date_decides() -> None:
    sent = SentLetter(kind=LetterKind.NOTICE, sent_on=VARSEL, deadline=DEADLINE)
    check = ClaimCheck(claim_id="a", due_date=DUE, registered_on=date(2026, 1, 16), owed_ore=1, letters=(sent,))
    assert first_day_after(check, rules=RULES) == DEMAND
    on_the_day = judge(LetterKind.DEMAND, [check], CaseCheck(today=DEADLINE), rules=RULES).declined[0]
    assert (on_the_day.reason, on_the_day.retry_on) == (Refusal.DEADLINE_RUNNING, DEMAND)
    kept = one_claim()
    kept.demand(sent_demand("bo", DEMAND, fee_ore=11_300))
    kept.pay(Payment(payment_id="p", paid_on=DEADLINE, amount_ore=302_762))
    assert kept.balance(DEMAND).total_ore == 0


def test_pitfall_08_a_deadline_moves_to_a_working_day_and_is_never_shorter() -> None:
    assert printed_deadline(date(2026, 3, 20), days=14) == date(2026, 4, 7)  # Good Friday and Easter
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365)):
        assert printed_deadline(day, days=14) >= day + timedelta(days=14)


def test_pitfall_09_heavy_from_the_29th_day_after_the_deadline() -> None:
    assert heavy_from(date(2026, 3, 4), rates=RATES) == date(2026, 4, 2) == DEMAND + timedelta(days=43)
    costs = [foreign_collection(scaled(), day, rates=RATES).value for day in (date(2026, 4, 1), date(2026, 4, 2))]
    assert costs == [60_000, 120_000]


def test_pitfall_10_heavy_is_the_total_and_replaces_light() -> None:
    light = foreign_collection(scaled(), date(2026, 4, 1), rates=RATES).value
    assert foreign_collection(scaled(), date(2026, 6, 1), rates=RATES).value == 2 * light


def test_pitfall_11_salaer_by_the_sats_at_payment_fees_by_the_sats_at_sending() -> None:
    old = scaled(due=date(2025, 6, 1), deadline=date(2025, 12, 20))
    costs = [foreign_collection(old, day, rates=RATES).value for day in (date(2025, 12, 31), date(2026, 1, 1))]
    assert costs == [56_000, 60_000]


def test_pitfall_12_the_bracket_is_the_claim_as_it_was_due() -> None:
    assert demand_cost(scaled_claim("a")) == 60_000  # 3 000 kroner, whatever was paid since


def test_pitfall_13_each_amount_has_its_own_rounding() -> None:
    assert demand_cost(own()) == 11_300  # 112.50 to a whole krone
    before = ChargedClaim(
        due_date=date(2019, 12, 1),
        letters=(replace(NOTICE_SENT, sent_on=date(2020, 1, 2), deadline=date(2020, 1, 20)),),
    )
    assert letter_fee(LetterKind.DEMAND, date(2020, 2, 3), before, rules=RULES).value == 21_000
    vat = replace(scaled(50_000), vat=True)
    assert foreign_collection(vat, date(2026, 4, 1), rates=RATES).value == 23_438  # 234.375 to øre
    assert court_fee(CourtStep.COMPLAINT, DEMAND, rates=RATES).value == 207_100  # 2 071.30 cut


def test_pitfall_14_a_new_rate_counts_for_old_claims_from_its_day() -> None:
    kept = one_claim()
    by_day = [kept.balance(day).interest_ore for day in (date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 31))]
    assert by_day == [16_373, 16_471, 16_471 + 3_021]


def test_pitfall_15_interest_bears_no_interest() -> None:
    kept = one_claim()
    whole = kept.balance(date(2026, 12, 31)).interest_ore
    kept.demand(sent_demand("v", VARSEL, fee_ore=3_800))
    assert kept.balance(date(2026, 12, 31)).interest_ore == whole  # nor do fees


def test_pitfall_16_a_coercive_fine_bears_no_interest_by_default() -> None:
    fine = claim_type("coercive_fine")
    assert interest_from(fine, due_date=DUE, invoice_date=DUE, rates=RATES) is None
    assert one_claim(interest=False).balance(date(2026, 12, 1)).interest_ore == 0


def test_pitfall_17_interest_follows_the_principal_day_by_day_also_backwards() -> None:
    kept = one_claim()
    kept.pay(Payment(payment_id="late", paid_on=date(2026, 2, 16), amount_ore=100_000))
    before = kept.balance(date(2026, 3, 2)).interest_ore
    kept.pay(Payment(payment_id="early", paid_on=date(2026, 1, 20), amount_ore=100_000))
    straight = one_claim()
    straight.pay(Payment(payment_id="early", paid_on=date(2026, 1, 20), amount_ore=100_000))
    straight.pay(Payment(payment_id="late", paid_on=date(2026, 2, 16), amount_ore=100_000))
    assert kept.balance(date(2026, 3, 2)) == straight.balance(date(2026, 3, 2))
    assert kept.balance(date(2026, 3, 2)).interest_ore < before


def test_pitfall_18_the_debtors_choice_wins_and_a_deduction_has_the_laws_order() -> None:
    kept = one_claim()
    choice = (Account.PRINCIPAL, Account.INTEREST)
    kept.pay(Payment(payment_id="p", paid_on=VARSEL, amount_ore=100_000, choice=choice))
    assert kept.balance(VARSEL).principal_ore == 200_000
    assert VOLUNTARY == (Account.LEGAL_COSTS, Account.FEES, Account.INTEREST, Account.PRINCIPAL)
    assert DEDUCTION == (Account.PRINCIPAL, Account.LEGAL_COSTS, Account.FEES, Account.INTEREST)


def test_pitfall_19_no_standard_compensation_from_consumers_nor_on_top_of_fees() -> None:
    assert standard_compensation(DEMAND, business_debtor=False, costs_ore=0, rates=RATES).value == 0
    assert standard_compensation(DEMAND, business_debtor=True, costs_ore=15_100, rates=RATES).value == 46_000 - 15_100


def test_pitfall_20_claims_that_go_together_cost_once_on_their_sum() -> None:
    assert demand_cost(scaled_claim("a"), scaled_claim("b")) == 60_000
    assert demand_cost(own("a"), own("b")) == 11_300


def test_pitfall_21_a_disputed_claim_gets_no_letter_and_no_fee() -> None:
    check = ClaimCheck(claim_id="a", due_date=DUE, registered_on=DUE, owed_ore=1, disputed=True)
    verdict = judge(LetterKind.NOTICE, [check], CaseCheck(today=VARSEL), rules=RULES)
    assert verdict.declined[0].reason is Refusal.DISPUTED
    kept = one_claim(disputes=(Dispute(start=date(2026, 1, 20)),))
    kept.demand(sent_demand("v", VARSEL, fee_ore=3_800))
    assert kept.balance(VARSEL).fees_ore == 0


def test_pitfall_27_letters_and_payments_do_not_stop_limitation() -> None:
    assert last_day(date(2023, 3, 15), None, rates=RATES).value == date(2026, 3, 16)
    assert {one.value for one in Interruption} == {"acknowledged", "filed", "judged"}


def test_pitfall_28_a_plan_fee_only_above_four_instalments_and_not_after_namsmann() -> None:
    added = [
        plan_addition(n, DEMAND, after_legal_step=late, rates=RATES).value
        for n, late in ((4, False), (5, False), (5, True))
    ]
    assert added == [0, 112_500, 0]


def test_pitfall_32_the_table_follows_the_due_date_of_the_claim() -> None:
    fees = [
        letter_fee(LetterKind.NOTICE, date(2021, 1, 4), ChargedClaim(due_date=due), rules=RULES).value
        for due in (date(2020, 9, 30), date(2020, 10, 1))
    ]
    assert fees == [7_000, 3_500]
    costs = [
        foreign_collection(scaled(200_000, due, date(2020, 12, 1)), date(2020, 12, 10), rates=RATES).value
        for due in (date(2020, 9, 30), date(2020, 10, 1))
    ]
    assert costs == [35_000, 28_000]


def test_pitfall_33_todays_court_fees() -> None:
    assert court_fee(CourtStep.ATTACHMENT, DEMAND, rates=RATES).value == 92_800
    assert court_fee(CourtStep.COMPLAINT, DEMAND, rates=RATES).value == 207_100


def test_pitfall_35_a_debt_incurred_as_a_minor_carries_no_costs() -> None:
    young = replace(CHARGED, minor=True)
    assert demand_cost(own(charged=young)) == 0
    assert foreign_collection(replace(scaled(), minor=True), date(2026, 6, 1), rates=RATES).value == 0


def test_pitfall_36_the_leap_year_counts_365_or_366_by_the_convention() -> None:
    leap = date(2024, 2, 15)
    for convention, expected in ((InterestConvention.INKASSO, 993), (InterestConvention.SKATTEETATEN, 990)):
        kept = MoneyBook(rules=replace(RULES, interest=convention))
        kept.register(claim("a", leap), 100_000)
        assert kept.balance(date(2024, 3, 15)).interest_ore == expected


def test_pitfall_37_one_claim_one_set_of_fees_whoever_owes_it() -> None:
    kept = one_claim()
    letter = sent_demand("v", VARSEL, fee_ore=3_800)
    kept.demand(letter)
    kept.demand(letter)  # the second debtor's letter of the same demand
    assert kept.balance(VARSEL).fees_ore == 3_800


def test_pitfall_38_missing_rates_refuse_letters_but_not_money() -> None:
    with pytest.raises(RatesMissing):
        RATES.value("rettsgebyr", date(2027, 1, 1))
    waiting = judge(
        LetterKind.NOTICE,
        [ClaimCheck(claim_id="a", due_date=DUE, registered_on=DUE, owed_ore=1)],
        CaseCheck(today=date(2027, 2, 1), rates_known=False),
        rules=RULES,
    )
    assert waiting.declined[0].reason is Refusal.RATES_MISSING
    kept = one_claim()
    kept.pay(Payment(payment_id="p", paid_on=date(2027, 2, 1), amount_ore=100_000))
    assert kept.balance(date(2027, 2, 1)).principal_ore < 300_000


def test_pitfall_39_health_and_social_claims_are_named_neutrally() -> None:
    told = {kind.service_name for kind in CLAIM_TYPES.values() if kind.sensitive}
    assert told == {"Kommunal tjeneste"}


def sent_demand(name: str, on: date, *, fee_ore: int) -> SentDemand:
    return SentDemand(
        demand_id=name,
        sent_on=on,
        frozen_on=on,
        deadline=on + timedelta(days=14),
        claim_ids=("a",),
        fee_ore=fee_ore,
        total_ore=300_000,
    )
