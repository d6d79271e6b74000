"""Limitation day by day: warned about, over the day after the last day, and what a late interruption takes back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from support.treasury import Treasury

from claims_api.domain.ledger import Account
from claims_api.domain.limitation import Interrupted, Interruption
from claims_api.invariants import broken
from claims_api.store import cases, claims
from claims_api.store import writeoff as store
from claims_api.usecases.limitation import anything_due, follow_limitation
from claims_api.usecases.register import Registered
from claims_api.usecases.requests.acknowledging import interrupt
from claims_api.usecases.writeoff import decide_write_off
from shared.events.claims import ClaimEnded, ClaimReopened, DemandDeclined, DemandWithdrawn, RefundProposed

LAST_DAY = date(2026, 6, 15)


@pytest.fixture
def soon(treasury: Treasury) -> Registered:
    """A claim whose last day comes within half a year."""
    return treasury.register(due=date(2026, 1, 2), limitation_date=LAST_DAY)


def on(treasury: Treasury, day: date) -> int:
    """Go to a day and let its job work until it rests; returns how many claims it was about."""
    treasury.clock.set(day)
    done = 0
    while True:
        with treasury.db.read() as tx:
            if not anything_due(tx, treasury.deps, day):
                return done
        with treasury.uow() as uow:
            done += follow_limitation(uow, treasury.deps, limit=2)


def timeline(treasury: Treasury, claim: Registered, kind: str) -> list[str]:
    with treasury.db.read() as tx:
        lines = cases.timeline(tx, claim.case_id, after=None, limit=200)
    return [one.summary for one in lines if one.type == kind]


def status(treasury: Treasury, claim: Registered) -> str:
    with treasury.db.read() as tx:
        return claims.find_claims(tx, [claim.claim_id])[claim.claim_id].status


def test_each_warning_is_given_once_and_the_tightest_alone(treasury: Treasury, soon: Registered) -> None:
    assert on(treasury, LAST_DAY - timedelta(days=121)) == 0
    assert on(treasury, LAST_DAY - timedelta(days=120)) == 1
    assert on(treasury, LAST_DAY - timedelta(days=61)) == 0
    assert on(treasury, LAST_DAY - timedelta(days=20)) == 1, "60 days were passed over: 30 is said, 60 no more"
    given = timeline(treasury, soon, "limitation.warning")
    assert [text.split(",")[1][:12] for text in given] == [" om 120 dage", " om 20 dager"]


def test_the_last_day_is_in_time_and_the_day_after_is_not(treasury: Treasury, soon: Registered) -> None:
    on(treasury, LAST_DAY)
    assert status(treasury, soon) == "accepted"
    on(treasury, LAST_DAY + timedelta(days=1))
    assert status(treasury, soon) == "time_barred"
    (ended,) = treasury.told(ClaimEnded)
    assert (ended.reason, ended.ended_on) == ("time_barred", LAST_DAY + timedelta(days=1))
    treasury.step("inkassovarsel", soon)
    assert treasury.last(DemandDeclined).claim_ids == [soon.claim_id]
    with treasury.db.read() as tx:
        (proposal,) = store.write_offs_page(tx, store.PROPOSED, after=None, limit=10)
        assert broken(tx) == []
    assert (proposal.claim_id, proposal.reason) == (soon.claim_id, "time_barred")
    assert proposal.amount_ore > 100_000, "interest to the last day is posted"


def test_a_letter_that_has_not_left_stays(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), limitation_date=date(2026, 4, 17))
    treasury.at(date(2026, 4, 17))
    treasury.step("inkassovarsel", claim)
    on(treasury, date(2026, 4, 18))
    (withdrawn,) = treasury.told(DemandWithdrawn)
    assert (withdrawn.claim_ids, withdrawn.reason) == ([claim.claim_id], "time_barred")


def test_money_that_comes_afterwards_waits_for_a_person(treasury: Treasury, soon: Registered) -> None:
    other = treasury.register(due=date(2026, 1, 3), principal_ore=30_000)
    on(treasury, LAST_DAY + timedelta(days=1))
    owed = treasury.balance(soon).total_ore
    treasury.pay(soon, 130_000, treasury.today, to_claim=True)
    after = treasury.balance(soon)
    assert status(treasury, other) == "settled", "what is not time-barred is covered"
    assert after.balance.overpaid_ore == 130_000 - (owed - after.total_ore) > 0
    assert treasury.last(RefundProposed).amount_ore == after.balance.overpaid_ore
    assert status(treasury, soon) == "time_barred"


def test_money_paid_in_time_and_known_late_covers_it(treasury: Treasury, soon: Registered) -> None:
    on(treasury, LAST_DAY + timedelta(days=1))
    treasury.pay(soon, 60_000, LAST_DAY, to_claim=True)
    assert treasury.balance(soon).balance.overpaid_ore == 0
    assert treasury.proof().difference_ore == 0


def test_a_person_may_let_money_cover_it(treasury: Treasury, soon: Registered) -> None:
    on(treasury, LAST_DAY + timedelta(days=1))
    treasury.pay(soon, 60_000, treasury.today, to_claim=True, matched_by="manual")
    assert treasury.balance(soon).balance.overpaid_ore == 0


def test_a_step_filed_in_time_and_known_late_takes_it_back(treasury: Treasury, soon: Registered) -> None:
    on(treasury, LAST_DAY + timedelta(days=1))
    with treasury.uow() as uow:
        case = cases.lock_case(uow, soon.case_id)
        assert case is not None
        about = list(claims.find_claims(uow.tx, [soon.claim_id]).values())
        filed = Interrupted(kind=Interruption.FILED, on=LAST_DAY)
        interrupt(uow, treasury.deps, about, filed, "step", case.last_recorded_at)
    assert on(treasury, LAST_DAY + timedelta(days=2)) == 1
    assert status(treasury, soon) == "accepted"
    assert [one.claim_id for one in treasury.told(ClaimReopened)] == [soon.claim_id]
    with treasury.db.read() as tx:
        assert store.write_offs_page(tx, store.PROPOSED, after=None, limit=10) == []
        assert broken(tx) == []


def test_a_time_barred_claim_that_is_written_off_takes_no_late_money(treasury: Treasury, soon: Registered) -> None:
    on(treasury, LAST_DAY + timedelta(days=1))
    with treasury.db.read() as tx:
        (proposal,) = store.write_offs_page(tx, store.PROPOSED, after=None, limit=10)
    for who in ("Kim", "Anna"):
        with treasury.uow() as uow:
            decided = decide_write_off(uow, treasury.deps, proposal.write_off_id, approve=True, who=who)
    assert decided.state == store.DONE
    assert treasury.balance(soon).total_ore == 0
    treasury.pay(soon, 5_000, treasury.today, to_claim=True)
    assert (treasury.balance(soon).total_ore, treasury.balance(soon).balance.overpaid_ore) == (0, 5_000)
    assert any(row.debit is Account.WRITE_OFF for row in treasury.entries(soon))
    assert status(treasury, soon) == "time_barred"


def test_the_kroner_at_risk_are_those_of_so_many_days(treasury: Treasury, soon: Registered) -> None:
    with treasury.db.read() as tx:
        assert store.at_risk_ore(tx, LAST_DAY - timedelta(days=121), 120) == 0
        assert store.at_risk_ore(tx, LAST_DAY - timedelta(days=120), 120) == 100_000
        assert store.at_risk_ore(tx, LAST_DAY + timedelta(days=1), 120) == 0
