"""The register of pitfalls (fallgruver): the fact sheet's thirty-nine, the law behind each, and what shows it.

The first test of each line is the one that is also made to fail, by the naive rule the pitfall describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MONEY = "tests/claims_api/domain/test_pitfalls.py"
LETTERS = "tests/notifications/test_letters.py"
LEGAL = "tests/law/test_pitfalls_enforcement.py"
PEOPLE = "tests/law/test_pitfalls_people.py"
TREASURY = "tests/claims_api/money"
LADDER = "tests/escalation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitfall:
    """One place where naive implementations go wrong: what the mistake is, the law, and the tests (node ids)."""

    mistake: str
    law: str
    shown_by: tuple[str, ...]


def _pitfall(mistake: str, law: str, *shown_by: str) -> Pitfall:
    return Pitfall(mistake=mistake, law=law, shown_by=shown_by)


PITFALLS: Mapping[int, Pitfall] = {
    1: _pitfall(
        "salær and VAT for own collection", "INKF §§ 1-1 – 1-4",
        f"{MONEY}::test_pitfall_01_own_collection_charges_letter_fees_and_no_vat",
    ),
    2: _pitfall(
        "the act of 1988 for ever", "LOV-2026-05-22-19 §§ 19-21",
        f"{MONEY}::test_pitfall_02_the_act_that_governs_is_a_date",
    ),
    3: _pitfall(
        "a fee before fourteen days", "INKF § 1-2",
        f"{MONEY}::test_pitfall_03_a_letter_too_soon_is_allowed_but_free",
    ),
    4: _pitfall(
        "a second fee without a missed deadline", "INKF § 1-3",
        f"{MONEY}::test_pitfall_04_a_second_small_fee_needs_a_missed_deadline_of_fourteen_days",
    ),
    5: _pitfall(
        "more than two and one, or never again", "INKF § 1-3",
        f"{MONEY}::test_pitfall_05_two_small_fees_and_one_demand_per_claim_until_six_months_have_passed",
    ),
    6: _pitfall(
        "a deadline from the making of a letter", "INKL § 9",
        f"{MONEY}::test_pitfall_06_the_deadline_runs_from_the_sending",
        f"{TREASURY}/test_judging_demands.py::test_a_letter_that_was_sent_too_late_is_void_and_its_fee_taken_back",
        f"{LADDER}/test_golden_ladder.py::test_the_deadline_runs_from_the_sending_not_from_the_day_the_step_was_due",
    ),
    7: _pitfall(
        "the next step on the last day, or by booking date", "INKL § 9, INKF § 1-2",
        f"{MONEY}::test_pitfall_07_the_last_day_is_in_time_and_the_order_date_decides",
        f"{TREASURY}/test_golden_ladder.py::test_paid_in_time_but_booked_late_costs_nothing",
    ),
    8: _pitfall(
        "a deadline on a holiday", "domstolloven § 149 and gjeldsbrevlova § 5 by analogy",
        f"{MONEY}::test_pitfall_08_a_deadline_moves_to_a_working_day_and_is_never_shorter",
        f"{LADDER}/test_golden_ladder.py::test_deadlines_from_2024_to_2030",
    ),
    9: _pitfall(
        "heavy salær a day early", "INKF § 2-3",
        f"{MONEY}::test_pitfall_09_heavy_from_the_29th_day_after_the_deadline",
        f"{TREASURY}/test_other_regimes.py::test_a_payment_ordered_before_the_heavy_day_and_known_after_it_costs_light",
    ),
    10: _pitfall(
        "heavy on top of light", "INKF § 2-3",
        f"{MONEY}::test_pitfall_10_heavy_is_the_total_and_replaces_light",
        f"{TREASURY}/test_other_regimes.py::test_foreign_collection_charges_light_then_heavy_salaer",
    ),
    11: _pitfall(
        "salær by the sats of the opening", "INKF §§ 1-2, 2-2",
        f"{MONEY}::test_pitfall_11_salaer_by_the_sats_at_payment_fees_by_the_sats_at_sending",
    ),
    12: _pitfall(
        "the bracket of the rest, or with fees", "INKF § 2-2",
        f"{PEOPLE}::test_pitfall_12_the_bracket_is_the_invoice_as_it_was_due_not_what_is_left_of_it",
        f"{MONEY}::test_pitfall_12_the_bracket_is_the_claim_as_it_was_due",
    ),
    13: _pitfall(
        "one rounding for everything", "INKF § 1-2, rettsgebyrloven § 6 a",
        f"{MONEY}::test_pitfall_13_each_amount_has_its_own_rounding",
    ),
    14: _pitfall(
        "one rate for the whole period", "forsinkelsesrenteloven § 3",
        f"{MONEY}::test_pitfall_14_a_new_rate_counts_for_old_claims_from_its_day",
    ),
    15: _pitfall(
        "interest on interest or fees", "forsinkelsesrenteloven §§ 2, 3",
        f"{MONEY}::test_pitfall_15_interest_bears_no_interest",
    ),
    16: _pitfall(
        "interest on a public-law claim without a basis", "forsinkelsesrenteloven § 1",
        f"{MONEY}::test_pitfall_16_a_coercive_fine_bears_no_interest_by_default",
    ),
    17: _pitfall(
        "interest on what was paid", "forsinkelsesrenteloven § 2",
        f"{MONEY}::test_pitfall_17_interest_follows_the_principal_day_by_day_also_backwards",
        f"{TREASURY}/test_money_in.py::test_a_backdated_payment_changes_what_is_known_now_but_not_what_was_known_then",
    ),
    18: _pitfall(
        "one order of cover", "innkrevingsloven § 29",
        f"{MONEY}::test_pitfall_18_the_debtors_choice_wins_and_a_deduction_has_the_laws_order",
    ),
    19: _pitfall(
        "standard compensation from a consumer, or on top", "forsinkelsesrenteloven §§ 3 a, 4; INKF § 2-6",
        f"{MONEY}::test_pitfall_19_no_standard_compensation_from_consumers_nor_on_top_of_fees",
    ),
    20: _pitfall(
        "a case and a fee for each month's invoice", "INKL § 17",
        f"{MONEY}::test_pitfall_20_claims_that_go_together_cost_once_on_their_sum",
        f"{TREASURY}/test_judging_demands.py::test_two_claims_join_at_the_demand_with_one_fee_on_the_oldest",
        "tests/claims_api/test_cases.py::test_claims_of_one_debtor_unit_and_group_share_a_case",
    ),
    21: _pitfall(
        "letters after an objection", "INKL § 17",
        f"{MONEY}::test_pitfall_21_a_disputed_claim_gets_no_letter_and_no_fee",
        "tests/claims_api/requests/test_decided_objections.py"
        "::test_a_reasonable_objection_takes_every_fee_with_it_however_it_ends",
    ),
    22: _pitfall(
        "utlegg on an old betalingsoppfordring", "INKL § 11",
        f"{LEGAL}::test_pitfall_22_a_betalingsoppfordring_older_than_six_months_carries_no_utlegg",
        f"{LADDER}/test_golden_ladder.py::test_a_betalingsoppfordring_older_than_six_months_is_replaced_not_used",
    ),
    23: _pitfall(
        "utlegg without two weeks' notice", "tvangsfullbyrdelsesloven § 4-18",
        f"{LEGAL}::test_pitfall_23_utlegg_waits_two_weeks_from_the_day_that_notice_was_sent_whenever_it_was_due",
        f"{LEGAL}::test_pitfall_23_the_betalingsoppfordring_carries_the_notice_of_enforcement",
        f"{LEGAL}::test_pitfall_23_a_judgment_is_enforced_on_a_notice_of_its_own_not_on_the_letters_before_it",
        f"{LEGAL}::test_pitfall_23_a_betalingsoppfordring_that_gives_less_than_two_weeks_is_void",
    ),
    24: _pitfall(
        "a dispute about rent to forliksrådet", "husleieloven § 12-5",
        f"{LEGAL}::test_pitfall_24_a_disputed_home_rent_goes_to_husleietvistutvalget_and_never_to_forliksradet",
        "tests/claims_api/test_intake.py"
        "::test_rent_of_a_home_and_of_business_premises_are_disputed_in_different_places",
    ),
    25: _pitfall(
        "the municipality as its own namsmann", "tvangsfullbyrdelsesloven § 2-14",
        f"{LEGAL}::test_pitfall_25_no_claim_is_enforced_by_the_municipality_itself",
    ),
    26: _pitfall(
        "a judgment and an undisputed claim in one petition", "tvangsfullbyrdelsesloven § 7-4",
        f"{LEGAL}::test_pitfall_26_nor_when_both_were_stopped_and_go_on_together",
        f"{LEGAL}::test_pitfall_26_a_judgment_and_an_undisputed_claim_never_share_a_petition",
        f"{LEGAL}::test_pitfall_26_a_fine_decided_by_a_unit_is_never_in_the_case_of_an_invoice",
    ),
    27: _pitfall(
        "a reminder that interrupts limitation", "foreldelsesloven §§ 14-17",
        f"{PEOPLE}::test_pitfall_27_a_letter_and_a_payment_leave_the_day_of_limitation_where_it_was",
        f"{MONEY}::test_pitfall_27_letters_and_payments_do_not_stop_limitation",
        "tests/claims_api/requests/test_plans.py::test_accepting_a_plan_moves_the_day_of_limitation",
    ),
    28: _pitfall(
        "a plan fee for four instalments", "INKF § 2-4",
        f"{MONEY}::test_pitfall_28_a_plan_fee_only_above_four_instalments_and_not_after_namsmann",
    ),
    29: _pitfall(
        "the board for licensed firms", "INKL § 10 f",
        f"{LETTERS}::test_pitfall_29_a_municipality_never_prints_the_board_for_licensed_firms",
    ),
    30: _pitfall(
        "another heading than inkassovarsel", "INKL § 9, Sivilombudet 2019",
        f"{LETTERS}::test_pitfall_30_an_inkassovarsel_says_in_heading_and_text_that_inkasso_follows",
    ),
    31: _pitfall(
        "costs told as certain", "INKL § 8, FinKN 2025-240",
        f"{LETTERS}::test_pitfall_31_further_costs_can_come_but_are_never_told_as_certain",
    ),
    32: _pitfall(
        "the new table for old claims", "FOR-2020-06-19-1248",
        f"{MONEY}::test_pitfall_32_the_table_follows_the_due_date_of_the_claim",
    ),
    33: _pitfall(
        "yesterday's court fees", "rettsgebyrloven §§ 7, 14",
        f"{MONEY}::test_pitfall_33_todays_court_fees",
    ),
    34: _pitfall(
        "deletion at payment", "bokføringsloven § 13, GDPR art. 5 and 6",
        f"{PEOPLE}::test_pitfall_34_nothing_is_deleted_at_payment_and_books_stay_when_the_person_is_erased",
        "tests/claims_api/test_parties.py::test_a_person_is_erased_when_nothing_must_be_kept_and_not_before",
    ),
    35: _pitfall(
        "a child as if grown up", "LOV-2026-05-22-19 §§ 18, 29",
        f"{MONEY}::test_pitfall_35_a_debt_incurred_as_a_minor_carries_no_costs",
        f"{PEOPLE}::test_pitfall_35_a_childs_claim_waits_for_the_guardian_to_write_to",
        f"{TREASURY}/test_judging_demands.py::test_a_debt_incurred_as_a_minor_carries_no_fee",
    ),
    36: _pitfall(
        "the leap year", "forsinkelsesrenteloven § 3",
        f"{MONEY}::test_pitfall_36_the_leap_year_counts_365_or_366_by_the_convention",
    ),
    37: _pitfall(
        "a fee for each debtor of one claim", "INKF § 1-3",
        f"{MONEY}::test_pitfall_37_one_claim_one_set_of_fees_whoever_owes_it",
        f"{TREASURY}/test_judging_demands.py::test_a_co_debtor_gets_a_letter_each_and_sees_their_own_claim_alone",
    ),
    38: _pitfall(
        "a guess past the last known rate", "forsinkelsesrenteloven § 3",
        f"{MONEY}::test_pitfall_38_missing_rates_refuse_letters_but_not_money",
        f"{TREASURY}/test_judging_demands.py::test_rates_that_are_missing_make_the_demand_wait",
    ),
    39: _pitfall(
        "health in a letter", "LOV-2026-05-22-19 § 15, forvaltningsloven § 13",
        f"{MONEY}::test_pitfall_39_health_and_social_claims_are_named_neutrally",
        f"{LETTERS}::test_pitfall_39_nothing_but_the_neutral_service_name_tells_what_the_claim_is_for",
    ),
}  # fmt: skip
