"""Innsigelse: what an objection freezes, whether it says anything new, and by when it must be answered.

An objection to a claim, or to a part of it, freezes exactly what is disputed, at once and also when it comes late
(inkassoloven §§ 1, 8, 17). One on the same ground as an objection that was rejected waits in the queue and freezes
nothing. It is acknowledged the same day; when it is answered for the time being and decided is the municipality's rule
(decisions B7).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from claims_api.domain.claim_types import ClaimType
from claims_api.domain.ledger import Balance
from claims_api.domain.requests import Channel
from shared.calendar import add_bank_days

_NOT_WORDS = re.compile(r"[^0-9a-zæøåäöéü]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRule:
    """The municipality's rule (configuration): when an objection is answered, and how late one by post may come.

    ``preliminary_days`` and ``decision_days`` count from its receipt, ``post_bank_days`` from the demand's deadline.
    """

    preliminary_days: int
    decision_days: int
    post_bank_days: int


class About(StrEnum):
    """Whether it is about the claim for payment or the decision behind it (vedtak), which its unit hears."""

    PAYMENT = "payment"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An objection to the claim that was rejected before: its ground and a digest of what it said."""

    ground: str | None
    text_digest: str


def same_ground(earlier: Sequence[Rejected], ground: str | None, text_digest: str) -> bool:
    """Tell whether an objection says nothing that was not rejected before.

    The same words are the same ground, and so is the same stated ground. In doubt it is new: it freezes.
    """
    return any(
        one.text_digest == text_digest or (ground is not None and one.ground == ground and ground != "other")
        for one in earlier
    )


def folded(text: str) -> str:
    """Return the words of a text alone, to compare it with another: no case, spacing or punctuation."""
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def freezes_whole(disputed_ore: int | None, owed_ore: int) -> bool:
    """Tell whether an objection freezes the whole claim: it says so, or disputes all that is owed."""
    return disputed_ore is None or disputed_ore >= owed_ore


def undisputed(balance: Balance, disputed_ore: int) -> Balance:
    """Return what is left of a claim once the disputed part is set aside: of principal first, then of its additions.

    A letter asks for this while an objection to a part stands.
    """
    left = min(disputed_ore, balance.total_ore)
    for name in ("principal_ore", "interest_ore", "fees_ore", "legal_costs_ore"):
        take = min(left, max(0, getattr(balance, name)))
        balance = replace(balance, **{name: getattr(balance, name) - take})
        left -= take
    return balance


def in_time(deadline: date | None, received_on: date, channel: Channel, *, rule: ObjectionRule) -> bool:
    """Tell whether it came within the deadline of the last demand; by post a few bank days later still is.

    It freezes all the same; that it is late only weighs when fees are judged.
    """
    if deadline is None:
        return True
    last = add_bank_days(deadline, rule.post_bank_days) if channel is Channel.POST else deadline
    return received_on <= last


def heard_by(kind: ClaimType, dispute_body: str, about: About) -> str:
    """Return who hears the objection first: us, or for a decision the unit that made it (decisions B2)."""
    to_unit = kind.complaint_body is not None and (about is About.DECISION or dispute_body == "unit")
    return "unit" if to_unit else "collector"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDays:
    """When an objection is to be answered: for the time being, and finally."""

    preliminary_on: date
    decide_by: date


def answer_days(received_on: date, *, rule: ObjectionRule) -> AnswerDays:
    """Return the days an objection must be answered by, counted from its receipt."""
    return AnswerDays(
        preliminary_on=received_on + timedelta(days=rule.preliminary_days),
        decide_by=received_on + timedelta(days=rule.decision_days),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a decision does to the claim: how much is withdrawn from the start, and whether fees fall.

    ``whole``: the claim was never owed. ``stands``: something of what was disputed is still asked for, so the debtor
    is given time to pay.
    """

    withdrawn_ore: int
    whole: bool
    drops_fees: bool
    stands: bool


def consequences(
    outcome: str, *, disputed_ore: int | None, upheld_ore: int | None, principal_ore: int, reasonable: bool
) -> Consequences:
    """Return what a decision does; ``principal_ore`` is what the claim was for, ``upheld_ore`` what a part grants.

    Fees fall whenever it was reasonable to have it examined, however it ended (inkassoloven § 17).
    """
    if outcome == "refused":
        return Consequences(withdrawn_ore=0, whole=False, drops_fees=reasonable, stands=True)
    disputed = principal_ore if disputed_ore is None else min(disputed_ore, principal_ore)
    granted = disputed if outcome == "granted" else min(upheld_ore or 0, disputed)
    whole = granted >= principal_ore
    return Consequences(
        withdrawn_ore=granted,
        whole=whole,
        drops_fees=reasonable or whole,
        stands=outcome == "partly" and granted < disputed,
    )
