"""A notice of enforcement alone is judged like any demand, carries no fee, and rests on no earlier letter."""

from __future__ import annotations

from datetime import date

import pytest
from support.treasury import Treasury

from shared.calendar import deadline_after
from shared.events.claims import DemandDeclined, DemandReleased

DUE = date(2026, 1, 15)
VARSEL = date(2026, 1, 29)
WARNING = "tvangsvarsel"


def test_it_goes_without_a_letter_before_it_and_without_a_fee(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    issued = treasury.at(VARSEL).letter(WARNING, claim)
    assert (issued.fee_ore, issued.deadline) == (0, deadline_after(VARSEL, 14))
    assert issued.expected_further_costs_ore > 0
    assert treasury.last(DemandReleased).demand_id == issued.demand_id
    assert treasury.balance(claim).balance.fees_ore == 0


def test_it_waits_for_the_deadline_of_a_letter_that_runs(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(date(2026, 2, 17)).step(WARNING, claim)
    last = treasury.last(DemandDeclined)
    assert (last.reason, last.retry_on) == ("deadline_running", date(2026, 2, 18))


@pytest.mark.parametrize("stop", ["disputed", "nothing_owed"])
def test_no_regret_holds_for_it_too(treasury: Treasury, stop: str) -> None:
    claim = treasury.register(due=DUE)
    treasury.at(VARSEL)
    if stop == "disputed":
        treasury.object(claim)
    else:
        treasury.pay(claim, treasury.balance(claim).balance.total_ore, VARSEL)
    treasury.step(WARNING, claim)
    assert treasury.last(DemandDeclined).reason == stop
