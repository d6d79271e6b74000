"""What is answered: claims, cases, balances, statements and timelines as their readers see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from claims_api.api.schemas import ClaimType

Ore = int

ClaimStatus = Literal[
    "received", "hearing", "accepted", "disputed", "plan", "legal", "settled", "withdrawn", "written_off", "time_barred"
]
"""Where a claim stands (decisions B1)."""

CaseState = Literal["open", "legal", "closed"]
"""Where a case stands; ``legal``: a legal step is under way, and it takes no more claims."""


class ClaimOut(BaseModel):
    """A claim that was taken in."""

    claim_id: str
    case_id: str
    case_number: str = Field(description="Saksnummer.")
    kid: str = Field(description="The claim's own KID.")
    status: Literal["received", "hearing", "accepted"] = Field(
        description="hearing: little time is left before limitation, a caseworker decides first."
    )
    balance_ore: Ore
    case_version: int
    prior_notice: Literal["none", "accepted", "sent-before-due", "deadline-too-short"] = Field(
        description="Whether your inkassovarsel counts; if it is void, why, and we send our own."
    )


class Checked(BaseModel):
    """A body that would be accepted."""

    valid: Literal[True]
    prior_notice: Literal["none", "accepted", "sent-before-due", "deadline-too-short"]


class PeriodOut(BaseModel):
    """The days a service was given, both included."""

    from_: date | None = Field(alias="from")
    to: date | None


class ClaimView(BaseModel):
    """A claim, what became of it, and what is left of what is posted on it."""

    claim_id: str
    case_id: str
    external_ref: str
    claim_type: ClaimType
    creditor_unit: str
    debtor_ref: str
    kid: str
    status: ClaimStatus
    principal_ore: Ore
    original_principal_ore: Ore
    principal_left_ore: Ore
    posted_left_ore: Ore
    invoice_number: str
    invoice_date: date
    due_date: date
    description: str | None
    service_period: PeriodOut | None
    interest_from: date | None
    dispute_body: str
    limitation_day: date
    prior_notice: Literal["none", "accepted", "sent-before-due", "deadline-too-short"]
    prior_notice_deadline: date | None
    prior_notice_document_id: str | None = Field(description="The copy of the unit's own inkassovarsel.")
    registered_on: date
    ended_on: date | None
    end_reason: str | None


class ClaimDetail(ClaimView):
    """One claim, with its balance today."""

    balance: BalanceOut
    case_version: int


class ClaimPage(BaseModel):
    """A page of claims in the order they were handed over."""

    items: list[ClaimView]
    next: str | None


class BalanceOut(BaseModel):
    """What is owed on a day, as it was known at an instant; interest that runs is in it."""

    as_of: date
    known_at: datetime | None
    total_ore: Ore
    principal_ore: Ore
    interest_ore: Ore
    fees_ore: Ore
    legal_costs_ore: Ore
    overpaid_ore: Ore
    interest_complete_to: date = Field(description="Interest is counted to this day: rates after it are not known yet.")
    provisional: bool = Field(description="An assumed rate (foreløpig sats) is in the interest.")
    case_version: int


class HoldView(BaseModel):
    """Something that stops collection."""

    hold_id: str
    reason: str
    from_: date = Field(alias="from")
    until: date | None
    claim_ids: list[str]
    debtor_ref: str | None


class CreditorBrief(BaseModel):
    """The unit on whose behalf is collected."""

    unit: str
    name: str
    org_number: str


class DebtorView(BaseModel):
    """The debtor as people at the desk and the unit see them; a protected address is null."""

    debtor_ref: str
    kind: str
    name: str
    address: dict[str, str] | None
    language: str
    protection: str
    birth_date: date | None


class CaseView(BaseModel):
    """A case and the claims in it. ``kid`` is the case's KID; a co-debtor gets their claim's."""

    case_id: str
    case_number: str
    kid: str
    creditor: CreditorBrief
    debtor: DebtorView | None = Field(description="Null for a co-debtor: the case is another's.")
    merge_group: str
    state: CaseState
    opened_on: date
    closed_on: date | None
    claims: list[ClaimView]
    holds: list[HoldView]
    balance: BalanceOut
    case_version: int


class CaseBrief(BaseModel):
    """A case in a list."""

    case_id: str
    case_number: str
    kid: str
    creditor_unit: str
    debtor_ref: str | None
    state: CaseState
    opened_on: date
    closed_on: date | None
    claim_count: int
    posted_left_ore: Ore
    case_version: int


class CasePage(BaseModel):
    """A page of cases, oldest first."""

    items: list[CaseBrief]
    next: str | None


class TimelineItem(BaseModel):
    """Something that happened."""

    entry_id: str
    at: datetime
    type: str
    summary: str
    claim_id: str | None
    facts: dict[str, Any]


class TimelinePage(BaseModel):
    """A page of what happened, oldest first."""

    items: list[TimelineItem]
    next: str | None
    case_version: int


ClaimDetail.model_rebuild()
