"""Events of petitions (begjæringer og klager); claims-api publishes them on ``claims`` (key: the lead case).

A caseworker's approval asks for a petition; claims-api freezes what is owed, and notifications makes the package of
what is frozen. Several cases of a debtor may share a petition: all of it is told on the lead case's key.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.base import PREFIX, Day, Ident, Ore, Part, Payload, PositiveOre
from shared.events.claims import CreditorFacts, Payee, Recipient, StatementLine


class PetitionPayment(Part):
    """Money that was booked on a claim, by the day it was paid (innbetaling)."""

    paid_on: Day
    amount_ore: PositiveOre


class PetitionLetter(Part):
    """A letter the petition rests on; ``demand_id`` null: the unit sent it before handing the claim over.

    ``document_id``: the copy of such a letter in the archive.
    """

    demand_id: Ident | None = None
    document_id: Ident | None = None
    kind: Ident
    sent_on: Day
    deadline: Day


class PetitionClaim(StatementLine):
    """One claim of a petition: what it was, what was paid, what is left, and what it rests on.

    ``enforcement_basis_on``: the day of the decision or judgment; null when the basis is a written notice.
    """

    legal_step_id: Ident
    case_id: Ident
    case_number: Ident
    kid: Ident
    unit: CreditorFacts
    original_principal_ore: PositiveOre
    enforcement_basis: Ident
    enforcement_basis_on: Day | None = None
    limitation_day: Day
    payments: list[PetitionPayment]
    letters: list[PetitionLetter]


class LegalPerson(Part):
    """The creditor in the law's sense: a municipality with all its units, or a company of its own."""

    org_number: Ident
    name: Ident


class PetitionFrozen(Payload):
    """The statement of an approved legal step, as of ``frozen_on``: what its package says.

    ``legal_person`` petitions. Money from the body comes on ``kid``. ``expected_court_fee_ore`` is the creditor's
    outlay on the lead case, null when it is not known; it is owed only once awarded. ``parties``: the debtors, with
    the version of their record.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.petition.frozen.v1"
    TOPIC: ClassVar[str] = "claims"

    petition_id: Ident
    case_id: Ident
    case_number: Ident
    case_ids: list[Ident]
    legal_step_ids: list[Ident]
    kind: Literal["utlegg", "complaint"]
    body: Literal["namsmann", "forliksraad", "husleietvistutvalg"]
    legal_person: LegalPerson | None = None
    frozen_on: Day
    kid: Ident
    claims: list[PetitionClaim]
    total_ore: PositiveOre
    provisional_rates: bool = False
    expected_court_fee_ore: Ore | None = None
    payee: Payee
    parties: list[Recipient]


class PetitionDeclined(Payload):
    """An approved legal step may not go to its body after all, for a stable reason; it falls away (key: its case)."""

    TYPE: ClassVar[str] = f"{PREFIX}.petition.declined.v1"
    TOPIC: ClassVar[str] = "claims"

    legal_step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    reason: Ident


EVENTS: tuple[type[Payload], ...] = (PetitionFrozen, PetitionDeclined)
