"""Foreign collection end to end, shadow interest under an objection, and money found reversed late."""

from __future__ import annotations

from datetime import date

from support.treasury import ACCOUNT, OLA, Treasury, notice

from claims_api.domain.ledger import EntryKind, standing
from claims_api.domain.new_claim import NewDebtor, PostalAddress
from claims_api.usecases.letters import post_later_costs
from claims_api.usecases.register import Registered
from shared.events.claims import ClaimReopened
from shared.events.payments import PaymentUnallocated

DUE, VARSEL, DEMAND = date(2026, 1, 15), date(2026, 1, 29), date(2026, 2, 18)


def foreign(treasury: Treasury) -> Registered:
    return treasury.register(due=DUE, principal_ore=300_000, unit="kulturhus-as", claim_type="other_invoice", who=OLA)


def run_costs(treasury: Treasury, day: date) -> int:
    with treasury.at(day).uow() as uow:
        return post_later_costs(uow, treasury.deps, limit=100)


def test_foreign_collection_charges_light_then_heavy_salaer(treasury: Treasury) -> None:
    claim = foreign(treasury)
    varsel = treasury.at(VARSEL).letter("inkassovarsel", claim)
    assert (varsel.fee_ore, varsel.fee_label) == (0, "Inkassosalær")
    demand = treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    assert demand.fee_ore == 60_000
    run_costs(treasury, date(2026, 4, 1))
    assert treasury.balance(claim).balance.fees_ore == 60_000
    assert run_costs(treasury, date(2026, 4, 2)) == 1
    assert treasury.balance(claim).balance.fees_ore == 120_000
    assert run_costs(treasury, date(2026, 4, 7)) == 0
    assert treasury.statement(claim).total_ore == treasury.balance(claim).total_ore


def test_every_fee_line_says_by_which_rule_which_law_and_which_rate_it_is_what_it_is(treasury: Treasury) -> None:
    own = treasury.register(due=DUE, principal_ore=300_000)
    scaled = foreign(treasury)
    for claim in (own, scaled):
        treasury.at(VARSEL).letter("inkassovarsel", claim)
    for claim in (own, scaled):
        treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    run_costs(treasury, date(2026, 4, 2))
    varsel, demand = [line for line in treasury.statement(own).lines if line.kind == "fee"]
    for line, part in ((varsel, "0.05"), (demand, "0.15")):
        assert (line.explanation.rule, line.explanation.reference) == (
            "fees.own_letter",
            "inkassoforskriften §§ 1-2, 1-3",
        )
        inputs = line.explanation.inputs
        assert (inputs["part"], inputs["inkassosats"], inputs["rounding"]) == (part, "750", "krone_half_up")
        assert inputs["source"] == "FOR-2025-12-19-2709"
        assert inputs["fee_ore"] == line.amount_ore
    light, heavy = [line for line in treasury.statement(scaled).lines if line.kind == "fee"]
    for line, step in ((light, "light"), (heavy, "heavy")):
        assert (line.title, line.explanation.rule) == ("Inkassosalær", "salaer.foreign_collection")
        assert line.explanation.reference == "inkassoforskriften §§ 2-1 – 2-3"
        inputs = line.explanation.inputs
        assert (inputs["step"], inputs["bracket"], inputs["inkassosats"]) == (step, "salaer_10000", "750")
        assert line.amount_ore == inputs["fee_ore"] == 60_000


def test_letters_the_unit_charged_for_are_taken_off_the_salaer(treasury: Treasury) -> None:
    """The scale is the most that recovery may cost in all: a creditor has its own fees or the scale, never both."""
    own = notice(VARSEL, date(2026, 2, 12), fee_ore=3_800)
    claim = treasury.at(date(2026, 2, 13)).register(
        due=DUE, principal_ore=300_000, unit="kulturhus-as", claim_type="other_invoice", who=OLA, prior_notice=own
    )
    assert treasury.at(DEMAND).letter("betalingsoppfordring", claim).fee_ore == 60_000 - 3_800
    assert treasury.balance(claim).balance.fees_ore == 60_000
    run_costs(treasury, date(2026, 4, 2))
    assert treasury.balance(claim).balance.fees_ore == 120_000


def test_a_business_pays_half_as_much_again_at_every_step(treasury: Treasury) -> None:
    firm = NewDebtor(
        kind="business",
        name="Nordmann AS",
        org_number="974780747",
        address=PostalAddress(line1="Storgata 1", postal_code="0155", city="Oslo"),
    )
    claim = treasury.register(
        due=DUE, principal_ore=300_000, unit="kulturhus-as", claim_type="other_invoice", debtor=firm
    )
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    assert treasury.at(DEMAND).letter("betalingsoppfordring", claim).fee_ore == 90_000
    run_costs(treasury, date(2026, 4, 2))
    assert treasury.balance(claim).balance.fees_ore == 180_000


def test_a_payment_ordered_before_the_heavy_day_and_known_after_it_costs_light(treasury: Treasury) -> None:
    claim = foreign(treasury)
    treasury.at(VARSEL).letter("inkassovarsel", claim)
    treasury.at(DEMAND).letter("betalingsoppfordring", claim)
    owed = treasury.balance(claim, date(2026, 4, 1)).total_ore
    run_costs(treasury, date(2026, 4, 7))
    treasury.pay(claim, owed, date(2026, 4, 1))
    assert treasury.balance(claim).total_ore == 0
    fees = [row for row in standing(treasury.entries(claim)) if row.kind is EntryKind.FEE]
    assert sum(row.amount_ore for row in fees) == 60_000
    assert treasury.proof().difference_ore == 0


def test_interest_runs_as_a_shadow_while_the_claim_is_disputed(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    objection = treasury.at(date(2026, 2, 2)).object(claim)
    treasury.at(date(2026, 3, 2))
    assert treasury.balance(claim).balance.interest_ore == 1_775  # as on 2 February
    assert treasury.statement(claim).total_ore == treasury.balance(claim).total_ore
    treasury.give_up(objection)
    assert treasury.balance(claim).balance.interest_ore == 4_537  # all 46 days are owed


def test_money_found_reversed_late_was_with_us_until_then(treasury: Treasury) -> None:
    claim = treasury.register(due=DUE, principal_ore=300_000)
    paid = treasury.at(date(2026, 1, 20)).pay(claim, 300_493, date(2026, 1, 20))
    treasury.at(date(2026, 1, 30)).send(
        PaymentUnallocated(
            payment_id=paid.payment_id,
            account=ACCOUNT,
            day=paid.day,
            amount_ore=paid.amount_ore,
            paid_on=paid.paid_on,
            case_id=claim.case_id,
            unallocated_on=treasury.today,
            reason="reversed",
        )
    )
    assert treasury.last(ClaimReopened).reopened_on == date(2026, 1, 30)
    owed = treasury.balance(claim).balance
    assert (owed.principal_ore, owed.interest_ore) == (300_000, 493)
    assert treasury.proof().suspense_ore == 300_493
