"""A claim that passed every check, on its way in; and the agreement it comes under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.values import value


@value
class PostalAddress:
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    line1: str
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "NO"

    def as_json(self) -> dict[str, str]:
        """Return the address as it is stored and published."""
        return {
            "line1": self.line1,
            "line2": self.line2,
            "postal_code": self.postal_code,
            "city": self.city,
            "country": self.country,
        }


@value
class NewRepresentative:
    """Who acts for a debtor; at most one of ``national_id`` and ``org_number`` is set."""

    kind: str
    name: str
    national_id: str | None = None
    org_number: str | None = None
    address: PostalAddress | None = None


@value
class NewDebtor:
    """A debtor (skyldner) as a unit names them. ``language`` None: the unit did not say."""

    kind: str
    name: str
    national_id: str | None = None
    org_number: str | None = None
    birth_date: date | None = None
    address: PostalAddress | None = None
    language: str | None = None
    protection: str = "none"
    representative: NewRepresentative | None = None


@value
class NewNotice:
    """A reminder or inkassovarsel sent by the unit; ``fault`` says why a varsel is void, None when it counts."""

    sent_on: date
    deadline: date
    fee_ore: int
    document_id: str | None = None
    fault: str | None = None


@value
class NewClaim:
    """A claim (krav) as handed over, checked."""

    external_ref: str
    claim_type: str
    unit: str
    debtor: NewDebtor
    co_debtors: tuple[NewDebtor, ...]
    principal_ore: int
    original_principal_ore: int
    invoice_number: str
    invoice_date: date
    due_date: date
    description: str | None
    service_from: date | None
    service_to: date | None
    prior_notice: NewNotice | None
    earlier_reminders: tuple[NewNotice, ...]
    limitation_date: date | None
    legal_basis: Mapping[str, str] | None
    premises: str | None
    attachments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """A unit (oppdragsgiver); ``legal_person`` is the creditor in the law's sense (rettssubjekt)."""

    unit: str
    name: str
    org_number: str
    legal_person: str
    legal_person_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The terms (oppdragsavtale) in force for a unit on some day.

    ``unit_gets`` are the kinds of collected money that are the unit's own; the collector keeps the others.
    """

    valid_from: date
    valid_to: date | None
    claim_types: frozenset[str]
    account: str
    fee_regime: str
    overrides: Mapping[str, Mapping[str, Any]]
    unit_gets: frozenset[str] = frozenset({"principal", "interest"})
