"""Events of what debtors ask for and what is answered; claims-api publishes them on ``claims`` (key: case).

A plan over several cases has a lead case, whose key carries its timers, letters and instalments; the other cases get
``plan.agreed``, ``plan.changed``, ``plan.kept`` and ``plan.broken`` too. What stops collection is always told by
``hold.placed`` and ``hold.ended`` as well. No event carries words a person wrote: ``text_ids`` name them.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import PREFIX, Day, Ident, Ore, Part, Payload, PositiveOre
from shared.events.claims import CreditorFacts, DisputeBody, Payee, Recipient

Channel = Literal["portal", "post", "phone", "visit", "email"]
Outcome = Literal["granted", "partly", "refused"]
ComplaintBody = Literal["statsforvalter", "complaint_body"]
NoticeKind = Literal[
    "request_received", "deferral_granted", "deferral_refused",
    "plan_agreed", "plan_changed", "plan_change_refused", "plan_refused", "plan_reminder", "plan_broken", "plan_kept",
    "objection_received", "objection_preliminary", "objection_decided", "objection_withdrawn",
    "message_answered",
]  # fmt: skip


class DeferralGranted(Payload):
    """More time was given (betalingsutsettelse): ``until`` is the new last day to pay. Interest runs."""

    TYPE: ClassVar[str] = f"{PREFIX}.deferral.granted.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    until: Day
    granted_on: Day
    granted_by: Literal["rule", "caseworker"]


class DeferralEnded(Payload):
    """The new last day has passed: the ladder goes on for what is still owed."""

    TYPE: ClassVar[str] = f"{PREFIX}.deferral.ended.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    until: Day
    ended_on: Day


class RequestRefused(Payload):
    """A caseworker said no to more time or a plan; ``pay_by`` is the last day the letter about it gives."""

    TYPE: ClassVar[str] = f"{PREFIX}.request.refused.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    kind: Literal["deferral", "plan", "plan_change"]
    claim_ids: list[Ident]
    refused_on: Day
    pay_by: Day | None = None


class Instalment(Part):
    """One payment of a plan."""

    number: int
    due_on: Day
    amount_ore: PositiveOre


class PlanAgreed(Payload):
    """A payment plan (nedbetalingsavtale) runs. Money on ``kid`` counts on all its claims, for ever.

    ``claim_ids`` are those of this case; the other cases are in ``case_ids``. The amounts of days to come are
    estimates when interest runs: the last instalment takes the rest.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.plan.agreed.v1"
    TOPIC: ClassVar[str] = "claims"

    plan_id: Ident
    case_id: Ident
    lead_case_id: Ident
    case_ids: list[Ident]
    claim_ids: list[Ident]
    kid: Ident
    total_ore: PositiveOre
    instalments: list[Instalment]
    agreed_on: Day
    granted_by: Literal["rule", "caseworker"]
    acknowledges: bool = False


class PlanChanged(Payload):
    """The instalments that are left were agreed anew, or paused; the KID stays."""

    TYPE: ClassVar[str] = f"{PREFIX}.plan.changed.v1"
    TOPIC: ClassVar[str] = "claims"

    plan_id: Ident
    case_id: Ident
    lead_case_id: Ident
    claim_ids: list[Ident]
    revision: int
    total_ore: PositiveOre
    instalments: list[Instalment]
    changed_on: Day


class PlanInstalmentMissed(Payload):
    """An instalment did not come in time: a reminder goes out, and the plan is broken unless it comes by ``pay_by``."""

    TYPE: ClassVar[str] = f"{PREFIX}.plan.instalment_missed.v1"
    TOPIC: ClassVar[str] = "claims"

    plan_id: Ident
    case_id: Ident
    number: int
    due_on: Day
    missing_ore: PositiveOre
    pay_by: Day


class PlanBroken(Payload):
    """A plan was not kept: the ladder goes on after the 14 days that the letter about it gives."""

    TYPE: ClassVar[str] = f"{PREFIX}.plan.broken.v1"
    TOPIC: ClassVar[str] = "claims"

    plan_id: Ident
    case_id: Ident
    lead_case_id: Ident
    claim_ids: list[Ident]
    broken_on: Day
    pay_by: Day


class PlanKept(Payload):
    """A plan is over: everything on its claims is paid, or (``reason``) none of them is asked for any more."""

    TYPE: ClassVar[str] = f"{PREFIX}.plan.kept.v1"
    TOPIC: ClassVar[str] = "claims"

    plan_id: Ident
    case_id: Ident
    lead_case_id: Ident
    claim_ids: list[Ident]
    kept_on: Day
    reason: Literal["paid", "withdrawn", "written_off", "time_barred"] = "paid"


class ObjectionRaised(Payload):
    """A claim is disputed (innsigelse), wholly or ``disputed_ore`` of it.

    ``freezes`` is false for one on a ground that was rejected before. ``heard_by``: the unit hears objections to its
    own decisions.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.objection.raised.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    disputed_ore: PositiveOre | None = None
    debtor_ref: Ident
    channel: Channel
    received_on: Day
    in_time: bool
    freezes: bool
    heard_by: Literal["collector", "unit"]
    decide_by: Day


class ObjectionDecided(Payload):
    """An objection was decided. ``pay_by``: the last day to pay, or give it up, what was not upheld.

    ``complain_by``: the last day to complain of a unit's decision. ``complaint_body``: who decided a complaint.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.objection.decided.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    outcome: Outcome
    reasonable: bool
    withdrawn_ore: Ore = 0
    decided_on: Day
    pay_by: Day | None = None
    dispute_body: DisputeBody
    complain_by: Day | None = None
    complaint_body: ComplaintBody | None = None


class ObjectionWithdrawn(Payload):
    """The debtor gave an objection up in writing: the ladder goes on."""

    TYPE: ClassVar[str] = f"{PREFIX}.objection.withdrawn.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    withdrawn_on: Day


class ObjectionContested(Payload):
    """A rejected objection was neither given up nor paid: the claim goes to ``dispute_body``, by a legal step."""

    TYPE: ClassVar[str] = f"{PREFIX}.objection.contested.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    claim_ids: list[Ident]
    disputed_ore: PositiveOre | None = None
    dispute_body: DisputeBody
    contested_on: Day


class MessageReceived(Payload):
    """Someone wrote, called or came about a case."""

    TYPE: ClassVar[str] = f"{PREFIX}.message.received.v1"
    TOPIC: ClassVar[str] = "claims"

    request_id: Ident
    case_id: Ident
    channel: Channel
    received_on: Day
    answer_by: Day
    documents: int = 0


class NoticeClaim(Part):
    """A claim as a confirmation shows it; ``amount_ore`` is what the notice says of it."""

    claim_id: Ident
    case_number: Ident
    service_name: Ident
    invoice_number: Ident
    amount_ore: Ore
    disputed_ore: Ore | None = None


class NoticeIssued(Payload):
    """A letter that confirms or answers is to be written: it demands no fee and needs no release.

    ``until``: the new last day (a deferral). ``pay_by``: the last day of an amount that is asked for. ``answer_by``:
    when an answer can be expected. ``estimated``: interest of days to come is in the amounts. ``payee`` and ``kid``
    are set when money is asked for. ``text_ids`` name words on ``parties`` that the letter prints. ``complain_by``: the
    last day to complain of the decision to ``complaint_body``; without it that body hears it, or decided it.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.notice.issued.v1"
    TOPIC: ClassVar[str] = "claims"

    notice_id: Ident
    request_id: Ident | None = None
    case_id: Ident
    case_number: Ident
    kind: NoticeKind
    issued_on: Day
    creditor: CreditorFacts
    recipients: list[Recipient]
    claims: list[NoticeClaim]
    request_kind: Ident | None = None
    received_on: Day | None = None
    until: Day | None = None
    pay_by: Day | None = None
    answer_by: Day | None = None
    amount_ore: Ore | None = None
    missing_ore: Ore | None = None
    fees_reversed_ore: Ore | None = None
    withdrawn_ore: Ore | None = None
    interest_ore: Ore | None = None
    instalments: list[Instalment] = Field(default_factory=list)
    estimated: bool = False
    acknowledges: bool = False
    outcome: Outcome | None = None
    reasonable: bool | None = None
    freezes: bool | None = None
    dispute_body: DisputeBody | None = None
    complain_by: Day | None = None
    complained_on: Day | None = None
    complaint_body: ComplaintBody | None = None
    payee: Payee | None = None
    kid: Ident | None = None
    text_ids: list[Ident] = Field(default_factory=list)


class TextState(Payload):
    """Words that a letter prints, sealed to notifications under ``text_id``. Its tombstone erases them.

    Travels on ``parties`` beside the debtors' records; its key is the ``text_id``.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.text.state.v1"
    TOPIC: ClassVar[str] = "parties"

    text_id: Ident
    case_id: Ident
    sealed_text: str


EVENTS: tuple[type[Payload], ...] = (
    DeferralGranted, DeferralEnded, RequestRefused, PlanAgreed, PlanChanged, PlanInstalmentMissed, PlanBroken,
    PlanKept, ObjectionRaised, ObjectionDecided, ObjectionWithdrawn, ObjectionContested, MessageReceived, NoticeIssued,
    TextState,
)  # fmt: skip
