"""How collected money is divided, by the agreement a claim came under; and a unit's word before its money leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.claims import OLA, Desk
from support.remitting import MONTH_END, UNIT, agree, month_end, share, statements
from support.treasury import Treasury

from claims_api.domain.ledger import Account, account_sum
from claims_api.invariants import broken
from claims_api.store import ledger
from claims_api.store import remittance as store
from claims_api.usecases.corrections import direct_payment
from claims_api.usecases.remittance import answer, sign_off
from shared.errors import Conflict, Reject
from shared.events.claims import PayoutReserved


def test_a_fee_that_was_paid_to_the_unit_itself_is_the_collectors_and_is_taken_off(treasury: Treasury) -> None:
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    treasury.at(date(2026, 1, 19))
    fee_ore = treasury.letter("inkassovarsel", claim).fee_ore
    with treasury.uow() as uow:
        direct_payment(
            uow, treasury.deps, claim.claim_id, amount_ore=50_000, paid_on=treasury.today, reference="x", actor="unit"
        )
    month_end(treasury)
    (january,) = statements(treasury)
    found = january.figures
    assert (found.direct_ore, found.kept_ore, found.to_unit_ore) == (50_000, fee_ore, -fee_ore)
    assert found.adds_up
    assert (january.payable_ore, share(treasury)) == (0, -fee_ore)
    treasury.pay(claim, 20_000, treasury.today)
    month_end(treasury, date(2026, 3, 6))
    february, _ = statements(treasury)
    assert february.payable_ore == february.figures.to_unit_ore - fee_ore == 20_000 - fee_ore
    assert share(treasury) == 0


def test_a_claim_is_divided_by_the_agreement_it_came_under_for_as_long_as_it_lives(treasury: Treasury) -> None:
    everything = ["principal", "interest", "fees", "legal_costs"]
    agree(treasury, date(2026, 1, 18), everything)
    old = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    new = treasury.at(date(2026, 1, 19)).register(due=date(2026, 1, 2), principal_ore=200_000, who=OLA)
    fees = {one.claim_id: treasury.letter("inkassovarsel", one).fee_ore for one in (old, new)}
    treasury.at(date(2026, 1, 26))
    payments = [treasury.pay(one, 60_000, treasury.today) for one in (old, new)]
    month_end(treasury)
    (made,) = statements(treasury)
    assert made.figures.adds_up
    assert made.figures.kept_ore == fees[old.claim_id] > 0
    assert made.payable_ore == made.figures.to_unit_ore == 120_000 - fees[old.claim_id]
    assert {tuple(one["unit_gets"]): (one["claims"], one["to_unit_ore"], one["kept_ore"]) for one in made.shares} == {
        ("principal", "interest"): (1, 60_000 - 3_800, 3_800),
        tuple(everything): (1, 60_000, 0),
    }
    with treasury.db.read() as tx:
        lines = {one.claim_id: one for one in store.lines_page(tx, made.remittance_id, after=None, limit=50)}
        assert broken(tx) == []
        collectors = account_sum(ledger.everything(tx, unit=UNIT), Account.COLLECTOR_SHARE)
    assert set(lines[new.claim_id].unit_gets) == set(everything)
    assert collectors == fees[old.claim_id], "the ledger says what the collector may keep"
    assert share(treasury) == 0

    # Another agreement does not change what was agreed for these, nor what is taken back of them.
    agree(treasury, date(2026, 2, 1), ["principal"])
    for one in payments:
        treasury.take_back(one)
    month_end(treasury, date(2026, 3, 6))
    february, _ = statements(treasury)
    assert february.figures.to_unit_ore == -made.payable_ore
    assert february.figures.kept_ore == -fees[old.claim_id]
    assert share(treasury) == -made.payable_ore
    assert treasury.proof().difference_ore == 0


def test_a_collector_may_keep_the_interest(treasury: Treasury) -> None:
    agree(treasury, date(2026, 1, 10), ["principal"])
    claim = treasury.register(due=date(2026, 1, 2), principal_ore=100_000)
    treasury.at(date(2026, 1, 26)).pay(claim, 60_000, treasury.today)
    interest = 60_000 - (100_000 - treasury.balance(claim).balance.principal_ore)
    month_end(treasury)
    (made,) = statements(treasury)
    assert (made.figures.kept_ore, made.payable_ore) == (interest, 60_000 - interest)
    assert interest > 0
    assert share(treasury) == 0


@pytest.mark.parametrize(
    ("gets", "code"),
    [([], "principal"), (["fees"], "principal"), (["principal", "tax"], "enum"), ("principal", "enum")],
)
def test_a_division_without_principal_or_of_unknown_kinds_is_refused(treasury: Treasury, gets: Any, code: str) -> None:
    with pytest.raises(Reject) as refused:
        agree(treasury, date(2026, 2, 1), gets)
    (wrong,) = refused.value.errors
    assert (wrong["field"].rpartition(".")[2], wrong["code"]) == ("unit_gets", code)


@pytest.fixture
def signing(tmp_path: Path) -> Iterator[Treasury]:
    """An installation whose payouts wait for the units' signatures."""
    kept = Treasury(tmp_path, date(2026, 1, 16), remittance_payout="after_sign_off")
    yield kept
    kept.db.close()


def test_a_payout_that_waits_leaves_when_the_unit_has_signed_and_no_later_month_counts_on_it(signing: Treasury) -> None:
    claim = signing.register(due=date(2026, 1, 2))
    signing.pay(claim, 50_000, signing.today)
    month_end(signing)
    (january,) = statements(signing)
    assert (january.payout, share(signing)) == (store.UNSIGNED, january.payable_ore)
    assert signing.told(PayoutReserved) == []
    signing.pay(claim, 10_000, signing.today)
    month_end(signing, date(2026, 3, 6))
    february, january = statements(signing)
    assert february.carried_ore == 0
    with signing.uow() as uow:
        disputed = sign_off(uow, january.remittance_id, UNIT, accepted=False, comment="Ett krav mangler", who="x")
        assert disputed.payout == store.UNSIGNED
        paid = sign_off(uow, january.remittance_id, UNIT, accepted=True, comment=None, who="x")
        assert paid.payout == store.RESERVED
        sign_off(uow, february.remittance_id, UNIT, accepted=True, comment=None, who="x")
    assert [one.amount_ore for one in signing.told(PayoutReserved)] == [january.payable_ore, february.payable_ore]
    assert share(signing) == 0
    assert signing.proof().difference_ore == 0


def test_the_desk_answers_a_dispute_and_may_let_the_money_go(signing: Treasury) -> None:
    claim = signing.register(due=date(2026, 1, 2))
    signing.pay(claim, 50_000, signing.today)
    month_end(signing)
    (made,) = statements(signing)
    with signing.uow() as uow:
        sign_off(uow, made.remittance_id, UNIT, accepted=False, comment="Ett krav mangler", who="x")
        told = answer(uow, made.remittance_id, UNIT, text="Det kommer i februar", pay=False, who="Kim")
        assert (told.answer, told.payout) == ("Det kommer i februar", store.UNSIGNED)
        paid = answer(uow, made.remittance_id, UNIT, text="Utbetales nå", pay=True, who="Kim")
        assert (paid.payout, paid.sign_off) == (store.RESERVED, store.DISPUTED)
        with pytest.raises(Conflict):
            answer(uow, made.remittance_id, UNIT, text="Igjen", pay=True, who="Kim")
    (shown,) = statements(signing)
    assert (shown.answer, shown.answered_by, shown.figures) == ("Utbetales nå", "Kim", made.figures)
    assert len(signing.told(PayoutReserved)) == 1
    assert share(signing) == 0


def test_the_desk_finds_the_statements_that_are_disputed(office: Desk) -> None:
    office.register()
    office.register(external_ref="B", creditor_unit="deichman", claim_type="library_replacement")
    office.clock.set(MONTH_END)
    for job in ("vouchers", "periods", "remittance"):
        while office.run_job(job):
            pass
    (mine,) = office.get(f"/v1/creditors/{UNIT}/remittances").json()["items"]
    path = f"/v1/creditors/{UNIT}/remittances/{mine['remittance_id']}"
    assert office.post(f"{path}/sign-off", {"accepted": False, "comment": "Ett krav mangler"}).status_code == 201
    both = office.get("/v1/remittances", office.clerk()).json()["items"]
    assert {one["unit"] for one in both} == {UNIT, "deichman"}
    (disputed,) = office.get("/v1/remittances", office.clerk(), sign_off="disputed").json()["items"]
    assert (disputed["unit"], disputed["comment"]) == (UNIT, "Ett krav mangler")
    assert [one["unit_gets"] for one in disputed["shares"]] == [["principal", "interest"]]
    told = office.post(f"{path}/answer", {"answer": "Kommer i februar"}, office.clerk())
    assert (told.status_code, told.json()["answer"], told.json()["answered_by"]) == (201, "Kommer i februar", "Kim")
    assert office.get(path).json()["answer"] == "Kommer i februar"
    nothing_waits = office.post(f"{path}/answer", {"answer": "Nå", "pay": True}, office.clerk())
    assert nothing_waits.status_code == 409
