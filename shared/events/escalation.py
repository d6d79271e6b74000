"""Events that escalation publishes on ``escalation`` (key: case)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import PREFIX, Day, Ident, Part, Payload, PositiveOre
from shared.events.claims import DemandKind


class StepDue(Payload):
    """It is time for a demand on these claims. claims-api answers issued or declined, for every claim."""

    TYPE: ClassVar[str] = f"{PREFIX}.step.due.v1"
    TOPIC: ClassVar[str] = "escalation"

    step_id: Ident
    case_id: Ident
    kind: DemandKind
    claim_ids: list[Ident]
    due_on: Day


class LegalStepProposed(Payload):
    """The ladder has ended unpaid: a caseworker decides about forliksråd, husleietvistutvalg or namsmann."""

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.proposed.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    kind: Literal["utlegg", "complaint"]
    body: Literal["namsmann", "forliksraad", "husleietvistutvalg"]
    proposed_on: Day
    demand_usable_to: Day


class LegalStepDropped(Payload):
    """A proposed legal step fell away before it was approved (paid, withdrawn, disputed)."""

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.dropped.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    reason: Ident


class PetitionPart(Part):
    """One case's legal step in a petition."""

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]


class LegalStepApproved(Payload):
    """A caseworker approved a legal step: its statement is frozen and its package put together.

    ``parts``: the legal steps of the same petition, the lead case's first; empty: this one alone. Every case of it has
    an event of its own; the lead case's asks for the petition.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.approved.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    kind: Literal["utlegg", "complaint"]
    body: Literal["namsmann", "forliksraad", "husleietvistutvalg"]
    approved_on: Day
    demand_usable_to: Day
    lead_case_id: Ident | None = None
    parts: list[PetitionPart] = Field(default_factory=list)


class LegalStepRefused(Payload):
    """A caseworker did not approve a proposed legal step; the claims rest until ``review_on``."""

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.refused.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    reason: Ident
    review_on: Day


class LegalStepSubmitted(Payload):
    """A legal step was handed in to its body: limitation is interrupted from this day (foreldelsesloven §§ 15-17)."""

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.submitted.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    kind: Literal["utlegg", "complaint"]
    body: Literal["namsmann", "forliksraad", "husleietvistutvalg"]
    submitted_on: Day


class LegalStepEnded(Payload):
    """What came of a legal step. ``monthly_ore`` is set for a deduction, ``review_on`` when the claims rest."""

    TYPE: ClassVar[str] = f"{PREFIX}.legal_step.ended.v1"
    TOPIC: ClassVar[str] = "escalation"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    kind: Literal["utlegg", "complaint"]
    body: Literal["namsmann", "forliksraad", "husleietvistutvalg"]
    outcome: Literal[
        "pay_deduction", "benefit_deduction", "car_pledge", "home_pledge", "other_pledge", "bank_deposit",
        "nothing_found", "withdrawn", "paid", "judgment", "enforcement_ended",
    ]  # fmt: skip
    on: Day
    monthly_ore: PositiveOre | None = None
    review_on: Day | None = None


EVENTS: tuple[type[Payload], ...] = (
    StepDue,
    LegalStepProposed,
    LegalStepDropped,
    LegalStepApproved,
    LegalStepRefused,
    LegalStepSubmitted,
    LegalStepEnded,
)
