"""What legal steps cost (rettsgebyr), and the standard compensation between businesses.

The court fee (R) of the year times the step's own multiple, cut to whole kroner (rettsgebyrloven § 6 a). It is the
creditor's outlay until a decision awards it: letters show it as something that may come on top.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction

from claims_api.domain.rates import Rates
from shared.law import Trace, Traced
from shared.money import Rounding, round_ore

REFERENCE = "rettsgebyrloven §§ 1, 6 a, 7, 14"
REFERENCE_COMPENSATION = "forsinkelsesrenteloven § 3 a"


class CourtStep(StrEnum):
    """A legal step that costs: forliksklage, utleggsbegjæring; and the most that drafting either may cost."""

    COMPLAINT = "court_complaint"
    ATTACHMENT = "court_attachment"
    DRAFTING_COMPLAINT = "drafting_complaint_max"
    DRAFTING_ATTACHMENT = "drafting_attachment_max"


def court_fee(step: CourtStep, filed_on: date, *, rates: Rates) -> Traced[int]:
    """Return the fee in øre for a step filed on ``filed_on``; raises RatesMissing when R is not known for the day."""
    base = rates.row("rettsgebyr", filed_on)
    multiple = rates.row(step.value, filed_on)
    exact = Fraction(base.value) * Fraction(multiple.value) * 100
    inputs: dict[str, str | int | None] = {
        "step": step.value,
        "filed_on": filed_on.isoformat(),
        "rettsgebyr": str(base.value),
        "multiple": str(multiple.value),
        "rounding": Rounding.KRONE_DOWN.value,
    }
    trace = Trace(rule="court_fees.multiple", reference=REFERENCE, inputs=inputs)
    return Traced(value=round_ore(exact, Rounding.KRONE_DOWN), trace=trace)


def standard_compensation(day: date, *, business_debtor: bool, costs_ore: int, rates: Rates) -> Traced[int]:
    """Return the standard compensation (standardkompensasjon) in øre, net of fees and costs already charged.

    Between businesses only: a consumer never owes it.
    """
    inputs: dict[str, str | int | None] = {"day": day.isoformat(), "costs_ore": costs_ore}
    amount = 0
    if business_debtor:
        row = rates.row("standard_compensation", day)
        amount = max(0, round_ore(Fraction(row.value) * 100, Rounding.NONE_EXACT) - costs_ore)
        inputs["compensation"] = str(row.value)
    trace = Trace(rule="standard_compensation", reference=REFERENCE_COMPENSATION, inputs=inputs)
    return Traced(value=amount, trace=trace)
