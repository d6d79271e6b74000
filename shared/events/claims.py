"""Events that claims-api publishes on ``claims`` (key: case) and ``parties`` (key: debtor_ref, compacted)."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.base import PREFIX, Day, Ident, Ore, Part, Payload, PositiveOre

ClaimType = Literal[
    "kindergarten", "after_school", "emergency_clinic", "dental_emergency", "library_replacement",
    "nursing_home", "home_care", "rent", "coercive_fine", "other_invoice",
]  # fmt: skip
DemandKind = Literal["inkassovarsel", "betalingsoppfordring", "tvangsvarsel"]
DisputeBody = Literal["forliksraad", "husleietvistutvalg", "unit"]


class PriorNotice(Part):
    """An inkassovarsel that the unit itself sent lawfully before handing the claim over (inkassoloven § 9).

    ``document_id``: its copy in the archive, null while there is none.
    """

    sent_on: Day
    deadline: Day
    document_id: Ident | None = None


class ClaimRegistered(Payload):
    """A claim was taken in. Any KID in ``kids`` pays it, for ever."""

    TYPE: ClassVar[str] = f"{PREFIX}.claim.registered.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    case_number: Ident
    case_kid: Ident
    claim_id: Ident
    claim_kid: Ident
    creditor_unit: Ident
    legal_person: Ident
    account: Ident
    claim_type: ClaimType
    principal_ore: PositiveOre
    invoice_number: Ident
    due_date: Day
    registered_on: Day
    prior_notice: PriorNotice | None = None
    debtor_refs: list[Ident]
    dispute_body: DisputeBody
    ladder: Literal["collect", "hold"] = "collect"


class PriorNoticeCopied(Payload):
    """The copy of a claim's prior notice is in the archive; a later one takes its place."""

    TYPE: ClassVar[str] = f"{PREFIX}.prior_notice.copied.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    claim_id: Ident
    document_id: Ident


class ClaimEnded(Payload):
    """A claim needs no further collection: paid, withdrawn, written off or time-barred."""

    TYPE: ClassVar[str] = f"{PREFIX}.claim.ended.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    claim_id: Ident
    ended_on: Day
    reason: Literal["settled", "paid_as_demanded", "small_rest", "withdrawn", "written_off", "time_barred"]


class ClaimReopened(Payload):
    """A claim that had ended is owed again (a payment was reversed, a correction raised it)."""

    TYPE: ClassVar[str] = f"{PREFIX}.claim.reopened.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    claim_id: Ident
    reopened_on: Day


class ClaimBalanceChanged(Payload):
    """What is left of a claim's principal after money or a correction; matching weighs it, nobody charges by it."""

    TYPE: ClassVar[str] = f"{PREFIX}.claim.balance_changed.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    claim_id: Ident
    principal_left_ore: Ore
    total_left_ore: Ore


class HoldPlaced(Payload):
    """Collection of these claims stands still until the hold ends."""

    TYPE: ClassVar[str] = f"{PREFIX}.hold.placed.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    hold_id: Ident
    claim_ids: list[Ident]
    reason: Ident
    until: Day | None = None


class HoldEnded(Payload):
    """A hold no longer stands; ``resume_on`` is the first day the ladder may go on for these claims.

    ``contested``: an objection was rejected and the debtor stands by it, so the claims go to their dispute body.
    ``pay_by``: the last day to pay that a letter about the end gives; its bank days of grace are in ``resume_on``.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.hold.ended.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    hold_id: Ident
    claim_ids: list[Ident]
    reason: Ident
    resume_on: Day
    contested: bool = False
    pay_by: Day | None = None


class StatementLine(Part):
    """One claim as the demand shows it: principal and additions apart (inkassoloven § 10 c)."""

    claim_id: Ident
    claim_type: ClaimType
    service_name: Ident
    invoice_number: Ident
    invoice_date: Day
    due_date: Day
    principal_ore: Ore
    interest_ore: Ore
    interest_from: Day | None = None
    interest_rate_percent: str | None = None
    fees_ore: Ore
    legal_costs_ore: Ore
    total_ore: Ore


class Recipient(Part):
    """One person a letter goes to, and the version of their party record it was frozen against."""

    debtor_ref: Ident
    party_version: int
    letter_id: Ident


class CreditorFacts(Part):
    """The unit on whose behalf the demand is made (inkassoloven § 10 a)."""

    unit: Ident
    name: Ident
    org_number: Ident


class Payee(Part):
    """Where the money goes."""

    account: Ident
    iban: Ident
    bic: Ident
    name: Ident


class DemandIssued(Payload):
    """A frozen demand: what is owed on ``planned_dispatch`` including this letter's own fee."""

    TYPE: ClassVar[str] = f"{PREFIX}.demand.issued.v1"
    TOPIC: ClassVar[str] = "claims"

    demand_id: Ident
    step_id: Ident
    case_id: Ident
    case_number: Ident
    kind: DemandKind
    claim_ids: list[Ident]
    planned_dispatch: Day
    deadline: Day
    kid: Ident
    lines: list[StatementLine]
    fee_ore: Ore
    fee_label: Ident
    total_ore: PositiveOre
    provisional_rates: bool = False
    expected_further_costs_ore: Ore = 0
    dispute_body: DisputeBody
    enforcement_basis: Ident
    creditor: CreditorFacts
    payee: Payee
    recipients: list[Recipient]


class DemandDeclined(Payload):
    """A step was due but may not go; ``retry_on`` null means that the end of a hold or request restarts it."""

    TYPE: ClassVar[str] = f"{PREFIX}.demand.declined.v1"
    TOPIC: ClassVar[str] = "claims"

    step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    reason: Ident
    retry_on: Day | None = None


class DemandReleased(Payload):
    """The last look passed: give the letters to the channel no later than ``until``."""

    TYPE: ClassVar[str] = f"{PREFIX}.demand.released.v1"
    TOPIC: ClassVar[str] = "claims"

    demand_id: Ident
    step_id: Ident
    case_id: Ident
    until: Day


class DemandWithdrawn(Payload):
    """An issued demand must not be sent (or was sent without ground and is taken back)."""

    TYPE: ClassVar[str] = f"{PREFIX}.demand.withdrawn.v1"
    TOPIC: ClassVar[str] = "claims"

    demand_id: Ident
    step_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    reason: Ident
    retry_on: Day | None = None
    after_dispatch: bool = False


class FeeReversed(Payload):
    """A fee lost its ground and was taken back; every recipient is told by letter (``recipients``)."""

    TYPE: ClassVar[str] = f"{PREFIX}.fee.reversed.v1"
    TOPIC: ClassVar[str] = "claims"

    case_id: Ident
    case_number: Ident
    notice_id: Ident
    demand_id: Ident
    claim_ids: list[Ident]
    amount_ore: PositiveOre
    reversed_on: Day
    reason: Ident
    creditor: CreditorFacts
    recipients: list[Recipient]


class RefundProposed(Payload):
    """A case has more money than it owes, and the rest should go back to the account it came from."""

    TYPE: ClassVar[str] = f"{PREFIX}.refund.proposed.v1"
    TOPIC: ClassVar[str] = "claims"

    refund_id: Ident
    case_id: Ident
    payment_id: Ident | None = None
    amount_ore: PositiveOre
    proposed_on: Day


class PayoutTo(Part):
    """Where a payout goes that nobody proposed as a refund: a unit's account; ``reference`` is what its unit sees."""

    account: Ident
    name: str
    reference: Ident


class PayoutReserved(Payload):
    """The money of an approved refund is set aside: it may enter a bank file. Key: the case, else the refund.

    ``to`` is set for a remittance to a unit: a payout that payments-ingest has not heard of before.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.payout.reserved.v1"
    TOPIC: ClassVar[str] = "claims"

    refund_id: Ident
    case_id: Ident | None = None
    amount_ore: PositiveOre
    to: PayoutTo | None = None


class PayoutRefused(Payload):
    """The money of an approved refund is not there any more: nothing goes out."""

    TYPE: ClassVar[str] = f"{PREFIX}.payout.refused.v1"
    TOPIC: ClassVar[str] = "claims"

    refund_id: Ident
    case_id: Ident | None = None
    reason: Ident


class Address(Part):
    """A postal address; country is ISO 3166-1 alpha-2."""

    line1: str
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "NO"


class Representative(Part):
    """Who acts for a debtor: a guardian, an estate, a bankruptcy estate or an attorney; letters go to them."""

    kind: Literal["guardian", "estate", "bankruptcy_estate", "attorney"]
    name: str
    address: Address | None = None


class PartyState(Payload):
    """A debtor's contact facts as they are now. A tombstone on ``parties`` erases them everywhere.

    With a protected address ``address`` is null: a digital channel or a caseworker brings the letter.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.party.state.v1"
    TOPIC: ClassVar[str] = "parties"

    debtor_ref: Ident
    kind: Literal["person", "business"]
    name: str
    address: Address | None = None
    language: Literal["nb", "nn", "en"] = "nb"
    sealed_national_id: str | None = None
    org_number: str | None = None
    protection: Literal["none", "confidential", "strictly_confidential"] = "none"
    representative: Representative | None = None


EVENTS: tuple[type[Payload], ...] = (
    ClaimRegistered, PriorNoticeCopied, ClaimEnded, ClaimReopened, ClaimBalanceChanged, HoldPlaced, HoldEnded,
    DemandIssued, DemandDeclined, DemandReleased, DemandWithdrawn, FeeReversed, RefundProposed, PayoutReserved,
    PayoutRefused, PartyState,
)  # fmt: skip
