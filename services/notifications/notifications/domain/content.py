"""What a statutory letter must say, item by item with its source, and what it must never say.

The wording lies in the templates; these are the words that carry each legal item. A letter is held against them in the
tests, for every kind and language, so that an edited template cannot lose one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notifications.domain import formats
from notifications.domain.formats import Language
from notifications.domain.letters import HEADINGS, ClaimLine, DemandFacts, LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """One thing a letter must say: where the law asks for it, and the words that say it."""

    reference: str
    text: str


FORBIDDEN: tuple[str, ...] = ("Finansklagenemnda", "vil påløpe", "inkassobyrå")
"""Never in a municipality's own letter: the board for licensed firms (inkassoloven § 10 f), costs told as certain."""

_STARTS: dict[Language, str] = {
    "nb": "vil vi sette i gang inkasso",
    "nn": "vil vi setje i gang inkasso",
    "en": "we will start debt collection (inkasso)",
}
_LEGAL_RECOVERY: dict[Language, str] = {
    "nb": "kan det føre til rettslig inndriving",
    "nn": "kan det føre til rettsleg inndriving",
    "en": "it can lead to legal recovery (rettslig inndriving)",
}
_MORE_COSTS: dict[Language, str] = {
    "nb": "kan det også komme flere kostnader i tillegg",
    "nn": "kan det òg kome fleire kostnader i tillegg",
    "en": "Further costs can then be added",
}
_ENFORCEMENT: dict[Language, tuple[str, ...]] = {
    "nb": ("tvangsfullbyrdelsesloven § 4-18", "vil vi begjære tvangsfullbyrdelse", "tidligst to uker etter"),
    "nn": ("tvangsfullbyrdelsesloven § 4-18", "vil vi krevje tvangsfullføring", "tidlegast to veker etter"),
    "en": (
        "tvangsfullbyrdelsesloven (the Enforcement Act) § 4-18",
        "we will petition for enforcement",
        "two weeks after this letter was sent",
    ),
}
_OBJECT: dict[Language, str] = {
    "nb": "Skriv hva du mener er feil",
    "nn": "Skriv kva du meiner er feil",
    "en": "Write what you think is wrong",
}
_OBJECT_LATE: dict[Language, str] = {
    "nb": "må du si det til oss eller til namsmannen",
    "nn": "må du seie det til oss eller til namsmannen",
    "en": "tell us or the enforcement officer",
}
_MORE_TIME: dict[Language, str] = {
    "nb": "be om å få utsatt fristen",
    "nn": "be om å få utsett fristen",
    "en": "ask for a later deadline",
}
_PROVISIONAL: dict[Language, str] = {"nb": "foreløpig sats", "nn": "førebels sats", "en": "foreløpig sats"}


def required(facts: DemandFacts) -> tuple[Required, ...]:
    """Return everything the letter of this demand must say, in its language; spaces are ordinary ones."""
    items = [*_common(facts), *(item for line in facts.lines for item in _claim(line, facts))]
    items += _ITEMS[facts.kind](facts)
    return tuple(Required(reference=item.reference, text=item.text.replace("\u00a0", " ")) for item in items)


def _common(facts: DemandFacts) -> list[Required]:
    language, payment = facts.language, facts.payment
    object_by = _OBJECT if facts.kind is not LetterKind.TVANGSVARSEL else _OBJECT_LATE
    needed = [
        Required(reference="heading: Sivilombudet on letters that hide what they are", text=HEADINGS[facts.kind]),
        Required(reference="inkassoloven § 10 a", text=facts.creditor.name),
        Required(reference="inkassoloven §§ 9, 10: amount", text=formats.amount(facts.total_ore, language)),
        Required(reference="inkassoloven §§ 9, 10: deadline", text=formats.day(payment.deadline, language)),
        Required(reference="payment: account", text=formats.account(payment.account)),
        Required(reference="payment: from abroad", text=f"IBAN {formats.iban(payment.iban)}, BIC {payment.bic}"),
        Required(reference="payment: payee", text=payment.payee_name),
        Required(reference="case number", text=facts.case_number),
        Required(reference="good collection practice, § 8: how to object", text=object_by[language]),
        Required(reference="good collection practice, § 8: more time", text=_MORE_TIME[language]),
    ]
    if payment.kid is not None:
        needed.append(Required(reference="payment: KID", text=payment.kid))
    if facts.fee_ore:
        needed.append(Required(reference="inkassoloven § 10 c: this letter's fee", text=facts.fee_label))
        needed.append(Required(reference="inkassoloven § 10 c", text=formats.amount(facts.fee_ore, language)))
    return needed


def _claim(line: ClaimLine, facts: DemandFacts) -> list[Required]:
    needed = [
        Required(reference="inkassoloven § 10 b: what it concerns", text=line.service_name),
        Required(reference="the 2026 act § 20 f: invoice", text=line.invoice_number),
        Required(reference="the 2026 act § 20 f: invoice date", text=formats.short_day(line.invoice_date)),
        Required(reference="inkassoloven § 10 c: principal", text=formats.amount(line.principal_ore, facts.language)),
    ]
    if line.interest_ore and line.interest_rate_percent and line.interest_from:
        rate = formats.percent(line.interest_rate_percent, facts.language)
        needed += [
            Required(reference="inkassoloven § 10 c: interest", text=formats.amount(line.interest_ore, facts.language)),
            Required(reference="inkassoloven § 10 d: rate", text=rate),
            Required(reference="inkassoloven § 10 d: from", text=formats.short_day(line.interest_from)),
        ]
        if facts.provisional_rates:
            needed.append(Required(reference="rates assumed onwards", text=_PROVISIONAL[facts.language]))
    return needed


def _varsel(facts: DemandFacts) -> list[Required]:
    return [Required(reference="inkassoloven § 9: collection will start", text=_STARTS[facts.language])]


def _betalingsoppfordring(facts: DemandFacts) -> list[Required]:
    language = facts.language
    basis = formats.enforcement_basis(facts.enforcement_basis, language)
    return [
        Required(reference="inkassoloven § 10 e: legal recovery", text=_LEGAL_RECOVERY[language]),
        Required(reference="inkassoloven § 10 e: more costs", text=_MORE_COSTS[language]),
        *(Required(reference="tvangsfullbyrdelsesloven § 4-18", text=words) for words in _ENFORCEMENT[language]),
        Required(reference="tvangsfullbyrdelsesloven § 7-2: basis", text=basis),
    ]


def _tvangsvarsel(facts: DemandFacts) -> list[Required]:
    language = facts.language
    basis = formats.enforcement_basis(facts.enforcement_basis, language)
    return [
        Required(reference="costs are never told as certain", text=_MORE_COSTS[language]),
        *(Required(reference="tvangsfullbyrdelsesloven § 4-18", text=words) for words in _ENFORCEMENT[language]),
        Required(reference="tvangsfullbyrdelsesloven §§ 4-1, 7-2: basis", text=basis),
    ]


_ITEMS: dict[LetterKind, Callable[[DemandFacts], list[Required]]] = {
    LetterKind.INKASSOVARSEL: _varsel,
    LetterKind.BETALINGSOPPFORDRING: _betalingsoppfordring,
    LetterKind.TVANGSVARSEL: _tvangsvarsel,
}
