"""Putting a payment on cases by hand: what the parts must be, and when a second person must agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

PARTS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How much of a payment, in øre, goes to a case."""

    case_id: str
    amount_ore: int


def refuse_parts(amount_ore: int, parts: Sequence[Part], known: Collection[str]) -> list[tuple[str, str, str]]:
    """Return everything that is wrong with the parts of a payment: field, code and detail each.

    The parts must name known cases, each once, with amounts above zero that sum to the whole payment.
    """
    errors = []
    seen: set[str] = set()
    for at, part in enumerate(parts):
        if part.amount_ore <= 0:
            errors.append((f"parts.{at}.amount_ore", "not-positive", "expected an amount above zero"))
        if part.case_id not in known:
            errors.append((f"parts.{at}.case_id", "unknown-case", "expected a case that exists"))
        if part.case_id in seen:
            errors.append((f"parts.{at}.case_id", "twice", "expected each case once"))
        seen.add(part.case_id)
    total = sum(part.amount_ore for part in parts)
    if total != amount_ore:
        errors.append(("parts", "sum", f"expected parts that sum to {amount_ore} øre, got {total}"))
    return errors


def needs_second_person(
    before: Mapping[str, int], after: Mapping[str, int], debtors: Mapping[str, frozenset[str]]
) -> bool:
    """Tell whether a move needs four eyes: money that lies, or lay last, on one debtor's case would go to another's.

    ``before`` and ``after`` are how much, in øre, lies on each case (before: or was last taken off), ``debtors`` who is
    liable in each. It is the money that counts: a case that had a part already may not get the rest unseen.
    """
    less = [case_id for case_id, ore in before.items() if after.get(case_id, 0) < ore]
    more = [case_id for case_id, ore in after.items() if before.get(case_id, 0) < ore]
    nobody = frozenset[str]()
    return any(not debtors.get(one, nobody) & debtors.get(other, nobody) for one in less for other in more)
