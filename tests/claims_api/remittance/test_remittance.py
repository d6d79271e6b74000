"""What a unit is owed for a month: it adds up claim by claim, is paid from its share alone, and is made once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.claims import OLA, Desk
from support.remitting import MONTH_END, UNIT, agree, month_end, share, statements
from support.treasury import ACCOUNT, Treasury

from claims_api.consumers import handlers
from claims_api.domain.ledger import RECEIVABLES, account_sum
from claims_api.domain.periods import closing_day, month_of
from claims_api.domain.remittance import payout_ore
from claims_api.invariants import broken
from claims_api.store import ledger
from claims_api.store import remittance as store
from claims_api.usecases.corrections import correct_claim, direct_payment, withdraw_claim
from claims_api.usecases.remittance import sign_off
from shared.errors import Conflict, NotFound, Reject
from shared.events.claims import DemandIssued, PayoutReserved
from shared.events.payments import PayoutRejected, PayoutSettled


def bank_says(treasury: Treasury, payload: PayoutSettled | PayoutRejected) -> None:
    event = treasury.event(payload, key=payload.refund_id)
    with treasury.uow() as uow:
        handlers(treasury.deps)[type(payload)](uow, [event])


def test_the_unit_gets_principal_and_interest_and_the_collector_the_fee(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    treasury.at(date(2026, 1, 19))
    fee_ore = treasury.letter("inkassovarsel", claim).fee_ore
    treasury.at(date(2026, 1, 26))
    treasury.pay(claim, 60_000, treasury.today)
    month_end(treasury)
    (made,) = statements(treasury)
    found = made.figures
    assert found.adds_up
    assert found.kept_ore == fee_ore > 0
    assert (found.registered_ore, found.collected_ore) == (100_000, 60_000)
    assert found.to_unit_ore == 60_000 - fee_ore == made.payable_ore == share(treasury) + made.payable_ore
    (reserved,) = treasury.told(PayoutReserved)
    assert reserved.to is not None
    assert (reserved.refund_id, reserved.amount_ore) == (made.remittance_id, made.payable_ore)
    assert (reserved.to.account, reserved.to.reference) == (made.account, f"2026-01 {UNIT}")
    assert treasury.proof().in_transit_ore == made.payable_ore
    assert treasury.proof().difference_ore == 0


def test_a_month_is_remitted_once_and_the_next_opens_where_it_closed(treasury: Treasury) -> None:
    first = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    treasury.register(due=date(2026, 1, 2), principal_ore=40_000, who=OLA)
    treasury.pay(first, 30_000, treasury.today)
    month_end(treasury)
    month_end(treasury)
    treasury.pay(first, 10_000, treasury.today)
    month_end(treasury, date(2026, 3, 6))
    february, january = statements(treasury)
    assert (january.period, february.period) == ("2026-01", "2026-02")
    assert february.figures.opening_ore == january.figures.closing_ore
    assert february.payable_ore == february.figures.to_unit_ore
    with treasury.db.read() as tx:
        lines = store.lines_page(tx, february.remittance_id, after=None, limit=50)
        assert broken(tx) == []
    assert len(lines) == 2, "a claim that did not move is in the statement with what it is owed"
    assert len(treasury.told(PayoutReserved)) == 2
    assert statements(treasury, "deichman") == []


def test_money_the_bank_took_back_is_clawed_back_from_the_next_month(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2))
    paid = treasury.pay(claim, 50_000, treasury.today)
    month_end(treasury)
    treasury.at(date(2026, 2, 20))
    treasury.take_back(paid)
    month_end(treasury, date(2026, 3, 6))
    treasury.pay(claim, 80_000, date(2026, 3, 9), day=date(2026, 3, 9))
    month_end(treasury, date(2026, 4, 10))
    march, february, january = statements(treasury)
    assert january.payable_ore == january.figures.to_unit_ore > 0
    assert february.figures.to_unit_ore == -january.payable_ore
    assert (february.payable_ore, february.payout) == (0, store.NONE)
    assert march.carried_ore == -january.payable_ore
    assert march.payable_ore == march.figures.to_unit_ore + march.carried_ore
    assert share(treasury) == 0


def test_money_taken_back_before_the_closing_day_is_not_paid_out(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2))
    paid = treasury.pay(claim, 50_000, treasury.today)
    treasury.at(date(2026, 2, 4))
    treasury.take_back(paid)
    month_end(treasury)
    (january,) = statements(treasury)
    assert january.figures.to_unit_ore > 0
    assert january.payable_ore == 0 == share(treasury)
    month_end(treasury, date(2026, 3, 6))
    february, _ = statements(treasury)
    assert february.carried_ore == -february.figures.to_unit_ore, "the two months even out"
    assert february.payable_ore == 0


def test_the_bank_settles_a_payout_once_or_rejects_it_and_then_it_comes_again(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2))
    treasury.pay(claim, 50_000, treasury.today)
    month_end(treasury)
    (january,) = statements(treasury)
    rejected = PayoutRejected(
        refund_id=january.remittance_id, amount_ore=january.payable_ore, rejected_on=treasury.today, reason="AC04"
    )
    bank_says(treasury, rejected)
    bank_says(treasury, rejected)
    assert share(treasury) == january.payable_ore
    month_end(treasury, date(2026, 3, 6))
    february, january = statements(treasury)
    assert january.payout == store.REJECTED
    assert february.payable_ore == january.payable_ore
    settled = PayoutSettled(
        refund_id=february.remittance_id, account=ACCOUNT, day=date(2026, 3, 9), amount_ore=february.payable_ore
    )
    treasury.at(date(2026, 3, 9))
    bank_says(treasury, settled)
    bank_says(treasury, settled)
    proof = treasury.proof()
    assert (proof.in_transit_ore, proof.difference_ore, share(treasury)) == (0, 0, 0)
    assert statements(treasury)[0].payout == store.SETTLED


def test_corrections_withdrawals_and_direct_payments_each_have_their_place(treasury: Treasury) -> None:
    corrected = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    withdrawn = treasury.register(due=date(2026, 1, 3), principal_ore=20_000, who=OLA)
    paid = treasury.register(due=date(2026, 1, 4), principal_ore=30_000, who=OLA)
    with treasury.uow() as uow:
        correct_claim(
            uow, treasury.deps, corrected.claim_id,
            new_principal_ore=90_000, effective_date=treasury.today, reason="feil", actor="unit",
        )  # fmt: skip
    with treasury.uow() as uow:
        withdraw_claim(
            uow, treasury.deps, withdrawn.claim_id, reason="duplicate", effective_date=treasury.today, actor="unit"
        )
    with treasury.uow() as uow:
        direct_payment(
            uow, treasury.deps, paid.claim_id, amount_ore=10_000, paid_on=treasury.today, reference="x", actor="unit"
        )
    month_end(treasury)
    found = statements(treasury)[0].figures
    assert (found.registered_ore, found.corrections_ore, found.withdrawn_ore) == (150_000, -10_000, 20_000)
    assert (found.direct_ore, found.to_unit_ore, found.collected_ore) == (10_000, 0, 10_000)
    assert found.adds_up


def test_a_unit_signs_its_own_statement_off_once(treasury: Treasury) -> None:
    treasury.register(due=date(2026, 1, 2))
    month_end(treasury)
    (made,) = statements(treasury)
    with treasury.uow() as uow:
        with pytest.raises(NotFound):
            sign_off(uow, made.remittance_id, "deichman", accepted=True, comment=None, who="x")
        with pytest.raises(Reject):
            sign_off(uow, made.remittance_id, UNIT, accepted=False, comment=None, who="x")
        sign_off(uow, made.remittance_id, UNIT, accepted=False, comment="Ett krav mangler", who="x")
        sign_off(uow, made.remittance_id, UNIT, accepted=True, comment=None, who="x")
        with pytest.raises(Conflict):
            sign_off(uow, made.remittance_id, UNIT, accepted=True, comment=None, who="x")
    assert (statements(treasury)[0].sign_off, statements(treasury)[0].comment) == ("accepted", "Ett krav mangler")


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_payout_is_never_below_zero_and_never_more_than_there_is(own: int, carried: int, since: int) -> None:
    paid = payout_ore(to_unit_ore=own, carried_ore=carried, since_ore=since)
    assert 0 <= paid <= max(0, own + carried + max(0, since))
    assert paid <= max(0, own + carried)


KINDS = ("principal", "interest", "fees", "legal_costs")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["pay", "pay_late", "take_back", "correct", "withdraw", "direct", "register", "letter", "agree", "wait"]
        ),
        st.integers(1, 90_000),
        st.integers(1, 12),
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(STEPS)
def test_any_history_adds_up_and_no_more_than_the_share_is_reserved(steps: Sequence[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        treasury = Treasury(Path(folder), date(2026, 1, 16))
        claims = [treasury.register(due=date(2026, 1, 2), principal_ore=60_000)]
        paid = []
        for what, amount, days in steps:
            claim = claims[-1]
            try:
                if what in ("pay", "pay_late"):
                    back = timedelta(days=days if what == "pay_late" else 0)
                    paid.append(treasury.pay(claim, amount, treasury.today - back))
                elif what == "take_back" and paid:
                    treasury.take_back(paid.pop())
                elif what == "agree":
                    agree(treasury, treasury.today, sorted({"principal", KINDS[amount % 4], KINDS[days % 4]}))
                elif what == "letter":
                    treasury.step("inkassovarsel", claim)
                    if (issued := treasury.told(DemandIssued)) and issued[-1].case_id == claim.case_id:
                        treasury.ready(issued[-1])
                        treasury.sent(issued[-1])
                elif what == "register":
                    claims.append(treasury.register(due=treasury.today - timedelta(days=20), principal_ore=amount))
                else:
                    change(treasury, what, claim.claim_id, amount)
            except (Reject, Conflict):
                pass  # a closed claim, or more than is owed
            treasury.at(treasury.today + timedelta(days=days))
            before = len(statements(treasury))
            month_end(treasury, treasury.today)
            if any(one.payable_ore for one in statements(treasury)[: len(statements(treasury)) - before]):
                assert share(treasury) >= 0
        month_end(treasury, closing_day(month_of(treasury.today), working_day=5))
        made = statements(treasury)
        assert all(one.figures.adds_up for one in made)
        assert all(later.figures.opening_ore == one.figures.closing_ore for later, one in pairwise(made))
        with treasury.db.read() as tx:
            rows = ledger.everything(tx, unit=UNIT)
            assert broken(tx) == []
        assert made[0].figures.closing_ore == sum(account_sum(rows, account) for account in RECEIVABLES)
        assert sum(one.figures.to_unit_ore - one.paid_ore for one in made) == share(treasury)
        assert treasury.proof().difference_ore == 0
        treasury.db.close()


def change(treasury: Treasury, what: str, claim_id: str, amount: int) -> None:
    today = treasury.today
    with treasury.uow() as uow:
        if what == "correct":
            correct_claim(
                uow, treasury.deps, claim_id, new_principal_ore=amount, effective_date=today, reason="x", actor="unit"
            )
        elif what == "withdraw":
            withdraw_claim(uow, treasury.deps, claim_id, reason="relief", effective_date=today, actor="unit")
        elif what == "direct":
            direct_payment(uow, treasury.deps, claim_id, amount_ore=amount, paid_on=today, reference="x", actor="unit")


def test_a_unit_reads_its_own_statements_and_no_others(office_on_both: Desk) -> None:
    office = office_on_both
    office.register(external_ref="=HYPERLINK(1)")
    office.register(external_ref="B", creditor_unit="deichman", claim_type="library_replacement")
    office.clock.set(MONTH_END)
    for job in ("vouchers", "periods", "remittance"):
        while office.run_job(job):
            pass
    with office.service.db.read() as tx:
        assert broken(tx) == []
    (mine,) = office.get(f"/v1/creditors/{UNIT}/remittances").json()["items"]
    assert mine["registered_ore"] == 300_000 == mine["closing_ore"]
    assert mine["collected_ore"] == mine["remitted_ore"] + mine["kept_ore"] + mine["in_transit_ore"]
    path = f"/v1/creditors/{UNIT}/remittances/{mine['remittance_id']}"
    assert office.get(path).json() == mine
    (line,) = office.get(f"{path}/lines").json()["items"]
    assert (line["external_ref"], line["closing_ore"]) == ("=HYPERLINK(1)", 300_000)
    text = office.get(path, format="csv").text.splitlines()
    assert text[0].startswith("external_ref;invoice_number;case_number;claim_id;opening_ore")
    assert text[1].startswith("'=HYPERLINK(1);")
    other = office.agency("deichman")
    for foreign in (f"/v1/creditors/{UNIT}/remittances", path, f"{path}/lines"):
        assert office.get(foreign, other).status_code == 404
        assert office.get(foreign, office.auditor()).status_code == 200
    own_path = path.replace(UNIT, "deichman")
    assert office.get(own_path, other).status_code == 404
    assert office.post(f"{path}/sign-off", {"accepted": True}, other).status_code == 404
    signed = office.post(f"{path}/sign-off", {"accepted": True})
    assert (signed.status_code, signed.json()["sign_off"]) == (201, "accepted")
