"""A petition or complaint (begjæring, klage): what claims-api froze, who the parties are, and the letters as proof.

Nothing about health: a claim of a health or social type has the neutral service name, no description and no period
(decisions B2), whatever the frozen statement calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from notifications.domain.letters import Payment
from shared.errors import InkassoError

UTLEGG = "utlegg"
NEUTRAL_SERVICE = "Kommunal tjeneste"
SENSITIVE_TYPES = frozenset({"emergency_clinic", "dental_emergency", "nursing_home", "home_care"})
"""Claim types of which a petition says no more than that they are a municipal service."""

BETALINGSOPPFORDRING = "betalingsoppfordring"
TVANGSVARSEL = "tvangsvarsel"
GIVE_NOTICE = frozenset({BETALINGSOPPFORDRING, TVANGSVARSEL})
"""Letters that give notice of enforcement (tvangsfullbyrdelsesloven § 4-18)."""


class Unfit(InkassoError):
    """A package that must not or cannot be made from these facts; ``code`` is stable and says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; country is ISO 3166-1 alpha-2."""

    line1: str
    line2: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom the petition is against (saksøkt). ``number`` is the national id or the organisation number.

    It is kept out of ``repr``, so that no error or log can show it.
    """

    kind: str
    name: str
    number: str
    address: Address
    representative: str | None = None

    def __repr__(self) -> str:
        return f"Party(kind={self.kind!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Petitioner:
    """Who petitions (saksøker): the legal person, and the office that acts for it."""

    name: str
    org_number: str
    office: str
    office_org_number: str
    postal: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where petitions come from and go to: the municipality's legal person, its office, the bodies' addresses."""

    name: str
    org_number: str
    office: str
    office_org_number: str
    postal: tuple[str, ...]
    addresses: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A letter the petition rests on (bevis). ``letter_id`` and ``file`` None: the unit sent it, and no copy is here.

    Of a copy that the unit handed in, ``letter_id`` is the document's id.
    """

    kind: str
    sent_on: date
    deadline: date
    letter_id: str | None = None
    file: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidIn:
    """Money booked on a claim (innbetaling), in øre."""

    paid_on: date
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim (krav): principal and additions apart, in øre, and what it rests on (tvangsgrunnlag)."""

    claim_id: str
    case_number: str
    unit_name: str
    unit_org_number: str
    service_name: str
    invoice_number: str
    invoice_date: date
    due_date: date
    original_principal_ore: int
    principal_ore: int
    interest_ore: int
    interest_from: date | None
    interest_rate_percent: str | None
    fees_ore: int
    legal_costs_ore: int
    total_ore: int
    enforcement_basis: str
    enforcement_basis_on: date | None
    limitation_day: date
    payments: tuple[PaidIn, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Petition:
    """Everything a package says. ``payment`` is where the body sends the money, on a KID of its own."""

    petition_id: str
    case_number: str
    kind: str
    body: str
    body_address: tuple[str, ...]
    frozen_on: date
    petitioner: Petitioner
    parties: tuple[Party, ...]
    claims: tuple[Claim, ...]
    total_ore: int
    provisional_rates: bool
    expected_court_fee_ore: int | None
    payment: Payment

    @property
    def title(self) -> str:
        """Return what the paper is called."""
        return TITLES[(self.kind, self.body)]

    @property
    def is_disputed(self) -> bool:
        """Whether the debtor disagrees: a complaint is about a disputed claim, a petition for utlegg never is."""
        return self.kind != UTLEGG

    @property
    def demand_words(self) -> str:
        """Return what the body is asked to do (påstand)."""
        return ASKED[(self.kind, self.body)]


TITLES = {
    ("utlegg", "namsmann"): "Begjæring om utlegg",
    ("complaint", "forliksraad"): "Forliksklage",
    ("complaint", "husleietvistutvalg"): "Klage til Husleietvistutvalget",
}
ASKED = {
    ("utlegg", "namsmann"): "Det tas utlegg til dekning av kravet med renter og kostnader.",
    ("complaint", "forliksraad"): "Saksøkte dømmes til å betale kravet med renter og kostnader.",
    ("complaint", "husleietvistutvalg"): "Saksøkte pålegges å betale kravet med renter og kostnader.",
}
BODY_NAMES = {"namsmann": "Namsmannen", "forliksraad": "Forliksrådet", "husleietvistutvalg": "Husleietvistutvalget"}


def shown_service(claim_type: str, service_name: str) -> str:
    """Return the service as a petition may name it."""
    return NEUTRAL_SERVICE if claim_type in SENSITIVE_TYPES else service_name


def basis_letter(basis: str) -> str | None:
    """Return the letter of tvangsfullbyrdelsesloven § 7-2 that a basis for enforcement names, None for another."""
    found = re.search(r"7-2\s*(?:bokstav\s*)?([a-g])\b", basis)
    return found[1] if found else None


def basis_day(claim: Claim) -> date:
    """Return the day of the basis for enforcement (tvangsgrunnlagsdato).

    That is the day of the decision or judgment, else of the newest written notice.
    """
    if claim.enforcement_basis_on is not None:
        return claim.enforcement_basis_on
    days = [proof.sent_on for proof in claim.proofs if proof.kind == BETALINGSOPPFORDRING]
    return max(days, default=claim.invoice_date)


def notices_of(claim: Claim) -> list[Proof]:
    """Return the letters that gave notice of enforcing the claim on what it rests on; of a judgment, those after it."""
    judged_on = None if basis_letter(claim.enforcement_basis) else claim.enforcement_basis_on
    return [p for p in claim.proofs if p.kind in GIVE_NOTICE and (judged_on is None or p.sent_on > judged_on)]


def check(petition: Petition) -> None:
    """Raise Unfit for a package its body would refuse: what can be checked at home of the intake's own rules."""
    if (petition.kind, petition.body) not in TITLES:
        raise Unfit("body_unknown", "no package is made for this kind of step and body")
    if not petition.parties or not petition.claims:
        raise Unfit("incomplete", "a petition has parties and claims")
    references = [claim.claim_id for claim in petition.claims]
    if len(set(references)) != len(references):
        raise Unfit("KRAV_DUPLIKATE_REFERANSER", "a claim stands twice in the petition")
    for claim in petition.claims:
        _check_claim(claim, petition)
    if sum(claim.total_ore for claim in petition.claims) != petition.total_ore or petition.total_ore <= 0:
        raise Unfit("amounts_disagree", "the petition's total is not its claims'")
    grounds = {basis_letter(claim.enforcement_basis) for claim in petition.claims}
    if petition.kind == UTLEGG and len(grounds) > 1:
        raise Unfit("KRAV_I_FLERE_TVANGSGRUNNLAG", "judgments, decisions and invoices are petitioned for apart")


def _check_claim(claim: Claim, petition: Petition) -> None:
    parts = (claim.principal_ore, claim.interest_ore, claim.fees_ore, claim.legal_costs_ore)
    if min(parts) < 0 or sum(parts) != claim.total_ore:
        raise Unfit("UGYLDIG_BELOEP", "a claim's total is not the sum of its parts")
    if any(paid.paid_on > petition.frozen_on for paid in claim.payments):
        raise Unfit("INNBETALING_FRAM_I_TID", "a payment lies after the day of the petition")
    if petition.kind == UTLEGG and not notices_of(claim):
        raise Unfit("PARAGRAF_4_18_VARSEL_PAAKREVET", "no letter gave notice of enforcement")
