"""Fees for a creditor's own collection letters (gebyr, inkassoforskriften §§ 1-2, 1-3).

Three dates choose three things: the claim's due date the part of the inkassosats, the day the letter is sent the
inkassosats itself, and that same day the act that governs. One claim carries one set of fees, whoever owes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from claims_api.domain.rules import MoneyRules
from shared.calendar import add_months
from shared.law import Trace, Traced
from shared.money import Rounding, round_ore

REFERENCE = "inkassoforskriften §§ 1-2, 1-3"
REFERENCE_2026 = "LOV-2026-05-22-19 §§ 19-21"


class FeeRegime(StrEnum):
    """Which scale of costs the creditor uses (inndrivingskostnader); agreed per creditor, dated."""

    OWN_FEES = "own_fees"
    LAWYER_LED = "lawyer_led"
    FOREIGN_COLLECTION = "foreign_collection"


FEE_LABELS = {
    FeeRegime.OWN_FEES: "Inkassogebyr",
    FeeRegime.LAWYER_LED: "Inkassosalær",
    FeeRegime.FOREIGN_COLLECTION: "Inkassosalær",
}
"""What the line is called on a letter."""


class LetterKind(StrEnum):
    """A letter that asks for payment: purring, inkassovarsel and betalingsoppfordring may carry a fee.

    A notice of enforcement alone (varsel etter tvangsfullbyrdelsesloven § 4-18) never does.
    """

    REMINDER = "reminder"
    NOTICE = "inkassovarsel"
    DEMAND = "betalingsoppfordring"
    WARNING = "tvangsvarsel"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierLetter:
    """A letter already sent on the claim: its kind, day, deadline (None: it set none) and the fee it carried."""

    kind: LetterKind
    sent_on: date
    deadline: date | None
    fee_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedClaim:
    """What the fee rules need to know of a claim.

    ``minor``: the debt was incurred by a minor (mindreårig); ``disputed``: an objection stands; ``letters`` are those
    sent before, also the unit's own.
    """

    due_date: date
    minor: bool = False
    disputed: bool = False
    letters: Sequence[EarlierLetter] = ()


def letter_fee(kind: LetterKind, sent_on: date, claim: ChargedClaim, *, rules: MoneyRules) -> Traced[int]:
    """Return the fee in øre that a letter of ``kind`` sent on ``sent_on`` may carry, zero when none may.

    The trace's input ``ground`` says which condition decided. Raises RatesMissing when the sats is unknown.
    """
    refused = _refused(kind, sent_on, claim, rules)
    act_2026 = rules.act_2026_on(sent_on)
    inputs: dict[str, str | int | None] = {
        "kind": kind.value,
        "sent_on": sent_on.isoformat(),
        "due_date": claim.due_date.isoformat(),
        "ground": refused or "charged",
    }
    if refused:
        return _traced(0, inputs, act_2026=act_2026)
    size = "demand" if kind is LetterKind.DEMAND else "small"
    if act_2026:
        amount = rules.rates.ore(f"own_letter_{size}_2026_act", sent_on)
        return _traced(round_ore(amount, Rounding.ORE_HALF_UP), inputs, act_2026=True)
    part = rules.rates.row(f"own_letter_{size}", claim.due_date)
    sats = rules.rates.row("inkassosats", sent_on)
    rounding = _rounding(sent_on, rules)
    inputs |= {"part": str(part.value), "inkassosats": str(sats.value), "rounding": rounding.value}
    inputs |= {"source": sats.source}
    amount = Fraction(part.value) * Fraction(sats.value) * 100
    return _traced(round_ore(amount, rounding), inputs, act_2026=False)


def letter_fees(letters: Sequence[EarlierLetter]) -> int:
    """Return what letters before a betalingsoppfordring cost in all, in øre."""
    return sum(letter.fee_ore for letter in letters if letter.kind is not LetterKind.DEMAND)


def lawful_fee_max(kind: LetterKind, sent_on: date, claim: ChargedClaim, *, rules: MoneyRules) -> int:
    """Return the most a unit's own letter may have cost in øre; what it states above this is a field error."""
    return letter_fee(kind, sent_on, claim, rules=rules).value


def _refused(kind: LetterKind, sent_on: date, claim: ChargedClaim, rules: MoneyRules) -> str | None:
    if kind is LetterKind.WARNING:
        return "notice_of_enforcement"
    if claim.minor:
        return "minor"
    if claim.disputed:
        return "disputed"
    earliest = claim.due_date + timedelta(days=rules.rates.whole("own_letter_days_after_due", sent_on))
    if sent_on < earliest:
        return "too_soon_after_due"
    charged = _charged_since_reset(sent_on, claim.letters, rules)
    if kind is LetterKind.DEMAND:
        return _demand_refused(sent_on, claim.letters, charged, rules)
    return _small_refused(sent_on, charged, rules)


def _small_refused(sent_on: date, charged: Sequence[EarlierLetter], rules: MoneyRules) -> str | None:
    """Two small fees at most, and the second only when the first was a purring whose deadline was missed."""
    small = [letter for letter in charged if letter.kind is not LetterKind.DEMAND]
    if len(small) >= rules.rates.whole("own_letter_small_max", sent_on):
        return "two_small_fees_charged"
    if small and (small[-1].kind is not LetterKind.REMINDER or not _missed(small[-1], sent_on, rules)):
        return "first_deadline_not_missed"
    return None


def _demand_refused(
    sent_on: date, letters: Sequence[EarlierLetter], charged: Sequence[EarlierLetter], rules: MoneyRules
) -> str | None:
    demands = [letter for letter in charged if letter.kind is LetterKind.DEMAND]
    if len(demands) >= rules.rates.whole("own_letter_demand_max", sent_on):
        return "demand_fee_charged"
    if not any(_missed(letter, sent_on, rules) for letter in letters):
        return "no_missed_deadline"
    return None


def _charged_since_reset(sent_on: date, letters: Sequence[EarlierLetter], rules: MoneyRules) -> list[EarlierLetter]:
    """Return the fee letters that still count: the count restarts after more than six months without one."""
    months = rules.rates.whole("own_letter_reset_months", sent_on)
    counting: list[EarlierLetter] = []
    for letter in sorted((one for one in letters if one.fee_ore > 0), key=lambda one: one.sent_on):
        if counting and letter.sent_on > add_months(counting[-1].sent_on, months):
            counting = []
        counting.append(letter)
    if counting and sent_on > add_months(counting[-1].sent_on, months):
        return []
    return counting


def _missed(letter: EarlierLetter, sent_on: date, rules: MoneyRules) -> bool:
    """Tell whether the letter set a long enough deadline that has run out before ``sent_on``."""
    days = rules.rates.whole("own_letter_missed_deadline_days", letter.sent_on)
    deadline = letter.deadline
    return deadline is not None and (deadline - letter.sent_on).days >= days and deadline < sent_on


def _rounding(sent_on: date, rules: MoneyRules) -> Rounding:
    whole_kroner = rules.rates.value("own_letter_rounding", sent_on) >= 1
    return Rounding.KRONE_HALF_UP if whole_kroner else Rounding.ORE_HALF_UP


def _traced(amount_ore: int, inputs: dict[str, str | int | None], *, act_2026: bool) -> Traced[int]:
    reference = REFERENCE_2026 if act_2026 else REFERENCE
    return Traced(value=amount_ore, trace=Trace(rule="fees.own_letter", reference=reference, inputs=inputs))
