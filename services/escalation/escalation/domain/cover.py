"""Is cover likely (er dekning sannsynlig)? Facts for and against a petition for utlegg, and what they add up to.

A petition costs the debtor a court fee, so it is made only where money can be expected. No register is looked up: what
the platform has seen itself counts, and what a caseworker adds. The score explains; the caseworker decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shared.calendar import add_months


class Fact(StrEnum):
    """What speaks for or against cover (decisions B8)."""

    NOTHING_FOUND = "nothing_found"
    BANKRUPTCY = "bankruptcy"
    DEBT_SETTLEMENT = "debt_settlement"
    SMALL_DEBT = "small_debt"
    NO_NATIONAL_ID = "no_national_id"
    RUNNING_DEDUCTION = "running_deduction"
    PAID_RECENTLY = "paid_recently"
    HAS_INCOME = "has_income"
    HAS_ASSETS = "has_assets"


TEXTS = {
    Fact.NOTHING_FOUND: "Intet til utlegg de siste 12 månedene",
    Fact.BANKRUPTCY: "Konkurs",
    Fact.DEBT_SETTLEMENT: "Gjeldsordning",
    Fact.SMALL_DEBT: "Gjelden er under 1 000 kroner",
    Fact.NO_NATIONAL_ID: "Fødselsnummer mangler",
    Fact.RUNNING_DEDUCTION: "Trekk løper",
    Fact.PAID_RECENTLY: "Betaling de siste 6 månedene",
    Fact.HAS_INCOME: "Kjent inntekt",
    Fact.HAS_ASSETS: "Kjent formue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRules:
    """The weights, and how long facts count. ``base`` is what an unknown debtor starts with."""

    base: int
    small_debt_ore: int
    nothing_found_months: int
    paid_months: int
    weights: Mapping[Fact, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One fact: since when, and who says so (``platform`` or ``caseworker``)."""

    fact: Fact
    on: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The answer: likely when the score is above zero, with every fact that counted."""

    likely: bool
    score: int
    base: int
    facts: tuple[tuple[Seen, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer as stored with a proposal and shown to caseworkers."""
        return {
            "likely": self.likely,
            "score": self.score,
            "base": self.base,
            "facts": [
                {
                    "fact": seen.fact.value,
                    "text": TEXTS[seen.fact],
                    "weight": weight,
                    "on": seen.on.isoformat(),
                    "source": seen.source,
                }
                for seen, weight in self.facts
            ],
        }


def judge_cover(facts: Iterable[Seen], debt_ore: int | None, today: date, rules: CoverRules) -> Cover:
    """Weigh what is known: each fact counts once, at its newest, while it is young enough.

    ``debt_ore`` is what the last demand asked for, None when it is not known.
    """
    newest: dict[Fact, Seen] = {}
    for seen in facts:
        known = newest.get(seen.fact)
        if _counts(seen, today, rules) and (known is None or seen.on > known.on):
            newest[seen.fact] = seen
    if debt_ore is not None and debt_ore < rules.small_debt_ore:
        newest[Fact.SMALL_DEBT] = Seen(fact=Fact.SMALL_DEBT, on=today, source="platform")
    weighed = tuple((newest[fact], rules.weights[fact]) for fact in Fact if fact in newest)
    score = rules.base + sum(weight for _, weight in weighed)
    return Cover(likely=score > 0, score=score, base=rules.base, facts=weighed)


def _counts(seen: Seen, today: date, rules: CoverRules) -> bool:
    months = {Fact.NOTHING_FOUND: rules.nothing_found_months, Fact.PAID_RECENTLY: rules.paid_months}.get(seen.fact)
    return months is None or today <= add_months(seen.on, months)
