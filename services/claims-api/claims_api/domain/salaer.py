"""Collection cost (salær, inkassoforskriften chapter 2 and § 1-4): the cap on what recovery outside court may cost.

Sized by the principal with interest before the due date, as it was then: part payments do not change the bracket. The
claim's due date chooses the table; the inkassosats is that of the day the principal is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

from claims_api.domain.facts import FeeStep
from claims_api.domain.rates import Rates
from shared.law import Trace, Traced
from shared.money import Rounding, round_ore


class SalaerScale(Protocol):
    """A scale: what a claim costs when its principal is paid on a day."""

    def __call__(self, claim: SalaerClaim, paid_on: date, *, rates: Rates) -> Traced[int]:
        """Return the cost in øre."""
        ...


REFERENCE = "inkassoforskriften §§ 2-1 – 2-3"
REFERENCE_LAWYER = "inkassoforskriften § 1-4"
REFERENCE_PLAN = "inkassoforskriften § 2-4"
BRACKETS_NOK = (500, 1000, 2500, 10000, 50000, 250000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SalaerClaim:
    """What the scale needs to know: ``size_ore`` is the (summed) principal and interest before due, as at due.

    ``business``: the debtor is one; ``vat``: more than half of the claim is outside VAT-liable business;
    ``demand_deadline``: the deadline of the betalingsoppfordring, None when none was sent; ``minor``, ``disputed``:
    no costs. ``letter_fees_ore``: what the creditor charged for letters of its own; it counts against the scale, which
    is the most that recovery may cost in all (Lovavdelingen 05.05.2000).
    """

    size_ore: int
    due_date: date
    demand_deadline: date | None
    business: bool = False
    vat: bool = False
    minor: bool = False
    disputed: bool = False
    letter_fees_ore: int = 0


def foreign_collection(claim: SalaerClaim, paid_on: date, *, rates: Rates) -> Traced[int]:
    """Return the salær in øre when the principal is paid on ``paid_on``: light, or heavy from deadline + 29.

    Heavy is the total and replaces light; letter fees charged before are taken off it. Zero before a
    betalingsoppfordring was sent.
    """
    if claim.demand_deadline is None or claim.minor or claim.disputed:
        return _nothing(claim, "no_demand" if claim.demand_deadline is None else "free")
    heavy = paid_on >= heavy_from(claim.demand_deadline, rates=rates)
    factor = rates.value("salaer_heavy", paid_on) if heavy else 1
    exact, inputs = _light(claim, paid_on, rates)
    exact *= Fraction(factor)
    inputs |= {"step": "heavy" if heavy else "light", "factor": str(factor)}
    if claim.vat:
        vat = rates.value("salaer_vat", paid_on)
        exact *= 1 + Fraction(vat)
        inputs["vat"] = str(vat)
    trace = Trace(rule="salaer.foreign_collection", reference=REFERENCE, inputs=inputs)
    return Traced(value=_beside_letters(exact, claim), trace=trace)


def heavy_from(demand_deadline: date, *, rates: Rates) -> date:
    """Return the first day of the heavy rate (tungt salær): more than 28 days after the missed deadline."""
    days = rates.whole("salaer_heavy_after_days", demand_deadline)
    return demand_deadline + timedelta(days=days + 1)


def lawyer_led(claim: SalaerClaim, paid_on: date, *, rates: Rates) -> Traced[int]:
    """Return the cost of a creditor's own collection led by a lawyer: light rate, no heavy step, no VAT.

    Only once the deadline of the betalingsoppfordring is missed by more than 14 days, and never beside letter fees:
    those the creditor charged before are taken off it.
    """
    if claim.demand_deadline is None or claim.minor or claim.disputed:
        return _nothing(claim, "no_demand" if claim.demand_deadline is None else "free")
    days = rates.whole("salaer_lawyer_after_days", claim.demand_deadline)
    if paid_on <= claim.demand_deadline + timedelta(days=days):
        return _nothing(claim, "deadline_not_missed_by_enough")
    exact, inputs = _light(claim, paid_on, rates)
    trace = Trace(rule="salaer.lawyer_led", reference=REFERENCE_LAWYER, inputs=inputs)
    return Traced(value=_beside_letters(exact, claim), trace=trace)


def later_steps(
    claim: SalaerClaim, scale: SalaerScale, booked_ore: int, sent_on: date, today: date, *, rates: Rates
) -> list[FeeStep]:
    """Return how a demand's cost grows by itself until ``today`` while its principal is unpaid.

    It follows the scale for a payment on each day: the heavy step, the lawyer-led cost, a new inkassosats.
    ``booked_ore`` is what the letter itself carried.
    """
    if claim.demand_deadline is None:
        return []
    days = {day for day in change_days(claim.demand_deadline, sent_on, today, rates=rates) if day <= today}
    steps: list[FeeStep] = []
    running = booked_ore
    for day in sorted(days):
        cost = scale(claim, day, rates=rates)
        grown = cost.value - running
        if grown > 0:
            steps.append(FeeStep(day=day, amount_ore=grown, why=cost.trace))
            running += grown
    return steps


def change_days(demand_deadline: date, sent_on: date, until: date, *, rates: Rates) -> list[date]:
    """Return the days after ``sent_on`` on which a scale may give another amount, up to ``until``, ascending."""
    lawyer = demand_deadline + timedelta(days=rates.whole("salaer_lawyer_after_days", demand_deadline) + 1)
    days = {heavy_from(demand_deadline, rates=rates), lawyer}
    days |= set(rates.table("inkassosats").changes(sent_on, until + timedelta(days=1)))
    return sorted(day for day in days if sent_on < day <= until)


def plan_addition(instalments: int, agreed_on: date, *, after_legal_step: bool, rates: Rates) -> Traced[int]:
    """Return what a plan of more than four instalments may add to the cap, in øre before VAT.

    Nothing when forliksråd, court or namsmann has handled the case. It raises a cap on actual costs: fixed letter
    fees have no such cap, so own collection adds nothing.
    """
    least = rates.whole("salaer_plan_instalments", agreed_on)
    inputs: dict[str, str | int | None] = {"instalments": instalments, "agreed_on": agreed_on.isoformat()}
    exact = Fraction(0)
    if instalments >= least and not after_legal_step:
        factor = rates.value("salaer_plan", agreed_on)
        exact = Fraction(factor) * rates.ore("inkassosats", agreed_on)
        inputs["factor"] = str(factor)
    trace = Trace(rule="salaer.plan", reference=REFERENCE_PLAN, inputs=inputs)
    return Traced(value=round_ore(exact, Rounding.ORE_HALF_UP), trace=trace)


def bracket(size_ore: int) -> str:
    """Return the name of the table for a claim of this size; a limit belongs to the bracket below it."""
    for limit in BRACKETS_NOK:
        if size_ore <= limit * 100:
            return f"salaer_{limit}"
    return "salaer_above"


def _beside_letters(exact: Fraction, claim: SalaerClaim) -> int:
    """Return what is left of the scale when the letters charged before are taken off it."""
    return max(0, round_ore(exact, Rounding.ORE_HALF_UP) - claim.letter_fees_ore)


def _light(claim: SalaerClaim, paid_on: date, rates: Rates) -> tuple[Fraction, dict[str, str | int | None]]:
    name = bracket(claim.size_ore)
    multiple = rates.row(name, claim.due_date)
    sats = rates.row("inkassosats", paid_on)
    exact = Fraction(multiple.value) * Fraction(sats.value) * 100
    inputs: dict[str, str | int | None] = {
        "size_ore": claim.size_ore,
        "bracket": name,
        "multiple": str(multiple.value),
        "inkassosats": str(sats.value),
        "source": sats.source,
        "paid_on": paid_on.isoformat(),
    }
    if claim.letter_fees_ore:
        inputs["letter_fees_ore"] = claim.letter_fees_ore
    if claim.business:
        factor = rates.value("salaer_business", paid_on)
        exact *= Fraction(factor)
        inputs["business"] = str(factor)
    return exact, inputs


def _nothing(claim: SalaerClaim, ground: str) -> Traced[int]:
    inputs: dict[str, str | int | None] = {"size_ore": claim.size_ore, "ground": ground}
    return Traced(value=0, trace=Trace(rule="salaer.none", reference=REFERENCE, inputs=inputs))
