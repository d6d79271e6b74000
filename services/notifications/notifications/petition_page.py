"""What the petition's cover (PDF) prints: every amount and day written out, everything people wrote made printable."""

from __future__ import annotations

from typing import Any

from notifications.domain import formats
from notifications.domain.elan import facts_of
from notifications.domain.formats import enforcement_basis, printable
from notifications.domain.letters import HEADINGS
from notifications.domain.petition import BODY_NAMES, Claim, Party, Petition, Proof
from notifications.render import Renderer

TEMPLATE = "petition"
LETTERS = {kind.value: heading for kind, heading in HEADINGS.items()}


def petition_pdf(renderer: Renderer, petition: Petition) -> bytes:
    """Return the cover as PDF; raises Unprintable with a stable code."""
    return renderer.paper(TEMPLATE, page(petition), petition.frozen_on)


def page(petition: Petition) -> dict[str, Any]:
    """Return everything the template may print."""
    fee = petition.expected_court_fee_ore
    payment = petition.payment
    return {
        "heading": petition.title,
        "case_number": petition.case_number,
        "recipient": {"name": BODY_NAMES[petition.body], "address_lines": list(petition.body_address)},
        "petitioner": {
            "name": printable(petition.petitioner.name),
            "org_number": petition.petitioner.org_number,
            "office": printable(petition.petitioner.office),
            "office_org_number": petition.petitioner.office_org_number,
            "postal": ", ".join(petition.petitioner.postal),
        },
        "parties": [_party(party) for party in petition.parties],
        "lines": [_line(claim) for claim in petition.claims],
        "subtotal": None,
        "fee": None,
        "total": formats.amount(petition.total_ore, "nb"),
        "deadline": "",
        "provisional": petition.provisional_rates,
        "asked": petition.demand_words,
        "claims": [_claim(claim, petition) for claim in petition.claims],
        "is_utlegg": not petition.is_disputed,
        "court_fee": formats.amount(fee, "nb") if fee else None,
        "paying": {
            "account": formats.account(payment.account),
            "payee_name": printable(payment.payee_name),
            "kid": payment.kid,
        },
    }


def _party(party: Party) -> dict[str, Any]:
    address = party.address
    lines = [address.line1, address.line2, f"{address.postal_code} {address.city}".strip()]
    if address.country != "NO":
        lines.append(address.country)
    return {
        "name": printable(party.name),
        "number_label": "Organisasjonsnummer" if party.kind == "business" else "Fødselsnummer",
        "number": party.number,
        "address": ", ".join(text for line in lines if (text := printable(line))),
        "representative": printable(party.representative) if party.representative else None,
    }


def _line(claim: Claim) -> dict[str, Any]:
    rate, since = claim.interest_rate_percent, claim.interest_from
    explained = rate is not None and since is not None
    return {
        "service_name": printable(claim.service_name),
        "invoice_number": printable(claim.invoice_number),
        "invoice_date": formats.short_day(claim.invoice_date),
        "due_date": formats.short_day(claim.due_date),
        "principal": formats.amount(claim.principal_ore, "nb"),
        "interest": formats.amount(claim.interest_ore, "nb"),
        "interest_rate": formats.percent(rate, "nb") if rate is not None and explained else None,
        "interest_from": formats.short_day(since) if since is not None and explained else None,
        "fees": formats.amount(claim.fees_ore, "nb"),
        "legal_costs": formats.amount(claim.legal_costs_ore, "nb") if claim.legal_costs_ore else None,
        "total": formats.amount(claim.total_ore, "nb"),
    }


def _claim(claim: Claim, petition: Petition) -> dict[str, Any]:
    return {
        "title": printable(f"{claim.service_name}, faktura {claim.invoice_number}"),
        "unit": printable(f"{claim.unit_name} (org.nr {claim.unit_org_number})"),
        "case_number": claim.case_number,
        "facts": printable(facts_of(claim, is_disputed=petition.is_disputed)),
        "basis": printable(enforcement_basis(claim.enforcement_basis, "nb")),
        "original": formats.amount(claim.original_principal_ore, "nb"),
        "payments": [
            {"on": formats.short_day(paid.paid_on), "amount": formats.amount(paid.amount_ore, "nb")}
            for paid in claim.payments
        ],
        "limitation": formats.short_day(claim.limitation_day),
        "proofs": [_proof(proof) for proof in claim.proofs],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "letter": LETTERS.get(proof.kind, printable(proof.kind)),
        "sent_on": formats.short_day(proof.sent_on),
        "deadline": formats.short_day(proof.deadline),
        "file": proof.file,
        "sha256": proof.sha256,
    }
