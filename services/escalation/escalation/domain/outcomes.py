"""What can come of a legal step (utfall), what it does to the claim, and when the claim is looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from escalation.domain.ladder import Trigger
from shared.calendar import add_months, next_working_day, working_day_after
from shared.law import Trace, Traced

APPEAL_MONTHS = 1
"""A judgment of the forliksråd or a decision of the husleietvistutvalg can be brought to court for a month."""
REST_MONTHS = 12
"""How long nobody tries again after nothing was found (decisions B8)."""


class Outcome(StrEnum):
    """How a legal step came out (decisions B8)."""

    PAY_DEDUCTION = "pay_deduction"  # utleggstrekk i lønn
    BENEFIT_DEDUCTION = "benefit_deduction"  # utleggstrekk i ytelse
    CAR_PLEDGE = "car_pledge"  # utleggspant i kjøretøy, Løsøreregisteret
    HOME_PLEDGE = "home_pledge"  # utleggspant i bolig
    OTHER_PLEDGE = "other_pledge"  # annet utleggspant
    BANK_DEPOSIT = "bank_deposit"  # utlegg i bankinnskudd
    NOTHING_FOUND = "nothing_found"  # intet til utlegg
    WITHDRAWN = "withdrawn"  # trukket
    PAID = "paid"  # betalt under saken
    JUDGMENT = "judgment"  # dom, forlik eller vedtak
    ENFORCEMENT_ENDED = "enforcement_ended"  # trekket eller pantet er slutt


DEDUCTIONS = frozenset({Outcome.PAY_DEDUCTION, Outcome.BENEFIT_DEDUCTION})
COVERS = DEDUCTIONS | {Outcome.CAR_PLEDGE, Outcome.HOME_PLEDGE, Outcome.OTHER_PLEDGE, Outcome.BANK_DEPOSIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What an outcome does: the edge its claims take, the legal step's state, and from which states it may come."""

    trigger: Trigger
    state: str
    sources: tuple[str, ...]


AT_BODY = ("submitted", "to_withdraw")


def consequence(outcome: Outcome) -> Consequence:
    """Return what an outcome does to the legal step and its claims."""
    if outcome in COVERS:
        return Consequence(trigger=Trigger.COVER_FOUND, state="enforced", sources=AT_BODY)
    if outcome is Outcome.JUDGMENT:
        return Consequence(trigger=Trigger.JUDGED, state="decided", sources=AT_BODY)
    if outcome is Outcome.NOTHING_FOUND:
        return Consequence(trigger=Trigger.NOTHING_FOUND, state="closed", sources=AT_BODY)
    if outcome is Outcome.ENFORCEMENT_ENDED:
        return Consequence(trigger=Trigger.ENFORCEMENT_ENDED, state="closed", sources=("enforced",))
    return Consequence(trigger=Trigger.PETITION_WITHDRAWN, state="closed", sources=AT_BODY)


def review_day(outcome: Outcome, on: date) -> Traced[date] | None:
    """When the claim is looked at again if nothing is paid; None while a deduction or pledge runs.

    After a judgment: when notice of its enforcement may be given, the working day after the month in which it can be
    brought to court. After an attempt without cover: twelve months (decisions B8). What was taken back from its body is
    on its ladder again the working day after.
    """
    if outcome in COVERS:
        return None
    inputs: dict[str, str | int | None] = {"outcome": outcome.value, "on": on.isoformat()}
    if outcome is Outcome.JUDGMENT:
        day = working_day_after(next_working_day(add_months(on, APPEAL_MONTHS)))
        reference = "tvisteloven kapittel 6, tvangsfullbyrdelsesloven § 4-18"
        inputs |= {"appeal_months": APPEAL_MONTHS}
    elif outcome is Outcome.WITHDRAWN:
        day, reference = working_day_after(on), "inkassoloven §§ 8, 11"
    else:
        day, reference = add_months(on, REST_MONTHS), "inkassoloven § 8"
        inputs |= {"months": REST_MONTHS}
    return Traced(value=next_working_day(day), trace=Trace(rule="review_day", reference=reference, inputs=inputs))
