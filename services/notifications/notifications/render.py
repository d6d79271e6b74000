"""Letters as PDF: facts in, the same bytes out every time, archivable (PDF/A-2a) and accessible (PDF/UA-1).

Templates lie in ``templates/<language>/<kind>.typ``. Facts reach them as JSON and are set as text: nothing a person is
called can become markup. The fonts are those of two installed packages (Source Sans Pro, and what
the compiler carries), never the machine's.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import font_source_sans_pro
import segno
import typst

from notifications.domain import formats
from notifications.domain.formats import Language, printable
from notifications.domain.letters import (
    HEADINGS,
    ClaimLine,
    ConfirmationFacts,
    DemandFacts,
    Facts,
    FeeReversedFacts,
    Payment,
    Section,
    Unprintable,
    check,
)

_HERE = Path(__file__).resolve().parent
TEMPLATES = _HERE / "templates"
FONTS = Path(font_source_sans_pro.__file__).parent / "files"
STANDARDS = ["a-2a", "ua-1"]
_PAGE = re.compile(rb"/Type\s*/Page\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends the letters (avsender) and how to reach them; ``portal_url`` is Min side."""

    municipality: str
    office: str
    org_number: str
    postal: tuple[str, ...]
    portal_url: str
    phone: str | None = None

    @property
    def name(self) -> str:
        """Return the full name, as payee and under the letter."""
        return f"{self.municipality}, {self.office}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A letter as it will be sent: the PDF, its SHA-256 in hexadecimal and how many pages it has."""

    pdf: bytes
    sha256: str
    pages: int


@dataclass(slots=True)
class Renderer:
    """Makes letters for one sender. Any thread may call it; each has a compiler of its own, kept for the next letter.

    A process that has rendered must not fork: the child would wait for ever.
    """

    sender: Sender
    _local: threading.local = field(default_factory=threading.local)

    def pdf(self, facts: Facts) -> Rendered:
        """Return the letter of these facts; raises Unprintable with a stable code when there can be none."""
        content = self._compile(facts, format="pdf", pdf_standards=STANDARDS, timestamp=_noon(facts.dated))
        return Rendered(pdf=content, sha256=hashlib.sha256(content).hexdigest(), pages=len(_PAGE.findall(content)))

    def png(self, facts: Facts, *, ppi: int = 110) -> list[bytes]:
        """Return a picture of each page, to look at."""
        pages = self._compile(facts, format="png", ppi=ppi)
        return pages if isinstance(pages, list) else [pages]

    def paper(self, template: str, data: Mapping[str, Any], dated: date) -> bytes:
        """Return a paper that is no letter, from a template of its own; ``data`` is everything it may print.

        Raises Unprintable like ``pdf``.
        """
        options = {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": _noon(dated)}
        content: bytes = self._set(f"nb/{template}.typ", {**_frame(self.sender, "nb", dated), **data}, options)
        return content

    def _compile(self, facts: Facts, **options: Any) -> Any:
        check(facts)
        return self._set(f"{facts.language}/{facts.kind}.typ", _data(facts, self.sender), options)

    def _set(self, template: str, data: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        inputs = {"letter": json.dumps(data, ensure_ascii=False)}
        try:
            return self._compiler().compile(input=str(TEMPLATES / template), sys_inputs=inputs, **options)
        except typst.TypstError as wrong:
            raise _unprintable(wrong) from None

    def _compiler(self) -> typst.Compiler:
        compiler = getattr(self._local, "compiler", None)
        if compiler is None:
            compiler = typst.Compiler(root=str(TEMPLATES), font_paths=_fonts())
            self._local.compiler = compiler
        return compiler


def _unprintable(wrong: typst.TypstError) -> Unprintable:
    """Return what a compiler's complaint means; its own words quote the letter's text and are never passed on."""
    if "could not be displayed" in wrong.message:
        return Unprintable("glyph_missing", "no font has every character of the letter")
    return Unprintable("template_failed", "the template could not be set with these facts")


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Return the fonts all compilers share: read once, and never the machine's."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])


@lru_cache(maxsize=64)
def _qr(url: str) -> str:
    """Return the URL as a QR code (SVG)."""
    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True, light="white")
    return out.getvalue().decode()


def _data(facts: Facts, sender: Sender) -> dict[str, Any]:
    """Return everything a template may print, each amount and day already written out in the letter's language."""
    common = _frame(sender, facts.language, facts.dated) | {
        "case_number": facts.case_number,
        "recipient": {
            "name": printable(facts.recipient.name),
            "address_lines": [line for text in facts.recipient.address_lines if (line := printable(text))],
        },
    }
    if isinstance(facts, DemandFacts):
        return common | _demand(facts)
    if isinstance(facts, FeeReversedFacts):
        return common | _fee_reversed(facts)
    return common | _confirmation(facts)


def _frame(sender: Sender, language: Language, dated: date) -> dict[str, Any]:
    """Return what every paper has: its language and date, and who sends it."""
    return {
        "language": language,
        "dated": {"year": dated.year, "month": dated.month, "day": dated.day},
        "date": formats.day(dated, language),
        "sender": {
            "municipality": sender.municipality,
            "office": sender.office,
            "name": sender.name,
            "org_number": sender.org_number,
            "postal": list(sender.postal),
            "portal_url": sender.portal_url,
            "phone": sender.phone,
        },
        "qr": {"svg": _qr(sender.portal_url)},
        "creditor": None,
        "payment": None,
    }


def _demand(facts: DemandFacts) -> dict[str, Any]:
    language = facts.language
    further = facts.expected_further_costs_ore
    return {
        "heading": HEADINGS[facts.kind],
        "creditor": {"name": printable(facts.creditor.name), "org_number": facts.creditor.org_number},
        "lines": [_line(line, language) for line in facts.lines],
        "subtotal": _subtotal(facts.lines, language) if len(facts.lines) > 1 else None,
        "fee": {"label": printable(facts.fee_label), "amount": formats.amount(facts.fee_ore, language)}
        if facts.fee_ore
        else None,
        "total": formats.amount(facts.total_ore, language),
        "deadline": formats.day(facts.payment.deadline, language),
        "payment": _payment(facts.payment, facts.case_number, language),
        "provisional": facts.provisional_rates,
        "further_costs": formats.amount(further, language) if further else None,
        "dispute_body": facts.dispute_body,
        "enforcement_basis": printable(formats.enforcement_basis(facts.enforcement_basis, language)),
    }


def _line(line: ClaimLine, language: Language) -> dict[str, Any]:
    rate, since = line.interest_rate_percent, line.interest_from
    explained = rate is not None and since is not None
    return {
        "service_name": printable(line.service_name),
        "invoice_number": printable(line.invoice_number),
        "invoice_date": formats.short_day(line.invoice_date),
        "due_date": formats.short_day(line.due_date),
        "principal": formats.amount(line.principal_ore, language),
        "interest": formats.amount(line.interest_ore, language),
        "interest_rate": formats.percent(rate, language) if rate is not None and explained else None,
        "interest_from": formats.short_day(since) if since is not None and explained else None,
        "fees": formats.amount(line.fees_ore, language),
        "legal_costs": formats.amount(line.legal_costs_ore, language) if line.legal_costs_ore else None,
        "total": formats.amount(line.total_ore, language),
    }


def _subtotal(lines: tuple[ClaimLine, ...], language: Language) -> dict[str, str]:
    return {
        "principal": formats.amount(sum(line.principal_ore for line in lines), language),
        "interest": formats.amount(sum(line.interest_ore for line in lines), language),
        "fees": formats.amount(sum(line.fees_ore for line in lines), language),
        "legal_costs": formats.amount(sum(line.legal_costs_ore for line in lines), language),
        "total": formats.amount(sum(line.total_ore for line in lines), language),
    }


def _payment(payment: Payment, case_number: str, language: Language) -> dict[str, Any]:
    return {
        "account": formats.account(payment.account),
        "iban": formats.iban(payment.iban),
        "bic": payment.bic,
        "payee_name": printable(payment.payee_name),
        "kid": payment.kid,
        "message": case_number,
        "amount": formats.amount(payment.amount_ore, language),
        "deadline": formats.day(payment.deadline, language),
    }


def _fee_reversed(facts: FeeReversedFacts) -> dict[str, Any]:
    return {
        "creditor": {"name": printable(facts.creditor.name), "org_number": facts.creditor.org_number},
        "amount": formats.amount(facts.amount_ore, facts.language),
        "reversed_on": formats.day(facts.reversed_on, facts.language),
        "reason": facts.reason,
        "letter": {"heading": HEADINGS[facts.letter_kind], "date": formats.day(facts.letter_dated, facts.language)}
        if facts.letter_kind in HEADINGS and facts.letter_dated
        else None,
    }


def _confirmation(facts: ConfirmationFacts) -> dict[str, Any]:
    language, creditor = facts.language, facts.creditor
    return {
        "heading": printable(facts.heading),
        "creditor": {"name": printable(creditor.name), "org_number": creditor.org_number} if creditor else None,
        "paragraphs": [_bound(text) for text in facts.paragraphs],
        "reasons": [_section(section) for section in facts.reasons],
        "details": [[printable(label), _bound(value)] for label, value in facts.details],
        "instalments": [
            {
                "number": one.number,
                "due": formats.day(one.due_on, language),
                "amount": formats.amount(one.amount_ore, language),
            }
            for one in facts.instalments
        ],
        "instalments_total": formats.amount(sum(one.amount_ore for one in facts.instalments), language),
        "payment": _payment(facts.payment, facts.case_number, language) if facts.payment else None,
        "closing": [_section(section) for section in facts.closing],
    }


def _section(section: Section) -> dict[str, Any]:
    return {"title": section.title, "paragraphs": [_bound(text) for text in section.paragraphs]}


def _bound(text: str) -> str:
    """Return running text as it prints, its no-break spaces kept: an amount never falls apart at the end of a line."""
    return "\u00a0".join(printable(part) for part in text.split("\u00a0"))
