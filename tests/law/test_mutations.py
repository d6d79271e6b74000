"""A wrong rate, a wrong day, a wrong rounding or count: the golden set notices every one.

Rates are changed row by row (value and first day, both ways). Rules are changed place by place: comparisons, numbers,
signs, roundings. A change that cannot be noticed because it changes nothing is listed with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from law.golden_set import GOLDENS, RULED
from law.goldens import Golden
from law.mutants import code_of
from law.operators import wrong_code, wrong_rates

from claims_api.domain import claim_types, court_fees, demand, fees, intake, interest, limitation, rules, salaer
from claims_api.domain.rates import Rates, load_rates
from shared import calendar, money
from shared.law import RateTable

RATES = load_rates()
RATE_MUTANTS_MIN = 506
CODE_MUTANTS_MIN = 290

RULES: tuple[Callable[..., Any], ...] = (
    money.round_ore,
    money.half_up,
    money.split_by_weight,
    interest.compute_interest,
    interest._last_computable,
    interest._pieces,
    interest._segment,
    interest._base_on,
    fees.letter_fee,
    fees._refused,
    fees._small_refused,
    fees._demand_refused,
    fees._charged_since_reset,
    fees._missed,
    fees._rounding,
    salaer.foreign_collection,
    salaer.heavy_from,
    salaer.lawyer_led,
    salaer.plan_addition,
    salaer.bracket,
    salaer._light,
    salaer._beside_letters,
    fees.letter_fees,
    court_fees.court_fee,
    court_fees.standard_compensation,
    claim_types.interest_from,
    limitation.last_day,
    limitation.last_day_after,
    limitation.is_barred,
    limitation.warning_due,
    demand.first_day_after,
    demand.latest_dispatch,
    demand.gives_too_little_time,
    demand._free_ground,
    rules.MoneyRules.small_rest_ore,
    rules.MoneyRules.demand_fee_gap,
    rules.MoneyRules.after_grace,
    intake.notice_fault,
    intake.is_minor,
    intake.needs_hearing,
    calendar.is_working_day,
    calendar.working_day_after,
    calendar.is_bank_day,
    calendar.add_bank_days,
    calendar.deadline_after,
    calendar.add_months,
    calendar.add_years,
)
"""The rules that count days, choose rates or round."""

UNNOTICEABLE: Mapping[str, str] = {
    "round_ore:7: exact < 0 by LtE": "nothing has no sign",
    "split_by_weight:19: total_ore < 0 by LtE": "nothing has no sign",
    "split_by_weight:19: 0 as 1": "whole øre: below one is nothing or less",
    "add_bank_days:3: count > 0 by GtE": "no step is taken for none",
    "add_bank_days:3: 0 as -1": "no step is taken for none",
    "compute_interest:10: to <= start by Lt": "a period of no days has no segment either",
    "_pieces:9: lower < upper by LtE": "two marks are never the same day",
    "_pieces:8: start < day < stop by LtE": "a cut on the first day leaves a piece of no days, which is dropped",
    "_pieces:7: stop + _DAY by Sub": "rates change on half-years, which are cut anyway",
    "_pieces:6: 2 as 3": "half-years after the period cut nothing",
    "_pieces:6: 2 as 1": "the year after the period cuts nothing",
    "_base_on:2: 0 as -1": "below nothing bears as little as nothing",
    "_small_refused:6: 1 as 0": "there is exactly one: two were refused above",
}
"""Changes that change no answer, and why."""


class Seen(Mapping[str, RateTable]):
    """Rate tables that remember which of them were read."""

    def __init__(self, tables: Mapping[str, RateTable]) -> None:
        self._tables = tables
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> RateTable:
        self.read.add(name)
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


@pytest.fixture(scope="module")
def readers() -> dict[str, list[Golden]]:
    """The goldens that read each table."""
    found: dict[str, list[Golden]] = {name: [] for name in RATES.tables}
    for golden in GOLDENS:
        seen = Seen(RATES.tables)
        golden.asked(Rates(tables=seen))
        for name in seen.read:
            found[name].append(golden)
    return found


def noticed(goldens: Sequence[Golden], rates: Rates) -> bool:
    """Tell whether an answer changes; a rule that breaks is noticed too."""
    for golden in goldens:
        try:
            if golden.asked(rates) != golden.answer:
                return True
        except Exception:  # whatever a changed rule raises
            return True
    return False


def test_every_table_is_read_by_a_rule() -> None:
    seen = Seen(RATES.tables)
    for golden in RULED:
        golden.asked(Rates(tables=seen))
    assert sorted(RATES.tables.keys() - seen.read) == []


def test_every_changed_rate_is_noticed(readers: dict[str, list[Golden]], record_property: Any) -> None:
    mutants = list(wrong_rates(RATES))
    missed = [f"{one.table}: {one.what}" for one in mutants if not noticed(readers[one.table], one.rates)]
    record_property("rate_mutants", len(mutants))
    print(f"{len(mutants)} wrong rates, {len(missed)} not noticed")
    assert missed == []
    assert len(mutants) >= RATE_MUTANTS_MIN


def test_every_changed_rule_is_noticed(record_property: Any) -> None:
    mutants = [one for function in RULES for one in wrong_code(function)]
    missed = []
    for one in mutants:
        with code_of(one.function, one.code):
            if not noticed(GOLDENS, RATES):
                missed.append(one.what)
    record_property("rule_mutants", len(mutants))
    print(f"{len(mutants)} wrong rules, {len(missed)} not noticed")
    assert sorted(set(missed) - set(UNNOTICEABLE)) == []
    assert sorted(set(UNNOTICEABLE) - set(missed)) == []
    assert len(mutants) >= CODE_MUTANTS_MIN


def test_the_golden_set_holds_when_nothing_is_changed() -> None:
    assert not noticed(GOLDENS, RATES)
