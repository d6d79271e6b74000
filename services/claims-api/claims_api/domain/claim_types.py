"""The ten claim types (kravtyper) and what the law makes of each: one table.

Interest from when, which body hears an objection, what makes the claim enforceable, what must not be shown, which
claims belong in one case, and the neutral name a letter prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from claims_api.domain.rates import Rates


class InterestBasis(StrEnum):
    """From when late-payment interest runs (renteberegningsgrunnlag, forsinkelsesrenteloven §§ 1, 2)."""

    DUE_DATE = "due_date"
    DUE_OR_DEMAND = "due_or_demand"
    NONE = "none"


class DisputeBody(StrEnum):
    """Who hears an objection (tvisteorgan); ``unit`` is the unit itself, then its complaint body."""

    FORLIKSRAAD = "forliksraad"
    HUSLEIETVISTUTVALG = "husleietvistutvalg"
    UNIT = "unit"


class ComplaintBody(StrEnum):
    """Who hears a complaint of the unit's answer to an objection to its decision (klageinstans)."""

    STATSFORVALTER = "statsforvalter"
    COMPLAINT_BODY = "complaint_body"


class MergeGroup(StrEnum):
    """Claims that may share a case: the rest are kept apart for secrecy or for their own legal track."""

    GENERAL = "general"
    HEALTH = "health"
    FINE = "fine"


UNDISPUTED_CLAIM = "tvangsfullbyrdelsesloven § 7-2 f"
FINE_DECISION = "tvangsfullbyrdelsesloven § 7-2 d"
NEUTRAL_SERVICE = "Kommunal tjeneste"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimType:
    """One claim type (kravtype). ``sensitive``: what was delivered is health or social information (taushetsplikt).

    ``service_name`` is what letters and petitions print; a sensitive type has a neutral one. ``enforceable_by`` is the
    legal ground of enforcement (tvangsgrunnlag). ``complaint_body`` says that an objection to the decision itself
    goes to the unit first and then to that body, and holds the claim; ``outside_vat``
    that the claim stems from no VAT-liable business, so that collection cost (salær) carries VAT of its own.
    """

    name: str
    service_name: str
    interest: InterestBasis
    dispute_body: DisputeBody
    enforceable_by: str = UNDISPUTED_CLAIM
    sensitive: bool = False
    merge_group: MergeGroup = MergeGroup.GENERAL
    needs_legal_basis: bool = False
    complaint_body: ComplaintBody | None = None
    outside_vat: bool = True


_DUE, _LATER, _NONE = InterestBasis.DUE_DATE, InterestBasis.DUE_OR_DEMAND, InterestBasis.NONE
_COUNCIL, _UNIT = DisputeBody.FORLIKSRAAD, DisputeBody.UNIT


def _health(name: str, interest: InterestBasis, *, complaint_body: ComplaintBody | None = None) -> ClaimType:
    return ClaimType(
        name=name,
        service_name=NEUTRAL_SERVICE,
        interest=interest,
        dispute_body=_COUNCIL,
        sensitive=True,
        merge_group=MergeGroup.HEALTH,
        complaint_body=complaint_body,
    )


CLAIM_TYPES: Mapping[str, ClaimType] = {
    kind.name: kind
    for kind in (
        ClaimType(name="kindergarten", service_name="Barnehage", interest=_DUE, dispute_body=_COUNCIL),
        ClaimType(name="after_school", service_name="Aktivitetsskole", interest=_DUE, dispute_body=_COUNCIL),
        _health("emergency_clinic", _LATER),
        _health("dental_emergency", _LATER),
        ClaimType(name="library_replacement", service_name="Bibliotek", interest=_LATER, dispute_body=_COUNCIL),
        _health("nursing_home", _DUE, complaint_body=ComplaintBody.STATSFORVALTER),
        _health("home_care", _DUE, complaint_body=ComplaintBody.STATSFORVALTER),
        ClaimType(name="rent", service_name="Husleie", interest=_DUE, dispute_body=DisputeBody.HUSLEIETVISTUTVALG),
        ClaimType(
            name="coercive_fine",
            service_name="Tvangsmulkt",
            interest=_NONE,
            dispute_body=_UNIT,
            enforceable_by=FINE_DECISION,
            merge_group=MergeGroup.FINE,
            needs_legal_basis=True,
            complaint_body=ComplaintBody.COMPLAINT_BODY,
        ),
        ClaimType(
            name="other_invoice", service_name="Faktura", interest=_LATER, dispute_body=_COUNCIL, outside_vat=False
        ),
    )
}
"""All claim types by the name the API uses."""


def enforcement_basis(name: str, judged_on: date | None) -> str:
    """Return what makes a claim of a type enforceable (tvangsgrunnlag): its judgment once there is one.

    Law: tvangsfullbyrdelsesloven §§ 4-1, 7-2.
    """
    if judged_on is not None:
        return f"dom, forlik eller vedtak av {judged_on:%d.%m.%Y} (tvangsfullbyrdelsesloven § 4-1)"
    return claim_type(name).enforceable_by


def claim_type(name: str) -> ClaimType:
    """Return the claim type called ``name``; raises ValueError for any other name."""
    try:
        return CLAIM_TYPES[name]
    except KeyError:
        raise ValueError(f"claim_type: expected one of {', '.join(CLAIM_TYPES)}, got {name!r}") from None


def interest_from(
    kind: ClaimType, *, due_date: date, invoice_date: date, rates: Rates, basis: InterestBasis | None = None
) -> date | None:
    """Return the day late-payment interest runs from (renter fra), None where none runs.

    ``basis`` is the creditor's agreed override of the type's own. Where the due day was not agreed beforehand interest
    waits until 30 days after the written demand, here the invoice (forsinkelsesrenteloven § 2).
    """
    basis = basis or kind.interest
    if basis is InterestBasis.NONE:
        return None
    if basis is InterestBasis.DUE_DATE:
        return due_date
    return max(due_date, invoice_date + timedelta(days=rates.whole("interest_after_demand", invoice_date)))


def dispute_body_for(
    kind: ClaimType, *, premises: str | None = None, override: DisputeBody | None = None
) -> DisputeBody:
    """Return who hears an objection (tvisteorgan): rent of business premises goes to forliksrådet, of a home to HTU."""
    if override is not None:
        return override
    if kind.dispute_body is DisputeBody.HUSLEIETVISTUTVALG and premises == "business":
        return DisputeBody.FORLIKSRAAD
    return kind.dispute_body
