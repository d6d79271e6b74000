"""Letters for tests: facts with sensible defaults, and the text a reader gets out of a PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from notifications.domain.formats import Language
from notifications.domain.letters import (
    ClaimLine,
    ConfirmationFacts,
    Creditor,
    DemandFacts,
    FeeReversedFacts,
    Instalment,
    LetterKind,
    Payment,
    Recipient,
)
from notifications.render import Renderer, Sender

SENDER = Sender(
    municipality="Oslo kommune",
    office="Innkrevingsetaten",
    org_number="976819934",
    postal=("Postboks 4594 Nydalen", "0404 Oslo"),
    portal_url="https://innkreving.example/min-side",
)
KARI = Recipient(name="Kari Nordmann", address_lines=("Storgata 1 B", "0155 Oslo"))
FROGNER = Creditor(name="Bydel Frogner", org_number="874778702")
CASE_NUMBER = "2600000018"
CLAIM_KID = "126000000100015"
CASE_KID = "226000000100014"


def line(**changes: Any) -> ClaimLine:
    """Return a kindergarten claim; its total follows from its parts."""
    due = changes.pop("due_date", date(2026, 1, 15))
    values: dict[str, Any] = {
        "service_name": "Barnehage",
        "invoice_number": "4711",
        "invoice_date": date(2025, 12, 20),
        "due_date": due,
        "principal_ore": 321_000,
        "interest_ore": 1_412,
        "interest_from": due,
        "interest_rate_percent": "12.00",
        "fees_ore": 0,
        "legal_costs_ore": 0,
        **changes,
    }
    parts = ("principal_ore", "interest_ore", "fees_ore", "legal_costs_ore")
    return ClaimLine(**{"total_ore": sum(values[part] for part in parts), **values})


def payment(amount_ore: int, deadline: date, kid: str | None = CLAIM_KID) -> Payment:
    return Payment(
        account="13150101837",
        iban="NO3913150101837",
        bic="DNBANOKK",
        payee_name="Oslo kommune, Innkrevingsetaten",
        kid=kid,
        amount_ore=amount_ore,
        deadline=deadline,
    )


def varsel(language: Language = "nb", *, lines: tuple[ClaimLine, ...] | None = None, **changes: Any) -> DemandFacts:
    """Return the inkassovarsel of the golden ladder: sent 29 January 2026 with a fee of 38 kroner."""
    values: dict[str, Any] = {
        "kind": LetterKind.INKASSOVARSEL,
        "language": language,
        "dated": date(2026, 1, 29),
        "case_number": CASE_NUMBER,
        "recipient": KARI,
        "creditor": FROGNER,
        "fee_ore": 3_800,
        "fee_label": "Inkassogebyr",
        "provisional_rates": False,
        "expected_further_costs_ore": 0,
        "dispute_body": "forliksraad",
        "enforcement_basis": "tvangsfullbyrdelsesloven 7-2 f",
        "lines": lines or (line(),),
    }
    kid = changes.pop("kid", CLAIM_KID)
    deadline = changes.pop("deadline", date(2026, 2, 12))
    values.update(changes)
    total = sum(one.total_ore for one in values["lines"]) + values["fee_ore"]
    return DemandFacts(**{"total_ore": total, "payment": payment(total, deadline, kid), **values})


def betalingsoppfordring(language: Language = "nb", **changes: Any) -> DemandFacts:
    """Return the betalingsoppfordring of the golden ladder, for two claims, sent 18 February 2026."""
    values: dict[str, Any] = {
        "kind": LetterKind.BETALINGSOPPFORDRING,
        "dated": date(2026, 2, 18),
        "deadline": date(2026, 3, 4),
        "kid": CASE_KID,
        "fee_ore": 11_300,
        "expected_further_costs_ore": 86_500,
        "provisional_rates": True,
        "lines": (
            line(fees_ore=3_800, interest_ore=3_588),
            line(
                service_name="Aktivitetsskole (AKS)",
                invoice_number="88-120",
                principal_ore=245_000,
                interest_ore=2_335,
                due_date=date(2026, 1, 20),
                fees_ore=3_800,
            ),
        ),
    }
    return varsel(language, **{**values, **changes})


def tvangsvarsel(language: Language = "nb", **changes: Any) -> DemandFacts:
    """Return the notice of enforcement of a judgment, sent 18 May 2026 without a fee."""
    values: dict[str, Any] = {
        "kind": LetterKind.TVANGSVARSEL,
        "dated": date(2026, 5, 18),
        "deadline": date(2026, 6, 1),
        "kid": CASE_KID,
        "fee_ore": 0,
        "expected_further_costs_ore": 92_800,
        "lines": (line(fees_ore=3_800, interest_ore=13_089),),
        "enforcement_basis": "dom, forlik eller vedtak av 15.04.2026 (tvangsfullbyrdelsesloven § 4-1)",
    }
    return varsel(language, **{**values, **changes})


def fee_reversed(language: Language = "nb", **changes: Any) -> FeeReversedFacts:
    facts = FeeReversedFacts(
        language=language,
        dated=date(2026, 2, 19),
        case_number=CASE_NUMBER,
        recipient=KARI,
        creditor=FROGNER,
        amount_ore=3_800,
        reversed_on=date(2026, 2, 19),
        reason="no_ground",
        letter_kind=LetterKind.INKASSOVARSEL,
        letter_dated=date(2026, 1, 29),
    )
    return replace(facts, **changes)


def plan_confirmation(language: Language = "nb", **changes: Any) -> ConfirmationFacts:
    """Return a confirmation of three instalments, the richest use of the plain layout."""
    facts = ConfirmationFacts(
        language=language,
        dated=date(2026, 2, 19),
        case_number=CASE_NUMBER,
        recipient=KARI,
        heading="Avtale om å betale i avdrag",
        paragraphs=(
            "Du har fått ja til å betale i avdrag.",
            "Betal hvert avdrag innen fristen, og bruk KID-en til avtalen. En eldre KID kan bryte avtalen.",
        ),
        details=(("Avtalen gjelder", f"sak {CASE_NUMBER}"), ("Samlet beløp", "1 800,00 kroner")),
        instalments=tuple(
            Instalment(number=n, due_on=due, amount_ore=60_000)
            for n, due in enumerate((date(2026, 3, 2), date(2026, 4, 1), date(2026, 5, 4)), 1)
        ),
        payment=payment(60_000, date(2026, 3, 2), "326000000100013"),
    )
    return replace(facts, **changes)


def renderer() -> Renderer:
    return Renderer(SENDER)


def pages_of(pdf: bytes) -> list[str]:
    """Return each page's text as a reader extracts it, no-break spaces made ordinary."""
    return [page.extract_text().replace("\u00a0", " ") for page in PdfReader(BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """Return a letter's whole text with every run of white space as one space."""
    return " ".join(" ".join(pages_of(pdf)).split())
