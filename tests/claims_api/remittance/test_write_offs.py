"""Avskriving is not sletting: by a caseworker, two above an amount; and legal costs as awarded."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.claims import Desk
from support.treasury import Treasury

from claims_api.domain.accrual import InterestTerms
from claims_api.domain.facts import Cancellation, CaseFacts, Charge, ClaimFacts, Payment, Reversal
from claims_api.domain.interest import InterestConvention
from claims_api.domain.ledger import Account, EntryKind, account_sum
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from claims_api.domain.settlement import settle
from claims_api.invariants import broken
from claims_api.store import claims
from claims_api.usecases.writeoff import ask_write_off, award_costs, decide_write_off
from shared.errors import Conflict, Forbidden, Reject
from shared.events.claims import ClaimEnded

DOCUMENT = "019b0000-0000-7000-8000-00000000000d"


def test_a_small_claim_is_written_off_by_one_and_a_large_one_by_two(treasury: Treasury) -> None:
    small = treasury.register(due=date(2026, 1, 2), principal_ore=40_000)
    large = treasury.register(due=date(2026, 1, 3), principal_ore=400_000)
    with treasury.uow() as uow:
        assert ask_write_off(uow, treasury.deps, small.claim_id, reason="uncollectible", who="Kim").state == "done"
        waiting = ask_write_off(uow, treasury.deps, large.claim_id, reason="uncollectible", who="Kim")
        assert waiting.state == "proposed"
        with pytest.raises(Conflict):
            ask_write_off(uow, treasury.deps, large.claim_id, reason="uncollectible", who="Kim")
        with pytest.raises(Forbidden):
            decide_write_off(uow, treasury.deps, waiting.write_off_id, approve=True, who="Kim")
        assert decide_write_off(uow, treasury.deps, waiting.write_off_id, approve=True, who="Anna").state == "done"
        with pytest.raises(Conflict):
            decide_write_off(uow, treasury.deps, waiting.write_off_id, approve=False, who="Anna")
        with pytest.raises(Conflict):
            ask_write_off(uow, treasury.deps, small.claim_id, reason="uncollectible", who="Kim")
    assert treasury.balance(small).total_ore == 0
    assert {(one.claim_id, one.reason) for one in treasury.told(ClaimEnded)} == {
        (small.claim_id, "written_off"),
        (large.claim_id, "written_off"),
    }
    titles = [line.title for line in treasury.statement(small).lines if line.amount_ore < 0]
    assert titles == ["Avskrevet", "Avskrevet"]
    assert treasury.statement(small).total_ore == 0
    with treasury.db.read() as tx:
        assert {one.status for one in claims.claims_of_case(tx, small.case_id)} == {"written_off"}
        assert broken(tx) == []
    assert treasury.proof().difference_ore == 0


def test_a_refused_write_off_changes_nothing(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=400_000)
    before = treasury.balance(claim)
    with treasury.uow() as uow:
        waiting = ask_write_off(uow, treasury.deps, claim.claim_id, reason="not_worth_it", who="Kim")
        assert decide_write_off(uow, treasury.deps, waiting.write_off_id, approve=False, who="Kim").state == "refused"
    assert treasury.balance(claim) == before


def test_money_that_comes_later_counts_on_the_claim_and_a_reversal_writes_it_off_again(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=40_000)
    with treasury.uow() as uow:
        ask_write_off(uow, treasury.deps, claim.claim_id, reason="uncollectible", who="Kim")
    treasury.at(date(2026, 3, 2))
    paid = treasury.pay(claim, 15_000, treasury.today)
    rows = treasury.entries(claim)
    assert (treasury.balance(claim).total_ore, treasury.balance(claim).balance.overpaid_ore) == (0, 0)
    recovered = account_sum(rows, Account.WRITE_OFF)
    assert any(row.kind is EntryKind.PAYMENT and row.claim_id == claim.claim_id for row in rows)
    treasury.at(date(2026, 3, 9))
    treasury.take_back(paid)
    rows = treasury.entries(claim)
    assert account_sum(rows, Account.WRITE_OFF) == recovered + 15_000
    assert treasury.balance(claim).total_ore == 0
    assert treasury.proof().difference_ore == 0
    with treasury.db.read() as tx:
        assert broken(tx) == []


RULES = MoneyRules(rates=load_rates(assume_months=36), interest=InterestConvention.SKATTEETATEN)
DAYS = st.dates(date(2026, 1, 10), date(2026, 6, 30))


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(st.lists(st.tuples(DAYS, st.integers(1, 200_000), st.one_of(st.none(), DAYS)), max_size=5), DAYS)
def test_a_write_off_neither_makes_nor_loses_money(paid: list[tuple[date, int, date | None]], on: date) -> None:
    payments = [
        Payment(
            payment_id=f"p{at}",
            paid_on=day,
            amount_ore=amount,
            reversals=(Reversal(reversal_id=f"r{at}", on=back, amount_ore=amount),) if back else (),
        )
        for at, (day, amount, back) in enumerate(paid)
    ]
    charge = Charge(
        charge_id="c", claim_id="k", account=Account.PRINCIPAL, value_date=date(2026, 1, 2), amount_ore=100_000
    )
    facts = CaseFacts(
        claims=[
            ClaimFacts(
                claim_id="k",
                due_date=date(2026, 1, 2),
                registered_on=date(2026, 1, 5),
                interest=InterestTerms(start=date(2026, 1, 2), pauses=()),
            )
        ],
        charges=[charge],
        payments=payments,
        cancellations=[Cancellation(cancellation_id="w", claim_id="k", on=on, written_off=True)],
    )
    outcome = settle(facts, rules=RULES)
    shares = [group for group in outcome.groups if group.kind in (EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED)]
    for payment in payments:
        mine = [group for group in shares if group.payment is payment]
        got = sum(sum(p.amount_ore for p in g.parts) * (-1 if g.owing else 1) for g in mine)
        assert got == (0 if payment.reversals else payment.amount_ore)
    given_up = [group for group in outcome.groups if group.kind is EntryKind.WRITTEN_OFF]
    total = sum(sum(p.amount_ore for p in g.parts) * (-1 if g.owing else 1) for g in given_up)
    assert total >= 0, "no more comes back than was written off"


def test_awarded_costs_are_owed_without_interest_and_paid_first(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    treasury.at(date(2026, 3, 2))

    def award(amount_ore: int, awarded_on: date) -> None:
        with treasury.uow() as uow:
            award_costs(
                uow,
                treasury.deps,
                claim.case_id,
                amount_ore=amount_ore,
                awarded_on=awarded_on,
                basis="forliksraad",
                document=DOCUMENT,
                claim_id=None,
                who="Kim",
            )

    award(250_000, date(2026, 2, 27))
    assert treasury.balance(claim).balance.legal_costs_ore == 250_000
    (line,) = [one for one in treasury.statement(claim).lines if one.kind == "costs_awarded"]
    assert (line.amount_ore, line.explanation.inputs["document"]) == (250_000, DOCUMENT)
    treasury.pay(claim, 250_000, treasury.today)
    assert treasury.balance(claim).balance.legal_costs_ore == 0
    for amount, day in ((0, treasury.today), (1, date(2026, 3, 3)), (1, date(2026, 1, 2))):
        with pytest.raises(Reject):
            award(amount, day)
    with treasury.db.read() as tx:
        assert broken(tx) == []


def test_the_desk_writes_off_and_notes_costs_over_http(office_on_both: Desk) -> None:
    office = office_on_both
    claim = office.register()
    path = f"/v1/claims/{claim['claim_id']}/write-off"
    asked = office.post(path, {"reason": "uncollectible"}, office.clerk("Kim"))
    assert (asked.status_code, asked.json()["state"]) == (201, "proposed")
    (queued,) = office.get("/v1/write-offs", office.auditor(), state="proposed").json()["items"]
    decision = f"/v1/write-offs/{queued['write_off_id']}/approval"
    assert office.post(decision, {"approve": True}, office.clerk("Kim")).status_code == 403
    costs = {"amount_ore": 5_000, "awarded_on": "2026-01-19", "basis": "enforcement", "document": office.hand_in()}
    noted = office.post(f"/v1/cases/{claim['case_id']}/legal-costs", costs, office.clerk())
    assert (noted.status_code, noted.json()["legal_costs_ore"]) == (201, 5_000)
    done = office.post(decision, {"approve": True}, office.clerk("Anna"))
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert office.get(f"/v1/claims/{claim['claim_id']}").json()["status"] == "written_off"
    assert office.post(f"/v1/cases/{claim['case_id']}/legal-costs", costs, office.clerk()).status_code == 409
    assert office.post(path, {"reason": "lost_it"}, office.clerk()).status_code == 422
