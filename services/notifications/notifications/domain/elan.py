"""A petition as JSON by the model of the enforcement authorities' intake (ELAN utleggsbegjæring, model 1.0).

Field names are theirs. Where their documentation names a thing without spelling its field, the nearest of theirs is
used; docs/how-to/hand-in-a-package.md lists those. Amounts are numbers with two decimals, written without any float.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from notifications.domain.petition import (
    BETALINGSOPPFORDRING,
    UTLEGG,
    Address,
    Claim,
    Party,
    Petition,
    Proof,
    basis_day,
    basis_letter,
    notices_of,
)

PRIORITY = "e"
"""Municipal service claims are "other claims" (dekningsloven § 2-8 e)."""

KINDS = {UTLEGG: "utleggsbegjaering", "complaint": "klage"}
NOTICE_4_18 = "varselTvfbl418"
_NUMBER = re.compile('"\ue000(-?[0-9]+\\.[0-9]{2})"')


def as_json(petition: Petition) -> bytes:
    """Return the petition as UTF-8 JSON; the same petition gives the same bytes."""
    text = json.dumps(document(petition), ensure_ascii=False, indent=2)
    return (_NUMBER.sub(r"\1", text) + "\n").encode()


def document(petition: Petition) -> dict[str, Any]:
    """Return the petition as the model's object; amounts are marked strings until they are written."""
    claims = [line for n, claim in enumerate(petition.claims, 1) for line in _claims(claim, n, petition.frozen_on)]
    is_utlegg = petition.kind == UTLEGG
    return {
        "modellversjon": "1.0",
        "dokumenttype": KINDS[petition.kind],
        "tvangsfullbyrdelsestype": "utlegg" if is_utlegg else None,
        "mottaker": petition.body,
        "begjaeringsdato": petition.frozen_on.isoformat(),
        "innsenderReferanse": petition.petition_id,
        "saksnummerInnsender": petition.case_number,
        "saksoeker": [
            {
                "organisasjonsnummer": petition.petitioner.org_number,
                "navn": petition.petitioner.name,
                "representertVed": {
                    "navn": petition.petitioner.office,
                    "organisasjonsnummer": petition.petitioner.office_org_number,
                    "adresse": list(petition.petitioner.postal),
                },
            }
        ],
        "saksoekt": [_party(party) for party in petition.parties],
        "underskrift": {"navn": petition.petitioner.office, "dato": petition.frozen_on.isoformat()},
        "kravTilInnkreving": claims,
        "tvangsgrunnlag": [_basis(claim, petition) for claim in petition.claims],
        "betalingsinformasjon": {
            "kontonummer": petition.payment.account,
            "kid": petition.payment.kid,
            "mottaker": petition.payment.payee_name,
        },
        "sumKrav": _money(petition.total_ore),
        "forventetRettsgebyr": None
        if petition.expected_court_fee_ore is None
        else _money(petition.expected_court_fee_ore),
        "foreloepigRentesats": petition.provisional_rates,
    }


def _party(party: Party) -> dict[str, Any]:
    number = (
        {"organisasjonsnummer": party.number}
        if party.kind == "business"
        else {"landkodeIdentifikator": "NO", "taxIdentificationNumber": party.number}
    )
    return {
        **number,
        "navn": party.name,
        "adresse": _address(party.address),
        "representertVed": {"navn": party.representative} if party.representative else None,
    }


def _address(address: Address) -> dict[str, str]:
    lines = " ".join(line for line in (address.line1, address.line2) if line)
    return {
        "adresselinje": lines,
        "postnummer": address.postal_code,
        "poststed": address.city,
        "landkode": address.country,
    }


def _claims(claim: Claim, priority: int, until: date) -> Iterator[dict[str, Any]]:
    """Yield the principal, then each addition related to it; what is nothing is left out, the principal never."""
    main = {
        "innsendersKravreferanse": claim.claim_id,
        "kravdetaljer": "Hovedkrav",
        "kravbeskrivelse": f"{claim.service_name}, faktura {claim.invoice_number}",
        "kravforfall": {"forfallsdato": claim.due_date.isoformat()},
        "opprinneligBeloep": _amount(claim.original_principal_ore),
        "gjenstaaendeBeloep": _amount(claim.principal_ore),
        "innbetaling": [
            {"bokfoertDato": paid.paid_on.isoformat(), "beloep": _money(paid.amount_ore)} for paid in claim.payments
        ],
        "prioritetDekningsloven": PRIORITY,
        "prioritetISak": min(priority, 99),
        "betalingsoppfordring": [_demand(proof) for proof in claim.proofs if proof.kind == BETALINGSOPPFORDRING],
        "rentebaerendeKrav": {"harForsinkelsesrente": claim.interest_from is not None},
        "sisteFristavbrytendeTiltak": None,
        "foreldelsesdato": claim.limitation_day.isoformat(),
    }
    yield main
    if claim.interest_ore:
        yield _addition(claim, "Rentekrav", "renter", claim.interest_ore, priority) | {
            "rentekrav": _interest(claim, until)
        }
    if claim.fees_ore:
        yield _addition(claim, "UtenrettsligeKostnader", "kostnader", claim.fees_ore, priority)
    if claim.legal_costs_ore:
        yield _addition(claim, "Sakskostnader", "sakskostnader", claim.legal_costs_ore, priority)


def _addition(claim: Claim, kind: str, suffix: str, ore: int, priority: int) -> dict[str, Any]:
    return {
        "innsendersKravreferanse": f"{claim.claim_id}-{suffix}",
        "kravdetaljer": kind,
        "kravforfall": {"forfallsdato": claim.due_date.isoformat()},
        "opprinneligBeloep": _amount(ore),
        "gjenstaaendeBeloep": _amount(ore),
        "innbetaling": [],
        "prioritetDekningsloven": PRIORITY,
        "prioritetISak": min(priority, 99),
        "relatertKrav": [claim.claim_id],
    }


def _interest(claim: Claim, until: date) -> dict[str, Any]:
    start = claim.interest_from.isoformat() if claim.interest_from else None
    return {
        "rentePeriode": {"startdato": start, "sluttdato": until.isoformat()},
        "renteGrunnlag": _amount(claim.principal_ore),
        "rentesats": claim.interest_rate_percent,
        "beregnetMedForsinkelsesrente": True,
    }


def _basis(claim: Claim, petition: Petition) -> dict[str, Any]:
    letter = basis_letter(claim.enforcement_basis)
    demands = [proof for proof in claim.proofs if proof.kind == BETALINGSOPPFORDRING]
    found = {
        "hjemmel": claim.enforcement_basis,
        "bokstav": letter,
        "tvangsgrunnlagsdato": basis_day(claim).isoformat(),
        "krav": [line["innsendersKravreferanse"] for line in _claims(claim, 1, petition.frozen_on)],
        "fordringshaver": {"navn": claim.unit_name, "organisasjonsnummer": claim.unit_org_number},
        "dokument": [_file(proof) for proof in demands if proof.file],
        "varsel": [{"type": NOTICE_4_18, "dato": proof.sent_on.isoformat()} for proof in notices_of(claim)],
    }
    if letter != "f":
        return found
    return found | {"skriftligMeddelelse": _written_notice(claim, petition, demands)}


def _written_notice(claim: Claim, petition: Petition, demands: list[Proof]) -> dict[str, Any]:
    """Return what a petition on an invoice must say besides, so that it can become a complaint (§ 7-5)."""
    return {
        "kravetsGrunnlag": f"{claim.service_name}, faktura {claim.invoice_number} av {_day(claim.invoice_date)}",
        "faktiskeForholdForKravet": facts_of(claim, is_disputed=petition.is_disputed),
        "paastand": petition.demand_words,
        "kanBehandlesIForliksraadet": petition.kind == UTLEGG or petition.body == "forliksraad",
        "krevesFravaersdom": petition.body != "husleietvistutvalg",
        "forsendelsesmaate": "post" if demands else None,
        "mottakeradresse": [_address(party.address) for party in petition.parties],
    }


def facts_of(claim: Claim, *, is_disputed: bool) -> str:
    """Return in a few words what happened, as the petition tells it."""
    stand = "Saksøkte har bestridt kravet." if is_disputed else "Vi kjenner ikke til at saksøkte har bestridt kravet."
    return (
        f"Kravet gjelder: {claim.service_name}, faktura {claim.invoice_number} av {_day(claim.invoice_date)}"
        f" med forfall {_day(claim.due_date)}. Det er ikke betalt. {stand}"
    )


def _demand(proof: Proof) -> dict[str, Any]:
    return {
        "brevdato": proof.sent_on.isoformat(),
        "betalingsfrist": proof.deadline.isoformat(),
        "betalingsoppfordring": _file(proof) if proof.file else None,
    }


def _file(proof: Proof) -> Mapping[str, Any]:
    return {"type": "application/pdf", "filnavn": proof.file, "uuid": proof.letter_id, "sha256": proof.sha256}


def _amount(ore: int) -> dict[str, str]:
    return {"beloep": _money(ore), "valuta": "NOK"}


def _money(ore: int) -> str:
    """Return an amount as a marked string that ``as_json`` writes as a number; the mark stands in no printable text."""
    sign = "-" if ore < 0 else ""
    return f"\ue000{sign}{abs(ore) // 100}.{abs(ore) % 100:02d}"


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
