"""The claim as it is handed over: the body of ``POST /v1/claims`` and what is answered to it.

Bodies refuse unknown keys and wrong types; what the values must satisfy is decided by ``domain.intake``. A body that
does not fit is not refused at once but read as far as it goes (``Submission``), so that one answer names every error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StrictInt,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from claims_api.domain.intake import MAX_CO_DEBTORS, MAX_REMINDERS

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MAX_ATTACHMENTS = 20

ClaimType = Literal[
    "kindergarten", "after_school", "emergency_clinic", "dental_emergency", "library_replacement",
    "nursing_home", "home_care", "rent", "coercive_fine", "other_invoice",
]  # fmt: skip


def _iso_day(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and _ISO_DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # the form of a date, but no day of the calendar
    raise ValueError("expected a date such as 2026-01-31")


def _one_line(value: str) -> str:
    if not value.isprintable() and _CONTROL.search(value):  # printable text, nearly all there is, has none
        raise ValueError("expected text without control characters")
    if value != value.strip():
        raise ValueError("expected text without spaces at its ends")
    return value


Day = Annotated[date, BeforeValidator(_iso_day), WithJsonSchema({"type": "string", "format": "date"})]
Ore = Annotated[StrictInt, Field(ge=-(10**15), le=10**15, description="Amount in øre (NOK/100).")]
Text60 = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
Text80 = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_line)]
Text120 = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
Text200 = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Text500 = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
Optional120 = Annotated[str, Field(max_length=120), AfterValidator(_one_line)]
Optional16 = Annotated[str, Field(max_length=16), AfterValidator(_one_line)]
Number = Annotated[str, Field(max_length=20), AfterValidator(_one_line)]
DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class Body(BaseModel):
    """A request body: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False, frozen=True)


class AddressIn(Body):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    line1: Text120
    line2: Optional120 | None = None
    postal_code: Optional16 = ""
    city: Annotated[str, Field(max_length=60), AfterValidator(_one_line)] = ""
    country: Annotated[str, Field(min_length=2, max_length=2)] = "NO"


class RepresentativeIn(Body):
    """Who acts for a debtor (verge, dødsbo, konkursbo, fullmektig)."""

    kind: Literal["guardian", "estate", "bankruptcy_estate", "attorney"]
    name: Text200
    id: Number | None = None
    address: AddressIn | None = None


class DebtorIn(Body):
    """Who owes: a person (fødselsnummer or D-nummer, or a birth date when there is none) or a business."""

    kind: Literal["person", "business"]
    national_id: Number | None = None
    org_number: Number | None = None
    birth_date: Day | None = None
    name: Text200
    address: AddressIn | None = None
    language: Literal["nb", "nn", "en"] = "nb"
    protection: Literal["none", "confidential", "strictly_confidential"] = "none"
    representative: RepresentativeIn | None = None


class PeriodIn(Body):
    """The days a service was given, both included."""

    from_: Day = Field(alias="from")
    to: Day


class NoticeIn(Body):
    """A reminder (purring) that the unit sent before it handed the claim over; the fee is on top of the principal."""

    sent_on: Day
    deadline: Day
    fee_ore: Ore = 0


class PriorNoticeIn(NoticeIn):
    """An inkassovarsel that the unit sent itself; its copy is needed before a petition."""

    document_id: DocumentId | None = None


class LegalBasisIn(Body):
    """The decision or contract a claim rests on (tvangsgrunnlag)."""

    kind: Text60
    date: Day
    reference: Text120


class ClaimIn(Body):
    """A claim as a unit hands it over. ``principal_ore`` is what is unpaid, never fees or interest."""

    external_ref: Text80
    claim_type: ClaimType
    creditor_unit: Text60
    debtor: DebtorIn
    principal_ore: Ore
    original_principal_ore: Ore | None = None
    invoice_number: Text60
    invoice_date: Day
    due_date: Day
    description: Text500 | None = None
    service_period: PeriodIn | None = None
    prior_notice: PriorNoticeIn | None = None
    earlier_reminders: Annotated[list[NoticeIn], Field(max_length=MAX_REMINDERS)] = []
    co_debtors: Annotated[list[DebtorIn], Field(max_length=MAX_CO_DEBTORS)] = []
    limitation_date: Day | None = None
    legal_basis: LegalBasisIn | None = None
    premises: Literal["home", "business"] | None = None
    representative: RepresentativeIn | None = None
    attachments: Annotated[list[DocumentId], Field(max_length=MAX_ATTACHMENTS)] = []


@dataclass(frozen=True, slots=True)
class Submission:
    """A claim body as it came: ``claim`` when its shape is right, else ``errors`` (pydantic's) say where it is not."""

    raw: object
    claim: ClaimIn | None
    errors: list[Any]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read like ClaimIn (and look like it in OpenAPI), but keep what is wrong instead of raising."""
        return core_schema.no_info_wrap_validator_function(cls._read, handler.generate_schema(ClaimIn))

    @classmethod
    def _read(cls, raw: object, validate: Any) -> Submission:
        try:
            return cls(raw, validate(raw), [])
        except ValidationError as wrong:
            if isinstance(raw, bytes):  # nobody read it as JSON
                raise
            return cls(raw, None, wrong.errors(include_url=False))
