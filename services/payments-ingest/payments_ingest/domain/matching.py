"""Whose money a payment without a valid KID is: evidence weighed, and a decision that says why.

Automatic only when one case is named, its number is certain, and other evidence supports it or at least nothing
speaks against it. Everything else becomes suggestions with their reasons for a person to choose from. Method and
thresholds follow what collection products do: number first, then amount, name and known account as independent
evidence; a closed case, a number one digit off and a name alone never decide.

What is made for every message is a tuple, not a dataclass: matching keeps pace with files of 200 000 payments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from payments_ingest.domain.numbers import Candidate, Kind, denies
from shared.kid import CASE_NUMBER_LENGTH

SUGGESTIONS_MAX = 5
SPLIT_MAX = 4


class Reason(StrEnum):
    """Why a case is thought of, or why it was not chosen without a person."""

    KID_IN_TEXT = "kid_in_text"
    NUMBER_WITH_WORD = "number_with_word"
    NUMBER = "number"
    NUMBER_PIECED = "number_pieced"
    NUMBER_MENDED = "number_mended"
    ONE_SLIP = "one_slip"
    INVOICE = "invoice"
    AMOUNT = "amount"
    NAME = "name"
    FAMILY_NAME = "family_name"
    ACCOUNT = "account"
    OTHER_NAME = "other_name"
    TOO_MUCH = "too_much"
    CLOSED = "closed"
    SEVERAL = "several"
    UNKNOWN_NUMBER = "unknown_number"
    DENIED = "denied"
    PAYOUT = "payout"


class Name(StrEnum):
    """How the payer's name compares with a case's debtors."""

    SAME = "same"
    FAMILY = "family"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known of a case (sak) for matching: facts, never today's balance.

    ``amounts`` are the sums in øre that paying it could mean (a claim's rest, a demand, an instalment), ``owed_ore``
    what is left by the newest event, ``ceiling_ore`` the most that could be owed by now; ``names`` one set of hashed
    name parts per debtor.
    """

    case_id: str
    is_open: bool
    amounts: frozenset[int]
    owed_ore: int
    ceiling_ore: int
    names: tuple[frozenset[str], ...] = ()


class Known(NamedTuple):
    """What the lookups found: each number's case, the cases of an invoice number, and the cases themselves by id.

    ``slips`` has, per number of the message, the cases whose number it becomes by one slip that is likely.
    """

    cases: Mapping[str, CaseFacts]
    numbers: Mapping[str, str] = MappingProxyType({})
    invoices: Mapping[str, frozenset[str]] = MappingProxyType({})
    slips: Mapping[str, frozenset[str]] = MappingProxyType({})


class Incoming(NamedTuple):
    """A payment as matching sees it. ``by_account``/``by_name``: cases found through payer's account and name."""

    amount_ore: int
    payer_names: frozenset[str] = frozenset()
    by_account: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    message: str = ""


class Suggestion(NamedTuple):
    """A case that may be meant, how well the evidence speaks for it (0–100), and the evidence."""

    case_id: str
    score: int
    reasons: tuple[Reason, ...]
    number: str = ""


class Decision(NamedTuple):
    """What to do with the payment: ``case_id`` set means automatically, else the suggestions are for a person.

    ``number`` is the number that named the case. ``split`` proposes parts when the message names several cases whose
    debts sum to the amount.
    """

    case_id: str | None
    number: str
    suggestions: tuple[Suggestion, ...]
    split: tuple[tuple[str, int], ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """The cases that must not be dunned before a person has looked: only name or number evidence counts."""
        return tuple(s.case_id for s in self.suggestions if _HOLDING & set(s.reasons))


NOTHING = Decision(None, "", ())
"""What there is to say of a payment that names nothing of ours and whose payer nobody knows."""

_HOLDING = frozenset({
    Reason.KID_IN_TEXT, Reason.NUMBER_WITH_WORD, Reason.NUMBER, Reason.NUMBER_PIECED, Reason.NUMBER_MENDED,
    Reason.ONE_SLIP, Reason.INVOICE, Reason.NAME,
})  # fmt: skip
_SCORE = {
    Reason.KID_IN_TEXT: 70, Reason.NUMBER_WITH_WORD: 60, Reason.NUMBER: 45, Reason.NUMBER_PIECED: 30,
    Reason.ONE_SLIP: 25, Reason.INVOICE: 25, Reason.AMOUNT: 25, Reason.NAME: 20, Reason.FAMILY_NAME: 5,
    Reason.ACCOUNT: 20, Reason.NUMBER_MENDED: -5, Reason.OTHER_NAME: -15, Reason.TOO_MUCH: -10, Reason.CLOSED: -20,
    Reason.SEVERAL: 0, Reason.UNKNOWN_NUMBER: 0, Reason.DENIED: 0,
}  # fmt: skip
_OWN = (Kind.KID, Kind.CASE)


class _Evidence(NamedTuple):
    """Everything that speaks for and against one case."""

    facts: CaseFacts
    number: Candidate | None
    amount: bool
    too_much: bool
    name: Name
    account: bool
    slip: bool = False

    @property
    def support(self) -> int:
        """How many independent things besides the number agree."""
        return self.amount + (self.name is Name.SAME) + self.account


def compare_names(payer: frozenset[str], debtors: Iterable[frozenset[str]]) -> Name:
    """Compare a payer's hashed name parts with each debtor's; the best agreement counts.

    The same: at least two parts in common and the shorter name inside the longer (or equal one-word names). Family: a
    part in common. Unknown: one side has no name.
    """
    best = Name.UNKNOWN
    for debtor in debtors:
        if not payer or not debtor:
            continue
        common = payer & debtor
        inside = common in (payer, debtor)
        if inside and (len(common) >= 2 or payer == debtor):
            return Name.SAME
        if common:
            best = Name.FAMILY
        elif best is Name.UNKNOWN:
            best = Name.OTHER
    return best


def decide(incoming: Incoming, candidates: Iterable[Candidate], known: Known) -> Decision:
    """Weigh a payment's candidates against what is known of the cases they name."""
    if not (known.numbers or known.invoices or known.slips or incoming.by_account or incoming.by_name):
        return NOTHING
    found = list(candidates)
    named = _named(found, known) if known.numbers else {}
    evidence = [_weigh(incoming, known.cases[case_id], candidate) for case_id, candidate in named.items()]
    if known.invoices:
        evidence += _by_invoice(incoming, found, known, set(named))
    chosen = _choose(evidence, found, known)
    denied = chosen is not None and denies(incoming.message)
    if chosen is not None and chosen.number is not None and not denied:
        return Decision(chosen.facts.case_id, chosen.number.number, (_suggest(chosen),))
    if known.slips:
        evidence += _by_slip(incoming, found, known, {e.facts.case_id for e in evidence})
    if incoming.by_account or incoming.by_name:
        evidence += _by_person(incoming, known, {e.facts.case_id for e in evidence})
    several = len(named) > 1
    unknown = any(_is_unknown(c, known) for c in found)
    more = (*(Reason.UNKNOWN_NUMBER,) * unknown, *(Reason.DENIED,) * denied)
    suggestions = [_suggest(e, several=several and e.number is not None, more=more) for e in evidence]
    suggestions.sort(key=lambda s: (-s.score, s.case_id))
    split = _split(incoming.amount_ore, named, known) if several else ()
    return Decision(None, "", tuple(suggestions[:SUGGESTIONS_MAX]), split)


def _named(candidates: list[Candidate], known: Known) -> dict[str, Candidate]:
    """Return the cases named by a saksnummer or KID of ours, each with the best number that names it."""
    named: dict[str, Candidate] = {}
    for candidate in candidates:
        case_id = known.numbers.get(candidate.number) if candidate.kind in _OWN else None
        if case_id is not None and (case_id not in named or _rank(candidate) > _rank(named[case_id])):
            named[case_id] = candidate
    return named


def _rank(candidate: Candidate) -> tuple[bool, bool, bool, bool]:
    return (not candidate.mended, candidate.kind is Kind.KID, candidate.anchored, candidate.whole)


def _weigh(incoming: Incoming, facts: CaseFacts, number: Candidate | None, *, slip: bool = False) -> _Evidence:
    amount = incoming.amount_ore in facts.amounts
    too_much = not amount and incoming.amount_ore > facts.ceiling_ore
    name = compare_names(incoming.payer_names, facts.names) if incoming.payer_names else Name.UNKNOWN
    return _Evidence(facts, number, amount, too_much, name, facts.case_id in incoming.by_account, slip)


def _choose(evidence: list[_Evidence], candidates: list[Candidate], known: Known) -> _Evidence | None:
    """Return the one case that may be posted without a person, if there is one."""
    numbered = [e for e in evidence if e.number is not None and e.number.kind is not Kind.INVOICE]
    if len(numbered) == 1:
        best = numbered[0]
        sure = best.facts.is_open and _certain(best, known) and not _contradicted(best, candidates, known)
        return best if sure else None
    if numbered or not evidence:
        return None
    invoiced = [e for e in evidence if e.number is not None and e.number.anchored]
    if len(invoiced) == 1:
        best = invoiced[0]
        return best if best.facts.is_open and best.amount and best.name is Name.SAME else None
    return None


def _contradicted(best: _Evidence, candidates: list[Candidate], known: Known) -> bool:
    """Tell whether another number in the message points away from the case."""
    number = best.number
    bare = number is not None and not number.anchored
    for other in candidates:
        invoiced = known.invoices.get(other.number)
        if invoiced and best.facts.case_id not in invoiced and (other.anchored or other is number) and best.support < 2:
            return True
        if other is not number and _is_unknown(other, known) and (bare or not best.amount or best.support < 2):
            return True
        if best.name is Name.OTHER and best.support < 2 and number is not None and _is_like(other, number, known):
            return True
    return False


def _is_like(other: Candidate, number: Candidate, known: Known) -> bool:
    """Tell whether another row of digits looks like a saksnummer and is none: somebody's own number, mistyped."""
    return (
        other.kind is Kind.INVOICE
        and len(other.number) == CASE_NUMBER_LENGTH == len(number.number)
        and other.number[:1] == number.number[:1]
        and other.number not in known.invoices
    )


def _is_unknown(candidate: Candidate, known: Known) -> bool:
    """Tell whether a word such as «saksnr» stands before a number that names nothing of ours."""
    return candidate.anchored and candidate.kind is not Kind.INVOICE and candidate.number not in known.numbers


def _certain(evidence: _Evidence, known: Known) -> bool:
    """Tell whether number and support together leave no reasonable doubt.

    MOD10 finds every single wrong digit and every swap but 09↔90: a number whose twin by that swap is another case,
    one pieced together and one mended from letters need more support than a clean one.
    """
    number = evidence.number
    if number is None:
        return False
    strong = number.anchored or number.kind is Kind.KID
    twins = known.slips.get(number.number, frozenset()) - {evidence.facts.case_id}
    doubtful = number.mended or bool(twins)
    if strong and not doubtful:
        return evidence.support > 0 or (evidence.name is not Name.OTHER and not evidence.too_much)
    if strong:
        return evidence.support > 0 and (evidence.name is not Name.OTHER or evidence.support > 1)
    if number.whole and not doubtful:
        return evidence.support > 0 and (evidence.name in (Name.SAME, Name.UNKNOWN) or evidence.support > 1)
    return evidence.support > 1


def _by_invoice(incoming: Incoming, candidates: list[Candidate], known: Known, seen: set[str]) -> list[_Evidence]:
    """Cases whose invoice number stands in the message; a bare number counts only when something else agrees."""
    found: dict[str, _Evidence] = {}
    for candidate in candidates:
        for case_id in known.invoices.get(candidate.number, ()):
            evidence = _weigh(incoming, known.cases[case_id], _as_invoice(candidate))
            if case_id not in seen and (candidate.anchored or evidence.support):
                found.setdefault(case_id, evidence)
    return list(found.values())


def _as_invoice(candidate: Candidate) -> Candidate:
    anchored = candidate.anchored and candidate.kind is Kind.INVOICE
    return Candidate(number=candidate.number, kind=Kind.INVOICE, anchored=anchored, whole=candidate.whole)


def _by_slip(incoming: Incoming, candidates: list[Candidate], known: Known, seen: set[str]) -> list[_Evidence]:
    cases = {c for n in candidates for c in known.slips.get(n.number, ()) if c not in seen}
    return [_weigh(incoming, known.cases[case_id], None, slip=True) for case_id in sorted(cases)]


def _by_person(incoming: Incoming, known: Known, seen: set[str]) -> list[_Evidence]:
    """Cases found by payer alone; of a common name only those whose amount agrees too."""
    persons = [
        _weigh(incoming, known.cases[case_id], None)
        for case_id in sorted((incoming.by_account | incoming.by_name) - seen)
        if case_id in known.cases and known.cases[case_id].is_open
    ]
    persons = [e for e in persons if e.account or e.name is Name.SAME]
    return persons if len(persons) <= SUGGESTIONS_MAX else [e for e in persons if e.amount]


def _split(amount_ore: int, named: Mapping[str, Candidate], known: Known) -> tuple[tuple[str, int], ...]:
    """Return each named case's whole debt when together they are exactly the amount."""
    if not 2 <= len(named) <= SPLIT_MAX:
        return ()
    parts = tuple((case_id, known.cases[case_id].owed_ore) for case_id in named)
    return parts if sum(part for _, part in parts) == amount_ore and all(part > 0 for _, part in parts) else ()


def _suggest(evidence: _Evidence, *, several: bool = False, more: tuple[Reason, ...] = ()) -> Suggestion:
    facts, number, amount, too_much, name, account, slip = evidence
    if number is None:
        score, reasons = _told((Reason.ONE_SLIP,) if slip else (), amount, name, account, too_much, facts.is_open)
    else:
        of_number = _number_reasons(*number[1:])
        score, reasons = _told(of_number, amount, name, account, too_much, facts.is_open)
    if several:
        reasons = (*reasons, Reason.SEVERAL)
    return Suggestion(facts.case_id, score, reasons + more, number.number if number else "")


@cache
def _told(
    of_number: tuple[Reason, ...], amount: bool, name: Name, account: bool, too_much: bool, is_open: bool
) -> tuple[int, tuple[Reason, ...]]:
    """What evidence is called and how much it speaks for its case; there are a few hundred kinds of it in all."""
    also = (
        (amount, Reason.AMOUNT),
        (name is Name.SAME, Reason.NAME),
        (name is Name.FAMILY, Reason.FAMILY_NAME),
        (account, Reason.ACCOUNT),
        (name is Name.OTHER, Reason.OTHER_NAME),
        (too_much, Reason.TOO_MUCH),
        (not is_open, Reason.CLOSED),
    )
    reasons = of_number + tuple(reason for holds, reason in also if holds)
    return max(1, min(100, sum(_SCORE[reason] for reason in reasons))), reasons


@cache
def _number_reasons(kind: Kind, anchored: bool, whole: bool, mended: bool) -> tuple[Reason, ...]:
    if kind is Kind.INVOICE:
        reason = Reason.INVOICE
    elif kind is Kind.KID:
        reason = Reason.KID_IN_TEXT
    elif anchored:
        reason = Reason.NUMBER_WITH_WORD
    else:
        reason = Reason.NUMBER if whole else Reason.NUMBER_PIECED
    return (reason, Reason.NUMBER_MENDED) if mended else (reason,)
