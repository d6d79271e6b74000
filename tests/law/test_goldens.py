"""Every golden figure of the references and decisions, to the day and the øre."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from law import announced
from law.golden_set import GOLDENS
from law.goldens import Golden
from support.ladders import Walk, claim
from support.treasury import Treasury

from claims_api.domain.rates import load_rates
from claims_api.settings import Settings
from escalation.domain.policy import load_book
from shared.party import check_account, iban

RATES = load_rates()


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)
def test_the_rules_answer_to_the_day_and_the_ore(golden: Golden) -> None:
    assert golden.asked(RATES) == golden.answer


def test_no_two_goldens_ask_the_same() -> None:
    assert [name for name, times in Counter(golden.name for golden in GOLDENS).items() if times > 1] == []


def test_the_second_transcription_is_whole() -> None:
    assert (len(announced.LATE_INTEREST), len(announced.COMPENSATION), len(announced.COURT_FEE)) == (34, 26, 10)
    assert max(announced.LATE_INTEREST) == max(announced.COMPENSATION) == date(2026, 7, 1)
    assert set(announced.FIRST_DAYS) == set(RATES.tables)


def test_the_golden_ladder_with_its_amounts(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Due Thursday 15 January 2026: both services keep the same days, and the fees are 38 and 113 kroner."""
    walk = Walk(claim(due=date(2026, 1, 15)))
    walk.until(date(2026, 3, 10))
    notice, demand = walk["c1"].notice, walk["c1"].demand
    assert notice is not None
    assert demand is not None
    treasury = Treasury(tmp_path, date(2026, 1, 16))
    owed = treasury.register(due=date(2026, 1, 15), principal_ore=300_000)
    varsel = treasury.at(notice.sent_on).letter("inkassovarsel", owed)
    oppfordring = treasury.at(demand.sent_on).letter("betalingsoppfordring", owed)
    treasury.db.close()
    assert (notice.sent_on, varsel.deadline, varsel.fee_ore) == (date(2026, 1, 29), notice.deadline, 3_800)
    assert (demand.sent_on, oppfordring.deadline, oppfordring.fee_ore) == (date(2026, 2, 18), demand.deadline, 11_300)
    assert (notice.deadline, demand.deadline) == (date(2026, 2, 12), date(2026, 3, 4))
    [proposal] = walk.proposals()
    assert (proposal.proposed_on, proposal.usable_to) == (date(2026, 3, 10), date(2026, 8, 18))
    assert demand.deadline + timedelta(days=29) == demand.sent_on + timedelta(days=43) == date(2026, 4, 2)


def test_the_two_services_hold_the_same_legal_numbers() -> None:
    """The ladder has a file of its own: where it states the law, it states what the rates state."""
    policy, today = load_book().default, date(2026, 7, 1)
    assert policy.answer_days == RATES.whole("notice_deadline", today) == RATES.whole("demand_deadline", today)
    assert policy.notice_after_due_days == RATES.whole("own_letter_days_after_due", today)
    assert policy.grace_bank_days == RATES.whole("grace_bank_days", today)
    assert policy.demand_usable_months == 6  # inkassoloven § 11: a number of the ladder alone
    assert policy.enforcement_notice_days == RATES.whole("enforcement_notice", today)


def test_payers_are_sent_to_the_account_that_is_published() -> None:
    account = Settings.model_fields["payee_account"].default
    assert check_account(account) == "13150101837"
    assert iban(account) == "NO3913150101837"
    assert Settings.model_fields["payee_bic"].default == "DNBANOKK"
